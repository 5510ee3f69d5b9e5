//! Decides what to change, by comparing what is wanted with what was seen.
//!
//! **Invariant:** pure and total. No clock, no I/O, no `Result`: every service that opted in has exactly
//! one [`Verdict`], so a wanted change is a step or a hold and never silently neither.
//!
//! **Invariant:** nothing is decided on the strength of a read that failed.
//!
//! Nothing here knows of budgets, pauses or policy beyond the removal of endpoints: that is [`crate::guard`].

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::action::Action;
use crate::canonical::{Canonical, Change, Ground, canonical, changes};
use crate::conflict::Register;
use crate::connect::Connect;
use crate::declaration::Declaration;
use crate::effect::Question;
use crate::eligible;
use crate::hold::{Hold, Holder, Unseen};
use crate::name::{ClusterName, NamespaceId, NamespaceRef, ServiceKey};
use crate::order;
use crate::settings::Settings;
use crate::settle::{Desired, Terms, settle};
use crate::tag::Intent;
use crate::view::{
    EcsService, History, Namespace, NamespaceUse, Seen, ServiceStatus, ServiceView, View,
};

/// What to do about every service that opted in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// One entry for each service that opted in.
    pub entries: BTreeMap<ServiceKey, Entry>,
    /// The order in which steps are taken: servers before the clients that need them.
    pub order: Vec<ServiceKey>,
}

/// What to do about one service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Where what is in force differs from what is wanted.
    pub changes: Vec<Change>,
    /// The namespace it is to be in; for a service to switch off, the one it is in.
    pub namespace: Option<Namespace>,
    /// The services that want a name this one has.
    pub contested_by: Vec<ServiceKey>,
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
        }
    }

    fn in_sync(namespace: Option<&Namespace>) -> Self {
        let (changes, contested_by) = (Vec::new(), Vec::new());
        Self { verdict: Verdict::InSync, changes, namespace: namespace.cloned(), contested_by }
    }

    /// Turns a step into a hold; leaves everything else.
    pub fn hold_step(&mut self, hold: Hold) {
        if let Verdict::Step { action } = &self.verdict {
            self.verdict = Verdict::Hold { hold, action: Some(action.clone()) };
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
    let mut decided = Vec::new();
    let mut candidates = Vec::new();
    let mut unseen = Vec::new();
    for (key, service) in view.services() {
        let verdict = match &service.intent {
            Intent::NotOptedIn => continue,
            Intent::Ambiguous => Err(Hold::Ambiguous),
            Intent::Declared(declaration) => match readable(service) {
                Ok(last) => world.candidate(last, declaration),
                Err(hold) => {
                    // What it last wanted keeps its place: a read that fails must not give a name away.
                    let last = service.last.as_ref();
                    unseen.extend(last.and_then(|l| world.candidate(l, declaration).ok()?));
                    Err(hold)
                }
            },
        };
        match verdict {
            Ok(Some(candidate)) if candidate.differs() => candidates.push(candidate),
            // Most are as they shall be: all that is kept of them is that.
            Ok(Some(candidate)) => decided.push((key, Entry::in_sync(candidate.namespace()))),
            Ok(None) => {}
            Err(hold) => decided.push((key, Entry::held(hold))),
        }
    }
    let register = world.register(candidates.iter().chain(&unseen));
    let order = order::servers_first(&candidates);
    let differing = candidates
        .into_iter()
        .map(|candidate| (candidate.service.key.clone(), world.entry(candidate, &register)));
    // In the order of keys already, or nearly: built at once, not by one insertion each.
    let mut plan = Plan { entries: decided.into_iter().chain(differing).collect(), order };
    name_contestants(&mut plan);
    plan
}

/// A service whose wanted configuration is known, compared with the one in force.
pub(crate) struct Candidate<'a> {
    pub(crate) service: &'a Arc<EcsService>,
    pub(crate) declaration: &'a Declaration,
    desired: Desired,
    /// What it shall be, to compare with; absent for off, and where nothing differs.
    to: Option<Canonical>,
    changes: Vec<Change>,
    ground: Ground<'a>,
}

impl Candidate<'_> {
    fn namespace(&self) -> Option<&Namespace> {
        match &self.desired {
            Desired::On(_, namespace) => Some(namespace),
            Desired::Off => self.ground.namespace_of(self.service.primary()?.connect.as_ref()?),
        }
    }

    /// Whether anything is to be done.
    fn differs(&self) -> bool {
        !self.changes.is_empty()
    }

    /// What it shall offer, and where.
    pub(crate) fn offers(&self) -> Option<(&NamespaceId, &Connect)> {
        match &self.desired {
            Desired::On(connect, namespace) => Some((&namespace.id, connect)),
            Desired::Off => None,
        }
    }

    /// The names it is to change to, where it changes.
    fn wanted(&self) -> Option<(&NamespaceId, &Canonical)> {
        self.offers().map(|(namespace, _)| namespace).zip(self.to.as_ref())
    }

    fn refusal(&self) -> Option<Hold> {
        let wanted = match &self.desired {
            Desired::On(connect, _) => Some(&**connect),
            Desired::Off => None,
        };
        eligible::refusal(self.service, wanted, &self.ground).map(Hold::Ineligible)
    }
}

/// What is in force against what is wanted. Most services are as they shall be to the letter, so that is seen
/// first, without bringing both into one form.
fn difference(
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

struct World<'a> {
    view: &'a View,
    settings: &'a Settings,
    namespaces: &'a [Namespace],
}

impl<'a> World<'a> {
    fn new(view: &'a View, settings: &'a Settings) -> Self {
        let namespaces =
            view.namespaces.as_ref().and_then(Seen::known).map_or(&[][..], Vec::as_slice);
        Self { view, settings, namespaces }
    }

    fn ground(&self, service: &EcsService, cluster: &ClusterName) -> Ground<'a> {
        let cluster = self.view.clusters.get(cluster);
        let default_namespace: Option<&'a NamespaceRef> =
            cluster.and_then(|cluster| cluster.default_namespace.as_ref());
        let task_definition = self.view.task_definitions.get(&service.task_definition);
        Ground {
            namespaces: self.namespaces,
            default_namespace,
            task_definition: task_definition.and_then(Seen::known).map(|td| &**td),
        }
    }

    /// What the service shall be against what it is; `None` for one that is being deleted.
    fn candidate(
        &self,
        service: &'a Arc<EcsService>,
        declaration: &'a Declaration,
    ) -> Result<Option<Candidate<'a>>, Hold> {
        if service.status != ServiceStatus::Active {
            return Ok(None);
        }
        let ground = self.ground(service, &service.key.cluster);
        let namespace = self.settings.namespace.as_ref();
        let terms = Terms { ground, namespace, policy: self.settings.policy };
        let desired = settle(service, declaration, &terms).map_err(|hold| self.with_facts(hold))?;
        let deployed = service.primary().and_then(|primary| primary.connect.as_ref());
        let (to, changes) = difference(deployed, &desired, &ground);
        Ok(Some(Candidate { service, declaration, desired, to, changes, ground }))
    }

    /// A hold for want of an answer, made exact: is it the namespaces that are missing, did the question fail?
    fn with_facts(&self, hold: Hold) -> Hold {
        let question = match (&hold, &self.view.namespaces) {
            (Hold::NoNamespace(_), None | Some(Seen::Absent | Seen::Unknown(_))) => {
                Question::Namespaces
            }
            (Hold::NotSeen(Unseen::Answer(question, None)), _) => question.clone(),
            _ => return hold,
        };
        let failed = match &question {
            Question::Namespaces => fault(self.view.namespaces.as_ref()),
            Question::TaskDefinition(arn) => fault(self.view.task_definitions.get(arn)),
            Question::NamespaceUse(id, ..) => fault(self.view.uses.get(id).map(|(_, seen)| seen)),
            Question::History(key) => fault(self.view.histories.get(key).map(|(_, seen)| seen)),
            Question::LatestRevision(family) => {
                fault(self.view.latest_revisions.get(family).map(|(_, seen)| seen))
            }
            Question::Parameters(_) => None,
        };
        Hold::NotSeen(Unseen::Answer(question, failed))
    }

    /// Who has and who wants which name; `wanting` are all whose wishes are known.
    fn register<'c>(&self, wanting: impl Iterator<Item = &'c Candidate<'a>>) -> Register
    where
        'a: 'c,
    {
        let mut register = Register::default();
        for candidate in wanting {
            if let Some((namespace, to)) = candidate.wanted()
                && candidate.refusal().is_none()
            {
                register.note_wanted(candidate.service, namespace, to);
            }
        }
        if register.is_empty() {
            return register;
        }
        let uses = || self.view.uses.iter().filter_map(|(id, (_, seen))| Some((id, seen.known()?)));
        for (namespace, names) in uses() {
            register.note_cloud_map(namespace, names);
        }
        let watched = self.view.clusters.values().flat_map(|cluster| cluster.services.values());
        let watched = watched.filter_map(|view| view.last.as_deref());
        for service in watched.chain(uses().flat_map(|(_, names)| &names.elsewhere)) {
            register.note_held(service, &self.ground(service, &service.key.cluster));
        }
        register
    }

    fn entry(&self, candidate: Candidate<'_>, register: &Register) -> Entry {
        let action = candidate.desired.action(candidate.service);
        let verdict = match self.obstacle(&candidate, register) {
            None => Verdict::Step { action },
            Some(hold) => Verdict::Hold { hold: self.with_facts(hold), action: Some(action) },
        };
        let namespace = match candidate.desired {
            Desired::On(_, namespace) => Some(namespace),
            Desired::Off => candidate.namespace().cloned(),
        };
        Entry { verdict, changes: candidate.changes, namespace, contested_by: Vec::new() }
    }

    /// The first reason against a wanted change, those a person must mend before those that pass.
    fn obstacle(&self, candidate: &Candidate<'_>, register: &Register) -> Option<Hold> {
        let service = candidate.service;
        let ask = |question| Hold::NotSeen(Unseen::Answer(question, None));
        if candidate.ground.task_definition.is_none() && candidate.to.is_some() {
            // Without it two equal configurations may look different, and eligibility is not known.
            return Some(ask(Question::TaskDefinition(service.task_definition.clone())));
        }
        if candidate.namespace().is_none() && is_unread(self.view.namespaces.as_ref()) {
            // Switching off needs no namespace, but counts in the budget of the one it leaves.
            return Some(ask(Question::Namespaces));
        }
        if !service.unknown_members.is_empty() {
            return Some(Hold::UnknownField(service.unknown_members.clone()));
        }
        if let Some(hold) = candidate.refusal() {
            return Some(hold);
        }
        if let Some(hold) = self.name_obstacle(candidate, register) {
            return Some(hold);
        }
        if service.is_rolling() {
            return Some(Hold::Rolling);
        }
        if self.view.service(&service.key).is_some_and(|view| view.stale_since.is_some()) {
            return Some(Hold::NotSeen(Unseen::Lagging));
        }
        match self.view.histories.get(&service.key) {
            Some((_, Seen::Known(history))) => {
                rolled_back(candidate, history).or(history.rolling.then_some(Hold::Rolling))
            }
            Some((_, Seen::Absent | Seen::Unknown(_))) | None => {
                Some(ask(Question::History(service.key.clone())))
            }
        }
    }

    /// A name that somebody else has, or may have: before a new one is claimed we look at the whole
    /// namespace, beyond the clusters we watch.
    fn name_obstacle(&self, candidate: &Candidate<'_>, register: &Register) -> Option<Hold> {
        let (namespace, to) = candidate.wanted()?;
        if let Some((claim, holder)) = register.obstacle(candidate.service, namespace, to) {
            return Some(Hold::Conflict(claim, holder));
        }
        if !register.claims_new_name(candidate.service, namespace, to) {
            return None;
        }
        let read = self.view.uses.get(namespace);
        if matches!(read, Some((_, Seen::Known(NamespaceUse { .. })))) {
            return None;
        }
        let question = who_uses(self.view, candidate.namespace()?);
        Some(Hold::NotSeen(Unseen::Answer(question, None)))
    }
}

/// The question who uses a namespace, beyond the clusters we watch.
pub(crate) fn who_uses(view: &View, namespace: &Namespace) -> Question {
    let watched = view.clusters.keys().cloned().collect();
    Question::NamespaceUse(namespace.id.clone(), namespace.arn.clone(), watched)
}

fn readable(view: &ServiceView) -> Result<&Arc<EcsService>, Hold> {
    match (&view.last, &view.trouble) {
        (_, Some(fault)) => Err(Hold::NotSeen(Unseen::Service(fault.clone()))),
        (Some(_), None) if view.missing_since.is_some() => Err(Hold::NotSeen(Unseen::Unlisted)),
        (Some(service), None) => Ok(service),
        (None, None) => Err(Hold::NotSeen(Unseen::Unlisted)),
    }
}

fn is_unread<T>(seen: Option<&Seen<T>>) -> bool {
    seen.and_then(Seen::known).is_none()
}

fn fault<T>(seen: Option<&Seen<T>>) -> Option<crate::fault::Fault> {
    match seen {
        Some(Seen::Unknown(fault)) => Some(fault.clone()),
        Some(Seen::Known(_) | Seen::Absent) | None => None,
    }
}

/// Whether ECS gave up just this before: a rollback brings the old configuration back, so a controller that
/// only compares would send the failed one again, for ever.
fn rolled_back(candidate: &Candidate<'_>, history: &History) -> Option<Hold> {
    let failed = history.failed.iter().find(|failed| {
        let connect = failed.connect.as_ref().map(|c| canonical(c, &candidate.ground));
        connect == candidate.to && failed.task_definition == candidate.service.task_definition
    })?;
    let (status, reason) = (failed.status.clone(), failed.reason.clone());
    Some(Hold::RolledBack { status, reason })
}

/// Tells each holder who else wants its name.
fn name_contestants(plan: &mut Plan) {
    let contests: Vec<(ServiceKey, ServiceKey)> = plan
        .holds()
        .filter_map(|(loser, hold)| match hold {
            Hold::Conflict(_, Holder::Has(winner, _) | Holder::Precedes(winner, _)) => {
                Some((winner.clone(), loser.clone()))
            }
            _ => None,
        })
        .collect();
    for (winner, loser) in contests {
        if let Some(entry) = plan.entries.get_mut(&winner) {
            entry.contested_by.push(loser);
        }
    }
}

#[cfg(test)]
mod tests;
