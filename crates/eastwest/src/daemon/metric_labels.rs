//! The labels of metrics and the bounds of histograms.
//!
//! Labels come from closed sets, or are names whose number is bounded: clusters and namespaces. Services are named on two
//! families, each with a bound.
//!
//! **Absent on purpose:** the account and the Region. One process watches one of each, and Prometheus knows which process
//! it scrapes.

use eastwest_aws::{Bucket, Operation};
use eastwest_core::declaration::settings::Policy;
use eastwest_core::ecs::change::Field;
use eastwest_core::ecs::fault::FaultKind;
use eastwest_core::plan::action::ActionKind;
use eastwest_core::plan::reason::Reason;
use eastwest_core::report::news::RolloutEnd;
use eastwest_core::report::notifier::ChannelName;
use eastwest_core::report::status::Sync;
use eastwest_core::view::hint::MessageKind;
use strum::{VariantArray as _, VariantNames as _};

use super::metric::{Label, Values};

/// The outcome of a change that AWS accepted.
pub(crate) const ACCEPTED: &str = "Accepted";
/// The result of a call that succeeded.
const OK: &str = "Ok";
/// What a plan found.
pub(crate) const PASSES: [&str; 3] = ["Synced", "Changes", "Held"];
/// What became of a message to people.
pub(crate) const MESSAGES: [&str; 2] = ["Sent", "Failed"];
/// Services that are named one by one, and series that name their fields: each at most so many.
pub(crate) const NAMED_AT_MOST: usize = 200;

/// A call to AWS takes tens of milliseconds to some seconds. Few bounds, because each is a series for each operation.
pub(super) const CALL_BUCKETS: &[f64] = &[0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
/// A plan takes microseconds for a small fleet and milliseconds for thousands of services.
pub(super) const PASS_BUCKETS: &[f64] =
    &[0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5];
/// A change follows from a message within milliseconds, or waits for its turn.
pub(super) const FOLLOW_BUCKETS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// A rollout takes half a minute to an hour.
pub(super) const ROLLOUT_BUCKETS: &[f64] =
    &[15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 2400.0, 3600.0];

pub(super) const CLUSTER: Label =
    Label { name: "cluster", values: Values::Named("a watched cluster") };
pub(super) const CLUSTER_OR_DOCUMENT: Label =
    Label { name: "cluster", values: Values::Named("a watched cluster, or `*` for the document") };
pub(super) const SERVICE: Label = Label {
    name: "ecs_service",
    values: Values::Named("a service of the cluster; at most 200, those out of order first"),
};
pub(super) const DRIFTED: Label = Label {
    name: "ecs_service",
    values: Values::Named("a service of the cluster; the family has at most 200 series"),
};
pub(super) const NAMESPACE: Label = Label {
    name: "cloudmap_namespace",
    values: Values::Named("a Cloud Map namespace that is used"),
};
pub(super) const VERSION: Label =
    Label { name: "version", values: Values::Named("the version that runs") };
pub(super) const SYNC: Label = Label {
    name: "sync",
    values: Values::Closed(|| Sync::VARIANTS.iter().map(Into::into).collect()),
};
pub(super) const FIELD: Label = Label {
    name: "field",
    values: Values::Closed(|| Field::VARIANTS.iter().map(|field| field.label()).collect()),
};
pub(super) const HOLD: Label = Label {
    name: "reason",
    values: Values::Closed(|| Reason::holds().map(Reason::name).collect()),
};
pub(super) const ACTION: Label =
    Label { name: "action", values: Values::Closed(|| ActionKind::VARIANTS.to_vec()) };
pub(super) const ANSWER: Label =
    Label { name: "outcome", values: Values::Closed(|| or_fault(ACCEPTED)) };
pub(super) const RESULT: Label = Label { name: "result", values: Values::Closed(|| or_fault(OK)) };
pub(super) const END: Label = Label {
    name: "outcome",
    values: Values::Closed(|| RolloutEnd::VARIANTS.iter().map(<&str>::from).collect()),
};
pub(super) const PASS: Label =
    Label { name: "outcome", values: Values::Closed(|| PASSES.to_vec()) };
pub(super) const MESSAGE: Label = Label {
    name: "kind",
    values: Values::Closed(|| MessageKind::VARIANTS.iter().map(<&str>::from).collect()),
};
pub(super) const API: Label = Label {
    name: "api",
    values: Values::Closed(|| {
        let mut apis: Vec<_> = Operation::ALL.iter().map(|operation| operation.api()).collect();
        apis.dedup();
        apis
    }),
};
pub(super) const OPERATION: Label = Label {
    name: "operation",
    values: Values::Closed(|| Operation::ALL.iter().map(|operation| operation.name()).collect()),
};
pub(super) const CHANNEL: Label = Label {
    name: "channel",
    values: Values::Closed(|| ChannelName::VARIANTS.iter().map(<&str>::from).collect()),
};
pub(super) const SENT: Label =
    Label { name: "outcome", values: Values::Closed(|| MESSAGES.to_vec()) };
pub(super) const BUCKET: Label = Label {
    name: "bucket",
    values: Values::Closed(|| {
        let published = Bucket::ALL.iter().filter(|bucket| bucket.published_refill().is_some());
        published.map(<&str>::from).collect()
    }),
};
pub(super) const POLICY: Label =
    Label { name: "policy", values: Values::Closed(|| Policy::VARIANTS.to_vec()) };

/// What went well, or the kind of fault.
fn or_fault(well: &'static str) -> Vec<&'static str> {
    [&[well], FaultKind::VARIANTS].concat()
}
