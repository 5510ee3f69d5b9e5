//! What the model promises, as sentences; and the small world most of them are told in.
//!
//! Invariant: every test makes its own world with the default options, so each stands alone.

mod clusters;
mod connect;
mod deletion;
mod events;
mod queues;
mod reads;
mod rollouts;
mod shares;
mod speed;
mod stores;
mod strategies;
mod visibility;

use serde_json::{Value, json};

use super::*;
use crate::shapes::ApiError;
use crate::shapes::cloud_map::CreateHttpNamespaceRequest;
use crate::shapes::ecs::{
    CreateClusterRequest, CreateServiceRequest, DeploymentStatus, DescribeServicesRequest,
    EcsDeployment, EcsService, RegisterTaskDefinitionRequest, RolloutState, UpdateServiceRequest,
};

/// A request out of JSON, as the wire would read it.
pub(super) fn read<T: serde::de::DeserializeOwned>(body: Value) -> T {
    serde_json::from_value(body).unwrap()
}

/// A model with the cluster `prod`, the namespace `mesh`, and the task definition `app` with the named
/// ports `web` (http, 8080), `raw` (TCP, 5432) and `dns` (UDP).
pub(super) struct World {
    pub(super) model: Model,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(Switches::default())
    }

    pub(super) fn with(switches: Switches) -> Self {
        let mut model = Model::new(ModelOptions { switches, ..ModelOptions::default() });
        let cluster: CreateClusterRequest = read(json!({"clusterName": "prod"}));
        model.create_cluster(cluster).unwrap();
        let namespace: CreateHttpNamespaceRequest = read(json!({"Name": "mesh"}));
        model.create_http_namespace(namespace).unwrap();
        let mut world = Self { model };
        world.pass(10);
        world.register("app", &json!("http"));
        world.model.clear_mutations();
        world
    }

    pub(super) fn register(&mut self, family: &str, app_protocol: &Value) {
        let body = json!({
            "family": family, "networkMode": "awsvpc", "cpu": "256", "memory": "512",
            "containerDefinitions": [{"name": "app", "image": "nginx", "newerThanUs": {"kept": true},
                "portMappings": [
                    {"name": "web", "containerPort": 8080, "appProtocol": app_protocol},
                    {"name": "raw", "containerPort": 5432},
                    {"name": "dns", "containerPort": 53, "protocol": "udp"},
                    {"containerPort": 9999},
                ]}],
        });
        self.model.register_task_definition(read::<RegisterTaskDefinitionRequest>(body)).unwrap();
    }

    pub(super) fn pass(&mut self, seconds: u64) {
        self.model.advance_to(self.model.now().plus_seconds(seconds));
    }

    pub(super) fn create(&mut self, name: &str, more: Value) -> Result<EcsService, ApiError> {
        let mut body = json!({
            "cluster": "prod", "serviceName": name, "taskDefinition": "app", "desiredCount": 2,
            "launchType": "FARGATE",
        });
        merge(&mut body, more);
        self.model.create_service(read::<CreateServiceRequest>(body)).map(|answer| answer.service)
    }

    /// A service that serves `name` on port 80 under its own name, rolled out.
    pub(super) fn server(&mut self, name: &str) {
        self.create(name, json!({"serviceConnectConfiguration": serves(name)})).unwrap();
        self.pass(60);
    }

    /// A service that only calls, rolled out.
    pub(super) fn client(&mut self, name: &str) {
        let config = json!({"enabled": true, "namespace": "mesh"});
        self.create(name, json!({"serviceConnectConfiguration": config})).unwrap();
        self.pass(60);
    }

    pub(super) fn update(&mut self, name: &str, more: Value) -> Result<EcsService, ApiError> {
        let mut body = json!({"cluster": "prod", "service": name});
        merge(&mut body, more);
        self.model.update_service(read::<UpdateServiceRequest>(body)).map(|answer| answer.service)
    }

    pub(super) fn connect(&mut self, name: &str, config: &Value) -> Result<EcsService, ApiError> {
        self.update(name, json!({"serviceConnectConfiguration": config}))
    }

    pub(super) fn force(&mut self, name: &str) {
        self.update(name, json!({"forceNewDeployment": true})).unwrap();
    }

    pub(super) fn describe(&self, name: &str) -> EcsService {
        self.describe_at(AsOf::Now, name)
    }

    pub(super) fn describe_at(&self, as_of: AsOf, name: &str) -> EcsService {
        let request: DescribeServicesRequest = read(json!({"cluster": "prod", "services": [name]}));
        self.model.describe_services(as_of, &request).unwrap().services.remove(0)
    }

    pub(super) fn primary(&self, name: &str) -> EcsDeployment {
        let primary = self.describe(name).deployments.remove(0);
        assert_eq!(primary.status, DeploymentStatus::Primary);
        primary
    }

    pub(super) fn reach(&self, from: &str, name: &str) -> Reach {
        self.model.reach(&format!("prod/{from}"), name, 80)
    }

    pub(super) fn script(&mut self, name: &str, seconds: u64, outcome: RolloutOutcome) {
        self.model.set_rollout(&format!("prod/{name}"), RolloutScript { seconds, outcome });
    }

    /// Every deployment's status, state, running and pending tasks.
    pub(super) fn deployments(
        &self,
        name: &str,
    ) -> Vec<(DeploymentStatus, RolloutState, u32, u32)> {
        let shown = |each: EcsDeployment| {
            (each.status, each.rollout_state.unwrap(), each.running_count, each.pending_count)
        };
        self.describe(name).deployments.into_iter().map(shown).collect()
    }

    pub(super) fn cloud_map_names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.model.cloud_map_services().map(|(_, each)| each.name.clone()).collect();
        names.sort();
        names
    }
}

/// A configuration with one endpoint of port `web`, called under the name given on port 80.
pub(super) fn serves(name: &str) -> Value {
    json!({"enabled": true, "namespace": "mesh", "services": [
        {"portName": "web", "discoveryName": name, "clientAliases": [{"port": 80, "dnsName": name}]}
    ]})
}

pub(super) fn merge(body: &mut Value, more: Value) {
    let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) else { return };
    body.extend(more);
}
