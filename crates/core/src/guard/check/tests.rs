//! The last look at a plan before anything is written, at plans that no planner makes.

use super::*;
use crate::declaration::settings::Policy;
use crate::plan::entry::Entry;
use crate::testing::{Stage, key};

const TWO: &str = "budget 9 9
     a mode=client-server, namespace=internal.myapp
     b mode=client-server, namespace=internal.myapp";

/// The rules that a plan breaks once it was tampered with.
fn broken(text: &str, tamper: impl FnOnce(&mut Stage, &mut Plan)) -> Vec<(String, &'static str)> {
    let mut stage = Stage::read(text);
    let mut plan = stage.plan();
    tamper(&mut stage, &mut plan);
    let breaches = check(&plan, &stage.view, &stage.settings);
    breaches.into_iter().map(|breach| (breach.service.to_string(), breach.rule)).collect()
}

fn entry<'p>(plan: &'p mut Plan, name: &str) -> &'p mut Entry {
    plan.entries.get_mut(&key(name)).expect("an entry")
}

#[test]
fn a_plan_as_it_is_made_breaks_nothing() {
    assert_eq!(broken(TWO, |_, _| {}), []);
}

#[test]
fn a_step_under_observe_is_a_breach() {
    let broken = broken(TWO, |stage, _| stage.settings.policy = Policy::Observe);
    assert_eq!(broken.len(), 2);
}

#[test]
fn a_switching_off_under_upsert_only_is_a_breach() {
    let world = "a mode=off | in internal.myapp";
    let broken = broken(world, |stage, _| stage.settings.policy = Policy::UpsertOnly);
    assert_eq!(broken, [("prod/a".to_owned(), "a step that the policy does not allow")]);
}

#[test]
fn a_step_for_a_service_that_did_not_opt_in_is_a_breach() {
    for tags in ["-", "mode=clinet"] {
        let broken = broken(TWO, |stage, _| stage.retag("a", &crate::testing::read_tags(tags)));
        assert_eq!(broken, [("prod/a".to_owned(), "a step for a service that did not opt in")]);
    }
}

#[test]
fn a_step_for_a_service_that_rolls_or_is_not_seen_is_a_breach() {
    let rule = "a step for a service that was not read, or is rolling";
    for fact in ["rolling", "unread", "unlisted"] {
        let broken = broken(TWO, |stage, _| {
            let world = format!("{TWO} | off | http=8080/http | {fact}");
            stage.view = Stage::read(&world).view;
        });
        assert_eq!(broken, [("prod/b".to_owned(), rule)], "{fact}");
    }
}

#[test]
fn a_step_that_changes_nothing_is_a_breach() {
    let broken = broken(TWO, |_, plan| entry(plan, "a").changes.clear());
    assert_eq!(broken, [("prod/a".to_owned(), "a step that changes nothing")]);
}

#[test]
fn a_step_under_another_name_or_for_a_name_taken_twice_is_a_breach() {
    let broken = broken(TWO, |_, plan| {
        let stolen = entry(plan, "a").verdict.clone();
        entry(plan, "b").verdict = stolen;
    });
    let rules: Vec<_> = broken.iter().map(|(service, rule)| (service.as_str(), *rule)).collect();
    assert_eq!(
        rules,
        [("prod/b", "a step under another service's name"), ("prod/b", "a name for two services")]
    );
}

#[test]
fn hosts_that_nobody_says_differ_by_their_discovery_names() {
    let unsaid = |plan: &mut Plan, name: &str| {
        let Verdict::Step { action: Action::Connect { connect, .. } } =
            &mut entry(plan, name).verdict
        else {
            panic!("{name} is to be connected");
        };
        let alias = connect.endpoints[0].alias.as_mut().expect("an alias");
        alias.dns_name = None;
    };
    let broken = broken(TWO, |_, plan| {
        unsaid(plan, "a");
        unsaid(plan, "b");
    });
    assert_eq!(broken, []);
}

#[test]
fn a_step_that_takes_a_name_claimed_by_others_is_a_breach() {
    let rule = "a name that is claimed by others";
    for (tags, claim) in [
        ("discovery-name=payments, alias=a:80", "payments"),
        ("discovery-name=a, alias=payments:80", "payments"),
        ("discovery-name=a, alias=payments.internal.myapp:80", "payments"),
    ] {
        let world = format!("a mode=client-server, namespace=internal.myapp, {tags}");
        let claimed = format!("claim {claim} other\n{world}");
        let broken = broken(&world, |stage, _| stage.view = Stage::read(&claimed).view);
        assert_eq!(broken, [("prod/a".to_owned(), rule)], "{tags}");
    }
    let holds = "a mode=client-server, timeout=idle=1m | in internal.myapp http/payments";
    let claimed = format!("claim payments other\n{holds}");
    assert_eq!(broken(holds, |stage, _| stage.view = Stage::read(&claimed).view), []);
}

#[test]
fn a_step_that_takes_a_host_of_others_is_a_breach() {
    let rule = "an alias that no service may take by itself";
    for alias in ["sts.amazonaws.com:443", "localhost:80", "169.254.169.254:80"] {
        let tags = "mode=client-server, namespace=internal.myapp, discovery-name=a";
        let broken = broken(&format!("a {tags}"), |_, plan| {
            let Verdict::Step { action: Action::Connect { connect, .. } } =
                &mut entry(plan, "a").verdict
            else {
                panic!("a step");
            };
            let (host, _) = alias.split_once(':').expect("host:port");
            let first = connect.endpoints[0].alias.as_mut().expect("an alias");
            first.dns_name = Some(DnsName::as_read(host));
        });
        assert_eq!(broken, [("prod/a".to_owned(), rule)], "{alias}");
    }
}
