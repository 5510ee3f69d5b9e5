//! What the guards look at.

use std::sync::LazyLock;

use super::acks::Acks;
use super::leases::Leases;
use super::pauses::Pauses;
use super::refreshes::Refreshes;
use super::turns::Turns;
use super::waits::Waits;
use super::waves::Waves;
use super::writes::Writes;
use crate::declaration::settings::Settings;
use crate::ecs::time::Now;
use crate::view::View;

/// What decides whether a step may be taken now.
#[derive(Debug, Clone, Copy)]
pub struct GuardInput<'a> {
    /// What is known.
    pub view: &'a View,
    /// Which clusters this process leads.
    pub leases: &'a Leases,
    /// What became of our own writes.
    pub writes: &'a Writes,
    /// How our rollouts go.
    pub waves: &'a Waves,
    /// Whose turn is next.
    pub turns: &'a Turns,
    /// Since when clients lack endpoints.
    pub refreshes: &'a Refreshes,
    /// Since when clients wait for servers that they only seem to need.
    pub waits: &'a Waits,
    /// What people paused while we run.
    pub pauses: &'a Pauses,
    /// What somebody has agreed to.
    pub acks: &'a Acks,
    /// What the operator allows.
    pub settings: &'a Settings,
    /// When.
    pub now: Now,
}

/// What a process remembers that has done nothing yet, and of which nobody has asked anything.
#[derive(Default)]
struct Nothing {
    leases: Leases,
    writes: Writes,
    waves: Waves,
    turns: Turns,
    refreshes: Refreshes,
    waits: Waits,
    pauses: Pauses,
    acks: Acks,
}

static NOTHING: LazyLock<Nothing> = LazyLock::new(Nothing::default);

impl<'a> GuardInput<'a> {
    /// What a process looks at that has done nothing yet, and of which nobody has asked anything.
    pub(crate) fn of_nothing(view: &'a View, settings: &'a Settings, now: Now) -> Self {
        let Nothing { leases, writes, waves, turns, refreshes, waits, pauses, acks } = &*NOTHING;
        Self { view, leases, writes, waves, turns, refreshes, waits, pauses, acks, settings, now }
    }
}
