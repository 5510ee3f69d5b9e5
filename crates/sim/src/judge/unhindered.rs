//! Whether a change could be made all along: it waited for no name, no pause, no refusal and no other writer.

use eastwest_core::declaration::declared::Pause;
use eastwest_core::declaration::intent::Intent;

use super::effective::Effective;
use super::renames::is_last_of_a_rename;
use super::sent_write::SentWrite;
use super::service_history::Moment;
use crate::shapes::Time;

/// How long ECS may take to remove from Cloud Map what a service had.
const HOUR_MS: u64 = 3_600_000;

/// Whether nothing held the change since `first`, or since the window began.
pub(super) fn is_unhindered(sent: &SentWrite<'_>, first: Option<Time>) -> bool {
    let since = first.unwrap_or(sent.from).min(sent.from);
    // ECS may be slow to remove from Cloud Map a name that the service had and lost.
    let own_since = since.minus_ms(HOUR_MS);
    // A name is kept for its former owner from when the controller learnt that it is free, however late that was.
    let quarantine = sent.settings.timing.name_quarantine;
    let others_since = if quarantine.is_zero() { since } else { Time(0) };
    let was_taken = |taken| {
        sent.histories.iter().any(|(other, history)| {
            let since = if other == sent.key { own_since } else { others_since };
            let had = |moment: &Moment| moment.taken.contains(&taken);
            let has = other == sent.key && history.now().is_some_and(had);
            !has && history.since(since).iter().any(had)
        })
    };
    let freed = sent.after.into_iter().flat_map(Effective::taken).any(was_taken);
    let until = |intent: &Intent| {
        let pause = intent.declared().and_then(|declaration| declaration.pause);
        matches!(pause, Some(Pause::Until(_)))
    };
    let foreign = |moment: &Moment| {
        !sent.history.ours.contains(&moment.primary) && moment.created_at < moment.since
    };
    let written_before = sent.history.last_write.is_some();
    let is_fought = written_before && sent.history.moments.iter().any(foreign);
    !sent.is_refresh
        && !freed
        && !is_fought
        && sent.history.refused.is_none()
        && !sent.asked().iter().any(until)
        && !is_last_of_a_rename(sent)
}
