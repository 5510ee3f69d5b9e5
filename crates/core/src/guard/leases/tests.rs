//! Several leases in stories: which process ends up with which.

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::ecs::fault::FaultKind;
use crate::ecs::lease::LeaseMember;
use crate::ecs::service_key::Scope;
use crate::guard::lease::LeaseCall;

fn at(tenths: u64) -> Now {
    let start = Now { since_start: Duration::ZERO, calendar: jiff::Timestamp::UNIX_EPOCH };
    start.plus(Duration::from_millis(tenths * 100))
}

fn cluster(name: &str) -> ClusterName {
    ClusterName::as_read(name)
}

fn key(name: &str) -> LeaseKey {
    LeaseKey::of(&Scope::default(), &cluster(name))
}

type Table = BTreeMap<LeaseKey, LeaseItem>;

/// A process that watches these clusters.
struct Process {
    leases: Leases,
    /// The clusters whose lease it can neither read nor write.
    denied: Vec<LeaseKey>,
    is_writing: bool,
    /// What it knows, if it takes the clusters from there.
    view: Option<View>,
}

impl Process {
    fn new(name: &str, clusters: &str) -> Self {
        let lease = LeaseSettings {
            holder: name.to_owned(),
            session: name.to_owned(),
            duration: Duration::from_secs(15),
        };
        let settings = Settings { lease: Some(lease), policy: Policy::Sync, ..Settings::default() };
        let mut leases = Leases::new(&settings);
        for name in clusters.split_whitespace() {
            leases.by_cluster.insert(cluster(name), Lease::new(key(name), at(0)));
        }
        Self { leases, denied: Vec::new(), is_writing: false, view: None }
    }

    fn run(&mut self, table: &mut Table, tenths: u64) {
        loop {
            if let Some(view) = &self.view {
                self.leases.watch(view, at(tenths));
            }
            self.leases.decide(at(tenths));
            let calls = self.leases.start_calls(self.is_writing, at(tenths));
            if calls.is_empty() {
                return;
            }
            for call in calls {
                self.carry_out(call, table, at(tenths));
            }
        }
    }

    fn carry_out(&mut self, call: LeaseCall, table: &mut Table, now: Now) {
        let denied = || Fault::new(FaultKind::Denied, "dynamodb.GetItem", "no");
        match call {
            LeaseCall::Read(key) if self.denied.contains(&key) => {
                self.leases.read(&key, Err(denied()), now);
            }
            LeaseCall::Read(key) => self.leases.read(&key, Ok(table.get(&key).cloned()), now),
            LeaseCall::Write(write) if self.denied.contains(&write.key) => {
                self.leases.written(&write, Err(denied()), now);
            }
            LeaseCall::Write(write) => {
                let there = table.get(&write.key).cloned();
                let outcome = if there == write.expected {
                    table.insert(write.key.clone(), write.item.clone());
                    LeaseOutcome::Written
                } else {
                    LeaseOutcome::Differs(there)
                };
                self.leases.written(&write, Ok(outcome), now);
            }
        }
    }

    /// The clusters whose lease it holds.
    fn held(&self) -> String {
        let held = self.leases.by_cluster.iter().filter(|(_, lease)| lease.own_epoch().is_some());
        held.map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" ")
    }
}

fn run(processes: &mut [&mut Process], table: &mut Table, tenths: std::ops::Range<u64>) {
    for tenth in tenths {
        for process in &mut *processes {
            process.run(table, tenth);
        }
    }
}

/// An item of another process, as it would stand in the table.
fn item_of(name: &str) -> LeaseItem {
    let record = crate::ecs::lease::LeaseRecord {
        holder: name.to_owned(),
        session: name.to_owned(),
        epoch: 5,
        renewal: 1,
        duration: Duration::from_secs(15),
    };
    record.item()
}

#[test]
fn one_process_leads_all_clusters() {
    let (mut one, mut two) = (Process::new("one", "a b c"), Process::new("two", "a b c"));
    let mut table = Table::new();
    run(&mut [&mut one, &mut two], &mut table, 0..600);
    assert_eq!((one.held(), two.held()), ("a b c".to_owned(), String::new()));
    run(&mut [&mut two], &mut table, 600..900);
    assert_eq!(two.held(), "a b c", "the other was killed");
}

#[test]
fn a_process_that_finds_the_first_cluster_held_by_another_gives_its_own_up() {
    let (mut one, mut two) = (Process::new("one", "a b c"), Process::new("two", "b c"));
    let mut table = Table::new();
    run(&mut [&mut two], &mut table, 0..50);
    assert_eq!(two.held(), "b c");
    // A third process takes the first cluster, which the second one watches from now on.
    table.insert(key("a"), item_of("three"));
    two.leases.by_cluster.insert(cluster("a"), Lease::new(key("a"), at(50)));
    run(&mut [&mut one, &mut two], &mut table, 50..90);
    assert_eq!((one.held(), two.held()), (String::new(), String::new()));
    assert!(table[&key("b")].read().expect("a good item").is_released());
    let leader = one.leases.leader(&cluster("b"), at(90));
    let yields = Leader::Nobody { why: NotTaking::Yields(cluster("a")) };
    assert_eq!(leader, Some(yields));
}

#[test]
fn nothing_is_given_up_while_a_write_is_under_way_and_nothing_is_written_meanwhile() {
    let (mut one, mut table) = (Process::new("one", "b"), Table::new());
    run(&mut [&mut one], &mut table, 0..200);
    assert!(one.leases.may_write(&cluster("b"), at(199)));
    one.is_writing = true;
    one.leases.stop();
    run(&mut [&mut one], &mut table, 200..210);
    assert_eq!((one.held(), one.leases.may_write(&cluster("b"), at(209))), ("b".to_owned(), false));
    one.is_writing = false;
    run(&mut [&mut one], &mut table, 210..211);
    assert_eq!((one.held(), one.leases.is_any_held()), (String::new(), false));
    run(&mut [&mut one], &mut table, 211..600);
    assert_eq!(one.held(), "", "a process that stops takes nothing");
}

#[test]
fn processes_that_watch_different_clusters_come_to_rest() {
    for sets in
        [["a b", "b c", "a c"], ["a b", "b", "c"], ["b c", "a c", "a b"], ["a", "a b", "a b c"]]
    {
        let mut processes: Vec<Process> =
            sets.iter().enumerate().map(|(at, set)| Process::new(&at.to_string(), set)).collect();
        let mut table = Table::new();
        let mut all: Vec<&mut Process> = processes.iter_mut().collect();
        run(&mut all, &mut table, 0..1000);
        let epochs = |table: &Table| -> Vec<_> { table.values().map(LeaseItem::epoch).collect() };
        let before = epochs(&table);
        run(&mut all, &mut table, 1000..3000);
        assert_eq!(epochs(&table), before, "{sets:?}: nobody takes turns");
    }
}

#[test]
fn a_process_that_cannot_read_one_lease_does_not_begin_to_lead() {
    let (mut one, mut table) = (Process::new("one", "a b"), Table::new());
    one.denied = vec![key("a")];
    run(&mut [&mut one], &mut table, 0..600);
    assert_eq!(one.held(), "");
    let trouble: Vec<_> = one.leases.take_changes();
    assert_eq!(trouble.len(), 1, "told once: {trouble:?}");
    one.denied.clear();
    run(&mut [&mut one], &mut table, 600..640);
    assert_eq!(one.held(), "a b");
}

#[test]
fn an_item_that_a_person_spoilt_stops_its_own_cluster_alone() {
    let (mut one, mut table) = (Process::new("one", "a b"), Table::new());
    run(&mut [&mut one], &mut table, 0..200);
    let spoilt = LeaseItem { epoch: LeaseMember::Other, ..table[&key("a")].clone() };
    table.insert(key("a"), spoilt);
    run(&mut [&mut one], &mut table, 200..300);
    assert_eq!(one.held(), "b");
    assert!(one.leases.may_write(&cluster("b"), at(299)));
    run(&mut [&mut one], &mut table, 300..500);
    assert_eq!(one.held(), "a b");
}

#[test]
fn a_process_that_only_observes_takes_no_lease_and_is_held_for_none() {
    let (mut one, mut table) = (Process::new("one", "a"), Table::new());
    one.leases.may_compete = false;
    run(&mut [&mut one], &mut table, 0..300);
    assert_eq!((one.held(), one.leases.hold(&cluster("a"), at(300))), (String::new(), None));
    let observes = Leader::Nobody { why: NotTaking::Observes };
    assert_eq!(one.leases.leader(&cluster("a"), at(300)), Some(observes));
}

#[test]
fn nothing_is_made_unless_every_lease_is_held_and_at_least_one() {
    let stage = crate::testing::Stage::read("cluster a\ncluster b\na/web mode=client");
    let (mut one, mut table) = (Process::new("one", ""), Table::new());
    assert!(one.leases.hold_making(&stage.view, at(0)).is_some(), "no lease is known");
    one.leases.watch(&stage.view, at(0));
    assert_eq!(one.leases.by_cluster.len(), 1, "a cluster without services has none");
    run(&mut [&mut one], &mut table, 0..151);
    assert_eq!(one.leases.hold_making(&stage.view, at(151)), None);
    let held = one.leases.hold(&cluster("b"), at(151)).expect("its lease is not known");
    assert_eq!(held.to_string(), "the lease of cluster b was not read yet");
}

#[test]
fn the_lease_of_a_cluster_that_is_gone_is_given_up_and_forgotten() {
    let mut view = crate::testing::Stage::read("a/web mode=client").view;
    let (mut one, mut table) = (Process::new("one", ""), Table::new());
    one.view = Some(view.clone());
    run(&mut [&mut one], &mut table, 0..10);
    assert_eq!(one.held(), "a");
    view.clusters.clear();
    one.view = Some(view);
    run(&mut [&mut one], &mut table, 10..20);
    assert_eq!((one.held(), one.leases.by_cluster.len()), (String::new(), 0));
    assert!(table.values().all(|item| item.read().is_ok_and(|record| record.is_released())));
}

#[test]
fn without_a_lease_table_nothing_is_held() {
    let mut leases = Leases::new(&Settings { policy: Policy::Sync, ..Settings::default() });
    let stage = crate::testing::Stage::read("a/web mode=client");
    leases.watch(&stage.view, at(0));
    leases.decide(at(0));
    assert_eq!(leases.start_calls(false, at(0)), []);
    assert_eq!(
        (leases.leader(&cluster("a"), at(0)), leases.hold_making(&stage.view, at(0))),
        (None, None)
    );
    assert!(leases.may_write(&cluster("a"), at(0)));
}
