//! One lease in stories: processes, a table of one item, and a clock.

use std::collections::VecDeque;

use super::*;
use crate::ecs::fault::FaultKind;
use crate::ecs::lease::LeaseMember;
use crate::ecs::name::ClusterName;
use crate::ecs::service_key::Scope;
use LeaseOutcome::{Differs, Written};

/// A clock in tenths of a second.
fn at(tenths: u64) -> Now {
    let start = Now { since_start: Duration::ZERO, calendar: jiff::Timestamp::UNIX_EPOCH };
    start.plus(Duration::from_millis(tenths * 100))
}

fn settings(name: &str) -> LeaseSettings {
    LeaseSettings {
        holder: "eastwest".to_owned(),
        session: name.to_owned(),
        duration: Duration::from_secs(15),
    }
}

fn key() -> LeaseKey {
    LeaseKey::of(&Scope::default(), &ClusterName::as_read("prod"))
}

fn fault(kind: FaultKind) -> Fault {
    Fault::new(kind, "dynamodb.PutItem", "no luck")
}

/// A table of one item.
#[derive(Default)]
struct Table {
    item: Option<LeaseItem>,
    /// Writes that were sent and not carried out.
    late: VecDeque<LeaseWrite>,
}

impl Table {
    fn put(&mut self, write: &LeaseWrite) -> LeaseOutcome {
        if self.item != write.expected {
            return Differs(self.item.clone());
        }
        self.item = Some(write.item.clone());
        Written
    }

    fn carry_out_late(&mut self) -> LeaseOutcome {
        let write = self.late.pop_front().expect("a write is late");
        self.put(&write)
    }

    fn record(&self) -> LeaseRecord {
        self.item.as_ref().expect("an item").read().expect("a good one")
    }
}

/// How the calls of a process end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Luck {
    Good,
    /// It takes effect and the answer is lost.
    AnswerLost,
    /// It is refused.
    Fails(FaultKind),
    /// The answer is lost, and it takes effect later.
    Late,
}

/// A process that competes for one lease.
struct Process {
    lease: Lease,
    settings: LeaseSettings,
    course: Course,
    luck: Luck,
    changes: Vec<String>,
}

impl Process {
    fn new(name: &str, tenths: u64) -> Self {
        let (lease, settings) = (Lease::new(key(), at(tenths)), settings(name));
        Self { lease, settings, course: Course::Compete, luck: Luck::Good, changes: Vec::new() }
    }

    /// Does what is due.
    fn run(&mut self, table: &mut Table, tenths: u64) {
        let now = at(tenths);
        if self.course == Course::GiveUp {
            self.lease.give_up();
        }
        let change = self.lease.pass_time(&self.settings, now);
        self.note(tenths, change.as_slice());
        while let Some(call) = self.lease.start_call(&self.settings, self.course, now) {
            let change = self.carry_out(call, table, now);
            self.note(tenths, &change);
        }
    }

    fn carry_out(&mut self, call: LeaseCall, table: &mut Table, now: Now) -> Vec<LeaseChange> {
        let Self { lease, settings, .. } = self;
        let lost = fault(FaultKind::TimedOut);
        match (call, self.luck) {
            (LeaseCall::Read(_), Luck::Fails(kind)) => lease.read(settings, Err(fault(kind)), now),
            (LeaseCall::Read(_), _) => lease.read(settings, Ok(table.item.clone()), now),
            (LeaseCall::Write(write), Luck::Good) => {
                lease.written(settings, Ok(table.put(&write)), now)
            }
            (LeaseCall::Write(_), Luck::Fails(kind)) => {
                lease.written(settings, Err(fault(kind)), now)
            }
            (LeaseCall::Write(write), Luck::AnswerLost) => {
                table.put(&write);
                lease.written(settings, Err(lost), now)
            }
            (LeaseCall::Write(write), Luck::Late) => {
                table.late.push_back(*write);
                lease.written(settings, Err(lost), now)
            }
        }
    }

    fn note(&mut self, tenths: u64, changes: &[LeaseChange]) {
        self.changes.extend(changes.iter().map(|change| format!("{tenths} {change:?}")));
    }

    fn may_write(&self, tenths: u64) -> bool {
        self.lease.may_write(&self.settings, at(tenths))
    }

    fn take_changes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.changes)
    }
}

/// Runs these processes over some tenths of seconds.
fn run(processes: &mut [&mut Process], table: &mut Table, tenths: std::ops::Range<u64>) {
    for tenth in tenths {
        for process in &mut *processes {
            process.run(table, tenth);
        }
    }
}

/// A table in which this process leads and has renewed at 45.0 s.
fn led_by(name: &str) -> (Process, Table) {
    let (mut process, mut table) = (Process::new(name, 0), Table::default());
    run(&mut [&mut process], &mut table, 0..451);
    assert_eq!(process.take_changes(), ["0 Taken { epoch: 1 }"]);
    assert_eq!(process.lease.own.as_ref().map(|own| own.sent_at), Some(at(450)));
    (process, table)
}

/// The same with a process that watches.
fn watched() -> (Process, Process, Table) {
    let (mut one, mut table) = led_by("one");
    let mut two = Process::new("two", 451);
    run(&mut [&mut one, &mut two], &mut table, 451..651);
    let seen = r#"451 Seen { holder: "eastwest", epoch: 1 }"#;
    assert_eq!(two.take_changes(), [seen], "its renewals are no news");
    (one, two, table)
}

#[test]
fn a_free_lease_is_taken_at_once_and_written_under_after_a_whole_duration() {
    let (mut process, mut table) = (Process::new("one", 0), Table::default());
    run(&mut [&mut process], &mut table, 0..151);
    assert_eq!(process.changes, ["0 Taken { epoch: 1 }"]);
    assert!(!process.may_write(149) && process.may_write(150));
}

#[test]
fn a_lease_is_renewed_every_third_of_its_duration() {
    let (mut process, mut table) = led_by("one");
    let renewal = table.record().renewal;
    run(&mut [&mut process], &mut table, 451..500);
    assert_eq!(table.record().renewal, renewal);
    run(&mut [&mut process], &mut table, 500..501);
    assert_eq!(table.record().renewal, renewal + 1);
}

#[test]
fn a_killed_holder_is_followed_within_the_duration_and_two_seconds() {
    let (_killed, mut two, mut table) = watched();
    let last_renewal = 650;
    run(&mut [&mut two], &mut table, 651..900);
    let taken = two.take_changes();
    let [taken] = &taken[..] else { panic!("{taken:?}") };
    let (tenth, what) = taken.split_once(' ').expect("a time");
    let tenth: u64 = tenth.parse().expect("a time");
    assert_eq!(what, "Taken { epoch: 2 }");
    assert!((last_renewal + 150..=last_renewal + 170).contains(&tenth), "{tenth}");
    assert!(two.may_write(tenth), "it saw the lease expire");
}

#[test]
fn a_holder_that_cannot_renew_stops_after_sixty_percent_and_goes_on_if_the_table_is_back() {
    let (mut one, mut table) = led_by("one");
    one.luck = Luck::Fails(FaultKind::Throttled);
    run(&mut [&mut one], &mut table, 451..560);
    assert!(one.may_write(539) && !one.may_write(540));
    assert_eq!(one.lease.trouble().map(|fault| fault.kind), Some(FaultKind::Throttled));
    one.luck = Luck::Good;
    run(&mut [&mut one], &mut table, 560..590);
    assert!(one.may_write(590), "nobody else has led meanwhile");
    assert_eq!(one.lease.trouble(), None);
    assert_eq!(one.take_changes(), Vec::<String>::new());
}

#[test]
fn a_holder_that_could_not_renew_for_the_whole_duration_has_nothing_and_begins_again() {
    let (mut one, mut table) = led_by("one");
    one.luck = Luck::Fails(FaultKind::Unreachable);
    run(&mut [&mut one], &mut table, 451..700);
    assert_eq!(one.take_changes(), ["600 Lapsed"]);
    one.luck = Luck::Good;
    run(&mut [&mut one], &mut table, 700..1000);
    let taken = one.take_changes();
    assert_eq!(taken.len(), 1, "{taken:?}");
    assert!(taken[0].ends_with("Taken { epoch: 2 }"), "{taken:?}");
    let tenth: u64 = taken[0].split(' ').next().and_then(|at| at.parse().ok()).expect("a time");
    assert!(!one.may_write(tenth + 140), "it did not look for too long to know who led meanwhile");
}

#[test]
fn a_renewal_that_failed_but_took_effect_is_a_success_as_of_its_sending() {
    let (mut one, mut table) = led_by("one");
    one.luck = Luck::AnswerLost;
    run(&mut [&mut one], &mut table, 451..501);
    one.luck = Luck::Good;
    run(&mut [&mut one], &mut table, 501..540);
    assert_eq!(one.take_changes(), Vec::<String>::new());
    assert!(one.may_write(580), "renewed at 50.0 s and again");
    assert_eq!(table.record().epoch, 1);
}

#[test]
fn a_taking_whose_answer_was_lost_is_found_by_the_next_read() {
    let (_killed, mut two, mut table) = watched();
    two.luck = Luck::AnswerLost;
    run(&mut [&mut two], &mut table, 651..860);
    let changes = two.take_changes();
    assert!(changes[0].ends_with("Taken { epoch: 2 }"), "{changes:?}");
}

#[test]
fn a_late_renewal_does_not_revive_a_lease_that_was_given_up() {
    let (mut one, mut table) = led_by("one");
    one.luck = Luck::Late;
    run(&mut [&mut one], &mut table, 451..510);
    (one.luck, one.course) = (Luck::Good, Course::GiveUp);
    run(&mut [&mut one], &mut table, 510..540);
    let changes = one.take_changes();
    assert!(changes.len() == 1 && changes[0].ends_with("Released"), "{changes:?}");
    assert!(table.record().is_released());
    assert!(matches!(table.carry_out_late(), Differs(_)));
    assert!(table.record().is_released() && !one.may_write(541));
}

#[test]
fn a_late_renewal_that_lands_before_the_release_is_released_too() {
    let (mut one, mut table) = led_by("one");
    one.luck = Luck::Late;
    run(&mut [&mut one], &mut table, 451..510);
    assert_eq!(table.carry_out_late(), Written);
    (one.luck, one.course) = (Luck::Good, Course::GiveUp);
    run(&mut [&mut one], &mut table, 510..540);
    assert!(table.record().is_released());
}

#[test]
fn a_lease_that_was_given_up_is_taken_by_who_watches_at_its_next_read() {
    let (mut one, mut two, mut table) = watched();
    one.course = Course::GiveUp;
    run(&mut [&mut one, &mut two], &mut table, 651..680);
    assert_eq!(one.take_changes()[0], "651 Released");
    let changes = two.take_changes();
    assert!(changes.last().is_some_and(|last| last.ends_with("Taken { epoch: 2 }")), "{changes:?}");
    assert!(two.may_write(680));
}

#[test]
fn two_processes_of_one_name_are_two() {
    let (mut one, mut two, mut table) = watched();
    run(&mut [&mut one, &mut two], &mut table, 651..1500);
    assert!(one.may_write(1500) && !two.may_write(1500));
    let leader = two.lease.leader(&two.settings, NotTaking::Soon, at(1500));
    assert!(matches!(leader, Leader::Other { is_namesake: true, epoch: 1, .. }), "{leader:?}");
}

#[test]
fn an_item_that_bears_our_name_after_the_table_was_set_back_is_not_ours() {
    let (mut one, mut table) = led_by("one");
    let old = table.item.clone();
    run(&mut [&mut one], &mut table, 451..600);
    table.item = old;
    run(&mut [&mut one], &mut table, 600..760);
    assert_eq!(one.take_changes(), ["600 Lost", "750 Taken { epoch: 2 }"]);
}

#[test]
fn a_table_that_was_set_back_never_makes_an_epoch_smaller() {
    let (_killed, mut two, mut table) = watched();
    let old = table.item.clone();
    run(&mut [&mut two], &mut table, 651..900);
    assert_eq!(table.record().epoch, 2);
    table.item =
        old.map(|item| LeaseItem { duration_ms: LeaseMember::Number("0".to_owned()), ..item });
    two.take_changes();
    run(&mut [&mut two], &mut table, 900..960);
    let changes = two.take_changes();
    assert_eq!(table.record().epoch, 3, "{changes:?}");
    assert!(
        !two.may_write(960),
        "the free item is older than what was seen: its holder may be alive"
    );
}

#[test]
fn an_item_that_was_deleted_is_taken_but_not_written_under_while_its_holder_may_be_alive() {
    let (mut one, mut two, mut table) = watched();
    table.item = None;
    run(&mut [&mut two], &mut table, 651..690);
    let changes = two.take_changes();
    assert!(changes[1].ends_with("Taken { epoch: 2 }"), "{changes:?}");
    for tenth in 690..740 {
        assert!(!(one.may_write(tenth) && two.may_write(tenth)), "{tenth}");
    }
    one.run(&mut table, 700);
    let seen = r#"700 Seen { holder: "eastwest", epoch: 2 }"#;
    assert_eq!(one.take_changes(), ["700 Lost", seen]);
}

/// The model checker found this one.
#[test]
fn a_taking_that_takes_effect_long_after_when_an_item_was_deleted_waits_for_its_holder_to_stop() {
    let (mut one, mut two, mut table) =
        (Process::new("one", 0), Process::new("two", 0), Table::default());
    two.luck = Luck::Late;
    two.run(&mut table, 0);
    two.luck = Luck::Good;
    run(&mut [&mut one, &mut two], &mut table, 0..101);
    // The item of the one is gone at the moment at which the taking of the other arrives.
    table.item = None;
    assert_eq!(table.carry_out_late(), Written);
    for tenth in 101..260 {
        run(&mut [&mut two], &mut table, tenth..tenth + 1);
        assert!(!two.may_write(tenth), "{tenth}: the one may write until 19.0 s");
    }
}

#[test]
fn an_item_that_a_person_spoilt_stops_its_holder_and_counts_as_expired_after_a_duration() {
    let (mut one, mut two, mut table) = watched();
    let good = table.item.clone().expect("an item");
    table.item = Some(LeaseItem { duration_ms: LeaseMember::Text("long".to_owned()), ..good });
    run(&mut [&mut one, &mut two], &mut table, 651..800);
    assert_eq!(one.take_changes().first().map(String::as_str), Some("700 Lost"));
    let leader = two.lease.leader(&two.settings, NotTaking::Soon, at(799));
    assert!(matches!(leader, Leader::Odd { .. }), "{leader:?}");
    assert!(!one.may_write(799) && !two.may_write(799));
    run(&mut [&mut one, &mut two], &mut table, 800..900);
    assert_eq!(table.record().epoch, 2);
}

#[test]
fn an_edit_does_not_shorten_the_lease_of_its_holder() {
    let (mut one, mut two, mut table) = watched();
    let good = table.item.clone().expect("an item");
    table.item = Some(LeaseItem { duration_ms: LeaseMember::Number("1000".to_owned()), ..good });
    run(&mut [&mut two], &mut table, 651..780);
    assert_eq!(two.take_changes(), Vec::<String>::new());
    assert!(!one.may_write(740));
    one.run(&mut table, 740);
}

#[test]
fn without_a_good_answer_for_a_duration_nobody_knows_who_leads() {
    let (mut one, mut two, mut table) = watched();
    two.luck = Luck::Fails(FaultKind::Denied);
    run(&mut [&mut one, &mut two], &mut table, 651..900);
    assert_eq!(two.lease.standing(&two.settings, at(900)), Standing::Unknown);
    let leader = two.lease.leader(&two.settings, NotTaking::Soon, at(900));
    assert_eq!(leader, Leader::Unknown(fault(FaultKind::Denied)));
    assert!(one.may_write(900));
}

/// The slowest holder and the fastest watcher that we allow for.
#[test]
fn clocks_of_rates_from_four_fifths_to_five_quarters_leave_no_overlap() {
    for (holder_rate, watcher_rate) in [(80, 125), (125, 80), (80, 80), (125, 125), (100, 125)] {
        let (mut one, mut table) = (Process::new("one", 0), Table::default());
        let mut two = Process::new("two", 0);
        let killed = 4_004;
        for true_tenth in 0..6_000 {
            let (of_one, of_two) =
                (true_tenth * holder_rate / 100, true_tenth * watcher_rate / 100);
            if true_tenth < killed {
                one.run(&mut table, of_one);
            }
            two.run(&mut table, of_two);
            let both = one.may_write(of_one) && two.may_write(of_two);
            assert!(!both, "{holder_rate} and {watcher_rate}, at {true_tenth}");
        }
        assert!(two.may_write(5_999 * watcher_rate / 100));
    }
}
