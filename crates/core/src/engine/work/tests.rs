//! Jobs that fall due, run, fail and come back; steps that are confirmed.

use std::time::Duration;

use super::*;
use crate::ecs::fault::FaultKind;
use crate::ecs::name::{NamespaceName, ParameterName};
use crate::ecs::namespace::NewNamespace;
use crate::plan::hold::{Frozen, Unseen};
use crate::testing::{Stage, at, fault, key};

fn questions(count: usize) -> BTreeSet<Question> {
    let name = |number| ParameterName::as_read(&format!("/p/{number:02}"));
    (0..count).map(|number| Question::Parameters(name(number))).collect()
}

/// Starts what is due under an empty plan.
fn start(work: &mut Work, seconds: u64) -> Vec<Effect> {
    work.start_due(Polls::default(), &Plan::default(), true, at(seconds))
}

/// A plan that lacks a namespace, held like this.
fn lacking(hold: Option<Hold>) -> Plan {
    let new = NewNamespace { name: NamespaceName::as_read("internal.myapp"), vpc: None };
    let missing = Missing { prerequisite: Prerequisite::Namespace(new), hold, note: None };
    Plan { missing: vec![missing], ..Plan::default() }
}

#[test]
fn sixteen_questions_run_at_once_and_the_others_wait_for_them_not_for_time() {
    let mut work = Work::default();
    work.ask(questions(20), &Timing::default(), at(0));
    assert_eq!(start(&mut work, 0).len(), QUESTIONS_AT_ONCE);
    assert_eq!((work.questions_running(), work.depth()), (16, 20));
    assert_eq!(work.next_due(), None, "no time makes room");
    let first = questions(1).pop_first().expect("a question");
    work.answered(&first.failed(fault(FaultKind::Throttled)));
    assert_eq!(work.next_due(), Some(at(0)));
    assert_eq!(start(&mut work, 0).len(), 1);
}

#[test]
fn two_clusters_are_swept_at_once_and_the_next_one_when_either_has_ended() {
    let mut work = Work::default();
    let clusters = ["a/x", "b/x", "c/x"].map(|service| key(service).cluster);
    for cluster in &clusters {
        work.push(Job::Sweep(cluster.clone()), at(0));
    }
    let [a, b, c] = clusters.map(Effect::Sweep);
    assert_eq!(start(&mut work, 0), [a, b.clone()]);
    assert_eq!(work.next_due(), None, "no time makes room");
    let Effect::Sweep(cluster) = b else { panic!("{b:?}") };
    work.ended(&Job::Sweep(cluster), true);
    assert_eq!(work.next_due(), Some(at(0)));
    assert_eq!(start(&mut work, 30), [c]);
}

#[test]
fn no_cluster_is_swept_again_beside_a_first_sweep() {
    let mut work = Work::default();
    let [again, first] = ["a/x", "b/x"].map(|service| key(service).cluster);
    work.push(Job::Sweep(again.clone()), at(0));
    start(&mut work, 0);
    work.push(Job::Sweep(first.clone()), at(1));
    start(&mut work, 1);
    for _ in 0..2 {
        work.ended(&Job::Sweep(again.clone()), true);
        work.take_sweep(&again);
        work.push(Job::Sweep(again.clone()), at(2));
        assert_eq!((work.next_due(), start(&mut work, 9)), (None, vec![]), "the first one runs");
    }
    work.ended(&Job::Sweep(first.clone()), true);
    work.take_sweep(&first);
    assert_eq!(work.next_due(), Some(at(2)));
    assert_eq!(start(&mut work, 9), [Effect::Sweep(again)]);
}

#[test]
fn a_sweep_starts_although_all_questions_run() {
    let mut work = Work::default();
    work.ask(questions(20), &Timing::default(), at(0));
    start(&mut work, 0);
    let cluster = key("web").cluster;
    work.push(Job::Sweep(cluster.clone()), at(5));
    assert_eq!(work.next_due(), Some(at(5)));
    assert_eq!(start(&mut work, 5), [Effect::Sweep(cluster.clone())]);
    assert_eq!(work.take_sweep(&cluster), Some(at(5)), "it began then");
    assert_eq!(work.take_sweep(&cluster), None);
}

#[test]
fn a_question_that_failed_waits_and_one_that_was_answered_does_not() {
    use crate::ecs::seen::Seen;
    let timing = Timing::default();
    let mut work = Work::default();
    let namespaces = BTreeSet::from([Question::Namespaces]);
    let mut waits = Vec::new();
    for seen in [Seen::Unknown(fault(FaultKind::Throttled)), Seen::Known(Vec::new())] {
        work.ask(namespaces.clone(), &timing, at(0));
        start(&mut work, 60);
        work.answered(&Answer::Namespaces(seen));
        work.ask(namespaces.clone(), &timing, at(100));
        waits.push(work.next_due());
        start(&mut work, 200);
    }
    assert_eq!(waits, [Some(at(102)), Some(at(100))]);
}

#[test]
fn a_failing_sweep_comes_back_later_and_later_but_no_later_than_a_good_one() {
    let timing = Timing::default();
    let mut work = Work::default();
    let sweep = Job::Sweep(key("web").cluster);
    assert!(!work.is_failing(&sweep));
    let retry = |work: &mut Work| {
        work.ended(&sweep, false);
        work.retry_at(&sweep, &timing, at(0)).since_start.as_secs()
    };
    let waits: Vec<u64> = (0..7).map(|_| retry(&mut work)).collect();
    assert_eq!(waits, [2, 4, 8, 16, 32, 60, 60]);
    assert!(work.is_failing(&sweep));
}

#[test]
fn a_prerequisite_is_made_unless_it_is_held_and_again_after_a_failure() {
    let timing = Timing::default();
    let depth = |hold| {
        let mut work = Work::default();
        work.make(&lacking(hold), &timing, at(0));
        work.depth()
    };
    assert_eq!(depth(None), 1);
    assert_eq!(depth(Some(Hold::Refused(fault(FaultKind::Denied)))), 1);
    assert_eq!(depth(Some(Hold::Frozen(Frozen::Document))), 0);
    assert_eq!(depth(Some(Hold::NotSeen(Unseen::JustMade))), 0);
}

#[test]
fn a_prerequisite_that_is_held_when_it_falls_due_is_not_made() {
    let mut work = Work::default();
    work.make(&lacking(None), &Timing::default(), at(0));
    let held = lacking(Some(Hold::Frozen(Frozen::Document)));
    assert_eq!(work.start_due(Polls::default(), &held, true, at(0)), []);
    assert_eq!((work.is_making(), work.depth()), (false, 0));
    work.make(&lacking(None), &Timing::default(), at(1));
    let effects = work.start_due(Polls::default(), &lacking(None), true, at(1));
    assert!(matches!(effects[..], [Effect::Make(_)]), "{effects:?}");
    assert!(work.is_making());
}

#[test]
fn a_poll_names_the_services_of_the_moment_and_ends_where_none_is_left() {
    use crate::guard::writes::Writes;
    let key = key("web");
    let polls =
        || Polls::new(&Writes::default(), &Plan::default(), [].into_iter(), [&key].into_iter());
    let mut work = Work::default();
    work.poll(&polls(), at(10));
    let refresh = Effect::Refresh(key.cluster.clone(), [key.clone()].into());
    assert_eq!(work.start_due(polls(), &Plan::default(), true, at(9)), []);
    assert_eq!(work.start_due(polls(), &Plan::default(), true, at(10)), [refresh]);
    work.ended(&Job::Poll(key.cluster.clone()), true);
    work.poll(&polls(), at(20));
    assert_eq!(start(&mut work, 20), []);
    assert_eq!(work.depth(), 0);
}

#[test]
fn a_step_is_confirmed_once_and_keeps_what_it_was_and_since_when() {
    let plan = Stage::read(
        "cluster prod default=internal.myapp
        web mode=client-server",
    )
    .plan();
    let (_, action) = plan.steps().next().expect("a step");
    let mut work = Work::default();
    assert_eq!(work.confirm(&plan, at(3)), [Effect::Confirm(key("web"))]);
    assert_eq!(work.confirm(&plan, at(4)), []);
    assert!(work.is_confirming());
    let confirming = Confirming { action: action.clone(), since: at(3) };
    assert_eq!(work.take_confirming(&key("web")), Some(confirming));
    assert!(!work.is_confirming());
}

#[test]
fn to_start_again_is_to_confirm_nothing_and_to_sweep_everything() {
    let plan = Stage::read("web mode=off | in internal.myapp").plan();
    let mut work = Work::default();
    work.confirm(&plan, at(0));
    let cluster = key("web").cluster;
    work.push(Job::Sweep(cluster.clone()), at(60));
    work.start_again([&cluster].into_iter(), at(9));
    assert!(!work.is_confirming());
    assert_eq!(work.next_due(), Some(at(0).plus(Duration::from_secs(9))));
}
