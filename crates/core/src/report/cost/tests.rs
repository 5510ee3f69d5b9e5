//! What a plan costs, as text.

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use super::*;
use crate::ecs::seen::Seen;
use crate::guard::writes::Writes;
use crate::testing::{Stage, at, key};
use crate::view::history::History;

fn check(text: &str, times: &[(&str, u64)], expected: &Expect) {
    let mut stage = Stage::read(text);
    for (name, seconds) in times {
        let took = Some(Duration::from_secs(*seconds));
        let history = Seen::Known(History { took, ..History::default() });
        stage.view.histories.insert(key(name), (at(3600), history));
    }
    let plan = stage.guarded(&Writes::default());
    let cost = cost(&plan, &stage.view, &stage.settings);
    let mut shown =
        format!("{} services, {} tasks, {} rounds", cost.services, cost.tasks, cost.rounds);
    for client in &cost.stale_clients {
        write!(shown, ", {client} stale").expect("a String");
    }
    match cost.time {
        Some(Estimate { seconds, guessed }) => {
            write!(shown, ", {seconds} s, {guessed} guessed").expect("a String");
        }
        None => shown.push_str(", no estimate"),
    }
    expected.assert_eq(&shown);
}

#[test]
fn rollouts_one_after_another_take_the_sum_of_their_times() {
    let world = "a mode=client, namespace=internal.myapp | off | | tasks=3
         b mode=client, namespace=internal.myapp | off | | tasks=4
         c mode=client, namespace=internal.myapp";
    check(
        world,
        &[("a", 60), ("b", 100)],
        &expect!["3 services, 8 tasks, 3 rounds, 260 s, 1 guessed"],
    );
    check(world, &[], &expect!["3 services, 8 tasks, 3 rounds, no estimate"]);
}

#[test]
fn a_larger_budget_makes_fewer_rounds() {
    let lines = (0..9).map(|n| format!("s{n} mode=client, namespace=internal.myapp\n"));
    let lines = lines.collect::<String>();
    let took: Vec<(String, u64)> = (0..9).map(|n| (format!("s{n}"), 60)).collect();
    let took: Vec<(&str, u64)> = took.iter().map(|(name, s)| (name.as_str(), *s)).collect();
    check(
        &format!("budget 4 4\n{lines}"),
        &took,
        &expect!["9 services, 9 tasks, 3 rounds, 180 s, 0 guessed"],
    );
    check(
        &format!("budget 2 9\n{lines}"),
        &took,
        &expect!["9 services, 9 tasks, 5 rounds, 270 s, 0 guessed"],
    );
    check(
        &format!("policy observe\n{lines}"),
        &took,
        &expect!["9 services, 9 tasks, 9 rounds, 540 s, 0 guessed"],
    );
}

#[test]
fn clients_that_need_a_new_endpoint_and_stay_as_they_are_go_stale() {
    check(
        "cluster prod default=internal.myapp
         api mode=client-server
         client mode=client, needs=api | in internal.myapp
         other mode=client, needs=db | in internal.myapp
         joins mode=client, needs=api",
        &[],
        &expect!["2 services, 2 tasks, 2 rounds, prod/client stale, no estimate"],
    );
}

#[test]
fn a_renamed_endpoint_makes_clients_stale_and_another_timeout_does_not() {
    let world = |tag: &str| {
        format!(
            "api mode=client-server, {tag} | in internal.myapp http/api@api.internal.myapp:8080
             client mode=client, needs=api shop | in internal.myapp"
        )
    };
    check(
        &world("discovery-name=shop"),
        &[],
        &expect!["1 services, 1 tasks, 1 rounds, prod/client stale, no estimate"],
    );
    check(&world("timeout=idle=60s"), &[], &expect!["1 services, 1 tasks, 1 rounds, no estimate"]);
}

#[test]
fn what_is_held_for_a_person_costs_nothing() {
    check(
        "a mode=client, namespace=internal.myapp, pause=true
         b mode=client, namespace=no.such
         c mode=client, namespace=internal.myapp | off | bridge",
        &[],
        &expect!["1 services, 1 tasks, 1 rounds, no estimate"],
    );
}
