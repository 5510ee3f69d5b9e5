//! The seeded simulation: the real engine through thousands of lives, judged from the model's truth.
//!
//! A run takes the same seeds each time, and beside them new ones that the date picks. `EASTWEST_SEEDS=20000` runs so many
//! in place of them, and `EASTWEST_FROM=3000` begins with another seed than 0; a failing seed prints the command that
//! replays it. A run tells how often each kind of fault struck and how often each reason to hold was told,
//! and fails if one never was. With `EASTWEST_TRACES=FILE` it writes a line for each life into FILE, so that two
//! versions can be compared: its seed, the hash of its trace, and that of its trace without the news.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use eastwest_core::plan::reason::Reason;
use eastwest_sim::faults::CATALOGUE;
use eastwest_sim::run::Report;
use eastwest_sim::run::simulate::simulate;

use crate::environment::{number, today};

/// The lives that each run takes unless it is told otherwise.
const ALWAYS: u64 = 2000;
/// How many others the date picks.
const OF_TODAY: u64 = 1000;
/// Seeds whose lives once broke a rule. The product or the judge was mended for each.
const ONCE_BROKEN: [u64; 32] = [
    12_236, 15_086, 19_026, 23_377, 27_792, 28_942, 30_075, 31_922, 32_333, 33_559, 35_450, 36_489,
    36_752, 39_428, 60_000_677, 60_000_803, 60_000_909, 60_002_745, 60_004_208, 60_004_601,
    60_009_807, 60_015_266, 60_015_695, 60_018_093, 60_022_714, 60_023_463, 60_027_127, 60_031_428,
    60_035_220, 70_003_650, 80_006_140, 80_006_494,
];
/// What must have been the reason of some service's status.
const REASONS: [Reason; 16] = [
    Reason::Ambiguous,
    Reason::Budget,
    Reason::Claimed,
    Reason::Conflict,
    Reason::Contended,
    Reason::Frozen,
    Reason::Ineligible,
    Reason::MassChange,
    Reason::NoNamespace,
    Reason::NotLeader,
    Reason::NotSeen,
    Reason::Observe,
    Reason::Paused,
    Reason::RolledBack,
    Reason::UnknownField,
    Reason::WaitingForServer,
];

/// The seeds of a run: as the environment says, or the same ones and those of a day, counted since 1970.
fn seeds(day: u64) -> Vec<Range<u64>> {
    let (from, count) = (number("EASTWEST_FROM"), number("EASTWEST_SEEDS"));
    if let (None, None) = (from, count) {
        let today = ALWAYS + day * OF_TODAY;
        return vec![0..ALWAYS, today..today + OF_TODAY];
    }
    let from = from.unwrap_or_default();
    let count = count.unwrap_or(ALWAYS + OF_TODAY);
    std::iter::once(from..from + count).collect()
}

/// Runs what `run` makes of every seed on two threads; the reports in the order of seeds.
fn all(seeds: &[Range<u64>], run: impl Fn(u64) -> Report + Sync) -> Vec<Report> {
    let next = Mutex::new(seeds.iter().cloned().flatten());
    let work = || {
        let mut reports = Vec::new();
        loop {
            let seed = next.lock().expect("no run panics").next();
            let Some(seed) = seed else { return reports };
            reports.push(run(seed));
        }
    };
    let mut reports: Vec<Report> = std::thread::scope(|scope| {
        let threads = [scope.spawn(work), scope.spawn(work)];
        threads.into_iter().flat_map(|thread| thread.join().expect("no run panics")).collect()
    });
    reports.sort_by_key(|report| report.seed);
    reports
}

/// The sums of what the reports have counted.
fn total(
    reports: &[Report],
    counts: fn(&Report) -> &BTreeMap<&'static str, u64>,
) -> BTreeMap<&str, u64> {
    let mut all = BTreeMap::new();
    for (kind, times) in reports.iter().flat_map(counts) {
        *all.entry(*kind).or_default() += times;
    }
    all
}

/// A seed's report; a panic names its seed.
fn guarded(seed: u64) -> Report {
    let run = std::panic::catch_unwind(|| simulate(seed));
    run.unwrap_or_else(|_| panic!("seed {seed} panics (I16): replay with EASTWEST_SEED={seed}"))
}

/// Each life's seed, the hash of its trace, and that of its trace without the news, into the file that `EASTWEST_TRACES` names.
fn write_traces(reports: &[Report]) {
    let Some(file) = std::env::var_os("EASTWEST_TRACES") else { return };
    let lines = reports
        .iter()
        .map(|report| format!("{} {:016x} {:016x}\n", report.seed, report.hash, report.deeds));
    std::fs::write(file, lines.collect::<String>()).expect("EASTWEST_TRACES can be written");
}

fn assert_none_fails(reports: &[Report]) {
    let failed: Vec<&Report> = reports.iter().filter(|each| each.violation.is_some()).collect();
    let Some(first) = failed.first() else { return };
    let mut rules: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for report in &failed {
        let rule = report.violation.as_ref().map_or("", |violation| violation.rule);
        rules.entry(rule).or_default().push(report.seed);
    }
    panic!("{}\n{} of {} seeds fail: {rules:?}", first.text(), failed.len(), reports.len());
}

#[test]
fn no_invariant_breaks_in_thousands_of_lives() {
    let seeds = seeds(today());
    let began = std::time::Instant::now();
    let reports = all(&seeds, guarded);
    let took = began.elapsed().as_secs_f64();
    write_traces(&reports);
    let struck = total(&reports, |report| &report.happened);
    let told = total(&reports, |report| &report.reasons);
    let awake = reports.iter().filter(|report| report.is_awake).count();
    let sum = |of: fn(&Report) -> u64| reports.iter().map(of).sum::<u64>();
    let days = sum(|r| r.seconds) / 86400;
    println!("{} seeds in {took:.1} s, {days} virtual days", reports.len());
    for range in &seeds {
        let count = range.end - range.start;
        println!("again: EASTWEST_FROM={} EASTWEST_SEEDS={count}", range.start);
    }
    println!("writes {}, crashes {}", sum(|r| r.writes), sum(|r| r.crashes));
    println!(
        "in 24 quiet hours each; {awake} controllers were awake all the time, the others now and then"
    );
    for (group, kind) in CATALOGUE {
        let times = struck.get(kind).copied().unwrap_or_default();
        println!("  {:<12} {kind:<28} {times}", format!("{group:?}"));
    }
    println!("reasons told: {told:?}");
    let compared = reports.iter().filter(|report| report.is_compared).count();
    println!("a fresh controller was compared at the end of {compared}");
    assert_none_fails(&reports);
    for (_, kind) in CATALOGUE {
        assert!(struck.contains_key(kind), "{kind} never struck");
    }
    for reason in REASONS {
        assert!(told.contains_key(<&str>::from(reason)), "{reason} was never told");
    }
    assert!(sum(|r| r.crashes) > 0 && sum(|r| r.writes) > reports.len() as u64);
    assert!(
        compared * 4 > reports.len(),
        "a fresh controller was compared at the end of {compared}"
    );
}

#[test]
fn lives_that_once_broke_a_rule_break_none() {
    let seeds = ONCE_BROKEN.map(|seed| seed..seed + 1);
    assert_none_fails(&all(&seeds, guarded));
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    let seeds = std::slice::from_ref(&(0..60));
    let once = all(seeds, guarded);
    let twice = all(seeds, guarded);
    for (a, b) in once.iter().zip(&twice) {
        assert_eq!(a.hash, b.hash, "seed {}", a.seed);
    }
    let different: std::collections::BTreeSet<u64> = once.iter().map(|r| r.hash).collect();
    assert_eq!(different.len(), once.len());
}

/// `EASTWEST_SEARCH=0..10000` stops at the first seed that breaks a rule: `cargo xtask bugs` looks so for planted
/// mistakes. The first seeds run twice, since a life that is not the same again breaks a rule too.
#[test]
fn the_first_seed_that_breaks_a_rule() {
    let Ok(range) = std::env::var("EASTWEST_SEARCH") else { return };
    let range = range.split_once("..").map(|(from, to)| (from.parse(), to.parse()));
    let Some((Ok(from), Ok(to))) = range else { panic!("EASTWEST_SEARCH is not like 0..100") };
    let (next, first) = (AtomicU64::new(from), AtomicU64::new(to));
    let broken = |seed: u64| -> Option<String> {
        let Ok(report) = std::panic::catch_unwind(|| simulate(seed)) else {
            return Some(format!("seed {seed} breaks I16: it panics"));
        };
        if let Some(violation) = report.violation {
            return Some(format!("seed {seed} breaks {}: {}", violation.rule, violation.text));
        }
        let differs = seed < 60 && simulate(seed).hash != report.hash;
        differs.then(|| format!("seed {seed} breaks determinism: another trace each time"))
    };
    let work = || loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= first.load(Ordering::Relaxed) {
            return None;
        }
        if let Some(text) = broken(seed) {
            first.fetch_min(seed, Ordering::Relaxed);
            return Some((seed, text));
        }
    };
    let found = std::thread::scope(|scope| {
        let threads = [scope.spawn(work), scope.spawn(work)];
        threads.into_iter().filter_map(|thread| thread.join().expect("panics are caught")).min()
    });
    let text = found.map(|(_, text)| text);
    println!("{}", text.as_deref().unwrap_or("no seed breaks a rule"));
    assert_eq!(text, None);
}

/// `EASTWEST_SEED=123 cargo lives -- --nocapture replay_a_life`
#[test]
fn replay_a_life() {
    let Some(seed) = number("EASTWEST_SEED") else { return };
    let report = simulate(seed);
    println!("{}", report.text());
    assert_eq!(report.violation, None);
}
