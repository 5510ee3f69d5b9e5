//! The fixture a case stands on: namespaces, a cluster, a task definition, a service and what it runs so far.

use std::fmt::{self, Write as _};

use eastwest_core::declaration::settings::Policy;
use eastwest_sim::model::{Model, ModelOptions, Switches, Timings};
use eastwest_sim::shapes::ApiError;
use eastwest_sim::shapes::cloud_map::{
    CreateHttpNamespaceRequest, CreatePrivateDnsNamespaceRequest, DeleteNamespaceRequest,
    ListRequest, Namespace,
};
use eastwest_sim::shapes::ecs::{
    ClusterServiceConnectDefaults, CreateClusterRequest, CreateServiceRequest,
    RegisterTaskDefinitionRequest, ServiceConnectConfiguration, Tag,
};
use eastwest_sim::shapes::ssm::{ParameterType, PutParameterRequest};
use serde_json::{Map, Value, json};

pub(crate) const CLUSTER: &str = "prod";
/// Parameters that a tag may name; each holds an entry that asks for little.
pub(crate) const DOCUMENTS: [&str; 3] = ["plain", "/eastwest/services/web", "/a/b/c/d.e_f-g"];

/// How a namespace is spoken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Name,
    HttpName,
    Id,
    Arn,
}

/// One of the case's namespaces, in one of its forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spoken {
    pub(crate) at: usize,
    pub(crate) form: Form,
}

/// A port mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Port {
    /// None: it has no name, and no endpoint can serve it.
    pub(crate) name: Option<String>,
    pub(crate) number: u32,
    /// None: plain TCP.
    pub(crate) app: Option<&'static str>,
    pub(crate) udp: bool,
}

/// What a service runs before anybody declares anything.
#[derive(Debug, Clone)]
pub(crate) struct Deployed {
    /// None: the cluster's default.
    pub(crate) namespace: Option<Spoken>,
    pub(crate) config: ServiceConnectConfiguration,
}

#[derive(Debug, Clone)]
pub(crate) struct Fixture {
    pub(crate) seed: u64,
    /// Names; the second is a private DNS namespace, a third one a twin of the first by name, a fourth one has a
    /// name that was used before.
    pub(crate) namespaces: Vec<String>,
    pub(crate) service: String,
    pub(crate) awsvpc: bool,
    pub(crate) ports: Vec<Port>,
    pub(crate) cluster_default: Option<usize>,
    pub(crate) flag: Option<Spoken>,
    pub(crate) policy: Policy,
    pub(crate) deployed: Option<Deployed>,
    pub(crate) switches: Switches,
}

impl Fixture {
    /// The mappings that an endpoint can serve.
    pub(crate) fn usable(&self) -> Vec<&Port> {
        self.ports.iter().filter(|port| port.name.is_some() && !port.udp).collect()
    }

    /// The world before the declaration, at rest, and its namespaces.
    pub(crate) fn build(
        &self,
        tags: &[(String, String)],
        speak: impl Fn(&[Namespace]) -> Option<String>,
    ) -> Result<(Model, Vec<Namespace>), ApiError> {
        let mut model = Model::new(ModelOptions {
            seed: self.seed,
            switches: self.switches,
            timings: Timings { rollout_seconds: 4, ..Timings::default() },
            ..ModelOptions::default()
        });
        let namespaces = self.make_namespaces(&mut model)?;
        let default = self.cluster_default.map(|at| namespaces[at].arn.clone());
        model.create_cluster(CreateClusterRequest {
            cluster_name: Some(CLUSTER.to_owned()),
            service_connect_defaults: default
                .map(|arn| ClusterServiceConnectDefaults { namespace: Some(arn) }),
            ..CreateClusterRequest::default()
        })?;
        model.register_task_definition(self.definition())?;
        for name in DOCUMENTS {
            model.put_parameter(PutParameterRequest {
                name: name.to_owned(),
                value: r#"{"needs": []}"#.to_owned(),
                kind: Some(ParameterType::Text),
                ..PutParameterRequest::default()
            })?;
        }
        let mut tags: Vec<Tag> = tags.iter().map(|(key, value)| tag(key, value)).collect();
        tags.extend(speak(&namespaces).map(|namespace| tag("namespace", &namespace)));
        let connect = self.deployed.as_ref().map(|deployed| ServiceConnectConfiguration {
            namespace: deployed.namespace.map(|spoken| spoken.text(&namespaces)),
            ..deployed.config.clone()
        });
        model.create_service(CreateServiceRequest {
            cluster: Some(CLUSTER.to_owned()),
            service_name: self.service.clone(),
            task_definition: Some("family:1".to_owned()),
            desired_count: Some(1),
            launch_type: Some(if self.awsvpc { "FARGATE" } else { "EC2" }.to_owned()),
            tags: Some(tags),
            service_connect_configuration: connect,
            ..CreateServiceRequest::default()
        })?;
        let rest = model.now().plus_seconds(10);
        model.advance_to(rest);
        Ok((model, namespaces))
    }

    fn make_namespaces(&self, model: &mut Model) -> Result<Vec<Namespace>, ApiError> {
        let http =
            |name: &str| CreateHttpNamespaceRequest { name: name.to_owned(), ..Default::default() };
        let dns = |name: &str| CreatePrivateDnsNamespaceRequest {
            name: name.to_owned(),
            vpc: "vpc-1".to_owned(),
            ..Default::default()
        };
        for (at, name) in self.namespaces.iter().enumerate() {
            if at == 0 || at == 3 {
                model.create_http_namespace(http(name))?;
            }
            let then = model.now().plus_seconds(4);
            model.advance_to(then);
            if at > 0 {
                // The HttpName is taken where an equal name was there first, and so it gets a hash.
                model.create_private_dns_namespace(dns(name))?;
                let then = model.now().plus_seconds(4);
                model.advance_to(then);
            }
        }
        if let Some(reborn) = self.namespaces.get(3) {
            let first = all(model)?.into_iter().find(|each| {
                each.properties.http_properties.http_name == *reborn && each.name == *reborn
            });
            let id = first.map(|first| first.id).unwrap_or_default();
            model.delete_namespace(DeleteNamespaceRequest { id })?;
            let then = model.now().plus_seconds(4);
            model.advance_to(then);
        }
        let mut found = all(model)?;
        found.sort_by_key(|each| each.create_date);
        Ok(found)
    }

    fn definition(&self) -> RegisterTaskDefinitionRequest {
        let mapping = |port: &Port| {
            let mut mapping = json!({
                "containerPort": port.number,
                "protocol": if port.udp { "udp" } else { "tcp" },
            });
            if let Some(name) = &port.name {
                mapping["name"] = json!(name);
            }
            if let Some(app) = port.app {
                mapping["appProtocol"] = json!(app);
            }
            mapping
        };
        let container = |(at, port): (usize, &Port)| json!({"name": format!("c{at}"), "image": "app:1", "portMappings": [mapping(port)]});
        let mut containers: Vec<Value> = self.ports.iter().enumerate().map(container).collect();
        containers.push(json!({"name": "side", "image": "side:1"}));
        let mode = if self.awsvpc { "awsvpc" } else { "bridge" };
        let members = [
            ("family", json!("family")),
            ("networkMode", json!(mode)),
            ("cpu", json!("512")),
            ("memory", json!("1024")),
            ("containerDefinitions", json!(containers)),
        ];
        let body: Map<String, Value> =
            members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        RegisterTaskDefinitionRequest(body)
    }
}

pub(crate) fn tag(key: &str, value: &str) -> Tag {
    Tag { key: format!("eastwest/{key}"), value: value.to_owned() }
}

fn all(model: &Model) -> Result<Vec<Namespace>, ApiError> {
    let request = ListRequest { max_results: Some(100), ..ListRequest::default() };
    Ok(model.list_namespaces(&request)?.namespaces)
}

impl Spoken {
    pub(crate) fn text(self, namespaces: &[Namespace]) -> String {
        let namespace = &namespaces[self.at];
        match self.form {
            Form::Name => namespace.name.clone(),
            Form::HttpName => namespace.properties.http_properties.http_name.clone(),
            Form::Id => namespace.id.clone(),
            Form::Arn => namespace.arn.clone(),
        }
    }
}

impl fmt::Display for Spoken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "namespace {} by its {:?}", self.at, self.form)
    }
}

impl fmt::Display for Fixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "namespaces: {:?}", self.namespaces)?;
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "none".to_owned());
        let default = or_none(self.cluster_default.map(|at| at.to_string()));
        let flag = or_none(self.flag.map(|flag| flag.to_string()));
        writeln!(f, "cluster default: {default}; flag: {flag}; policy: {:?}", self.policy)?;
        let mode = if self.awsvpc { "awsvpc" } else { "bridge" };
        let mut ports = String::new();
        for port in &self.ports {
            let name = port.name.as_deref().unwrap_or("-");
            let transport = if port.udp { "udp" } else { "tcp" };
            write!(ports, " {name}:{}:{}", port.number, port.app.unwrap_or(transport))?;
        }
        writeln!(f, "service {} on {mode}{ports}", self.service)?;
        if let Some(deployed) = &self.deployed {
            let namespace = or_none(deployed.namespace.map(|spoken| spoken.to_string()));
            writeln!(f, "deployed in {namespace}: {}", json!(deployed.config))?;
        }
        writeln!(f, "{:?}", self.switches.echo)
    }
}
