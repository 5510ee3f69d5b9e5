//! What the engine tells: each thing that changed, once.
//!
//! **Invariant:** nothing is told twice, and nothing that is only on its way: a pass that finds all as it was
//! is silent.

use std::collections::BTreeMap;

use super::Engine;
use crate::declaration::intent::Intent;
use crate::ecs::name::{DeploymentId, ServiceKey};
use crate::ecs::service::{Deployment, Rollout};
use crate::ecs::time::{AwsTime, Now};
use crate::plan::entry::Verdict;
use crate::plan::hold::{Hold, Unseen};
use crate::report::news::News;
use crate::report::status::status;

impl Engine {
    /// Collects what changed: statuses and ended rollouts.
    pub(super) fn tell(&mut self, now: Now) {
        self.tell_document();
        self.tell_rollouts(now);
        let mut present = 0;
        let mut news = Vec::new();
        for (key, _) in self.view.services() {
            let entry = self.plan.entries.get(&key);
            let moment = (&self.settings.timing, now);
            let Some(status) = status(&self.view, &key, entry, moment) else { continue };
            let pending = entry.is_some_and(|entry| self.is_passing(&entry.verdict));
            let is_line = !pending && self.first_readings.judge(&key, &status);
            present += 1;
            let since = match self.told.get_mut(&key) {
                // What ECS says last is shown, and is no news by itself.
                Some((told, _)) if status.is_as(told) => {
                    told.event = status.event;
                    continue;
                }
                Some(_) if pending => continue,
                // Other words for the same.
                Some((told, since)) if status.has_reason_of(told) => *since,
                Some(_) | None => now,
            };
            if is_line {
                news.push(News::Status(key.clone(), Some(status.clone())));
            }
            self.told.insert(key, (status, since));
        }
        self.news.extend(self.first_readings.publish(&self.view, &self.told));
        self.news.extend(news);
        if self.told.len() > present {
            self.tell_gone();
        }
    }

    /// Tells that another document is in force, and what is wrong with the latest reading.
    fn tell_document(&mut self) {
        let trouble = self.view.in_force.trouble();
        let document = self.view.document.clone();
        let (told_document, told_trouble) = &self.document_told;
        if document != *told_document {
            self.news.push(News::InForce);
        }
        if trouble != *told_trouble {
            self.news.push(News::Document(trouble.clone()));
        }
        self.document_told = (document, trouble);
    }

    /// Tells of services that are there no more, or ours no more.
    fn tell_gone(&mut self) {
        let view = &self.view;
        let is_ours = |key: &ServiceKey| {
            view.service(key).is_some_and(|service| service.intent != Intent::NotOptedIn)
        };
        let gone = self.told.extract_if(.., |key, _| !is_ours(key));
        self.news.extend(gone.map(|(key, _)| News::Status(key, None)));
    }

    /// Whether a verdict is not worth telling, because it only says that an answer is on its way: to a
    /// question, or to one more attempt at what failed before.
    fn is_passing(&self, verdict: &Verdict) -> bool {
        match verdict {
            Verdict::Hold {
                hold: Hold::NotSeen(Unseen::Answer(_, None) | Unseen::Partly | Unseen::Extent(_)),
                ..
            } => true,
            Verdict::Hold { hold: Hold::Rolling, action: Some(action) }
            | Verdict::Step { action } => self.writes.is_retry(action),
            Verdict::InSync | Verdict::Hold { .. } => false,
        }
    }

    fn tell_rollouts(&mut self, now: Now) {
        let mut rolling = BTreeMap::new();
        for (key, view) in self.view.services() {
            let Some(since) = view.rolling_since.filter(|_| view.intent != Intent::NotOptedIn)
            else {
                continue;
            };
            let Some(primary) = view.last.as_ref().and_then(|last| last.primary()) else {
                continue;
            };
            let (deployment, created_at) = (primary.id.clone(), primary.created_at);
            let returns = self.rolling.get(&key).is_some_and(|was| was.is_taken_back_by(primary));
            rolling.insert(key, Rolling { since, deployment, created_at, returns });
        }
        for (key, was) in std::mem::replace(&mut self.rolling, rolling) {
            let primary = self.view.service(&key).and_then(|view| view.last.as_ref()?.primary());
            let completed = primary.and_then(|primary| was.outcome(primary));
            let news =
                completed.map(|completed| News::RolledOut(key, now.since(was.since), completed));
            self.news.extend(news);
        }
    }
}

/// A rollout seen running.
#[derive(Debug, Clone)]
pub(super) struct Rolling {
    since: Now,
    deployment: DeploymentId,
    created_at: AwsTime,
    /// Whether it brings back what was there before another one that failed: that one was told of.
    returns: bool,
}

impl Rolling {
    /// Whether the PRIMARY is an earlier deployment: the circuit breaker took this one back.
    fn is_taken_back_by(&self, primary: &Deployment) -> bool {
        let is_older = primary.created_at < self.created_at;
        if self.deployment == primary.id { self.returns } else { is_older }
    }

    /// How it ended, if it did; nothing where a newer deployment took its place.
    fn outcome(&self, primary: &Deployment) -> Option<bool> {
        if self.returns {
            return None;
        }
        if self.deployment != primary.id {
            return self.is_taken_back_by(primary).then_some(false);
        }
        match primary.rollout {
            Rollout::InProgress => None,
            Rollout::Completed => Some(true),
            Rollout::Failed => Some(false),
        }
    }
}
