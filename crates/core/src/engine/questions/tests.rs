//! What is asked again, and when.

use super::*;
use crate::testing::{Stage, at, key, namespace};

/// What is asked of a stage, so many seconds after everything in it was read.
fn asked(text: &str, seconds: u64) -> Vec<String> {
    asked_of(&Stage::read(text), seconds)
}

fn asked_of(stage: &Stage, seconds: u64) -> Vec<String> {
    let plan = stage.guarded(&crate::guard::writes::Writes::default());
    let now = stage.now.plus(Duration::from_secs(seconds));
    let (view, settings) = (&stage.view, &stage.settings);
    let questions = Questions { view, plan: &plan, settings, now }.all();
    questions.iter().map(show).collect()
}

fn show(question: &Question) -> String {
    match question {
        Question::Namespaces => "namespaces".to_owned(),
        Question::NamespaceUse(id, ..) => format!("use {id}"),
        Question::TaskDefinition(arn) => format!("task {arn}"),
        Question::History(key) => format!("history {key}"),
        Question::LatestRevision(family) => format!("latest {family}"),
        Question::Parameters(name) => format!("parameters {name}"),
    }
}

const NOTHING: [&str; 0] = [];

#[test]
fn what_the_plan_lacks_is_asked_at_once() {
    let text = "cluster prod default=internal.myapp
        web mode=client-server | off | ?";
    assert_eq!(asked(text, 0), ["task arn:aws:ecs:eu-west-1:1:task-definition/web:1"]);
}

#[test]
fn the_namespaces_are_read_again_rarely_but_each_interval_while_one_is_missing() {
    let read = |text: &str, seconds| {
        let mut stage = Stage::read(text);
        stage.view.namespaces_at = Some(stage.now);
        asked_of(&stage, seconds)
    };
    assert_eq!(read("", 599), NOTHING);
    assert_eq!(read("", 600), ["namespaces"]);
    let missing = "web mode=client, namespace=other";
    assert_eq!(read(missing, 59), NOTHING);
    assert_eq!(read(missing, 60), ["namespaces"]);
}

#[test]
fn a_document_is_read_again_each_interval() {
    let text = r#"document {"version": 1}"#;
    assert_eq!(asked(text, 59), NOTHING);
    assert_eq!(asked(text, 60), ["parameters /eastwest/prod"]);
}

#[test]
fn a_name_that_another_service_has_is_looked_at_each_interval() {
    let text = "web mode=client-server, discovery-name=api | in internal.myapp
        api mode=client-server | in internal.myapp http/api@api:80";
    let id = namespace("internal.myapp").id;
    assert_eq!(asked(text, 59), NOTHING);
    assert_eq!(asked(text, 60), [format!("use {id}")]);
}

#[test]
fn a_rollout_is_explained_once_it_runs_for_half_a_minute_or_if_it_shifts_traffic() {
    let rolling = |seconds: u64, facts: &str| {
        let line =
            format!("web mode=client | in internal.myapp | http=80 | rolling={seconds} {facts}");
        asked(&line, 0)
    };
    assert_eq!(rolling(30, "history=?"), NOTHING);
    assert_eq!(rolling(31, "history=?"), ["history prod/web"]);
    assert_eq!(rolling(1, "history=? shifts"), ["history prod/web"]);
    assert_eq!(rolling(31, ""), NOTHING, "it was read just now");
}

#[test]
fn the_history_of_a_failed_rollout_is_read_until_it_is_known() {
    let failed = |history: &str, seconds| {
        let line = format!("web mode=client | in internal.myapp | http=80 | failed {history}");
        asked(&line, seconds)
    };
    assert_eq!(failed("history=?", 0), ["history prod/web"]);
    assert_eq!(failed("history=!", 29), NOTHING);
    assert_eq!(failed("history=!", 30), ["history prod/web"]);
    assert_eq!(failed("", 3000), NOTHING);
}

#[test]
fn a_service_that_did_not_opt_in_is_followed_only_where_its_rollout_matters() {
    let line = |facts: &str| format!("web - | in internal.myapp | http=80 | rolling=600 {facts}");
    assert_eq!(asked(&line("history=?"), 0), NOTHING);
    assert_eq!(asked(&line("history=rolling"), 29), NOTHING);
    assert_eq!(asked(&line("history=rolling"), 30), ["history prod/web"]);
}

#[test]
fn the_longer_a_rollout_runs_the_less_often_its_history_is_read() {
    let interval = |seconds: u64| {
        let stage = Stage::read(&format!("web mode=client | off | http=80 | primary={seconds}"));
        let service = stage.view.service(&key("web")).expect("a service");
        history_poll_interval(service, stage.now).as_secs()
    };
    assert_eq!([interval(0), interval(600), interval(1800), interval(3600)], [60, 60, 180, 360]);
    let mut stage = Stage::read("web mode=client");
    stage.now = at(1_000_000);
    let service = stage.view.service(&key("web")).expect("a service").clone();
    let old = ServiceView { primary_since: Some(at(0)), ..service };
    assert_eq!(history_poll_interval(&old, stage.now), RARELY);
}

#[test]
fn who_serves_beyond_the_watched_clusters_is_asked_where_a_service_may_call() {
    let beyond = |tags: &str, seconds| {
        let place = if tags.contains('|') { "" } else { " | in internal.myapp" };
        let mut stage = Stage::read(&format!("web {tags}{place}"));
        stage.settings.clusters = Some(stage.view.clusters.keys().cloned().collect());
        asked_of(&stage, seconds)
    };
    let id = namespace("internal.myapp").id;
    assert_eq!(beyond("mode=client, refresh=always", 299), NOTHING);
    assert_eq!(beyond("mode=client, refresh=always", 300), [format!("use {id}")]);
    // Its change is refused, so the plan names no namespace for it.
    let refused = "mode=client-server, port=admin, needs=api";
    assert_eq!(beyond(refused, 300), [format!("use {id}")]);
    assert_eq!(beyond("mode=client", 3000), NOTHING);
    let doubted = "mode=client | in internal.myapp | http=8080 env:API_URL=http://api.internal.myapp/ | deployed=50";
    assert_eq!(beyond(doubted, 300), [format!("use {id}")]);
    assert_eq!(asked("web mode=client, refresh=always | in internal.myapp", 3000), NOTHING);
}

#[test]
fn a_full_namespace_is_looked_at_each_interval() {
    let text = "members internal.myapp 1000
        cluster prod default=internal.myapp
        web mode=client";
    let id = namespace("internal.myapp").id;
    assert_eq!(asked(text, 59), NOTHING);
    assert_eq!(asked(text, 60), [format!("use {id}")]);
}

#[test]
fn a_later_revision_is_looked_for_where_ports_may_be_named() {
    let text = |name_ports: bool| {
        format!(
            r#"document {{"version": 1, "namePorts": {name_ports}}}
        cluster prod default=internal.myapp
        web mode=client-server | off | =8080"#
        )
    };
    assert!(!asked(&text(false), 0).iter().any(|line| line.starts_with("latest")));
    assert_eq!(asked(&text(true), 0), ["latest web"]);
}
