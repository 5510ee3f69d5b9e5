//! A write that took effect, with all that it is judged by.
//!
//! The *window* of a write begins with the oldest reading that it may rest on and ends when it arrives. A rule is
//! broken only if it was broken throughout the window.

use std::time::Duration;

use eastwest_core::declaration::document::Document;
use eastwest_core::declaration::intent::Intent;
use eastwest_core::declaration::settings::Settings;

use super::effective::Effective;
use super::parameter_history::Evidence;
use super::service_history::{Histories, Moment, ServiceHistory};
use crate::model::{EcsServiceKey, Model};
use crate::shapes::Time;

/// A broken invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Its number.
    pub rule: &'static str,
    /// What happened.
    pub text: String,
}

/// The rule that is broken, if one is.
pub(super) type Broken = Option<Violation>;

/// A write that took effect, and what could be known when it was decided.
pub(super) struct SentWrite<'a> {
    pub(super) key: &'a EcsServiceKey,
    pub(super) history: &'a ServiceHistory,
    /// When the window begins.
    pub(super) from: Time,
    /// When the write arrived.
    pub(super) now: Time,
    /// By how many milliseconds the calendar of the process may have been wrong, in either direction.
    pub(super) calendar_off_ms: u64,
    /// What is in force since; `None`: Service Connect is off.
    pub(super) after: Option<&'a Effective>,
    /// Whether the write only rolls out again what is in force.
    pub(super) is_refresh: bool,
    /// What the write could rest on in Parameter Store.
    pub(super) evidence: Evidence<'a>,
    /// Whether something changed within the window that may concern every service.
    pub(super) changed_for_all: bool,
    /// When something last changed that may concern every service.
    pub(super) last_change_for_all: Option<Time>,
    /// Whether somebody ever agreed to something.
    pub(super) somebody_agreed: bool,
    pub(super) settings: &'a Settings,
    pub(super) model: &'a Model,
    /// Every service that there was, over time.
    pub(super) histories: &'a Histories,
}

impl SentWrite<'_> {
    /// Whether it was so throughout the window.
    pub(super) fn throughout(&self, was: impl Fn(&Moment) -> bool) -> bool {
        self.history.since(self.from).iter().all(was)
    }

    /// The other services, over time.
    pub(super) fn others(&self) -> impl Iterator<Item = (&EcsServiceKey, &ServiceHistory)> {
        self.histories.iter().filter(|(other, _)| *other != self.key)
    }

    /// How far back what is known of the other services may reach: they are read by sweeps, and one may fail.
    pub(super) fn others_from(&self) -> Time {
        self.from.minus_ms(2 * ms(self.settings.timing.interval))
    }

    /// Everything that was asked of the service, or may have been.
    pub(super) fn asked(&self) -> Vec<Intent> {
        let window = self.history.since(self.from).iter();
        window.flat_map(|each| self.evidence.intents(self.key, each.tagged.as_deref())).collect()
    }

    /// Whether it was said so in every document.
    pub(super) fn in_every_document(&self, says: impl Fn(&Document) -> bool) -> bool {
        let mut documents = self.evidence.documents.iter();
        documents.all(|document| document.is_some_and(&says))
    }

    /// The configuration that was in force, if it was the same throughout the window.
    pub(super) fn before(&self) -> Option<&Effective> {
        let window = self.history.since(self.from);
        let before = window.last()?.effective.as_deref();
        before.filter(|_| window.iter().all(|m| m.effective.as_deref() == before))
    }

    /// The broken rule, if it is broken.
    pub(super) fn says(&self, is_broken: bool, rule: &'static str, text: &str) -> Broken {
        is_broken.then(|| Violation { rule, text: format!("{}: {text}", self.key) })
    }
}

/// A span in milliseconds, as the model counts time.
pub(super) fn ms(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
