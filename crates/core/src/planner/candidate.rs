//! A service whose wanted configuration is known, compared with the one in force.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::facts::with_facts;
use super::input::PlannerInput;
use super::service::alias::AliasRule;
use super::service::settle::{Desired, settle};
use super::service::{eligible, pinned};
use crate::declaration::declared::Declaration;
use crate::ecs::canonical::{Canonical, canonical};
use crate::ecs::change::{Change, changes};
use crate::ecs::connect::Connect;
use crate::ecs::defaults::Defaults;
use crate::ecs::name::{DiscoveryName, NamespaceId};
use crate::ecs::namespace::Namespace;
use crate::ecs::service::{EcsService, ServiceStatus};
use crate::plan::hold::Hold;
use crate::view::View;

/// A service whose wanted configuration is known, compared with the one in force.
pub(crate) struct Candidate<'a> {
    pub(crate) service: &'a Arc<EcsService>,
    pub(crate) declaration: &'a Declaration,
    pub(crate) desired: Desired,
    /// The wanted configuration in the form that is compared; absent for off, and if nothing differs.
    pub(crate) to: Option<Canonical>,
    pub(crate) changes: Vec<Change>,
    pub(crate) defaults: Defaults<'a>,
}

/// Compares what a service is to be with what it is; `None` for a service that is being deleted.
pub(crate) fn candidate<'a>(
    input: &PlannerInput<'a>,
    service: &'a Arc<EcsService>,
    declaration: &'a Declaration,
) -> Result<Option<Candidate<'a>>, Hold> {
    if service.status != ServiceStatus::Active {
        return Ok(None);
    }
    let terms = input.terms(service);
    let defaults = terms.defaults;
    let desired = settle(service, declaration, &terms)
        .map_err(|hold| with_facts(input, with_every_reason(hold, service, &defaults)))?;
    let (to, changes) = difference(service.connect(), &desired, &defaults);
    Ok(Some(Candidate { service, declaration, desired, to, changes, defaults }))
}

/// The hold of a service whose wanted configuration cannot be told, with what ECS would refuse in any case: one new
/// revision of the task definition can mend all of it.
fn with_every_reason(hold: Hold, service: &EcsService, defaults: &Defaults<'_>) -> Hold {
    let Hold::Ineligible(first) = hold else { return hold };
    let mut reasons = vec![first];
    reasons.extend(eligible::of_service(service, defaults));
    ineligible(reasons)
}

/// The hold for all these reasons. The service and its task definition may tell the same, and so may two endpoints on one
/// port.
fn ineligible(mut reasons: Vec<String>) -> Hold {
    let mut told = BTreeSet::new();
    reasons.retain(|reason| told.insert(reason.clone()));
    Hold::Ineligible(reasons.join("; also, "))
}

impl Candidate<'_> {
    /// The same service with another wanted configuration.
    pub(crate) fn instead(&self, desired: Desired) -> Self {
        let Self { service, declaration, defaults, .. } = *self;
        let (to, changes) = difference(service.connect(), &desired, &defaults);
        Candidate { service, declaration, desired, to, changes, defaults }
    }

    /// The namespace it is to be in; for a service that is switched off, the one it is in.
    pub(crate) fn namespace(&self) -> Option<&Namespace> {
        match &self.desired {
            Desired::On(_, namespace) => Some(namespace),
            Desired::Off => self.defaults.namespace_of(self.service.primary()?.connect.as_ref()?),
        }
    }

    /// Whether anything is to be changed.
    pub(crate) fn differs(&self) -> bool {
        !self.changes.is_empty()
    }

    /// The wanted configuration and its namespace; `None` for off.
    pub(crate) fn offers(&self) -> Option<(&NamespaceId, &Connect)> {
        match &self.desired {
            Desired::On(connect, namespace) => Some((&namespace.id, connect)),
            Desired::Off => None,
        }
    }

    /// Whether it is to offer a name.
    pub(crate) fn will_offer(&self, name: &DiscoveryName) -> bool {
        let offers = self.offers();
        offers.is_some_and(|(_, connect)| connect.endpoints.iter().any(|e| e.discovery() == *name))
    }

    /// The wanted configuration in the form that is compared, if something differs.
    pub(crate) fn wanted(&self) -> Option<(&NamespaceId, &Canonical)> {
        self.offers().map(|(namespace, _)| namespace).zip(self.to.as_ref())
    }

    /// Why the wanted configuration is impossible until a person changes something or more is read.
    pub(crate) fn refusal(&self, view: &View) -> Option<Hold> {
        let wanted = self.offers();
        let connect = wanted.map(|(_, connect)| connect);
        let mut reasons = eligible::refusals(self.service, connect, &self.defaults);
        reasons.extend(self.refused_aliases(view));
        if !reasons.is_empty() {
            return Some(ineligible(reasons));
        }
        let (namespace, connect) = wanted?;
        pinned::obstacle(self.service, namespace, connect, &self.defaults, view)
    }

    /// Why each alias of the wanted configuration that it must not have is refused.
    fn refused_aliases(&self, view: &View) -> Vec<String> {
        let Desired::On(connect, namespace) = &self.desired else { return Vec::new() };
        let Self { service, defaults, .. } = *self;
        let rule = AliasRule { service, namespace, defaults, document: view.document.as_deref() };
        rule.refusals(connect)
    }
}

/// Compares what is in force with what is wanted. Most services are in order to the letter. That is checked first,
/// because it needs no canonical form.
fn difference(
    deployed: Option<&Connect>,
    desired: &Desired,
    defaults: &Defaults<'_>,
) -> (Option<Canonical>, Vec<Change>) {
    let to = match (deployed, desired) {
        (None, Desired::Off) => return (None, Vec::new()),
        (Some(deployed), Desired::On(connect, namespace))
            if is_same(deployed, connect)
                && defaults.namespace_of(deployed).is_some_and(|ns| ns.id == namespace.id) =>
        {
            return (None, Vec::new());
        }
        (_, Desired::Off) => None,
        (_, Desired::On(connect, _)) => Some(canonical(connect, defaults)),
    };
    let from = deployed.map(|connect| canonical(connect, defaults));
    let mut changes = if from == to { Vec::new() } else { changes(from.as_ref(), to.as_ref()) };
    if let Desired::On(connect, _) = desired {
        for change in &mut changes {
            change.show_sent(connect);
        }
    }
    (to.filter(|_| !changes.is_empty()), changes)
}

/// Whether everything except the namespace is the same to the letter.
fn is_same(one: &Connect, other: &Connect) -> bool {
    let Connect { namespace: _, endpoints, logs, access_logs, log_level } = one;
    *endpoints == other.endpoints
        && *logs == other.logs
        && *access_logs == other.access_logs
        && *log_level == other.log_level
}
