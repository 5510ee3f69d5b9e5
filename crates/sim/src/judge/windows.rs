//! window: nothing begins while a maintenance window is closed.

use super::calendar::{Window, is_closed};
use super::sent_write::{Broken, SentWrite};
use crate::shapes::Time;

/// How far apart the instants are at which the windows are asked.
const STEP_MS: u64 = 5_000;

/// window: at some instant while the write was decided and sent, the windows of some document let it begin.
pub(super) fn windows(sent: &SentWrite<'_>) -> Broken {
    let read: Result<Vec<&Vec<Window>>, &String> =
        sent.evidence.windows.iter().map(|windows| windows.as_ref()).collect();
    let windows = match read {
        Ok(windows) if windows.is_empty() => return None,
        Ok(windows) => windows,
        Err(why) => return sent.says(true, "window", &format!("nobody can judge it: {why}")),
    };
    let is_closed = |at: Time| windows.iter().all(|all| is_closed(all, &sent.key.cluster, at));
    // The process opens and closes windows by its own calendar.
    let from = sent.from.minus_ms(sent.calendar_off_ms);
    let until = sent.now.plus_ms(sent.calendar_off_ms);
    let steps = until.since_ms(from) / STEP_MS;
    let mut moments = (0..=steps).map(|step| from.plus_ms(step * STEP_MS)).chain([until]);
    sent.says(moments.all(is_closed), "window", "a write though no window is open")
}
