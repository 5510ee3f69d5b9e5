//! What others change by hand and nobody declares: it is kept, and it is said.

use expect_test::expect;

use crate::testing::fake::Fake;
use crate::testing::key;

const ONLY_THE_MODE: &str = "cluster prod default=internal.myapp
    web mode=client-server | in internal.myapp http/web@web.internal.myapp:80 | http=8080/http";

/// The changes that are kept, and the advice about them.
fn adopted(fake: &Fake) -> String {
    let plan = fake.engine.plan();
    let changes = plan.adopted.get(&key("web")).into_iter().flat_map(|adopted| &adopted.changes);
    let advice = plan.advice.get(&key("web")).into_iter().flatten();
    changes
        .map(|change| format!("{change}\n"))
        .chain(advice.map(|one| format!("{one}\n")))
        .collect()
}

/// The endpoint that is in force.
fn serves(fake: &mut Fake) -> String {
    fake.in_force("web").rsplit(' ').next().unwrap_or_default().to_owned()
}

#[test]
fn an_alias_that_nobody_declares_is_kept_as_somebody_changed_it_and_that_is_news() {
    let mut fake = Fake::new(ONLY_THE_MODE);
    fake.run(60);
    fake.take_news();
    fake.deploy("web", "in internal.myapp http/web@wrong:1234");
    fake.run(120);
    expect![[r#"
        70 prod/web adopted alias of http/web: web.internal.myapp:80 -> wrong:1234, deployed at 1970-01-12T13:47:40Z and not declared
        70 prod/web Synced Progressing Progressing
        90 prod/web rolled out in 20s: Completed
        90 prod/web Synced Healthy -
    "#]].assert_eq(&fake.take_news());
    expect![[r#"
        alias of http/web: web.internal.myapp:80 -> wrong:1234
        alias of http/web="wrong:1234": deployed, not declared: changed at 1970-01-12T13:47:40Z from web.internal.myapp:80, and kept. Declare it, for which eastwest import --all prints the tags, or change it back
    "#]].assert_eq(&adopted(&fake));
    assert_eq!(fake.count("apply"), 0);
}

#[test]
fn a_change_by_hand_is_over_once_it_is_declared_or_changed_back() {
    for declared in [true, false] {
        let mut fake = Fake::new(ONLY_THE_MODE);
        fake.run(60);
        fake.deploy("web", "in internal.myapp http/web@wrong:1234");
        fake.run(120);
        assert_ne!(adopted(&fake), "");
        if declared {
            fake.tag("web", "mode=client-server, alias=wrong:1234");
        } else {
            fake.deploy("web", "in internal.myapp http/web@web.internal.myapp:80");
        }
        fake.run(120);
        assert_eq!(adopted(&fake), "");
        assert!(fake.engine.view().foreign_changes.is_empty());
    }
}

#[test]
fn a_restart_forgets_what_stood_before_a_change_by_hand() {
    let mut fake = Fake::new(ONLY_THE_MODE);
    fake.run(60);
    fake.deploy("web", "in internal.myapp http/web@wrong:1234");
    fake.run(120);
    fake.restart();
    fake.run(60);
    assert_eq!(adopted(&fake), "");
}

#[test]
fn a_change_by_hand_that_ecs_rolls_back_leaves_nothing() {
    let mut fake = Fake::new(ONLY_THE_MODE);
    fake.run(60);
    fake.rollback("web");
    fake.deploy("web", "in internal.myapp http/web@wrong:1234");
    fake.run(300);
    assert_eq!(adopted(&fake), "");
    assert_eq!(serves(&mut fake), "http/web@web.internal.myapp:80");
}

#[test]
fn what_is_declared_and_what_eastwest_writes_itself_is_no_change_by_hand() {
    let mut fake = Fake::new(ONLY_THE_MODE);
    fake.run(60);
    fake.tag("web", "mode=client-server, alias=shop:80, discovery-name=shop");
    fake.run(600);
    assert_eq!(adopted(&fake), "");
    fake.deploy("web", "in internal.myapp http/web@wrong:1234");
    fake.run(600);
    assert_eq!(adopted(&fake), "");
    assert_eq!(serves(&mut fake), "http/shop@shop:80");
}

#[test]
fn a_default_alias_goes_back_with_its_discovery_name() {
    let mut fake = Fake::new(
        "cluster prod default=internal.myapp
         web mode=client-server, discovery-name=shop | in internal.myapp http/shop@shop.internal.myapp:8080 | http=8080/http",
    );
    fake.run(60);
    fake.deploy("web", "in internal.myapp http/web@web:9999");
    fake.run(600);
    assert_eq!(serves(&mut fake), "http/shop@shop.internal.myapp:8080");
    assert_eq!(adopted(&fake), "");
}

#[test]
fn an_alias_that_was_chosen_is_kept_when_the_discovery_name_goes_back() {
    let mut fake = Fake::new(
        "cluster prod default=internal.myapp
         web mode=client-server, discovery-name=shop | in internal.myapp http/shop@store:80 | http=8080/http",
    );
    fake.run(60);
    fake.deploy("web", "in internal.myapp http/web@web:9999");
    fake.run(600);
    assert_eq!(serves(&mut fake), "http/shop@web:9999");
    assert_ne!(adopted(&fake), "");
}
