//! Takes out of captures what may be secret and what nobody needs: the last step before they are written.
//!
//! Which hosts must survive is decided by core ([`KnownHosts`]), and which tags.

use eastwest_core::declaration::tag_prefix::TagPrefix;
use eastwest_core::ecs::environment::{ContainerTexts, Variable};
use eastwest_core::ecs::known_hosts::{KeptTexts, KnownHosts};
use eastwest_core::ecs::tool::Tool;
use serde_json::{Value, json};

use super::capture::{Captures, items, word};
use crate::members::scrub::{StandIns, scrub};

/// What begins the ARN of a place in which secrets are kept, after the partition.
const SECRET_PLACES: [&str; 2] = [":secretsmanager:", ":ssm:"];

impl Captures {
    /// Leaves out of the environment and the commands of containers every word that is no known host, of tags those of
    /// others, and of configurations the values that may be secret.
    pub fn redact(&mut self, known: &KnownHosts, prefix: &TagPrefix) {
        let mut stand_ins = StandIns::default();
        for service in self.services.values_mut() {
            own_tags(service, prefix);
            for event in members(service, "events") {
                without_places(event, "message");
            }
            for deployment in members(service, "deployments") {
                without_places(deployment, "rolloutStateReason");
                configuration(deployment, &mut stand_ins);
            }
        }
        for revision in self.revisions.values_mut() {
            configuration(revision, &mut stand_ins);
        }
        for deployment in self.deployments.values_mut() {
            without_places(deployment, "statusReason");
        }
        for definition in self.task_definitions.values_mut() {
            texts(definition, known);
        }
    }
}

/// The items of a member that is a list.
fn members<'a>(value: &'a mut Value, key: &str) -> impl Iterator<Item = &'a mut Value> {
    value.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten()
}

/// Keeps our own tags, and of the others that one shows the tool which owns the service.
fn own_tags(service: &mut Value, prefix: &TagPrefix) {
    let kept = items(service, "tags").iter().filter_map(|tag| {
        let key = tag.get("key")?.as_str()?;
        let value = word(tag, "value");
        if key.starts_with(prefix.as_str()) {
            return Some(tag.clone());
        }
        Some(json!({"key": key, "value": Tool::kept_value(key, value)?}))
    });
    let kept: Vec<Value> = kept.collect();
    service["tags"] = Value::Array(kept);
}

fn configuration(of: &mut Value, stand_ins: &mut StandIns) {
    if let Some(configuration) = of.get_mut("serviceConnectConfiguration") {
        scrub(configuration, stand_ins);
    }
}

/// ECS quotes the ARN of a secret that it could not read.
fn without_places(of: &mut Value, key: &str) {
    let Some(Value::String(text)) = of.get_mut(key) else { return };
    if SECRET_PLACES.iter().any(|place| text.contains(place)) {
        let words = text.split(' ').map(|word| {
            let is_place = SECRET_PLACES.iter().any(|place| word.contains(place));
            if is_place { "(a secret)" } else { word }
        });
        *text = words.collect::<Vec<_>>().join(" ");
    }
}

/// Puts what may be kept in the place of each container's environment and command.
fn texts(definition: &mut Value, known: &KnownHosts) {
    let containers = items(definition, "containerDefinitions");
    let kept = known.kept_of(&containers.iter().map(texts_of).collect::<Vec<_>>());
    for (container, kept) in members(definition, "containerDefinitions").zip(kept) {
        replace(container, kept);
    }
}

/// The variables that have a value, and the words of the entry point and of the command.
fn texts_of(container: &Value) -> ContainerTexts<'_> {
    let words = ["entryPoint", "command"].into_iter().flat_map(|key| items(container, key));
    ContainerTexts {
        environment: items(container, "environment").iter().filter_map(variable).collect(),
        command: words.filter_map(Value::as_str).collect(),
    }
}

fn variable(pair: &Value) -> Option<Variable<'_>> {
    let name = word(pair, "name");
    Some(Variable { name, value: pair.get("value")?.as_str()? })
}

fn replace(container: &mut Value, kept: KeptTexts) {
    let pairs = items(container, "environment").iter().filter_map(variable);
    let pairs = pairs.zip(kept.environment);
    let pairs: Vec<Value> =
        pairs.map(|(pair, value)| json!({"name": pair.name, "value": value})).collect();
    let Some(members) = container.as_object_mut() else { return };
    for (key, list) in [("environment", json!(pairs)), ("command", json!(kept.command))] {
        members.remove(key);
        if list.as_array().is_some_and(|list| !list.is_empty()) {
            members.insert(key.to_owned(), list);
        }
    }
    members.remove("entryPoint");
}
