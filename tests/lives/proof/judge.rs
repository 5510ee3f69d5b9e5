//! What of a state must be as before, and what as if it had been declared at once. The rules stand in the header of
//! [`crate::proof::differential`]; here they are field by field, and on their own: nothing of the planner is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use eastwest_sim::shapes::cloud_map::Namespace;
use serde_json::{Value, json};

use crate::proof::fixture::{Fixture, Port};
use crate::proof::path::{SINGLE, Said};
use crate::proof::state::{End, State};

/// Judges the state that the last words led to.
pub(crate) struct Judge<'a> {
    pub(crate) fixture: &'a Fixture,
    pub(crate) namespaces: &'a [Namespace],
    pub(crate) said: &'a Said,
}

/// What is declared of one endpoint: fields and the words for them.
type Declared = BTreeMap<&'static str, String>;

fn same<T: PartialEq + Debug>(what: &str, is: &T, shall: &T) -> Result<(), String> {
    if is == shall { Ok(()) } else { Err(format!("{what} is {is:?} and should be {shall:?}")) }
}

impl Judge<'_> {
    /// What is not declared is as it was before, or the default.
    pub(crate) fn kept(&self, before: Option<&State>, after: Option<&State>) -> Result<(), String> {
        let (mode, Some(after)) = (self.tag("mode"), after) else {
            return same("mode", &self.tag("mode"), &Some("off"));
        };
        if mode == Some("off") {
            return same("state", &Some(after), &None);
        }
        if self.said.namespace.is_none() {
            let id = before.map_or_else(|| self.default_namespace(), |b| b.namespace.clone());
            same("kept namespace", &after.namespace, &id)?;
        }
        let null = Value::Null;
        if self.tag("logs").is_none() {
            same("kept logs", &after.logs, before.map_or(&null, |before| &before.logs))?;
        }
        if self.tag("access-logs").is_none() {
            let stood = before.filter(|_| !after.logs.is_null());
            let shall = stood.map_or(&null, |before| &before.access_logs);
            same("kept access logs", &after.access_logs, shall)?;
        }
        let ports = self.ports(before)?;
        let served: BTreeSet<&str> = after.endpoints.keys().map(String::as_str).collect();
        same("ports served", &served, &ports.iter().map(String::as_str).collect())?;
        for (port, end) in &after.endpoints {
            self.kept_end((port, end), before, after)?;
        }
        Ok(())
    }

    fn kept_end(
        &self,
        (port, end): (&str, &End),
        before: Option<&State>,
        after: &State,
    ) -> Result<(), String> {
        let declared = self.of_port(port);
        let stood = before.and_then(|before| before.endpoints.get(port));
        let is_said = |field: &str| declared.contains_key(field);
        if !is_said("name") {
            let shall = stood.map_or(&self.fixture.service, |stood| &stood.name);
            same(&format!("kept name of {port}"), &end.name, shall)?;
        }
        if !is_said("host") {
            let default = |name: &str, id: &str| format!("{name}.{}", self.name_of(id));
            let chosen = stood
                .zip(before)
                .filter(|(stood, before)| stood.host != default(&stood.name, &before.namespace));
            let shall = chosen.map_or_else(
                || default(&end.name, &after.namespace),
                |(stood, _)| stood.host.clone(),
            );
            same(&format!("kept host of {port}"), &end.host, &shall)?;
        }
        for (field, value) in end.rest.iter().filter(|(field, _)| !is_said(field)) {
            let default = self.default_of(port, field);
            let shall = stood.map_or(&default, |stood| &stood.rest[field]);
            same(&format!("kept {field} of {port}"), value, shall)?;
        }
        Ok(())
    }

    /// What is declared is as if nothing else had ever been said; and as the words say.
    pub(crate) fn declared(
        &self,
        fresh: Option<&State>,
        after: Option<&State>,
    ) -> Result<(), String> {
        same("on or off", &after.is_some(), &fresh.is_some())?;
        let (Some(fresh), Some(after)) = (fresh, after) else { return Ok(()) };
        if self.said.namespace.is_some() {
            same("declared namespace", &after.namespace, &fresh.namespace)?;
        }
        if self.tag("logs").is_some() {
            same("declared logs", &after.logs, &fresh.logs)?;
        }
        if self.tag("access-logs").is_some() {
            same("declared access logs", &after.access_logs, &fresh.access_logs)?;
        }
        if !self.said.is_listed() && !self.is_single() {
            // The list stays, whatever it is; only the header may be declared for all of it.
            let headers = after.endpoints.iter().map(|(port, end)| (port.as_str(), end));
            return headers.into_iter().try_for_each(|each| self.to_the_word(each));
        }
        same("endpoints", &after.endpoints.len(), &fresh.endpoints.len())?;
        for (port, end) in &after.endpoints {
            // A single endpoint whose port is not declared may be on another one there.
            let only = fresh.endpoints.values().next().filter(|_| self.is_single());
            let twin = fresh.endpoints.get(port).or(only).ok_or(format!("{port}: not there"))?;
            self.as_fresh((port, end), twin)?;
            self.to_the_word((port, end))?;
        }
        Ok(())
    }

    fn as_fresh(&self, (port, end): (&str, &End), fresh: &End) -> Result<(), String> {
        for field in self.of_port(port).keys() {
            let what = format!("declared {field} of {port}");
            match *field {
                "name" => same(&what, &end.name, &fresh.name)?,
                "host" => same(&what, &end.host, &fresh.host)?,
                field => same(&what, &end.rest[field], &fresh.rest[field])?,
            }
        }
        Ok(())
    }

    fn to_the_word(&self, (port, end): (&str, &End)) -> Result<(), String> {
        for (field, word) in self.of_port(port) {
            let shown = match field {
                "name" => end.name.clone(),
                "host" => end.host.clone(),
                "idle" | "request" => continue,
                "header" => {
                    let rule = &end.rest[field]["header"];
                    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                    format!("{}={}", text(&rule["name"]), text(&rule["value"]["exact"]))
                }
                field => match &end.rest[field] {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                },
            };
            same(&format!("{field} of {port}"), &shown, &word)?;
        }
        Ok(())
    }

    fn tag(&self, key: &str) -> Option<&str> {
        self.said.tags.get(key).map(String::as_str)
    }

    fn is_single(&self) -> bool {
        SINGLE.iter().any(|key| self.said.tags.contains_key(*key))
    }

    fn default_namespace(&self) -> String {
        let default = self.fixture.flag.map(|flag| flag.at).or(self.fixture.cluster_default);
        default.map(|at| self.namespaces[at].id.clone()).unwrap_or_default()
    }

    fn name_of(&self, id: &str) -> &str {
        let found = self.namespaces.iter().find(|each| each.id == id);
        found.map_or("", |found| found.name.as_str())
    }

    fn mapping(&self, port: &str) -> Option<&Port> {
        self.fixture.ports.iter().find(|each| each.name.as_deref() == Some(port))
    }

    /// What an endpoint has of which nothing was ever said.
    fn default_of(&self, port: &str, field: &str) -> Value {
        let mapping = self.mapping(port);
        let number = mapping.map_or(0, |mapping| mapping.number);
        let tcp = mapping.is_some_and(|mapping| mapping.app.is_none());
        match field {
            "port" => json!(number),
            "idle" => json!(if tcp { 3600 } else { 300 }),
            "request" if !tcp => json!(15),
            "ingress" if self.fixture.awsvpc => json!(number),
            _ => Value::Null,
        }
    }

    /// The name of the port that a selector means.
    fn selected(&self, selector: &str) -> Option<String> {
        let by_number = |port: &&Port| port.number.to_string() == selector;
        let by_name = |port: &&Port| port.name.as_deref() == Some(selector);
        let digits = selector.bytes().all(|b| b.is_ascii_digit());
        let mut ports = self.fixture.ports.iter();
        let found = if digits { ports.find(by_number) } else { ports.find(by_name) };
        found.and_then(|port| port.name.clone())
    }

    /// The ports that must be served.
    fn ports(&self, before: Option<&State>) -> Result<BTreeSet<String>, String> {
        let stood: Vec<&String> = before.into_iter().flat_map(|b| b.endpoints.keys()).collect();
        if self.tag("mode") == Some("client") {
            return Ok(BTreeSet::new());
        }
        if self.said.is_listed() {
            let keys = self.said.tags.keys().filter_map(|key| key.strip_prefix("endpoint."));
            return Ok(keys.filter_map(|selector| self.selected(selector)).collect());
        }
        if !self.is_single() && !stood.is_empty() {
            return Ok(stood.into_iter().cloned().collect());
        }
        let port = match (self.tag("port"), stood.as_slice()) {
            (Some(selector), _) => self.selected(selector),
            (None, [only]) => Some((*only).clone()),
            (None, _) => self.fixture.ports.first().and_then(|port| port.name.clone()),
        };
        Ok([port.ok_or("no port is meant, yet nothing is held")?].into())
    }

    /// What is declared of the endpoint on a port.
    fn of_port(&self, port: &str) -> Declared {
        let mut declared = Declared::new();
        let said = |key: &str| self.tag(key).map(str::to_owned);
        declared.extend(said("test-header").map(|header| ("header", header)));
        if self.said.is_listed() {
            let tags = self.said.tags.iter();
            let words = tags.filter_map(|(key, value)| {
                let selector = key.strip_prefix("endpoint.")?;
                (self.selected(selector).as_deref() == Some(port)).then_some(value.as_str())
            });
            words.for_each(|value| read_words(value, &mut declared));
        } else {
            declared.extend(said("discovery-name").map(|name| ("name", name)));
            declared.extend(said("ingress-port").map(|port| ("ingress", port)));
            if let Some(alias) = self.tag("alias") {
                read_alias(alias, &mut declared);
            }
            for key in ["timeout", "tls"] {
                read_words(self.tag(key).unwrap_or_default(), &mut declared);
            }
        }
        declared
    }
}

fn read_words(value: &str, declared: &mut Declared) {
    for (key, word) in value.split(' ').filter_map(|word| word.split_once('=')) {
        if key == "alias" {
            read_alias(word, declared);
        }
        let fields = [
            ("name", "name"),
            ("idle", "idle"),
            ("request", "request"),
            ("ingress", "ingress"),
            ("tls-ca", "ca"),
            ("ca", "ca"),
            ("key", "key"),
        ];
        let field = fields.iter().find(|(known, _)| *known == key);
        declared.extend(field.map(|(_, field)| (*field, word.to_owned())));
    }
}

fn read_alias(alias: &str, declared: &mut Declared) {
    let (host, port) =
        alias.rsplit_once(':').map_or((alias, None), |(host, port)| (host, Some(port)));
    if !host.is_empty() {
        declared.insert("host", host.to_owned());
    }
    declared.extend(port.map(|port| ("port", port.to_owned())));
}
