//! `eastwest apply`: applies the plan, prints each transition, and exits when nothing is left that can proceed without
//! a person.
//!
//! On a terminal the progress stands below the transitions ([`progress`], [`screen`]). Elsewhere there are the lines alone,
//! each with its time.

mod progress;

mod screen;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use eastwest_aws::{Share, World};
use eastwest_core::declaration::settings::{Policy, Settings};
use eastwest_core::ecs::fault::Fault;
use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::engine::effect::Event;
use eastwest_core::engine::{Engine, PublishedStatus};
use eastwest_core::plan::consent::PlanId;
use eastwest_core::plan::reason::Reason;
use eastwest_core::report::health::Health;
use eastwest_core::report::news::{Census, News, RolloutEnd};
use eastwest_core::report::status::{Status, Sync};
use serde::Serialize;

use self::progress::Progress;
use self::screen::Screen;
use super::out;
use super::versioned::Versioned;
use super::world;
use crate::api::json;
use crate::config::Config;
use crate::config::reader::duration;
use crate::daemon::clock::Clock;
use crate::daemon::driver::{Until, drive};
use crate::daemon::identity;
use crate::daemon::meters::Metrics;
use crate::daemon::own_service;
use crate::daemon::shared::Shared;
use crate::daemon::signals::stop_signals;

/// How often the progress is shown again.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// Flags of `apply`.
#[derive(Debug, Args)]
pub(crate) struct ApplyFlags {
    /// Consent to a plan that changes much of a namespace at once, by the id that `plan` shows; may be repeated.
    #[arg(long, value_name = "PLAN")]
    pub(crate) ack: Vec<String>,
    /// Print each transition as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// The longest time to run, as 30s, 5m or 1h. A rollout that has begun by then is not undone.
    #[arg(long, default_value = "1h")]
    pub(crate) timeout: String,
}

/// Runs until everything is done that can be. Exit codes: 0 in order, 1 something failed or time ran out, 2 something is
/// held until a person acts.
pub(crate) async fn run(mut config: Config, flags: &ApplyFlags) -> anyhow::Result<ExitCode> {
    config.settings.policy = policy(config.policy)?;
    let acks = flags.ack.iter().map(|text| {
        PlanId::parse(text).with_context(|| {
            format!(
                "--ack {text:?}: an id has twelve hexadecimal digits, as eastwest plan shows it"
            )
        })
    });
    let acks = acks.collect::<anyhow::Result<Vec<PlanId>>>()?;
    let timeout = duration(&flags.timeout).with_context(|| {
        format!("--timeout {:?}: a time from 1s to 24h, as 30s, 5m or 1h", flags.timeout)
    })?;
    own_service::settle(&mut config).await;
    let stop = stop_signals().context("cannot listen for signals")?;
    let metrics = Metrics::new();
    let json = flags.json;
    let clock = Clock::start(config.head_start);
    let settings = Settings { lease: identity::lease(&config), ..config.settings.clone() };
    let screen = Arc::new(Screen::new(json));
    let below = Arc::clone(&screen);
    let shared = Shared::publishing_to(settings, metrics, clock, move |_, news| {
        if let Some(line) = Line::of(&news) {
            below.print(&line.shown(json));
        }
    });
    let shared = Arc::new(shared);
    for plan in acks {
        shared.send(Event::Acknowledged(plan));
    }
    let world = world::connect(&config, &shared, Some(Share::OF_A_LOOK)).await?;
    let driven = drive(Arc::clone(&world), Arc::clone(&shared), stop.clone(), Until::Settled);
    // Stopped from within, so that a write in flight is waited for.
    let late = async {
        tokio::time::sleep(timeout).await;
        stop.cancel();
        std::future::pending::<()>().await;
    };
    let is_settled = tokio::select! {
        is_settled = driven => is_settled,
        () = late => false,
        () = show_progress(&shared, &screen) => false,
        () = follow_first_look(&shared, &world) => false,
    };
    screen.show(&[]);
    Ok(end(&shared.engine(), is_settled, json))
}

/// Shows how far it is, again and again; never ends.
async fn show_progress(shared: &Shared, screen: &Screen) {
    while screen.shows_progress() {
        let lines = Progress::of(&shared.engine(), shared.clock.now()).lines();
        screen.show(&lines);
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    std::future::pending::<()>().await;
}

/// A person waits for the first look, so it takes most of AWS's rates. What follows takes as much as the daemon. Never ends.
async fn follow_first_look(shared: &Shared, world: &World) {
    while !shared.waiting_for().is_empty() {
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    world.first_look_is_over();
    std::future::pending::<()>().await;
}

/// The policy of an apply: sync, unless a flag sets upsert-only.
fn policy(given: Option<Policy>) -> anyhow::Result<Policy> {
    match given {
        None | Some(Policy::Sync) => Ok(Policy::Sync),
        Some(Policy::UpsertOnly) => Ok(Policy::UpsertOnly),
        Some(Policy::Observe) => bail!(
            "apply writes, and the policy observe allows no write: use --policy sync or upsert-only, or eastwest plan to look"
        ),
    }
}

/// Prints how it ended, and what would end each hold.
fn end(engine: &Engine, is_settled: bool, json: bool) -> ExitCode {
    let mut waits = false;
    for (key, _) in engine.view().services() {
        let Some(PublishedStatus { status, .. }) = engine.status(key) else { continue };
        if status.sync != Sync::Synced || status.health == Health::Degraded {
            waits = true;
            Line::of_status(key, status, "at the end").print(json);
        }
    }
    for plan in engine.acks().unmet() {
        let message = format!("--ack {plan}: no change waited for this id");
        Line::general("unknown-plan", message).print(json);
    }
    let failed = failures(engine, is_settled);
    for message in &failed {
        Line::general("error", message.clone()).print(json);
    }
    if !failed.is_empty() {
        ExitCode::FAILURE
    } else if waits {
        ExitCode::from(2)
    } else {
        Line::general("done", "everything is in order".to_owned()).print(json);
        ExitCode::SUCCESS
    }
}

/// What could not be read or done.
fn failures(engine: &Engine, is_settled: bool) -> Vec<String> {
    let late = (!is_settled).then(|| {
        "stopped before everything was done: rollouts that have begun continue, the rest needs another eastwest apply".to_owned()
    });
    let clusters = engine.view().clusters.iter();
    let unread = clusters.filter_map(|(name, cluster)| {
        Some(format!("cluster {name}: {}", cluster.trouble.as_ref()?))
    });
    let document = engine.view().in_force.trouble().map(|trouble| format!("document: {trouble}"));
    let unseen = engine.plan().holds().filter(|(_, hold)| hold.reason() == Reason::NotSeen);
    let unseen = unseen.map(|(key, hold)| format!("{key}: {hold}"));
    late.into_iter().chain(unread).chain(document).chain(unseen).collect()
}

/// One thing that happened.
#[derive(Debug, Serialize)]
struct Line {
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<ServiceKey>,
    message: String,
    /// What would end it.
    #[serde(skip_serializing_if = "Option::is_none")]
    ends: Option<String>,
}

/// The words for a deployment of others that began so long after ours.
fn overtaken(after: Duration) -> String {
    format!(
        "a deployment of others began {} s after ours; if no person and no pipeline began it, another copy of eastwest runs",
        after.as_secs()
    )
}

impl Line {
    fn general(event: &'static str, message: String) -> Self {
        Self { event, service: None, message, ends: None }
    }

    /// What is said of a cluster that cannot be read, or can be again.
    fn of_cluster(name: &str, fault: Option<&Fault>) -> Self {
        match fault {
            Some(fault) => Self::general("error", format!("cluster {name}: {fault}")),
            None => Self::general("read", format!("cluster {name} can be read again")),
        }
    }

    fn of(news: &News) -> Option<Self> {
        let line = |event, key: &ServiceKey, message: String| {
            Some(Self { event, service: Some(key.clone()), message, ends: None })
        };
        let general = |event, message: String| Some(Self::general(event, message));
        match news {
            News::Status(key, Some(status)) if is_worth_a_line(status) => {
                Some(Self::of_status(key, status, ""))
            }
            // What a step changes stands in the plan that was shown before, and `apply` has no queue.
            News::Status(_, Some(_)) | News::Changing(..) | News::Queue(_) => None,
            News::Status(key, None) => line("released", key, "no longer managed".to_owned()),
            News::Applied(key, action, Ok(deployment)) => {
                line("begins", key, format!("{action}: rollout {deployment} begins"))
            }
            News::Applied(key, action, Err(fault)) => {
                line("refused", key, format!("{action} was not accepted: {fault}"))
            }
            News::RolledOut(key, took, end) => {
                let event = match end {
                    RolloutEnd::Completed => "completed",
                    RolloutEnd::RolledBack | RolloutEnd::Failed => "failed",
                    RolloutEnd::Superseded => "superseded",
                    RolloutEnd::Deleted => "deleted",
                };
                line(event, key, format!("{end} after {} s", took.as_secs()))
            }
            News::FirstReading(cluster, census) => {
                let Census { in_order, not_in_order, not_opted_in } = census;
                let counts = format!(
                    "{in_order} in order, {not_in_order} not in order, {not_opted_in} not opted in"
                );
                general("cluster", format!("cluster {cluster}: {counts}"))
            }
            News::Cluster(name, fault) => Some(Self::of_cluster(name, fault.as_ref())),
            News::Adopted(key, adopted) => line("adopted", key, format!("kept {adopted}")),
            News::Overtaken(key, after) => line("overtaken", key, overtaken(*after)),
            News::Made(prerequisite, Ok(made)) => {
                general("created", format!("{prerequisite}: {made}"))
            }
            News::Made(prerequisite, Err(fault)) => {
                general("error", format!("{prerequisite}: {fault}"))
            }
            News::Lease(cluster, change) => {
                general("lease", format!("cluster {cluster}: {change}"))
            }
            News::InForce => general("document", "a document is in force".to_owned()),
            News::Document(None) => general("document", "the document is valid again".to_owned()),
            News::Document(Some(trouble)) => general("error", format!("document: {trouble}")),
            News::Stopped(slept) => general(
                "stopped",
                format!(
                    "the process was stopped for {} s; eastwest reads everything again",
                    slept.as_secs()
                ),
            ),
            News::Breach(key, rule) => {
                line("error", key, format!("a bug: {rule}; nothing is written"))
            }
        }
    }

    fn of_status(key: &ServiceKey, status: &Status, when: &str) -> Self {
        let word = match status.reason {
            None => "is",
            Some(reason) if reason.is_of_rollout() => "rollout",
            Some(_) if status.is_waiting() => "waits",
            Some(_) => "held",
        };
        let (sync, health): (&str, &str) = (status.sync.into(), status.health.into());
        let reason = status.reason.map(|reason| format!("{word}, {reason}: "));
        let state = format!("{sync} {health}");
        let message = status.message.clone().unwrap_or(state);
        let when = if when.is_empty() { String::new() } else { format!("{when} ") };
        let message = format!("{when}{}{message}", reason.unwrap_or_default());
        Self { event: word, service: Some(key.clone()), message, ends: status.ends.clone() }
    }

    fn print(&self, json: bool) {
        // Somebody who has read enough must not end what was begun.
        drop(out::print(&(self.shown(json) + "\n")));
    }

    fn shown(&self, json: bool) -> String {
        let at = jiff::Timestamp::now();
        if json { self.json(at) } else { self.text(at) }
    }

    fn text(&self, at: jiff::Timestamp) -> String {
        let service = self.service.as_ref().map(|service| format!("{service}: "));
        let ends = self.ends.as_ref().map(|ends| format!("; ends {ends}"));
        let (service, ends) = (service.unwrap_or_default(), ends.unwrap_or_default());
        format!("{at:.0} {service}{}{ends}", self.message)
    }

    fn json(&self, at: jiff::Timestamp) -> String {
        let line = TimedLine { at: format!("{at:.3}"), line: self };
        json::line(&Versioned::new(line)).expect("a line is an object of texts")
    }
}

/// What happened, and when.
#[derive(Serialize)]
struct TimedLine<'a> {
    at: String,
    #[serde(flatten)]
    line: &'a Line,
}

/// A service that is about to change has nothing to report yet, and its rollout was reported when it began.
fn is_worth_a_line(status: &Status) -> bool {
    match status.reason {
        Some(reason) => reason != Reason::Rolling,
        None => status.sync == Sync::Synced && status.health == Health::Healthy,
    }
}

#[cfg(test)]
mod tests {
    use eastwest_core::plan::reason::Ending;

    use eastwest_core::ecs::fault::{Fault, FaultKind};
    use eastwest_core::ecs::name::Arn;
    use eastwest_core::plan::action::ActionKind;
    use expect_test::expect;

    use super::*;

    fn key() -> ServiceKey {
        ServiceKey::of_arn(&Arn::as_read("arn:aws:ecs:eu-west-1:111122223333:service/prod/web"))
            .expect("a key")
    }

    fn status(reason: Option<(Reason, Ending)>, message: Option<&str>) -> News {
        let (sync, health) =
            (if reason.is_some() { Sync::OutOfSync } else { Sync::Synced }, Health::Healthy);
        let message = message.map(str::to_owned);
        News::Status(
            key(),
            Some(Status {
                reason: reason.map(|(reason, _)| reason),
                message,
                ends: reason.map(|_| "once it is over".to_owned()),
                ending: reason.map(|(_, ending)| ending),
                ..Status::new(sync, health)
            }),
        )
    }

    #[test]
    fn every_transition_is_a_line() {
        let key = key();
        let fault = Fault::new(FaultKind::Throttled, "ecs.UpdateService", "slow down");
        let news = [
            status(Some((Reason::Budget, Ending::ByItself)), Some("waits for its turn")),
            status(Some((Reason::Rolling, Ending::ByItself)), Some("a deployment is under way")),
            News::Applied(key.clone(), ActionKind::Connect, Err(fault)),
            News::Applied(key.clone(), ActionKind::Connect, Ok("ecs-svc/1".to_owned())),
            News::RolledOut(key.clone(), Duration::from_secs(30), RolloutEnd::Completed),
            News::RolledOut(key, Duration::from_secs(30), RolloutEnd::RolledBack),
            status(Some((Reason::MassChange, Ending::ByPerson)), Some("12 would change")),
            status(Some((Reason::Stalled, Ending::ByPerson)), Some("it takes too long")),
            status(None, None),
        ];
        let lines = news.iter().filter_map(Line::of);
        let at = "2026-07-01T12:00:00.25Z".parse().expect("a time");
        let lines = lines.map(|line| format!("{}\n{}\n", line.text(at), line.json(at)));
        expect![[r#"
            2026-07-01T12:00:00Z prod/web: waits, Budget: waits for its turn; ends once it is over
            {"formatVersion":1,"at":"2026-07-01T12:00:00.250Z","event":"waits","service":"prod/web","message":"waits, Budget: waits for its turn","ends":"once it is over"}
            2026-07-01T12:00:00Z prod/web: connect was not accepted: ecs.UpdateService: slow down
            {"formatVersion":1,"at":"2026-07-01T12:00:00.250Z","event":"refused","service":"prod/web","message":"connect was not accepted: ecs.UpdateService: slow down"}
            2026-07-01T12:00:00Z prod/web: connect: rollout ecs-svc/1 begins
            {"formatVersion":1,"at":"2026-07-01T12:00:00.250Z","event":"begins","service":"prod/web","message":"connect: rollout ecs-svc/1 begins"}
            2026-07-01T12:00:00Z prod/web: the rollout completed after 30 s
            {"formatVersion":1,"at":"2026-07-01T12:00:00.250Z","event":"completed","service":"prod/web","message":"the rollout completed after 30 s"}
            2026-07-01T12:00:00Z prod/web: the rollout failed and ECS rolled it back after 30 s
            {"formatVersion":1,"at":"2026-07-01T12:00:00.250Z","event":"failed","service":"prod/web","message":"the rollout failed and ECS rolled it back after 30 s"}
            2026-07-01T12:00:00Z prod/web: held, MassChange: 12 would change; ends once it is over
            {"formatVersion":1,"at":"2026-07-01T12:00:00.250Z","event":"held","service":"prod/web","message":"held, MassChange: 12 would change","ends":"once it is over"}
            2026-07-01T12:00:00Z prod/web: rollout, Stalled: it takes too long; ends once it is over
            {"formatVersion":1,"at":"2026-07-01T12:00:00.250Z","event":"rollout","service":"prod/web","message":"rollout, Stalled: it takes too long","ends":"once it is over"}
            2026-07-01T12:00:00Z prod/web: Synced Healthy
            {"formatVersion":1,"at":"2026-07-01T12:00:00.250Z","event":"is","service":"prod/web","message":"Synced Healthy"}
        "#]].assert_eq(&lines.collect::<String>());
    }

    #[test]
    fn observe_and_apply_contradict_each_other() {
        assert_eq!(policy(None).expect("the default"), Policy::Sync);
        assert_eq!(policy(Some(Policy::UpsertOnly)).expect("allowed"), Policy::UpsertOnly);
        let error = policy(Some(Policy::Observe)).expect_err("a contradiction").to_string();
        assert!(error.contains("--policy sync or upsert-only"), "{error}");
    }
}
