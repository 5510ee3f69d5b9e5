//! What the engine tells: each thing that changed, once.
//!
//! **Invariant:** nothing is told twice, and nothing that is only on its way: a pass that finds all as it was
//! is silent.

use std::collections::{BTreeMap, BTreeSet};

use super::Engine;
use crate::hold::{Hold, Unseen};
use crate::name::ServiceKey;
use crate::plan::Verdict;
use crate::status::{News, status};
use crate::tag::Intent;
use crate::time::Now;
use crate::view::Rollout;

impl Engine {
    /// Collects what changed: statuses and ended rollouts.
    pub(super) fn tell(&mut self, now: Now) {
        self.tell_rollouts(now);
        let mut present = BTreeSet::new();
        let mut news = Vec::new();
        for (key, view) in self.view.services() {
            let entry = self.plan.entries.get(&key);
            let Some(status) = status(view, entry) else { continue };
            let pending = entry.is_some_and(|entry| self.is_passing(&entry.verdict));
            present.insert(key.clone());
            let told = self.told.get(&key).map(|(status, _)| status);
            if told == Some(&status) || (pending && told.is_some()) {
                continue;
            }
            if !pending {
                news.push(News::Status(key.clone(), Some(status.clone())));
            }
            self.told.insert(key, (status, now));
        }
        let gone: Vec<ServiceKey> =
            self.told.keys().filter(|key| !present.contains(*key)).cloned().collect();
        for key in gone {
            self.told.remove(&key);
            news.push(News::Status(key, None));
        }
        self.news.extend(news);
    }

    /// Whether a verdict is not worth telling, because it only says that an answer is on its way: to a
    /// question, or to one more attempt at what failed before.
    fn is_passing(&self, verdict: &Verdict) -> bool {
        match verdict {
            Verdict::InSync => false,
            Verdict::Hold { hold: Hold::NotSeen(Unseen::Answer(_, None)), .. } => true,
            Verdict::Hold { hold: Hold::Rolling, action: Some(action) }
            | Verdict::Step { action } => self.writes.is_retry(action),
            Verdict::Hold { .. } => false,
        }
    }

    fn tell_rollouts(&mut self, now: Now) {
        let rolling: BTreeMap<ServiceKey, Now> = self
            .view
            .services()
            .filter(|(_, service)| service.intent != Intent::NotOptedIn)
            .filter_map(|(key, service)| Some((key, service.rolling_since?)))
            .collect();
        for (key, since) in std::mem::take(&mut self.rolling) {
            let ended = !rolling.contains_key(&key);
            let primary = self.view.service(&key).and_then(|view| view.last.as_ref()?.primary());
            // One that lost its tag meanwhile is no longer ours to tell of, and has not ended.
            let over = |rollout| ended && rollout != Rollout::InProgress;
            if let Some(primary) = primary.filter(|primary| over(primary.rollout)) {
                let completed = primary.rollout == Rollout::Completed;
                self.news.push(News::RolledOut(key, now.since(since), completed));
            }
        }
        self.rolling = rolling;
    }
}
