//! The page, as markdown: what was measured, what it is held against, and how to read it.

use std::fmt::Write as _;
use std::time::Duration;

use super::calls::SWEEP;
use super::process::Rates;
use super::row::{Look, Rest, Row};
use super::seeds::Seeds;
use super::times::Times;

/// Everything that the page shows.
pub(crate) struct Page {
    /// Name and value of what a number means nothing without.
    pub(crate) machine: Vec<(&'static str, String)>,
    /// The cargo profile of the programs.
    pub(crate) profile: String,
    /// The size of eastwest's program.
    pub(crate) binary_bytes: u64,
    /// The sizes of the image, if one was built: of its files, and compressed.
    pub(crate) image: Option<[u64; 2]>,
    /// How many packages of others it is made of.
    pub(crate) dependencies: usize,
    /// How many of them are needed for the calls to AWS and the decisions alone.
    pub(crate) dependencies_of_aws: usize,
    /// `eastwest plan` over a thousand services.
    pub(crate) one_shot: Look,
    /// One for each size.
    pub(crate) rows: Vec<Row>,
    /// The simulation, if it was asked for.
    pub(crate) seeds: Option<Seeds>,
}

/// The page.
pub(crate) fn text(page: &Page) -> String {
    let mut text = String::from(OPENING);
    for (name, value) in &page.machine {
        let _ = writeln!(text, "- {name}: {value}");
    }
    if page.profile != "release" {
        let _ = writeln!(
            text,
            "- **programs of the profile `{}`, whose numbers mean nothing**",
            page.profile
        );
    }
    for row in &page.rows {
        if let Rates::Times(times) = row.rates {
            let services = thousands(row.services);
            let _ = writeln!(
                text,
                "- **{services} services at {times} times AWS's rates**, by eastwest, with a simulator that has none"
            );
        }
    }
    let _ = writeln!(text, "\n## Against the goals\n");
    goals(&mut text, &page.rows);
    once(&mut text, page);
    let _ = writeln!(text, "\n## Beside a plain poller\n");
    beside(&mut text, &page.rows);
    text.push_str(READING);
    text
}

const OPENING: &str = "# Benchmarks

`cargo xtask bench --write` writes this page. Everything is measured against the simulator on one machine's loopback,
with AWS's published rates in force unless a line below says otherwise. No test asserts any of it.
[How to read it](#how-to-read-it) says how each row is measured.

";

const READING: &str = "
## How to read it

For each size two copies of eastwest run with the default interval, one without a queue and one with one, each against a
simulator of its own that has this many services, 40 % of them opted in and in order. Both copies run at the same time.

- **At twenty times AWS's rates** eastwest looks at 50,000 services in a minute, where AWS lets it take a third of an hour.
  Memory, passes and what follows a change do not depend on that. CPU time at rest does: it is reckoned from the CPU time of a
  call, as if eastwest called all the time at its quarter of AWS's rate, which a fleet of this size makes it do.
  `--hurry-from 1000000` measures everything at AWS's rates.
- **Calls of the first sweep** are counted by the simulator, as all calls are.
- **Start to first complete view** ends when `/readyz` answers 200. eastwest takes a quarter of AWS's rate for reading
  services. *Floor* is the time that the fewest calls take at that share: the first 25 calls at once, then 5 a second.
- **Calls refused for their rate** are those that AWS's rates, as the simulator enforces them, refused to both copies.
- **Planning pass** is the mean of `eastwest_pass_duration_seconds`: one plan over the whole view.
- **Changed tag to `UpdateService`** is what passes in the simulator between the two calls, told by `GET /_sim/log`, which
  has milliseconds. A client changes a tag of one service at a time. EventBridge and SQS are the simulator's, with the
  rules of `deploy/events`, and take no time. What remains is eastwest's own part and the five calls that it makes one after
  the other: it receives the message, reads the service, asks for its recent deployments, reads it again and writes. The
  row below is what eastwest's own histogram `eastwest_event_to_write_seconds` says of the same changes. It begins when the
  message was received and ends when the write is sent. A sweep uses up eastwest's share of AWS's rate for reading services,
  and meanwhile each of the two readings waits until there is a token: up to some tenths of a second. These changes are told
  apart, by whether eastwest read services just before the tag was changed. Numbers in brackets say how many were measured.
- **Peak memory** is the kernel's `VmHWM`, without a queue at the end of the rest, with a queue after the changes.
- **With a tenth as many opted in** a third copy watches a fleet of the same size, of which 4 % opted in, and AWS answers
  with a hundred events for each service. What it holds follows from who opted in, and not from the size of answers.
- **Idle CPU** is the CPU time that the kernel counts for the process while nothing changes and nobody asks, in percent of
  one core. Sweeps go on meanwhile, every minute without a queue and every five minutes with one, or without a pause where a
  sweep takes longer. The count begins when eastwest has read no service for twelve seconds after its first complete view,
  or after three minutes if it never pauses.
- **Reading `/metrics`** and the **dashboard** takes a fresh page each time, since eastwest renders it at most once a second.
- **Packages** are counted with procedural macros and what they need. The goal of 200 is not reached: `crates/aws` and `core`,
  which make the calls and the decisions, need nearly as many, most of them for the AWS SDK. The others serve HTTP, write
  metrics and logs, read the command line and draw tables. To go below 200, eastwest would have to write what a well-kept
  package does. `tests/wire/test_supply_chain.py` holds the number that there is.
- **The image** is the one that `cargo xtask image` built last, with a release program.
- **The poller** is [tests/poller.py](../tests/poller.py): a program as a team would write it, which lists, describes ten
  services at a time with their tags and compares. One round of it and one `eastwest plan` follow each other on the same
  simulator. `plan` takes up to 80 % of AWS's rates, `run` a quarter, the poller whatever it gets. Seconds are from the start
  to the end of a program, or for `run` to the first complete view. At rest the poller would look once a minute, or without
  a pause where a round takes longer: its figures there are what a second round adds to the first, without its start.
";

/// What has one number, whatever the size of a fleet.
fn once(text: &mut String, page: &Page) {
    let one_shot = format!("{}, {} calls", time(page.one_shot.ran.took), page.one_shot.all_calls());
    let none = || "not built".to_owned();
    let [files, compressed] = page
        .image
        .map_or_else(|| [none(), none()], |sizes| sizes.map(|bytes| mebibytes(bytes / 1024)));
    let seeds = page.seeds.as_ref().map_or_else(
        || "not run (`--seeds 10000`)".to_owned(),
        |seeds| {
            let end = if seeds.is_good { "none broken" } else { "**some broken**" };
            format!("{} in {}, {end}", thousands(seeds.count), time(seeds.took))
        },
    );
    let [all, of_aws] = [page.dependencies, page.dependencies_of_aws];
    let packages = format!("{all}, {of_aws} of them below `crates/aws`");
    let lines = [
        ("`eastwest plan` over 1,000 services, from its start to its end", one_shot, "≤ 2 s"),
        ("eastwest's program, stripped", megabytes(page.binary_bytes), "≤ 16 MB"),
        ("the image: its files", files, "≤ 25 MiB"),
        ("the image: compressed", compressed, "≤ 12 MiB"),
        ("packages of others in eastwest", packages, "200; a test holds what there are"),
        ("lives of the simulation", seeds, "10,000 in ≤ 120 s, none broken"),
    ];
    let _ = writeln!(text, "\n| once | | goal |\n|---|---:|---|");
    for (name, value, goal) in lines {
        let _ = writeln!(text, "| {name} | {value} | {goal} |");
    }
}

fn goals(page: &mut String, rows: &[Row]) {
    let _ = write!(page, "| services |");
    for row in rows {
        let _ = write!(page, " {} |", thousands(row.services));
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
    (
        "`ListServices` and `DescribeServices` calls of the first sweep",
        "≤ 1.02 × fewest",
        |row| sweep(&row.alone.first),
    ),
    ("fewest calls that see everything, ⌈N/100⌉ + ⌈N/10⌉", "", |row| {
        row.fewest_calls().to_string()
    }),
    ("all other calls up to the first complete view", "", |row| others(&row.alone.first)),
    ("start to listening", "≤ 50 ms", |row| time(row.alone.listening)),
    ("start to first complete view", "≤ 1.10 × floor", |row| {
        let hurried = if row.rates == Rates::Published { "" } else { ", hurried" };
        format!("{}{hurried}", time(row.alone.first.ran.took))
    }),
    ("floor: the fewest calls at a 25 % share of the bucket", "", |row| time(row.floor())),
    ("calls refused for their rate", "0", |row| {
        format!("{:.0}", row.alone.throttled + row.with_queue.throttled)
    }),
    ("planning pass, mean", "≤ 10 ms at 5,000, ≤ 100 ms at 50,000", |row| {
        row.pass.map_or_else(|| "none yet".to_owned(), time)
    }),
    (
        "changed tag to `UpdateService`, no sweep under way, p50 / p99",
        "≤ 5 ms / ≤ 25 ms",
        |row| some_times(row.followed.at_rest),
    ),
    ("the same beside a sweep, where a reading waits for its turn", "", |row| {
        some_times(row.followed.beside_a_sweep)
    }),
    ("both by eastwest's histogram: mean; within 5 ms; within 25 ms", "", |row| {
        let [five, twenty_five] = row.followed.told_within.map(|share| 100.0 * share);
        let mean = row.followed.told.map_or_else(|| "none".to_owned(), time);
        format!("{mean}; {five:.0} %; {twenty_five:.0} %")
    }),
    ("peak memory without a queue", "≤ 24 MiB at 5,000, ≤ 64 MiB at 50,000", |row| {
        mebibytes(row.alone.memory_kib)
    }),
    ("peak memory with a queue", "the same", |row| mebibytes(row.with_queue.memory_kib)),
    ("peak memory with a tenth as many opted in, and a hundred events in each answer", "", |row| {
        mebibytes(row.few_opted_in_kib)
    }),
    ("idle CPU without a queue", "≤ 0.3 % of a core at 5,000, ≤ 2 % at 50,000", |row| {
        idle(row, &row.alone.rest)
    }),
    ("idle CPU with a queue", "the same", |row| idle(row, &row.with_queue.rest)),
    ("time series on `/metrics`", "≤ 1,000", |row| row.series.to_string()),
    ("reading `/metrics`, p50 / p99", "p99 ≤ 5 ms", |row| times(&row.readings)),
    ("reading the dashboard's first page, p50 / p99", "≤ 50 ms at 5,000", |row| {
        times(&row.dashboard)
    }),
    ("simulator: `DescribeServices` of ten, each second", "≥ 1,000", |row| {
        format!("{:.0}", row.load.per_second)
    }),
    ("simulator: `DescribeServices` of ten, p50 / p99", "", |row| times(&row.load.times)),
];

/// What one look of each program takes, and what it takes at rest.
fn beside(page: &mut String, rows: &[Row]) {
    page.push_str("| services | one look by | calls | seconds | CPU seconds | peak memory | CPU at rest | calls a minute at rest |\n");
    page.push_str("|---:|---|---:|---:|---:|---:|---:|---:|\n");
    for row in rows {
        let services = thousands(row.services);
        let lines = [
            ("`eastwest run`", &row.alone.first, Some(&row.alone.rest)),
            ("`eastwest run` with a queue", &row.with_queue.first, Some(&row.with_queue.rest)),
            ("`eastwest plan`", &row.plan, None),
            ("the poller", &row.poller, Some(&row.poller_rest)),
        ];
        for (name, look, rest) in lines {
            let _ = write!(page, "| {services} | {name} | {} |", look.all_calls());
            let ran = &look.ran;
            let _ = write!(page, " {:.1} | {:.2} |", ran.took.as_secs_f64(), ran.cpu.as_secs_f64());
            let _ = write!(page, " {} |", mebibytes(ran.memory_kib));
            let at_rest =
                rest.map(|rest| [percent(rest.percent()), format!("{:.0}", rest.calls_a_minute())]);
            let [cpu, calls] = at_rest.unwrap_or_default();
            let _ = writeln!(page, " {cpu} | {calls} |");
        }
    }
}

fn sweep(look: &Look) -> String {
    let [lists, describes] = look.sweep_calls();
    format!("{} ({lists} + {describes})", lists + describes)
}

fn others(look: &Look) -> String {
    let rest = look.calls.iter().filter(|(key, _)| !SWEEP.contains(&key.as_str()));
    let cells: Vec<String> = rest.map(|(key, count)| format!("{key} {count}")).collect();
    if cells.is_empty() { "none".to_owned() } else { cells.join(", ") }
}

/// CPU time at rest. Where eastwest may call faster than AWS allows, it sweeps more often: then what it would be is reckoned
/// from the CPU time of a call.
fn idle(row: &Row, rest: &Rest) -> String {
    match row.rates {
        Rates::Published => percent(rest.percent()),
        Rates::Times(_) => format!("{}, reckoned", percent(rest.percent_at_published_rates())),
    }
}

fn megabytes(bytes: u64) -> String {
    let tenths = bytes / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

fn mebibytes(kib: u64) -> String {
    let tenths = kib * 10 / 1024;
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}

fn percent(percent: f64) -> String {
    format!("{percent:.2} %")
}

fn times(times: &Times) -> String {
    format!("{} / {} ({})", time(times.p50), time(times.p99), times.count)
}

fn some_times(seen: Option<Times>) -> String {
    seen.map_or_else(|| "none (0)".to_owned(), |seen| times(&seen))
}

fn time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 1.0 { format!("{:.2} ms", seconds * 1000.0) } else { format!("{seconds:.1} s") }
}

fn thousands(count: u32) -> String {
    let digits = count.to_string();
    let (front, back) = digits.split_at(digits.len().saturating_sub(3));
    if front.is_empty() { digits.clone() } else { format!("{front},{back}") }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::bench::process::Ran;

    fn page(profile: &str) -> String {
        let ran = Ran { took: Duration::from_millis(1500), cpu: Duration::ZERO, memory_kib: 0 };
        text(&Page {
            machine: vec![("commit", "abc".to_owned())],
            profile: profile.to_owned(),
            binary_bytes: 12_345_678,
            image: Some([20 << 20, 9 << 20]),
            dependencies: 321,
            dependencies_of_aws: 123,
            one_shot: Look { calls: BTreeMap::from([("ecs.ListServices".to_owned(), 10)]), ran },
            rows: Vec::new(),
            seeds: None,
        })
    }

    #[test]
    fn what_makes_the_numbers_mean_less_stands_on_the_page() {
        let whole = page("release");
        assert!(whole.contains("1.5 s, 10 calls | ≤ 2 s") && whole.contains("12.3 MB"), "{whole}");
        assert!(whole.contains("20.0 MiB") && whole.contains("9.0 MiB"), "{whole}");
        assert!(whole.contains("321, 123 of them below `crates/aws`"), "{whole}");
        assert!(!whole.contains("mean nothing"), "{whole}");
        let less = page("dev");
        assert!(less.contains("profile `dev`, whose numbers mean nothing"), "{less}");
    }

    #[test]
    fn large_numbers_have_a_comma() {
        assert_eq!([500, 5000, 50_000].map(thousands), ["500", "5,000", "50,000"]);
    }
}
