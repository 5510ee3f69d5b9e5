//! The way through a story when nothing befalls it, step by step, so that a run with a mishap can begin on it.
//!
//! Invariant: where a copy goes on, the run is the same as one from the beginning, word for word of its trace.

use eastwest_sim::shapes::Time;

use crate::matrix::run::{Undisturbed, act, seconds};
use crate::scenarios::story::Story;

/// A line that does something lets no more seconds pass than these.
const DEED_SECONDS: u64 = 5;

/// A story up to some moment.
pub(crate) struct Way<'a> {
    of: &'a Undisturbed,
    pub(crate) story: Story,
    /// Which line comes next, or is being carried out.
    at: usize,
    /// Seconds of it that have passed, if it lets time pass.
    passed: u64,
}

impl<'a> Way<'a> {
    /// Before the first line.
    pub(crate) fn begin(of: &'a Undisturbed) -> Self {
        let story = Story::begin(&of.script).expect("it was run before");
        Self { of, story, at: 0, passed: 0 }
    }

    /// The same once more; none while calls are under way.
    pub(crate) fn copy(&self) -> Option<Self> {
        let story = Story {
            world: self.story.world.snapshot()?,
            settings: self.story.settings.clone(),
            definitions: self.story.definitions.clone(),
            begin: self.story.begin,
            told: self.story.told,
            out: String::new(),
        };
        Some(Self { of: self.of, story, at: self.at, passed: self.passed })
    }

    /// How many calls have begun.
    pub(crate) fn begun(&self) -> u64 {
        self.story.world.with_weather(|weather| weather.begun())
    }

    /// Whether calls begin in the next step, as far as one can tell.
    pub(crate) fn has_calls_ahead(&self) -> bool {
        let next = usize::try_from(self.begun()).ok().and_then(|begun| self.of.begins.get(begun));
        let is_deed = self.line().is_some_and(|line| seconds(line).is_none());
        let end = self.now().plus_seconds(if is_deed { DEED_SECONDS } else { 1 });
        next.is_some_and(|at| *at <= end)
    }

    fn line(&self) -> Option<&'a str> {
        self.of.script.lines().nth(self.at)
    }

    fn now(&self) -> Time {
        self.story.world.now()
    }

    /// One second, or a line that is done at once; whether there was anything left.
    pub(crate) fn step(&mut self) -> bool {
        let Some(line) = self.line() else {
            let is_left = self.now() < self.of.rest;
            self.story.world.run_for(u64::from(is_left));
            return is_left;
        };
        let all = seconds(line).unwrap_or_else(|| {
            act(&mut self.story, line).expect("it was done before");
            0
        });
        if self.passed < all {
            self.story.world.run_for(1);
            self.passed += 1;
        }
        if self.passed >= all {
            (self.at, self.passed) = (self.at + 1, 0);
        }
        true
    }

    /// All that is left of the script.
    pub(crate) fn finish(&mut self) -> Result<(), String> {
        while let Some(line) = self.line() {
            match seconds(line) {
                Some(seconds) => self.story.world.run_for(seconds - self.passed),
                None => act(&mut self.story, line)?,
            }
            (self.at, self.passed) = (self.at + 1, 0);
        }
        Ok(())
    }
}
