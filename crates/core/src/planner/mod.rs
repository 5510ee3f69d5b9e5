//! Decides what to change, by comparing what is wanted with what was seen.
//!
//! **Invariant:** pure and total. No clock, no I/O, no `Result`: every service that opted in has exactly
//! one [`Verdict`], so a wanted change is a step or a hold and never silently neither.
//!
//! **Invariant:** nothing is decided on the strength of a read that failed.
//!
//! Nothing here knows of budgets, pauses or policy beyond the removal of endpoints: that is [`crate::guard`].

pub mod service;
pub(crate) mod names;
pub(crate) mod candidate;
pub(crate) mod world;
pub(crate) mod obstacle;
pub(crate) mod links;
pub mod prerequisites;

pub use prerequisites::{entries_for_nobody, namespaces_that_differ};
use std::sync::Arc;
pub(crate) use world::World;

use crate::declaration::intent::Intent;
use crate::declaration::settings::Settings;
use crate::ecs::name::ServiceKey;
use crate::ecs::service::EcsService;
use crate::plan::Plan;
use crate::plan::entry::Entry;
use crate::plan::hold::{Hold, Unseen};
use crate::view::{ServiceView, View};
use candidate::Candidate;
use links::Links;
use links::needs::Client;
use names::register::name_contestants;
use names::{capacity, swap};

/// The plan for everything in view.
pub fn plan(view: &View, settings: &Settings) -> Plan {
    let world = World::new(view, settings);
    let Looked { decided, candidates, unseen, settled, stranded } = world.look();
    let register = world.register(candidates.iter().chain(&unseen));
    let links = Links::new(&world, &candidates, (&settled, &stranded));
    let mut renames = links.renames(&world, &candidates, &register);
    let mut swaps = swap::phases(&world, &candidates, &register);
    let differing = candidates.iter().map(|candidate| {
        let key = &candidate.service.key;
        let swap = swaps.remove(key);
        let rename = renames.remove(key).filter(|_| swap.is_none());
        let mut entry = match &rename {
            Some(phase) if phase.both.differs() => world.entry(&phase.both, &register),
            Some(_) | None => world.entry(candidate, &register),
        };
        if let Some(phase) = swap {
            phase.enter(&mut entry);
        }
        if let Some(phase) = rename {
            phase.enter(&mut entry);
        }
        (key.clone(), entry)
    });
    // In the order of keys already, or nearly: built at once, not by one insertion each.
    let entries = decided.into_iter().chain(differing).collect();
    let missing = prerequisites::missing(view, &entries);
    let mut plan = Plan { entries, missing, ..Plan::default() };
    links.enter(&world, &candidates, &mut plan);
    capacity::hold_beyond(&mut plan, &world);
    name_contestants(&mut plan);
    plan
}

/// Everybody that opted in, by what is to be done about them.
struct Looked<'a> {
    /// Those of whom no more is to be said.
    decided: Vec<(ServiceKey, Entry)>,
    /// Those that are not as they shall be.
    candidates: Vec<Candidate<'a>>,
    /// Those that cannot be read now, as they last wanted to be.
    unseen: Vec<Candidate<'a>>,
    /// Those that are as they shall be, decided already, and may call others.
    settled: Vec<Client<'a>>,
    /// Those of whom is not known what they shall be, and who call others meanwhile.
    stranded: Vec<Client<'a>>,
}

impl<'a> World<'a> {
    fn look(&self) -> Looked<'a> {
        let (decided, candidates) = (Vec::new(), Vec::new());
        let (unseen, settled, stranded) = (Vec::new(), Vec::new(), Vec::new());
        let mut found = Looked { decided, candidates, unseen, settled, stranded };
        for (key, service) in self.view.services() {
            let verdict = match &service.intent {
                Intent::NotOptedIn => continue,
                Intent::Ambiguous => Err(Hold::Ambiguous),
                Intent::Unread(name) => Err(self.unread(name)),
                Intent::Declared(declaration) => {
                    let verdict = match readable(service) {
                        Ok(last) => self.candidate(last, declaration),
                        Err(hold) => {
                            // What it last wanted keeps its place: a read that fails must not give a name away.
                            let last = service.last.as_ref();
                            let unseen = last.and_then(|l| self.candidate(l, declaration).ok()?);
                            found.unseen.extend(unseen);
                            Err(hold)
                        }
                    };
                    if let (Err(_), Some(last)) = (&verdict, &service.last) {
                        found.stranded.extend(links::stranded(self, last, declaration));
                    }
                    verdict
                }
            };
            match verdict {
                Ok(Some(candidate)) if candidate.differs() => found.candidates.push(candidate),
                // Most are as they shall be: all that is kept of them is that.
                Ok(Some(candidate)) => {
                    found.decided.push((key, Entry::in_sync(candidate.namespace())));
                    found.settled.extend(links::client(self, &candidate));
                }
                Ok(None) => {}
                Err(hold) => found.decided.push((key, Entry::held(hold))),
            }
        }
        found
    }
}

fn readable(view: &ServiceView) -> Result<&Arc<EcsService>, Hold> {
    match (&view.last, &view.trouble) {
        (_, Some(fault)) => Err(Hold::NotSeen(Unseen::Service(fault.clone()))),
        (Some(_), None) if view.missing_since.is_some() => Err(Hold::NotSeen(Unseen::Unlisted)),
        (Some(_), None) if view.is_slim => Err(Hold::NotSeen(Unseen::Partly)),
        (Some(service), None) => Ok(service),
        (None, None) => Err(Hold::NotSeen(Unseen::Unlisted)),
    }
}

#[cfg(test)]
mod tests;
