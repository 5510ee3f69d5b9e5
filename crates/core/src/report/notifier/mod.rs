//! Who is told what needs a person, when, and in how many messages.
//!
//! **In:** what needs a person at one moment ([`Concerns`]), and what became of each message. **Out:** messages to send.
//!
//! It is level-triggered, as all of core: it compares what needs a person with what it told, and remembers no queue of
//! what happened. What cannot be told now is told later as it is then.
//!
//! **Invariant:** no channel is sent more than its [`limit`]. What waits for that is told together.
//!
//! **Invariant:** of what stood for long enough nothing is lost uncounted: it is told, it waits, or it is in
//! [`Counts::dropped`].
//!
//! **Invariant:** only the process that leads tells. What another one that led had time to tell is not told again.
//!
//! In reading order: [`pace`], [`limit`], `known`, [`message`], `words`, `channel`.

pub mod pace;
mod limit;
mod known;
pub mod message;
mod words;
mod channel;

use std::collections::BTreeMap;

use self::channel::Channel;
pub use self::channel::{Counts, Outcome};
use self::known::Known;
use self::message::Message;
use self::pace::Pace;
use super::concern::{Concern, Concerns, Role, Sighting, Subject};
use crate::ecs::time::Now;

/// A way to people: a metric's label.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr, strum::VariantArray,
)]
#[strum(serialize_all = "camelCase")]
pub enum ChannelName {
    /// An HTTP request to an address of the operator's.
    Webhook,
    /// Events on a bus of EventBridge.
    EventBus,
}

/// What people were told, and what they are to be told.
#[derive(Debug, Clone)]
pub struct Notifier {
    pace: Pace,
    known: BTreeMap<Subject, Known>,
    channels: BTreeMap<ChannelName, Channel>,
    role: Role,
    /// Since when the role is so.
    role_since: Now,
    messages: u64,
}

impl Notifier {
    /// A notifier that has told nothing yet.
    pub fn new(channels: impl IntoIterator<Item = ChannelName>, pace: Pace, now: Now) -> Self {
        Self {
            pace,
            known: BTreeMap::new(),
            channels: channels.into_iter().map(|name| (name, Channel::new())).collect(),
            role: Role::Unknown,
            role_since: now,
            messages: 0,
        }
    }

    /// Takes in what needs a person now.
    pub fn look(&mut self, concerns: &Concerns, now: Now) {
        self.take_role(concerns.role, now);
        for (subject, sighting) in &concerns.seen {
            match sighting {
                Sighting::Concern(concern) => self.note(subject, concern, now),
                Sighting::Unclear => {
                    if let Some(known) = self.known.get_mut(subject) {
                        known.over_since = None;
                    }
                }
            }
        }
        for (subject, known) in &mut self.known {
            if concerns.is_over(subject) {
                known.over_since.get_or_insert(now);
            }
        }
        self.end_what_is_over(now);
    }

    fn take_role(&mut self, role: Role, now: Now) {
        if role == self.role {
            return;
        }
        if self.role == Role::Follows {
            self.inherit(now);
        }
        for channel in self.channels.values_mut() {
            match role {
                Role::Leads => channel.begin(),
                Role::Follows => channel.rest(),
                Role::Unknown => {}
            }
        }
        (self.role, self.role_since) = (role, now);
    }

    /// What stood for long enough while another process led, that one has told.
    fn inherit(&mut self, now: Now) {
        for (subject, known) in &self.known {
            let from = known.since.max(self.role_since);
            if now.since(from) < self.pace.inherit_after {
                continue;
            }
            for channel in self.channels.values_mut() {
                channel.inherit(subject, known.concern.topic());
            }
        }
    }

    fn note(&mut self, subject: &Subject, concern: &Concern, now: Now) {
        for channel in self.channels.values_mut() {
            channel.resume(subject);
        }
        let leads = self.role == Role::Leads;
        match self.known.get_mut(subject) {
            None => {
                let known = Known { concern: concern.clone(), since: now, over_since: None };
                self.known.insert(subject.clone(), known);
            }
            Some(known) => {
                let before = known.concern.topic();
                if before != concern.topic() {
                    if leads && known.is_ripe(&self.pace, now) {
                        for channel in self.channels.values_mut() {
                            channel.supersede(subject, before);
                        }
                    }
                    known.since = now;
                }
                known.over_since = None;
                known.concern.clone_from(concern);
            }
        }
    }

    /// Ends what has been in order for long enough. What a message under way tells of ends when that has.
    fn end_what_is_over(&mut self, now: Now) {
        let Self { pace, known, channels, role, .. } = self;
        if *role == Role::Unknown {
            return;
        }
        let is_over = |subject: &Subject, known: &mut Known| {
            let over = known.over_since.is_some_and(|since| now.since(since) >= pace.over_after);
            over && !channels.values().any(|channel| channel.carries(subject))
        };
        let over: Vec<(Subject, Known)> = known.extract_if(.., is_over).collect();
        for (subject, known) in over {
            for channel in channels.values_mut() {
                match role {
                    Role::Leads => channel.end(&subject, &known, pace, now),
                    Role::Follows | Role::Unknown => channel.forget(&subject),
                }
            }
        }
    }

    /// The messages to send now, at most one for each channel. What becomes of each is told to [`Self::ended`].
    pub fn due(&mut self, now: Now) -> Vec<(ChannelName, Message)> {
        if self.role != Role::Leads || now.since(self.role_since) < self.pace.first_after {
            return Vec::new();
        }
        let mut due = Vec::new();
        for (name, channel) in &mut self.channels {
            if let Some(message) = channel.due(&self.known, &self.pace, now) {
                self.messages += 1;
                due.push((*name, Message { number: self.messages, ..message }));
            }
        }
        due
    }

    /// Takes in what became of the message that was sent last to a channel.
    pub fn ended(&mut self, name: ChannelName, outcome: &Outcome, now: Now) {
        if let Some(channel) = self.channels.get_mut(&name) {
            channel.ended(outcome, &self.known, &self.pace, now);
        }
    }

    /// What was counted of each channel.
    pub fn counts(&self) -> impl Iterator<Item = (ChannelName, Counts)> {
        self.channels.iter().map(|(name, channel)| (*name, channel.counts()))
    }
}

#[cfg(test)]
mod tests;
