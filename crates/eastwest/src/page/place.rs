//! How a link names a namespace, and which one it means: its name, or its id where two have one name.

use eastwest_core::ecs::namespace::Namespace;
use eastwest_core::view::View;

use crate::api::namespaces::named;

/// What a link to a namespace names.
pub(super) fn handle(view: &View, namespace: &Namespace) -> String {
    let same = view.known_namespaces().iter().filter(|other| other.name == namespace.name);
    if same.count() > 1 { namespace.id.to_string() } else { namespace.name.to_string() }
}

/// The namespaces that such a link may mean: none, one, or all that have this name.
pub(super) fn of_handle<'a>(view: &'a View, handle: &str) -> Vec<&'a Namespace> {
    named(view.known_namespaces(), |namespace| namespace, handle)
}
