//! The settings of the engine: what the operator allows and how long we wait. They come from the flags and never
//! change.

use crate::ecs::service_key::ServicePath;
use crate::ecs::time::Now;
use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;

use super::document::MassChange;
use super::tag_prefix::TagPrefix;
use crate::ecs::lease::LONGEST;
use crate::ecs::name::{ClusterName, NamespaceRef, ParameterName};
use crate::ecs::queue::QueueUrl;

/// All settings of the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The clusters to watch; `None`: all of the account and region.
    pub clusters: Option<BTreeSet<ClusterName>>,
    /// Where declarations are read.
    pub sources: Sources,
    /// The prefix of our tags.
    pub prefix: TagPrefix,
    /// The namespace for services that name none and are in none.
    pub namespace: Option<NamespaceRef>,
    /// What may be written.
    pub policy: Policy,
    /// How many rollouts may run at once.
    pub budget: Budget,
    /// How much of a namespace may change without consent.
    pub mass_change: MassChange,
    /// The ECS service that eastwest runs as, which is never written to; none if it runs elsewhere, or may roll itself
    /// out.
    pub own_service: Option<ServicePath>,
    /// The queue whose messages bring looks forward; none: only sweeps show what changed.
    pub queue: Option<QueueUrl>,
    /// How leases are held; none without a lease table: then we rely on being alone.
    pub lease: Option<LeaseSettings>,
    /// How long we wait.
    pub timing: Timing,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            clusters: None,
            sources: Sources::default(),
            prefix: TagPrefix::default(),
            namespace: None,
            policy: Policy::Observe,
            budget: Budget::default(),
            mass_change: MassChange::Percent(20),
            own_service: None,
            queue: None,
            lease: None,
            timing: Timing::default(),
        }
    }
}

/// Where declarations are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    /// Whether tags count.
    pub tags: bool,
    /// The parameters, or paths of parameters, that make up the document.
    pub documents: BTreeSet<ParameterName>,
    /// A `document` tag may name only parameters whose names begin with one of these. Whoever may tag a service could
    /// otherwise have eastwest read any parameter that its role can read.
    pub document_prefixes: Vec<String>,
}

impl Sources {
    /// Whether a `document` tag may name this parameter.
    pub fn allow(&self, name: &ParameterName) -> bool {
        self.document_prefixes.iter().any(|prefix| name.as_str().starts_with(prefix))
    }
}

impl Default for Sources {
    fn default() -> Self {
        let document_prefixes = vec!["/eastwest/".to_owned()];
        Self { tags: true, documents: BTreeSet::new(), document_prefixes }
    }
}

/// What may be written.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Serialize,
    strum::IntoStaticStr,
    strum::EnumString,
    strum::VariantNames,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Policy {
    /// Plan and show, never write.
    #[default]
    Observe,
    /// Add and change; never switch off, never remove an endpoint.
    UpsertOnly,
    /// Add, change, remove, switch off.
    Sync,
}

/// How many rollouts may run at once; each at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Budget {
    /// In one cluster.
    pub per_cluster: usize,
    /// In one namespace, over all clusters.
    pub per_namespace: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { per_cluster: 2, per_namespace: 1 }
    }
}

/// How leases are held. Every span is a share of the duration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseSettings {
    /// A name for people of this process. Two processes may share one.
    pub holder: String,
    /// A random text of this process alone.
    pub session: String,
    /// How long a lease is held after each renewal: from [`Self::SHORTEST`] to [`LONGEST`].
    pub duration: Duration,
}

impl LeaseSettings {
    /// The duration unless another one is asked for. A holder that is killed is followed within this time and two
    /// seconds.
    pub const DURATION: Duration = Duration::from_secs(15);

    /// The shortest that this process takes: a call to the table may last a seventh of it. An item of others may have a
    /// shorter one.
    pub const SHORTEST: Duration = Duration::from_secs(3);

    /// Whether a lease of this process may last so long.
    pub fn may_last(duration: Duration) -> bool {
        (Self::SHORTEST..=LONGEST).contains(&duration)
    }

    /// From a renewal to the next one.
    pub fn renew_every(&self) -> Duration {
        self.duration / 3
    }

    /// How long the holder writes after it has sent a renewal: 60 %. If its clock runs at 0.8 of the true rate and that
    /// of a watcher at 1.25, it stops after 75 % of the true duration, and the watcher takes over after 80 %.
    pub fn stop_after(&self) -> Duration {
        self.duration * 3 / 5
    }

    /// From a call that failed to the next one, and how long a call may take at most: who carries it out gives up then.
    pub fn retry_after(&self) -> Duration {
        self.duration / 7
    }

    /// How often a watcher reads.
    pub fn watch_every(&self) -> Duration {
        (self.duration / 8).min(Duration::from_secs(2))
    }
}

/// An instant, with the settings that say how long is long.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// How long eastwest waits for what.
    pub timing: &'a Timing,
    /// The instant.
    pub now: Now,
}

/// How long we wait, all on our own clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// From the end of a sweep to the next, at most.
    pub interval: Duration,
    /// By how much of the interval a sweep may come earlier, in percent, so that the sweeps of many clusters and of many
    /// copies do not stay in step.
    pub jitter_percent: u32,
    /// How long an answer of AWS may lag behind the truth: after a start, after a write whose answer was
    /// lost, and before an older-looking reading is believed. Tools in the field sleep 3 s after an
    /// `UpdateService`, and one allows for 9 s; this leaves room.
    pub staleness: Duration,
    /// How often a running rollout is looked at, unless sweeps come faster.
    pub rollout_poll: Duration,
    /// A rollout running this long no longer takes up budget: without a circuit breaker a broken one
    /// never ends (DG:deployment-type-ecs), and one service must not stop all others.
    pub stall: Duration,
    /// How long an endpoint must have stood before clients are rolled out again for it, unless the document says so.
    pub refresh_every: Duration,
    /// How long the last step of a rename waits for clients, unless the document says so.
    pub drop_old_names_after: Duration,
    /// For how long a name that was in use is kept from other services, unless the document says it.
    pub name_quarantine: Duration,
    /// First wait after a failed call; doubles up to `backoff_max`.
    pub backoff_min: Duration,
    /// Longest wait after failed calls.
    pub backoff_max: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            interval: Duration::from_mins(1),
            jitter_percent: 10,
            staleness: Duration::from_secs(10),
            rollout_poll: Duration::from_secs(10),
            stall: Duration::from_mins(30),
            refresh_every: Duration::from_mins(15),
            drop_old_names_after: Duration::from_hours(24),
            name_quarantine: Duration::from_hours(1),
            backoff_min: Duration::from_secs(2),
            backoff_max: Duration::from_mins(5),
        }
    }
}

/// Doubles from the shortest to the longest wait.
pub fn backoff(timing: &Timing, attempts: u32) -> Duration {
    timing.backoff_min.saturating_mul(1 << attempts.min(16)).min(timing.backoff_max)
}
