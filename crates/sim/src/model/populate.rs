//! A large world at once: many services at rest, some of them opted in and already converged.
//!
//! Invariants: nothing is rolling afterwards and the log is as it was. A namespace never gets more than 300
//! services (GR:ecs-service). What is opted in has exactly the configuration its tags ask for, so a
//! controller that looks at it finds nothing to do.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use super::connect::Asked;
use super::create::set_deployment_configuration;
use super::{
    DeploySpec, Deployment, EcsServiceKey, EcsTask, EndpointList, Model, Population, Revision,
    Settings, TaskDefinition,
};
use crate::shapes::ApiError;
use crate::shapes::ecs::{
    ClusterServiceConnectDefaults, CreateClusterRequest, DeploymentStatus,
    RegisterTaskDefinitionRequest, RolloutState, ServiceConnectClientAlias,
    ServiceConnectConfiguration, ServiceConnectService,
};

/// Services in one namespace; below the limit of 300, so that some can be added by hand.
const MEMBERS: usize = 250;

impl Model {
    /// Adds a population: clusters `fleet-0` and on, namespaces `mesh-0` and on, services `svc-00000` and on.
    pub fn populate(&mut self, population: &Population) {
        let log = std::mem::take(&mut self.mutations);
        self.try_populate(population).expect("the fleet's own requests keep every rule");
        self.mutations = log;
    }

    fn try_populate(&mut self, population: &Population) -> Result<(), ApiError> {
        let definition = self.fleet_task_definition()?;
        let per_cluster = population.services_per_cluster.clamp(1, 5000);
        let mut opted_in = 0;
        for number in 0..population.services {
            let cluster = format!("fleet-{}", number / per_cluster);
            if number % per_cluster == 0 {
                self.create_cluster(CreateClusterRequest {
                    cluster_name: Some(cluster.clone()),
                    ..CreateClusterRequest::default()
                })?;
            }
            let key = EcsServiceKey::new(cluster, format!("svc-{number:05}"));
            let opts_in = number * 37 % 100 < population.opted_in_percent;
            let namespace = opts_in.then(|| format!("mesh-{}", opted_in / MEMBERS));
            if let Some(namespace) = &namespace {
                if opted_in % MEMBERS == 0 {
                    self.fleet_namespace(namespace)?;
                }
                opted_in += 1;
            }
            self.settled_service(&key, &definition, namespace.as_deref())?;
            self.change(&key).old_events = population.events.min(100);
        }
        self.share_lists();
        Ok(())
    }

    fn fleet_task_definition(&mut self) -> Result<Arc<TaskDefinition>, ApiError> {
        let body = json!({
            "family": "fleet",
            "networkMode": "awsvpc",
            "cpu": "256",
            "memory": "512",
            "requiresCompatibilities": ["FARGATE"],
            "containerDefinitions": [{
                "name": "app",
                "image": "public.ecr.aws/nginx/nginx:stable",
                "portMappings": [{"name": "web", "containerPort": 8080, "appProtocol": "http"}],
            }],
        });
        let body = body.as_object().cloned().unwrap_or_default();
        self.register_task_definition(RegisterTaskDefinitionRequest(body))?;
        self.usable_task_definition("fleet")
    }

    /// Makes a namespace through a cluster's default, at once.
    fn fleet_namespace(&mut self, name: &str) -> Result<(), ApiError> {
        if self.namespace(name).is_some() {
            return Ok(());
        }
        let given = ClusterServiceConnectDefaults { namespace: Some(name.to_owned()) };
        self.create_cluster(CreateClusterRequest {
            cluster_name: Some(format!("home-of-{name}")),
            service_connect_defaults: Some(given),
            ..CreateClusterRequest::default()
        })?;
        let ids: Vec<String> = self.operations.keys().cloned().collect();
        for id in ids {
            self.operation_ends(&id);
        }
        Ok(())
    }

    fn settled_service(
        &mut self,
        key: &EcsServiceKey,
        task_definition: &Arc<TaskDefinition>,
        namespace: Option<&str>,
    ) -> Result<(), ApiError> {
        let mut settings = Settings {
            controller: "ECS".to_owned(),
            scheduling_strategy: "REPLICA".to_owned(),
            ..Settings::default()
        };
        set_deployment_configuration(&mut settings, None)?;
        let tags = namespace.map_or_else(BTreeMap::new, fleet_tags);
        self.insert_service(key, 2, Arc::new(tags), settings);
        let mut connect = None;
        if let Some(namespace) = namespace {
            let config = &fleet_configuration(namespace, &key.name);
            let asked = Asked { key, config, task_definition, current: None, unchanged: false };
            let resolved = self.resolve(&asked)?;
            connect = resolved.map(|each| self.ensure_cloud_map(key, &each, task_definition));
        }
        let spec = DeploySpec {
            task_definition: Arc::clone(task_definition),
            connect,
            switched_off: false,
            launch_type: Some("FARGATE".to_owned()),
            platform_version: None,
            network_configuration: Some(json!({"awsvpcConfiguration": {
                "subnets": ["subnet-0a"], "securityGroups": ["sg-0a"], "assignPublicIp": "DISABLED",
            }})),
            load_balancers: None,
            service_registries: None,
            volume_configurations: None,
            vpc_lattice_configurations: None,
            capacity_provider_strategy: None,
        };
        self.settle(key, spec);
        Ok(())
    }

    /// Gives a new service one deployment that is complete.
    fn settle(&mut self, key: &EcsServiceKey, spec: DeploySpec) {
        let now = self.now;
        let arn = self.arns.service_revision(key, self.ids.digits());
        let revision = Arc::new(Revision { arn, created_at: now, spec });
        let id = format!("ecs-svc/{}", self.ids.digits());
        let ids = [self.ids.wide(), self.ids.wide()];
        let task = |id| EcsTask { id, created_at: now, started_at: Some(now), list: 0 };
        let deployment = Deployment {
            reason: format!("ECS deployment {id} completed."),
            id,
            status: DeploymentStatus::Primary,
            revision: Arc::clone(&revision),
            created_at: now,
            updated_at: now,
            rollout_state: RolloutState::Completed,
            failed_tasks: 0,
            completed_once: true,
            lists: vec![Arc::<EndpointList>::default()],
            tasks: ids.map(task).to_vec(),
        };
        let state = self.change(key);
        state.revisions.push(revision);
        state.deployments.push(deployment);
        self.settle_connect(key);
    }

    /// Every member of a fleet's namespace knows all of it, as after a round of refreshes; one list serves all.
    fn share_lists(&mut self) {
        let fleet = |key: &&EcsServiceKey| key.cluster.starts_with("fleet-");
        let members =
            self.members.values().map(|keys| keys.iter().filter(fleet).cloned().collect());
        let members: Vec<Vec<EcsServiceKey>> = members.collect();
        for keys in members {
            let first = keys.first().and_then(|key| self.service(key));
            let connect = first.and_then(|service| service.connect().cloned());
            let list = self.endpoint_list(connect.as_deref());
            for key in &keys {
                if let Some(primary) = self.change(key).deployments.first_mut() {
                    primary.lists = vec![Arc::clone(&list)];
                }
            }
        }
    }
}

fn fleet_tags(namespace: &str) -> BTreeMap<String, String> {
    [("mode", "client-server"), ("namespace", namespace), ("port", "web")]
        .into_iter()
        .map(|(key, value)| (format!("eastwest/{key}"), value.to_owned()))
        .collect()
}

fn fleet_configuration(namespace: &str, name: &str) -> ServiceConnectConfiguration {
    let alias = ServiceConnectClientAlias {
        port: 8080,
        dns_name: Some(format!("{name}.{namespace}")),
        test_traffic_rules: None,
    };
    ServiceConnectConfiguration {
        enabled: true,
        namespace: Some(namespace.to_owned()),
        services: Some(vec![ServiceConnectService {
            port_name: "web".to_owned(),
            discovery_name: Some(name.to_owned()),
            client_aliases: Some(vec![alias]),
            ..ServiceConnectService::default()
        }]),
        ..ServiceConnectConfiguration::default()
    }
}
