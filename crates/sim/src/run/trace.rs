//! What happened, line by line, and a hash of all of it.
//!
//! Invariant: the hash covers every line ever written, whether it is kept or not, so two runs that differ
//! anywhere differ in their hashes.

use std::collections::VecDeque;
use std::fmt::{self, Write};

use eastwest_core::engine::effect::{Effect, Event};

use crate::shapes::Time;

/// How many of the last lines are kept, unless all are.
const TAIL: usize = 150;

/// The hash of nothing.
const EMPTY: u64 = 0xcbf2_9ce4_8422_2325;
/// How many characters of a line tell the time.
const TIME: usize = 11;
/// How a line with news goes on.
const NEWS: &str = " news ";

/// The trace of one run.
#[derive(Debug, Clone)]
pub struct Trace {
    start: Time,
    hash: u64,
    deeds: u64,
    lines: VecDeque<String>,
    keep_all: bool,
}

impl Trace {
    pub(super) fn new(start: Time, keep_all: bool) -> Self {
        Self { start, hash: EMPTY, deeds: EMPTY, lines: VecDeque::new(), keep_all }
    }

    pub(super) fn line(&mut self, now: Time, text: fmt::Arguments<'_>) {
        let ms = now.since_ms(self.start);
        let mut line = self.room();
        // A String takes every text.
        let _ = write!(line, "{:>7}.{:03} {text}", ms / 1000, ms % 1000);
        self.hash = hashed(self.hash, &line);
        if !line[TIME..].starts_with(NEWS) {
            self.deeds = hashed(self.deeds, &line);
        }
        self.lines.push_back(line);
    }

    /// An empty line: the room of the oldest one, if that is not kept.
    fn room(&mut self) -> String {
        let is_full = !self.keep_all && self.lines.len() >= TAIL;
        let mut line = is_full.then(|| self.lines.pop_front()).flatten().unwrap_or_default();
        line.clear();
        line
    }

    /// A hash of every line but the news: of what was read, asked and done, and when. Two versions that differ in their
    /// words alone have the same.
    pub fn deeds(&self) -> u64 {
        self.deeds
    }

    /// A hash of every line.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The lines that were kept: all of them, or the last ones.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }
}

/// FNV-1a: the same on every machine and in every build.
fn hashed(hash: u64, line: &str) -> u64 {
    let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    line.bytes().chain([b'\n']).fold(hash, step)
}

/// An effect as a line of the trace.
pub(super) fn effect_text(effect: &Effect) -> String {
    match effect {
        Effect::Apply(action) => format!("Apply {action:?}"),
        // They come every few seconds, and receipts say nothing.
        Effect::Receive(_) | Effect::Delete(..) | Effect::ReadLease(_) => effect.to_string(),
        other => format!("{other:?}"),
    }
}

/// An event in short; a whole reading would fill pages.
pub(super) fn event_text(event: &Event) -> String {
    match event {
        Event::Swept(reading) => {
            let known = reading.services.values().filter(|seen| seen.known().is_some()).count();
            let (all, listing) = (reading.services.len(), &reading.listing);
            format!("Swept {} {known}/{all} {listing:?}", reading.cluster)
        }
        Event::Refreshed(cluster, services) => {
            let known = services.values().filter(|seen| seen.known().is_some()).count();
            format!("Refreshed {cluster} {known}/{}", services.len())
        }
        Event::Confirmed(key, service, history) => format!(
            "Confirmed {key} {} {}",
            service.known().map_or("?".to_owned(), |service| {
                format!("{:?}", service.primary().map(|p| (&p.id, p.rollout)))
            }),
            history.known().map_or("?".to_owned(), |past| past.len().to_string()),
        ),
        Event::Answered(answer) => format!("Answered, told: {}", answer.succeeded()),
        Event::Applied(action, outcome) => format!("Applied {} {outcome:?}", action.service()),
        other => format!("{other:?}"),
    }
}
