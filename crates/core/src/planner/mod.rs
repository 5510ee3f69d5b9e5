//! Decides what to change: compares what is wanted with what was seen.
//!
//! **In:** the view and the settings. **Out:** a [`Plan`].
//!
//! **Invariant:** pure and total. No clock, no I/O, no `Result`. Every service that opted in has exactly one
//! [`Verdict`](crate::plan::entry::Verdict), so a wanted change is always a step or a hold.
//!
//! **Invariant:** A failed read never causes a change.
//!
//! Budgets, pauses and the policy are not decided here, except for the removal of endpoints: that is [`crate::guard`].

pub(crate) mod service;
pub(crate) mod input;
mod entries;
mod prerequisites;
mod facts;
mod adopted;
mod advice;
mod candidate;
mod obstacle;
pub(crate) mod names;
mod entry;
mod links;
mod classify;

pub use prerequisites::{namespaces_that_differ, unmatched_entries};

use std::collections::BTreeMap;

use crate::declaration::settings::Settings;
use crate::ecs::name::{DiscoveryName, NamespaceId};
use crate::ecs::service_key::ServiceKey;
use crate::plan::Plan;
use crate::plan::call::Traffic;
use crate::plan::entry::Entry;
use crate::view::View;
use adopted::adopted;
use advice::with_advice;
use candidate::Candidate;
use classify::{Classified, classify};
use entries::Entries;
use entry::entry;
use input::PlannerInput;
use links::Links;
use links::order::circle_notes;
use names::register::{Register, contests};
use names::{capacity, swap};

/// The plan for every service in view.
pub fn plan(view: &View, settings: &Settings) -> Plan {
    let input = PlannerInput::new(view, settings);
    let Classified { decided, candidates, unseen, settled, stranded } = classify(&input);
    // A server that cannot be read just now is waited for as well.
    let links = Links::new(&input, &candidates, &unseen, &settled, &stranded);
    let callers =
        |namespace: &NamespaceId, name: &DiscoveryName| links.callers_of(&input, namespace, name);
    let register = Register::new(&input, candidates.iter().chain(&unseen), &callers);

    let changing = changing(&input, &candidates, &register, &links);
    // In the order of keys already, or nearly: the map is built at once, not by one insertion each.
    let entries: Entries = decided.into_iter().chain(changing).collect();
    let missing = prerequisites::missing(view, &entries);

    let order = links.order(&candidates);
    let refreshes = links.refreshes(&input, &candidates, &entries, &register);
    let stale = refreshes.iter().map(|(key, _)| key);
    let steps: Vec<ServiceKey> = order.keys.iter().chain(stale).cloned().collect();
    let entries = entries.replaced(refreshes);

    let awaited = links.awaited(view, &entries, &order, &steps);
    let entries = entries.awaiting(awaited).noted(circle_notes(&order));
    let lost_calls = links.lost_calls(&candidates, &entries);
    let unseen_servers = links.unseen_servers(&input, &candidates);
    let unread_callers = links.unread_callers(&input, &candidates, &entries);
    let entries = entries.noted(lost_calls).held(unseen_servers).held(unread_callers);
    let doubts = links.doubts(&input);
    let advice = links::doubts::advice(&doubts);
    let entries = entries.doubted(doubts);

    let beyond = capacity::holds_beyond(&input, &entries, &steps);
    let entries = entries.held(beyond);
    let contests = contests(&entries);
    let entries = entries.contested(contests).into_map();
    let mut unread = links.unread(&input);
    unread.extend(classify::unread_task_definitions(&input));
    let mut needs = links.into_needs();
    for (key, issues) in advice {
        needs.issues.entry(key).or_default().extend(issues);
    }
    let adopted = adopted(&input);
    let advice = with_advice(&input, needs.issues, &adopted);
    Plan { entries, order: steps, missing, needs: needs.of, advice, adopted, unread }
}

/// Who calls whom in each known namespace, and what is offered there: what the plan rests on, for people to see.
pub fn traffic(view: &View, settings: &Settings) -> BTreeMap<NamespaceId, Traffic> {
    let input = PlannerInput::new(view, settings);
    let Classified { candidates, unseen, settled, stranded, .. } = classify(&input);
    Links::traffic(&input, &candidates, &unseen, &settled, &stranded)
}

/// The entries of the candidates, each in the phase of the swap or the rename that it takes part in.
fn changing<'a>(
    input: &PlannerInput<'a>,
    candidates: &[Candidate<'a>],
    register: &Register,
    links: &Links<'_>,
) -> Vec<(ServiceKey, Entry)> {
    let mut renames = links.renames(input, candidates, register);
    let mut swaps = swap::phases(input, candidates, register);
    let in_its_phase = |candidate: &Candidate<'a>| {
        let key = &candidate.service.key;
        let entry = match (swaps.remove(key), renames.remove(key)) {
            (Some(swap), _) => swap.applied_to(entry(input, candidate, register)),
            (None, Some(rename)) => {
                let now = rename.adding().unwrap_or(candidate);
                let entry = entry(input, now, register);
                rename.applied_to(entry)
            }
            (None, None) => entry(input, candidate, register),
        };
        (key.clone(), entry)
    };
    candidates.iter().map(in_its_phase).collect()
}

#[cfg(test)]
mod tests;
