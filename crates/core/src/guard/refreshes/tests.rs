//! How long an endpoint must have stood.

use super::*;
use crate::ecs::name::NamespaceName;
use crate::plan::action::Action;
use crate::plan::entry::Verdict;
use crate::testing::{Stage, at, key};

fn lack(name: &str, since: Option<i64>) -> MissingEndpoint {
    MissingEndpoint {
        name: DiscoveryName::as_read(name),
        alias: format!("{name}:80"),
        server: key(name),
        since: since.map(|second| AwsTime(second * 1000)),
    }
}

fn plan(lacks: &[MissingEndpoint]) -> Plan {
    let action = Action::Refresh { service: key("cron") };
    let entry = Entry { lacks: lacks.to_vec(), ..Entry::in_sync(None) };
    let entry = Entry { verdict: Verdict::Step { action }, ..entry };
    Plan { entries: [(key("cron"), entry)].into(), ..Plan::default() }
}

/// Why the client waits under this plan, after what was seen of the earlier ones.
fn hold(refreshes: &mut Refreshes, lacks: &[MissingEndpoint], second: u64) -> Option<String> {
    let (stage, plan) = (Stage::read("web mode=client"), plan(lacks));
    refreshes.observe(&plan, at(second));
    let standing = Standing::new(&plan, &stage.view, &stage.settings, refreshes, at(second));
    let standing = Standing { every: Duration::from_mins(15), ..standing };
    standing.hold(&key("cron"), &plan.entries[&key("cron")]).map(|hold| hold.to_string())
}

#[test]
fn a_client_waits_until_an_endpoint_has_stood() {
    let mut refreshes = Refreshes::new();
    let words = hold(&mut refreshes, &[lack("api", None)], 100).expect("too young");
    assert!(words.contains("api") && words.contains("prod/api"), "{words}");
    assert!(hold(&mut refreshes, &[lack("api", None)], 999).is_some());
    assert!(hold(&mut refreshes, &[lack("api", None)], 1000).is_none());
}

#[test]
fn an_endpoint_that_went_and_came_is_young_again() {
    let mut refreshes = Refreshes::new();
    hold(&mut refreshes, &[lack("api", None)], 100);
    hold(&mut refreshes, &[], 900);
    assert!(hold(&mut refreshes, &[lack("api", None)], 1000).is_some());
}

#[test]
fn one_endpoint_that_has_stood_is_enough() {
    let mut refreshes = Refreshes::new();
    hold(&mut refreshes, &[lack("api", None)], 100);
    assert!(hold(&mut refreshes, &[lack("api", None), lack("orders", None)], 1000).is_none());
}

#[test]
fn after_a_restart_the_clock_of_aws_tells() {
    // The only deployment of this world was created long after the first of these, and before the second.
    let newest = newest(&Stage::read("web mode=client").view).expect("a deployment").0 / 1000;
    let mut refreshes = Refreshes::new();
    assert!(hold(&mut refreshes, &[lack("api", Some(newest - 900))], 5).is_none());
    assert!(hold(&mut refreshes, &[lack("api", Some(newest - 899))], 5).is_some());
}

#[test]
fn the_wait_is_no_wait_for_a_turn_and_says_until_when() {
    let turn = Turn::Refresh {
        name: DiscoveryName::as_read("api"),
        server: key("api"),
        until: at(900).calendar,
    };
    let hold = Hold::Budget(turn);
    assert_eq!(hold.ends_at(), Some(at(900).calendar));
    let other = Turn::Stopped {
        namespace: NamespaceName::as_read("internal.myapp"),
        service: key("api"),
        until: at(900).calendar,
    };
    assert_eq!(Hold::Budget(other).ends_at(), Some(at(900).calendar));
}
