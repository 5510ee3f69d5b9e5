//! The pretend world's state and rules: Amazon ECS with Service Connect, AWS Cloud Map, SSM parameters, the events of all
//! that (EventBridge and SQS), and one DynamoDB table of leases, which only the in-process face has.
//!
//! The model is a value: requests and the instant go in, answers come out, and nothing else happens. It reads
//! no clock, opens no socket and draws no randomness but from its seed, so the same calls give the same
//! world. `Model::advance_to` lets time pass; what is due in between (tasks starting, rollouts ending,
//! Cloud Map operations finishing) happens in order, each at its own instant.
//!
//! Invariants: a refused call changes nothing; ordered maps everywhere, so no answer depends on luck;
//! finding one service or one page never walks over all services. What AWS documents is law and carries
//! its source beside it; what AWS leaves open is a [`Switches`] member.
//!
//! Keys of the sources: `DG:` ECS Developer Guide page, `API:` ECS API reference or botocore's ecs model,
//! `APIREF:` ECS API reference page, `SD:` and `SSM:` botocore's models of those services, `CM:` Cloud Map
//! guide, `GR:` General Reference; `roadmap#`, `copilot#`, `tf#`, `cdk#`, `pulumi-aws#`: public issues of
//! containers-roadmap, copilot-cli, terraform-provider-aws, aws-cdk, pulumi-aws; `preflight`: a public bench
//! of rules proven against real deployments.
//!
//! In reading order: `options`, `key`, `ids`, `kept`, `records`, `page`, `filters`, `log`, `refusals`, `lookup` (how things are named, kept and
//! found); `clusters`, `namespace_state`, `namespaces`, `operations`, `shares`, `cloud_map`, `ssm`, `lease_table`, `tags`, `task_definitions` (what
//! stands beside services); `service`, `strategy`, `connect_rules`, `connect`, `create`, `update`, `apply`, `delete` (a
//! service and its changes); `events`, `percent`, `rollout`, `shift`, `hooks`, `early`, `breaker`, `endpoints` (how a
//! deployment goes on); `bus`, `queues` (who is told of it); `describe`, `deployments`, `tasks`, `registration`, `instances`, `echo` (answers); `reach`, `truth`, `populate`
//! (for tests).
//!
//! Absent: IAM, throttling and faults, which are the wire's business; load balancers; capacity; Lambda
//! hooks, which are accepted and succeed at once; alarms.

mod apply;
mod breaker;
mod bus;
mod cloud_map;
mod clusters;
mod connect;
mod connect_rules;
mod create;
mod delete;
mod deployments;
mod describe;
mod early;
mod echo;
mod endpoints;
mod events;
mod filters;
mod hooks;
mod ids;
mod instances;
mod kept;
mod key;
mod lease_table;
mod log;
mod lookup;
mod namespace_state;
mod namespaces;
mod operations;
mod options;
mod page;
mod percent;
mod populate;
mod queues;
mod reach;
mod records;
mod refusals;
mod registration;
mod rollout;
mod service;
mod shares;
mod shift;
mod ssm;
mod strategy;
mod tags;
mod task_definitions;
mod task_facts;
mod tasks;
#[cfg(test)]
mod tests;
mod truth;
mod update;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bus::Bus;
use ids::{Arns, Ids};
use kept::Kept;
use namespace_state::NamespaceState;
use queues::Queues;
use records::{ClusterState, Event, OperationState, ParameterState};
use task_facts::TaskFacts;

use crate::shapes::Time;

pub use key::EcsServiceKey;
pub use lease_table::LeaseTable;
pub use namespace_state::Share;
pub use options::*;
pub use queues::ReceivedMessage;
pub use records::{CloudMapServiceState, Effect, Mutation, NamedPort, Reach, TaskDefinition};
pub use service::*;
pub use strategy::{Conduct, EarlySuccess, PauseHook, Strategy};
pub use task_facts::ProxyHealth;

/// What keeps the draws of the bus and of the queues apart from the model's ids.
const BUS_SEED: u64 = 0xB05;
const QUEUES_SEED: u64 = 0x0505;

/// The pretend world.
#[derive(Debug, Clone)]
pub struct Model {
    now: Time,
    switches: Switches,
    timings: Timings,
    ids: Ids,
    arns: Arns,
    caller: String,
    /// What is still to happen, by instant and then by order of scheduling.
    queue: BTreeMap<(Time, u64), Event>,
    queued: u64,
    clusters: BTreeMap<String, ClusterState>,
    /// Revision `n` of a family stands at index `n - 1`.
    families: BTreeMap<String, Vec<Arc<TaskDefinition>>>,
    services: BTreeMap<EcsServiceKey, Kept<EcsServiceState>>,
    /// Which services have a deployment with Service Connect in a namespace, by its id.
    members: BTreeMap<String, BTreeSet<EcsServiceKey>>,
    namespaces: BTreeMap<String, NamespaceState>,
    operations: BTreeMap<String, OperationState>,
    cloud_map: BTreeMap<String, CloudMapServiceState>,
    /// Cloud Map services by namespace id and name.
    cloud_map_names: BTreeMap<(String, String), String>,
    parameters: BTreeMap<String, ParameterState>,
    leases: LeaseTable,
    scripts: BTreeMap<EcsServiceKey, RolloutScript>,
    task_facts: TaskFacts,
    bus: Bus,
    queues: Queues,
    /// How events are sent.
    events: EventOptions,
    /// Where the URLs of queues begin.
    queues_at: String,
    mutations: Vec<Mutation>,
    /// The deployment the running call started, for the log.
    started: Option<String>,
}

impl Model {
    /// A world without any resources.
    pub fn new(options: ModelOptions) -> Self {
        Self {
            now: options.start,
            switches: options.switches,
            timings: options.timings,
            ids: Ids::new(options.seed),
            arns: Arns { region: options.region, account: options.account },
            caller: String::new(),
            queue: BTreeMap::new(),
            queued: 0,
            clusters: BTreeMap::new(),
            families: BTreeMap::new(),
            services: BTreeMap::new(),
            members: BTreeMap::new(),
            namespaces: BTreeMap::new(),
            operations: BTreeMap::new(),
            cloud_map: BTreeMap::new(),
            cloud_map_names: BTreeMap::new(),
            parameters: BTreeMap::new(),
            leases: LeaseTable::default(),
            scripts: BTreeMap::new(),
            task_facts: TaskFacts::default(),
            bus: Bus::new(options.seed ^ BUS_SEED),
            queues: Queues::new(options.seed ^ QUEUES_SEED),
            events: options.events,
            queues_at: options.queues_at,
            mutations: Vec::new(),
            started: None,
        }
    }

    /// The present instant of virtual time.
    pub fn now(&self) -> Time {
        self.now
    }

    /// The Region in every ARN.
    pub fn region(&self) -> &str {
        &self.arns.region
    }

    /// The account in every ARN.
    pub fn account(&self) -> &str {
        &self.arns.account
    }

    /// Changes the answers to AWS's open questions from now on.
    pub fn set_switches(&mut self, switches: Switches) {
        self.switches = switches;
    }

    /// The answers to AWS's open questions.
    pub fn switches(&self) -> &Switches {
        &self.switches
    }

    /// Changes how events are sent from now on.
    pub fn set_event_options(&mut self, events: EventOptions) {
        self.events = events;
    }

    /// How events are sent.
    pub fn event_options(&self) -> EventOptions {
        self.events
    }

    /// Every ECS service that can still be described, by cluster and name.
    pub fn services(&self) -> impl Iterator<Item = (&EcsServiceKey, &EcsServiceState)> {
        self.services.iter().map(|(key, kept)| (key, kept.get()))
    }

    /// One ECS service.
    pub fn service(&self, key: &EcsServiceKey) -> Option<&EcsServiceState> {
        self.services.get(key).map(Kept::get)
    }

    /// The lease table.
    pub fn leases(&self) -> &LeaseTable {
        &self.leases
    }

    /// The lease table, for changing.
    pub fn leases_mut(&mut self) -> &mut LeaseTable {
        &mut self.leases
    }

    /// Every Cloud Map service, by id.
    pub fn cloud_map_services(&self) -> impl Iterator<Item = (&String, &CloudMapServiceState)> {
        self.cloud_map.iter()
    }

    /// Sets how the next rollouts of a service (`cluster/service`, which need not exist yet) go, until
    /// set again.
    pub fn set_rollout(&mut self, service: &str, script: RolloutScript) {
        self.scripts.insert(EcsServiceKey::parse(service), script);
    }

    /// Sets how the proxies of the running tasks of a service (`cluster/service`, which need not exist yet) fare.
    pub fn set_proxies(&mut self, service: &str, health: ProxyHealth) {
        self.task_facts.proxies.insert(EcsServiceKey::parse(service), health);
    }

    /// Moves the addresses of all tasks onto loopback, where a test can listen in their place, or back.
    pub fn set_on_loopback(&mut self, on_loopback: bool) {
        self.task_facts.on_loopback = on_loopback;
    }

    /// The service for changing; the state until now stays readable for a while.
    fn change(&mut self, key: &EcsServiceKey) -> &mut EcsServiceState {
        let now = self.now;
        let kept = self.services.get_mut(key).expect("only keys that were just found get here");
        kept.change(now)
    }
}
