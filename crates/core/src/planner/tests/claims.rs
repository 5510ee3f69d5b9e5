//! Names that the document keeps for some services.

use expect_test::expect;
use proptest::prelude::*;
use proptest::sample::select;

use std::collections::BTreeSet;

use crate::declaration::document::Document;
use crate::ecs::claim::Claim;
use crate::ecs::name::{DiscoveryName, DnsName, Port};
use crate::ecs::service_key::ServicePath;
use crate::plan::action::Action;
use crate::planner::names::claims::Claims;
use crate::testing::{Stage, check_plan, key, namespace};

#[test]
fn a_claimed_name_is_not_for_strangers() {
    check_plan(
        "claim payments payments-api
         cluster prod default=internal.myapp
         web mode=client-server, discovery-name=payments",
        &expect![[r#"
            prod/web: Claimed: discovery name payments is claimed in the document for prod/payments-api
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/payments: - -> payments.internal.myapp:8080
        "#]],
    );
}

#[test]
fn a_claimant_goes_before_an_older_stranger() {
    check_plan(
        "claim payments payments-api
         cluster prod default=internal.myapp
         web mode=client-server, discovery-name=payments | off | http=8080/http | age=1
         payments-api mode=client-server, discovery-name=payments | off | http=8080/http | age=9",
        &expect![[r#"
            prod/payments-api: connect in ns-internalmyapp http/payments@payments.internal.myapp:8080
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/payments: - -> payments.internal.myapp:8080
            prod/web: Claimed: discovery name payments is claimed in the document for prod/payments-api
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/payments: - -> payments.internal.myapp:8080
        "#]],
    );
}

#[test]
fn of_two_claimants_the_older_one_goes() {
    check_plan(
        "claim payments new old
         cluster prod default=internal.myapp
         new mode=client-server, discovery-name=payments | off | http=8080/http | age=9
         old mode=client-server, discovery-name=payments | off | http=8080/http | age=1",
        &expect![[r#"
            prod/new: Conflict: discovery name payments goes to prod/old, which comes first by age, then by ARN
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/payments: - -> payments.internal.myapp:8080
            prod/old: connect in ns-internalmyapp http/payments@payments.internal.myapp:8080
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/payments: - -> payments.internal.myapp:8080
                contested by prod/new
        "#]],
    );
}

#[test]
fn who_has_a_name_keeps_it_whatever_is_claimed() {
    check_plan(
        "claim payments payments-api
         web mode=client-server, timeout=idle=60s | in internal.myapp http/payments@payments:80
         payments-api mode=client-server, discovery-name=payments | in internal.myapp http/pay@pay:80",
        &expect![[r#"
            prod/payments-api: Conflict: discovery name payments is held by prod/web
                endpoint http/pay: pay:80 -> -
                endpoint http/payments: - -> pay:80
            prod/web: connect in ns-internalmyapp http/payments@payments:80+idle=60
                timeout http/payments: idle=300s request=15s -> idle=60s request=15s
                contested by prod/payments-api
        "#]],
    );
}

#[test]
fn a_claim_covers_the_bare_name_as_an_alias() {
    check_plan(
        "claim payments payments-api
         cluster prod default=internal.myapp
         web mode=client-server, alias=payments:80",
        &expect![[r#"
            prod/web: Claimed: alias payments:80 is claimed in the document for prod/payments-api
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/web: - -> payments:80
        "#]],
    );
}

#[test]
fn a_claim_covers_the_name_before_a_namespace_as_an_alias() {
    check_plan(
        "claim payments payments-api
         cluster prod default=internal.myapp
         web mode=client-server, alias=payments.internal.myapp",
        &expect![[r#"
            prod/web: Claimed: alias payments.internal.myapp:8080 is claimed in the document for prod/payments-api
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/web: - -> payments.internal.myapp:8080
        "#]],
    );
}

#[test]
fn a_claim_covers_such_aliases_in_other_namespaces_too() {
    check_plan(
        "namespace internal.myapp
         namespace other.ns
         aliases other.ns *.internal.myapp
         claim payments payments-api
         cluster prod default=internal.myapp
         web mode=client-server, namespace=other.ns, alias=payments.internal.myapp
         app mode=client-server, namespace=other.ns, discovery-name=payments, alias=app:80",
        &expect![[r#"
            prod/app: Claimed: discovery name payments is claimed in the document for prod/payments-api
                enabled: off -> on
                namespace: - -> ns-otherns0
                endpoint http/payments: - -> app:80
            prod/web: Claimed: alias payments.internal.myapp:8080 is claimed in the document for prod/payments-api
                enabled: off -> on
                namespace: - -> ns-otherns0
                endpoint http/web: - -> payments.internal.myapp:8080
        "#]],
    );
}

#[test]
fn a_dot_at_the_end_or_capitals_of_the_namespace_do_not_make_another_name() {
    let document = &mut Document::default();
    let claimants = BTreeSet::from([ServicePath::parse("prod/payments-api").expect("a path")]);
    document.claims.insert(DiscoveryName::as_read("payments"), claimants.clone());
    let namespaces = &[namespace("Upper.Case")];
    let claims = Claims { document: Some(document), namespaces };
    for host in ["payments", "payments.", "payments.upper.case", "payments.Upper.Case"] {
        let claim = Claim::Alias(DnsName::as_read(host), Port::parse("80").expect("a port"));
        assert_eq!(claims.on(&claim), Some(&claimants), "{host}");
    }
}

#[test]
fn a_claim_covers_an_alias_in_a_namespace_with_capitals() {
    check_plan(
        "namespace Upper.Case
         claim payments payments-api
         web mode=client-server, namespace=Upper.Case, discovery-name=web, alias=payments.upper.case:80",
        &expect![[r#"
            prod/web: Claimed: alias payments.upper.case:80 is claimed in the document for prod/payments-api
                enabled: off -> on
                namespace: - -> ns-UpperCase
                endpoint http/web: - -> payments.upper.case:80
        "#]],
    );
}

#[test]
fn a_name_that_only_begins_alike_is_free() {
    check_plan(
        "claim payments payments-api
         aliases internal.myapp *.example.com
         cluster prod default=internal.myapp
         web mode=client-server, discovery-name=payments-v2
         app mode=client-server, alias=payments.example.com:80",
        &expect![[r#"
            prod/app: connect in ns-internalmyapp http/app@payments.example.com:80
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/app: - -> payments.example.com:80
            prod/web: connect in ns-internalmyapp http/payments-v2@payments-v2.internal.myapp:8080
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/payments-v2: - -> payments-v2.internal.myapp:8080
            order: prod/app, prod/web
        "#]],
    );
}

#[test]
fn a_name_claimed_for_nobody_is_taken_by_nobody() {
    check_plan(
        "claim payments
         cluster prod default=internal.myapp
         payments mode=client-server",
        &expect![[r#"
            prod/payments: Claimed: discovery name payments is claimed in the document and kept from everybody
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/payments: - -> payments.internal.myapp:8080
        "#]],
    );
}

#[test]
fn who_may_not_have_one_name_keeps_no_other_from_anybody() {
    check_plan(
        "claim payments payments-api
         cluster prod default=internal.myapp
         old mode=client-server, endpoint.http=name=payments, endpoint.rpc=name=cart | off | http=80/http rpc=81/http | age=1
         new mode=client-server, discovery-name=cart | off | http=80/http | age=9",
        &expect![[r#"
            prod/new: connect in ns-internalmyapp http/cart@cart.internal.myapp:80
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/cart: - -> cart.internal.myapp:80
            prod/old: Claimed: discovery name payments is claimed in the document for prod/payments-api
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/payments: - -> payments.internal.myapp:80
                endpoint rpc/cart: - -> cart.internal.myapp:81
        "#]],
    );
}

/// What an attacker writes to receive the calls that are meant for `payments`.
fn attack() -> impl Strategy<Value = String> {
    let names = select(&[
        "discovery-name=payments",
        "discovery-name=payments, alias=shop:80",
        "discovery-name=payments-v2, alias=payments:80",
        "discovery-name=paymemts, alias=payments.internal.myapp:80",
        "discovery-name=shop, alias=payments.other.ns:81",
        "alias=payments.",
        "alias=payments.internal.myapp.:80",
        "endpoint.http=name=shop alias=payments:80, endpoint.rpc=name=payments",
        "endpoint.http=name=payments alias=a:80, endpoint.rpc=name=b alias=b:80",
        "endpoint.http=name=shop alias=pay:80, endpoint.rpc=name=carts alias=payments:9",
    ]);
    let places = select(&["", ", namespace=other.ns", ", namespace=internal.myapp"]);
    let stands = select(&[
        "off",
        "in internal.myapp",
        "in other.ns http/payments@payments:80",
        "in internal.myapp http/shop@shop:80",
        "in internal.myapp http/payment@payment:80 rpc/s@s:80",
    ]);
    (names, places, stands, 0..20_u8).prop_map(|(names, place, stands, age)| {
        format!(
            "mode=client-server, {names}{place} | {stands} | http=8080/http rpc=81/http | age={age}"
        )
    })
}

/// What the service for which the name is kept is doing at that moment.
const CLAIMANT: [&str; 8] = [
    "prod/pay mode=client-server, discovery-name=payments | off | http=8080/http | age=10",
    "prod/pay mode=client-server, discovery-name=payments | off | http=8080/http | age=10 rolling",
    "prod/pay mode=client-server, discovery-name=payments | off | http=8080/http | age=10 unread",
    "prod/pay mode=client-server, discovery-name=payments | off | http=8080/http | age=10 inactive",
    "prod/pay mode=client-server | in internal.myapp http/payments@payments:80 | http=8080/http | age=10",
    "prod/pay mode=client-server | in internal.myapp http/payments@payments:80 | http=8080/http | age=10 draining",
    "prod/pay - | off | http=8080/http | age=10",
    "",
];

/// What clients who call `payments` would reach.
fn is_payments(text: &str) -> bool {
    let names = ["payments", "payments.internal.myapp", "payments.other.ns"];
    names.contains(&text.trim_end_matches('.'))
}

proptest! {
    #![proptest_config(crate::testing::cases(400))]

    /// Whoever is older, or first, or alone, or elsewhere, or spells it otherwise: a claimed name is only newly
    /// taken by those for whom it is claimed.
    #[test]
    fn no_attack_takes_a_claimed_name(
        attacks in prop::collection::vec((select(&["prod", "test"]), attack()), 1..4),
        claimant in select(&CLAIMANT),
    ) {
        let attackers = attacks.iter().enumerate().map(|(at, (cluster, line))| format!("{cluster}/x{at} {line}"));
        let stage = "namespace internal.myapp\nnamespace other.ns\ncluster prod default=internal.myapp
            cluster test default=other.ns\nclaim payments prod/pay\n".to_owned();
        let text = [stage, claimant.to_owned()].into_iter().chain(attackers).collect::<Vec<_>>().join("\n");
        let stage = Stage::read(&text);
        let plan = stage.plan();
        prop_assert_eq!(stage.breaches(&plan), []);
        for (service, action) in plan.steps().filter(|(service, _)| **service != key("prod/pay")) {
            let Action::Connect { connect, .. } = action else { continue };
            let stands = stage.services[service].primary().and_then(|p| p.connect.as_ref());
            let there = stands.filter(|c| c.namespace.as_ref().is_some_and(|n| n.to_string() == "other.ns"));
            let had = |name: &str, alias: bool| there.iter().flat_map(|c| &c.endpoints).any(|e| {
                let host = e.alias.as_ref().and_then(|a| a.dns_name.as_ref()).map(ToString::to_string);
                if alias { host.as_deref() == Some(name) } else { e.discovery().to_string() == name }
            });
            for endpoint in &connect.endpoints {
                let name = endpoint.discovery().to_string();
                let alias = endpoint.alias.as_ref().unwrap().dns_name.as_ref().unwrap().to_string();
                prop_assert!(!is_payments(&name) || had(&name, false), "{service} takes {name}\n{text}");
                prop_assert!(!is_payments(&alias) || had(&alias, true), "{service} takes {alias}\n{text}");
            }
        }
        if claimant == CLAIMANT[0] && !attacks.iter().any(|(_, line)| line.contains("in other.ns")) {
            prop_assert!(plan.steps().any(|(service, _)| *service == key("prod/pay")), "{text}");
        }
    }
}
