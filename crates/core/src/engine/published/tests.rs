//! What is published of each step, and that nothing is published twice.

use super::*;
use crate::testing::{Stage, at, key};

/// One service that needs nothing, and one that is to change.
const WORLD: &str = "cluster prod default=internal.myapp
    api mode=client-server | in internal.myapp http/api@api:80
    web mode=client-server";

/// Publishes a stage as it stands; the news as text.
fn publish(published: &mut Published, stage: &Stage) -> Vec<String> {
    let writes = Writes::default();
    let plan = stage.guarded(&writes);
    publish_plan(published, stage, (&plan, &writes))
}

fn publish_plan(
    published: &mut Published,
    stage: &Stage,
    (plan, writes): (&Plan, &Writes),
) -> Vec<String> {
    let Stage { view, settings, now, .. } = stage;
    let timing = &settings.timing;
    published.publish(PublishInput { view, plan, writes, timing, now: *now });
    let line = |news: &News| match news {
        News::Status(key, status) => {
            let sync = status.as_ref().map(|status| status.sync.into());
            format!("{key} {}", sync.unwrap_or("gone"))
        }
        News::FirstReading(cluster, census) => format!("{cluster} {}", census.in_order),
        other => format!("{other:?}"),
    };
    published.take_news().iter().map(line).collect()
}

#[test]
fn a_first_pass_is_a_line_for_the_cluster_and_the_next_is_silent() {
    let stage = Stage::read(WORLD);
    let mut published = Published::default();
    assert_eq!(publish(&mut published, &stage), ["prod 1", "prod/web OutOfSync"]);
    assert_eq!(publish(&mut published, &stage), [""; 0]);
    assert!(published.take_news().is_empty(), "the caller took them");
}

#[test]
fn a_status_that_changes_is_one_line_and_has_its_time() {
    let mut stage = Stage::read(WORLD);
    let mut published = Published::default();
    publish(&mut published, &stage);
    stage.retag("web", &crate::testing::read_tags("mode=off"));
    stage.now = at(3700);
    assert_eq!(publish(&mut published, &stage), ["prod/web Synced"]);
    let since = |name: &str| published.status(&key(name)).map(|published| published.since);
    assert_eq!([since("api"), since("web")], [Some(at(3600)), Some(at(3700))]);
}

#[test]
fn a_service_that_opts_out_or_is_deleted_is_gone_once() {
    let mut stage = Stage::read(WORLD);
    let mut published = Published::default();
    publish(&mut published, &stage);
    stage.retag("api", &BTreeMap::new());
    let web = key("web");
    let cluster = stage.view.clusters.get_mut(&web.cluster).expect("a cluster");
    cluster.services.remove(&web);
    assert_eq!(publish(&mut published, &stage), ["prod/api gone", "prod/web gone"]);
    assert_eq!(publish(&mut published, &stage), [""; 0]);
    assert_eq!(published.status(&web), None);
}

#[test]
fn a_status_that_waits_for_an_answer_is_no_line_and_replaces_none() {
    let stage = Stage::read(WORLD);
    let mut published = Published::default();
    publish(&mut published, &stage);
    let mut plan = stage.guarded(&Writes::default());
    let entry = plan.entries.get_mut(&key("web")).expect("an entry");
    entry.hold_step(Hold::NotSeen(Unseen::Partly));
    let writes = Writes::default();
    assert_eq!(publish_plan(&mut published, &stage, (&plan, &writes)), [""; 0]);
    let status = published.status(&key("web")).map(|published| &published.status);
    assert_eq!(status.and_then(|status| status.reason), None, "the one before stands");
}

#[test]
fn another_attempt_at_what_failed_is_no_line() {
    let stage = Stage::read(WORLD);
    let plan = stage.guarded(&Writes::default());
    let (web, action) = plan.steps().next().expect("a step");
    let mut writes = Writes::default();
    let entry = plan.entries.get(web);
    assert!(!waits_for_answer(entry, &writes));
    writes.sent(action);
    let fault = crate::testing::fault(crate::ecs::fault::FaultKind::Throttled);
    writes.ended(action, Err(fault), Moment { timing: &stage.settings.timing, now: at(0) });
    assert!(waits_for_answer(entry, &writes));
    assert!(!waits_for_answer(None, &writes));
}

#[test]
fn a_document_is_news_when_it_comes_into_force_and_when_its_reading_fails_or_recovers() {
    let with = r#"document {"version": 1}"#;
    let mut published = Published::default();
    let news = |published: &mut Published, text: &str| {
        let mut news = publish(published, &Stage::read(text));
        news.retain(|line| !line.starts_with("prod"));
        news
    };
    assert_eq!(news(&mut published, with), ["InForce"]);
    assert_eq!(news(&mut published, with), [""; 0], "another reading of the same");
    let mut bad = Stage::read(with);
    let trouble = Stage::read("document {").view.in_force;
    bad.view.in_force = trouble;
    let lines = publish(&mut published, &bad);
    assert!(lines.len() == 1 && lines[0].starts_with("Document(Some("), "{lines:?}");
    assert_eq!(publish(&mut published, &bad), [""; 0]);
    assert_eq!(news(&mut published, with), ["Document(None)"]);
}

#[test]
fn a_breach_is_published_once_and_again_if_it_comes_back() {
    let breach = Breach { service: key("web"), rule: "a rule" };
    let mut published = Published::default();
    let mut count = |breaches: &[&Breach]| {
        published.publish_breaches(breaches.iter().map(|breach| (*breach).clone()).collect());
        published.take_news().len()
    };
    assert_eq!([count(&[&breach]), count(&[&breach]), count(&[]), count(&[&breach])], [1, 0, 0, 1]);
}

#[test]
fn the_end_of_a_rollout_comes_before_the_status_it_changes() {
    let rolling = Stage::read(
        "web mode=client-server | in internal.myapp http/web@web:80 | http=8080/http | rolling=30",
    );
    let done = Stage::read("web mode=client-server | in internal.myapp http/web@web:80");
    let mut published = Published::default();
    publish(&mut published, &rolling);
    assert_eq!(published.rollouts().services().collect::<Vec<_>>(), [&key("web")]);
    let lines = publish(&mut published, &done);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("RolledOut("), "{lines:?}");
    assert_eq!(lines[1], "prod/web Synced");
}
