//! The only place that turns news into log lines and counters: one line for each transition.

use eastwest_core::ecs::fault::Fault;
use eastwest_core::ecs::name::ClusterName;
use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::ecs::text::first_of;
use eastwest_core::plan::action::ActionKind;
use eastwest_core::plan::leader::LeaseChange;
use eastwest_core::plan::reason::Reason;
use eastwest_core::report::health::Health;
use eastwest_core::report::news::{Census, News, QueueNews};
use eastwest_core::report::status::Status;
use tracing::{error, info, warn};

use super::meters::Metrics;
use super::metric_labels::ACCEPTED;

/// Records one piece of news. ERROR means that a person must look, WARN that eastwest continues with less.
pub(crate) fn record(metrics: &Metrics, news: News) {
    match news {
        News::Status(key, Some(status)) => status_line(&key, &status),
        News::Status(key, None) => info!(service = %key, "service is no longer managed"),
        News::Changing(key, changes) if changes.is_empty() => {
            info!(service = %key, "sending a refresh, which changes no field");
        }
        News::Changing(key, changes) => info!(service = %key, changes, "sending a change"),
        News::Applied(key, action, outcome) => applied(metrics, &key, action, outcome),
        News::FirstReading(cluster, census) => {
            metrics.read(&cluster);
            let Census { in_order, not_in_order, not_opted_in } = census;
            info!(
                %cluster,
                inOrder = in_order,
                notInOrder = not_in_order,
                notOptedIn = not_opted_in,
                "cluster read for the first time"
            );
        }
        News::Cluster(cluster, None) => info!(cluster, "cluster can be read again"),
        News::Cluster(cluster, Some(fault)) => {
            warn!(cluster, fault = %fault, "cluster cannot be read");
        }
        News::RolledOut(key, took, end) => {
            metrics.rolled_out(&key, took, end);
            let (seconds, how) = (took.as_secs(), end);
            let end: &str = end.into();
            if how.is_failure() {
                warn!(service = %key, seconds, end, why = %how, "rollout ended");
            } else {
                info!(service = %key, seconds, end, "rollout ended");
            }
        }
        News::Adopted(key, adopted) => {
            let (changes, at) = (first_of(&adopted.changes, "; "), adopted.at);
            warn!(service = %key, changes, %at, "others changed what nothing declares, and it is kept; declare it or change it back");
        }
        News::Overtaken(key, after) => {
            let seconds = after.as_secs();
            warn!(service = %key, seconds, "a deployment of others began right after ours; if no person and no pipeline began it, another copy of eastwest runs");
        }
        News::Made(prerequisite, Ok(made)) => info!(%prerequisite, made, "created"),
        News::Made(prerequisite, Err(fault)) => {
            warn!(%prerequisite, fault = %fault, "could not be created");
        }
        News::InForce => info!("a new document is in force"),
        News::Document(None) => info!("the document is valid again"),
        News::Document(Some(trouble)) => {
            warn!(why = trouble, "the latest reading of the document is not in force");
        }
        News::Stopped(slept) => {
            let seconds = slept.as_secs();
            warn!(
                seconds,
                "the process was stopped for a while; eastwest reads everything again before it writes"
            );
        }
        News::Queue(news) => of_queue(metrics, news),
        News::Lease(cluster, change) => lease(&cluster, &change),
        News::Breach(key, rule) => {
            error!(service = %key, rule, "a plan broke a rule; nothing is written");
        }
    }
}

/// What comes from the queue.
fn of_queue(metrics: &Metrics, news: QueueNews) {
    match news {
        QueueNews::Message(kind) => metrics.message(kind),
        QueueNews::Followed(after) => metrics.followed(after),
        QueueNews::Flooded => {
            warn!("more messages came than looks can follow; eastwest sweeps every cluster");
        }
        QueueNews::Trouble(None) => info!("the queue can be used again"),
        QueueNews::Trouble(Some(fault)) => {
            warn!(fault = %fault, "messages of the queue cannot be received or deleted; sweeps go on");
        }
    }
}

fn status_line(key: &ServiceKey, status: &Status) {
    let (sync, health): (&str, &str) = (status.sync.into(), status.health.into());
    let reason = status.reason.map(Reason::name);
    // A member that is absent stands in no line.
    let (why, ends) = (status.message.as_deref(), status.ends.as_deref());
    let begun_by: Option<&str> = status.begun_by.map(Into::into);
    if status.health == Health::Degraded {
        let (event, snippet) = (status.event.as_deref(), status.snippet.as_deref());
        warn!(service = %key, sync, health, reason, why, ends, begunBy = begun_by, event, snippet, "service status");
    } else {
        info!(service = %key, sync, health, reason, why, ends, begunBy = begun_by, "service status");
    }
}

/// A process that cannot hold a lease continues with less: it writes nothing there.
fn lease(cluster: &ClusterName, change: &LeaseChange) {
    match change {
        LeaseChange::Lost
        | LeaseChange::Lapsed
        | LeaseChange::Deleted
        | LeaseChange::Odd(_)
        | LeaseChange::Trouble(Some(_)) => warn!(%cluster, what = %change, "lease"),
        LeaseChange::Taken { .. }
        | LeaseChange::Released
        | LeaseChange::Seen { .. }
        | LeaseChange::Freed { .. }
        | LeaseChange::Trouble(None) => info!(%cluster, what = %change, "lease"),
    }
}

fn applied(
    metrics: &Metrics,
    key: &ServiceKey,
    action: ActionKind,
    outcome: Result<String, Fault>,
) {
    match outcome {
        Ok(deployment) => {
            metrics.applied(key, action, ACCEPTED);
            info!(service = %key, %action, deployment, "change accepted");
        }
        Err(fault) => {
            metrics.applied(key, action, fault.kind.into());
            warn!(service = %key, %action, fault = %fault, "change not accepted");
        }
    }
}
