//! A person pauses something while the engine runs.

use std::time::Duration;

use crate::ecs::name::ClusterName;
use crate::engine::effect::Event;
use crate::plan::asked_pause::{PauseScope, PausedOver};
use crate::plan::reason::Reason;
use crate::testing::fake::Fake;
use crate::testing::key;

const WEB: &str = "cluster prod default=internal.myapp
     web mode=client-server | http=8080";

fn pause(fake: &mut Fake, scope: PauseScope, minutes: u64) {
    fake.step(Event::Pause(scope, Duration::from_mins(minutes), PausedOver::Api));
}

fn web() -> PauseScope {
    PauseScope::Service(key("web"))
}

#[test]
fn a_pause_holds_what_would_be_written_and_its_end_lets_it_go() {
    let mut fake = Fake::new(WEB);
    pause(&mut fake, web(), 60);
    fake.run(3500);
    assert_eq!(fake.count("apply"), 0);
    let status = &fake.engine.status(&key("web")).expect("it opted in").status;
    assert_eq!(status.reason, Some(Reason::Paused));
    let message = status.message.as_deref().expect("it says why");
    assert!(message.starts_with("a person paused prod/web by HTTP, until "), "{message}");
    fake.run(200);
    assert_eq!(fake.count("apply"), 1, "the pause was over after an hour");
}

#[test]
fn a_pause_that_comes_between_the_read_and_the_write_stops_the_write() {
    let mut fake = Fake::new(WEB);
    fake.begin_writing();
    let confirmed = fake.next_event();
    pause(&mut fake, PauseScope::Cluster(ClusterName::as_read("prod")), 60);
    fake.step(confirmed);
    assert!(!fake.pending().iter().any(|effect| effect.starts_with("apply")));
    fake.step(Event::Resume(web()));
    fake.run(600);
    assert_eq!(fake.count("apply"), 0, "the pause of the cluster goes on");
    fake.step(Event::Resume(PauseScope::Cluster(ClusterName::as_read("prod"))));
    fake.run(600);
    assert_eq!(fake.count("apply"), 1);
}

#[test]
fn a_restart_forgets_a_pause() {
    let mut fake = Fake::new(WEB);
    pause(&mut fake, PauseScope::Everything, 600);
    fake.run(600);
    assert_eq!(fake.count("apply"), 0);
    fake.restart();
    fake.run(600);
    assert_eq!(fake.count("apply"), 1);
}
