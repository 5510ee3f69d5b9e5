//! What ECS pinned to a discovery name when it was made, and never changes.
//!
//! A Cloud Map service of Service Connect keeps the protocol and the application protocol of its first port
//! (API:PortMapping.appProtocol), and ECS refuses another one in words that few understand:
//! `ScServiceStableConfig(…)` (roadmap#2378). So it is seen before, and the way around is spelled out.

use crate::ecs::connect::{Connect, Endpoint};
use crate::ecs::ground::Ground;
use crate::ecs::name::{DiscoveryName, NamespaceId};
use crate::ecs::seen::Seen;
use crate::ecs::service::{Deployment, EcsService};
use crate::ecs::task_definition::PortMapping;
use crate::plan::hold::Hold;
use crate::view::View;
use crate::view::reading::Question;

/// Why a name that the service has cannot go on with the port it shall have.
pub(crate) fn obstacle(
    service: &EcsService,
    (namespace, wanted): (&NamespaceId, &Connect),
    ground: &Ground<'_>,
    view: &View,
) -> Option<Hold> {
    wanted.endpoints.iter().find_map(|endpoint| {
        let name = endpoint.discovery();
        let is_on = |deployment: &Deployment, old: &Endpoint| {
            old.port_name == endpoint.port_name
                && deployment.task_definition == service.task_definition
        };
        let made = stands(service, namespace, &name, ground);
        if made.iter().any(|(deployment, old)| is_on(deployment, old)) {
            // As it is in force, so it was made.
            return None;
        }
        let now = ground.port(&endpoint.port_name)?;
        let then = made.iter().find_map(|(deployment, old)| {
            let known = view.task_definitions.get(&deployment.task_definition)?.known()?;
            known.ports.iter().find(|port| port.name.as_ref() == Some(&old.port_name))
        });
        match then {
            Some(then) => differs(then, now).then(|| Hold::Immutable(words(&name, then, now))),
            None => unread(&made, view),
        }
    })
}

/// Where a name is in force, in any deployment that still has tasks.
fn stands<'s>(
    service: &'s EcsService,
    namespace: &NamespaceId,
    name: &DiscoveryName,
    ground: &Ground<'_>,
) -> Vec<(&'s Deployment, &'s Endpoint)> {
    let there =
        service.running().filter_map(|deployment| Some((deployment, deployment.connect.as_ref()?)));
    there
        .filter(|(_, connect)| ground.namespace_of(connect).is_some_and(|n| n.id == *namespace))
        .flat_map(|(deployment, connect)| connect.endpoints.iter().map(move |e| (deployment, e)))
        .filter(|(_, endpoint)| endpoint.discovery() == *name)
        .collect()
}

/// The question what it was made with, where nobody has read that yet.
fn unread(made: &[(&Deployment, &Endpoint)], view: &View) -> Option<Hold> {
    let unread = made.iter().find(|(deployment, _)| {
        let read = view.task_definitions.get(&deployment.task_definition);
        !matches!(read, Some(Seen::Known(_)))
    });
    unread.map(|(deployment, _)| {
        let question = Question::TaskDefinition(deployment.task_definition.clone());
        Hold::until_answered(question)
    })
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
        "ECS keeps the protocol a discovery name was made with: {name} is {then} and port {port} speaks {now}. Rename in two steps: 1. declare the endpoint under a new discovery name{other} wait until that is rolled out, and redeploy the clients, so that none needs {name} any more; 2. if the old name shall come back, declare it again once ECS has removed the Cloud Map service {name}"
    )
}
