//! What a plan will cost: services that roll out, tasks replaced, clients left behind, rounds, and time.
//!
//! An estimate for the person who decides, not a promise: the rounds follow from the budget alone, and the time from
//! how long each service's own deployments took.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;

use crate::declaration::intent::Intent;
use crate::declaration::settings::{Budget, Policy, Settings};
use crate::ecs::connect::Endpoint;
use crate::ecs::name::{ClusterName, DiscoveryName, NamespaceId};
use crate::ecs::service::EcsService;
use crate::ecs::service_key::ServiceKey;
use crate::guard::budget::budget;
use crate::plan::Plan;
use crate::plan::action::Action;
use crate::plan::entry::{Entry, Verdict};
use crate::plan::hold::Hold;
use crate::view::{View, deployed};

/// What a plan will cost, once all of it is done that can be: what waits for its turn or for consent included, what is
/// held for another reason not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// Services that roll out.
    pub services: usize,
    /// Tasks that are replaced, by the desired counts.
    pub tasks: u32,
    /// Clients that do not see an endpoint they need until they roll out again, or that are to roll out for that.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub stale_clients: BTreeSet<ServiceKey>,
    /// How many rounds of rollouts the budget makes of it.
    pub rounds: usize,
    /// How long it will take; none where no service's past tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Estimate>,
}

/// A time, and how well it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Estimate {
    /// In seconds.
    pub seconds: u64,
    /// The services whose past does not tell: they count with the median of the others.
    pub guessed: usize,
}

/// What a plan will cost.
pub fn cost(plan: &Plan, view: &View, settings: &Settings) -> Cost {
    let changed: BTreeMap<&ServiceKey, (&Entry, &Action)> = plan
        .entries
        .iter()
        .filter_map(|(key, entry)| Some((key, (entry, payable(entry)?))))
        .collect();
    let tasks = changed.keys().filter_map(|key| view.service(key)?.last.as_ref());
    let tasks = tasks.map(|last| last.desired_count).sum();
    let known: BTreeMap<&ServiceKey, Duration> =
        changed.keys().filter_map(|key| Some((*key, took(view, key)?))).collect();
    let mut times: Vec<Duration> = known.values().copied().collect();
    times.sort_unstable();
    let median = times.get(times.len() / 2).copied();
    let budget = budget(view, settings);
    let sums = |each: &dyn Fn(&ServiceKey) -> u64| Sums::new(&changed, each);
    let rounds = sums(&|_| 1).over(budget);
    let time = median.map(|median| Estimate {
        seconds: sums(&|key| known.get(key).unwrap_or(&median).as_secs()).over(budget),
        guessed: changed.len() - known.len(),
    });
    Cost {
        services: changed.len(),
        tasks,
        stale_clients: stale_clients(view, &changed),
        rounds: usize::try_from(rounds).unwrap_or(usize::MAX),
        time,
    }
}

/// What would be done for an entry once its turn comes, somebody agrees, or the policy allows it.
fn payable(entry: &Entry) -> Option<&Action> {
    match &entry.verdict {
        Verdict::Hold { hold: Hold::MassChange(_) | Hold::Observe(Policy::Observe), action } => {
            action.as_ref()
        }
        _ => entry.pending(),
    }
}

fn took(view: &View, key: &ServiceKey) -> Option<Duration> {
    view.histories.get(key).and_then(|(_, seen)| seen.known())?.took
}

/// What the rollouts sum up to where a budget applies, and the longest of them, which a wave begins with at worst.
#[derive(Default)]
struct Sums<'a> {
    clusters: BTreeMap<&'a ClusterName, (u64, u64)>,
    namespaces: BTreeMap<&'a NamespaceId, (u64, u64)>,
}

impl<'a> Sums<'a> {
    fn new(
        changed: &BTreeMap<&'a ServiceKey, (&'a Entry, &'a Action)>,
        each: &dyn Fn(&ServiceKey) -> u64,
    ) -> Self {
        let mut sums = Self::default();
        for (key, (entry, _)) in changed {
            let one = each(key);
            let add = |(sum, longest): &mut (u64, u64)| {
                (*sum, *longest) = (sum.saturating_add(one), one.max(*longest));
            };
            add(sums.clusters.entry(&key.cluster).or_default());
            if let Some(namespace) = &entry.namespace {
                add(sums.namespaces.entry(&namespace.id).or_default());
            }
        }
        sums
    }

    /// The most that any budget makes of it; one goes first in each namespace, and the rest by the budget.
    fn over(&self, budget: Budget) -> u64 {
        let share = |sum: u64, at_once: usize| {
            sum.div_ceil(u64::try_from(at_once.max(1)).unwrap_or(u64::MAX))
        };
        let clusters = self
            .clusters
            .values()
            .map(|(sum, longest)| share(*sum, budget.per_cluster).max(*longest));
        let namespaces = self
            .namespaces
            .values()
            .map(|(sum, longest)| longest + share(sum - longest, budget.per_namespace));
        clusters.chain(namespaces).max().unwrap_or_default()
    }
}

/// The clients that lack an endpoint once the plan is done, unless they roll out themselves, and those that the plan
/// refreshes because they lack one now.
fn stale_clients(
    view: &View,
    changed: &BTreeMap<&ServiceKey, (&Entry, &Action)>,
) -> BTreeSet<ServiceKey> {
    let mut news: BTreeSet<(NamespaceId, DiscoveryName)> = BTreeSet::new();
    let mut stale = BTreeSet::new();
    for (key, (entry, action)) in changed {
        match action {
            Action::Refresh { .. } => drop(stale.insert((*key).clone())),
            Action::Disconnect { .. } => {}
            Action::Connect { connect, .. } => {
                let Some(namespace) = &entry.namespace else { continue };
                let last = view.service(key).and_then(|service| service.last.as_deref());
                let stays = deployed(view, key).contains(&namespace.id);
                let new = connect
                    .endpoints
                    .iter()
                    .filter(|endpoint| !(stays && last.is_some_and(|last| offers(last, endpoint))));
                news.extend(new.map(|endpoint| (namespace.id.clone(), endpoint.discovery())));
            }
        }
    }
    if news.is_empty() {
        return stale;
    }
    for (key, service) in view.services().filter(|(key, _)| !changed.contains_key(*key)) {
        let Intent::Declared(declaration) = &service.intent else { continue };
        let Some(needs) = &declaration.needs else { continue };
        let standing = deployed(view, key);
        let lacks = |name: &DiscoveryName| {
            standing.iter().any(|namespace| news.contains(&(namespace.clone(), name.clone())))
        };
        if needs.iter().any(lacks) {
            stale.insert(key.clone());
        }
    }
    stale
}

/// Whether the PRIMARY offers this endpoint under the same names.
fn offers(service: &EcsService, endpoint: &Endpoint) -> bool {
    let mut endpoints = service.connect().into_iter().flat_map(|connect| &connect.endpoints);
    let named = |each: &Endpoint| {
        // Names left out are the defaults: only two that are said can differ.
        let same = match (each.called(), endpoint.called()) {
            (Some((Some(one), port)), Some((Some(other), same))) => one == other && port == same,
            (Some((_, port)), Some((_, same))) => port == same,
            (None, None) => true,
            _ => false,
        };
        each.discovery() == endpoint.discovery() && same
    };
    endpoints.any(named)
}

#[cfg(test)]
mod tests;
