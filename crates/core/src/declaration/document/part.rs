//! What one parameter of the document says, before all of them become one document.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{DocumentDefaults, HostPattern, Limits};
use crate::declaration::declared::Declaration;
use crate::declaration::windows::Window;
use crate::ecs::name::{DiscoveryName, NamespaceName};
use crate::ecs::namespace::NewNamespace;
use crate::ecs::service_key::ServicePath;

/// Places that one issue names.
const SHOWN_PLACES: usize = 3;

/// A parameter's name and what it says.
pub(super) struct NamedPart<'a> {
    pub(super) name: &'a str,
    pub(super) part: Part,
}

/// What one parameter says.
#[derive(Default)]
pub(super) struct Part {
    pub(super) namespaces: BTreeMap<NamespaceName, NamespaceEntry>,
    pub(super) defaults: DocumentDefaults,
    pub(super) services: BTreeMap<ServicePath, Arc<Declaration>>,
    pub(super) claims: BTreeMap<DiscoveryName, BTreeSet<ServicePath>>,
    pub(super) aliases: BTreeMap<ServicePath, BTreeSet<HostPattern>>,
    pub(super) limits: Limits,
    pub(super) windows: Vec<WindowEntry>,
    pub(super) freeze: bool,
    pub(super) name_ports: bool,
}

/// What it says of one namespace.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct NamespaceEntry {
    pub(super) is_private_dns: bool,
    pub(super) create: bool,
    pub(super) aliases: BTreeSet<HostPattern>,
    pub(super) new: NewNamespace,
}

/// One maintenance window, and its number in the parameter's list.
pub(super) struct WindowEntry {
    pub(super) number: usize,
    pub(super) window: Window,
}

/// The first places of a list, as an issue names them; of the others it gives the number.
pub(super) fn shown_places(places: impl IntoIterator<Item = String>) -> String {
    let mut places = places.into_iter();
    let first: Vec<String> = places.by_ref().take(SHOWN_PLACES).collect();
    match places.count() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
