//! What needs a person, as the engine sees it over time.

use std::fmt::Write as _;
use std::time::Duration;

use expect_test::{Expect, expect};

use crate::ecs::fault::FaultKind;
use crate::engine::effect::Event;
use crate::report::concern::{Concerns, Role, Sighting};
use crate::testing::fake::Fake;

fn look(fake: &Fake) -> Concerns {
    fake.engine.concerns(Duration::from_mins(30), fake.now)
}

/// Each concern in a line; how many subjects nobody can tell more of.
fn check(fake: &Fake, expected: &Expect) {
    let mut lines = String::new();
    let mut unclear = 0;
    for (subject, sighting) in look(fake).seen {
        match sighting {
            Sighting::Unclear => unclear += 1,
            Sighting::Concern(concern) => {
                writeln!(lines, "{} {subject}: {}", concern.kind.name(), concern.why)
                    .expect("a String takes all text");
            }
        }
    }
    write!(lines, "unclear {unclear}").expect("a String takes all text");
    expected.assert_eq(&lines);
}

#[test]
fn what_is_in_order_or_did_not_opt_in_is_no_concern() {
    let mut fake = Fake::new(
        "cluster prod default=internal.myapp
         a mode=client | in internal.myapp
         b -",
    );
    fake.run(60);
    check(&fake, &expect!["unclear 0"]);
    assert_eq!(look(&fake).role, Role::Leads);
}

#[test]
fn the_brake_is_one_concern_of_the_namespace_and_ends_with_consent() {
    let services: Vec<String> = (10..25).map(|n| format!("s{n} mode=client")).collect();
    let text = format!("cluster prod default=internal.myapp\n{}", services.join("\n"));
    let mut fake = Fake::new(&text);
    fake.run(60);
    let id = fake.engine.plan().awaiting_consent().into_keys().next().cloned().expect("it waits");
    let concerns = look(&fake);
    let of_brake = concerns.seen.iter().find(|(_, s)| matches!(s, Sighting::Concern(_)));
    let (subject, Sighting::Concern(concern)) = of_brake.expect("a concern") else { panic!() };
    assert_eq!(subject.to_string(), "namespace internal.myapp");
    let words = "15 of 15 services in namespace internal.myapp would change";
    assert!(concern.why.starts_with(words), "{}", concern.why);
    assert!(concern.ends.as_ref().is_some_and(|ends| ends.contains(&id.to_string())));
    assert_eq!(concerns.seen.len(), 16, "each service waits");
    fake.step(Event::Acknowledged(id));
    check(&fake, &expect!["unclear 15"]);
    fake.run(4000);
    check(&fake, &expect!["unclear 0"]);
}

#[test]
fn a_difference_is_a_concern_once_it_lasts() {
    let mut fake = Fake::with("web mode=client, namespace=internal.myapp", |settings| {
        settings.policy = crate::declaration::settings::Policy::Observe;
    });
    fake.run(60);
    check(&fake, &expect!["unclear 1"]);
    fake.run(1800);
    check(&fake, &expect!["drift prod/web: policy observe does not allow this write\nunclear 0"]);
}

#[test]
fn a_name_that_another_service_has_is_one_and_a_pause_is_none() {
    let mut fake = Fake::new(
        "cluster prod default=internal.myapp
         old mode=client-server | server internal.myapp http:web | http=8080
         web mode=client-server | http=8080
         off mode=client, pause=true",
    );
    fake.run(4000);
    let concerns = look(&fake);
    let kinds: Vec<&str> = concerns
        .seen
        .values()
        .filter_map(|sighting| match sighting {
            Sighting::Concern(concern) => Some(concern.kind.name()),
            Sighting::Unclear => None,
        })
        .collect();
    assert!(!kinds.contains(&"drift"), "{kinds:?}: a pause is chosen");
}

#[test]
fn a_cluster_that_may_not_be_read_is_one_at_once_and_one_that_fails_for_a_moment_is_none() {
    let mut fake = Fake::new("cluster prod\nweb mode=client | in internal.myapp");
    fake.run(60);
    fake.fail("sweep", FaultKind::Throttled, 1);
    fake.run(61);
    assert!(!look(&fake).seen.values().any(|seen| matches!(seen, Sighting::Concern(_))));
    fake.fail("sweep", FaultKind::Denied, 100);
    fake.run(120);
    let concerns = look(&fake);
    let cluster = concerns.seen.iter().find(|(_, seen)| matches!(seen, Sighting::Concern(_)));
    let (subject, _) = cluster.expect("a concern");
    assert_eq!(subject.to_string(), "cluster prod");
}
