//! Two services, or a circle of them, that want each other's names.
//!
//! ECS gives a name to nobody while somebody has it, so each would wait for the others for ever. Under the policy
//! sync one of them, the youngest, therefore goes first to what it shall be *without* the endpoints whose names
//! others have: it lets go of its own and takes none. When that is rolled out the next one takes its name, and so
//! on, and in the end the first takes its own. Each phase is decided from what is seen, so that a crash at any
//! point changes nothing: what comes next is planned from where things stand.
//!
//! **Invariant:** nobody lets go unless each name that is passed on has a taker who wants nothing else that is not
//! free, and the one that lets go can still be settled afterwards without what it let go of.

use std::collections::{BTreeMap, BTreeSet};

use super::register::{Register, claims};
use crate::declaration::settings::Policy;
use crate::ecs::canonical::canonical;
use crate::ecs::connect::Connect;
use crate::ecs::name::{NamespaceId, ServiceKey};
use crate::ecs::service::DeploymentStatus;
use crate::plan::entry::{Entry, Verdict};
use crate::plan::hold::claim::{Claim, Holder};
use crate::plan::hold::{Hold, Unseen};
use crate::planner::candidate::Candidate;
use crate::planner::service::settle::{Desired, settle};
use crate::planner::world::World;

/// What the circle changes of a service's entry.
pub(crate) struct Phase<'a> {
    /// What it becomes first; none for those that wait.
    first: Option<Candidate<'a>>,
    /// What must be read of it before anybody lets go.
    ask: Option<Hold>,
    note: String,
}

impl Phase<'_> {
    /// Makes the entry that of this phase.
    pub(crate) fn enter(self, entry: &mut Entry) {
        if let Some(first) = self.first {
            let action = first.desired.action(first.service);
            entry.verdict = Verdict::Step { action };
            entry.changes = first.changes;
        } else if let (Some(hold), Verdict::Hold { action, .. }) = (self.ask, &entry.verdict) {
            entry.verdict = Verdict::Hold { hold, action: action.clone() };
        }
        entry.add_note(&self.note);
    }
}

/// Someone whose only obstacles are names that others have.
struct Waiting<'c, 'a> {
    candidate: &'c Candidate<'a>,
    namespace: &'c NamespaceId,
    names: Vec<Claim>,
    holders: Vec<ServiceKey>,
}

type Circle<'c, 'a> = BTreeMap<&'c ServiceKey, Waiting<'c, 'a>>;

/// The phases of all circles among the candidates.
pub(crate) fn phases<'a>(
    world: &World<'a>,
    candidates: &[Candidate<'a>],
    register: &Register,
) -> BTreeMap<ServiceKey, Phase<'a>> {
    let circles = circles(candidates, world, register);
    circles.iter().flat_map(|circle| phases_of(circle, world)).collect()
}

fn phases_of<'a>(circle: &Circle<'_, 'a>, world: &World<'a>) -> Vec<(ServiceKey, Phase<'a>)> {
    let may_remove = world.settings.policy != Policy::UpsertOnly;
    let mut oldest_first: Vec<&Waiting<'_, 'a>> = circle.values().collect();
    oldest_first.sort_by_key(|w| (w.candidate.service.created_at, &w.candidate.service.arn));
    let mut first = oldest_first.iter().rev().find_map(|waiting| let_go(waiting, world));
    first = first.filter(|_| may_remove);
    let note = words(circle, first.as_ref().map(|first| &first.service.key), may_remove);
    // All that can be read is read before one of them lets go.
    let mut asks: BTreeMap<&ServiceKey, Hold> = BTreeMap::new();
    if first.is_some() {
        let unread = |waiting: &Waiting<'_, 'a>| world.passing(waiting.candidate);
        let asked = circle.iter().filter_map(|(k, w)| Some((*k, world.with_facts(unread(w)?))));
        asks.extend(asked);
    }
    let ready = asks.is_empty();
    let phase = |key: &&ServiceKey| {
        let first = first.take_if(|first| ready && first.service.key == **key);
        let phase = Phase { first, ask: asks.remove(*key), note: note.clone() };
        ((*key).clone(), phase)
    };
    circle.keys().map(phase).collect()
}

/// Every circle: those that wait, directly or through others, for each other and for nobody else.
fn circles<'c, 'a>(
    candidates: &'c [Candidate<'a>],
    world: &World<'a>,
    register: &Register,
) -> Vec<Circle<'c, 'a>> {
    let waiting = candidates.iter().filter_map(|candidate| waiting(candidate, world, register));
    let mut all: Circle<'c, 'a> =
        waiting.map(|waiting| (&waiting.candidate.service.key, waiting)).collect();
    let mut circles = Vec::new();
    loop {
        // Whoever waits for somebody outside, or for a name that its holder means to keep, is in no circle.
        drop_outsiders(&mut all);
        let Some(one) = innermost(&all) else { return circles };
        let circle = reach(one, |key| all.get(key).map_or(&[][..], |waiting| &waiting.holders));
        let circle: Vec<&ServiceKey> =
            circle.iter().filter_map(|key| Some(*all.get_key_value(key)?.0)).collect();
        circles.push(circle.into_iter().filter_map(|key| all.remove_entry(key)).collect());
    }
}

fn drop_outsiders(all: &mut Circle<'_, '_>) {
    let waiters = waiters(all);
    let out = all.iter().filter(|(_, waiting)| !is_passed_on(waiting, all));
    let mut out: Vec<ServiceKey> = out.map(|(key, _)| (*key).clone()).collect();
    while let Some(key) = out.pop() {
        if all.remove(&key).is_some() {
            out.extend(waiters.get(&key).into_iter().flatten().cloned());
        }
    }
}

/// Who waits for whom, by whom they wait for.
fn waiters(all: &Circle<'_, '_>) -> BTreeMap<ServiceKey, Vec<ServiceKey>> {
    let mut waiters: BTreeMap<ServiceKey, Vec<ServiceKey>> = BTreeMap::new();
    for (key, waiting) in all {
        for holder in &waiting.holders {
            waiters.entry(holder.clone()).or_default().push((*key).clone());
        }
    }
    waiters
}

/// One that waits for nobody but those that wait for it. Going backwards from everybody in turn, it is the last
/// from whom one had to begin anew: whoever it waits for would else have led to it.
fn innermost<'c>(all: &Circle<'c, '_>) -> Option<&'c ServiceKey> {
    let waiters = waiters(all);
    let mut visited = BTreeSet::new();
    let mut last = None;
    for key in all.keys() {
        if !visited.contains(*key) {
            last = Some(*key);
            let more = reach_beyond(key, &visited, |key| waiters.get(key).map_or(&[][..], |w| w));
            visited.extend(more);
        }
    }
    last
}

/// Everybody to whom one comes step by step, the start included.
fn reach<'w>(
    start: &ServiceKey,
    steps: impl Fn(&ServiceKey) -> &'w [ServiceKey],
) -> BTreeSet<ServiceKey> {
    reach_beyond(start, &BTreeSet::new(), steps)
}

fn reach_beyond<'w>(
    start: &ServiceKey,
    visited: &BTreeSet<ServiceKey>,
    steps: impl Fn(&ServiceKey) -> &'w [ServiceKey],
) -> BTreeSet<ServiceKey> {
    let mut reached = BTreeSet::new();
    let mut next = vec![start.clone()];
    while let Some(key) = next.pop() {
        if !visited.contains(&key) && reached.insert(key.clone()) {
            next.extend(steps(&key).iter().cloned());
        }
    }
    reached
}

/// A candidate that nothing hinders but names that others have and will pass on to it before all others.
fn waiting<'c, 'a>(
    candidate: &'c Candidate<'a>,
    world: &World<'a>,
    register: &Register,
) -> Option<Waiting<'c, 'a>> {
    let service = candidate.service;
    let (namespace, to) = candidate.wanted()?;
    let (mut names, mut holders) = (Vec::new(), Vec::new());
    for obstacle in register.obstacles(service, namespace, to) {
        let Hold::Conflict(name, Holder::Has(holder, _)) = obstacle else { return None };
        if !register.is_first(service, namespace, &name) {
            return None;
        }
        names.push(name);
        holders.push(holder);
    }
    // The plan knows no time, so a pause that is over counts as one too.
    let free = candidate.declaration.pause.is_none()
        && !names.is_empty()
        && world.lasting(candidate).is_none()
        && is_ready_once_read(candidate, world);
    free.then_some(Waiting { candidate, namespace, names, holders })
}

fn is_ready_once_read(candidate: &Candidate<'_>, world: &World<'_>) -> bool {
    matches!(world.passing(candidate), None | Some(Hold::NotSeen(Unseen::Answer(..))))
}

/// Whether each name that it waits for is with somebody who waits too and shall not have it any more.
fn is_passed_on(waiting: &Waiting<'_, '_>, all: &Circle<'_, '_>) -> bool {
    waiting.names.iter().zip(&waiting.holders).all(|(name, holder)| {
        let Some(holder) = all.get(holder) else { return false };
        let keeps = holder.namespace == waiting.namespace
            && holder.candidate.wanted().is_some_and(|(_, to)| claims(to).any(|c| c == *name));
        !keeps
    })
}

/// What it becomes first: all that it shall be but the endpoints whose names others have. None where it could not
/// become the whole afterwards, because something undeclared would have gone with the endpoint.
fn let_go<'a>(waiting: &Waiting<'_, 'a>, world: &World<'a>) -> Option<Candidate<'a>> {
    let candidate = waiting.candidate;
    let Desired::On(whole, namespace) = &candidate.desired else { return None };
    let taken = |discovery: &Claim, alias: &Option<Claim>| {
        waiting.names.iter().any(|name| name == discovery || Some(name) == alias.as_ref())
    };
    let mut first: Connect = (**whole).clone();
    first.endpoints.retain(|endpoint| {
        let alias = endpoint.alias.as_ref();
        let alias = alias.and_then(|a| Some(Claim::Alias(a.dns_name.clone()?, a.port)));
        !taken(&Claim::Discovery(endpoint.discovery()), &alias)
    });
    let desired = Desired::On(Box::new(first), namespace.clone());
    let first = candidate.instead(desired);
    let goes = first.differs() && is_ready_once_read(&first, world);
    (goes && world.settles_after(&first, candidate)).then_some(first)
}

fn words(circle: &Circle<'_, '_>, begins: Option<&ServiceKey>, may_remove: bool) -> String {
    let names: Vec<String> = circle.keys().map(ToString::to_string).collect();
    let names = names.join(", ");
    match begins {
        Some(first) => format!(
            "{names} swap names in phases: first {first} lets go of its name and takes none yet, so for that long nobody answers to it; then the others take theirs one by one, and {first} its own at last"
        ),
        None if !may_remove => format!(
            "{names} want each other's names; to swap them one must let go of its name for a while, which the policy upsert-only does not allow: use the policy sync, or rename one of them by hand first"
        ),
        None => format!(
            "{names} want each other's names, and what is not declared of an endpoint would be lost if one let go of its name first: declare its port, alias and time-outs, or rename one by hand first"
        ),
    }
}

impl<'a> World<'a> {
    /// Whether a service that has become `first` is still to become what `whole` is.
    fn settles_after(&self, first: &Candidate<'a>, whole: &Candidate<'a>) -> bool {
        let Desired::On(connect, _) = &first.desired else { return false };
        let mut service = (**whole.service).clone();
        for deployment in &mut service.deployments {
            if deployment.status == DeploymentStatus::Primary {
                deployment.connect = Some((**connect).clone());
            }
        }
        match settle(&service, whole.declaration, &self.terms(whole.service)) {
            Ok(Desired::On(then, _)) => Some(canonical(&then, &whole.ground)) == whole.to,
            Ok(Desired::Off) | Err(_) => false,
        }
    }
}
