//! The meters: counters and histograms, which count events as they happen. Their labels come from closed sets only.
//!
//! Gauges are not kept here: the metrics page reads them off the engine at each scrape.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use eastwest_core::ecs::fault::FaultKind;
use eastwest_core::ecs::name::ClusterName;
use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::plan::Plan;
use eastwest_core::plan::action::ActionKind;
use eastwest_core::report::news::RolloutEnd;
use eastwest_core::view::hint::MessageKind;
use prometheus::core::Collector;
#[cfg(target_os = "linux")]
use prometheus::process_collector::ProcessCollector;
use prometheus::proto::MetricFamily;
use prometheus::{
    GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry,
};

/// A call to AWS takes tens of milliseconds to some seconds.
const CALL_BUCKETS: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// A plan takes microseconds for a small fleet and milliseconds for thousands of services.
const PASS_BUCKETS: &[f64] = &[0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5];
/// A change follows from a message within milliseconds, or waits for its turn.
const FOLLOW_BUCKETS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// A rollout takes half a minute to an hour.
const ROLLOUT_BUCKETS: &[f64] = &[15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 2400.0, 3600.0];

/// The outcome of a change that AWS accepted.
pub(crate) const ACCEPTED: &str = "Accepted";

/// Everything that is counted as it happens.
#[derive(Clone)]
pub(crate) struct Metrics {
    registry: Registry,
    passes: IntCounterVec,
    pass_seconds: Histogram,
    applied: IntCounterVec,
    rollouts: IntCounterVec,
    rollout_seconds: Histogram,
    messages: IntCounterVec,
    follow_seconds: Histogram,
    calls: IntCounterVec,
    call_seconds: HistogramVec,
    panics: IntCounter,
    has_answered: Arc<AtomicBool>,
}

impl Metrics {
    /// Meters at zero.
    pub(crate) fn new() -> Self {
        let registry = Registry::new();
        let build = gauges("eastwest_build_info", "The version that runs; always 1.", &["version"]);
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1.0);
        let metrics = Self {
            passes: counters(
                "eastwest_passes_total",
                "Plans made, by what they found: Synced, Changes or Held.",
                &["outcome"],
            ),
            pass_seconds: histogram(
                "eastwest_pass_duration_seconds",
                "Time to make one plan over the whole view.",
                PASS_BUCKETS,
            ),
            applied: counters(
                "eastwest_changes_applied_total",
                "Changes sent, by how AWS answered. Alert on outcomes other than Accepted.",
                &["cluster", "action", "outcome"],
            ),
            rollouts: counters(
                "eastwest_rollouts_total",
                "Rollouts that were seen running, by how they ended. Alert on RolledBack and Failed.",
                &["cluster", "outcome"],
            ),
            rollout_seconds: histogram(
                "eastwest_rollout_duration_seconds",
                "How long rollouts that completed or failed were seen running.",
                ROLLOUT_BUCKETS,
            ),
            messages: counters(
                "eastwest_nudges_total",
                "Messages of the queue, by what they are about. Other is nothing that is watched; alert on Unread.",
                &["kind"],
            ),
            follow_seconds: histogram(
                "eastwest_event_to_write_seconds",
                "Time from a message of the queue to the change that followed from it.",
                FOLLOW_BUCKETS,
            ),
            calls: counters(
                "eastwest_aws_calls_total",
                "Attempts of calls to AWS, by result.",
                &["api", "operation", "result"],
            ),
            call_seconds: histograms(
                "eastwest_aws_call_duration_seconds",
                "Time of one attempt of a call to AWS.",
                &["api", "operation"],
            ),
            panics: IntCounter::new(
                "eastwest_panics_total",
                "Bugs that ended one effect or one step; the process went on. Alert on this.",
            )
            .expect("a valid name"),
            has_answered: Arc::default(),
            registry,
        };
        metrics.register(build);
        metrics
    }

    fn register(&self, build: GaugeVec) {
        let all: [Box<dyn Collector>; 11] = [
            Box::new(build),
            Box::new(self.passes.clone()),
            Box::new(self.pass_seconds.clone()),
            Box::new(self.applied.clone()),
            Box::new(self.rollouts.clone()),
            Box::new(self.rollout_seconds.clone()),
            Box::new(self.messages.clone()),
            Box::new(self.follow_seconds.clone()),
            Box::new(self.calls.clone()),
            Box::new(self.call_seconds.clone()),
            Box::new(self.panics.clone()),
        ];
        for collector in all {
            self.registry.register(collector).expect("each name stands here once");
        }
        for kind in MessageKind::ALL {
            // A series that is there at zero can be alerted on.
            self.messages.with_label_values(&[<&str>::from(kind)]);
        }
        #[cfg(target_os = "linux")]
        self.registry
            .register(Box::new(ProcessCollector::for_self()))
            .expect("its names begin with process_");
    }

    /// Counts one plan.
    pub(crate) fn pass(&self, took: Duration, plan: &Plan) {
        let outcome = if plan.steps().next().is_some() {
            "Changes"
        } else if plan.holds().next().is_some() {
            "Held"
        } else {
            "Synced"
        };
        self.passes.with_label_values(&[outcome]).inc();
        self.pass_seconds.observe(took.as_secs_f64());
    }

    /// Counts one answered change.
    pub(crate) fn applied(&self, key: &ServiceKey, action: ActionKind, outcome: &str) {
        let action: &str = action.into();
        self.applied.with_label_values(&[key.cluster.as_str(), action, outcome]).inc();
    }

    /// Begins to count for a cluster that was read: a series that is there at zero can be alerted on.
    pub(crate) fn read(&self, cluster: &ClusterName) {
        for end in RolloutEnd::ALL {
            self.rollouts.with_label_values(&[cluster.as_str(), end.into()]);
        }
    }

    /// Counts one ended rollout. How long one ran that did not reach its own end says nothing about rollouts.
    pub(crate) fn rolled_out(&self, key: &ServiceKey, took: Duration, end: RolloutEnd) {
        self.rollouts.with_label_values(&[key.cluster.as_str(), end.into()]).inc();
        if end == RolloutEnd::Completed || end.is_failure() {
            self.rollout_seconds.observe(took.as_secs_f64());
        }
    }

    /// Counts one message of the queue.
    pub(crate) fn message(&self, kind: MessageKind) {
        self.messages.with_label_values(&[<&str>::from(kind)]).inc();
    }

    /// Counts a change that followed from a message, and how soon.
    pub(crate) fn followed(&self, after: Duration) {
        self.follow_seconds.observe(after.as_secs_f64());
    }

    /// Counts one attempt of a call to AWS.
    pub(crate) fn call(&self, call: &eastwest_aws::Call) {
        self.calls.with_label_values(&[call.api, call.operation, call.result]).inc();
        let seconds = self.call_seconds.with_label_values(&[call.api, call.operation]);
        seconds.observe(call.duration.as_secs_f64());
        let silent = [FaultKind::TimedOut, FaultKind::Unreachable];
        if !silent.map(<&str>::from).contains(&call.result) {
            self.has_answered.store(true, Ordering::Relaxed);
        }
    }

    /// Counts a bug that ended one effect or one step.
    pub(crate) fn panicked(&self) {
        self.panics.inc();
    }

    /// Whether AWS has answered any call, in whichever way.
    pub(crate) fn has_answered(&self) -> bool {
        self.has_answered.load(Ordering::Relaxed)
    }

    /// Everything counted so far.
    pub(crate) fn gather(&self) -> Vec<MetricFamily> {
        self.registry.gather()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

fn counters(name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    IntCounterVec::new(Opts::new(name, help), labels).expect("a valid name")
}

/// Gauges of one name.
pub(crate) fn gauges(name: &str, help: &str, labels: &[&str]) -> GaugeVec {
    GaugeVec::new(Opts::new(name, help), labels).expect("a valid name")
}

fn histogram(name: &str, help: &str, buckets: &[f64]) -> Histogram {
    let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
    Histogram::with_opts(options).expect("ascending buckets")
}

fn histograms(name: &str, help: &str, labels: &[&str]) -> HistogramVec {
    let options = HistogramOpts::new(name, help).buckets(CALL_BUCKETS.to_vec());
    HistogramVec::new(options, labels).expect("ascending buckets")
}
