//! The table of all metrics. A collector is made from its row, and `docs/metrics.md` is printed from the rows.
//!
//! A metric that is served and has no row here fails a test.

use super::metric::{Group, Kind, Metric};
use super::metric_labels::{
    ACTION, ANSWER, API, BUCKET, CALL_BUCKETS, CHANNEL, CLUSTER, CLUSTER_OR_DOCUMENT, DRIFTED, END,
    FIELD, FOLLOW_BUCKETS, HOLD, MESSAGE, NAMESPACE, OPERATION, PASS, PASS_BUCKETS, POLICY, RESULT,
    ROLLOUT_BUCKETS, SENT, SERVICE, SYNC, VERSION,
};

/// Every metric that is served.
pub(crate) const GROUPS: &[Group] = &[
    Group {
        title: "The fleet",
        metrics: &[
            &SERVICES,
            &SERVICE_INFO,
            &SERVICE_DRIFT,
            &DRIFT_AGE,
            &HOLDS,
            &ISSUES,
            &ADVICE,
            &CONFLICTS,
            &STALE_CLIENTS,
            &UNDECLARED,
        ],
    },
    Group {
        title: "Changes and rollouts",
        metrics: &[&CHANGES, &ROLLING, &ROLLOUTS, &ROLLOUT_SECONDS, &FOLLOWED_SECONDS],
    },
    Group {
        title: "What eastwest reads",
        metrics: &[
            &READY,
            &LAST_SWEEP,
            &DOCUMENT_AGE,
            &QUEUE_UP,
            &NUDGES,
            &CALLS,
            &CALL_SECONDS,
            &QUOTA,
        ],
    },
    Group { title: "Who leads", metrics: &[&LEASE_TABLE, &LEADER] },
    Group { title: "What people are told", metrics: &[&NOTIFICATIONS, &NOTIFICATIONS_DROPPED] },
    Group {
        title: "The process",
        metrics: &[
            &PASSES_TOTAL,
            &PASS_SECONDS,
            &QUEUE_DEPTH,
            &PANICS,
            &TASKS,
            &BUILD_INFO,
            &SETTINGS_INFO,
            &CPU,
            &MEMORY,
            &VIRTUAL_MEMORY,
            &OPEN_FDS,
            &MAX_FDS,
            &THREADS,
            &START_TIME,
        ],
    },
];

pub(crate) const SERVICES: Metric = Metric {
    name: "eastwest_services",
    kind: Kind::Gauge,
    labels: &[CLUSTER, SYNC],
    help: "Services that opted in, by whether they are in sync.",
    purpose: "how much of the fleet is as declared.",
    query: "sum by (job, sync) (eastwest_services)",
};

pub(crate) const SERVICE_INFO: Metric = Metric {
    name: "eastwest_service_info",
    kind: Kind::Gauge,
    labels: &[CLUSTER, SERVICE],
    help: "How a service is: 0 in sync and healthy, 1 in sync only, 2 out of sync, 3 unknown.",
    purpose: "which services to look at first. A change of status changes the value and makes no new series.",
    query: "topk(20, eastwest_service_info > 0)",
};

pub(crate) const SERVICE_DRIFT: Metric = Metric {
    name: "eastwest_service_drift",
    kind: Kind::Gauge,
    labels: &[CLUSTER, DRIFTED, FIELD],
    help: "1 for a field that is not as wanted.",
    purpose: "what differs, and where.",
    query: "count by (job, field) (eastwest_service_drift)",
};

pub(crate) const DRIFT_AGE: Metric = Metric {
    name: "eastwest_drift_age_seconds",
    kind: Kind::Gauge,
    labels: &[CLUSTER],
    help: "How long the service longest out of sync has been so, for whatever reasons.",
    purpose: "whether wanted changes are made in time. After a restart it counts from the start, but of what ECS rolled back it counts from the rollback.",
    query: "max by (job, cluster) (eastwest_drift_age_seconds)",
};

pub(crate) const HOLDS: Metric = Metric {
    name: "eastwest_holds",
    kind: Kind::Gauge,
    labels: &[CLUSTER, HOLD],
    help: "Wanted changes that are held, by reason.",
    purpose: "why changes are not made. The glossary explains the reasons.",
    query: "sum by (job, reason) (eastwest_holds)",
};

pub(crate) const ISSUES: Metric = Metric {
    name: "eastwest_issues",
    kind: Kind::Gauge,
    labels: &[CLUSTER_OR_DOCUMENT],
    help: "What is declared, is invalid, and holds a service or a document.",
    purpose: "whether somebody must correct tags or a document.",
    query: "eastwest_issues > 0",
};

pub(crate) const ADVICE: Metric = Metric {
    name: "eastwest_advice",
    kind: Kind::Gauge,
    labels: &[CLUSTER_OR_DOCUMENT],
    help: "Warnings about what is declared. They hold nothing.",
    purpose: "what may be wrong: a need that no service offers, a tag that the document overrules.",
    query: "eastwest_advice > 0",
};

pub(crate) const CONFLICTS: Metric = Metric {
    name: "eastwest_conflicts",
    kind: Kind::Gauge,
    labels: &[NAMESPACE],
    help: "Services that want a name that another service has.",
    purpose: "whether two teams want the same name.",
    query: "max by (job, cloudmap_namespace) (eastwest_conflicts)",
};

pub(crate) const STALE_CLIENTS: Metric = Metric {
    name: "eastwest_stale_clients",
    kind: Kind::Gauge,
    labels: &[NAMESPACE],
    help: "Clients in order, except that their tasks do not know endpoints they need.",
    purpose: "whether calls fail because a client is older than its server.",
    query: "max by (job, cloudmap_namespace) (eastwest_stale_clients)",
};

pub(crate) const UNDECLARED: Metric = Metric {
    name: "eastwest_undeclared_changes",
    kind: Kind::Gauge,
    labels: &[CLUSTER],
    help: "Services with a change that others deployed, nothing declares and is kept.",
    purpose: "whether somebody changed Service Connect by hand.",
    query: "eastwest_undeclared_changes > 0",
};

pub(crate) const CHANGES: Metric = Metric {
    name: "eastwest_changes_applied_total",
    kind: Kind::Counter,
    labels: &[CLUSTER, ACTION, ANSWER],
    help: "Changes sent, by how AWS answered.",
    purpose: "what eastwest does, and whether AWS takes it.",
    query: "sum by (job, action, outcome) (increase(eastwest_changes_applied_total[1h]))",
};

pub(crate) const ROLLING: Metric = Metric {
    name: "eastwest_rollouts_in_progress",
    kind: Kind::Gauge,
    labels: &[CLUSTER],
    help: "Running rollouts of services that opted in.",
    purpose: "how busy a cluster is.",
    query: "sum by (job, cluster) (eastwest_rollouts_in_progress)",
};

pub(crate) const ROLLOUTS: Metric = Metric {
    name: "eastwest_rollouts_total",
    kind: Kind::Counter,
    labels: &[CLUSTER, END],
    help: "Rollouts that were seen running, by how they ended.",
    purpose: "whether rollouts fail. `Failed` is one that ECS did not roll back. A rollback is the end of the rollout that failed, and no rollout of its own.",
    query: "sum by (job, outcome) (increase(eastwest_rollouts_total[1h]))",
};

pub(crate) const ROLLOUT_SECONDS: Metric = Metric {
    name: "eastwest_rollout_duration_seconds",
    kind: Kind::Histogram(ROLLOUT_BUCKETS),
    labels: &[],
    help: "How long rollouts that completed or failed were seen running.",
    purpose: "how long a change takes until it is in force.",
    query: "histogram_quantile(0.9, sum by (le) (rate(eastwest_rollout_duration_seconds_bucket[1h])))",
};

pub(crate) const FOLLOWED_SECONDS: Metric = Metric {
    name: "eastwest_event_to_write_seconds",
    kind: Kind::Histogram(FOLLOW_BUCKETS),
    labels: &[],
    help: "Time from a message of the queue to the change that followed from it.",
    purpose: "how soon a changed tag has an effect.",
    query: "histogram_quantile(0.99, sum by (le) (rate(eastwest_event_to_write_seconds_bucket[1h])))",
};

pub(crate) const READY: Metric = Metric {
    name: "eastwest_ready",
    kind: Kind::Gauge,
    labels: &[],
    help: "Whether every cluster has been read completely, and not too long ago: 1 or 0, as `/readyz` answers.",
    purpose: "whether the other metrics can be believed.",
    query: "eastwest_ready == 0",
};

pub(crate) const LAST_SWEEP: Metric = Metric {
    name: "eastwest_last_sweep_timestamp_seconds",
    kind: Kind::Gauge,
    labels: &[CLUSTER],
    help: "When a sweep last read all of a cluster, in seconds since 1970.",
    purpose: "whether a cluster can be read.",
    query: "time() - eastwest_last_sweep_timestamp_seconds",
};

pub(crate) const DOCUMENT_AGE: Metric = Metric {
    name: "eastwest_document_age_seconds",
    kind: Kind::Gauge,
    labels: &[],
    help: "Since when no reading has confirmed the document in force. Only with a document.",
    purpose: "whether the document in force is the one that is stored.",
    query: "eastwest_document_age_seconds > 600",
};

pub(crate) const QUEUE_UP: Metric = Metric {
    name: "eastwest_queue_up",
    kind: Kind::Gauge,
    labels: &[],
    help: "Whether messages of the queue can be received and deleted: 1 or 0. Only with `--queue-url`.",
    purpose: "whether changes are seen at once or only at the next sweep.",
    query: "eastwest_queue_up == 0",
};

pub(crate) const NUDGES: Metric = Metric {
    name: "eastwest_nudges_total",
    kind: Kind::Counter,
    labels: &[MESSAGE],
    help: "Messages of the queue, by what they are about.",
    purpose: "whether events arrive. `Other` is nothing that is watched, `Unread` is no event.",
    query: "sum by (job, kind) (rate(eastwest_nudges_total[5m]))",
};

pub(crate) const NOTIFICATIONS: Metric = Metric {
    name: "eastwest_notifications_total",
    kind: Kind::Counter,
    labels: &[CHANNEL, SENT],
    help: "Messages to people, by channel: those that arrived, and those that did not and are tried again. Only with `--notify-webhook` or `--notify-bus`.",
    purpose: "whether people are told what needs them.",
    query: r#"increase(eastwest_notifications_total{outcome="Failed"}[1h]) > 0"#,
};

pub(crate) const NOTIFICATIONS_DROPPED: Metric = Metric {
    name: "eastwest_notifications_dropped_total",
    kind: Kind::Counter,
    labels: &[CHANNEL],
    help: "Things that needed a person and were never told: given up after an hour of failures, or over before the channel took them.",
    purpose: "whether something was missed while a channel failed.",
    query: "increase(eastwest_notifications_dropped_total[1d]) > 0",
};

pub(crate) const CALLS: Metric = Metric {
    name: "eastwest_aws_calls_total",
    kind: Kind::Counter,
    labels: &[API, OPERATION, RESULT],
    help: "Attempts of calls to AWS, by result.",
    purpose: "which calls fail, and of what.",
    query: r#"sum by (api, operation, result) (rate(eastwest_aws_calls_total{result!="Ok"}[5m]))"#,
};

pub(crate) const CALL_SECONDS: Metric = Metric {
    name: "eastwest_aws_call_duration_seconds",
    kind: Kind::Histogram(CALL_BUCKETS),
    labels: &[API, OPERATION],
    help: "Time of one attempt of a call to AWS.",
    purpose: "whether AWS is slow.",
    query: "histogram_quantile(0.9, sum by (le, operation) (rate(eastwest_aws_call_duration_seconds_bucket[5m])))",
};

pub(crate) const QUOTA: Metric = Metric {
    name: "eastwest_aws_quota_seconds_total",
    kind: Kind::Counter,
    labels: &[BUCKET],
    help: "How many seconds AWS takes to refill what the calls took out of a token bucket.",
    purpose: "how much of the account's quota eastwest uses: 0.25 a second is a quarter of what AWS grants. Only buckets whose rate AWS publishes.",
    query: "sum by (job, bucket) (rate(eastwest_aws_quota_seconds_total[5m]))",
};

pub(crate) const LEASE_TABLE: Metric = Metric {
    name: "eastwest_lease_table",
    kind: Kind::Gauge,
    labels: &[],
    help: "Whether a lease table keeps a second copy from writing: 1 or 0.",
    purpose: "whether it is safe to run two copies.",
    query: "min(eastwest_lease_table)",
};

pub(crate) const LEADER: Metric = Metric {
    name: "eastwest_leader",
    kind: Kind::Gauge,
    labels: &[CLUSTER],
    help: "Whether this process leads a cluster: 1 or 0. Without a lease table always 1.",
    purpose: "whether exactly one copy may write.",
    query: "sum by (job, cluster) (eastwest_leader) != 1",
};

pub(crate) const PASSES_TOTAL: Metric = Metric {
    name: "eastwest_passes_total",
    kind: Kind::Counter,
    labels: &[PASS],
    help: "Plans made, by what they found.",
    purpose: "how often eastwest plans, and whether anything is left to do.",
    query: "sum by (job, outcome) (rate(eastwest_passes_total[5m]))",
};

pub(crate) const PASS_SECONDS: Metric = Metric {
    name: "eastwest_pass_duration_seconds",
    kind: Kind::Histogram(PASS_BUCKETS),
    labels: &[],
    help: "Time to make one plan over the whole view.",
    purpose: "whether planning is slow for a fleet of this size.",
    query: "histogram_quantile(0.99, sum by (le) (rate(eastwest_pass_duration_seconds_bucket[5m])))",
};

pub(crate) const QUEUE_DEPTH: Metric = Metric {
    name: "eastwest_queue_depth",
    kind: Kind::Gauge,
    labels: &[],
    help: "Keys in eastwest's own queue that wait or run.",
    purpose: "whether eastwest falls behind.",
    query: "eastwest_queue_depth",
};

pub(crate) const PANICS: Metric = Metric {
    name: "eastwest_panics_total",
    kind: Kind::Counter,
    labels: &[],
    help: "Bugs that ended one call or one step; the process went on.",
    purpose: "whether to report a bug.",
    query: "increase(eastwest_panics_total[1h]) > 0",
};

pub(crate) const TASKS: Metric = Metric {
    name: "eastwest_tasks",
    kind: Kind::Gauge,
    labels: &[],
    help: "Tasks that are alive in the process: calls to AWS, readers and a few that stay.",
    purpose: "whether the process leaks: a number that only grows is a leak.",
    query: "eastwest_tasks",
};

pub(crate) const BUILD_INFO: Metric = Metric {
    name: "eastwest_build_info",
    kind: Kind::Gauge,
    labels: &[VERSION],
    help: "The version that runs; always 1.",
    purpose: "which version runs where.",
    query: "count by (version) (eastwest_build_info)",
};

pub(crate) const SETTINGS_INFO: Metric = Metric {
    name: "eastwest_settings_info",
    kind: Kind::Gauge,
    labels: &[POLICY],
    help: "The policy that is in use; always 1.",
    purpose: "whether eastwest may write.",
    query: r#"eastwest_settings_info{policy="observe"}"#,
};

const CPU: Metric = Metric {
    name: "process_cpu_seconds_total",
    kind: Kind::Counter,
    labels: &[],
    help: "CPU time that the process used, in seconds. On Linux.",
    purpose: "how busy the process is.",
    query: "rate(process_cpu_seconds_total[5m])",
};

const MEMORY: Metric = Metric {
    name: "process_resident_memory_bytes",
    kind: Kind::Gauge,
    labels: &[],
    help: "Memory that the process holds, in bytes. On Linux.",
    purpose: "whether the task has enough memory.",
    query: "process_resident_memory_bytes",
};

const VIRTUAL_MEMORY: Metric = Metric {
    name: "process_virtual_memory_bytes",
    kind: Kind::Gauge,
    labels: &[],
    help: "Address space that the process has reserved, in bytes. On Linux.",
    purpose: "whether memory is asked for without end.",
    query: "process_virtual_memory_bytes",
};

const OPEN_FDS: Metric = Metric {
    name: "process_open_fds",
    kind: Kind::Gauge,
    labels: &[],
    help: "Open file descriptors. On Linux.",
    purpose: "how many connections are open.",
    query: "process_open_fds / process_max_fds",
};

const MAX_FDS: Metric = Metric {
    name: "process_max_fds",
    kind: Kind::Gauge,
    labels: &[],
    help: "File descriptors that the process may open. On Linux.",
    purpose: "how near the limit the process is.",
    query: "process_open_fds / process_max_fds",
};

const THREADS: Metric = Metric {
    name: "process_threads",
    kind: Kind::Gauge,
    labels: &[],
    help: "Threads of the process. On Linux.",
    purpose: "whether threads pile up. They stay few.",
    query: "process_threads",
};

const START_TIME: Metric = Metric {
    name: "process_start_time_seconds",
    kind: Kind::Gauge,
    labels: &[],
    help: "When the process started, in seconds since 1970. On Linux.",
    purpose: "whether it restarts often.",
    query: "changes(process_start_time_seconds[1h]) > 1",
};
