//! The document, from its first reading to its last.

use std::time::Duration;

use expect_test::expect;

use crate::ecs::fault::FaultKind;
use crate::ecs::name::{Family, ParameterName};
use crate::ecs::seen::Seen;
use crate::engine::effect::Event;
use crate::plan::hold::Hold;
use crate::testing::fake::Fake;
use crate::testing::parameter;
use crate::view::reading::Answer;

const HOUR: Duration = Duration::from_hours(1);

/// One service that only the document knows, and one that only its tags know.
const WORLD: &str = r#"cluster prod default=internal.myapp
     document {"version": 1, "services": {"prod/web": {"mode": "client-server"}}}
     web -
     cron mode=client"#;

#[test]
fn a_service_is_opted_in_by_the_document_alone() {
    let mut fake = Fake::new(WORLD);
    fake.run(120);
    expect![[r#"
        0 document in force
        0 prod/cron OutOfSync Healthy NotSeen
        10 prod/cron OutOfSync Healthy -
        10 prod/cron OutOfSync Healthy Rolling
        10 cluster prod: 0 in order, 2 not, 0 not opted in
        10 prod/web OutOfSync Healthy Budget
        10 prod/cron connect ecs-svc/2
        10 prod/cron Synced Progressing Progressing
        40 prod/cron rolled out in 30s: Completed
        40 prod/cron Synced Healthy -
        40 prod/web OutOfSync Healthy -
        40 prod/web OutOfSync Healthy Rolling
        40 prod/web connect ecs-svc/3
        40 prod/web Synced Progressing Progressing
        70 prod/web rolled out in 30s: Completed
        70 prod/web Synced Healthy -
        70 prod/cron Synced Unknown CannotCall
    "#]]
    .assert_eq(&fake.take_news());
}

#[test]
fn nothing_is_written_before_the_document_was_read() {
    let mut fake = Fake::new(WORLD);
    fake.fail("ask", FaultKind::Denied, usize::from(u8::MAX));
    fake.run(900);
    assert_eq!(fake.count("apply"), 0);
    assert!(fake.count("ask parameters") < 12, "no hot loop: {}", fake.take_log());
}

#[test]
fn a_bad_document_at_the_start_holds_everything_and_a_good_one_lets_it_go() {
    let mut fake = Fake::new(WORLD);
    fake.write_document(1, "{");
    fake.run(300);
    assert_eq!(fake.count("apply"), 0);
    assert!(fake.take_news().contains("document: /eastwest/prod"));
    fake.write_document(2, r#"{"version": 1}"#);
    fake.run(300);
    assert_eq!(fake.count("apply"), 1, "the one with tags");
}

#[test]
fn the_last_good_document_stays_in_force_while_the_new_one_is_bad_missing_older_or_forbidden() {
    let mut fake = Fake::new(WORLD);
    fake.run(300);
    let name = ParameterName::as_read("/eastwest/prod");
    let good = fake.parameters[&name].clone();
    let bad = vec![parameter("/eastwest/prod", 2, r#"{"version": 2}"#)];
    let older = vec![parameter("/eastwest/prod", 0, r#"{"version": 1}"#)];
    for reading in [Some(bad), None, Some(Vec::new()), Some(older)] {
        fake.take_news();
        match reading {
            Some(parameters) => drop(fake.parameters.insert(name.clone(), parameters)),
            None => drop(fake.parameters.remove(&name)),
        }
        fake.run(400);
        assert!(!fake.take_news().contains("no longer ours"));
        let trouble = fake.engine.view().in_force.trouble();
        assert!(trouble.is_some_and(|trouble| trouble.starts_with("/eastwest/prod")));
        let document = fake.engine.view().document.as_ref().expect("a document");
        assert_eq!(document.services.len(), 1);
    }
    fake.parameters.insert(name, good);
    fake.fail("ask", FaultKind::Denied, 3);
    fake.run(900);
    assert_eq!(fake.engine.view().document.as_ref().map(|d| d.services.len()), Some(1));
    assert_eq!(fake.count("apply"), 2, "nothing but the two at the start");
}

#[test]
fn a_document_that_declares_nothing_any_more_lets_services_go_as_they_are() {
    let mut fake = Fake::new(WORLD);
    fake.run(300);
    fake.take_news();
    fake.write_document(2, r#"{"version": 1}"#);
    fake.run(600);
    assert_eq!(fake.count("apply"), 2, "nothing is removed");
    expect![[r#"
        310 document in force
        310 prod/web is no longer ours
    "#]]
    .assert_eq(&fake.take_news());
}

#[test]
fn an_entry_that_says_off_switches_off() {
    let mut fake = Fake::new(WORLD);
    fake.run(300);
    fake.write_document(2, r#"{"version": 1, "services": {"prod/web": {"mode": "off"}}}"#);
    fake.run(300);
    assert_eq!(fake.count("apply disconnect prod/web"), 1);
}

#[test]
fn freeze_holds_everything_until_it_goes() {
    let mut fake = Fake::new(WORLD);
    fake.write_document(2, r#"{"version": 1, "freeze": true}"#);
    fake.run(300);
    assert_eq!(fake.count("apply"), 0);
    assert!(fake.take_news().contains("prod/cron OutOfSync Suspended Frozen"));
    fake.write_document(3, r#"{"version": 1}"#);
    fake.run(300);
    assert_eq!(fake.count("apply"), 1);
}

#[test]
fn the_limits_of_the_document_beat_the_flags() {
    let mut fake = Fake::new(&format!("{WORLD}\njob mode=client"));
    fake.write_document(
        2,
        r#"{"version": 1, "services": {"prod/web": {"mode": "client-server"}},
            "limits": {"rolloutsPerCluster": 5, "rolloutsPerNamespace": 5}}"#,
    );
    fake.run(42);
    assert_eq!(fake.count("apply"), 3, "one first, then both others at once");
}

/// A document that has its namespace made.
const NEW_NAMESPACE: &str = r#"document {"version": 1, "namespaces": {"new.ns": {"type": "http", "create": true}}}
     web mode=client-server, namespace=new.ns"#;

#[test]
fn a_namespace_is_made_once_and_then_its_services_join() {
    let mut fake = Fake::new(NEW_NAMESPACE);
    fake.run(300);
    assert_eq!(fake.count("make"), 1, "{}", fake.take_log());
    assert_eq!(fake.count("apply connect prod/web"), 1);
    fake.run(3600);
    assert_eq!(fake.count("make") + fake.count("apply"), 2);
}

#[test]
fn a_namespace_that_cannot_be_made_is_tried_later_and_later() {
    let mut fake = Fake::new(NEW_NAMESPACE);
    fake.fail("make", FaultKind::Denied, 6);
    fake.run(60);
    let made = fake.count("make");
    assert!((2..=5).contains(&made), "{made}");
    fake.run(900);
    assert_eq!(fake.count("make"), 7);
    assert_eq!(fake.count("apply connect prod/web"), 1);
}

#[test]
fn a_namespace_is_asked_for_again_after_a_crash_and_not_made_twice() {
    let mut fake = Fake::new(NEW_NAMESPACE);
    fake.begin_writing();
    let made = fake.next_event();
    assert!(matches!(made, Event::Made(..)), "{made:?}");
    fake.restart();
    fake.run(300);
    assert_eq!(fake.count("make"), 1, "it is there, so nothing is made");
    assert_eq!(fake.count("apply connect prod/web"), 1);
}

#[test]
fn nothing_is_made_under_observe_or_while_frozen() {
    let mut fake = Fake::new(&format!("policy observe\n{NEW_NAMESPACE}"));
    fake.run(600);
    assert_eq!(fake.count("make"), 0);
    let mut fake = Fake::new(NEW_NAMESPACE);
    fake.write_document(
        2,
        r#"{"version": 1, "freeze": true, "namespaces": {"new.ns": {"type": "http", "create": true}}}"#,
    );
    fake.run(600);
    assert_eq!(fake.count("make"), 0);
}

#[test]
fn ports_are_named_in_one_new_revision_that_somebody_else_deploys() {
    let mut fake = Fake::new(
        r#"cluster prod default=internal.myapp
           document {"version": 1, "namePorts": true}
           web mode=client-server, endpoint.8080=name=a, endpoint.9090=name=b | off | =8080 =9090"#,
    );
    fake.run(600);
    let made =
        "make register a revision of web:1 that names app:8080 app-8080-tcp app:9090 app-9090-tcp";
    assert_eq!(fake.count(made), 1, "{}", fake.take_log());
    assert_eq!(fake.count("make") + fake.count("apply"), 1);
    let hold = fake.engine.plan().holds().next().expect("a hold").1.to_string();
    expect!["the port mapping 8080 of container app in web:1 has no name: web:2 names it; deploy that revision, eastwest never does; the port mapping 9090 of container app in web:1 has no name: web:2 names it; deploy that revision, eastwest never does"]
        .assert_eq(&hold);
}

#[test]
fn a_port_stays_unnamed_where_the_document_does_not_ask_for_it() {
    let mut fake = Fake::new("web mode=client-server, namespace=internal.myapp | off | =8080");
    fake.run(600);
    assert_eq!(fake.count("make") + fake.count("ask latest"), 0);
}

#[test]
fn a_parameter_that_a_tag_names_says_the_rest_and_is_read_again() {
    let mut fake = Fake::new(
        "cluster prod default=internal.myapp
         web mode=client-server, document=/eastwest/web",
    );
    fake.run(60);
    assert_eq!(fake.count("apply"), 0);
    let name = ParameterName::as_read("/eastwest/web");
    let entry = r#"{"endpoints": [{"discoveryName": "shop"}]}"#;
    fake.parameters.insert(name.clone(), vec![parameter("/eastwest/web", 1, entry)]);
    fake.run(300);
    assert_eq!(fake.count("apply"), 1);
    let bad = vec![parameter("/eastwest/web", 2, r#"{"mod": 1}"#)];
    fake.parameters.insert(name.clone(), bad);
    fake.run(300);
    assert_eq!(fake.count("apply"), 1, "the last good one stays in force");
    let entry = r#"{"endpoints": [{"discoveryName": "market"}]}"#;
    fake.parameters.insert(name, vec![parameter("/eastwest/web", 3, entry)]);
    fake.run(300);
    assert_eq!(fake.count("apply"), 2);
    fake.tag("web", "mode=client-server");
    fake.run(120);
    let asked = fake.count("ask parameters");
    fake.run(600);
    assert_eq!(fake.count("ask parameters"), asked, "no tag names it any more");
}

#[test]
fn a_path_without_parameters_is_read_later_and_later() {
    let mut fake = Fake::new(WORLD);
    fake.parameters.insert(ParameterName::as_read("/eastwest/prod"), Vec::new());
    fake.run(900);
    assert_eq!(fake.count("apply"), 0);
    let asked = fake.count("ask parameters");
    assert!(asked < 40, "{asked} times");
}

#[test]
fn a_tag_that_names_the_document_itself_is_refused_and_not_read_without_end() {
    let mut fake = Fake::new(
        r#"cluster prod default=internal.myapp
           document {"version": 1}
           web mode=client-server, document=/eastwest/prod"#,
    );
    fake.run(900);
    assert_eq!(fake.count("apply"), 0);
    let asked = fake.count("ask parameters");
    assert!(asked < 40, "{asked} times");
    let hold = fake.engine.plan().holds().next().expect("a hold").1;
    assert_eq!(*hold, Hold::Ambiguous);
}

#[test]
fn what_could_not_be_made_is_not_made_after_the_document_froze_everything() {
    let mut fake = Fake::new(NEW_NAMESPACE);
    fake.fail("make", FaultKind::Denied, usize::from(u8::MAX));
    fake.run(600);
    fake.write_document(
        2,
        r#"{"version": 1, "freeze": true, "namespaces": {"new.ns": {"type": "http", "create": true}}}"#,
    );
    fake.run(120);
    let made = fake.count("make");
    fake.run(1200);
    assert_eq!(fake.count("make"), made);
}

#[test]
fn the_latest_revision_is_looked_at_again_even_where_a_person_must_name_the_port() {
    let mut fake = Fake::new(
        r#"cluster prod default=internal.myapp
           document {"version": 1, "namePorts": true}
           web mode=client-server | off | =8080"#,
    );
    fake.run(5);
    let family = Family::as_read("web");
    fake.step(Event::Answered(Answer::LatestRevision(family, Seen::Absent)));
    fake.run(600);
    assert_eq!(fake.count("make"), 1, "{}", fake.take_log());
}

#[test]
fn an_older_reading_while_no_document_is_in_force_is_not_asked_for_without_end() {
    let other = ParameterName::as_read("/eastwest/other");
    let mut fake = Fake::with(WORLD, |settings| {
        settings.sources.documents.insert(other.clone());
    });
    fake.run(60);
    let older = vec![parameter("/eastwest/prod", 0, r#"{"version": 1}"#)];
    fake.parameters.insert(ParameterName::as_read("/eastwest/prod"), older);
    fake.run(600);
    let asked = fake.count("ask parameters");
    assert!(asked < 400, "{asked} times");
}

#[test]
fn a_change_is_made_as_soon_as_a_window_opens() {
    // Nothing else happens for hours.
    let mut fake = Fake::with(WORLD, |settings| settings.timing.interval = 12 * HOUR);
    let windows = r#"{"version": 1, "windows": [{"allow": "10 1 * * *", "duration": "30m"}]}"#;
    fake.write_document(2, windows);
    fake.run(4199);
    assert_eq!(fake.count("apply"), 0);
    assert!(fake.take_news().contains("prod/cron OutOfSync Suspended Frozen"));
    fake.run(2);
    assert_eq!(fake.count("apply"), 1);
}
