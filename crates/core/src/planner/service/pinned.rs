//! What ECS pins to a discovery name when the name is made, and never changes.
//!
//! A Cloud Map service of Service Connect keeps the protocol and the application protocol of its first port
//! (API:PortMapping.appProtocol). ECS refuses another one in words that few understand:
//! `ScServiceStableConfig(…)` (roadmap#2378). So this file detects it before the call and says what to do.

use crate::ecs::connect::{Connect, Endpoint};
use crate::ecs::defaults::Defaults;
use crate::ecs::name::{Arn, DiscoveryName, NamespaceId};
use crate::ecs::seen::Seen;
use crate::ecs::service::{Deployment, EcsService};
use crate::ecs::task_definition::PortMapping;
use crate::plan::hold::Hold;
use crate::view::View;
use crate::view::reading::Question;

/// Why the service cannot keep a name with the port that is wanted for it.
pub(crate) fn obstacle(
    service: &EcsService,
    namespace: &NamespaceId,
    wanted: &Connect,
    defaults: &Defaults<'_>,
    view: &View,
) -> Option<Hold> {
    wanted.endpoints.iter().find_map(|endpoint| {
        let name = endpoint.discovery();
        let in_force = in_force(service, namespace, &name, defaults);
        if in_force.iter().any(|there| there.serves(endpoint, &service.task_definition)) {
            // The name is in force with this very port, so ECS accepts it.
            return None;
        }
        let now = defaults.port(&endpoint.port_name)?;
        match in_force.iter().find_map(|there| there.mapping(view)) {
            Some(then) => differs(then, now).then(|| Hold::Immutable(words(&name, then, now))),
            None => unread(&in_force, view),
        }
    })
}

/// A name in force: a deployment that still has tasks, and its endpoint of that name.
struct InForce<'s> {
    deployment: &'s Deployment,
    endpoint: &'s Endpoint,
}

impl InForce<'_> {
    /// Whether the name is on the port of `wanted`, in the task definition of the service.
    fn serves(&self, wanted: &Endpoint, task_definition: &Arn) -> bool {
        self.endpoint.port_name == wanted.port_name
            && self.deployment.task_definition == *task_definition
    }

    /// The port behind the name, if its task definition was read.
    fn mapping<'v>(&self, view: &'v View) -> Option<&'v PortMapping> {
        let known = view.task_definitions.get(&self.deployment.task_definition)?.known()?;
        known.ports.iter().find(|port| port.name.as_ref() == Some(&self.endpoint.port_name))
    }
}

/// Where a name is in force.
fn in_force<'s>(
    service: &'s EcsService,
    namespace: &NamespaceId,
    name: &DiscoveryName,
    defaults: &Defaults<'_>,
) -> Vec<InForce<'s>> {
    let running = service.running();
    let configured =
        running.filter_map(|deployment| Some((deployment, deployment.connect.as_ref()?)));
    configured
        .filter(|(_, connect)| defaults.is_in(connect, namespace))
        .flat_map(|(deployment, connect)| {
            connect.endpoints.iter().map(move |endpoint| InForce { deployment, endpoint })
        })
        .filter(|there| there.endpoint.discovery() == *name)
        .collect()
}

/// The hold until the task definition that the name was made with is read.
fn unread(in_force: &[InForce<'_>], view: &View) -> Option<Hold> {
    let is_unread = |there: &&InForce<'_>| {
        let read = view.task_definitions.get(&there.deployment.task_definition);
        !matches!(read, Some(Seen::Known(_)))
    };
    let unread = in_force.iter().find(is_unread)?;
    let question = Question::TaskDefinition(unread.deployment.task_definition.clone());
    Some(Hold::until_answered(question))
}

fn differs(then: &PortMapping, now: &PortMapping) -> bool {
    then.protocol != now.protocol || then.app_protocol != now.app_protocol
}

fn speaks(mapping: &PortMapping) -> &str {
    // Without appProtocol it is plain TCP (API:PortMapping.appProtocol).
    mapping.app_protocol.as_deref().unwrap_or(&mapping.protocol)
}

fn words(name: &DiscoveryName, then: &PortMapping, now: &PortMapping) -> String {
    let (then, port) = (speaks(then), now.name.as_ref().map_or("", |name| name.as_str()));
    let now = speaks(now);
    let other = DiscoveryName::parse(&format!("{name}-{now}"));
    let other = other.map(|other| format!(", such as {other},")).unwrap_or_default();
    format!(
        "ECS keeps the protocol a discovery name was made with: {name} is {then} and port {port} speaks {now}. Rename in two steps: 1. declare the endpoint under a new discovery name{other} wait until that is rolled out, and redeploy the clients, so that none needs {name} any more; 2. to get the old name back, declare it again once ECS has removed the Cloud Map service {name}"
    )
}
