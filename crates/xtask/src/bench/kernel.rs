//! What Linux counts of a process: CPU time and memory. The same count for every program that is measured.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// How long a tick of `/proc/<pid>/stat` is. Linux shows hundredths of a second there on every machine that we build for
/// (`USER_HZ`, proc(5)).
const TICK: Duration = Duration::from_millis(10);

/// A process of this machine.
#[derive(Clone, Copy)]
pub(crate) struct Kernel(
    /// Its id.
    pub(crate) u32,
);

/// A line of `/proc/<pid>/stat`.
pub(crate) struct Stat {
    /// CPU time of all its threads so far, its own and the kernel's for it.
    pub(crate) cpu: Duration,
    /// Whether it has ended and was not waited for yet.
    pub(crate) has_ended: bool,
}

impl Kernel {
    /// What stands there now, also if the process has ended and was not waited for.
    pub(crate) fn stat(self) -> Result<Stat> {
        let path = format!("/proc/{}/stat", self.0);
        let text = fs::read_to_string(&path).with_context(|| path.clone())?;
        Stat::read(&text).with_context(|| format!("{path} cannot be read: {text:?}"))
    }

    /// The most memory it ever held, in KiB; none once it has ended.
    pub(crate) fn peak_memory_kib(self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).ok()?;
        let row = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        row.trim().trim_end_matches(" kB").parse().ok()
    }
}

impl Stat {
    /// The program's name stands in brackets and may hold any text, so what follows the last bracket counts.
    fn read(text: &str) -> Option<Self> {
        let (_, rest) = text.rsplit_once(") ")?;
        let fields: Vec<&str> = rest.split(' ').collect();
        // Fields 14 and 15 of proc(5), user and system time; the state is field 3 and stands first here.
        let ticks: u32 =
            fields.get(11)?.parse::<u32>().ok()?.checked_add(fields.get(12)?.parse().ok()?)?;
        Some(Self { cpu: TICK * ticks, has_ended: fields.first() == Some(&"Z") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_time_are_counted_whatever_the_program_is_called() {
        let text = "7 (a) b) S 1 7 7 0 -1 4194560 100 0 0 0 120 30 0 0 20 0 1 0 5 1 1\n";
        let stat = Stat::read(text).unwrap();
        assert_eq!((stat.cpu, stat.has_ended), (Duration::from_millis(1500), false));
        assert!(Stat::read(&text.replace(" S ", " Z ")).unwrap().has_ended);
        assert!(Stat::read("7 (a").is_none());
    }

    #[test]
    fn this_process_has_memory_and_has_not_ended() {
        let this = Kernel(std::process::id());
        assert!(this.peak_memory_kib().unwrap() > 100);
        assert!(!this.stat().unwrap().has_ended);
    }
}
