//! The sums of a plan as text: how much is to do, what it costs, and the plan's id.

use eastwest_core::ecs::text::first_of;

use crate::api::plan::PlanPage;
use crate::api::text::line;

pub(crate) fn summary(page: &PlanPage) -> String {
    let sums = &page.summary;
    let nothing =
        sums.connect + sums.disconnect + sums.refresh + sums.held + page.missing.len() == 0;
    if nothing && page.faults.is_empty() {
        return nothing_to_change(page);
    }
    format!(
        "Plan: {} to connect, {} to disconnect, {} to refresh, {} held, {} in sync. {} would be replaced.\n",
        sums.connect,
        sums.disconnect,
        sums.refresh,
        sums.held,
        sums.in_sync,
        count(sums.tasks, "task")
    )
}

/// A plan without a step may mean that all is well, or that nothing could be decided.
pub(crate) fn nothing_to_change(page: &PlanPage) -> String {
    let sums = &page.summary;
    if page.document.as_ref().is_some_and(|document| !document.in_force) {
        return "No plan: the document could not be read, and it may say anything.\n".to_owned();
    }
    let services = count_usize(sums.in_sync, "service");
    match (sums.in_sync, sums.not_opted_in) {
        (0, 0) => "No plan: no service was found.\n".to_owned(),
        (0, others) => {
            format!("Nothing to change: none of {} opted in.\n", count_usize(others, "service"))
        }
        (_, 0) => format!("Nothing to change: {services} in sync.\n"),
        (_, others) => {
            format!("Nothing to change: {services} in sync, {others} not opted in.\n")
        }
    }
}

/// What the plan costs, its id, and whether another copy may write, too.
pub(crate) fn show_cost(text: &mut String, page: &PlanPage) {
    let cost = &page.cost;
    if cost.services == 0 {
        return;
    }
    let time = match &cost.time {
        None => "duration unknown: there is no past deployment to estimate from".to_owned(),
        Some(estimate) => {
            let guessed = match estimate.guessed {
                0 => String::new(),
                some => format!(", {some} of them guessed"),
            };
            format!("about {} by past deployments{guessed}", span(estimate.seconds))
        }
    };
    let (services, rounds) =
        (count_usize(cost.services, "service"), count_usize(cost.rounds, "round"));
    let tasks = count(cost.tasks, "task");
    line(text, format_args!("Cost: {services} in {rounds} of rollouts, {tasks}; {time}."));
    let stale = &cost.stale_clients;
    if !stale.is_empty() {
        let (clients, names) = (count_usize(stale.len(), "client"), first_of(stale, ", "));
        line(text, format_args!("      {clients} stale until rolled out again: {names}."));
    }
    line(text, format_args!("Id:   {}", page.id));
    if page.relies_on_being_alone {
        text.push_str(
            "Without --lease-table, nothing keeps another copy of eastwest from writing, too.\n",
        );
    }
}

pub(crate) fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

pub(crate) fn count(number: u32, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

pub(crate) fn count_usize(number: usize, noun: &str) -> String {
    count(u32::try_from(number).unwrap_or(u32::MAX), noun)
}
