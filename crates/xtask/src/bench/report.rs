//! The table, as markdown: what was measured, what it is held against.

use std::fmt::Write as _;
use std::time::Duration;

use super::measure::{Row, SWEEP};

/// The page: what was run, on what, and one column for each number of services.
pub(crate) fn page(machine: &[(&str, String)], binary_bytes: u64, rows: &[Row]) -> String {
    let mut page = String::from(
        "# Benchmarks\n\nMeasured against the simulator on this machine's loopback; never asserted by a test.\n\n",
    );
    for (name, value) in machine {
        let _ = writeln!(page, "- {name}: {value}");
    }
    let megabytes = binary_bytes / 100_000;
    let size = format!("{}.{} MB", megabytes / 10, megabytes % 10);
    let _ = writeln!(page, "- stripped release binary of eastwest: {size} (goal: at most 15 MB)\n");
    table(&mut page, rows);
    page
}

fn table(page: &mut String, rows: &[Row]) {
    let _ = write!(page, "| services |");
    for row in rows {
        let _ = write!(page, " {} |", row.services);
    }
    let _ = writeln!(page, " goal |\n|---|{}---|", "---:|".repeat(rows.len()));
    for (name, goal, cell) in LINES {
        let _ = write!(page, "| {name} |");
        for row in rows {
            let _ = write!(page, " {} |", cell(row));
        }
        let _ = writeln!(page, " {goal} |");
    }
}

type Line = (&'static str, &'static str, fn(&Row) -> String);

const LINES: &[Line] = &[
    ("ListServices and DescribeServices calls of the first sweep", "≤ 1.02 × fewest", |row| {
        sweep(row)
    }),
    ("fewest calls that see everything, ⌈N/100⌉ + ⌈N/10⌉", "", |row| {
        row.fewest_calls().to_string()
    }),
    ("all other calls up to the first complete view", "", |row| others(row)),
    ("start to listening", "≤ 50 ms", |row| time(row.listening)),
    ("start to first complete view, simulator without quotas", "", |row| time(row.ready)),
    ("start to first complete view, simulator with quotas", "≤ 1.10 × floor", |row| {
        time(row.ready_quotas)
    }),
    ("floor: the fewest calls at a 25 % share of the bucket", "", |row| time(row.floor())),
    ("calls refused for their rate", "0", |row| row.throttled.to_string()),
    ("planning pass, mean", "≤ 10 ms at 5,000", |row| {
        row.pass.map_or_else(|| "none yet".to_owned(), time)
    }),
    ("peak memory of eastwest", "≤ 24 MiB at 5,000", memory),
    ("simulator: DescribeServices of ten, each second", "≥ 1,000", |row| {
        format!("{:.0}", row.load.per_second)
    }),
    ("simulator: DescribeServices of ten, p50 / p99", "", |row| {
        format!("{} / {}", time(row.load.p50), time(row.load.p99))
    }),
];

fn sweep(row: &Row) -> String {
    let [lists, describes] = row.sweep_calls();
    format!("{} ({lists} + {describes})", lists + describes)
}

fn others(row: &Row) -> String {
    let rest = row.calls.iter().filter(|(key, _)| !SWEEP.contains(&key.as_str()));
    let cells: Vec<String> = rest.map(|(key, count)| format!("{key} {count}")).collect();
    if cells.is_empty() { "none".to_owned() } else { cells.join(", ") }
}

fn memory(row: &Row) -> String {
    let tenths = row.memory_kib * 10 / 1024;
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}

fn time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 1.0 { format!("{:.2} ms", seconds * 1000.0) } else { format!("{seconds:.1} s") }
}
