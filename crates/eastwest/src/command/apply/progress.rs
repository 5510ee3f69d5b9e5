//! How far an `apply` is: which rollouts run, what the others wait for, and how long it may take yet.
//!
//! The time left is the estimate that a plan has, from how long the services' own deployments took, made again for what
//! is left.

use std::collections::BTreeMap;

use eastwest_core::ecs::time::Now;
use eastwest_core::engine::Engine;
use eastwest_core::plan::reason::Reason;
use eastwest_core::report::cost::cost;
use eastwest_core::report::standing::{Standing, standing};

/// So many rollouts, and so many things that others wait for, are shown.
const SHOWN: usize = 3;

/// How far an `apply` is.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// The rollouts that run, and for how many seconds they have been seen to.
    running: Vec<(String, u64)>,
    /// How many services wait for a turn, by what they wait for.
    waits: BTreeMap<String, usize>,
    /// How many services stand how.
    standings: BTreeMap<Standing, usize>,
    /// For how many seconds it may go on.
    left: Option<u64>,
}

impl Progress {
    /// How far this engine is.
    pub(super) fn of(engine: &Engine, now: Now) -> Self {
        let mut progress = Self::default();
        for (key, service) in engine.view().services() {
            let published = engine.status(key);
            let status = published.map(|published| &published.status);
            let entry = engine.plan().entries.get(key);
            *progress.standings.entry(standing(status, entry)).or_default() += 1;
            if let Some(since) = service.rolling_since.filter(|_| status.is_some()) {
                progress.running.push((key.to_string(), now.since(since).as_secs()));
            }
        }
        for (_, hold) in engine.plan().holds().filter(|(_, hold)| hold.reason() == Reason::Budget) {
            *progress.waits.entry(hold.to_string()).or_default() += 1;
        }
        let cost = cost(engine.plan(), engine.view(), engine.settings());
        progress.left = cost.time.map(|estimate| estimate.seconds);
        progress
    }

    /// The lines to show.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (service, seconds) in self.running.iter().take(SHOWN) {
            lines.push(format!("  {service} rolls out for {}", clock(*seconds)));
        }
        more(&mut lines, self.running.len());
        let mut waits: Vec<_> = self.waits.iter().collect();
        waits.sort_by_key(|(_, services)| std::cmp::Reverse(**services));
        for (why, services) in waits.iter().take(SHOWN) {
            lines.push(format!("  {services} waiting: {why}"));
        }
        more(&mut lines, waits.len());
        let sums = self.standings.iter();
        let sums = sums.map(|(standing, services)| format!("{services} {standing}"));
        let left = match self.left {
            _ if self.standings.is_empty() => "reading the clusters".to_owned(),
            Some(seconds) => format!("about {} left", clock(seconds)),
            None => "no past deployment tells how long it takes".to_owned(),
        };
        let sums: Vec<String> = sums.chain([left]).collect();
        lines.push(sums.join(", "));
        lines
    }
}

fn more(lines: &mut Vec<String>, of: usize) {
    if of > SHOWN {
        lines.push(format!("  and {} more", of - SHOWN));
    }
}

/// As a clock shows it: `0:42`, `12:05`, `1:02:33`.
fn clock(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn what_runs_what_waits_and_the_time_left_are_lines() {
        let running = [("prod/api", 42), ("prod/b", 0), ("prod/c", 3753), ("prod/d", 1)];
        let waits = [
            ("the wave of internal.myapp begins with prod/api", 120),
            ("the budget of prod is used up", 3),
        ];
        let progress = Progress {
            running: running.map(|(name, seconds)| (name.to_owned(), seconds)).into(),
            waits: waits.map(|(why, services)| (why.to_owned(), services)).into(),
            standings: [(Standing::Changing, 4), (Standing::Held, 123), (Standing::InOrder, 7)]
                .into(),
            left: Some(754),
        };
        expect![[r#"
              prod/api rolls out for 0:42
              prod/b rolls out for 0:00
              prod/c rolls out for 1:02:33
              and 1 more
              120 waiting: the wave of internal.myapp begins with prod/api
              3 waiting: the budget of prod is used up
            123 held, 4 changing, 7 in order, about 12:34 left"#]]
        .assert_eq(&progress.lines().join("\n"));
    }

    #[test]
    fn before_anything_is_read_it_says_so() {
        assert_eq!(Progress::default().lines(), ["reading the clusters"]);
    }
}
