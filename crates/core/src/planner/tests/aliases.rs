//! Which hosts a service may answer to.

use expect_test::expect;

use crate::plan::entry::Verdict;
use crate::plan::hold::Hold;
use crate::testing::{Stage, check_plan, key};

/// What holds `prod/web`, if anything does.
fn held(world: &str) -> Option<String> {
    let plan = Stage::read(world).plan();
    match &plan.entries[&key("web")].verdict {
        Verdict::Hold { hold: Hold::Ineligible(why), .. } => Some(why.clone()),
        Verdict::Hold { hold, .. } => panic!("{hold}"),
        Verdict::Step { .. } | Verdict::InSync => None,
    }
}

fn with_alias(first: &str, alias: &str) -> Option<String> {
    held(&format!(
        "{first}\ncluster prod default=internal.myapp\nweb mode=client-server, alias={alias}"
    ))
}

#[test]
fn an_alias_that_would_take_the_calls_for_another_host_is_held_with_what_would_allow_it() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server, alias=sts.amazonaws.com:443",
        &expect![[r#"
            prod/web: Ineligible: its alias sts.amazonaws.com:443 is neither one label nor ends with .internal.myapp, and would lead the calls of every client in namespace internal.myapp for sts.amazonaws.com to this service: set such an alias, or let the document allow this one: add "sts.amazonaws.com" to aliases in its entry namespaces/internal.myapp or services/prod/web
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/web: - -> sts.amazonaws.com:443
        "#]],
    );
}

#[test]
fn every_alias_that_a_hostile_tenant_tried_is_held() {
    for alias in [
        "sts.amazonaws.com:443",
        "api.stripe.com:443",
        "db.abc.eu-west-1.rds.amazonaws.com:5432",
        "internal.myapp:80",
        "xinternal.myapp:80",
        "localhost:8000",
        "a.localhost:8000",
        "169.254.169.254:80",
        "127.0.0.1:80",
        "2130706433:80",
        "a..b:80",
        ".x:80",
        ".internal.myapp:80",
    ] {
        assert!(with_alias("", alias).is_some(), "{alias}");
    }
}

#[test]
fn one_label_and_what_ends_with_the_namespace_is_for_every_service() {
    for alias in ["web:80", "metadata:80", "web.internal.myapp:80", "a.b.internal.myapp:80"] {
        assert_eq!(with_alias("", alias), None, "{alias}");
    }
}

#[test]
fn the_document_allows_more_and_never_an_address() {
    let allowed = "aliases internal.myapp *.corp.example db.example";
    for alias in ["a.corp.example:80", "a.b.corp.example:80", "db.example:5432"] {
        assert_eq!(with_alias(allowed, alias), None, "{alias}");
        assert!(with_alias("aliases other *.corp.example", alias).is_some(), "{alias}");
    }
    for alias in ["corp.example:80", "x.db.example:80", "1.2.3.4:80"] {
        assert!(with_alias(allowed, alias).is_some(), "{alias}");
    }
}

#[test]
fn the_document_allows_more_for_one_service() {
    let document = |service: &str| {
        let entry = r#"{ "aliases": [ "*.corp.example" ] }"#;
        let text = format!(r#"document {{"version":1,"services":{{"prod/{service}":{entry}}}}}"#);
        with_alias(&text, "a.corp.example:80")
    };
    assert_eq!(document("web"), None);
    assert!(document("other").is_some());
}

#[test]
fn what_is_deployed_stays_and_moves_nowhere_else() {
    let change = |tags: &str| {
        let deployed = "in internal.myapp http/web@db.example:5432";
        held(&format!(
            "namespace internal.myapp\nnamespace other.ns\nweb mode=client-server, {tags} | {deployed}"
        ))
    };
    assert_eq!(change("timeout=idle=1m"), None);
    assert_eq!(change("alias=db.example:5432, timeout=idle=1m"), None);
    assert_eq!(change("alias=web:80"), None);
    assert!(change("alias=db.example:443").is_some(), "another port is other traffic");
    assert!(change("namespace=other.ns").is_some(), "other clients");
}

#[test]
fn a_deployed_address_is_held_until_another_host_is_declared() {
    let world = |tags: &str| {
        format!("web mode=client-server, {tags} | in internal.myapp http/web@127.0.0.1:80")
    };
    assert!(held(&world("timeout=idle=1m")).is_some());
    assert_eq!(held(&world("alias=web:80")), None);
}
