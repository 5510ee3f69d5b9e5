//! Resolves a circle of two or more services that want each other's names.
//!
//! ECS gives a name to no service while another one has it, so each would wait for the others for ever. Under the
//! policy sync one of them, the youngest, goes first. It becomes what it is to be *without* the endpoints whose names
//! others have: it gives its own name up and takes none. When that is rolled out, the next service takes the free name,
//! and so on. In the end the first takes its own. Each phase is decided from what is seen, so a crash at any point
//! changes nothing: the next phase is planned from what is there.
//!
//! Names that clients need are not swapped, unless the document claims them: the clients would call another service
//! under the same name, and one that wants to be called in place of another must not get that by a wish alone.
//!
//! **Invariant:** No service gives a name up unless each name has a waiting taker with no other obstacle, and the service
//! that gives up can still be settled afterwards without the endpoints it gave up.

use std::collections::{BTreeMap, BTreeSet};

use super::register::{Register, claims};
use crate::declaration::settings::Policy;
use crate::ecs::canonical::canonical;
use crate::ecs::claim::Claim;
use crate::ecs::connect::{Connect, Endpoint};
use crate::ecs::name::NamespaceId;
use crate::ecs::service::DeploymentStatus;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::text::first_of;
use crate::plan::entry::{Entry, Verdict};
use crate::plan::hold::claim::Holder;
use crate::plan::hold::{Hold, Unseen};
use crate::planner::candidate::Candidate;
use crate::planner::facts::with_facts;
use crate::planner::input::PlannerInput;
use crate::planner::obstacle::{lasting, passing};
use crate::planner::service::alias::AliasRule;
use crate::planner::service::settle::{Desired, settle};

/// What the circle changes in the entry of one service.
pub(crate) struct SwapPhase<'a> {
    /// What it becomes first; `None` for the services that wait.
    first: Option<Candidate<'a>>,
    /// What must be read about it before any service gives a name up.
    ask: Option<Hold>,
    note: String,
}

impl SwapPhase<'_> {
    /// The entry in this phase.
    pub(crate) fn applied_to(self, mut entry: Entry) -> Entry {
        if let Some(first) = self.first {
            let action = first.desired.action(first.service);
            entry.verdict = Verdict::Step { action };
            entry.changes = first.changes;
        } else if let (Some(hold), Verdict::Hold { action, .. }) = (self.ask, &entry.verdict) {
            entry.verdict = Verdict::Hold { hold, action: action.clone() };
        }
        entry.add_note(&self.note);
        entry
    }
}

/// A service whose only obstacles are names that others have.
struct Waiting<'c, 'a> {
    candidate: &'c Candidate<'a>,
    namespace: &'c NamespaceId,
    names: Vec<Claim>,
    holders: Vec<ServiceKey>,
}

type Circle<'c, 'a> = BTreeMap<&'c ServiceKey, Waiting<'c, 'a>>;

/// The phases of all circles among the candidates.
pub(crate) fn phases<'a>(
    input: &PlannerInput<'a>,
    candidates: &[Candidate<'a>],
    register: &Register,
) -> BTreeMap<ServiceKey, SwapPhase<'a>> {
    let circles = circles(input, candidates, register);
    circles.iter().flat_map(|circle| phases_of(input, circle)).collect()
}

fn phases_of<'a>(
    input: &PlannerInput<'a>,
    circle: &Circle<'_, 'a>,
) -> Vec<(ServiceKey, SwapPhase<'a>)> {
    let may_remove = input.settings.policy != Policy::UpsertOnly;
    let mut first = first_to_give_up(input, circle).filter(|_| may_remove);
    let note = words(circle, first.as_ref().map(|first| &first.service.key), may_remove);
    // Everything is read before one of them gives its name up.
    let mut asks = match first {
        Some(_) => still_to_read(input, circle),
        None => BTreeMap::new(),
    };
    let ready = asks.is_empty();
    let phase = |key: &&ServiceKey| {
        let first = first.take_if(|first| ready && first.service.key == **key);
        let phase = SwapPhase { first, ask: asks.remove(*key), note: note.clone() };
        ((*key).clone(), phase)
    };
    circle.keys().map(phase).collect()
}

/// The youngest service that can give its name up, as what it becomes first.
fn first_to_give_up<'a>(
    input: &PlannerInput<'a>,
    circle: &Circle<'_, 'a>,
) -> Option<Candidate<'a>> {
    let mut oldest_first: Vec<&Waiting<'_, 'a>> = circle.values().collect();
    oldest_first.sort_by_key(|w| (w.candidate.service.created_at, &w.candidate.service.arn));
    oldest_first.iter().rev().find_map(|waiting| without_taken(input, waiting))
}

/// What must be read about the services of a circle.
fn still_to_read<'c>(
    input: &PlannerInput<'_>,
    circle: &Circle<'c, '_>,
) -> BTreeMap<&'c ServiceKey, Hold> {
    let unread = |(key, waiting): (&&'c ServiceKey, &Waiting<'_, '_>)| {
        Some((*key, with_facts(input, passing(input, waiting.candidate)?)))
    };
    circle.iter().filter_map(unread).collect()
}

/// Every circle: services that wait, directly or through others, for each other and for no other service.
fn circles<'c, 'a>(
    input: &PlannerInput<'a>,
    candidates: &'c [Candidate<'a>],
    register: &Register,
) -> Vec<Circle<'c, 'a>> {
    let waiting = candidates.iter().filter_map(|candidate| waiting(input, candidate, register));
    let mut all: Circle<'c, 'a> =
        waiting.map(|waiting| (&waiting.candidate.service.key, waiting)).collect();
    let mut circles = Vec::new();
    loop {
        // A service that waits for one outside, or for a name that its holder keeps, is in no circle.
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

/// The services that wait, by the service that they wait for.
fn waiters(all: &Circle<'_, '_>) -> BTreeMap<ServiceKey, Vec<ServiceKey>> {
    let mut waiters: BTreeMap<ServiceKey, Vec<ServiceKey>> = BTreeMap::new();
    for (key, waiting) in all {
        for holder in &waiting.holders {
            waiters.entry(holder.clone()).or_default().push((*key).clone());
        }
    }
    waiters
}

/// A service that waits only for services that wait for it. The search goes backwards from each service in turn. The
/// result is the last one from which the search had to start again: each service it waits for would otherwise have led
/// to it.
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

/// Every service that the steps lead to, the start included.
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

/// A candidate whose only obstacles are names that others have, if it is the first to get each of them.
fn waiting<'c, 'a>(
    input: &PlannerInput<'a>,
    candidate: &'c Candidate<'a>,
    register: &Register,
) -> Option<Waiting<'c, 'a>> {
    let service = candidate.service;
    let (namespace, to) = candidate.wanted()?;
    let (mut names, mut holders) = (Vec::new(), Vec::new());
    for obstacle in register.obstacles(service, namespace, to) {
        let Hold::Conflict(name, Holder::Has(holder, _)) = obstacle else { return None };
        if !register.is_first(service, namespace, &name)
            || register.is_called(service, namespace, &name)
        {
            return None;
        }
        names.push(name);
        holders.push(holder);
    }
    // The planner knows no time, so a pause that is over counts too.
    let free = candidate.declaration.pause.is_none()
        && !names.is_empty()
        && lasting(input, candidate).is_none()
        && is_ready_once_read(input, candidate);
    free.then_some(Waiting { candidate, namespace, names, holders })
}

fn is_ready_once_read(input: &PlannerInput<'_>, candidate: &Candidate<'_>) -> bool {
    matches!(passing(input, candidate), None | Some(Hold::NotSeen(Unseen::Answer(..))))
}

/// Whether the holder of each name that it waits for waits too and does not keep the name.
fn is_passed_on(waiting: &Waiting<'_, '_>, all: &Circle<'_, '_>) -> bool {
    waiting.names.iter().zip(&waiting.holders).all(|(name, holder)| {
        let Some(holder) = all.get(holder) else { return false };
        let keeps = holder.namespace == waiting.namespace
            && holder.candidate.wanted().is_some_and(|(_, to)| claims(to).any(|c| c == *name));
        !keeps
    })
}

/// What a service becomes first: everything it is to be except the endpoints whose names others have. `None` if it could
/// not become the whole afterwards, because something undeclared would have gone with an endpoint.
fn without_taken<'a>(input: &PlannerInput<'a>, waiting: &Waiting<'_, 'a>) -> Option<Candidate<'a>> {
    let candidate = waiting.candidate;
    let Desired::On(whole, namespace) = &candidate.desired else { return None };
    let mut first: Connect = (**whole).clone();
    first.endpoints.retain(|endpoint| !takes_any(endpoint, &waiting.names));
    let desired = Desired::On(Box::new(first), namespace.clone());
    let first = candidate.instead(desired);
    let goes = first.differs() && is_ready_once_read(input, &first);
    (goes && settles_after(input, &first, candidate)).then_some(first)
}

/// Whether an endpoint takes one of these names.
fn takes_any(endpoint: &Endpoint, names: &[Claim]) -> bool {
    let discovery = Claim::Discovery(endpoint.discovery());
    let alias = endpoint.alias.as_ref();
    let alias = alias.and_then(|alias| Some(Claim::Alias(alias.dns_name.clone()?, alias.port)));
    names.iter().any(|name| *name == discovery || Some(name) == alias.as_ref())
}

fn words(circle: &Circle<'_, '_>, begins: Option<&ServiceKey>, may_remove: bool) -> String {
    let names = first_of(circle.keys(), ", ");
    match begins {
        Some(first) => format!(
            "{names} swap names in phases: first {first} gives its name up and takes none yet, so no service answers to that name for a while; then the others take their names one by one, and {first} takes its own last"
        ),
        None if !may_remove => format!(
            "{names} want each other's names; to swap them, one must give its name up for a while, which the policy upsert-only does not allow: use the policy sync, or rename one of them by hand first"
        ),
        None => format!(
            "{names} want each other's names, and undeclared settings of an endpoint would be lost if one gave its name up first: declare its port, alias and time-outs, or rename one by hand first"
        ),
    }
}

/// Whether a service that has become `first` would then become what `whole` is.
fn settles_after(input: &PlannerInput<'_>, first: &Candidate<'_>, whole: &Candidate<'_>) -> bool {
    let Desired::On(connect, _) = &first.desired else { return false };
    let mut service = (**whole.service).clone();
    for deployment in &mut service.deployments {
        if deployment.status == DeploymentStatus::Primary {
            deployment.connect = Some((**connect).clone());
        }
    }
    match settle(&service, whole.declaration, &input.terms(whole.service)) {
        Ok(Desired::On(then, namespace)) => {
            let document = input.view.document.as_deref();
            let rule = AliasRule {
                service: &service,
                namespace: &namespace,
                defaults: whole.defaults,
                document,
            };
            Some(canonical(&then, &whole.defaults)) == whole.to && rule.refusals(&then).is_empty()
        }
        Ok(Desired::Off) | Err(_) => false,
    }
}
