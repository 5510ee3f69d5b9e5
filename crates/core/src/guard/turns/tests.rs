//! Who comes before whom.

use super::*;
use crate::testing::{at, key};

/// A plan in which these wait for a turn, and those are in order.
fn plan(waiting: &[&str], in_order: &[&str]) -> Plan {
    let first = || {
        Turn::Cluster(
            key("a").cluster,
            crate::plan::turn::InUse { limit: 1, count: 1, by: key("a") },
        )
    };
    let waits = |name: &&str| (key(name), Entry::held(Hold::Budget(first())));
    let rests = |name: &&str| (key(name), Entry::in_sync(None));
    let entries = waiting.iter().map(waits).chain(in_order.iter().map(rests)).collect();
    Plan { entries, ..Plan::default() }
}

fn order(turns: &Turns, names: &[&str], second: u64) -> String {
    let mut keys: Vec<ServiceKey> = names.iter().map(|name| key(name)).collect();
    turns.sort(&mut keys, at(second));
    let names: Vec<String> = keys.iter().map(|key| key.name.to_string()).collect();
    names.join(" ")
}

#[test]
fn turns_go_to_the_service_that_has_waited_longest() {
    let mut turns = Turns::new();
    turns.note_waiting(&plan(&["z"], &[]), at(10));
    turns.note_waiting(&plan(&["m", "z"], &[]), at(20));
    assert_eq!(order(&turns, &["a", "m", "z"], 30), "z m a");
    turns.note_waiting(&plan(&["m"], &["z"]), at(40));
    turns.note_waiting(&plan(&["m", "z"], &[]), at(50));
    assert_eq!(order(&turns, &["m", "z"], 60), "m z", "z wanted nothing for a while");
}

#[test]
fn a_service_that_had_a_turn_is_behind_those_of_the_next_ten_minutes() {
    let mut turns = Turns::new();
    turns.begins(&key("a"), at(0));
    turns.note_waiting(&plan(&["a"], &[]), at(30));
    turns.note_waiting(&plan(&["a", "b"], &[]), at(500));
    assert_eq!(order(&turns, &["a", "b"], 599), "b a");
    turns.note_waiting(&plan(&["a", "b", "c"], &[]), at(700));
    assert_eq!(order(&turns, &["a", "b", "c"], 700), "b a c");
}

#[test]
fn a_service_that_failed_is_behind_those_of_the_next_hour_and_no_longer() {
    let mut turns = Turns::new();
    turns.ended(&key("a"), Rollout::Failed, at(0));
    turns.note_waiting(&plan(&["a"], &[]), at(10));
    turns.note_waiting(&plan(&["a", "b"], &[]), at(3500));
    turns.note_waiting(&plan(&["a", "b", "c"], &[]), at(3700));
    assert_eq!(order(&turns, &["a", "b", "c"], 3700), "b a c");
    turns.ended(&key("a"), Rollout::Completed, at(3710));
    assert_eq!(order(&turns, &["a", "b", "c"], 3720), "a b c");
}

#[test]
fn nothing_is_remembered_of_services_that_wait_for_nothing() {
    let mut turns = Turns::new();
    turns.begins(&key("a"), at(0));
    turns.ended(&key("a"), Rollout::Completed, at(20));
    turns.note_waiting(&plan(&["b"], &["a"]), at(30));
    assert_eq!(turns.places.len(), 2);
    turns.note_waiting(&plan(&[], &["a", "b"]), at(600));
    assert_eq!(turns.places.len(), 0);
    turns.begins(&key("gone"), at(600));
    turns.note_waiting(&plan(&[], &[]), at(601));
    assert_eq!(turns.places.len(), 0);
}

mod property {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;
    use crate::testing::cases;

    /// How many services there are; the first of them is the one that asks once and waits.
    const SERVICES: usize = 6;
    /// How long one rollout takes.
    const ROLLOUT: u64 = 60;

    proptest! {
        #![proptest_config(cases(200))]

        /// One place, and others that ask again whenever they like, and whose rollouts end as they like.
        #[test]
        fn whoever_waits_has_its_turn_after_at_most_two_of_each_other(
            asks in proptest::collection::vec((1..SERVICES, any::<bool>()), 1..200),
            begins in 0..100_usize,
        ) {
            let names = ["victim", "a", "b", "c", "d", "e"];
            let mut turns = Turns::new();
            let mut waiting: VecDeque<&str> = VecDeque::new();
            let (mut second, mut between) = (0, 0);
            for (turn, (who, fails)) in asks.iter().enumerate() {
                for name in [Some(names[*who]), (turn == begins).then_some("victim")].into_iter().flatten() {
                    if !waiting.contains(&name) {
                        waiting.push_front(name);
                    }
                }
                let keys: Vec<&str> = waiting.iter().copied().collect();
                turns.note_waiting(&plan(&keys, &[]), at(second));
                let first = order(&turns, &keys, second);
                let first = first.split(' ').next().unwrap_or_default().to_owned();
                waiting.retain(|name| *name != first);
                turns.begins(&key(&first), at(second));
                second += ROLLOUT;
                let ended = if *fails { Rollout::Failed } else { Rollout::Completed };
                turns.ended(&key(&first), ended, at(second));
                if first == "victim" {
                    return Ok(());
                }
                between += usize::from(waiting.contains(&"victim"));
                prop_assert!(between <= 2 * (SERVICES - 1), "{between} turns of others");
            }
        }
    }
}
