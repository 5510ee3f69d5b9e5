//! The only place that turns news into log lines and counters: one line for each transition.

use eastwest_core::ecs::fault::Fault;
use eastwest_core::ecs::name::ServiceKey;
use eastwest_core::report::health::Health;
use eastwest_core::report::news::News;
use eastwest_core::report::status::Status;
use tracing::{error, info, warn};

use crate::metrics::Metrics;

/// Tells one piece of news. ERROR means that a person must look, WARN that we go on with less.
pub(crate) fn record(metrics: &Metrics, news: News) {
    match news {
        News::Status(key, Some(status)) => status_line(&key, &status),
        News::Status(key, None) => info!(service = %key, "service is no longer ours"),
        News::Applied(key, action, outcome) => applied(metrics, &key, action, outcome),
        News::Cluster(cluster, None) => info!(cluster, "cluster can be read again"),
        News::Cluster(cluster, Some(fault)) => {
            warn!(cluster, fault = %fault, "cluster cannot be read");
        }
        News::RolledOut(key, took, completed) => {
            metrics.rolled_out(took);
            let seconds = took.as_secs();
            info!(service = %key, seconds, completed, "rollout ended");
        }
        News::Made(prerequisite, Ok(made)) => info!(%prerequisite, made, "made"),
        News::Made(prerequisite, Err(fault)) => {
            warn!(%prerequisite, fault = %fault, "could not be made");
        }
        News::InForce => info!("a new document is in force"),
        News::Document(None) => info!("the document is well again"),
        News::Document(Some(trouble)) => {
            warn!(why = trouble, "the latest reading of the document is not in force");
        }
        News::Stopped(slept) => {
            let seconds = slept.as_secs();
            warn!(seconds, "was stopped for a while; all is read anew before anything is written");
        }
        News::Breach(key, rule) => {
            error!(service = %key, rule, "a plan broke a rule; nothing is written");
        }
    }
}

fn status_line(key: &ServiceKey, status: &Status) {
    let (sync, health): (&str, &str) = (status.sync.into(), status.health.into());
    let reason = status.reason.unwrap_or_default();
    let why = status.message.as_deref().unwrap_or_default();
    let ends = status.ends.as_deref().unwrap_or_default();
    if status.health == Health::Degraded {
        let event = status.event.as_deref().unwrap_or_default();
        let snippet = status.snippet.as_deref().unwrap_or_default();
        warn!(service = %key, sync, health, reason, why, ends, event, snippet, "service status");
    } else {
        info!(service = %key, sync, health, reason, why, ends, "service status");
    }
}

fn applied(metrics: &Metrics, key: &ServiceKey, action: &str, outcome: Result<String, Fault>) {
    match outcome {
        Ok(deployment) => {
            metrics.applied(key, action, "accepted");
            info!(service = %key, action, deployment, "change accepted");
        }
        Err(fault) => {
            metrics.applied(key, action, fault.kind.into());
            warn!(service = %key, action, fault = %fault, "change not accepted");
        }
    }
}
