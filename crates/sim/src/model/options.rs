//! What a model is made with: where and when it stands, how long things take, and which of AWS's undocumented answers it gives.
//!
//! Invariant: everything AWS has not written down is a member of [`Switches`], so that the controller can
//! be tried with either answer; no behaviour that is documented has a switch. Nothing here is a secret
//! of one test: the binary's flags and the in-process tests set the same struct.

use serde::Serialize;

use crate::shapes::Time;

/// Everything a model needs to know before its first call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelOptions {
    /// The first instant of virtual time.
    pub start: Time,
    /// The seed of every id, so that the same calls give the same world.
    pub seed: u64,
    /// The Region in every ARN.
    pub region: String,
    /// The account in every ARN, twelve digits.
    pub account: String,
    /// The answers to AWS's open questions.
    pub switches: Switches,
    /// How long things take.
    pub timings: Timings,
    /// How events are sent.
    pub events: EventOptions,
    /// Where the URLs of queues begin, such as `https://sqs.eu-central-1.amazonaws.com`.
    pub queues_at: String,
}

impl Default for ModelOptions {
    fn default() -> Self {
        Self {
            start: Time(1_700_000_000_000),
            seed: 1,
            region: "eu-central-1".to_owned(),
            account: "123456789012".to_owned(),
            switches: Switches::default(),
            timings: Timings::default(),
            events: EventOptions::default(),
            queues_at: "https://sqs.eu-central-1.amazonaws.com".to_owned(),
        }
    }
}

/// How long things take, in virtual time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timings {
    /// Seconds from a deployment's creation to its end, unless its service has a [`RolloutScript`].
    pub rollout_seconds: u64,
    /// Seconds a rollback takes.
    pub rollback_seconds: u64,
    /// Seconds a change of `desiredCount` takes outside a rollout.
    pub scale_seconds: u64,
    /// Seconds for which a failed deployment stays visible after its rollback is over.
    pub failed_visible_seconds: u64,
    /// Seconds from DRAINING to INACTIVE.
    pub drain_seconds: u64,
    /// Seconds for which an INACTIVE service, and a stopped task, can still be described.
    pub inactive_seconds: u64,
    /// Seconds an operation of Cloud Map takes; it is SUBMITTED for the first third.
    pub operation_seconds: u64,
    /// Seconds for which a page token is good.
    pub token_seconds: u64,
    /// Seconds for which the old tasks stay after a deployment with deferred cleanup is done; AWS says up to
    /// two weeks (DG:early-success-criteria).
    pub deferred_cleanup_seconds: u64,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            rollout_seconds: 30,
            rollback_seconds: 20,
            scale_seconds: 5,
            failed_visible_seconds: 60,
            drain_seconds: 10,
            inactive_seconds: 3600,
            operation_seconds: 3,
            token_seconds: 86_400,
            deferred_cleanup_seconds: 3600,
        }
    }
}

/// From when on a server's endpoint can get into a client's endpoint list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointExists {
    /// As soon as the server's deployment is created.
    AtCreation,
    /// Once a deployment of the server that carries it has completed: the strict reading.
    AtCompletion,
}

/// How a member with a default comes back. AWS's own captures show all three for one member or another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Echo {
    /// As it was sent, or not at all.
    #[default]
    AsSent,
    /// With its default where it was not sent.
    Filled,
    /// Not at all where it is its default, sent or not.
    LeftOut,
}

/// In which form a namespace comes back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NamespaceEcho {
    /// As it was given: what captures show.
    #[default]
    AsSent,
    /// As its ARN.
    Arn,
    /// As its name, where no other namespace can be meant by it.
    Name,
    /// As the short name ECS resolves, Cloud Map's `HttpName`.
    HttpName,
}

/// Which lists come back empty where nothing stands in them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EmptyLists {
    /// None.
    Absent,
    /// `secretOptions` alone: what captures show.
    #[default]
    SecretOptions,
    /// Every list, and log options.
    All,
}

/// How `DescribeServices` shows a configuration, as far as AWS has not written it down: two answers that differ
/// only in these mean the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one open question with two answers")]
pub struct Echoes {
    /// The namespace.
    pub namespace: NamespaceEcho,
    /// `discoveryName`, by default the port's name.
    pub discovery_name: Echo,
    /// Whether `clientAliases` does not come back where it is the default name and the container's port.
    pub default_alias_left_out: bool,
    /// `dnsName`, by default `<discoveryName>.<namespace>`.
    pub dns_name: Echo,
    /// `timeout`, by default what API:TimeoutConfiguration says.
    pub timeout: Echo,
    /// `ingressPortOverride`, in awsvpc by default the container's port.
    pub ingress_port: Echo,
    /// `includeQueryParameters`, by default DISABLED.
    pub query_parameters: Echo,
    /// Empty lists.
    pub empty_lists: EmptyLists,
    /// Whether endpoints and secret options come back in another order than they were sent.
    pub reordered: bool,
    /// Whether a service carries `version: 0`, which AWS's tutorial prints and no SDK models. Off, because
    /// the judge of the wire's shapes takes a member that is in no model for a mistake.
    pub unmodelled_version: bool,
    /// Whether the configuration carries members that are newer than its reader. They mean something: a
    /// writer that does not know them would lose them.
    pub unknown_members: bool,
}

/// The answers to what AWS does not document. The defaults are the likelier or the harder ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one open question with two answers")]
pub struct Switches {
    /// Whether `UpdateService` with an equal `serviceConnectConfiguration` starts a deployment.
    pub identical_config_deploys: bool,
    /// Whether a dnsName and port that another discovery name of the namespace holds is refused.
    pub alias_collision_refused: bool,
    /// In which of several forms of one meaning a configuration comes back.
    pub echo: Echoes,
    /// Whether a task that scaling starts has its deployment's endpoint list; if not, the list of its start.
    pub scale_out_uses_old_snapshot: bool,
    /// Whether the deployment that a rollback returns to gets a new endpoint list.
    pub rollback_takes_snapshot: bool,
    /// Whether a service's own endpoints are in the list of the deployment that introduces them.
    pub own_endpoint_in_first_snapshot: bool,
    /// When an endpoint comes to exist for its clients.
    pub endpoint_exists: EndpointExists,
    /// Whether `UpdateService` with `enabled:true` and no namespace takes the cluster's default of now;
    /// if not, the namespace the service has stays.
    pub update_takes_cluster_default: bool,
    /// Seconds after the last deployment that refers to it until ECS removes its Cloud Map service;
    /// `None`: never, as after some failed rollbacks.
    pub leftover_seconds: Option<u64>,
    /// Whether `rolloutState` is shown for BLUE_GREEN, LINEAR and CANARY; API:Deployment promises it for
    /// rolling updates alone.
    pub non_rolling_state_shown: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            identical_config_deploys: true,
            alias_collision_refused: false,
            echo: Echoes::default(),
            scale_out_uses_old_snapshot: true,
            rollback_takes_snapshot: false,
            own_endpoint_in_first_snapshot: false,
            endpoint_exists: EndpointExists::AtCompletion,
            update_takes_cluster_default: true,
            leftover_seconds: Some(30),
            non_rolling_state_shown: true,
        }
    }
}

/// How events are sent: what happens to them on their way into a queue, and what AWS does not document of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct EventOptions {
    /// How many of a thousand events of best effort are lost. Durable ones never are (EventBridge Reference: events
    /// from AWS services).
    pub lost_per_mille: u32,
    /// How many of a thousand messages come twice: AWS promises at least once.
    pub doubled_per_mille: u32,
    /// The shortest and the longest time until a message is in its queue, in milliseconds. AWS promises none.
    pub delay_ms: [u64; 2],
    /// Whether a later event may overtake an earlier one.
    pub reordered: bool,
    /// Whether changed tags of ECS and Cloud Map resources are announced by `aws.tag`: AWS does not say for which
    /// services it does so.
    pub tag_change: bool,
    /// Whether *ECS Deployment State Change* has `clusterArn`: its page shows none, captures of 2025 have it.
    pub deployment_names_cluster: bool,
}

impl Default for EventOptions {
    fn default() -> Self {
        Self {
            lost_per_mille: 10,
            doubled_per_mille: 10,
            delay_ms: [200, 30_000],
            reordered: true,
            tag_change: true,
            deployment_names_cluster: false,
        }
    }
}

/// How a deployment ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RolloutOutcome {
    /// Its tasks run and the old ones go.
    #[default]
    Complete,
    /// Its tasks fail to start, again and again.
    Fail,
    /// Its tasks stay pending and nothing fails.
    Stall,
}

impl RolloutOutcome {
    /// The outcome named by `complete`, `fail` or `stall`.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "complete" => Some(Self::Complete),
            "fail" => Some(Self::Fail),
            "stall" => Some(Self::Stall),
            _ => None,
        }
    }
}

/// How the next rollouts of one service go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RolloutScript {
    /// Seconds from the deployment's creation to its end.
    pub seconds: u64,
    /// How it ends.
    pub outcome: RolloutOutcome,
}

/// When a read looks: now, or at an earlier instant, as an eventually consistent read does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AsOf {
    /// The newest state.
    #[default]
    Now,
    /// The state of that instant; the model remembers about the last sixty seconds and answers with its
    /// oldest memory before that.
    At(Time),
}

/// What `populate` makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Population {
    /// How many ECS services.
    pub services: usize,
    /// How many of them in one cluster; AWS allows 5,000.
    pub services_per_cluster: usize,
    /// How many in a hundred are opted in through tags, and converged.
    pub opted_in_percent: usize,
    /// How many service events each service answers with, at most 100.
    pub events: u32,
}

impl Population {
    /// That many services, 40 % opted in, in clusters of 1,000, without events.
    pub const fn of(services: usize) -> Self {
        Self { services, services_per_cluster: 1000, opted_in_percent: 40, events: 0 }
    }
}
