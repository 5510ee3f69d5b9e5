//! The fleets of the demo, as the ordinary AWS calls that make them.

use std::collections::BTreeMap;

use anyhow::Context as _;
use eastwest_sim::model::Model;
use eastwest_sim::shapes::ApiError;
use eastwest_sim::wire::World;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The region everything stands in.
pub(crate) const REGION: &str = "eu-west-1";

/// A real public fleet: names, ports and calls.
const RETAIL_STORE: &str = include_str!("../../../tests/fixtures/retail-store.json");

/// Which fleet to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum FleetName {
    /// The implementation guide's back ends, a cron job, a gateway, and two that never opted in.
    Guide,
    /// The AWS containers retail store: five services that all name their port `application`.
    RetailStore,
    /// A fleet in which things go wrong on purpose: each service shows one trouble, and what ends it.
    Chaos,
}

/// A cluster and its services.
pub(crate) struct Fleet {
    pub(crate) cluster: String,
    /// The namespace of those that name no other: the cluster's default.
    pub(crate) namespace: String,
    /// Namespaces that services name by a tag.
    pub(crate) others: Vec<String>,
    pub(crate) services: Vec<Member>,
    /// Flags of the daemon that this fleet needs.
    pub(crate) flags: Vec<&'static str>,
}

/// One ECS service.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    /// Its name.
    pub(crate) name: String,
    /// The named port it listens on, if any.
    port: Option<(String, u16)>,
    /// Our tags, without their prefix; empty: it never opted in.
    tags: Vec<(&'static str, String)>,
    /// Its environment: names and values.
    environment: BTreeMap<String, String>,
    /// What it calls.
    pub(crate) calls: Vec<Target>,
    /// Its Service Connect configuration before the daemon starts, as `UpdateService` takes it.
    deployed: Option<Value>,
    /// The trouble it is to end in, if any.
    pub(crate) trouble: Option<Trouble>,
}

/// What goes wrong with a service on purpose.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trouble {
    /// The reason that eastwest publishes of it at the end.
    pub(crate) reason: &'static str,
    /// What was done to it.
    pub(crate) cause: &'static str,
}

/// A host and a port that a service calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// The host.
    pub(crate) host: String,
    /// The port.
    pub(crate) port: u16,
}

impl Fleet {
    /// Its cluster.
    pub(crate) fn cluster(&self) -> &str {
        &self.cluster
    }

    /// Its services, in the order in which they are shown.
    pub(crate) fn services(&self) -> &[Member] {
        &self.services
    }

    /// Whether any other service calls this one.
    pub(crate) fn is_called(&self, member: &Member) -> bool {
        let is_its = |target: &Target| {
            let name = target.host.split('.').next();
            name == Some(member.name.as_str())
        };
        self.services.iter().any(|caller| caller.calls.iter().any(is_its))
    }

    /// Makes it: namespace, cluster, task definitions and services, none with Service Connect.
    pub(crate) fn build(&self, world: &mut World) -> anyhow::Result<()> {
        let refused = "the simulator refused the fleet";
        let vpc = "vpc-0a1b2c3d4e5f60718";
        for name in std::iter::once(&self.namespace).chain(&self.others) {
            let namespace = ask(json!({ "Name": name, "Vpc": vpc }));
            world.model().create_private_dns_namespace(namespace).context(refused)?;
        }
        // Cloud Map makes namespaces asynchronously.
        world.pace(None, Some(60.0))?;
        self.deploy(world.model()).context(refused)?;
        // Long enough for every first rollout.
        world.pace(None, Some(600.0))?;
        world.model().clear_mutations();
        Ok(())
    }

    fn deploy(&self, model: &mut Model) -> Result<(), ApiError> {
        let defaults = json!({ "namespace": self.namespace });
        let cluster = json!({ "clusterName": self.cluster, "serviceConnectDefaults": defaults });
        model.create_cluster(ask(cluster))?;
        for member in &self.services {
            model.register_task_definition(ask(member.task_definition()))?;
            model.create_service(ask(member.ecs_service(&self.cluster)))?;
        }
        Ok(())
    }
}

pub(crate) fn ask<T: DeserializeOwned>(request: Value) -> T {
    serde_json::from_value(request).expect("written here after the request's own shape")
}

impl Member {
    pub(crate) fn new(name: &str, port: Option<(String, u16)>) -> Self {
        let (tags, environment, calls) = (Vec::new(), BTreeMap::new(), Vec::new());
        let (name, deployed, trouble) = (name.to_owned(), None, None);
        Self { name, port, tags, environment, calls, deployed, trouble }
    }

    pub(crate) fn tag(mut self, tag: &'static str, value: &str) -> Self {
        self.tags.push((tag, value.to_owned()));
        self
    }

    /// The same with a Service Connect configuration before the daemon starts.
    pub(crate) fn deployed(mut self, connect: Value) -> Self {
        self.deployed = Some(connect);
        self
    }

    /// The same, in trouble.
    pub(crate) fn in_trouble(mut self, reason: &'static str, cause: &'static str) -> Self {
        self.trouble = Some(Trouble { reason, cause });
        self
    }

    fn calling(mut self, targets: Vec<Target>) -> Self {
        self.calls = targets;
        self
    }

    /// Whether it opted in.
    pub(crate) fn opted_in(&self) -> bool {
        self.tag_value("mode").is_some()
    }

    /// Whether it asks to be called.
    pub(crate) fn is_server(&self) -> bool {
        self.tag_value("mode") == Some("client-server")
    }

    fn tag_value(&self, wanted: &str) -> Option<&str> {
        self.tags.iter().find(|(tag, _)| *tag == wanted).map(|(_, value)| value.as_str())
    }

    fn task_definition(&self) -> Value {
        let ports: Vec<Value> = self
            .port
            .iter()
            .map(|(name, port)| json!({ "name": name, "containerPort": port, "protocol": "tcp", "appProtocol": "http" }))
            .collect();
        let variable = |(name, value)| json!({ "name": name, "value": value });
        let environment: Vec<Value> = self.environment.iter().map(variable).collect();
        json!({
            "family": self.name, "networkMode": "awsvpc", "cpu": "512", "memory": "1024",
            "requiresCompatibilities": ["FARGATE"],
            "containerDefinitions": [{ "name": self.name, "image": format!("example/{}:1", self.name), "essential": true, "portMappings": ports, "environment": environment }],
        })
    }

    fn ecs_service(&self, cluster: &str) -> Value {
        let tags: Vec<Value> = self
            .tags
            .iter()
            .map(|(tag, value)| json!({ "key": format!("eastwest/{tag}"), "value": value }))
            .collect();
        let mut service = json!({
            "cluster": cluster, "serviceName": self.name, "taskDefinition": self.name, "desiredCount": 2,
            "launchType": "FARGATE", "tags": tags,
            "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-0a1b2c3d"], "assignPublicIp": "DISABLED" } },
            "deploymentConfiguration": { "deploymentCircuitBreaker": { "enable": true, "rollback": true }, "minimumHealthyPercent": 100, "maximumPercent": 200 },
        });
        if let Some(deployed) = &self.deployed {
            service["serviceConnectConfiguration"] = deployed.clone();
        }
        service
    }
}

fn target(host: &str, port: u16) -> Target {
    Target { host: host.to_owned(), port }
}

/// The implementation guide's fleet.
pub(crate) fn guide() -> Fleet {
    let server = |name: &str, port: u16| {
        Member::new(name, Some((format!("{name}-{port}-tcp"), port))).tag("mode", "client-server")
    };
    let back_ends = vec![
        target("django-api.internal.myapp", 8000),
        target("fastapi.internal.myapp", 8001),
        target("worker.internal.myapp", 8002),
    ];
    Fleet {
        cluster: "prod".to_owned(),
        namespace: "internal.myapp".to_owned(),
        others: Vec::new(),
        flags: Vec::new(),
        services: vec![
            server("django-api", 8000),
            server("fastapi", 8001),
            server("worker", 8002),
            Member::new("cron", None)
                .tag("mode", "client")
                .tag("needs", "django-api")
                .calling(back_ends[..1].to_vec()),
            server("gateway", 8080).tag("needs", "django-api fastapi worker").calling(back_ends),
            Member::new("legacy-erp", Some(("erp-8069-tcp".to_owned(), 8069))),
            Member::new("metabase", Some(("metabase-3000-tcp".to_owned(), 3000))),
        ],
    }
}

/// What is read of the fixture.
#[derive(Deserialize)]
struct Facts {
    cluster: String,
    namespace: NamespaceFacts,
    services: Vec<ServiceFacts>,
}

#[derive(Deserialize)]
struct NamespaceFacts {
    name: String,
}

#[derive(Deserialize)]
struct ServiceFacts {
    name: String,
    port: PortFacts,
    alias: String,
    needs: Vec<String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PortFacts {
    name: String,
    container_port: u16,
}

/// The retail store. Its services declare no needs: eastwest infers them from the environment.
pub(crate) fn retail_store() -> anyhow::Result<Fleet> {
    let facts: Facts = serde_json::from_str(RETAIL_STORE).context("retail-store.json")?;
    let services = facts.services.into_iter().map(|service| {
        let port = (service.port.name, service.port.container_port);
        let calls = service.needs.iter().map(|host| target(host, 80)).collect();
        let member = Member::new(&service.name, Some(port))
            .tag("mode", "client-server")
            .tag("alias", &service.alias)
            .calling(calls);
        Member { environment: service.environment, ..member }
    });
    Ok(Fleet {
        cluster: facts.cluster,
        namespace: facts.namespace.name,
        others: Vec::new(),
        services: services.collect(),
        flags: Vec::new(),
    })
}
