//! The only place that turns news into log lines and counters: one line for each transition.

use eastwest_core::ecs::fault::Fault;
use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::ecs::text::first_of;
use eastwest_core::plan::action::ActionKind;
use eastwest_core::plan::reason::Reason;
use eastwest_core::report::news::{Census, News, QueueNews};
use eastwest_core::report::notice::{Level, level};
use eastwest_core::report::status::Status;
use tracing::{error, info, warn};

use super::meters::Metrics;
use super::metric_labels::ACCEPTED;

/// One log line at a level that is known when it is written.
macro_rules! say {
    ($level:expr, $($line:tt)+) => {
        match $level {
            Level::Info => info!($($line)+),
            Level::Warning => warn!($($line)+),
            Level::Error => error!($($line)+),
        }
    };
}

/// Records one piece of news.
pub(crate) fn record(metrics: &Metrics, news: News) {
    let level = level(&news);
    match news {
        News::Status(key, Some(status)) => {
            metrics.manages(&key.cluster);
            status_line(level, &key, &status);
        }
        News::Status(key, None) => say!(level, service = %key, "service is no longer managed"),
        News::Changing(key, changes) if changes.is_empty() => {
            say!(level, service = %key, "sending a refresh, which changes no field");
        }
        News::Changing(key, changes) => say!(level, service = %key, changes, "sending a change"),
        News::Applied(key, action, outcome) => applied(level, metrics, &key, action, outcome),
        News::FirstReading(cluster, census) => {
            let Census { in_order, not_in_order, not_opted_in } = census;
            if in_order + not_in_order > 0 {
                metrics.manages(&cluster);
            }
            say!(level, %cluster,
                inOrder = in_order,
                notInOrder = not_in_order,
                notOptedIn = not_opted_in,
                "cluster read for the first time"
            );
        }
        News::Cluster(cluster, None) => say!(level, cluster, "cluster can be read again"),
        News::Cluster(cluster, Some(fault)) => {
            let page = fault.kind.page();
            say!(level, cluster, fault = %fault, page, "cluster cannot be read");
        }
        News::RolledOut(key, took, end) => {
            metrics.rolled_out(&key, took, end);
            let (seconds, why) = (took.as_secs(), end.is_failure().then(|| end.to_string()));
            let end: &str = end.into();
            say!(level, service = %key, seconds, end, why, "rollout ended");
        }
        News::Adopted(key, adopted) => {
            let (changes, at) = (first_of(&adopted.changes, "; "), adopted.at);
            say!(level, service = %key, changes, %at, "others changed what nothing declares, and it is kept; declare it or change it back");
        }
        News::Overtaken(key, after) => {
            let seconds = after.as_secs();
            say!(level, service = %key, seconds, "a deployment of others began right after ours; if no person and no pipeline began it, another copy of eastwest runs");
        }
        News::Made(prerequisite, Ok(made)) => say!(level, %prerequisite, made, "created"),
        News::Made(prerequisite, Err(fault)) => {
            say!(level, %prerequisite, fault = %fault, "could not be created");
        }
        News::InForce => say!(level, "a new document is in force"),
        News::Document(None) => say!(level, "the document is valid again"),
        News::Document(Some(trouble)) => {
            say!(level, why = trouble, "the latest reading of the document is not in force");
        }
        News::Stopped(slept) => {
            let seconds = slept.as_secs();
            say!(
                level,
                seconds,
                "the process was stopped for a while; eastwest reads everything again before it writes"
            );
        }
        News::Queue(news) => of_queue(level, metrics, news),
        News::Lease(cluster, change) => say!(level, %cluster, what = %change, "lease"),
        News::Breach(key, rule) => {
            say!(level, service = %key, rule, "a plan broke a rule; nothing is written");
        }
    }
}

/// What comes from the queue.
fn of_queue(level: Level, metrics: &Metrics, news: QueueNews) {
    match news {
        QueueNews::Message(kind) => metrics.message(kind),
        QueueNews::Followed(after) => metrics.followed(after),
        QueueNews::Flooded => {
            say!(level, "more messages came than looks can follow; eastwest sweeps every cluster");
        }
        QueueNews::Trouble(None) => say!(level, "the queue can be used again"),
        QueueNews::Trouble(Some(fault)) => {
            say!(level, fault = %fault, "messages of the queue cannot be received or deleted; sweeps go on");
        }
    }
}

fn status_line(level: Level, key: &ServiceKey, status: &Status) {
    let (sync, health): (&str, &str) = (status.sync.into(), status.health.into());
    let reason = status.reason.map(Reason::name);
    // A member that is absent stands in no line.
    let (why, ends) = (status.message.as_deref(), status.ends.as_deref());
    let begun_by: Option<&str> = status.begun_by.map(Into::into);
    // What explains it matters where a person should mend something.
    let is_grave = level != Level::Info;
    let event = status.event.as_deref().filter(|_| is_grave);
    let snippet = status.snippet.as_deref().filter(|_| is_grave);
    say!(level, service = %key, sync, health, reason, why, ends, begunBy = begun_by, event, snippet, "service status");
}

fn applied(
    level: Level,
    metrics: &Metrics,
    key: &ServiceKey,
    action: ActionKind,
    outcome: Result<String, Fault>,
) {
    match outcome {
        Ok(deployment) => {
            metrics.applied(key, action, ACCEPTED);
            say!(level, service = %key, %action, deployment, "change accepted");
        }
        Err(fault) => {
            metrics.applied(key, action, fault.kind.into());
            say!(level, service = %key, %action, fault = %fault, "change not accepted");
        }
    }
}
