//! Decides what to change, by comparing what is wanted with what was seen.
//!
//! **Invariant:** pure and total. No clock, no I/O, no `Result`: every service that opted in has exactly
//! one [`Verdict`], so a wanted change is a step or a hold and never silently neither.
//!
//! **Invariant:** nothing is decided on the strength of a read that failed.
//!
//! Nothing here knows of budgets, pauses or policy beyond the removal of endpoints: that is [`crate::guard`].

mod links;
mod obstacle;
mod prerequisites;
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use links::Links;
pub(crate) use obstacle::who_uses;
pub use prerequisites::{entries_for_nobody, namespaces_that_differ};
pub(crate) use world::World;

use crate::action::Action;
use crate::canonical::{Canonical, Change, Ground, canonical, changes};
use crate::conflict::name_contestants;
use crate::connect::Connect;
use crate::contended::Contention;
use crate::declaration::Declaration;
use crate::declare::Intent;
use crate::effect::Question;
use crate::eligible;
use crate::hold::{Hold, Unseen};
use crate::issue::Issue;
use crate::name::{DiscoveryName, NamespaceId, ServiceKey};
use crate::needs::{Client, Need};
use crate::order::Awaited;
use crate::pinned;
use crate::prerequisite::Prerequisite;
use crate::room;
use crate::settings::Settings;
use crate::settle::{Desired, Terms};
use crate::stale::Lack;
use crate::swap;
use crate::view::{EcsService, Namespace, ServiceView, View};

/// What to do about every service that opted in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// One entry for each service that opted in.
    pub entries: BTreeMap<ServiceKey, Entry>,
    /// The order in which steps are taken: servers before the clients that need them.
    pub order: Vec<ServiceKey>,
    /// What is to be made first.
    pub missing: Vec<Missing>,
    /// What services call, as far as it is declared or can be inferred.
    pub needs: BTreeMap<ServiceKey, Vec<Need>>,
    /// What cannot be honoured of it; nothing waits for that.
    pub advice: BTreeMap<ServiceKey, Vec<Issue>>,
}

/// Something that the document has us make and that is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// What to make.
    pub prerequisite: Prerequisite,
    /// Why that is not done now, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// What may be in the way and is no reason to hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What to do about one service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Where what is in force differs from what is wanted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// The namespace it is to be in; for a service to switch off, the one it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Namespace>,
    /// The services that want a name this one has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contested_by: Vec<ServiceKey>,
    /// What else is to be said: that this is one phase of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The server that is to be complete first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub awaits: Option<Box<Awaited>>,
    /// The endpoints that it needs and that its tasks do not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<Lack>,
    /// Whether somebody else keeps changing it back.
    #[serde(skip)]
    pub contention: Option<Box<Contention>>,
}

/// In order, to change, or wanted but held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// What is in force is what is wanted.
    InSync,
    /// To do now.
    Step {
        /// What to do.
        action: Action,
    },
    /// Not to do now.
    Hold {
        /// Why not.
        hold: Hold,
        /// What would be done; absent where that cannot be told.
        #[serde(skip_serializing_if = "Option::is_none")]
        action: Option<Action>,
    },
}

impl Entry {
    fn held(hold: Hold) -> Self {
        Self {
            verdict: Verdict::Hold { hold, action: None },
            changes: Vec::new(),
            namespace: None,
            contested_by: Vec::new(),
            note: None,
            awaits: None,
            lacks: Vec::new(),
            contention: None,
        }
    }

    pub(crate) fn in_sync(namespace: Option<&Namespace>) -> Self {
        let namespace = namespace.cloned();
        Self { verdict: Verdict::InSync, namespace, ..Self::held(Hold::Ambiguous) }
    }

    /// Says something more.
    pub(crate) fn add_note(&mut self, words: &str) {
        let before = self.note.take().map(|note| note + "; ").unwrap_or_default();
        self.note = Some(before + words);
    }

    /// Turns a step into a hold; leaves everything else.
    pub fn hold_step(&mut self, hold: Hold) {
        if let Verdict::Step { action } = &self.verdict {
            self.verdict = Verdict::Hold { hold, action: Some(action.clone()) };
        }
    }

    /// What is done without anybody's doing: now, or when what holds it has passed.
    pub(crate) fn pending(&self) -> Option<&Action> {
        match &self.verdict {
            Verdict::Step { action } => Some(action),
            Verdict::Hold { hold, action } if hold.passes() => action.as_ref(),
            Verdict::Hold { .. } | Verdict::InSync => None,
        }
    }

    /// The hold, if it is one.
    pub fn hold(&self) -> Option<&Hold> {
        match &self.verdict {
            Verdict::Hold { hold, .. } => Some(hold),
            Verdict::InSync | Verdict::Step { .. } => None,
        }
    }
}

impl Plan {
    /// The steps in the order to take them.
    pub fn steps(&self) -> impl Iterator<Item = (&ServiceKey, &Action)> {
        self.order.iter().filter_map(|key| match &self.entries.get(key)?.verdict {
            Verdict::Step { action } => Some((key, action)),
            Verdict::InSync | Verdict::Hold { .. } => None,
        })
    }

    /// Takes back what a guard held of these: it looks at the moment, and that has passed.
    pub(crate) fn unhold(&mut self, steps: &[ServiceKey]) {
        for key in steps {
            if let Some(entry) = self.entries.get_mut(key)
                && let Verdict::Hold { action: Some(action), .. } = &entry.verdict
            {
                entry.verdict = Verdict::Step { action: action.clone() };
            }
        }
    }

    /// The holds in the order of services.
    pub fn holds(&self) -> impl Iterator<Item = (&ServiceKey, &Hold)> {
        self.entries.iter().filter_map(|(key, entry)| Some((key, entry.hold()?)))
    }

    /// What must be asked before all holds are decided on facts.
    pub fn questions(&self) -> impl Iterator<Item = &Question> {
        self.holds().filter_map(|(_, hold)| hold.question())
    }
}

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
    room::hold_beyond(&mut plan, &world);
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

/// What a service is settled against.
pub(crate) fn terms<'a>(view: &'a View, settings: &'a Settings, service: &EcsService) -> Terms<'a> {
    World::new(view, settings).terms(service)
}

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
    fn namespace(&self) -> Option<&Namespace> {
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
    fn refusal(&self, view: &View) -> Option<Hold> {
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
