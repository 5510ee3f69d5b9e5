//! The document of a life: what the platform team writes in it, and how it changes over time.
//!
//! **Invariant:** the document has a random source of its own, so that it changes nothing that the fleet draws.

use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Map, Value, json};

use eastwest_core::declaration::settings::Sources;
use eastwest_core::ecs::name::ParameterName;

use super::outside::Outside;
use crate::model::Model;

/// The name of its parameter.
const NAME: &str = "/eastwest/fleet";
/// Names that entries and claims use; tags use them too.
const NAMES: [&str; 5] = ["api", "backend", "payments", "orders", "ledger"];
/// Texts that are refused as a whole.
pub(crate) const BAD: [&str; 5] = [
    "",
    "{}",
    r#"{"version": 2}"#,
    r#"{"version": 1, "freeze": "no"}"#,
    r#"{"version": 1, "services": {"prod/svc-00": {"mode": "clinet"}}}"#,
];

/// Who writes the document of a life, if it has one.
#[derive(Debug)]
pub(crate) struct Documents {
    rng: SmallRng,
    is_used: bool,
    namespaces: Vec<String>,
    /// Good texts that once stood there.
    past: Vec<String>,
    /// The random source of limits and windows.
    more: SmallRng,
    /// Whether a document ever had a window. The last document must have none, for the quiet time.
    has_windows: bool,
}

impl Documents {
    /// A document in a third of all lives.
    pub(crate) fn new(mut rng: SmallRng, namespaces: &[String]) -> Self {
        let is_used = rng.random_range(0..3) == 0;
        let more = SmallRng::seed_from_u64(rng.clone().random());
        let (namespaces, past) = (namespaces.to_vec(), Vec::new());
        Self { rng, is_used, namespaces, past, more, has_windows: false }
    }

    /// Where the controller reads.
    pub(crate) fn sources(&mut self) -> Sources {
        let mut sources = Sources::default();
        if self.is_used {
            sources.documents.extend(ParameterName::parse(NAME));
            sources.tags = self.rng.random_bool(0.9);
        }
        sources
    }

    /// What stands there at the start.
    pub(crate) fn first(&mut self, model: &Model) -> Option<Outside> {
        let is_there = self.is_used && self.rng.random_bool(0.85);
        is_there.then(|| self.good(model))
    }

    /// The next change of the document during the storm, if there is one.
    pub(crate) fn next(&mut self, model: &Model) -> Option<Outside> {
        if !self.is_used || !self.rng.random_bool(0.3) {
            return None;
        }
        Some(match self.rng.random_range(0..20) {
            0..2 => write(self.pick(&BAD).unwrap_or_default()),
            2 => Outside::DropParameter(NAME.to_owned()),
            3..6 => match self.pick(&self.past.clone()) {
                Some(text) => write(&text),
                None => self.good(model),
            },
            _ => self.good(model),
        })
    }

    /// The last document: in most lives it is good and not frozen.
    pub(crate) fn last(&mut self, model: &Model) -> Option<Outside> {
        let is_mended = self.is_used && (self.rng.random_bool(0.8) || self.has_windows);
        is_mended.then(|| {
            let mut document = self.document(model);
            document.remove("freeze");
            document.remove("windows");
            write(&Value::Object(document).to_string())
        })
    }

    fn good(&mut self, model: &Model) -> Outside {
        let text = Value::Object(self.document(model)).to_string();
        self.past.push(text.clone());
        write(&text)
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        from.choose(&mut self.rng).cloned()
    }

    fn document(&mut self, model: &Model) -> Map<String, Value> {
        let mut document = Map::from_iter([("version".to_owned(), json!(1))]);
        let mut say = |chance: f64, member: &str, value: Value| {
            if self.rng.random_bool(chance) {
                document.insert(member.to_owned(), value);
            }
        };
        say(0.1, "freeze", json!(true));
        say(0.3, "namePorts", json!(true));
        say(0.4, "namespaces", json!({"made.local": {"type": "http", "create": true}}));
        say(0.2, "limits", json!({"rolloutsPerCluster": 2, "rolloutsPerNamespace": 2}));
        say(0.1, "limits", json!({"rolloutsPerNamespace": 1}));
        let keys: Vec<String> = model.services().map(|(key, _)| key.to_string()).collect();
        let some = keys.iter().filter(|_| self.rng.random_bool(0.4)).collect::<Vec<_>>();
        let entries: Map<String, Value> =
            some.into_iter().map(|key| (key.clone(), self.entry())).collect();
        document.insert("services".to_owned(), Value::Object(entries));
        if self.rng.random_bool(0.3) {
            document.insert("defaults".to_owned(), self.defaults());
        }
        if let Some(key) = self.pick(&keys).filter(|_| self.rng.random_bool(0.3)) {
            let name = self.pick(&NAMES).unwrap_or_default();
            document.insert("claims".to_owned(), json!({name: [key]}));
        }
        self.restrain(&mut document);
        document
    }

    /// Adds limits that are reached soon, and windows that open and close soon.
    fn restrain(&mut self, document: &mut Map<String, Value>) {
        if self.more.random_bool(0.25) {
            let count = self.more.random_range(1..=2);
            let mass = self.more.random_bool(0.8).then(|| json!(count)).unwrap_or(json!("5%"));
            document.entry("limits").or_insert(json!({}))["massChange"] = mass;
        }
        if self.more.random_bool(0.2) {
            let minutes: Vec<String> =
                (0..2).map(|_| self.more.random_range(0..60_u8).to_string()).collect();
            let kind = if self.more.random_bool(0.6) { "deny" } else { "allow" };
            let pattern = format!("{} * * * *", minutes.join(","));
            let duration = format!("{}m", self.more.random_range(5..=20_u8));
            let mut window = json!({kind: pattern, "duration": duration});
            if self.more.random_bool(0.3) {
                window["clusters"] = json!(["prod"]);
            }
            document.insert("windows".to_owned(), json!([window]));
            self.has_windows = true;
        }
    }

    fn defaults(&mut self) -> Value {
        let mut defaults = json!({});
        if self.rng.random_bool(0.7) {
            defaults["namespace"] = json!(self.namespace());
        }
        if self.rng.random_bool(0.5) || defaults == json!({}) {
            let all = ["{service}", "{service}-{port}", "{cluster}-{service}"];
            defaults["discoveryName"] = json!(self.pick(&all));
        }
        defaults
    }

    fn namespace(&mut self) -> String {
        let mut known = self.namespaces.clone();
        known.push("made.local".to_owned());
        self.pick(&known).unwrap_or_default()
    }

    fn entry(&mut self) -> Value {
        let modes = ["client", "client-server", "client-server", "client-server", "off"];
        let mode = self.pick(&modes).unwrap_or_default();
        let mut entry = json!({"mode": mode});
        if self.rng.random_bool(0.1) {
            entry = json!({});
        }
        if self.rng.random_bool(0.4) {
            entry["namespace"] = json!(self.namespace());
        }
        if mode == "client-server" && self.rng.random_bool(0.5) {
            entry["endpoints"] = json!([self.endpoint()]);
        }
        if self.rng.random_bool(0.1) {
            entry["logs"] =
                json!({"driver": "awslogs", "options": {"awslogs-group": "of-the-document"}});
        }
        if self.rng.random_bool(0.05) {
            entry["pause"] = json!(true);
        }
        entry
    }

    fn endpoint(&mut self) -> Value {
        let mut endpoint = json!({});
        if self.rng.random_bool(0.6) {
            endpoint["port"] = json!(self.pick(&["http", "http", "admin", "app-8000-tcp"]));
        }
        if self.rng.random_bool(0.6) {
            endpoint["discoveryName"] = json!(self.pick(&NAMES));
        }
        if self.rng.random_bool(0.3) {
            endpoint["timeout"] = json!({"idle": "5m"});
        }
        if self.rng.random_bool(0.2) || endpoint == json!({}) {
            endpoint["alias"] = json!(":80");
        }
        endpoint
    }
}

fn write(text: &str) -> Outside {
    Outside::Parameter(NAME.to_owned(), text.to_owned())
}
