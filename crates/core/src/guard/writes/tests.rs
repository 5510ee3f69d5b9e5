//! The memory of our own writes.

use super::*;
use crate::testing::{at, key, read_connect, service};

fn off() -> Action {
    Action::Disconnect { service: key("web") }
}

fn on() -> Action {
    let connect = read_connect("in ns-internalmyapp").expect("a configuration");
    Action::Connect { service: key("web"), connect }
}

fn failed(kind: FaultKind) -> Result<Accepted, Fault> {
    Err(Fault::new(kind, "ecs.UpdateService", "no luck"))
}

fn accepted() -> Accepted {
    Accepted {
        deployment: crate::ecs::name::DeploymentId::as_read("ecs-svc/9"),
        created_at: AwsTime(900),
    }
}

/// What became of a write that ended so at second 100.
fn after(outcome: Result<Accepted, Fault>) -> Writes {
    let mut writes = Writes::default();
    writes.sent(&off());
    assert!(writes.unanswered() && writes.in_flight(&key("web")));
    writes.ended(&off(), outcome, Moment { timing: &Timing::default(), now: at(100) });
    assert!(!writes.unanswered());
    writes
}

fn reason(writes: &mut Writes, action: &Action, seconds: u64) -> &'static str {
    writes.expire(&Timing::default(), at(seconds));
    writes.hold(action, at(seconds)).map_or("-", |hold| hold.reason().name())
}

/// The same after a reading that shows nothing of the write.
fn reason_read(writes: &mut Writes, action: &Action, seconds: u64) -> &'static str {
    writes.observe(&service(&key("web"), 0), at(seconds));
    reason(writes, action, seconds)
}

#[test]
fn a_write_without_an_answer_holds_its_service() {
    let mut writes = Writes::default();
    writes.sent(&off());
    assert_eq!(reason(&mut writes, &on(), 9999), "Rolling");
    assert_eq!(writes.to_read_back().count(), 0);
}

#[test]
fn a_lost_answer_holds_the_service_until_any_answer_must_show_the_truth() {
    let kinds = [FaultKind::TimedOut, FaultKind::ServerError, FaultKind::Unreadable];
    for kind in kinds {
        let mut writes = after(failed(kind));
        assert!(writes.in_flight(&key("web")));
        assert_eq!(writes.to_read_back().count(), 1);
        assert_eq!(writes.next_due(at(100)), Some(at(110)));
        assert_eq!(reason_read(&mut writes, &off(), 109), "NotSeen");
        assert_eq!(reason_read(&mut writes, &on(), 109), "NotSeen");
        assert_eq!(reason_read(&mut writes, &off(), 110), "-");
        assert!(!writes.in_flight(&key("web")));
    }
}

#[test]
fn a_lost_answer_takes_up_budget_until_the_service_was_read_or_is_no_more() {
    let mut writes = after(failed(FaultKind::TimedOut));
    assert_eq!(reason(&mut writes, &off(), 110), "NotSeen");
    assert!(writes.in_flight(&key("web")), "nothing was read since");
    let stall = Timing::default().stall.as_secs();
    assert_eq!(reason(&mut writes.clone(), &off(), 109 + stall), "NotSeen");
    assert_eq!(reason(&mut writes.clone(), &off(), 110 + stall), "-", "nor is it ever");
    writes.is_gone(&key("web"), at(111));
    assert!(!writes.in_flight(&key("web")));
}

#[test]
fn a_write_whose_answers_are_lost_again_and_again_is_sent_more_and_more_rarely() {
    let (mut writes, mut now, mut waits) = (Writes::default(), 0, Vec::new());
    for _ in 0..9 {
        writes.sent(&off());
        writes.ended(
            &off(),
            failed(FaultKind::ServerError),
            Moment { timing: &Timing::default(), now: at(now) },
        );
        assert_eq!(reason_read(&mut writes, &off(), now + 9), "NotSeen");
        let waited = (10..=400).find(|wait| reason_read(&mut writes, &off(), now + wait) == "-");
        let waited = waited.expect("every wait ends");
        assert_eq!(reason(&mut writes, &on(), now + 10), "-", "another may leave at once");
        waits.push(waited);
        now += waited;
    }
    assert_eq!(waits, [10, 10, 10, 16, 32, 64, 128, 256, 300]);
}

#[test]
fn an_accepted_write_holds_its_service_until_its_deployment_is_seen() {
    let mut writes = after(Ok(accepted()));
    let mut seen = service(&key("web"), 0);
    writes.observe(&seen, at(120));
    assert_eq!(reason(&mut writes, &off(), 120), "Rolling");
    seen.deployments[0].id = accepted().deployment;
    writes.observe(&seen, at(120));
    assert_eq!(reason(&mut writes, &off(), 120), "-");
    assert!(!writes.in_flight(&key("web")));
}

#[test]
fn an_accepted_write_is_over_once_a_later_deployment_is_seen() {
    let mut writes = after(Ok(accepted()));
    let mut seen = service(&key("web"), 0);
    seen.deployments[0].created_at = AwsTime(900);
    writes.observe(&seen, at(120));
    assert_eq!(reason(&mut writes, &off(), 120), "Rolling");
    seen.deployments[0].created_at = AwsTime(901);
    writes.observe(&seen, at(120));
    assert_eq!(reason(&mut writes, &off(), 120), "-");
}

#[test]
fn an_accepted_write_whose_deployment_never_shows_is_given_up() {
    let mut writes = after(Ok(accepted()));
    assert_eq!(reason(&mut writes, &off(), 159), "Rolling");
    assert_eq!(reason(&mut writes, &off(), 160), "-");
}

#[test]
fn a_refused_write_is_not_repeated_soon_but_another_may_leave_at_once() {
    let mut writes = after(failed(FaultKind::Refused));
    assert_eq!(reason(&mut writes, &off(), 399), "Refused");
    assert_eq!(reason(&mut writes, &on(), 101), "-");
    assert_eq!(reason(&mut writes, &off(), 400), "-");
    assert!(!writes.in_flight(&key("web")), "nothing can have happened");
}

#[test]
fn failures_of_one_write_double_the_wait() {
    let mut writes = Writes::default();
    let mut waits = Vec::new();
    for _ in 0..9 {
        writes.sent(&off());
        writes.ended(
            &off(),
            failed(FaultKind::Throttled),
            Moment { timing: &Timing::default(), now: at(0) },
        );
        waits.push(writes.next_due(at(0)).map_or(0, |due| due.since_start.as_secs()));
    }
    assert_eq!(waits, [2, 4, 8, 16, 32, 64, 128, 256, 300]);
}

#[test]
fn another_write_or_a_success_ends_the_row_of_failures() {
    let mut writes = after(failed(FaultKind::Denied));
    assert!(writes.is_retry(&off()) && !writes.is_retry(&on()));
    writes.sent(&on());
    assert!(!writes.is_retry(&on()));
    writes.ended(
        &on(),
        failed(FaultKind::Denied),
        Moment { timing: &Timing::default(), now: at(200) },
    );
    assert_eq!(writes.next_due(at(200)), Some(at(202)));
    writes.sent(&on());
    assert!(writes.is_retry(&on()));
    writes.ended(&on(), Ok(accepted()), Moment { timing: &Timing::default(), now: at(300) });
    writes.sent(&on());
    writes.ended(
        &on(),
        failed(FaultKind::Denied),
        Moment { timing: &Timing::default(), now: at(400) },
    );
    assert_eq!(writes.next_due(at(400)), Some(at(402)));
}

#[test]
fn what_has_fallen_due_is_not_due_again() {
    let mut writes = after(failed(FaultKind::Denied));
    assert_eq!(writes.next_due(at(100)), Some(at(102)));
    writes.expire(&Timing::default(), at(103));
    assert_eq!(writes.next_due(at(103)), None, "a wake in the past would be a hot loop");
    assert!(writes.is_retry(&off()), "the row of failures is remembered");
}

#[test]
fn a_failure_that_nobody_repeats_is_forgotten() {
    let mut writes = after(failed(FaultKind::Denied));
    writes.expire(&Timing::default(), at(402));
    assert!(writes.is_retry(&off()));
    writes.expire(&Timing::default(), at(403));
    assert!(!writes.is_retry(&off()));
}
