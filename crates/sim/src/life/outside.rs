//! Outside events: what people, pipelines and ECS do, and what ends or stops the controller.
//!
//! **Invariant:** people use the same operations as everybody. What AWS would refuse is refused here, and changes
//! nothing.

use std::fmt;

use serde_json::{Map, Value, json};

use super::definition::Definition;
use crate::model::{EcsServiceKey, Model, RolloutScript};
use crate::shapes::ApiError;
use crate::shapes::cloud_map::CreateHttpNamespaceRequest;
use crate::shapes::ecs::{
    ClusterServiceConnectDefaults, ContinueServiceDeploymentRequest, CreateServiceRequest,
    DeleteServiceRequest, DeploymentController, DeploymentLifecycleHookAction,
    ServiceConnectConfiguration, Tag, TagResourceRequest, UntagResourceRequest,
    UpdateClusterRequest, UpdateServiceRequest,
};
use crate::shapes::ssm::{
    DeleteParameterRequest, ParameterTier, ParameterType, PutParameterRequest,
};

/// One outside event.
#[derive(Debug, Clone)]
pub enum Outside {
    /// Tags are set.
    Tag(EcsServiceKey, Vec<(String, String)>),
    /// Tags are removed.
    Untag(EcsServiceKey, Vec<String>),
    /// Somebody sets the Service Connect configuration by hand.
    Edit(EcsServiceKey, Box<ServiceConnectConfiguration>),
    /// Another tool sets a configuration, unless it is there already.
    Reapply(EcsServiceKey, Box<ServiceConnectConfiguration>),
    /// Somebody tells a deployment that waits at its hooks to go on, or back.
    Continue {
        /// The service.
        key: EcsServiceKey,
        /// Whether to roll back.
        goes_back: bool,
    },
    /// Somebody agrees to every plan that waits for consent.
    Acknowledge,
    /// A pipeline deploys a new revision.
    Deploy(EcsServiceKey, Definition),
    /// Somebody forces a new deployment.
    Force(EcsServiceKey),
    /// The number of tasks changes.
    Scale(EcsServiceKey, u32),
    /// A service is created.
    Create(Box<Newcomer>),
    /// A service is deleted.
    Delete(EcsServiceKey),
    /// The next rollouts of a service follow this script.
    Rollout(EcsServiceKey, RolloutScript),
    /// A cluster's default namespace changes; `None` clears it.
    DefaultNamespace(String, Option<String>),
    /// A namespace is created.
    Namespace(String),
    /// A parameter is created or overwritten: its name and its text.
    Parameter(String, String),
    /// A parameter is deleted.
    DropParameter(String),
    /// The controller crashes.
    Crash {
        /// Whether a write that is on its way arrives.
        writes_arrive: bool,
        /// How long until the next controller starts.
        down_seconds: u64,
    },
    /// The controller starts, unless it runs.
    Restart,
    /// The process of the controller is stopped for a while, and then goes on.
    Stop {
        /// For how long.
        seconds: u64,
    },
}

/// A service that is not created yet.
#[derive(Debug, Clone)]
pub struct Newcomer {
    /// Its cluster and name.
    pub key: EcsServiceKey,
    /// What it runs.
    pub definition: Definition,
    /// Its tags.
    pub tags: Vec<(String, String)>,
    /// How many tasks.
    pub desired: u32,
    /// Who rolls it out: `ECS`, `CODE_DEPLOY` or `EXTERNAL`.
    pub controller: &'static str,
    /// The circuit breaker: off, on, or on with rollback.
    pub breaker: (bool, bool),
    /// What else `deploymentConfiguration` says: strategy, bake time, hooks, early success.
    pub conduct: Map<String, Value>,
    /// The Service Connect configuration it is created with.
    pub connect: Option<ServiceConnectConfiguration>,
}

impl Newcomer {
    /// A service of two tasks with nothing special about it.
    pub fn plain(key: EcsServiceKey, definition: Definition) -> Self {
        Self {
            key,
            definition,
            tags: Vec::new(),
            desired: 2,
            controller: "ECS",
            breaker: (true, true),
            conduct: Map::new(),
            connect: None,
        }
    }

    /// Creates it.
    pub fn create(&self, model: &mut Model) -> Result<(), ApiError> {
        let task_definition = self.definition.register(model)?;
        let (enable, rollback) = self.breaker;
        let mut conduct = self.conduct.clone();
        let breaker = json!({"enable": enable, "rollback": rollback});
        conduct.insert("deploymentCircuitBreaker".to_owned(), breaker);
        model.create_service(CreateServiceRequest {
            cluster: Some(self.key.cluster.clone()),
            service_name: self.key.name.clone(),
            task_definition: Some(task_definition),
            desired_count: Some(self.desired),
            launch_type: Some("FARGATE".to_owned()),
            deployment_configuration: Some(Value::Object(conduct)),
            deployment_controller: Some(DeploymentController { kind: self.controller.to_owned() }),
            tags: Some(self.tags.iter().map(tag).collect()),
            service_connect_configuration: self.connect.clone(),
            ..CreateServiceRequest::default()
        })?;
        Ok(())
    }
}

fn tag((key, value): &(String, String)) -> Tag {
    Tag { key: key.clone(), value: value.clone() }
}

fn arn(model: &Model, key: &EcsServiceKey) -> String {
    format!("arn:aws:ecs:{}:{}:service/{key}", model.region(), model.account())
}

impl Outside {
    /// Does it to the model; what concerns only the controller changes nothing here.
    pub(crate) fn happen(&self, model: &mut Model) -> Result<(), ApiError> {
        match self {
            Self::Tag(key, tags) => {
                let resource_arn = arn(model, key);
                let tags = tags.iter().map(tag).collect();
                model.tag_resource(TagResourceRequest { resource_arn, tags }).map(drop)
            }
            Self::Untag(key, keys) => {
                let request =
                    UntagResourceRequest { resource_arn: arn(model, key), tag_keys: keys.clone() };
                model.untag_resource(request).map(drop)
            }
            Self::Deploy(key, definition) => {
                let task_definition = Some(definition.register(model)?);
                let request = UpdateServiceRequest { task_definition, ..update(key) };
                model.update_service(request).map(drop)
            }
            Self::Edit(key, connect) => {
                let service_connect_configuration = Some(connect.as_ref().clone());
                let request = UpdateServiceRequest { service_connect_configuration, ..update(key) };
                model.update_service(request).map(drop)
            }
            Self::Force(key) => {
                let request =
                    UpdateServiceRequest { force_new_deployment: Some(true), ..update(key) };
                model.update_service(request).map(drop)
            }
            Self::Scale(key, desired) => {
                let request = UpdateServiceRequest { desired_count: Some(*desired), ..update(key) };
                model.update_service(request).map(drop)
            }
            Self::Create(newcomer) => newcomer.create(model),
            Self::Delete(key) => {
                let request = DeleteServiceRequest {
                    cluster: Some(key.cluster.clone()),
                    service: key.name.clone(),
                    force: Some(true),
                };
                model.delete_service(request).map(drop)
            }
            Self::Rollout(key, script) => {
                model.set_rollout(&key.to_string(), *script);
                Ok(())
            }
            Self::DefaultNamespace(cluster, namespace) => {
                let namespace = Some(namespace.clone().unwrap_or_default());
                let request = UpdateClusterRequest {
                    cluster: cluster.clone(),
                    service_connect_defaults: Some(ClusterServiceConnectDefaults { namespace }),
                    ..UpdateClusterRequest::default()
                };
                model.update_cluster(request).map(drop)
            }
            Self::Namespace(name) => {
                let request =
                    CreateHttpNamespaceRequest { name: name.clone(), ..Default::default() };
                model.create_http_namespace(request).map(drop)
            }
            Self::Parameter(name, text) => write_parameter(model, name, text),
            Self::DropParameter(name) => {
                model.delete_parameter(DeleteParameterRequest { name: name.clone() }).map(drop)
            }
            Self::Reapply(key, connect) => reapply(model, key, connect),
            Self::Continue { key, goes_back } => answer_hooks(model, key, *goes_back),
            Self::Acknowledge | Self::Crash { .. } | Self::Restart | Self::Stop { .. } => Ok(()),
        }
    }

    /// Whether it may concern every service.
    pub(crate) fn is_global(&self) -> bool {
        matches!(
            self,
            Self::DefaultNamespace(..)
                | Self::Namespace(_)
                | Self::Parameter(..)
                | Self::DropParameter(_)
        )
    }
}

/// Tools compare what was sent with what is there, and do nothing where they find no difference.
fn reapply(
    model: &mut Model,
    key: &EcsServiceKey,
    connect: &ServiceConnectConfiguration,
) -> Result<(), ApiError> {
    let there = model.service(key).and_then(|state| state.connect());
    let is_there = match there {
        Some(there) => *there.sent == *connect,
        None => !connect.enabled,
    };
    if is_there {
        return Err(ApiError::client("There is nothing to change."));
    }
    Outside::Edit(key.clone(), Box::new(connect.clone())).happen(model)
}

fn answer_hooks(model: &mut Model, key: &EcsServiceKey, goes_back: bool) -> Result<(), ApiError> {
    let record = model.service(key).and_then(|state| state.record()).cloned();
    let Some(record) = record else { return Ok(()) };
    let action = if goes_back {
        DeploymentLifecycleHookAction::Rollback
    } else {
        DeploymentLifecycleHookAction::Continue
    };
    let waiting = record.hooks.iter().filter(|hook| hook.is_awaiting());
    waiting.take(if goes_back { 1 } else { usize::MAX }).try_for_each(|hook| {
        let request = ContinueServiceDeploymentRequest {
            service_deployment_arn: record.arn.clone(),
            hook_id: hook.detail.hook_id.clone(),
            action: Some(action),
        };
        model.continue_service_deployment(request).map(drop)
    })
}

fn write_parameter(model: &mut Model, name: &str, text: &str) -> Result<(), ApiError> {
    let request = PutParameterRequest {
        name: name.to_owned(),
        value: text.to_owned(),
        kind: Some(ParameterType::Text),
        overwrite: Some(true),
        tier: Some(ParameterTier::Intelligent),
        ..PutParameterRequest::default()
    };
    model.put_parameter(request).map(drop)
}

fn update(key: &EcsServiceKey) -> UpdateServiceRequest {
    UpdateServiceRequest {
        cluster: Some(key.cluster.clone()),
        service: key.name.clone(),
        ..UpdateServiceRequest::default()
    }
}

impl fmt::Display for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(key, tags) => {
                write!(f, "tag {key}")?;
                tags.iter().try_for_each(|(key, value)| write!(f, " {key}={value:?}"))
            }
            Self::Untag(key, keys) => write!(f, "untag {key} {}", keys.join(" ")),
            Self::Edit(key, connect) => {
                let text = serde_json::to_string(connect).unwrap_or_default();
                write!(f, "edit {key} {text}")
            }
            Self::Reapply(key, connect) => {
                let text = serde_json::to_string(connect).unwrap_or_default();
                write!(f, "reapply {key} {text}")
            }
            Self::Continue { key, goes_back } => {
                write!(f, "hooks of {key}: {}", if *goes_back { "back" } else { "on" })
            }
            Self::Acknowledge => f.write_str("acknowledge"),
            Self::Deploy(key, definition) => write!(f, "deploy {key} {definition:?}"),
            Self::Force(key) => write!(f, "force {key}"),
            Self::Scale(key, desired) => write!(f, "scale {key} {desired}"),
            Self::Create(newcomer) => {
                write!(f, "create {} {:?}", newcomer.key, newcomer.tags)
            }
            Self::Delete(key) => write!(f, "delete {key}"),
            Self::Rollout(key, script) => {
                write!(f, "rollout {key} {:?} in {} s", script.outcome, script.seconds)
            }
            Self::DefaultNamespace(cluster, namespace) => {
                write!(f, "default-namespace {cluster} {}", namespace.as_deref().unwrap_or("-"))
            }
            Self::Namespace(name) => write!(f, "namespace {name}"),
            Self::Parameter(name, text) => write!(f, "parameter {name} {text}"),
            Self::DropParameter(name) => write!(f, "parameter {name} gone"),
            Self::Crash { down_seconds, .. } => write!(f, "crash, down {down_seconds} s"),
            Self::Restart => f.write_str("restart"),
            Self::Stop { seconds } => write!(f, "stopped for {seconds} s"),
        }
    }
}
