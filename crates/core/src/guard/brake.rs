//! The mass-change brake: a pass that would change too much of a namespace at once waits for somebody's consent.
//!
//! A slip in a document or a script that tags can turn a whole namespace over. What a person sees then is a plan with
//! an id, and only what that plan stood for goes on once the id is acknowledged: what remains after half is done
//! stays acknowledged, and what comes new is counted anew.
//!
//! Where clusters belong to tenants who do not trust each other, the document has each counted apart. Otherwise one of
//! them could keep a namespace above its limit with an ever new plan, and the changes of all others would wait.
//!
//! **Invariant:** pure. The same plan has the same id, in every process and on every machine; nothing secret is in it,
//! for it is made from the actions as pages show them.

use std::collections::{BTreeMap, BTreeSet};

use super::acks::Acks;
use super::input::GuardInput;
use super::pause::paused;
use crate::declaration::document::{MassChange, MassChangePer};
use crate::declaration::settings::{Policy, Settings};
use crate::ecs::name::{ClusterName, NamespaceId};
use crate::ecs::service_key::ServiceKey;
use crate::plan::Plan;
use crate::plan::action::Action;
use crate::plan::consent::{PlanId, TooMany};
use crate::plan::entry::Verdict;
use crate::plan::hold::{Hold, Unseen};
use crate::view::{View, deployed};

/// So many services may change whatever share of the namespace they are: a small one would never move else.
const ALWAYS: usize = 10;

/// What waits for consent in one plan.
#[derive(Debug, Default)]
pub(crate) struct Brake {
    groups: Vec<Group>,
    held: BTreeMap<ServiceKey, Hold>,
}

/// Whose changes are counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Scope {
    /// The namespace; none where it is not known.
    namespace: Option<NamespaceId>,
    /// The cluster, where each is counted apart.
    cluster: Option<ClusterName>,
}

impl Scope {
    fn has(&self, key: &ServiceKey) -> bool {
        self.cluster.as_ref().is_none_or(|cluster| *cluster == key.cluster)
    }
}

/// What would change in one scope, and nobody has agreed to.
struct Touched<'a> {
    scope: &'a Scope,
    /// The services that would change.
    keys: &'a BTreeSet<&'a ServiceKey>,
    /// How many more services may turn out to change once they are read.
    open: usize,
}

/// The changes of one namespace that nobody has agreed to, where they are too many.
#[derive(Debug)]
struct Group {
    why: TooMany,
    changes: Vec<(ServiceKey, Action)>,
}

impl Brake {
    /// Looks at a plan before the guard has held anything of it.
    pub(crate) fn new(plan: &Plan, input: &GuardInput<'_>) -> Self {
        let mut brake = Self::default();
        let changes = changes(plan, input);
        if changes.is_empty() {
            return brake;
        }
        let undecided = Undecided::new(plan, input.view);
        for (scope, keys) in &changes {
            let open = undecided.may_change(scope);
            // Counting who is in the namespace is the dear part, and seldom matters.
            if keys.len() + open > least(input) {
                brake.weigh(plan, input, Touched { scope, keys, open });
            }
        }
        brake
    }

    /// Lets through what somebody has agreed to: the whole plan, or the part of it in one namespace.
    pub(crate) fn redeem(&self, plan: &Plan, acks: &mut Acks) {
        let whole = plan.id();
        let is_whole = acks.is_given(&whole) && !self.groups.is_empty();
        for group in &self.groups {
            if is_whole || acks.is_given(&group.why.plan) {
                acks.redeem(&group.why.plan, group.changes.iter().cloned());
            }
        }
        if is_whole {
            acks.redeem(&whole, []);
        }
    }

    /// Why this service waits, if it does.
    pub(crate) fn hold(&self, key: &ServiceKey) -> Option<Hold> {
        self.held.get(key).cloned()
    }

    fn weigh(
        &mut self,
        plan: &Plan,
        input: &GuardInput<'_>,
        Touched { scope, keys, open }: Touched<'_>,
    ) {
        let GuardInput { view, settings, .. } = input;
        let of = residents(plan, view, scope);
        let limit = limit(view, settings, of);
        let mut known = view.known_namespaces().iter();
        let id = scope.namespace.as_ref();
        let namespace = known.find(|known| Some(&known.id) == id).map(|known| known.name.clone());
        let hold = if keys.len() > limit {
            let pair = |key: &&ServiceKey| {
                Some(((*key).clone(), plan.entries.get(*key)?.pending()?.clone()))
            };
            let changes: Vec<_> = keys.iter().filter_map(pair).collect();
            let cluster = scope.cluster.clone();
            let id = PlanId::of(changes.iter().map(|(key, action)| (key, action)));
            let why = TooMany { plan: id, namespace, cluster, changes: keys.len(), of, limit };
            let hold = Hold::MassChange(Box::new(why.clone()));
            self.groups.push(Group { why, changes });
            hold
        } else if keys.len() + open > limit {
            Hold::NotSeen(Unseen::Extent(open))
        } else {
            return;
        };
        for key in keys {
            self.held.entry((*key).clone()).or_insert_with(|| hold.clone());
        }
    }
}

/// The services that would change without anybody's consent, by each scope that they touch.
fn changes<'p>(
    plan: &'p Plan,
    input: &GuardInput<'_>,
) -> BTreeMap<Scope, BTreeSet<&'p ServiceKey>> {
    let GuardInput { view, settings, acks, now, .. } = input;
    let mut changes: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    let per = counted_per(view);
    for (key, entry) in &plan.entries {
        let Some(action) = entry.pending() else { continue };
        // Under the policy observe nothing is written, and how much would change is worth knowing.
        let is_refused = settings.policy != Policy::Observe && !settings.policy.allows(action);
        if is_refused || acks.covers(key, action) || paused(view, key, *now).is_some() {
            continue;
        }
        let mut touched: BTreeSet<NamespaceId> = deployed(view, key).into_iter().collect();
        touched.extend(entry.namespace.as_ref().map(|namespace| namespace.id.clone()));
        let nowhere = touched.is_empty().then_some(None);
        for namespace in touched.into_iter().map(Some).chain(nowhere) {
            let cluster = (per == MassChangePer::Cluster).then(|| key.cluster.clone());
            changes.entry(Scope { namespace, cluster }).or_default().insert(key);
        }
    }
    changes
}

/// Services of which it is not known yet whether they are to change: those that come out first must not slip through
/// before the others are counted.
struct Undecided {
    /// Those that are in a namespace or declared for it, by each.
    known: BTreeMap<NamespaceId, Vec<ServiceKey>>,
    /// Those that may come to be in any.
    anywhere: Vec<ServiceKey>,
}

impl Undecided {
    fn new(plan: &Plan, view: &View) -> Self {
        let mut undecided = Self { known: BTreeMap::new(), anywhere: Vec::new() };
        for (key, entry) in &plan.entries {
            let Verdict::Hold { hold: Hold::NotSeen(unseen), action: None } = &entry.verdict else {
                continue;
            };
            if !unseen.ends_by_itself() {
                continue;
            }
            let standing = deployed(view, key).into_iter();
            let namespaces: BTreeSet<NamespaceId> = standing.chain(declared(view, key)).collect();
            if namespaces.is_empty() {
                undecided.anywhere.push(key.clone());
            }
            for namespace in namespaces {
                undecided.known.entry(namespace).or_default().push(key.clone());
            }
        }
        undecided
    }

    fn may_change(&self, scope: &Scope) -> usize {
        let known = scope.namespace.as_ref().and_then(|id| self.known.get(id));
        let all = known.into_iter().flatten().chain(&self.anywhere);
        all.filter(|key| scope.has(key)).count()
    }
}

/// The namespace that is declared for a service, if there is one.
fn declared(view: &View, key: &ServiceKey) -> Option<NamespaceId> {
    let declaration = view.service(key)?.intent.declared()?;
    let namespace = view.defaults(&key.cluster).resolve(declaration.namespace.as_ref()?)?;
    Some(namespace.id.clone())
}

/// How many watched services of a scope are in its namespace, or are to be.
fn residents(plan: &Plan, view: &View, scope: &Scope) -> usize {
    let id = scope.namespace.as_ref();
    let is_to_be = |key: &ServiceKey| {
        let namespace = plan.entries.get(key).and_then(|entry| entry.namespace.as_ref());
        namespace.map(|namespace| &namespace.id) == id
    };
    let is_in = |key: &ServiceKey| {
        plan.entries.contains_key(key) && is_to_be(key)
            || id.is_some_and(|id| deployed(view, key).contains(id))
    };
    view.services().filter(|(key, _)| scope.has(key) && is_in(key)).count()
}

/// The document's word, else the flags'.
fn share(view: &View, settings: &Settings) -> MassChange {
    let said = view.document.as_ref().and_then(|document| document.limits.mass_change);
    said.unwrap_or(settings.mass_change)
}

/// Whose changes are counted together.
fn counted_per(view: &View) -> MassChangePer {
    let said = view.document.as_ref().and_then(|document| document.limits.mass_change_per);
    said.unwrap_or_default()
}

/// How many services may change without consent, however many there are.
fn least(input: &GuardInput<'_>) -> usize {
    match share(input.view, input.settings) {
        MassChange::Percent(_) => ALWAYS,
        MassChange::Count(count) => count,
    }
}

/// How many of so many services may change without consent.
fn limit(view: &View, settings: &Settings, of: usize) -> usize {
    match share(view, settings) {
        MassChange::Percent(percent) => (of * usize::from(percent) / 100).max(ALWAYS),
        MassChange::Count(count) => count,
    }
}

impl Plan {
    /// The id of all that is wanted.
    pub fn id(&self) -> PlanId {
        PlanId::of(self.entries.iter().filter_map(|(key, entry)| match &entry.verdict {
            Verdict::Step { action } | Verdict::Hold { action: Some(action), .. } => {
                Some((key, action))
            }
            Verdict::Hold { action: None, .. } | Verdict::InSync => None,
        }))
    }

    /// What waits for consent, by the id to acknowledge.
    pub fn awaiting_consent(&self) -> BTreeMap<&PlanId, &TooMany> {
        let waiting = self.holds().filter_map(|(_, hold)| match hold {
            Hold::MassChange(why) => Some((&why.plan, &**why)),
            _ => None,
        });
        waiting.collect()
    }

    /// The ids of all that waits for consent: of mass changes, and of old names that clients still call.
    pub fn consents(&self) -> BTreeSet<PlanId> {
        let waiting = self.holds().filter_map(|(_, hold)| match hold {
            Hold::MassChange(why) => Some(&why.plan),
            Hold::WaitingForClient(kept) => kept.consent.as_ref(),
            _ => None,
        });
        waiting.cloned().collect()
    }

    /// How many changes an acknowledgement stands for: those that wait for this id, or, if it is the id of the whole
    /// plan, all that wait. If it is neither, the ids that wait.
    pub fn acknowledged_by(&self, plan: &PlanId) -> Result<usize, Vec<PlanId>> {
        let waiting = self.consents();
        let many = self.awaiting_consent();
        let changes = |id: &PlanId| many.get(id).map_or(1, |why| why.changes);
        if waiting.contains(plan) {
            return Ok(changes(plan));
        }
        if !waiting.is_empty() && self.id() == *plan {
            return Ok(waiting.iter().map(changes).sum());
        }
        Err(waiting.into_iter().collect())
    }
}

#[cfg(test)]
mod tests;
