//! A task definition revision as the JSON of a request that would register it again.
//!
//! `DescribeTaskDefinition` and `RegisterTaskDefinition` answer the members of the request and some that ECS adds
//! (API:TaskDefinition); without those it is the request, members that no SDK knows included. Tags stand beside the
//! definition in an answer and inside of the request. Tags whose key begins with `aws:` are AWS's own: no request may
//! carry them (API:Tag), so these alone are left out.
//!
//! **Invariant:** no value leaves this file but in [`Revision::request`]: a difference is shown by its paths, for
//! environment values may be secrets.

use std::collections::BTreeSet;
use std::fmt;

use eastwest_core::plan::prerequisite::NamedPort;
use serde_json::Value;

use crate::members::{is_absent, join};

/// What ECS adds to what was registered (API:TaskDefinition).
const ADDED_BY_ECS: [&str; 9] = [
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "deleteRequestedAt",
];

/// One revision.
pub(crate) struct Revision {
    /// Its ARN; that of the revision it was made from where it is not registered.
    pub(crate) arn: String,
    /// What registers it.
    pub(crate) request: Value,
}

impl Revision {
    /// The revision in an answer; `None` where there is none, or it has no ARN.
    pub(crate) fn read(mut answer: Value) -> Option<Self> {
        let tags = answer.get_mut("tags").map(Value::take);
        let mut request = answer.get_mut("taskDefinition").map(Value::take)?;
        let members = request.as_object_mut()?;
        let arn = members.get("taskDefinitionArn")?.as_str()?.to_owned();
        members.retain(|name, _| !ADDED_BY_ECS.contains(&name.as_str()));
        if let Some(Value::Array(mut tags)) = tags {
            tags.retain(|tag| !is_reserved(tag));
            members.insert("tags".to_owned(), Value::Array(tags));
        }
        members.retain(|_, member| !is_absent(member));
        Some(Self { arn, request })
    }

    /// The same with those names, or why that cannot be.
    pub(crate) fn with_names(&self, ports: &[NamedPort]) -> Result<Self, String> {
        let mut request = self.request.clone();
        for port in ports {
            name(&mut request, port)?;
        }
        Ok(Self { arn: self.arn.clone(), request })
    }

    /// Whether the ports have those names.
    pub(crate) fn has_names(&self, ports: &[NamedPort]) -> bool {
        let named = |port: &NamedPort| {
            let mut mappings = places(&self.request, port).into_iter();
            mappings.any(|place| name_at(&self.request, &place) == Some(port.name.as_str()))
        };
        ports.iter().all(named)
    }

    /// Whether both would register the same.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        self.request == other.request
    }

    /// What of this one the other has not, or has otherwise. What only the other has does not count: ECS fills in
    /// defaults.
    pub(crate) fn difference(&self, other: &Self) -> Difference {
        let mut found = Difference::default();
        compare(&self.request, &other.request, "", &mut found);
        found
    }
}

/// The paths of what differs.
#[derive(Debug, Default)]
pub(crate) struct Difference {
    lost: BTreeSet<String>,
    changed: BTreeSet<String>,
}

impl Difference {
    fn lacks(&mut self, path: &str) {
        self.lost.insert(path.to_owned());
    }

    fn has_another(&mut self, path: &str) {
        self.changed.insert(path.to_owned());
    }

    /// Whether nothing differs.
    pub(crate) fn is_empty(&self) -> bool {
        self.lost.is_empty() && self.changed.is_empty()
    }

    /// Whether something is missing and all that is there is the same.
    pub(crate) fn only_lost(&self) -> bool {
        !self.lost.is_empty() && self.changed.is_empty()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |verb: &str, paths: &BTreeSet<String>| {
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            (!paths.is_empty()).then(|| format!("{verb} {}", paths.join(", ")))
        };
        let parts = [part("lacks", &self.lost), part("has another", &self.changed)];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(" and "))
    }
}

fn is_reserved(tag: &Value) -> bool {
    tag.get("key").and_then(Value::as_str).is_some_and(|key| key.starts_with("aws:"))
}

/// Names the first mapping of that port that has no name, unless one has the wanted name.
fn name(request: &mut Value, port: &NamedPort) -> Result<(), String> {
    let NamedPort { container, container_port, protocol, name } = port;
    let places = places(request, port);
    if places.iter().any(|place| name_at(request, place) == Some(name.as_str())) {
        return Ok(());
    }
    let free = places.iter().find(|place| name_at(request, place).is_none());
    let mapping = free.and_then(|place| request.pointer_mut(place)?.as_object_mut());
    if let Some(mapping) = mapping {
        mapping.insert("name".to_owned(), name.as_str().into());
        return Ok(());
    }
    let why = if places.is_empty() { "is not mapped" } else { "has another name already" };
    Err(format!("port {container_port}/{protocol} of container '{container}' {why}"))
}

/// JSON pointers to the mappings of that port.
fn places(request: &Value, port: &NamedPort) -> Vec<String> {
    let mut places = Vec::new();
    for (at, container) in list(request, "containerDefinitions").enumerate() {
        if container.get("name").and_then(Value::as_str) != Some(&port.container) {
            continue;
        }
        for (index, mapping) in list(container, "portMappings").enumerate() {
            let number = mapping.get("containerPort").and_then(Value::as_u64);
            // Absent means tcp (API:PortMapping.protocol).
            let protocol = mapping.get("protocol").and_then(Value::as_str).unwrap_or("tcp");
            if number == Some(port.container_port.number().into()) && protocol == port.protocol {
                places.push(format!("/containerDefinitions/{at}/portMappings/{index}"));
            }
        }
    }
    places
}

fn list<'a>(value: &'a Value, member: &str) -> impl Iterator<Item = &'a Value> {
    value.get(member).and_then(Value::as_array).into_iter().flatten()
}

fn name_at<'a>(request: &'a Value, place: &str) -> Option<&'a str> {
    let name = request.pointer(place)?.get("name")?.as_str()?;
    Some(name).filter(|name| !name.is_empty())
}

/// Notes what of `wanted` is missing in `found` or otherwise there. Lists may come in another order.
fn compare(wanted: &Value, found: &Value, path: &str, difference: &mut Difference) {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            for (name, wanted) in wanted.iter().filter(|(_, member)| !is_absent(member)) {
                let path = join(path, name);
                match found.get(name).filter(|member| !is_absent(member)) {
                    Some(found) => compare(wanted, found, &path, difference),
                    None => difference.lacks(&path),
                }
            }
        }
        (Value::Array(wanted), Value::Array(found)) => {
            compare_lists(wanted, found, path, difference);
        }
        _ if wanted == found => (),
        _ => difference.has_another(path),
    }
}

fn compare_lists(wanted: &[Value], found: &[Value], path: &str, difference: &mut Difference) {
    let holds = |item: &Value, found: &Value| {
        let mut within = Difference::default();
        compare(item, found, "", &mut within);
        within.is_empty()
    };
    let is_short = found.len() < wanted.len();
    let mut strange = wanted
        .iter()
        .enumerate()
        .filter(|(_, item)| !found.iter().any(|found| holds(item, found)))
        .peekable();
    if is_short && strange.peek().is_none() {
        // The same thing stands there less often.
        difference.lacks(path);
    }
    for (index, item) in strange {
        let path = format!("{path}[{index}]");
        match found.get(index).filter(|_| !is_short) {
            Some(found) => compare(item, found, &path, difference),
            None => difference.lacks(&path),
        }
    }
}

#[cfg(test)]
#[path = "revision_tests.rs"]
mod tests;
