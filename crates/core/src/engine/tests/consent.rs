//! Much at once: what waits for somebody's consent, and rollouts that go in waves.

use expect_test::{Expect, expect};

use crate::engine::effect::Event;
use crate::plan::consent::PlanId;
use crate::testing::fake::Fake;

/// So many services that want to be connected, and what else there is.
fn crowd(count: usize, more: &str) -> Fake {
    let services = (10..10 + count).map(|number| format!("s{number} mode=client"));
    let text: Vec<String> = services.collect();
    Fake::new(&format!("cluster prod default=internal.myapp\n{more}\n{}", text.join("\n")))
}

/// The ids that wait for consent.
fn waiting(fake: &Fake) -> Vec<PlanId> {
    fake.engine.plan().awaiting_consent().into_keys().cloned().collect()
}

fn acknowledge(fake: &mut Fake) {
    let id = waiting(fake).pop().expect("something waits");
    fake.step(Event::Acknowledged(id));
}

fn check_applied(fake: &Fake, expected: &Expect) {
    let applied = fake.log.iter().filter(|line| line.contains(" apply "));
    expected.assert_eq(&applied.cloned().collect::<Vec<_>>().join("\n"));
}

#[test]
fn ten_go_by_themselves_and_eleven_wait() {
    let mut ten = crowd(10, "");
    ten.run(1000);
    assert_eq!(ten.count("apply"), 10);
    let mut eleven = crowd(11, "");
    eleven.run(1000);
    assert_eq!(eleven.count("apply") + eleven.count("confirm"), 0);
    assert!(eleven.engine.is_settled(), "only a person can go on");
}

#[test]
fn what_was_acknowledged_goes_on_to_its_end() {
    let mut fake = crowd(12, "");
    fake.run(20);
    acknowledge(&mut fake);
    assert_eq!(fake.pending(), ["confirm prod/s10"], "it begins at once");
    assert!(!fake.engine.is_settled());
    fake.run(1000);
    assert_eq!(fake.count("apply"), 12, "fewer than all remain and none waits again");
    assert!(fake.engine.is_settled());
    assert_eq!(fake.engine.acks().unmet().count(), 0);
}

#[test]
fn what_comes_later_is_counted_anew() {
    let mut fake = crowd(24, "");
    for number in 22..34 {
        fake.tag(&format!("s{number}"), "-");
    }
    fake.run(20);
    acknowledge(&mut fake);
    fake.run(60);
    let before = fake.count("apply");
    for number in 22..34 {
        fake.tag(&format!("s{number}"), "mode=client");
    }
    fake.run(2000);
    assert!((2..12).contains(&before), "{before}");
    assert_eq!(fake.count("apply"), 12, "the twelve that were acknowledged");
    acknowledge(&mut fake);
    fake.run(2000);
    assert_eq!(fake.count("apply"), 24);
}

#[test]
fn an_id_stands_for_what_it_was_made_from_and_for_nothing_else() {
    let mut fake = crowd(12, "");
    fake.run(20);
    let old = waiting(&fake).pop().expect("something waits");
    fake.tag("s10", "mode=client-server");
    fake.run(120);
    assert!(!waiting(&fake).contains(&old));
    fake.step(Event::Acknowledged(old.clone()));
    fake.run(120);
    assert_eq!(fake.count("apply"), 0);
    assert!(fake.engine.acks().unmet().any(|unmet| *unmet == old));
}

#[test]
fn a_restart_forgets_consent_and_has_the_same_id() {
    let mut fake = crowd(12, "");
    fake.run(20);
    let before = waiting(&fake);
    let whole = fake.engine.plan().id();
    fake.restart();
    fake.run(20);
    assert_eq!((waiting(&fake), fake.engine.plan().id()), (before, whole.clone()));
    fake.step(Event::Acknowledged(whole));
    fake.run(1000);
    assert_eq!(fake.count("apply"), 12, "the whole plan's id will do");
}

#[test]
fn one_that_cannot_be_read_for_a_while_stays_acknowledged() {
    let mut fake = crowd(12, "");
    fake.run(20);
    acknowledge(&mut fake);
    (10..22).for_each(|number| fake.unreadable(&format!("s{number}")));
    fake.run(300);
    assert_eq!(fake.count("apply"), 0);
    (10..22).for_each(|number| fake.readable(&format!("s{number}")));
    fake.run(1000);
    assert_eq!(fake.count("apply"), 12);
}

#[test]
fn what_comes_out_first_does_not_slip_through_before_the_rest_is_counted() {
    let mut fake = crowd(40, "");
    fake.run(9);
    (10..50).for_each(|number| fake.tag(&format!("s{number}"), "-"));
    fake.fail("ask", crate::ecs::fault::FaultKind::Throttled, 30);
    fake.run(100);
    (10..50).for_each(|number| fake.tag(&format!("s{number}"), "mode=client"));
    fake.run(600);
    assert_eq!(fake.count("apply"), 0, "{}", fake.take_log());
}

/// Six clients and room for three at once.
fn wave(fails: &str) -> Fake {
    let mut fake = crowd(6, "budget 3 3");
    if !fails.is_empty() {
        fake.rollback(fails);
    }
    fake
}

#[test]
fn a_wave_begins_with_one() {
    let mut fake = wave("");
    fake.run(1000);
    check_applied(
        &fake,
        &expect![[r#"
        10 apply connect prod/s10
        40 apply connect prod/s11
        40 apply connect prod/s12
        40 apply connect prod/s13
        70 apply connect prod/s14
        70 apply connect prod/s15"#]],
    );
}

#[test]
fn a_first_one_that_fails_stops_the_others_for_a_while() {
    let mut fake = wave("s10");
    fake.run(1000);
    check_applied(
        &fake,
        &expect![[r#"
        10 apply connect prod/s10
        340 apply connect prod/s11
        370 apply connect prod/s12
        370 apply connect prod/s13
        370 apply connect prod/s14
        400 apply connect prod/s15"#]],
    );
}

#[test]
fn a_later_one_that_fails_stops_the_rest_and_the_next_wave_begins_with_one() {
    let mut fake = wave("s12");
    fake.run(1000);
    check_applied(
        &fake,
        &expect![[r#"
        10 apply connect prod/s10
        40 apply connect prod/s11
        40 apply connect prod/s12
        40 apply connect prod/s13
        370 apply connect prod/s14
        400 apply connect prod/s15"#]],
    );
}

#[test]
fn a_stopped_wave_says_who_failed_and_when_it_goes_on() {
    let mut fake = wave("s10");
    fake.run(100);
    let holds = fake.engine.plan().holds();
    let held = holds.map(|(key, hold)| format!("{key} {}: {hold}\n", hold.reason()));
    expect![[r#"
        prod/s10 RolledBack: exactly this configuration failed before (ROLLBACK_SUCCESSFUL: tasks failed to start)
        prod/s11 Budget: the rollout of prod/s10 failed and stopped the wave in namespace internal.myapp: the next wave starts with one rollout at 1970-01-01T00:05:40Z
        prod/s12 Budget: the rollout of prod/s10 failed and stopped the wave in namespace internal.myapp: the next wave starts with one rollout at 1970-01-01T00:05:40Z
        prod/s13 Budget: the rollout of prod/s10 failed and stopped the wave in namespace internal.myapp: the next wave starts with one rollout at 1970-01-01T00:05:40Z
        prod/s14 Budget: the rollout of prod/s10 failed and stopped the wave in namespace internal.myapp: the next wave starts with one rollout at 1970-01-01T00:05:40Z
        prod/s15 Budget: the rollout of prod/s10 failed and stopped the wave in namespace internal.myapp: the next wave starts with one rollout at 1970-01-01T00:05:40Z
    "#]].assert_eq(&held.collect::<String>());
    assert!(!fake.engine.is_settled(), "it goes on by itself");
}

#[test]
fn what_something_else_held_when_a_wave_was_stopped_waits_like_the_others() {
    let mut fake = wave("s10");
    (11..16).for_each(|number| fake.tag(&format!("s{number}"), "mode=client, pause=true"));
    fake.run(100);
    (11..16).for_each(|number| fake.tag(&format!("s{number}"), "mode=client"));
    fake.run(200);
    assert_eq!(fake.count("apply"), 1, "{}", fake.take_log());
    fake.run(200);
    assert!(fake.count("apply") > 1);
}

#[test]
fn a_first_one_that_stalls_holds_the_others_no_longer() {
    let mut fake = wave("");
    fake.run(11);
    assert_eq!(fake.count("apply"), 1);
    fake.rollout = std::time::Duration::from_hours(10);
    fake.run(1700);
    let before = fake.count("apply");
    fake.run(200);
    assert_eq!((before, fake.count("apply")), (1, 2), "the next goes first");
}

#[test]
fn somebody_elses_rollout_in_place_of_ours_says_nothing() {
    let mut fake = wave("");
    fake.rollout = std::time::Duration::from_mins(2);
    fake.run(60);
    assert_eq!(fake.count("apply"), 1);
    fake.redeploy("s10");
    fake.run(60);
    assert_eq!(fake.count("apply"), 2, "the next is the first of a wave");
}

#[test]
fn a_restart_begins_a_wave_anew() {
    let mut fake = wave("");
    fake.run(50);
    assert_eq!(fake.count("apply"), 4);
    fake.restart();
    fake.run(40);
    assert_eq!(fake.count("apply"), 5, "one first: {}", fake.take_log());
    fake.run(300);
    assert_eq!(fake.count("apply"), 6);
    assert!(fake.engine.is_settled());
}
