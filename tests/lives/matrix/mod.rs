//! The fault matrix: every story, at every call that the controller makes in it, with everything that can befall
//! that call; nothing is drawn, and nothing is left out.
//!
//! Every run must end in the state in which the story ends by itself, break no invariant on the way, and then
//! write nothing for an hour. A run that does not prints the command that replays it. With `EASTWEST_TRACES=FILE` a
//! line for each run goes into FILE, its case and the hash of its trace, so that two versions can be compared.

mod case;
pub(crate) mod end;
mod run;
mod way;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use self::case::{Case, MISHAPS};
use self::run::{Disturbed, Undisturbed};
use self::way::Way;

/// The stories, as files of `tests/scenarios`. One fits if what it ends in depends on what was asked for, and not on
/// what was done by when: a tag that goes while its rollout may have begun, a freeze amid a rollout, a document that
/// goes bad or goes away, which only a controller remembers that has read it before, and a claim that comes together
/// with what it forbids each end in two ways that are both right.
const STORIES: &[&str] = &[
    "already-connected",
    "circle-of-needs",
    "document-names-port",
    "document-namespace",
    "document-opts-in",
    "document-overrules-tag",
    "edit-while-rolling",
    "guide",
    "human-edit",
    "leftover-name",
    "namespace-later",
    "needs-nobody",
    "nothing-to-go-back-to",
    "off-and-on",
    "partial-listing",
    "rename",
    "rename-alias",
    "replaced",
    "restart-half-blind",
    "retail-store",
    "rollback",
    "stale-client",
    "stale-once",
    "swap-of-names",
    "taken-name",
    "throttled-start",
    "unnamed-port",
];

/// How many runs share one way to their calls: enough to make the way cheap, and few enough to keep every core busy.
const ON_ONE_WAY: usize = 64;

fn undisturbed(name: &str) -> Undisturbed {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios");
    let script = std::fs::read_to_string(folder.join(name).with_extension("txt"));
    let script = script.unwrap_or_else(|error| panic!("{name}: {error}"));
    Undisturbed::run(name, script).unwrap_or_else(|error| panic!("{error}"))
}

/// What `run` makes of the numbers below `count`, on every core there is, in order.
pub(crate) fn all<T: Send>(count: usize, run: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let work = || {
        let numbers = std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)));
        numbers.take_while(|number| *number < count).map(|n| (n, run(n))).collect::<Vec<_>>()
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut done: Vec<(usize, T)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("runs are guarded")).collect()
    });
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}

/// How often each was counted, on one line.
fn counted<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut counts = BTreeMap::new();
    words.for_each(|word| *counts.entry(word).or_insert(0) += 1);
    counts.iter().map(|(word, count)| format!("{word} {count}")).collect::<Vec<_>>().join(", ")
}

/// What a person needs to see of a run that failed.
fn told(case: &Case, op: &str, run: &Disturbed) -> String {
    let failure = run.failure.as_deref().unwrap_or_default();
    format!(
        "{case} ({op}): {failure}\nreplay: EASTWEST_MATRIX={case} EASTWEST_TRACE=1 \
         cargo lives -- --nocapture replay_one_case"
    )
}

/// What becomes of each case, in order.
fn disturbed(cases: &[(&Undisturbed, Case, &str)]) -> Vec<Disturbed> {
    let of_a_story = cases.chunk_by(|(one, ..), (other, ..)| std::ptr::eq(*one, *other));
    let chunks: Vec<_> = of_a_story.flat_map(|cases| cases.chunks(ON_ONE_WAY)).collect();
    let results = all(chunks.len(), |at| {
        let these: Vec<&Case> = chunks[at].iter().map(|(_, case, _)| case).collect();
        chunks[at][0].0.disturb_each(&these)
    });
    results.into_iter().flatten().collect()
}

fn print_summary(cases: &[(&Undisturbed, Case, &'static str)], seconds: f64) {
    let names: Vec<String> = cases.iter().map(|(_, case, _)| case::name(case.mishap)).collect();
    let cells: BTreeSet<_> = cases.iter().map(|(_, case, op)| (case.mishap, *op)).collect();
    println!("{} runs in {seconds:.1} s, {} cells of call and mishap", cases.len(), cells.len());
    println!("by story: {}", counted(cases.iter().map(|(_, case, _)| case.story.as_str())));
    println!("by mishap: {}", counted(names.iter().map(String::as_str)));
    println!("by call: {}", counted(cases.iter().map(|(_, _, op)| *op)));
}

/// Each run's case and the hash of its trace, into the file that `EASTWEST_TRACES` names.
fn write_traces(cases: &[(&Undisturbed, Case, &str)], results: &[Disturbed]) {
    let Some(file) = std::env::var_os("EASTWEST_TRACES") else { return };
    let runs = cases.iter().zip(results);
    let lines = runs.map(|((_, case, _), run)| format!("{case} {:016x}\n", run.hash));
    std::fs::write(file, lines.collect::<String>()).expect("EASTWEST_TRACES can be written");
}

#[test]
fn whatever_befalls_one_call_every_story_ends_as_it_would() {
    let began = std::time::Instant::now();
    let stories = all(STORIES.len(), |at| undisturbed(STORIES[at]));
    let named = STORIES.iter().zip(&stories);
    let cases: Vec<(&Undisturbed, Case, &str)> = named
        .flat_map(|(name, story)| story.cases(name).map(move |(case, op)| (story, case, op)))
        .collect();
    let results = disturbed(&cases);
    print_summary(&cases, began.elapsed().as_secs_f64());
    write_traces(&cases, &results);
    let failed = cases.iter().zip(&results).filter(|(_, result)| result.failure.is_some());
    let failures: Vec<String> = failed.map(|((_, case, op), run)| told(case, op, run)).collect();
    for text in &failures {
        println!("{text}");
    }
    if let Some((_, first)) = cases.iter().zip(&results).find(|(_, run)| run.failure.is_some()) {
        println!("the end of the first one's trace:\n{}", first.trace);
    }
    assert!(failures.is_empty(), "{} of {} runs fail", failures.len(), cases.len());
    for mishap in MISHAPS {
        let struck = cases.iter().any(|(_, case, _)| case.mishap == mishap);
        assert!(struck, "{} never struck", case::name(mishap));
    }
}

#[test]
fn a_run_that_goes_on_from_a_copy_is_the_one_from_the_beginning() {
    let story = undisturbed("rename");
    let cases: Vec<Case> = story.cases("rename").map(|(case, _)| case).step_by(7).collect();
    let from_copies = story.disturb_each(&cases.iter().collect::<Vec<_>>());
    for (case, from_a_copy) in cases.iter().zip(from_copies) {
        let from_the_beginning = story.disturb(Way::begin(&story), case);
        assert_eq!(from_a_copy.hash, from_the_beginning.hash, "{case}");
    }
}

#[test]
fn replay_one_case() {
    let Ok(text) = std::env::var("EASTWEST_MATRIX") else { return };
    let case: Case = text.parse().unwrap_or_else(|error| panic!("{error}"));
    let story = undisturbed(&case.story);
    let run = story.disturb(Way::begin(&story), &case);
    println!("{}", run.trace);
    assert_eq!(run.failure, None, "{case}");
}
