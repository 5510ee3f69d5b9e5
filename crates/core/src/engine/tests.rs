//! The reconciler as a whole, in a world small enough to be believed.

mod concerns;
mod consent;
mod documents;
mod edits;
mod events;
mod kept_names;
mod leases;
mod pauses;
mod retries;
mod stories;
mod swaps;
mod sweeps;
mod trouble;

use std::time::Duration;

use expect_test::expect;
use proptest::prelude::*;

use super::effect::{Effect, Event};
use crate::plan::entry::Verdict;
use crate::testing::fake::Fake;
use crate::testing::{Stage, at, generate};

/// One server that wants to be connected.
const WEB: &str = "cluster prod default=internal.myapp
     web mode=client-server";

#[test]
fn what_was_not_confirmed_in_the_same_step_is_not_written() {
    let mut fake = Fake::new(WEB);
    fake.begin_writing();
    assert_eq!(fake.pending(), ["confirm prod/web"]);
    for event in [Event::Tick, Event::Tick] {
        fake.step(event);
        assert_eq!(fake.pending(), ["confirm prod/web"], "nothing twice, and no write");
    }
    let confirmed = fake.next_event();
    fake.step(confirmed);
    assert_eq!(fake.pending(), ["apply connect prod/web"]);
}

#[test]
fn a_confirmation_that_shows_another_wish_drops_the_step() {
    let mut fake = Fake::new(WEB);
    fake.begin_writing();
    fake.tag("web", "mode=client-server, discovery-name=other");
    let confirmed = fake.next_event();
    fake.step(confirmed);
    assert_eq!(fake.pending(), ["confirm prod/web"], "planned again, and read again");
    let confirmed = fake.next_event();
    fake.step(confirmed);
    assert_eq!(fake.pending(), ["apply connect prod/web"]);
}

#[test]
fn a_process_that_was_stopped_reads_everything_again_before_it_writes() {
    for seconds in [31, 45, 600] {
        let mut fake = Fake::new(WEB);
        fake.begin_writing();
        let confirmed = fake.next_event();
        fake.tag("web", "mode=client-server, pause=true");
        fake.freeze(seconds);
        fake.step(confirmed);
        assert!(!fake.pending().iter().any(|effect| effect.starts_with("apply")), "{seconds}");
        fake.run(600);
        assert_eq!(fake.count("apply"), 0, "{seconds}");
    }
}

#[test]
fn after_a_stop_it_goes_on_as_after_a_start_but_remembers_its_own_rollouts() {
    let mut fake = Fake::new(
        "cluster prod default=internal.myapp
         api mode=client-server
         web mode=client",
    );
    fake.run(20);
    fake.freeze(300);
    fake.run(120);
    expect![[r#"
        10 connect prod/api
        330 connect prod/web
    "#]]
    .assert_eq(&fake.take_writes());
    expect![[r#"
        0 cluster prod: 0 in order, 2 not, 0 not opted in
        0 prod/api OutOfSync Healthy NotSeen
        0 prod/web OutOfSync Healthy NotSeen
        10 prod/api OutOfSync Healthy -
        10 prod/web OutOfSync Healthy Budget
        10 prod/api OutOfSync Healthy Rolling
        10 prod/api connect ecs-svc/2
        10 prod/api Synced Progressing Progressing
        320 was stopped for 250s
        320 prod/web OutOfSync Healthy NotSeen
        320 prod/api rolled out in 310s: Completed
        320 prod/api Synced Healthy -
        330 prod/web OutOfSync Healthy -
        330 prod/web OutOfSync Healthy Rolling
        330 prod/web connect ecs-svc/3
        330 prod/web Synced Progressing Progressing
        360 prod/web rolled out in 30s: Completed
        360 prod/web Synced Healthy -
    "#]]
    .assert_eq(&fake.take_news());
}

#[test]
fn a_step_that_comes_a_little_late_is_no_stop() {
    let mut fake = Fake::new(WEB);
    fake.run(300);
    fake.take_news();
    fake.freeze(9);
    fake.run(60);
    assert_eq!(fake.take_news().trim(), "");
}

#[test]
fn a_confirmation_that_shows_a_pause_or_no_opt_in_drops_the_step() {
    for tags in ["mode=client-server, pause=true", "mode=clinet", "alias=x:80", "-"] {
        let mut fake = Fake::new(WEB);
        fake.begin_writing();
        fake.tag("web", tags);
        let confirmed = fake.next_event();
        fake.step(confirmed);
        assert_eq!(fake.pending(), Vec::<String>::new(), "{tags}");
        fake.run(600);
        assert_eq!(fake.count("apply"), 0, "{tags}");
    }
}

#[test]
fn a_confirmation_that_shows_members_we_do_not_know_drops_the_step_for_good() {
    let mut fake = Fake::new("web mode=off | in internal.myapp");
    fake.begin_writing();
    fake.service("web").unknown_members = vec!["retries".to_owned()];
    let Event::Confirmed(key, seen, history) = fake.next_event() else { panic!("a confirmation") };
    fake.service("web").unknown_members = Vec::new();
    fake.step(Event::Confirmed(key, seen, history));
    fake.take_log();
    fake.run(600);
    assert_eq!(fake.count("apply") + fake.count("confirm"), 0, "{}", fake.take_log());
}

#[test]
fn a_confirmation_that_failed_writes_nothing() {
    use crate::ecs::fault::FaultKind::{Denied, ServerError, Throttled};
    for kind in [Throttled, Denied, ServerError] {
        let mut fake = Fake::new(WEB);
        fake.fail("confirm", kind, usize::from(u8::MAX));
        fake.run(900);
        assert_eq!(fake.count("apply"), 0);
        assert!(fake.count("confirm") <= 16, "no hot loop: {}", fake.count("confirm"));
    }
}

#[test]
fn a_confirmation_out_of_the_past_is_not_repeated_hotly() {
    let mut fake = Fake::new(WEB);
    let past = fake.services.clone();
    fake.service("web").deployments[0].updated_at = crate::ecs::time::AwsTime(9999);
    fake.begin_writing();
    fake.past = Some(past);
    fake.run(9);
    assert_eq!(fake.count("apply"), 0);
    assert!(fake.count("confirm") <= 2, "{}", fake.take_log());
    fake.past = None;
    fake.run(60);
    assert_eq!(fake.count("apply"), 1);
}

#[test]
fn nothing_starts_after_stop_and_no_wake_is_wanted() {
    let mut fake = Fake::new(WEB);
    fake.begin_writing();
    fake.step(Event::Stop);
    let confirmed = fake.next_event();
    fake.step(confirmed);
    for _ in 0..3 {
        fake.step(Event::Tick);
    }
    assert_eq!(fake.pending(), Vec::<String>::new());
    assert_eq!(fake.engine.next_wake(), None);
    assert!(!fake.engine.is_writing());
}

#[test]
fn the_answer_to_a_write_in_flight_is_taken_in_after_stop() {
    let mut fake = Fake::new(WEB);
    fake.begin_writing();
    let confirmed = fake.next_event();
    fake.step(confirmed);
    fake.step(Event::Stop);
    assert!(fake.engine.is_writing());
    let applied = fake.next_event();
    fake.step(applied);
    assert!(!fake.engine.is_writing());
    assert_eq!(fake.pending(), Vec::<String>::new());
}

#[test]
fn a_new_process_is_quiet_until_answers_cannot_be_older_than_its_start() {
    let mut fake = Fake::new(WEB);
    fake.begin_writing();
    assert_eq!(fake.count("confirm") + fake.count("apply"), 0);
    fake.run(1);
    assert_eq!(fake.count("apply"), 1);
    fake.rollout = Duration::from_secs(2);
    fake.restart();
    fake.take_log();
    fake.run(300);
    assert_eq!(fake.count("apply"), 0, "what the first process did is seen by the second");
}

#[test]
fn questions_are_bounded_and_those_that_wait_wake_nobody() {
    let services = (0..50).map(|number| format!("s{number} mode=client-server"));
    let stage = "cluster prod default=internal.myapp".to_owned();
    let text = [stage].into_iter().chain(services).collect::<Vec<_>>().join("\n");
    let mut fake = Fake::new(&text);
    fake.step(Event::Tick);
    let swept = fake.next_event();
    fake.step(swept);
    let namespaces = fake.next_event();
    fake.step(namespaces);
    assert_eq!(fake.pending().len(), 16);
    let wake = fake.engine.next_wake().expect("something is due");
    assert!(wake > at(0), "34 questions wait for room, not for time");
    let answered = fake.next_event();
    fake.step(answered);
    assert_eq!(fake.pending().len(), 16, "one answered, one more asked");
}

#[test]
fn many_answers_that_come_together_make_few_plans() {
    let services = (0..200).map(|number| format!("s{number} mode=client-server"));
    let stage = "cluster prod default=internal.myapp".to_owned();
    let text = [stage].into_iter().chain(services).collect::<Vec<_>>().join("\n");
    let mut fake = Fake::new(&text);
    fake.run(1);
    assert!(fake.count("ask") > 400, "{}", fake.count("ask"));
    assert!(fake.engine.passes() < 10, "{}", fake.engine.passes());
    let pending = fake.engine.plan().questions().count();
    assert_eq!(pending, 0, "and every answer is in one");
}

#[test]
fn an_answer_does_not_wait_for_others_for_long() {
    let mut fake = Fake::new(
        "cluster prod default=internal.myapp
         a mode=client-server
         b mode=client-server",
    );
    fake.step(Event::Tick);
    for _ in 0..2 {
        let event = fake.next_event();
        fake.step(event);
    }
    let passes = fake.engine.passes();
    let answered = fake.next_event();
    fake.step(answered);
    assert_eq!(fake.engine.passes(), passes, "the other one may come any moment");
    let wake = fake.engine.next_wake().expect("a wake");
    assert_eq!(wake.since(fake.now), Duration::from_millis(100));
    fake.now = wake;
    fake.step(Event::Tick);
    assert_eq!(fake.engine.passes(), passes + 1);
}

#[test]
fn what_is_in_order_costs_one_sweep_a_minute_and_says_nothing() {
    let mut fake = Fake::new("web mode=client-server | in internal.myapp http/web@web:80");
    fake.run(3601);
    fake.take_log();
    fake.take_news();
    fake.run(3600);
    assert_eq!(fake.count("sweep"), 60);
    assert_eq!(fake.log.len(), 60 + 6, "and six looks at the namespaces");
    assert_eq!(fake.take_news(), "\n");
}

proptest! {
    #![proptest_config(crate::testing::cases(96))]

    /// Left alone, every world comes to rest: nothing is a step any more, and nothing is written again.
    #[test]
    fn every_world_comes_to_rest(world in generate::world()) {
        let mut fake = Fake::new(&world);
        // A name that another service had is free an hour after it went.
        fake.run(2 * 3600);
        let writes = fake.count("apply");
        fake.run(1200);
        prop_assert_eq!(fake.count("apply"), writes, "{}", fake.take_log());
        for (key, entry) in &fake.engine.plan().entries {
            prop_assert!(!matches!(entry.verdict, Verdict::Step { .. }), "{}", key);
        }
    }

    /// The same events give the same effects, whatever ran before in the process.
    #[test]
    fn one_history_gives_one_trace(world in generate::world()) {
        let trace = || {
            let mut fake = Fake::new(&world);
            fake.run(600);
            (fake.take_log(), fake.take_news())
        };
        prop_assert_eq!(trace(), trace());
    }

    /// Every write follows a confirmation of its target, with nothing between.
    #[test]
    fn every_write_follows_its_own_confirmation(world in generate::world()) {
        let stage = Stage::read(&world);
        let mut fake = Fake::new(&world);
        fake.run(1800);
        let log = fake.log.clone();
        for (at, line) in log.iter().enumerate().filter(|(_, line)| line.contains(" apply ")) {
            let target = line.rsplit(' ').next().unwrap_or_default();
            let confirmed = log[..at].iter().rev().any(|line| line.ends_with(&format!("confirm {target}")));
            prop_assert!(confirmed, "{}", line);
            let tags = &stage.services[&crate::testing::key(target)].tags;
            prop_assert!(tags.contains_key("eastwest/mode"), "{}", line);
        }
    }
}

#[test]
fn an_effect_that_could_not_be_carried_out_has_an_event_that_says_so() {
    use crate::view::reading::{Answer, Question};
    let fault = crate::testing::fault(crate::ecs::fault::FaultKind::Unreachable);
    let key = crate::testing::key("web");
    let ask = Question::History(key.clone());
    let Event::Answered(answer) = Effect::Ask(ask.clone()).failed(fault.clone()) else {
        panic!("a question is answered")
    };
    assert!(answer.answers(&ask) && !answer.succeeded());
    assert!(!Answer::Namespaces(crate::ecs::seen::Seen::Absent).answers(&ask));
    assert!(matches!(Effect::FindClusters.failed(fault.clone()), Event::ClustersFound(Err(_))));
    let refreshed = Effect::Refresh(key.cluster.clone(), [key.clone()].into()).failed(fault);
    assert!(matches!(refreshed, Event::Refreshed(_, services) if services.len() == 1));
}
