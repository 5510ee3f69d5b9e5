//! One parameter of the document: where it stands and what it says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Defaults, Limits};
use crate::declaration::declared::Declaration;
use crate::declaration::windows::Window;
use crate::ecs::name::{DiscoveryName, NamespaceName, ServiceKey};
use crate::ecs::namespace::NewNamespace;

/// Places named in one issue; of more their number is said.
pub(super) const NAMED: usize = 3;

/// A parameter's name and what it says.
pub(super) struct Source<'a> {
    pub(super) name: &'a str,
    pub(super) part: Part,
}

/// What one parameter says.
#[derive(Default)]
pub(super) struct Part {
    pub(super) namespaces: BTreeMap<NamespaceName, Namespace>,
    pub(super) defaults: Defaults,
    pub(super) services: BTreeMap<ServiceKey, Arc<Declaration>>,
    pub(super) claims: BTreeMap<DiscoveryName, BTreeSet<ServiceKey>>,
    pub(super) limits: Limits,
    pub(super) windows: Vec<Placed>,
    pub(super) freeze: bool,
    pub(super) name_ports: bool,
}

/// What is said of one namespace.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Namespace {
    pub(super) is_private_dns: bool,
    pub(super) create: bool,
    pub(super) new: NewNamespace,
}

/// A window and its number in its parameter's list.
pub(super) type Placed = (usize, Window);
