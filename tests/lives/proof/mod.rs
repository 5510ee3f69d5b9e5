//! The proofs of what a declaration means: it is written once, and then it stands.
//!
//! `EASTWEST_CASES=1000000` runs more; a failing case prints the command that replays it.

mod case;
mod dice;
mod differential;
mod grammar;
mod fixture;
mod judge;
mod path;
mod round_trip;
mod run;
mod state;

use self::case::Case;
use self::differential::{Ending, Spoil, differential};
use self::path::Path;
use self::round_trip::{Flaw, Outcome, Tally, round_trip, tried};
use self::run::{Failed, all, shrink};
use crate::environment::number;
use eastwest_core::declaration::tag::RULES;

/// What must have been tried beside every tag of the grammar.
const ALSO: &[&str] = &[
    "tag endpoint.<port>",
    "mode client",
    "mode client-server",
    "mode off",
    "namespace tag by Name",
    "namespace tag by HttpName",
    "namespace tag by Id",
    "namespace tag by Arn",
    "namespace as deployed",
    "namespace flag by Name",
    "namespace by the cluster",
    "awsvpc",
    "bridge",
    "port http",
    "port http2",
    "port grpc",
    "port tcp",
    "policy Sync",
    "policy UpsertOnly",
    "echo namespace: AsSent",
    "echo namespace: Arn",
    "echo namespace: Name",
    "echo namespace: HttpName",
    "echo discovery_name: AsSent",
    "echo discovery_name: Filled",
    "echo discovery_name: LeftOut",
    "echo default_alias_left_out: true",
    "echo dns_name: AsSent",
    "echo dns_name: Filled",
    "echo dns_name: LeftOut",
    "echo timeout: AsSent",
    "echo timeout: Filled",
    "echo timeout: LeftOut",
    "echo ingress_port: AsSent",
    "echo ingress_port: Filled",
    "echo ingress_port: LeftOut",
    "echo query_parameters: AsSent",
    "echo query_parameters: Filled",
    "echo query_parameters: LeftOut",
    "echo empty_lists: Absent",
    "echo empty_lists: SecretOptions",
    "echo empty_lists: All",
    "echo reordered: true",
    "echo unmodelled_version: true",
    "echo unknown_members: true",
];

/// One case, counted by what it tried if it was written.
fn counted(seed: u64, tally: &mut Tally) -> Result<(), String> {
    let case = Case::draw(seed);
    let outcome = round_trip(&case, Flaw::None)?;
    let mut count = |word: String| *tally.entry(word).or_default() += 1;
    match outcome {
        Outcome::Written => tried(&case).into_iter().for_each(&mut count),
        Outcome::AlreadySo | Outcome::Held(_) => {}
    }
    count(match outcome {
        Outcome::Written => "= written".to_owned(),
        Outcome::AlreadySo => "= stood so".to_owned(),
        Outcome::Held(reason) => format!("= held, {reason}"),
    });
    Ok(())
}

/// Whether a case fails for the flaw's sake: without it there is nothing to find.
fn flawed(case: &Case, flaw: Flaw) -> Result<(), String> {
    let sound = flaw == Flaw::None || round_trip(case, Flaw::None).is_ok();
    if sound { round_trip(case, flaw).map(drop) } else { Ok(()) }
}

/// The failure cut down to what it takes, with the way to see it again.
fn story(failed: Failed, flaw: Flaw) -> String {
    let seed = failed.seed;
    let run = |case: &Case| flawed(case, flaw);
    let (case, why) = shrink(Case::draw(seed), failed.why, (Case::smaller, run));
    format!(
        "case {seed}, cut down:\n{case}{why}\nreplay: EASTWEST_CASE={seed} cargo lives -- --nocapture replay_a_round_trip"
    )
}

#[test]
fn what_is_written_and_read_back_in_any_form_asks_for_nothing_more() {
    let cases = number("EASTWEST_CASES").unwrap_or(100_000);
    let began = std::time::Instant::now();
    let tallies =
        all(cases, counted).unwrap_or_else(|failed| panic!("{}", story(failed, Flaw::None)));
    let tally = sum(tallies);
    println!("{cases} cases in {:.1} s", began.elapsed().as_secs_f64());
    let tags = RULES.iter().map(|rule| format!("tag {}", rule.key));
    told(&tally, cases, tags.chain(ALSO.iter().map(|&word| word.to_owned())));
    let written = tally.get("= written").copied().unwrap_or_default();
    assert!(written * 10 >= cases * 6, "only {written} of {cases} cases were written");
}

#[test]
fn a_flaw_in_comparing_or_reading_is_found_and_told_small() {
    let flaws =
        [Flaw::ComparesToTheLetter, Flaw::LosesLogs, Flaw::InventsHosts, Flaw::SeesNothingUnknown];
    for flaw in flaws {
        let found = all(2000, |seed, _: &mut Tally| flawed(&Case::draw(seed), flaw));
        let failed = found.expect_err("a flaw that nobody finds");
        let text = story(failed, flaw);
        let tags = text.lines().filter(|line| line.starts_with("tag ")).count();
        assert!(tags <= 4 && text.contains("replay: EASTWEST_CASE="), "{flaw:?}: {text}");
    }
}

/// `EASTWEST_CASE=123 cargo lives -- --nocapture replay_a_round_trip`
#[test]
fn replay_a_round_trip() {
    let Some(seed) = number("EASTWEST_CASE") else { return };
    let case = Case::draw(seed);
    println!("{case}");
    match run::guarded(|| round_trip(&case, Flaw::None)) {
        Ok(outcome) => println!("{outcome:?}"),
        Err(why) => panic!("{}", story(Failed { seed, why }, Flaw::None)),
    }
}

/// What paths must have tried.
const WAYS: &[&str] = &[
    "tag port",
    "tag discovery-name",
    "tag alias",
    "tag timeout",
    "tag ingress-port",
    "tag tls",
    "tag logs",
    "tag access-logs",
    "tag test-header",
    "tag namespace",
    "tag endpoint.<port>",
    "last mode off",
    "last mode client",
    "off on the way",
    "opted out on the way",
    "something deployed before",
    "nothing deployed before",
    "moved",
    "renamed",
    "a tag taken back",
];

#[test]
fn any_path_of_edits_ends_where_the_last_words_said_at_once_do() {
    let paths = number("EASTWEST_PATHS").unwrap_or(6000);
    let began = std::time::Instant::now();
    let walk = |seed, tally: &mut Tally| {
        let path = Path::draw(seed);
        let ending = differential(&path, |_| ())?;
        let tried = differential::tried(&path).into_iter().filter(|_| ending != Ending::Held);
        for word in tried.chain([format!("= {ending:?}")]) {
            *tally.entry(word).or_default() += 1;
        }
        Ok(())
    };
    let tallies = all(paths, walk).unwrap_or_else(|failed| panic!("{}", path_story(failed)));
    let tally = sum(tallies);
    println!("{paths} paths in {:.1} s", began.elapsed().as_secs_f64());
    told(&tally, paths, WAYS.iter().map(|&word| word.to_owned()));
    let agree = tally.get("= Agree").copied().unwrap_or_default();
    assert!(agree * 10 >= paths * 6, "only {agree} of {paths} paths could be compared");
}

#[test]
fn a_state_that_is_not_as_it_should_be_is_found() {
    let spoils: [Spoil; 4] = [
        |state| state.logs = serde_json::Value::Null,
        |state| state.namespace = "ns-elsewhere".to_owned(),
        |state| state.endpoints.values_mut().for_each(|end| end.name.push('x')),
        |state| drop(state.endpoints.pop_first()),
    ];
    for (at, spoil) in spoils.into_iter().enumerate() {
        let walk = |seed, _: &mut Tally| differential(&Path::draw(seed), spoil).map(drop);
        assert!(all(500, walk).is_err(), "nobody finds spoil {at}");
    }
}

fn path_story(failed: Failed) -> String {
    let seed = failed.seed;
    let run = |path: &Path| differential(path, |_| ()).map(drop);
    let (path, why) = shrink(Path::draw(seed), failed.why, (Path::smaller, run));
    format!(
        "path {seed}, cut down:\n{path}{why}\nreplay: EASTWEST_PATH={seed} cargo lives -- --nocapture replay_a_path"
    )
}

/// `EASTWEST_PATH=123 cargo lives -- --nocapture replay_a_path`
#[test]
fn replay_a_path() {
    let Some(seed) = number("EASTWEST_PATH") else { return };
    println!("{}", Path::draw(seed));
    match run::guarded(|| differential(&Path::draw(seed), |_| ())) {
        Ok(ending) => println!("{ending:?}"),
        Err(why) => panic!("{}", path_story(Failed { seed, why })),
    }
}

/// The tallies of all threads as one.
fn sum(tallies: Vec<Tally>) -> Tally {
    let mut all = Tally::new();
    for (word, times) in tallies.into_iter().flatten() {
        *all.entry(word).or_default() += times;
    }
    all
}

/// Prints what was tried, and fails if something wanted never was, in a run long enough for it.
fn told(tally: &Tally, cases: u64, wanted: impl Iterator<Item = String>) {
    for (word, times) in tally {
        println!("{times:>8} {word}");
    }
    let missed: Vec<String> = wanted.filter(|word| !tally.contains_key(word)).collect();
    assert!(cases < 1000 || missed.is_empty(), "never tried: {missed:?}");
}
