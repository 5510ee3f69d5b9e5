//! How long the last step of a rename waits for clients that are to be rolled out first.
//!
//! A client that is paused, or that cannot be rolled out, would keep another team's old name for ever. So the wait has an
//! end, and the hold says for whom the name is kept and until when.
//!
//! **Invariant:** only renames that wait now are remembered. A restart forgets since when; then the wait begins again.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::declaration::settings::Settings;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::Now;
use crate::plan::Plan;
use crate::plan::entry::{Entry, Verdict};
use crate::plan::hold::Hold;
use crate::plan::kept_name::KeptFor;
use crate::view::View;

/// Since when the last steps of renames wait for clients.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClientWaits {
    waiting: BTreeMap<ServiceKey, Now>,
}

impl ClientWaits {
    /// Says in each hold until when it lasts, and turns those whose time is over into steps. Returns the services of
    /// these.
    pub(crate) fn bound(&mut self, plan: &mut Plan, most: Duration, now: Now) -> Vec<ServiceKey> {
        let before = std::mem::take(&mut self.waiting);
        let mut dropped = Vec::new();
        for (key, entry) in &mut plan.entries {
            if !waits_for_client(entry) {
                continue;
            }
            let since = before.get(key).copied().unwrap_or(now);
            self.waiting.insert(key.clone(), since);
            let until = since.plus(most);
            if now >= until {
                entry.release();
                dropped.push(key.clone());
            } else if let Verdict::Hold { hold: Hold::WaitingForClient(kept), .. } =
                &mut entry.verdict
            {
                kept.until = Some(until.calendar);
            }
        }
        dropped
    }
}

/// How long such a step waits: the document's word, else the settings'.
pub(crate) fn longest_wait(view: &View, settings: &Settings) -> Duration {
    let said = view.document.as_ref().and_then(|document| document.limits.drop_old_names);
    said.unwrap_or(settings.timing.drop_old_names_after)
}

fn waits_for_client(entry: &Entry) -> bool {
    matches!(
        &entry.verdict,
        Verdict::Hold { hold: Hold::WaitingForClient(kept), action: Some(_) }
            if kept.cause == KeptFor::Rollout
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::name::DiscoveryName;
    use crate::plan::action::Action;
    use crate::plan::kept_name::KeptName;
    use crate::testing::{at, key};

    fn plan() -> Plan {
        let kept = KeptName::new(DiscoveryName::as_read("api"), key("web"), KeptFor::Rollout);
        let hold = Hold::WaitingForClient(Box::new(kept));
        let action = Some(Action::Disconnect { service: key("api") });
        let entry = Entry { verdict: Verdict::Hold { hold, action }, ..Entry::in_sync(None) };
        Plan { entries: [(key("api"), entry)].into(), ..Plan::default() }
    }

    fn hold(old: &mut ClientWaits, plan: &mut Plan, second: u64) -> Option<String> {
        old.bound(plan, Duration::from_hours(24), at(second));
        plan.entries[&key("api")].hold().map(Hold::ends)
    }

    #[test]
    fn an_old_name_is_kept_for_a_client_for_a_day() {
        let mut old = ClientWaits::default();
        let ends = hold(&mut old, &mut plan(), 60).expect("the client has a day");
        let until = at(60 + 86_400).calendar;
        assert_eq!(
            ends,
            format!(
                "once prod/web is rolled out and its older tasks are gone, at the latest at {until}"
            )
        );
        assert!(hold(&mut old, &mut plan(), 86_459).is_some());
        assert!(hold(&mut old, &mut plan(), 86_460).is_none(), "it goes");
        assert!(hold(&mut old, &mut plan(), 86_999).is_none(), "a new plan does not begin again");
    }

    #[test]
    fn a_rename_that_no_longer_waits_is_forgotten() {
        let mut old = ClientWaits::default();
        hold(&mut old, &mut plan(), 0);
        old.bound(&mut Plan::default(), Duration::from_hours(24), at(10));
        assert!(hold(&mut old, &mut plan(), 86_400).is_some());
    }
}
