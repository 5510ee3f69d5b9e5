//! The details of drawn services: how they are deployed, what they need of each other, and their secrets.
//!
//! **Invariant:** the details have a random source of their own, so that they do not change the names and modes that
//! the fleet draws. Everything secret contains [`CANARY`], and nothing that eastwest says may contain it.

use rand::Rng;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use serde_json::{Map, Value, json};

use crate::shapes::ecs::{ServiceConnectAccessLogConfiguration, ServiceConnectConfiguration};

/// Part of every secret: it stands in environment values, log options and foreign tags, and nowhere else.
pub(crate) const CANARY: &str = "canary-7f3a";

/// Names that somebody may offer, and one that nobody does.
const NEEDED: [&str; 9] =
    ["api", "backend", "payments", "orders", "cart", "ui", "svc-00", "svc-01", "nobody"];
/// By tag and by digest.
const IMAGES: [&str; 4] = [
    "app:1",
    "app:1",
    "app:latest",
    "app@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
];

/// Draws details.
#[derive(Debug)]
pub(crate) struct Details {
    rng: SmallRng,
    /// Whether deployments of this life may shift traffic, pause, or end early.
    is_modern: bool,
}

impl Details {
    pub(crate) fn new(mut rng: SmallRng) -> Self {
        let is_modern = rng.random_bool(0.4);
        Self { rng, is_modern }
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        from.choose(&mut self.rng).cloned()
    }

    /// The tags `needs` and `refresh` of a service, without their prefix.
    pub(crate) fn needs(&mut self) -> Vec<(String, String)> {
        let mut tags = Vec::new();
        if self.rng.random_bool(0.4) {
            let first = self.pick(&NEEDED).unwrap_or_default();
            let second = self.pick(&NEEDED).filter(|second| *second != first);
            let second = second.filter(|_| self.rng.random_bool(0.4));
            let names: Vec<&str> = [Some(first), second].into_iter().flatten().collect();
            tags.push(("needs".to_owned(), names.join(" ")));
        }
        if self.rng.random_bool(0.35) {
            let all = ["declared", "inferred", "inferred", "always", "never"];
            tags.push(("refresh".to_owned(), self.pick(&all).unwrap_or_default().to_owned()));
        }
        tags
    }

    /// The image and the environment of a container.
    pub(crate) fn container(&mut self) -> (String, Vec<String>) {
        let image = self.pick(&IMAGES).unwrap_or("app:1").to_owned();
        let mut environment = vec![format!("{CANARY}-password")];
        if self.rng.random_bool(0.4) {
            let host = self.pick(&NEEDED).unwrap_or_default();
            let of = self.pick(&["", ".internal.myapp", ".internal.myapp:8000", ":8000"]);
            let of = of.unwrap_or_default();
            environment.push(format!("http://user:{CANARY}@{host}{of}/v1"));
        }
        (image, environment)
    }

    /// A tag that is not eastwest's.
    pub(crate) fn strange_tag(&mut self) -> Option<(String, String)> {
        let key = self.pick(&["owner", "token", "managed-by"])?.to_owned();
        self.rng.random_bool(0.5).then(|| (key, format!("{CANARY}-tag")))
    }

    /// How long a controller is down: sometimes five minutes longer than `seconds`.
    pub(crate) fn down_seconds(&mut self, seconds: u64) -> u64 {
        if self.rng.random_bool(0.15) { seconds + 300 } else { seconds }
    }

    /// Whether a service has no tasks.
    pub(crate) fn is_idle(&mut self) -> bool {
        self.rng.random_bool(0.06)
    }

    /// The members of `deploymentConfiguration` besides the circuit breaker.
    pub(crate) fn conduct(&mut self) -> Map<String, Value> {
        match self.drawn_conduct() {
            Value::Object(conduct) => conduct,
            _ => Map::new(),
        }
    }

    /// Adds members that no tag speaks of, as a person may have set them by hand. They must stay.
    pub(crate) fn dress(&mut self, connect: &mut ServiceConnectConfiguration) {
        let mut dressed = |odds| self.rng.random_bool(odds);
        for endpoint in connect.services.iter_mut().flatten() {
            endpoint.ingress_port_override = dressed(0.1).then_some(15001);
            if dressed(0.15) {
                endpoint.tls = Some(json!({
                    "issuerCertificateAuthority": {"awsPcaAuthorityArn": "arn:aws:acm-pca:::ca/2"},
                    "roleArn": "arn:aws:iam::1:role/by-hand",
                }));
            }
            for alias in endpoint.client_aliases.iter_mut().flatten() {
                let rules = json!({"header": {"name": "x-by-hand", "value": {"exact": "1"}}});
                alias.test_traffic_rules = dressed(0.15).then_some(rules);
            }
        }
        if connect.log_configuration.is_some() && dressed(0.4) {
            let format = "TEXT".to_owned();
            connect.access_log_configuration = Some(ServiceConnectAccessLogConfiguration {
                format,
                include_query_parameters: None,
            });
        }
    }

    fn drawn_conduct(&mut self) -> Value {
        let mut conduct = json!({});
        if !self.is_modern || self.rng.random_bool(0.6) {
            return conduct;
        }
        match self.rng.random_range(0..5) {
            0 => conduct = json!({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1}),
            1 => {
                let linear = json!({"stepPercent": 50, "stepBakeTimeInMinutes": 1});
                conduct = json!({"strategy": "LINEAR", "linearConfiguration": linear});
            }
            2 => {
                let canary = json!({"canaryPercent": 10, "canaryBakeTimeInMinutes": 1});
                conduct = json!({"strategy": "CANARY", "canaryConfiguration": canary});
            }
            _ => {
                let early = json!({
                    "enable": true,
                    "healthyPercent": 50,
                    "sourceServiceRevisionCleanup": "DEFERRED",
                });
                return json!({"minimumHealthyPercent": 50, "earlySuccessCriteria": early});
            }
        }
        if self.rng.random_bool(0.4) {
            let action = self.pick(&["CONTINUE", "ROLLBACK"]);
            let stage = self.pick(&["POST_SCALE_UP", "PRE_PRODUCTION_TRAFFIC_SHIFT"]);
            conduct["lifecycleHooks"] = json!([{
                "targetType": "PAUSE",
                "lifecycleStages": [stage],
                "timeoutConfiguration": {"timeoutInMinutes": 20, "action": action},
            }]);
        }
        conduct
    }
}
