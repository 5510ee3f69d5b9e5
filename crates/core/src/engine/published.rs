//! What the engine has published, and the news that the caller has not taken yet.
//!
//! **Invariant:** nothing is published twice. A pass that finds everything as it was is silent.
//!
//! **Invariant:** a status that only says that an answer is on its way replaces no other.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::first_readings::FirstReadings;
use super::overtaken::Overtaken;
use super::published_status::PublishedStatus;
use super::rollouts::Rollouts;
use crate::declaration::document::Document;
use crate::declaration::intent::Intent;
use crate::declaration::settings::{Moment, Timing};
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::Now;
use crate::guard::check::Breach;
use crate::guard::writes::Writes;
use crate::plan::Plan;
use crate::plan::adopted::Adopted;
use crate::plan::doubt::CallDoubt;
use crate::plan::entry::{Entry, Verdict};
use crate::plan::hold::{Hold, Unseen};
use crate::report::news::News;
use crate::report::status::{Status, status};
use crate::view::View;

/// What everything that is published is made from.
#[derive(Debug, Clone, Copy)]
pub(super) struct PublishInput<'a> {
    /// What is known.
    pub(super) view: &'a View,
    /// The guarded plan.
    pub(super) plan: &'a Plan,
    /// What became of our writes.
    pub(super) writes: &'a Writes,
    /// How patient we are.
    pub(super) timing: &'a Timing,
    /// When.
    pub(super) now: Now,
}

/// What the engine has published, and what the caller has not taken yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Published {
    /// The status of each service that opted in.
    statuses: BTreeMap<ServiceKey, PublishedStatus>,
    /// What was published of clusters as they were first read.
    first_readings: FirstReadings,
    /// The rollouts seen running.
    rollouts: Rollouts,
    /// The deployments of others right after ours.
    overtaken: Overtaken,
    /// What is kept although nothing declares it.
    adopted: BTreeMap<ServiceKey, Adopted>,
    /// The rules that the plan breaks.
    breaches: Vec<Breach>,
    /// The document in force.
    document: Option<Arc<Document>>,
    /// What is wrong with the latest reading of the document.
    document_trouble: Option<String>,
    /// What the caller has not taken yet.
    news: Vec<News>,
}

impl Published {
    /// The published status of a service.
    pub(super) fn status(&self, key: &ServiceKey) -> Option<&PublishedStatus> {
        self.statuses.get(key)
    }

    /// The rollouts seen running.
    pub(super) fn rollouts(&self) -> &Rollouts {
        &self.rollouts
    }

    /// Adds something that happened once.
    pub(super) fn push(&mut self, news: News) {
        self.news.push(news);
    }

    /// Takes out the news since the last call.
    pub(super) fn take_news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }

    /// Publishes the rules that the plan breaks now and did not break before.
    pub(super) fn publish_breaches(&mut self, breaches: Vec<Breach>) {
        for breach in breaches.iter().filter(|breach| !self.breaches.contains(breach)) {
            self.news.push(News::Breach(breach.service.clone(), breach.rule));
        }
        self.breaches = breaches;
    }

    /// Publishes what changed: the document, rollouts that ended, statuses.
    pub(super) fn publish(&mut self, input: PublishInput<'_>) {
        self.publish_document(input.view);
        let ended = self.rollouts.observe(input.view, input.now);
        self.news.extend(ended);
        self.news.extend(self.overtaken.observe(input.view));
        self.publish_adopted(input.plan);
        self.publish_statuses(input);
    }

    /// Publishes what others deployed, nothing declares and is kept.
    fn publish_adopted(&mut self, plan: &Plan) {
        if plan.adopted == self.adopted {
            return;
        }
        for (key, adopted) in &plan.adopted {
            if self.adopted.get(key) != Some(adopted) {
                self.news.push(News::Adopted(key.clone(), adopted.clone()));
            }
        }
        self.adopted.clone_from(&plan.adopted);
    }

    /// Publishes that another document is in force, and what is wrong with the latest reading.
    fn publish_document(&mut self, view: &View) {
        if view.document != self.document {
            self.news.push(News::InForce);
        }
        let trouble = view.in_force.trouble();
        if trouble != self.document_trouble {
            self.news.push(News::Document(trouble.clone()));
        }
        // Also where it reads the same: memory need not hold two of them.
        (self.document, self.document_trouble) = (view.document.clone(), trouble);
    }

    /// Publishes the statuses that changed, after the clusters that were read for the first time.
    fn publish_statuses(&mut self, input: PublishInput<'_>) {
        let mut opted_in = 0;
        let mut lines = Vec::new();
        for (key, _) in input.view.services() {
            let entry = input.plan.entries.get(key);
            let moment = Moment { timing: input.timing, now: input.now };
            if let Some(status) = status(input.view, key, entry, moment) {
                opted_in += 1;
                let waits = waits_for_answer(entry, input.writes);
                lines.extend(self.update_status(key.clone(), status, waits, input.now));
            }
        }
        self.news.extend(self.first_readings.publish(input.view, &self.statuses));
        self.news.extend(lines);
        if self.statuses.len() > opted_in {
            self.publish_gone(input.view);
        }
    }

    /// Takes in a status. Returns its line, if it needs one of its own.
    fn update_status(
        &mut self,
        key: ServiceKey,
        status: Status,
        waits_for_answer: bool,
        now: Now,
    ) -> Option<News> {
        let is_line = !waits_for_answer && self.first_readings.judge(&key, &status);
        let before = self.statuses.get_mut(&key);
        let next = PublishedStatus::next(before, status, waits_for_answer, now)?;
        let line = is_line.then(|| News::Status(key.clone(), Some(next.status.clone())));
        self.statuses.insert(key, next);
        line
    }

    /// Publishes which services are deleted, or not opted in any more.
    fn publish_gone(&mut self, view: &View) {
        let is_gone = |key: &ServiceKey, _: &mut PublishedStatus| {
            view.service(key).is_none_or(|service| service.intent == Intent::NotOptedIn)
        };
        let gone = self.statuses.extract_if(.., is_gone);
        self.news.extend(gone.map(|(key, _)| News::Status(key, None)));
    }
}

/// Whether an entry only says that an answer is on its way: to a question, or to another attempt at what failed before.
fn waits_for_answer(entry: Option<&Entry>, writes: &Writes) -> bool {
    if entry.is_some_and(|entry| entry.doubts.iter().any(CallDoubt::waits_for_answer)) {
        return true;
    }
    match entry.map(|entry| &entry.verdict) {
        Some(Verdict::Hold {
            hold: Hold::NotSeen(Unseen::Answer(_, None) | Unseen::Partly | Unseen::Extent(_)),
            ..
        }) => true,
        Some(
            Verdict::Hold { hold: Hold::Rolling, action: Some(action) } | Verdict::Step { action },
        ) => writes.is_retry(action),
        Some(Verdict::InSync | Verdict::Hold { .. }) | None => false,
    }
}

#[cfg(test)]
mod tests;
