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
use eastwest_core::report::notifier::{ChannelName, Counts};
use eastwest_core::view::hint::MessageKind;
use prometheus::core::Collector;
#[cfg(target_os = "linux")]
use prometheus::process_collector::ProcessCollector;
use prometheus::proto::MetricFamily;
use prometheus::{
    CounterVec, GaugeVec, Histogram, HistogramVec, IntCounter, IntCounterVec, Registry,
};
use strum::VariantArray as _;

use super::metric_labels::{MESSAGES, PASSES};
use super::metric_table as table;

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
    quota_seconds: CounterVec,
    notifications: IntCounterVec,
    notifications_dropped: IntCounterVec,
    panics: IntCounter,
    has_answered: Arc<AtomicBool>,
}

impl Metrics {
    /// Meters at zero.
    pub(crate) fn new() -> Self {
        let registry = Registry::new();
        let build = table::BUILD_INFO.gauges();
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1.0);
        let metrics = Self {
            passes: table::PASSES_TOTAL.counters(),
            pass_seconds: table::PASS_SECONDS.histogram(),
            applied: table::CHANGES.counters(),
            rollouts: table::ROLLOUTS.counters(),
            rollout_seconds: table::ROLLOUT_SECONDS.histogram(),
            messages: table::NUDGES.counters(),
            follow_seconds: table::FOLLOWED_SECONDS.histogram(),
            calls: table::CALLS.counters(),
            call_seconds: table::CALL_SECONDS.histograms(),
            quota_seconds: table::QUOTA.amounts(),
            notifications: table::NOTIFICATIONS.counters(),
            notifications_dropped: table::NOTIFICATIONS_DROPPED.counters(),
            panics: table::PANICS.counter(),
            has_answered: Arc::default(),
            registry,
        };
        metrics.register(build);
        metrics
    }

    fn register(&self, build: GaugeVec) {
        let all: [Box<dyn Collector>; 14] = [
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
            Box::new(self.quota_seconds.clone()),
            Box::new(self.notifications.clone()),
            Box::new(self.notifications_dropped.clone()),
            Box::new(self.panics.clone()),
        ];
        for collector in all {
            self.registry.register(collector).expect("each name stands here once");
        }
        for kind in MessageKind::VARIANTS {
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
        let [synced, changes, held] = PASSES;
        let outcome = if plan.steps().next().is_some() {
            changes
        } else if plan.holds().next().is_some() {
            held
        } else {
            synced
        };
        self.passes.with_label_values(&[outcome]).inc();
        self.pass_seconds.observe(took.as_secs_f64());
    }

    /// Counts one answered change.
    pub(crate) fn applied(&self, key: &ServiceKey, action: ActionKind, outcome: &str) {
        let action: &str = action.into();
        self.applied.with_label_values(&[key.cluster.as_str(), action, outcome]).inc();
    }

    /// Begins to count for a cluster in which a service opted in: a series that is there at zero can be alerted on. Of the
    /// other clusters there may be many.
    pub(crate) fn manages(&self, cluster: &ClusterName) {
        for end in RolloutEnd::VARIANTS {
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
        if let Some(refill) = call.bucket.published_refill() {
            let bucket: &str = call.bucket.into();
            self.quota_seconds.with_label_values(&[bucket]).inc_by(1.0 / f64::from(refill));
        }
        let silent = [FaultKind::TimedOut, FaultKind::Unreachable];
        if !silent.map(<&str>::from).contains(&call.result) {
            self.has_answered.store(true, Ordering::Relaxed);
        }
    }

    /// Takes over what was counted of each way to people: counts that only grow.
    pub(crate) fn notified(&self, counts: impl Iterator<Item = (ChannelName, Counts)>) {
        for (name, Counts { sent, failed, dropped }) in counts {
            let channel: &str = name.into();
            for (outcome, count) in MESSAGES.into_iter().zip([sent, failed]) {
                let counter = self.notifications.with_label_values(&[channel, outcome]);
                counter.inc_by(count.saturating_sub(counter.get()));
            }
            let counter = self.notifications_dropped.with_label_values(&[channel]);
            counter.inc_by(dropped.saturating_sub(counter.get()));
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
