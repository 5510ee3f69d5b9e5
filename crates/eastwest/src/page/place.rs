//! Which namespace a service belongs to, for people: the one it is to be in, else the one it is in.

use eastwest_core::ecs::defaults::Defaults;
use eastwest_core::ecs::namespace::Namespace;
use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::plan::Plan;
use eastwest_core::view::{ServiceView, View};

/// The namespace of a service.
pub(super) fn namespace_of<'a>(
    view: &'a View,
    plan: &'a Plan,
    key: &ServiceKey,
    service: &ServiceView,
) -> Option<&'a Namespace> {
    let wanted = plan.entries.get(key).and_then(|entry| entry.namespace.as_ref());
    wanted.or_else(|| {
        let connect = service.last.as_ref()?.connect()?;
        let default_namespace =
            view.clusters.get(&key.cluster).and_then(|cluster| cluster.default_namespace.as_ref());
        let namespaces = view.known_namespaces();
        Defaults { namespaces, default_namespace, task_definition: None }.namespace_of(connect)
    })
}

/// What a link to a namespace names: its name, or its id where two have that name.
pub(super) fn handle(view: &View, namespace: &Namespace) -> String {
    let same = view.known_namespaces().iter().filter(|other| other.name == namespace.name);
    if same.count() > 1 { namespace.id.to_string() } else { namespace.name.to_string() }
}

/// The namespace that such a link means.
pub(super) fn of_handle<'a>(view: &'a View, handle: &str) -> Option<&'a Namespace> {
    let all = view.known_namespaces();
    let by_id = all.iter().find(|namespace| namespace.id.as_str() == handle);
    by_id.or_else(|| all.iter().find(|namespace| namespace.name.as_str() == handle))
}
