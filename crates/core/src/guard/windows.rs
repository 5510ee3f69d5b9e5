//! The maintenance windows of the document, as of one moment.

use std::collections::BTreeMap;

use crate::declaration::windows;
use crate::declaration::windows::{ChangeTarget, Closed, TargetNamespace, Window};
use crate::ecs::name::{ClusterName, NamespaceId};
use crate::ecs::namespace::Namespace;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::Now;
use crate::plan::hold::{Frozen, Hold};
use crate::plan::prerequisite::Prerequisite;
use crate::view::View;

/// What the windows say of each place, worked out once: thousands of services are in a few.
pub(super) struct Windows<'a> {
    all: &'a [Window],
    now: Now,
    known: BTreeMap<(ClusterName, Option<NamespaceId>), Option<Closed>>,
}

impl<'a> Windows<'a> {
    pub(super) fn new(view: &'a View, now: Now) -> Self {
        let all = view.document.as_ref().map_or(&[][..], |document| &document.windows);
        Self { all, now, known: BTreeMap::new() }
    }

    /// What holds a change of this service, which is or is to be in this namespace.
    pub(super) fn hold(&mut self, key: &ServiceKey, namespace: Option<&Namespace>) -> Option<Hold> {
        if self.all.is_empty() {
            return None;
        }
        let place = (key.cluster.clone(), namespace.map(|namespace| namespace.id.clone()));
        let closed = || {
            let namespace = namespace.map_or(TargetNamespace::Nothing, TargetNamespace::Known);
            let place = ChangeTarget { cluster: Some(&key.cluster), namespace };
            windows::closed(self.all, place, self.now.calendar)
        };
        self.known.entry(place).or_insert_with(closed).clone().map(Frozen::Window).map(Hold::Frozen)
    }

    /// What holds the making of what services wait for. It belongs to no cluster.
    pub(super) fn hold_making(&self, prerequisite: &Prerequisite) -> Option<Hold> {
        let namespace = match prerequisite {
            Prerequisite::Namespace(new) => TargetNamespace::New(&new.name),
            Prerequisite::NamedPorts(_) => TargetNamespace::Nothing,
        };
        let place = ChangeTarget { cluster: None, namespace };
        windows::closed(self.all, place, self.now.calendar).map(Frozen::Window).map(Hold::Frozen)
    }
}
