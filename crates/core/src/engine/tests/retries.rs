//! What ECS gave up, sent once more because a person asks for it.

use crate::engine::effect::Event;
use crate::testing::fake::Fake;
use crate::testing::key;

const TAGS: &str = "mode=client-server, alias=b:80";

/// A service whose first change was rolled back.
fn rolled_back() -> Fake {
    let mut fake = Fake::new(&format!("web {TAGS} | in internal.myapp http/web@a:80"));
    fake.rollback("web");
    fake.run(600);
    assert_eq!((fake.count("apply"), held(&fake).as_str()), (1, "RolledBack"));
    fake
}

fn held(fake: &Fake) -> String {
    let hold = fake.engine.plan().entries.get(&key("web")).and_then(|entry| entry.hold());
    hold.map_or("nothing".to_owned(), |hold| hold.reason().to_string())
}

#[test]
fn a_new_value_of_the_tag_is_one_attempt() {
    let mut fake = rolled_back();
    fake.rollback("web");
    fake.tag("web", &format!("{TAGS}, retry=1"));
    fake.run(1200);
    assert_eq!((fake.count("apply"), held(&fake).as_str()), (2, "RolledBack"));
    fake.tag("web", &format!("{TAGS}, retry=2"));
    fake.run(600);
    assert_eq!((fake.count("apply"), held(&fake).as_str()), (3, "nothing"));
    assert!(fake.in_force("web").contains("@b:80"));
}

#[test]
fn the_same_value_or_none_asks_for_nothing() {
    let mut fake = rolled_back();
    fake.tag("web", &format!("{TAGS}, retry=1"));
    fake.rollback("web");
    fake.run(600);
    fake.tag("web", TAGS);
    fake.run(600);
    assert_eq!((fake.count("apply"), held(&fake).as_str()), (2, "RolledBack"));
}

#[test]
fn a_value_that_was_there_before_the_start_asks_for_nothing() {
    let world = format!("web {TAGS}, retry=1 | in internal.myapp http/web@a:80");
    let mut fake = Fake::new(&world);
    fake.rollback("web");
    fake.run(1200);
    assert_eq!((fake.count("apply"), held(&fake).as_str()), (1, "RolledBack"));
}

#[test]
fn a_person_can_ask_the_daemon() {
    let mut fake = rolled_back();
    fake.step(Event::Retry(key("web")));
    fake.run(600);
    assert_eq!((fake.count("apply"), held(&fake).as_str()), (2, "nothing"));
    fake.step(Event::Retry(key("nobody")));
    fake.run(600);
    assert_eq!(fake.count("apply"), 2);
}
