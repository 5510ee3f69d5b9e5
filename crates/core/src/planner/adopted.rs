//! What is wanted only because somebody else deployed it.
//!
//! A field that is not declared is kept as deployed. So the configuration that is wanted now is compared with the one
//! that would be wanted if what stood before a deployment of others still stood. What differs was adopted: nothing
//! declares it. A field that is declared differs in neither, because eastwest sets it right.

use std::collections::BTreeMap;

use super::input::PlannerInput;
use super::service::settle::{Desired, settle};
use crate::declaration::declared::Declaration;
use crate::ecs::canonical::canonical;
use crate::ecs::change::changes;
use crate::ecs::connect::Connect;
use crate::ecs::service::{DeploymentStatus, EcsService};
use crate::ecs::service_key::ServiceKey;
use crate::plan::adopted::Adopted;
use crate::view::foreign::ForeignChange;

/// What is wanted only because somebody else deployed it, of every service that opted in.
pub(super) fn adopted(input: &PlannerInput<'_>) -> BTreeMap<ServiceKey, Adopted> {
    let of_one = |(key, change): (&ServiceKey, &ForeignChange)| {
        let service = input.view.service(key)?;
        let changed = Changed {
            service: service.last.as_deref()?,
            declaration: service.intent.declared()?,
            change,
        };
        Some((key.clone(), changed.adopted(input)?))
    };
    input.view.foreign_changes.iter().filter_map(of_one).collect()
}

struct Changed<'a> {
    service: &'a EcsService,
    declaration: &'a Declaration,
    change: &'a ForeignChange,
}

impl Changed<'_> {
    fn adopted(&self, input: &PlannerInput<'_>) -> Option<Adopted> {
        let mut before = self.service.clone();
        for primary in &mut before.deployments {
            if primary.status == DeploymentStatus::Primary {
                primary.connect.clone_from(&self.change.before);
            }
        }
        let defaults = input.defaults_of(self.service);
        let wanted = |service: &EcsService| -> Option<Option<Box<Connect>>> {
            match settle(service, self.declaration, &input.terms(service)).ok()? {
                Desired::On(connect, _) => Some(Some(connect)),
                Desired::Off => Some(None),
            }
        };
        let canonical = |connect: Option<Box<Connect>>| connect.map(|it| canonical(&it, &defaults));
        let (from, to) = (canonical(wanted(&before)?), canonical(wanted(self.service)?));
        let changes = changes(from.as_ref(), to.as_ref());
        // They are told and never compared or sent.
        let changes = input.view.namespace_names().changes(&changes);
        (!changes.is_empty()).then_some(Adopted { changes, at: self.change.at })
    }
}
