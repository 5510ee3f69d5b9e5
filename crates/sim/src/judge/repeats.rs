//! What must not be sent, or not be sent again.
//!
//! | rule | says |
//! |---|---|
//! | I4 | no write that changes nothing |
//! | I6 | between two writes to a service something other than ourselves changed it, its tags or its namespaces |
//! | I9 | what ECS rolled back is never sent again on the same task definition, but once for each new value of the `retry` tag |

use super::effective::{Effective, Taken};
use super::renames::is_last_of_a_rename;
use super::sent_write::{Broken, SentWrite};
use super::service_history::Moment;
use crate::shapes::Time;

/// I4: the write changes something.
pub(super) fn no_op(sent: &SentWrite<'_>) -> Broken {
    let same =
        !sent.is_refresh && sent.throughout(|moment| moment.effective.as_deref() == sent.after);
    sent.says(same, "I4", "a write that changes nothing")
}

/// I6: something changed between the evidence of the last write and this one. A name that became free counts too, even
/// if we freed it, as when two services swap their names.
pub(super) fn flap(sent: &SentWrite<'_>) -> Broken {
    let last = sent.history.last_write?;
    let since = |at: &Time| *at > last.from && *at <= sent.now;
    let own = sent.history.causes.last().is_some_and(since);
    let for_all = |at: Time| at > last.from_for_all && at <= sent.now;
    let caused = own || sent.changed_for_all || sent.last_change_for_all.is_some_and(for_all);
    let was_taken = |taken: &Taken| {
        sent.others().any(|(_, history)| {
            history.since(last.at).first().is_some_and(|moment| moment.taken.contains(taken))
        })
    };
    let own_now = sent.history.now().map(|moment| &moment.taken);
    let mut new = sent.after.into_iter().flat_map(Effective::taken);
    let freed =
        new.any(|taken| !own_now.is_some_and(|own| own.contains(&taken)) && was_taken(&taken));
    // A refresh has a rule of its own.
    let idle = !caused && !freed && !sent.is_refresh && !is_last_of_a_rename(sent);
    sent.says(idle, "I6", "written again though nothing else changed")
}

/// Whether the `retry` tag has got another value since then.
fn is_asked_again(sent: &SentWrite<'_>, since: Time) -> bool {
    let retry = |moment: &Moment| moment.tagged.as_ref().and_then(|tagged| tagged.retry.clone());
    let moments = sent.history.since(since);
    let before = moments.first().and_then(retry);
    moments.iter().filter_map(retry).any(|value| Some(value) != before)
}

/// I9: the write does not repeat what ECS rolled back, unless a person asks for that.
pub(super) fn given_up(sent: &SentWrite<'_>) -> Broken {
    let last = sent.history.now()?;
    let again = sent.history.failed_configurations.iter().any(|given| {
        given.at <= sent.from
            && given.effective.as_ref() == sent.after
            && sent.throughout(|moment| moment.task_definition == given.task_definition)
            && given.task_definition == last.task_definition
            && !is_asked_again(sent, given.at)
    });
    sent.says(again, "I9", "sent again what ECS had rolled back")
}
