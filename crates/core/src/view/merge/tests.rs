//! Readings that are old, partial or failed.

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::ecs::name::{Arn, DeploymentId};
use crate::ecs::service::Rollout;
use crate::ecs::time::AwsTime;
use crate::testing::{at, fault, key, read_tags, service};
use crate::view::reading::ClusterReading;

const STALENESS: Duration = Duration::from_secs(10);

/// A view, and readings that arrive at a given second.
#[derive(Default)]
struct Readings(View);

impl Readings {
    fn at(&mut self, seconds: u64, take_in: impl FnOnce(&Merger<'_>, &mut View)) {
        let prefix = TagPrefix::default();
        let sources = Sources::default();
        let merger =
            Merger { prefix: &prefix, sources: &sources, staleness: STALENESS, now: at(seconds) };
        take_in(&merger, &mut self.0);
    }

    fn sweep(&mut self, seconds: u64, services: &[EcsService]) {
        self.sweep_with(seconds, Ok(()), services);
    }

    fn sweep_with(&mut self, seconds: u64, listing: Result<(), Fault>, services: &[EcsService]) {
        let seen = services.iter().map(|s| (s.key.clone(), Seen::Known(s.clone())));
        let reading = reading(listing, seen.collect());
        self.at(seconds, |merger, view| _ = merger.swept(view, reading));
    }

    fn view(&self) -> Option<&ServiceView> {
        self.0.service(&key("web"))
    }

    fn web(&self) -> &EcsService {
        self.view().and_then(|view| view.last.as_deref()).expect("the service is known")
    }

    fn with_history(mut self) -> Self {
        let history = crate::view::history::History::default();
        self.0.histories.insert(key("web"), (at(0), Seen::Known(history)));
        self
    }

    fn remembers_history(&self) -> bool {
        self.0.histories.contains_key(&key("web"))
    }
}

fn reading(
    listing: Result<(), Fault>,
    services: BTreeMap<ServiceKey, Seen<EcsService>>,
) -> ClusterReading {
    let cluster = key("web").cluster;
    ClusterReading {
        cluster,
        default_namespace: Seen::Known(None),
        listing,
        services,
        unchanged: BTreeMap::new(),
    }
}

/// The service as AWS changed it last at `version`, with a tag to tell readings apart.
fn web(version: i64, pause: &str) -> EcsService {
    let mut web = service(&key("web"), 0);
    web.deployments[0].updated_at = AwsTime(version);
    web.tags = read_tags(&format!("mode=client, pause={pause}"));
    web
}

fn throttled() -> Fault {
    fault(FaultKind::Throttled)
}

#[test]
fn an_older_reading_does_not_replace_a_newer_one() {
    let mut readings = Readings::default();
    readings.sweep(0, &[web(5, "true")]);
    readings.sweep(1, &[web(4, "false")]);
    assert_eq!(readings.web().version(), Some(AwsTime(5)));
    assert_eq!(readings.view().and_then(|view| view.stale_since), Some(at(1)));
    assert_eq!(readings.view().map(|view| view.read_at), Some(at(0)));
}

#[test]
fn an_older_reading_is_believed_once_it_has_come_for_longer_than_answers_lag() {
    let mut readings = Readings::default();
    readings.sweep(0, &[web(5, "true")]);
    readings.sweep(1, &[web(4, "true")]);
    readings.sweep(10, &[web(4, "true")]);
    assert_eq!(readings.web().version(), Some(AwsTime(5)));
    readings.sweep(11, &[web(4, "true")]);
    assert_eq!(readings.web().version(), Some(AwsTime(4)));
    assert_eq!(readings.view().and_then(|view| view.stale_since), None);
}

#[test]
fn a_reading_of_today_between_older_ones_starts_the_wait_anew() {
    let mut readings = Readings::default();
    readings.sweep(0, &[web(5, "true")]);
    readings.sweep(1, &[web(4, "true")]);
    readings.sweep(6, &[web(5, "true")]);
    readings.sweep(11, &[web(4, "true")]);
    readings.sweep(16, &[web(4, "true")]);
    assert_eq!(readings.web().version(), Some(AwsTime(5)));
}

#[test]
fn a_reading_as_new_as_the_last_one_replaces_it() {
    let mut readings = Readings::default();
    readings.sweep(0, &[web(5, "true")]);
    readings.sweep(1, &[web(5, "nonsense")]);
    assert_eq!(readings.view().map(|view| view.intent.clone()), Some(Intent::Ambiguous));
    assert_eq!(readings.view().map(|view| view.issues.len()), Some(1));
}

#[test]
fn a_service_made_anew_under_another_arn_is_not_older() {
    let mut readings = Readings::default();
    readings.sweep(0, &[web(5, "true")]);
    let mut other = web(4, "true");
    other.arn = crate::ecs::name::Arn::as_read("arn:another");
    readings.sweep(1, &[other]);
    assert_eq!(readings.web().arn.as_str(), "arn:another");
}

#[test]
fn a_service_is_forgotten_only_after_two_complete_listings_without_it_some_time_apart() {
    let mut readings = Readings::default();
    readings.sweep(0, &[web(5, "true")]);
    readings.sweep(60, &[]);
    assert!(readings.view().is_some_and(|view| view.missing_since == Some(at(60))));
    readings.sweep(69, &[]);
    assert!(readings.view().is_some(), "the second listing came too soon");
    readings.sweep(70, &[]);
    assert!(readings.view().is_none());
}

#[test]
fn a_partial_listing_says_nothing_of_what_it_lacks() {
    let mut readings = Readings::default();
    readings.sweep(0, &[web(5, "true")]);
    for minute in 1..10 {
        readings.sweep_with(minute * 60, Err(throttled()), &[]);
    }
    assert!(readings.view().is_some_and(|view| view.missing_since.is_none()));
    let cluster = &readings.0.clusters[&key("web").cluster];
    assert_eq!((cluster.complete_at, cluster.trouble.clone()), (Some(at(0)), Some(throttled())));
}

#[test]
fn a_service_that_comes_back_is_no_longer_missing() {
    let mut readings = Readings::default();
    readings.sweep(0, &[web(5, "true")]);
    readings.sweep(60, &[]);
    readings.sweep_with(90, Err(throttled()), &[web(5, "true")]);
    readings.sweep(120, &[]);
    assert!(readings.view().is_some_and(|view| view.missing_since == Some(at(120))));
}

#[test]
fn a_failed_read_keeps_what_was_known_and_says_so() {
    let mut readings = Readings::default();
    readings.sweep(0, &[web(5, "true")]);
    let failed = [(key("web"), Seen::Unknown(throttled()))];
    let failed = reading(Ok(()), BTreeMap::from(failed));
    readings.at(60, |merger, view| _ = merger.swept(view, failed));
    assert_eq!(readings.web().version(), Some(AwsTime(5)));
    assert_eq!(readings.view().and_then(|view| view.trouble.clone()), Some(throttled()));
    readings.sweep(120, &[web(5, "true")]);
    assert_eq!(readings.view().and_then(|view| view.trouble.clone()), None);
}

#[test]
fn a_service_listed_but_not_there_is_not_absent() {
    let mut readings = Readings::default();
    readings.sweep(0, &[web(5, "true")]);
    for minute in 1..10 {
        let absent = reading(Ok(()), BTreeMap::from([(key("web"), Seen::Absent)]));
        readings.at(minute * 60, |merger, view| _ = merger.swept(view, absent));
    }
    assert_eq!(readings.web().version(), Some(AwsTime(5)));
    assert!(readings.view().is_some_and(|view| view.trouble.is_some()));
}

#[test]
fn the_cluster_tells_of_services_that_were_never_read() {
    let mut readings = Readings::default();
    let denied = fault(FaultKind::Denied);
    let unread = reading(Ok(()), BTreeMap::from([(key("web"), Seen::Unknown(denied.clone()))]));
    readings.at(0, |merger, view| _ = merger.swept(view, unread));
    let trouble = |readings: &Readings| readings.0.clusters[&key("web").cluster].trouble.clone();
    assert_eq!(trouble(&readings), Some(denied));
    readings.sweep(60, &[web(5, "true")]);
    assert_eq!(trouble(&readings), None);
}

#[test]
fn a_service_that_is_being_made_is_no_trouble_of_the_cluster() {
    let mut readings = Readings::default();
    let missing = Seen::Unknown(fault(FaultKind::NotFound));
    let missing = reading(Ok(()), BTreeMap::from([(key("web"), missing)]));
    readings.at(0, |merger, view| _ = merger.swept(view, missing));
    assert_eq!(readings.0.clusters[&key("web").cluster].trouble, None);
}

#[test]
fn a_default_namespace_that_cannot_be_read_stays_what_it_was_and_the_cluster_says_so() {
    let mut readings = Readings::default();
    let mut first = reading(Ok(()), BTreeMap::new());
    let default = crate::ecs::name::NamespaceRef::as_read("internal.myapp");
    first.default_namespace = Seen::Known(Some(default.clone()));
    readings.at(0, |merger, view| _ = merger.swept(view, first));
    let mut second = reading(Ok(()), BTreeMap::new());
    second.default_namespace = Seen::Unknown(throttled());
    readings.at(60, |merger, view| _ = merger.swept(view, second));
    let cluster = &readings.0.clusters[&key("web").cluster];
    assert_eq!(cluster.default_namespace, Some(default));
    assert_eq!(cluster.trouble, Some(throttled()));
    assert_eq!(cluster.complete_at, Some(at(60)));
}

#[test]
fn the_past_is_forgotten_when_another_deployment_is_primary() {
    let mut readings = Readings::default();
    readings.sweep(0, &[web(5, "true")]);
    let mut readings = readings.with_history();
    readings.sweep(60, &[web(5, "true")]);
    assert!(readings.remembers_history());
    let mut next = web(6, "true");
    next.deployments[0].id = DeploymentId::as_read("ecs-svc/2");
    readings.sweep(120, &[next]);
    assert!(!readings.remembers_history());
}

#[test]
fn the_past_is_forgotten_when_a_rollout_ends() {
    let mut readings = Readings::default();
    let mut rolling = web(5, "true");
    rolling.deployments[0].rollout = Rollout::InProgress;
    readings.sweep(0, &[rolling]);
    assert!(readings.view().is_some_and(|view| view.rolling_since == Some(at(0))));
    let mut readings = readings.with_history();
    readings.sweep(60, &[web(6, "true")]);
    assert!(readings.view().is_some_and(|view| view.rolling_since.is_none()));
    assert!(!readings.remembers_history());
}

#[test]
fn the_past_is_forgotten_when_a_rollout_failed_between_two_readings() {
    let mut readings = Readings::default();
    readings.sweep(0, &[web(5, "true")]);
    let mut readings = readings.with_history();
    // ECS rolled it back to the deployment that was PRIMARY before, and shows when.
    readings.sweep(60, &[web(7, "true")]);
    assert!(!readings.remembers_history());
}

#[test]
fn a_rollout_is_timed_from_when_its_deployment_was_first_seen() {
    let mut readings = Readings::default();
    let rolling = |version, id: &str| {
        let mut rolling = web(version, "true");
        rolling.deployments[0].rollout = Rollout::InProgress;
        rolling.deployments[0].id = DeploymentId::as_read(id);
        rolling
    };
    readings.sweep(0, &[rolling(5, "ecs-svc/1")]);
    readings.sweep(60, &[rolling(6, "ecs-svc/1")]);
    assert_eq!(readings.view().and_then(|view| view.rolling_since), Some(at(0)));
    readings.sweep(120, &[rolling(7, "ecs-svc/2")]);
    assert_eq!(readings.view().and_then(|view| view.rolling_since), Some(at(120)));
}

#[test]
fn the_rollout_of_a_service_that_was_released_and_is_off_is_timed_too() {
    let mut readings = Readings::default();
    let rolling = |version| {
        let mut rolling = web(version, "true");
        rolling.tags.clear();
        rolling.deployments[0].rollout = Rollout::InProgress;
        rolling.deployments[0].connect = None;
        rolling
    };
    readings.sweep(0, &[rolling(5)]);
    readings.sweep(60, &[rolling(6)]);
    assert_eq!(readings.view().and_then(|view| view.rolling_since), Some(at(0)));
}

#[test]
fn members_that_only_a_raw_read_shows_stay_known_for_the_same_deployment() {
    let mut readings = Readings::default();
    let mut raw = web(5, "true");
    raw.unknown_members = vec!["retries".to_owned()];
    readings.sweep(0, &[raw]);
    readings.sweep(60, &[web(5, "true")]);
    assert_eq!(readings.web().unknown_members, ["retries"]);
    let mut next = web(6, "true");
    next.deployments[0].id = DeploymentId::as_read("ecs-svc/2");
    readings.sweep(120, &[next]);
    assert!(readings.web().unknown_members.is_empty());
}

#[test]
fn task_definitions_that_no_deployment_runs_and_the_past_of_who_is_gone_are_forgotten() {
    let definition = |revision: u32| {
        Arn::as_read(&format!("arn:aws:ecs:eu-west-1:1:task-definition/web:{revision}"))
    };
    let running = |version: i64, revision: u32| {
        let mut web = web(version, "false");
        web.task_definition = definition(revision);
        web.deployments[0].task_definition = definition(revision);
        web
    };
    let mut readings = Readings::default();
    readings.sweep(0, &[running(1, 1)]);
    for revision in 1..=3 {
        let answer = Answer::TaskDefinition(definition(revision), Seen::Absent);
        readings.at(1, |merger, view| _ = merger.answered(view, answer));
    }
    let mut both = running(2, 3);
    both.deployments.extend(running(1, 2).deployments);
    readings.sweep(60, &[both]);
    let kept =
        |readings: &Readings| -> Vec<Arn> { readings.0.task_definitions.keys().cloned().collect() };
    assert_eq!(kept(&readings), [definition(2), definition(3)]);
    let mut readings = readings.with_history();
    readings.sweep(120, &[]);
    assert!(readings.remembers_history());
    readings.sweep(180, &[]);
    assert_eq!(kept(&readings), []);
    assert!(!readings.remembers_history());
}

#[test]
fn a_failed_answer_does_not_replace_what_an_earlier_one_told() {
    let mut readings = Readings::default();
    let namespace = crate::testing::namespace("internal.myapp");
    let (known, id) = (Seen::Known(vec![namespace.clone()]), namespace.id);
    readings.at(0, |merger, view| _ = merger.answered(view, Answer::Namespaces(known.clone())));
    let used = Seen::Known(crate::ecs::namespace::NamespaceUse::default());
    let answer = Answer::NamespaceUse(id.clone(), used.clone());
    readings.at(0, |merger, view| _ = merger.answered(view, answer));
    let failed = Answer::Namespaces(Seen::Unknown(throttled()));
    readings.at(60, |merger, view| _ = merger.answered(view, failed));
    let failed = Answer::NamespaceUse(id.clone(), Seen::Unknown(throttled()));
    readings.at(60, |merger, view| _ = merger.answered(view, failed));
    assert_eq!(readings.0.namespaces, Some(known));
    assert_eq!(readings.0.uses[&id], (at(0), used));
}

#[test]
fn a_past_that_cannot_be_read_any_more_is_unknown() {
    let mut readings = Readings::default();
    readings.sweep(0, &[web(5, "true")]);
    let mut readings = readings.with_history();
    let failed = Answer::History(key("web"), Seen::Unknown(throttled()));
    readings.at(60, |merger, view| _ = merger.answered(view, failed));
    assert_eq!(readings.0.histories[&key("web")].1, Seen::Unknown(throttled()));
}

#[test]
fn a_refresh_makes_no_service_known_that_no_sweep_listed() {
    let mut readings = Readings::default();
    readings.sweep(0, &[]);
    let services = BTreeMap::from([(key("web"), Seen::Known(web(5, "true")))]);
    readings.at(1, |merger, view| merger.refreshed(view, &key("web").cluster, services));
    assert!(readings.view().is_none());
}

#[test]
fn a_service_that_names_no_task_definition_runs_that_of_its_primary_deployment() {
    let mut express = web(5, "true");
    express.deployments[0].task_definition = Arn::as_read("arn:td/web:3");
    express.task_definition = Arn::as_read("");
    let mut readings = Readings::default();
    readings.sweep(0, &[express]);
    assert_eq!(readings.web().task_definition.as_str(), "arn:td/web:3");
}
