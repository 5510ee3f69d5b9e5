//! How a link names a namespace, and which one it means: its name, or its id where two have one name.

use eastwest_core::ecs::namespace::Namespace;
use eastwest_core::view::View;

/// What a link to a namespace names.
pub(super) fn handle(view: &View, namespace: &Namespace) -> String {
    let same = view.known_namespaces().iter().filter(|other| other.name == namespace.name);
    if same.count() > 1 { namespace.id.to_string() } else { namespace.name.to_string() }
}

/// The namespaces that such a link may mean: none, one, or all that have this name.
pub(super) fn of_handle<'a>(view: &'a View, handle: &str) -> Vec<&'a Namespace> {
    let all = view.known_namespaces();
    match all.iter().find(|namespace| namespace.id.as_str() == handle) {
        Some(namespace) => vec![namespace],
        None => all.iter().filter(|namespace| namespace.name.as_str() == handle).collect(),
    }
}
