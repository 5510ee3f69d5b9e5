//! A fleet drawn from a seed, and what happens to it.
//!
//! Names are few and collide on purpose. Every trap of AWS that the model knows is drawn now and then: the same port
//! name everywhere, defaults left out, breakers on and off.

use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Map, json};

use super::definition::{Definition, Flaw, definition};
use super::details::{CANARY, Details};
use super::outside::{Newcomer, Outside};
use crate::model::{EcsServiceKey, Model, RolloutOutcome, RolloutScript};
use crate::shapes::cloud_map::ListRequest;
use crate::shapes::ecs::{
    LogConfiguration, ServiceConnectClientAlias, ServiceConnectConfiguration,
    ServiceConnectService, TimeoutConfiguration,
};

/// Names that services want; fewer than services, so that some collide.
const NAMES: [&str; 6] = ["api", "backend", "payments", "orders", "cart", "ui"];
/// Tags with a value that is not allowed.
pub(crate) const BAD: [(&str, &str); 6] = [
    ("eastwest/mode", "clientserver"),
    ("eastwest/port", "99999"),
    ("eastwest/discovery-name", "Not OK"),
    ("eastwest/alias", "UPPER:80"),
    ("eastwest/modes", "client"),
    ("eastwest/pause", "tomorrow"),
];

/// What a seed's fleet is made of.
#[derive(Debug)]
pub struct Fleet {
    rng: SmallRng,
    details: Details,
    clusters: Vec<String>,
    namespaces: Vec<String>,
    services: usize,
    /// Whether rollouts may fail or stall.
    rough: bool,
}

impl Fleet {
    /// A fleet of that many services to begin with.
    pub fn new(mut rng: SmallRng) -> Self {
        let clusters = rng.random_range(1..=2_usize);
        let namespaces = rng.random_range(1..=2_usize);
        Self {
            clusters: ["prod", "edge"][..clusters].iter().map(|&name| name.to_owned()).collect(),
            namespaces: ["internal.myapp", "other.local"][..namespaces]
                .iter()
                .map(|&name| name.to_owned())
                .collect(),
            services: rng.random_range(4..=10),
            rough: rng.random_bool(0.6),
            // A random source of its own, so that details do not change what the fleet draws.
            details: Details::new(SmallRng::seed_from_u64(rng.clone().random())),
            rng,
        }
    }

    /// The clusters it lives in.
    pub fn clusters(&self) -> &[String] {
        &self.clusters
    }

    /// The namespaces there are from the beginning.
    pub fn namespaces(&self) -> &[String] {
        &self.namespaces
    }

    /// The services there are from the beginning.
    pub fn newcomers(&mut self) -> Vec<Newcomer> {
        let mut all: Vec<_> = (0..self.services).map(|number| self.newcomer(number)).collect();
        // A service may be in a cluster that the controller does not watch.
        if self.rng.random_bool(0.3) {
            let mut stranger = self.newcomer(90);
            "elsewhere".clone_into(&mut stranger.key.cluster);
            all.push(stranger);
        }
        all
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        from.choose(&mut self.rng).cloned()
    }

    fn name(&mut self) -> String {
        self.pick(&NAMES).unwrap_or("api").to_owned()
    }

    fn newcomer(&mut self, number: usize) -> Newcomer {
        let cluster = self.pick(&self.clusters.clone()).unwrap_or_default();
        let key = EcsServiceKey::new(cluster, format!("svc-{number:02}"));
        let definition = self.definition(&key);
        let mut newcomer = Newcomer::plain(key, definition);
        newcomer.desired = self.rng.random_range(1..=3);
        newcomer.breaker = self
            .pick(&[(false, false), (true, false), (true, true), (true, true)])
            .unwrap_or_default();
        if self.details.is_idle() {
            newcomer.desired = 0;
        }
        newcomer.conduct = self.details.conduct();
        if self.rng.random_bool(0.05) {
            newcomer.controller = "CODE_DEPLOY";
            newcomer.conduct = Map::new();
        } else if self.rng.random_bool(0.35) {
            newcomer.connect = Some(self.configuration(&newcomer.definition.clone()));
        }
        if self.rng.random_bool(0.85) {
            newcomer.tags = self.declaration();
            if self.rng.random_bool(0.1) {
                newcomer.tags = self.endpoints(&newcomer.definition.clone());
            }
        }
        newcomer.tags.extend(self.details.strange_tag());
        newcomer
    }

    /// A new service with the name of one that is deleted.
    pub(crate) fn newcomer_as(&mut self, key: &EcsServiceKey) -> Newcomer {
        let mut newcomer = self.newcomer(0);
        newcomer.key = key.clone();
        newcomer
    }

    fn definition(&mut self, key: &EcsServiceKey) -> Definition {
        let port = 8000 + u32::from(self.rng.random_range(0..3_u8));
        let mut definition = definition(&key.name, "http", port);
        match self.rng.random_range(0..24) {
            0 => definition.ports.clear(),
            1 => definition.ports[0].0.clear(),
            2 => definition.network_mode = "host",
            3 => definition.windows = true,
            4..6 => definition.ports.push(("admin".to_owned(), 9000, "http")),
            // A name that moves there would have to change its protocol, which ECS never does.
            6..8 => definition.ports.push(("admin".to_owned(), 9000, "grpc")),
            8 => definition.ports[0].2 = "",
            9 => definition.flaw = self.pick(&[Flaw::Links, Flaw::NoCpu, Flaw::NoRoom]),
            _ => {}
        }
        (definition.image, definition.environment) = self.details.container();
        definition
    }

    /// Tags that declare an endpoint for each port of a definition.
    fn endpoints(&mut self, definition: &Definition) -> Vec<(String, String)> {
        let mut tags = vec![("eastwest/mode".to_owned(), "client-server".to_owned())];
        for (at, (_, port, _)) in definition.ports.iter().enumerate() {
            let name = if at == 0 { self.name() } else { format!("{}-admin", self.name()) };
            let more = ["", " idle=5m", " ingress=15000", " alias=:80"];
            let more = self.pick(&more).unwrap_or_default();
            tags.push((format!("eastwest/endpoint.{port}"), format!("name={name}{more}")));
        }
        tags
    }

    /// Tags of a service that opts in.
    pub(crate) fn declaration(&mut self) -> Vec<(String, String)> {
        let modes = ["client", "client-server", "client-server", "client-server", "off"];
        let mut tags = vec![("mode".to_owned(), self.pick(&modes).unwrap_or_default().to_owned())];
        let mut maybe = |chance: f64, key: &str, value: String| {
            if self.rng.random_bool(chance) {
                tags.push((key.to_owned(), value));
            }
        };
        maybe(0.05, "pause", "true".to_owned());
        maybe(0.1, "timeout", "idle=5m".to_owned());
        maybe(0.1, "logs", "awslogs group=proxies".to_owned());
        maybe(0.05, "ingress-port", "15000".to_owned());
        maybe(0.05, "test-header", "x-test=1".to_owned());
        maybe(0.05, "tls", "ca=arn:aws:acm-pca:::ca/1".to_owned());
        maybe(0.1, "needs", "api orders".to_owned());
        if self.rng.random_bool(0.05) {
            // Access logs go where the proxy's logs go.
            tags.retain(|(key, _)| key != "logs");
            tags.push(("logs".to_owned(), "awslogs group=proxies".to_owned()));
            tags.push(("access-logs".to_owned(), "json query".to_owned()));
        }
        if self.rng.random_bool(0.5) {
            let name = self.name();
            tags.push(("discovery-name".to_owned(), name));
        }
        if self.rng.random_bool(0.3) {
            let name = self.name();
            let alias = self.pick(&[name.clone(), format!("{name}:80"), ":80".to_owned()]);
            tags.push(("alias".to_owned(), alias.unwrap_or_default()));
        }
        if self.rng.random_bool(0.3) {
            let port = self.pick(&["http", "8000", "admin", "http", "9000"]).unwrap_or_default();
            tags.push(("port".to_owned(), port.to_owned()));
        }
        if self.rng.random_bool(0.4) {
            let mut known = self.namespaces.clone();
            known.push("later.local".to_owned());
            tags.push(("namespace".to_owned(), self.pick(&known).unwrap_or_default()));
        }
        let more = self.details.needs();
        tags.retain(|(key, _)| !more.iter().any(|(other, _)| other == key));
        tags.extend(more);
        tags.into_iter().map(|(key, value)| (format!("eastwest/{key}"), value)).collect()
    }

    /// A configuration as a person writes it.
    fn configuration(&mut self, definition: &Definition) -> ServiceConnectConfiguration {
        let namespace = self.pick(&self.namespaces.clone());
        let served = definition.ports.iter().find(|(name, ..)| !name.is_empty());
        let served = served.filter(|_| self.rng.random_bool(0.8)).cloned();
        let services = served.map(|(port_name, port, protocol)| {
            let name = self.name();
            let dns_name = self.pick(&[None, Some(name.clone())]).flatten();
            let alias = ServiceConnectClientAlias { port, dns_name, test_traffic_rules: None };
            let idle = (!protocol.is_empty() && self.rng.random_bool(0.3)).then_some(60);
            vec![ServiceConnectService {
                port_name,
                discovery_name: self.rng.random_bool(0.7).then_some(name),
                client_aliases: Some(vec![alias]),
                timeout: idle.map(|idle| TimeoutConfiguration {
                    idle_timeout_seconds: Some(idle),
                    per_request_timeout_seconds: None,
                }),
                ..ServiceConnectService::default()
            }]
        });
        let logs = self.rng.random_bool(0.3).then(|| LogConfiguration {
            log_driver: "awslogs".to_owned(),
            options: Some(json!({"awslogs-group": "by-hand", "splunk-token": CANARY})),
            secret_options: None,
        });
        let settings = match self.rng.random::<f64>() {
            ..0.08 => Some(json!([{"newThing": "app"}])),
            0.08..0.16 => Some(json!([{"logLevel": "debug"}])),
            _ => None,
        };
        let mut connect = ServiceConnectConfiguration {
            enabled: true,
            namespace,
            services,
            log_configuration: logs,
            container_configurations: settings,
            ..ServiceConnectConfiguration::default()
        };
        self.details.dress(&mut connect);
        connect
    }

    /// One of the services that exist now.
    fn somebody(&mut self, model: &Model) -> Option<EcsServiceKey> {
        let all: Vec<EcsServiceKey> = model.services().map(|(key, _)| key.clone()).collect();
        // People often change what is rolling out.
        let moving: Vec<EcsServiceKey> = model
            .services()
            .filter(|(_, state)| state.deployments.len() > 1)
            .map(|(key, _)| key.clone())
            .collect();
        if !moving.is_empty() && self.rng.random_bool(0.4) {
            self.pick(&moving)
        } else {
            self.pick(&all)
        }
    }

    /// What happens to the fleet next.
    pub(crate) fn next(&mut self, model: &Model) -> Option<Outside> {
        let key = self.somebody(model)?;
        let family = key.clone();
        Some(match self.rng.random_range(0..100) {
            0..26 => Outside::Tag(key, self.declaration()),
            26..30 => {
                let all = ["mode", "namespace", "port", "discovery-name", "alias", "pause"];
                let one = self.pick(&all).unwrap_or_default();
                Outside::Untag(key, vec![format!("eastwest/{one}")])
            }
            30..34 => Outside::Untag(key, vec!["eastwest/mode".to_owned()]),
            34..38 => {
                let (name, value) = self.pick(&BAD).unwrap_or(BAD[0]);
                Outside::Tag(key, vec![(name.to_owned(), value.to_owned())])
            }
            38..44 => {
                let definition = self.definition(&family);
                Outside::Edit(key, Box::new(self.configuration(&definition)))
            }
            44..47 => Outside::Edit(key, Box::default()),
            47..55 => Outside::Deploy(key, self.definition(&family)),
            55..59 => Outside::Force(key),
            59..65 => Outside::Scale(key, self.rng.random_range(0..=4)),
            65..70 => {
                let number = self.rng.random_range(20..26);
                Outside::Create(Box::new(self.newcomer(number)))
            }
            70..74 => Outside::Delete(key),
            74..84 => Outside::Rollout(key, self.script()),
            84..87 => self.default_namespace(),
            87..89 => Outside::Namespace("later.local".to_owned()),
            89..92 => self.pause(key, model),
            _ => Outside::Crash {
                writes_arrive: self.rng.random_bool(0.5),
                down_seconds: self.details.down_seconds(self.rng.random_range(1..=40)),
            },
        })
    }

    /// How the rollouts of some services go from the beginning.
    pub(crate) fn scripts(&mut self, model: &Model) -> Vec<Outside> {
        let keys: Vec<EcsServiceKey> = model.services().map(|(key, _)| key.clone()).collect();
        let some = keys.into_iter().filter(|_| self.rng.random_bool(0.3)).collect::<Vec<_>>();
        some.into_iter().map(|key| Outside::Rollout(key, self.script())).collect()
    }

    fn script(&mut self) -> RolloutScript {
        use RolloutOutcome::{Complete, Fail, Stall};
        let rough = [Complete, Fail, Fail, Fail, Stall];
        let outcome = if self.rough { self.pick(&rough) } else { None };
        RolloutScript {
            seconds: self.rng.random_range(3..=90),
            outcome: outcome.unwrap_or_default(),
        }
    }

    fn default_namespace(&mut self) -> Outside {
        let cluster = self.pick(&self.clusters.clone()).unwrap_or_default();
        let namespace = self.pick(&self.namespaces.clone()).filter(|_| self.rng.random_bool(0.8));
        Outside::DefaultNamespace(cluster, namespace)
    }

    fn pause(&mut self, key: EcsServiceKey, model: &Model) -> Outside {
        let until = model.now().plus_seconds(self.rng.random_range(30..600)).0;
        let until =
            i64::try_from(until).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
        let until = until.map(|until| until.to_string()).unwrap_or_default();
        Outside::Tag(key, vec![("eastwest/pause".to_owned(), until)])
    }

    /// Seconds until something happens to the fleet again.
    pub(crate) fn pause_seconds(&mut self) -> u64 {
        self.rng.random_range(1..=180)
    }

    /// Whether a namespace of that name exists.
    pub(crate) fn has_namespace(model: &Model, name: &str) -> bool {
        let request = ListRequest { max_results: Some(100), ..ListRequest::default() };
        let all = model.list_namespaces(&request).map(|answer| answer.namespaces);
        all.unwrap_or_default().iter().any(|each| each.name == name)
    }
}
