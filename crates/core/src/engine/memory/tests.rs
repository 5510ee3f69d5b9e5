//! Writes, their waves and consent, as one.

use std::time::Duration;

use super::*;
use crate::ecs::fault::FaultKind;
use crate::ecs::name::DeploymentId;
use crate::ecs::namespace::Namespace;
use crate::ecs::service::Rollout;
use crate::ecs::time::AwsTime;
use crate::plan::hold::Hold;
use crate::testing::{Stage, at, fault, key, namespace};

fn internal() -> Namespace {
    namespace("internal.myapp")
}

fn disconnect() -> Action {
    Action::Disconnect { service: key("web") }
}

/// A memory whose write to the service web had this answer.
fn answered(outcome: Result<Accepted, Fault>) -> Memory {
    let mut memory = Memory::default();
    memory.sent(&disconnect(), Some(internal().id), at(0));
    memory.answered(&disconnect(), outcome, &Timing::default(), at(1));
    memory
}

fn accepted() -> Accepted {
    Accepted { deployment: DeploymentId::as_read("ecs-svc/1"), created_at: AwsTime(0) }
}

/// The first rollout of the namespace's wave.
fn first(memory: &Memory) -> Option<&ServiceKey> {
    memory.waves.first(&internal().id)
}

fn begun(memory: &Memory) -> usize {
    memory.writes.begun().count()
}

#[test]
fn a_write_that_leaves_is_in_flight_counts_in_its_namespace_and_is_first_of_a_wave() {
    let mut memory = Memory::default();
    memory.sent(&disconnect(), Some(internal().id), at(0));
    let namespaces =
        memory.writes.begun().map(|(key, namespace)| (key.clone(), namespace.cloned()));
    assert_eq!(namespaces.collect::<Vec<_>>(), [(key("web"), Some(internal().id))]);
    assert!(memory.writes().in_flight(&key("web")));
    assert_eq!(first(&memory), Some(&key("web")));
}

#[test]
fn a_refused_write_leaves_both_the_wave_and_the_budget() {
    let refused = answered(Err(fault(FaultKind::Refused)));
    assert_eq!((first(&refused), begun(&refused)), (None, 0));
    let lost = answered(Err(fault(FaultKind::TimedOut)));
    assert_eq!((first(&lost), begun(&lost)), (Some(&key("web")), 1), "it may roll");
}

#[test]
fn a_reading_settles_an_accepted_write_and_its_wave() {
    let mut memory = answered(Ok(accepted()));
    let stage = Stage::read("web mode=off");
    memory.read_back(&stage.view, at(2));
    assert!(!memory.writes.in_flight(&key("web")), "its deployment is there");
    memory.observe(&stage.view, &Timing::default(), at(2));
    assert_eq!(first(&memory), None, "one has completed: the others need not wait");
}

#[test]
fn an_unreadable_service_settles_nothing() {
    let mut memory = answered(Ok(accepted()));
    let stage = Stage::read("web mode=off | off | http=80 | unread");
    memory.read_back(&stage.view, at(2));
    assert!(memory.writes.in_flight(&key("web")));
}

#[test]
fn a_service_that_is_gone_takes_up_no_budget_once_its_write_is_lost() {
    let mut memory = answered(Err(fault(FaultKind::TimedOut)));
    let view = Stage::read("").view;
    memory.read_back(&view, at(5));
    assert_eq!(begun(&memory), 1, "no answer must show the truth yet");
    memory.read_back(&view, at(11));
    assert_eq!(begun(&memory), 0);
}

#[test]
fn a_rollout_that_failed_stops_its_wave_until_a_time_that_wakes_the_engine() {
    let mut memory = answered(Ok(accepted()));
    let mut stage = Stage::read("web mode=off");
    stage.change(&key("web"), |service| service.deployments[0].rollout = Rollout::Failed);
    memory.read_back(&stage.view, at(2));
    let timing = Timing::default();
    memory.observe(&stage.view, &timing, at(2));
    assert!(matches!(memory.waves.stopped(&internal()), Some(Hold::Budget(_))));
    let until = at(2).plus(timing.backoff_max);
    assert_eq!(memory.next_due(&timing, at(2)), Some(until));
    memory.observe(&stage.view, &timing, until);
    assert_eq!(memory.waves.stopped(&internal()), None);
}

#[test]
fn a_wave_ends_with_the_plan_that_has_nothing_left_of_it() {
    let mut memory = answered(Ok(accepted()));
    let stage = Stage::read("web mode=off");
    memory.read_back(&stage.view, at(2));
    memory.observe(&stage.view, &Timing::default(), at(2));
    assert!(!memory.waves.begins_with_one(&internal().id));
    memory.take_in_guarded(&Plan::default(), at(100));
    assert!(memory.waves.begins_with_one(&internal().id), "the next wave begins with one");
}

#[test]
fn time_settles_what_was_made_and_does_not_show() {
    let mut memory = Memory::default();
    let timing = Timing::default();
    let new = crate::ecs::namespace::NewNamespace { name: internal().name, vpc: None };
    let prerequisite = Prerequisite::Namespace(new);
    memory.made(prerequisite.clone(), Ok(()), &timing, at(0));
    assert!(memory.writes.hold_making(&prerequisite).is_some());
    let until = at(0).plus(Duration::from_mins(1));
    assert_eq!(memory.next_due(&timing, at(0)), Some(until));
    memory.observe(&View::default(), &timing, until);
    assert!(memory.writes.hold_making(&prerequisite).is_none());
}

#[test]
fn consent_is_redeemed_by_the_plan_it_names_and_forgotten_with_its_changes() {
    let services = (0..12).map(|number| format!("s{number} mode=off | in internal.myapp\n"));
    let stage = Stage::read(&services.collect::<String>());
    let plan = stage.plan();
    let mut memory = Memory::default();
    memory.acknowledge(plan.id());
    let redeem = |memory: &mut Memory, plan: &Plan| {
        memory.take_in_wanted(plan, &stage.view, &stage.settings, stage.now);
        memory.acks().unmet().count()
    };
    assert_eq!(redeem(&mut memory, &Plan::default()), 1, "another plan is not meant");
    assert_eq!(redeem(&mut memory, &plan), 0);
    let (key, action) = plan.steps().next().expect("a step");
    let held = |memory: &Memory| {
        let input = memory.guard_input(&stage.view, &stage.settings, stage.now);
        Brake::new(&plan, &input).hold(key)
    };
    assert_eq!(held(&memory), None, "a person agreed to {action:?}");
    redeem(&mut memory, &Plan::default());
    assert!(matches!(held(&memory), Some(Hold::MassChange(_))), "{:?}", held(&memory));
}
