//! How many tasks a rolling deployment starts and stops next, from counts and the two percentages.
//!
//! Invariants: running tasks never fall below `minimumHealthyPercent` of the desired count (rounded up)
//! because of a step, and running and pending together never exceed `maximumPercent` (rounded down;
//! API:DeploymentConfiguration). A pair of percentages that leaves no room makes no step at all, which is
//! how AWS wedges. Pure, so that a rollout's length is known before it begins.

/// The tasks of one service: of its newest deployment, and of all older ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) fresh_running: u32,
    pub(super) fresh_pending: u32,
    pub(super) old_running: u32,
}

/// What the deployment configuration allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    desired: u32,
    least: u32,
    most: u32,
}

/// What happens at one step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Moves {
    pub(super) start: u32,
    pub(super) stop_old: u32,
    pub(super) stop_fresh: u32,
}

impl Limits {
    pub(super) fn of(desired: u32, minimum_percent: u32, maximum_percent: u32) -> Self {
        let least = (u64::from(desired) * u64::from(minimum_percent)).div_ceil(100);
        let most = u64::from(desired) * u64::from(maximum_percent) / 100;
        let narrow = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        Self { desired, least: narrow(least), most: narrow(most) }
    }
}

impl Counts {
    /// Whether the newest deployment is all there is, at its full count.
    pub(super) const fn settled(self, limits: Limits) -> bool {
        self.fresh_running == limits.desired && self.fresh_pending == 0 && self.old_running == 0
    }

    /// The moves of this instant; they start nothing while tasks are still pending.
    pub(super) fn moves(self, limits: Limits) -> Moves {
        let stop_fresh = self.fresh_running.saturating_sub(limits.desired);
        let fresh_running = self.fresh_running - stop_fresh;
        let needed = limits.desired.saturating_sub(fresh_running + self.fresh_pending);
        let running = fresh_running + self.old_running;
        let spare = running.saturating_sub(limits.least);
        let total = running + self.fresh_pending;
        let surplus = self.old_running.saturating_sub(limits.desired.saturating_sub(fresh_running));
        let crowding = (total + needed).saturating_sub(limits.most);
        let stop_old = surplus.max(crowding).min(spare).min(self.old_running);
        let room = limits.most.saturating_sub(total - stop_old);
        Moves { start: needed.min(room), stop_old, stop_fresh }
    }

    /// The moves that start what is missing and stop no old task.
    pub(super) fn fill(self, limits: Limits) -> Moves {
        let stop_fresh = self.fresh_running.saturating_sub(limits.desired);
        let fresh = self.fresh_running - stop_fresh + self.fresh_pending;
        let room = limits.most.saturating_sub(fresh + self.old_running);
        Moves { start: limits.desired.saturating_sub(fresh).min(room), stop_old: 0, stop_fresh }
    }

    /// The counts after one step: pending tasks come to run first; then tasks start and stop.
    pub(super) fn after_step(self, limits: Limits) -> Self {
        if self.fresh_pending > 0 {
            let fresh_running = self.fresh_running + self.fresh_pending;
            return Self { fresh_running, fresh_pending: 0, ..self };
        }
        self.after(self.moves(limits))
    }

    pub(super) const fn after(self, moves: Moves) -> Self {
        Self {
            fresh_running: self.fresh_running - moves.stop_fresh,
            fresh_pending: self.fresh_pending + moves.start,
            old_running: self.old_running - moves.stop_old,
        }
    }

    /// How many steps it takes until all is settled, and `None` when it never is.
    pub(super) fn steps(self, limits: Limits) -> Option<u64> {
        let mut counts = self;
        let mut steps = 0;
        while !counts.settled(limits) {
            let next = counts.after_step(limits);
            if next == counts {
                return None;
            }
            counts = next;
            steps += 1;
        }
        Some(steps)
    }
}

#[cfg(test)]
mod tests {
    use super::{Counts, Limits, Moves};

    fn old(old_running: u32) -> Counts {
        Counts { fresh_running: 0, fresh_pending: 0, old_running }
    }

    #[test]
    fn with_100_and_200_percent_all_start_before_any_stops() {
        let limits = Limits::of(4, 100, 200);
        assert_eq!(old(4).moves(limits), Moves { start: 4, stop_old: 0, stop_fresh: 0 });
        assert_eq!(old(4).steps(limits), Some(3));
    }

    #[test]
    fn with_50_and_100_percent_half_stops_before_half_starts() {
        let limits = Limits::of(4, 50, 100);
        assert_eq!(old(4).moves(limits), Moves { start: 2, stop_old: 2, stop_fresh: 0 });
        assert!(old(4).steps(limits).is_some());
    }

    #[test]
    fn with_no_room_nothing_moves_and_the_rollout_is_wedged() {
        assert_eq!(old(1).steps(Limits::of(1, 100, 150)), None);
        assert_eq!(old(1).moves(Limits::of(1, 100, 150)), Moves::default());
    }

    #[test]
    fn every_step_of_every_rollout_stays_within_both_percentages() {
        for desired in 0..12 {
            for (minimum, maximum) in [(0, 100), (50, 100), (50, 200), (100, 125), (100, 200)] {
                let limits = Limits::of(desired, minimum, maximum);
                let mut counts = old(desired);
                for _ in 0..60 {
                    counts = counts.after_step(limits);
                    assert!(counts.fresh_running + counts.old_running >= limits.least);
                    let total = counts.fresh_running + counts.fresh_pending + counts.old_running;
                    assert!(total <= limits.most.max(desired));
                }
            }
        }
    }

    #[test]
    fn scaling_in_stops_what_is_too_many() {
        let counts = Counts { fresh_running: 5, fresh_pending: 0, old_running: 0 };
        assert_eq!(counts.after_step(Limits::of(2, 100, 200)).fresh_running, 2);
        assert_eq!(counts.steps(Limits::of(0, 100, 200)), Some(1));
    }
}
