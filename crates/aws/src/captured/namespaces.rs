//! The namespaces of a captured world: those that were captured, or made up from what names them.
//!
//! A namespace is made up as far as its reference goes: an ARN gives the id and the owner, and for want of a
//! name the id is the name; a name gives an id that is the same every time. Where the whole list was captured
//! nothing is made up: what it lacks is not there.

use std::collections::BTreeMap;

use eastwest_core::ecs::name::{Arn, NamespaceRef};
use serde_json::{Value, json};

use super::capture::{Captures, items};

/// The namespaces by id, as `ListNamespaces` lists them.
pub(super) fn all(captures: &Captures) -> BTreeMap<String, Value> {
    let mut all = captures.namespaces.clone();
    if captures.has_all_namespaces {
        return all;
    }
    let place = Place::of(captures);
    for reference in references(captures) {
        if resolve(&all, &reference).is_none() {
            let (id, namespace) = place.make_up(&reference);
            all.insert(id, namespace);
        }
    }
    all
}

/// The id of the namespace that a reference means, as ECS and then as people take a name.
pub(super) fn resolve<'a>(
    all: &'a BTreeMap<String, Value>,
    reference: &NamespaceRef,
) -> Option<&'a str> {
    let name = match reference {
        NamespaceRef::Id(id) | NamespaceRef::Arn(_, id) => {
            return all.get_key_value(id.as_str()).map(|(id, _)| id.as_str());
        }
        NamespaceRef::Name(name) => name.as_str(),
    };
    let http_name = |namespace: &Value| {
        namespace.pointer("/Properties/HttpProperties/HttpName").and_then(Value::as_str)
            == Some(name)
    };
    let plain_name =
        |namespace: &Value| namespace.get("Name").and_then(Value::as_str) == Some(name);
    let found = all.iter().find(|(_, namespace)| http_name(namespace));
    found
        .or_else(|| all.iter().find(|(_, namespace)| plain_name(namespace)))
        .map(|(id, _)| id.as_str())
}

/// All that names a namespace. ARNs and ids come first: the order of [`NamespaceRef`] would let a name come
/// before the ARN, which holds more.
fn references(captures: &Captures) -> Vec<NamespaceRef> {
    let services = captures.services.values().flat_map(of_service);
    let clusters = captures.clusters.values().filter_map(default_of);
    let named = services.chain(clusters).map(NamespaceRef::as_read);
    let mut all: Vec<_> = named.chain(captures.mentioned.iter().cloned()).collect();
    all.sort_by(|one, other| other.cmp(one));
    all.dedup();
    all
}

/// What the deployments of a service name.
pub(super) fn of_service(service: &Value) -> impl Iterator<Item = &str> {
    let deployments = items(service, "deployments").iter();
    deployments.filter_map(|deployment| {
        deployment
            .pointer("/serviceConnectConfiguration/namespace")?
            .as_str()
            .filter(|n| !n.is_empty())
    })
}

/// The default namespace of a cluster.
pub(super) fn default_of(cluster: &Value) -> Option<&str> {
    cluster.pointer("/serviceConnectDefaults/namespace")?.as_str().filter(|name| !name.is_empty())
}

/// Where the captures were made: the middle of every ARN.
struct Place {
    region: String,
    account: String,
}

impl Place {
    fn of(captures: &Captures) -> Self {
        let services = captures.services.values().filter_map(|s| s.get("serviceArn")?.as_str());
        let mut arns = services.chain(captures.task_definitions.keys().map(String::as_str));
        let arn = arns.next().unwrap_or_default();
        let part = |at: usize, none: &str| {
            arn.split(':').nth(at).filter(|part| !part.is_empty()).unwrap_or(none).to_owned()
        };
        Self { region: part(3, "region"), account: part(4, "account") }
    }

    fn make_up(&self, reference: &NamespaceRef) -> (String, Value) {
        let (id, name, arn) = match reference {
            NamespaceRef::Arn(arn, id) => (id.to_string(), id.to_string(), arn.clone()),
            NamespaceRef::Id(id) => (id.to_string(), id.to_string(), self.arn(id.as_str())),
            NamespaceRef::Name(name) => {
                let id = made_up_id(name.as_str());
                let arn = self.arn(&id);
                (id, name.to_string(), arn)
            }
        };
        let owner = arn.as_str().split(':').nth(4).filter(|owner| !owner.is_empty());
        let namespace =
            json!({"Id": id, "Arn": arn.as_str(), "Name": name, "ResourceOwner": owner});
        (id, namespace)
    }

    fn arn(&self, id: &str) -> Arn {
        let Self { region, account } = self;
        Arn::as_read(&format!("arn:aws:servicediscovery:{region}:{account}:namespace/{id}"))
    }
}

/// An id that a name always gets: FNV-1a, 64 bit.
fn made_up_id(name: &str) -> String {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("ns-{hash:016x}")
}
