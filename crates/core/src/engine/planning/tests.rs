//! When a plan is made again, what a breach does to it, and when it ends by itself.

use super::*;
use crate::testing::{Stage, at, key};

const WEB: &str = "cluster prod default=internal.myapp
    web mode=client-server";

/// A plan of this stage, made now.
fn planned(stage: &Stage) -> Planning {
    let mut planning = Planning::new(at(0));
    planning.note_change(true);
    assert_eq!(replan(&mut planning, stage), []);
    planning
}

fn replan(planning: &mut Planning, stage: &Stage) -> Vec<Breach> {
    planning.replan(&mut Memory::default(), &stage.view, &stage.settings, stage.now)
}

fn is_step(planning: &Planning) -> bool {
    planning.plan().steps().next().is_some()
}

#[test]
fn a_plan_is_made_again_only_after_a_change() {
    let mut stage = Stage::read(WEB);
    let mut planning = planned(&stage);
    assert_eq!((planning.passes(), planning.is_outdated()), (1, false));
    stage.view.clusters.clear();
    replan(&mut planning, &stage);
    assert_eq!((planning.passes(), planning.plan().entries.len()), (1, 1), "nothing was noted");
    planning.note_change(true);
    planning.note_change(false);
    assert!(planning.is_outdated(), "an event without a change does not undo one");
    replan(&mut planning, &stage);
    assert_eq!((planning.passes(), planning.plan().entries.len()), (2, 0));
}

#[test]
fn the_same_plan_is_guarded_again_as_of_each_moment() {
    let mut stage = Stage::read(
        "cluster prod default=internal.myapp
        web mode=client-server, pause=1970-01-01T02:00:00Z",
    );
    let mut planning = planned(&stage);
    assert!(!is_step(&planning), "it is paused");
    stage.now = at(7200);
    replan(&mut planning, &stage);
    assert!(is_step(&planning));
    assert_eq!(planning.passes(), 1);
}

#[test]
fn a_sweep_without_news_counts_as_a_pass() {
    let mut planning = Planning::new(at(0));
    planning.count_idle_sweep();
    assert_eq!((planning.passes(), planning.is_outdated()), (1, false));
}

#[test]
fn answers_wait_a_tenth_of_a_second_for_others() {
    let mut planning = planned(&Stage::read(WEB));
    let soon = at(3600).plus(ANSWERS_TOGETHER);
    assert!(planning.may_wait_for_answers(at(3600)));
    assert!(!planning.may_wait_for_answers(soon));
    assert_eq!(planning.answers_due(), None, "no answer waits");
    planning.note_change(true);
    assert_eq!(planning.answers_due(), Some(soon));
}

#[test]
fn a_plan_that_breaks_a_rule_has_no_step() {
    let mut stage = Stage::read(WEB);
    let mut planning = planned(&stage);
    assert!(is_step(&planning));
    // The service opted out, and the engine was not told to plan again.
    stage.retag("web", &std::collections::BTreeMap::new());
    let breaches = replan(&mut planning, &stage);
    assert_eq!(breaches.iter().map(|breach| &breach.service).collect::<Vec<_>>(), [&key("web")]);
    assert!(!is_step(&planning));
    let entry = &planning.plan().entries[&key("web")];
    assert!(matches!(entry.hold(), Some(Hold::Breach(_))), "{:?}", entry.hold());
}

#[test]
fn a_step_begins_once_and_only_with_the_action_that_was_confirmed() {
    let mut planning = planned(&Stage::read(WEB));
    let key = key("web");
    let (_, action) = planning.plan().steps().next().expect("a step");
    let action = action.clone();
    assert!(!planning.asks_for(&key, &Action::Disconnect { service: key.clone() }));
    assert!(planning.asks_for(&key, &action));
    assert_eq!(planning.begin(&key), Some(crate::testing::namespace("internal.myapp").id));
    assert!(!planning.asks_for(&key, &action));
    assert_eq!(planning.plan().entries[&key].hold(), Some(&Hold::Rolling));
}

#[test]
fn the_end_of_a_pause_wakes_the_engine() {
    let stage = Stage::read(
        "cluster prod default=internal.myapp
        web mode=client-server, pause=1970-01-01T02:00:00Z
        api mode=client-server, pause=1970-01-01T03:00:00Z",
    );
    let planning = planned(&stage);
    assert_eq!(planning.next_end(at(3600)), Some(at(7200)));
    assert_eq!(planned(&Stage::read(WEB)).next_end(at(3600)), None);
}

#[test]
fn the_end_of_a_truce_wakes_the_engine() {
    use crate::guard::truce::TRUCE;
    use crate::plan::contention::Contention;
    let mut stage = Stage::read(WEB);
    let mut planning = planned(&stage);
    assert_eq!(planning.next_truce_end(&stage.view), None);
    let entry = planning.plan.entries.get_mut(&key("web")).expect("an entry");
    let key = key("web");
    let (fields, tool) =
        (std::collections::BTreeSet::new(), stage.view.service(&key).expect("a service").tool);
    let contention = Contention { service: key.clone(), fields, reverts: 3, tool };
    entry.hold_step(Hold::Contended(Box::new(contention)));
    let cluster = stage.view.clusters.get_mut(&key.cluster).expect("a cluster");
    cluster.services.get_mut(&key).expect("a service").primary_since = Some(at(50));
    assert_eq!(planning.next_truce_end(&stage.view), Some(at(50).plus(TRUCE)));
}
