//! A service whose wanted configuration is known, compared with the one in force.

use std::sync::Arc;

use super::service::settle::Desired;
use super::service::{eligible, pinned};
use crate::declaration::declared::Declaration;
use crate::ecs::canonical::{Canonical, canonical};
use crate::ecs::change::{Change, changes};
use crate::ecs::connect::Connect;
use crate::ecs::ground::Ground;
use crate::ecs::name::{DiscoveryName, NamespaceId};
use crate::ecs::namespace::Namespace;
use crate::ecs::service::EcsService;
use crate::plan::hold::Hold;
use crate::view::View;

/// A service whose wanted configuration is known, compared with the one in force.
pub(crate) struct Candidate<'a> {
    pub(crate) service: &'a Arc<EcsService>,
    pub(crate) declaration: &'a Declaration,
    pub(crate) desired: Desired,
    /// What it shall be, to compare with; absent for off, and where nothing differs.
    pub(crate) to: Option<Canonical>,
    pub(crate) changes: Vec<Change>,
    pub(crate) ground: Ground<'a>,
}

impl Candidate<'_> {
    /// The same service on the way to something else.
    pub(crate) fn instead(&self, desired: Desired) -> Self {
        let Self { service, declaration, ground, .. } = *self;
        let (to, changes) = difference(service.connect(), &desired, &ground);
        Candidate { service, declaration, desired, to, changes, ground }
    }
}

impl Candidate<'_> {
    pub(crate) fn namespace(&self) -> Option<&Namespace> {
        match &self.desired {
            Desired::On(_, namespace) => Some(namespace),
            Desired::Off => self.ground.namespace_of(self.service.primary()?.connect.as_ref()?),
        }
    }

    /// Whether anything is to be done.
    pub(crate) fn differs(&self) -> bool {
        !self.changes.is_empty()
    }

    /// What it shall offer, and where.
    pub(crate) fn offers(&self) -> Option<(&NamespaceId, &Connect)> {
        match &self.desired {
            Desired::On(connect, namespace) => Some((&namespace.id, connect)),
            Desired::Off => None,
        }
    }

    /// Whether it shall offer a name.
    pub(crate) fn will_offer(&self, name: &DiscoveryName) -> bool {
        let offers = self.offers();
        offers.is_some_and(|(_, connect)| connect.endpoints.iter().any(|e| e.discovery() == *name))
    }

    /// The names it is to change to, where it changes.
    pub(crate) fn wanted(&self) -> Option<(&NamespaceId, &Canonical)> {
        self.offers().map(|(namespace, _)| namespace).zip(self.to.as_ref())
    }

    /// Why it cannot be as it shall be until a person changes something, or until more is read.
    pub(crate) fn refusal(&self, view: &View) -> Option<Hold> {
        let wanted = self.offers();
        let connect = wanted.map(|(_, connect)| connect);
        let refused = eligible::refusal(self.service, connect, &self.ground).map(Hold::Ineligible);
        refused.or_else(|| pinned::obstacle(self.service, wanted?, &self.ground, view))
    }
}

/// What is in force against what is wanted. Most services are as they shall be to the letter, so that is seen
/// first, without bringing both into one form.
pub(crate) fn difference(
    deployed: Option<&Connect>,
    desired: &Desired,
    ground: &Ground<'_>,
) -> (Option<Canonical>, Vec<Change>) {
    let to = match (deployed, desired) {
        (None, Desired::Off) => return (None, Vec::new()),
        (Some(deployed), Desired::On(connect, namespace))
            if is_same(deployed, connect)
                && ground.namespace_of(deployed).is_some_and(|ns| ns.id == namespace.id) =>
        {
            return (None, Vec::new());
        }
        (_, Desired::Off) => None,
        (_, Desired::On(connect, _)) => Some(canonical(connect, ground)),
    };
    let from = deployed.map(|connect| canonical(connect, ground));
    let changes = if from == to { Vec::new() } else { changes(from.as_ref(), to.as_ref()) };
    (to.filter(|_| !changes.is_empty()), changes)
}

/// Whether all but the namespace is the same to the letter.
fn is_same(one: &Connect, other: &Connect) -> bool {
    let Connect { namespace: _, endpoints, logs, access_logs, log_level } = one;
    *endpoints == other.endpoints
        && *logs == other.logs
        && *access_logs == other.access_logs
        && *log_level == other.log_level
}
