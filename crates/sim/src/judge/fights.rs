//! I8: what another writer changed back three times within the hour is left alone.

use std::collections::BTreeSet;

use super::sent_write::{Broken, SentWrite};
use super::service_history::Moment;
use crate::shapes::ecs::EcsServiceStatus;

/// The time within which changes back are counted: an hour by the fastest clock that a process may have.
const HOUR_MS: u64 = 3_600_000 * 4 / 5;
/// How often somebody may change a service back within an hour before it is left alone.
const REVERTS: usize = 3;
/// How many deployments eastwest reads of the history that AWS keeps.
const REMEMBERED: usize = 15;
/// Two deployments that are closer may count as one.
const TOLD_APART_MS: u64 = 5_000;

/// I8: within the hour, somebody changed the service three times from what is now sent to what is there.
pub(super) fn fights(sent: &SentWrite<'_>) -> Broken {
    let there = sent.history.now()?.effective.as_deref();
    if sent.is_refresh || there == sent.after {
        return None;
    }
    let lately = sent.history.since(sent.now.minus_ms(HOUR_MS));
    // What became of a service that is gone says nothing of one that was made again under its name.
    let is_gone = |moment: &Moment| moment.status != EcsServiceStatus::Active;
    let made = lately.iter().rposition(is_gone).map_or(0, |gone| gone + 1);
    let lately = &lately[made..];
    let mut known: BTreeSet<&str> = BTreeSet::new();
    let mut reverts = 0;
    for pair in lately.windows(2) {
        let [one, other] = pair else { continue };
        known.insert(&one.primary);
        let is_new = !known.contains(other.primary.as_str());
        let is_back = one.effective.as_deref() == sent.after
            && other.effective.as_deref() == there
            && other.since.since_ms(one.since) > TOLD_APART_MS;
        let is_foreign = !sent.history.ours.contains(&other.primary);
        reverts += usize::from(is_back && is_new && is_foreign && other.since < sent.from);
    }
    let still = sent.throughout(|moment| moment.effective.as_deref() == there);
    let is_fight = still && reverts >= REVERTS && known.len() <= REMEMBERED;
    sent.says(is_fight, "I8", &format!("set again what was changed back {reverts} times"))
}
