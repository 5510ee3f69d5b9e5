//! From a file's text to what was captured: which answer of the AWS CLI is this?
//!
//! A file holds one answer, a list of them, or several one after the other. An answer is recognized by its members,
//! because the CLI does not print what it was asked. What was captured twice is taken as it was given last.
//!
//! The CLI writes times as text, the wire has them as numbers (ECS and Cloud Map speak awsJson1.1), and other
//! tools write nulls for what is absent: both are brought back to what AWS sent.

use std::collections::{BTreeMap, BTreeSet};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use eastwest_core::ecs::name::{Arn, NamespaceRef};
use eastwest_core::ecs::network::Network;
use serde_json::{Map, Value};

use super::refused::{Call, Refused};
use crate::convert::service::EVENTS;
use crate::text::one_line;

/// Everything that was captured.
#[derive(Debug, Default)]
pub struct Captures {
    /// ECS services by cluster and name.
    pub(super) services: BTreeMap<(String, String), Value>,
    /// Task definitions by ARN.
    pub(super) task_definitions: BTreeMap<String, Value>,
    /// Clusters by name.
    pub(super) clusters: BTreeMap<String, Value>,
    /// Namespaces by id.
    pub(super) namespaces: BTreeMap<String, Value>,
    /// Whether a whole list of namespaces was captured: then there are no others.
    pub(super) has_all_namespaces: bool,
    /// Cloud Map services by ARN, once any list of them was captured.
    pub(super) cloud_map: Option<BTreeMap<String, Value>>,
    /// Service deployments by ARN, as they are listed, and as they are described.
    pub(super) deployments: BTreeMap<String, Value>,
    /// Service revisions by ARN; null for one that AWS no longer had.
    pub(super) revisions: BTreeMap<String, Value>,
    /// The Cloud Map services of each namespace that was asked for, by ARN, if who captured it noted the namespace.
    pub(super) listed: BTreeMap<String, BTreeSet<String>>,
    /// The ECS services of each namespace that was asked for.
    pub(super) members: BTreeMap<String, BTreeSet<String>>,
    /// The clusters of which everything was to be captured, if a manifest lists them.
    pub(super) watched: Option<BTreeSet<String>>,
    /// The calls that were refused.
    pub(super) refused: BTreeMap<Call, Refused>,
    /// The services that were listed and not described, by cluster and name, as `failures` shows them.
    pub(super) undescribed: BTreeMap<(String, String), Value>,
    /// Namespaces that are named outside of the captures.
    pub(super) mentioned: BTreeSet<NamespaceRef>,
    /// Tasks by ARN.
    pub(super) tasks: BTreeMap<String, Value>,
    /// Cloud Map instances as they are listed, by id, for each namespace and service by name.
    pub(super) instances: BTreeMap<(String, String), BTreeMap<String, Value>>,
    /// Network interfaces and security groups, once any were captured.
    pub(super) network: Option<Network>,
    /// Remarks on the files.
    remarks: Vec<String>,
}

/// A text that holds something else than captures.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {found}")]
pub struct NotACapture {
    /// Where it stands: the file, and the place in it.
    pub place: String,
    /// What was found there.
    pub found: String,
}

/// The member by which the manifest of a folder is recognized.
pub(super) const MANIFEST: &str = "eastwestCapture";

/// The members by which the CLI's answers are recognized.
const KINDS: [(&str, Read); 13] = [
    (MANIFEST, Captures::add_manifest),
    ("services", Captures::add_services),
    ("taskDefinition", Captures::add_task_definition),
    ("clusters", Captures::add_clusters),
    ("Namespaces", Captures::add_namespaces),
    ("Services", Captures::add_cloud_map_services),
    ("serviceDeployments", Captures::add_deployments),
    ("serviceRevisions", Captures::add_revisions),
    ("tasks", Captures::add_tasks),
    ("Instances", Captures::add_instances),
    ("SecurityGroups", Captures::add_groups),
    ("NetworkInterfaces", Captures::add_interfaces),
    ("serviceArns", Captures::add_members),
];

/// Of these, the member is one object and no list.
const ONE: [&str; 2] = ["taskDefinition", MANIFEST];

type Read = fn(&mut Captures, &Spot<'_>, &Map<String, Value>) -> Result<(), NotACapture>;

/// Maps whose keys are free text, so that no key announces a time.
const FREE: [&str; 4] = ["dockerLabels", "options", "driverOpts", "labels"];
/// Members that are times. Others may be times too, but eastwest does not read them.
const TIMES: [&str; 15] = [
    "createdAt",
    "updatedAt",
    "registeredAt",
    "deregisteredAt",
    "startedAt",
    "finishedAt",
    "stoppedAt",
    "expiresAt",
    "connectivityAt",
    "executionStoppedAt",
    "pullStartedAt",
    "pullStoppedAt",
    "stoppingAt",
    "CreateDate",
    "UpdateDate",
];

/// A place in a file.
pub(super) struct Spot<'a> {
    file: &'a str,
    path: String,
}

impl Spot<'_> {
    pub(super) fn below(&self, path: &str) -> Self {
        let path = if self.path.is_empty() { path.to_owned() } else { join(&self.path, path) };
        Spot { file: self.file, path }
    }

    pub(super) fn wrong(&self, found: impl Into<String>) -> NotACapture {
        let file = self.file;
        let place =
            if self.path.is_empty() { file.to_owned() } else { format!("{file}: {}", self.path) };
        NotACapture { place, found: found.into() }
    }
}

impl Captures {
    /// The calls whose answers are understood, for people.
    pub const UNDERSTOOD: &str = "what the AWS CLI prints for `aws ecs describe-services --include TAGS`, `aws ecs describe-task-definition`, `aws ecs describe-clusters`, `aws servicediscovery list-namespaces`, `aws servicediscovery list-services`, `aws ecs list-service-deployments`, `aws ecs describe-service-deployments`, `aws ecs describe-service-revisions`, and for `verify` `aws ecs describe-tasks`, `aws servicediscovery discover-instances`, `aws ec2 describe-security-groups` and `aws ec2 describe-network-interfaces`";

    /// Reads a file's text. Mistakes are reported for all parts of it; the rest is kept.
    pub fn add(&mut self, file: &str, text: &str) -> Vec<NotACapture> {
        let whole = Spot { file, path: String::new() };
        let mut mistakes = Vec::new();
        let mut parts = 0;
        // PowerShell begins a file with a byte order mark.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for part in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
            parts += 1;
            match part {
                Ok(value) => self.add_part(&whole, value, &mut mistakes),
                Err(error) => mistakes.push(whole.wrong(format!("not JSON: {error}"))),
            }
        }
        if parts == 0 {
            mistakes.push(whole.wrong("it is empty"));
        }
        mistakes
    }

    fn add_part(&mut self, spot: &Spot<'_>, value: Value, mistakes: &mut Vec<NotACapture>) {
        match value {
            Value::Array(items) if !items.is_empty() => {
                for (at, item) in items.into_iter().enumerate() {
                    mistakes.extend(self.add_one(&spot.below(&format!("[{at}]")), item).err());
                }
            }
            one => mistakes.extend(self.add_one(spot, one).err()),
        }
    }

    fn add_one(&mut self, spot: &Spot<'_>, mut value: Value) -> Result<(), NotACapture> {
        as_sent(&mut value)
            .map_err(|path| spot.below(&path).wrong("it is no time, as 2026-12-24T18:00:00Z"))?;
        let Value::Object(members) = &value else {
            return Err(spot.wrong(format!("{}, not the answer of a call", kind_of(&value))));
        };
        let fits = |(key, _): &&(&str, Read)| match members.get(*key) {
            Some(Value::Array(_)) => !ONE.contains(key),
            Some(Value::Object(_)) => ONE.contains(key),
            _ => false,
        };
        match KINDS.iter().find(fits) {
            Some((_, read)) => read(self, spot, members),
            None => Err(spot.wrong(unknown(members))),
        }
    }

    /// API:DescribeServicesResponse.
    fn add_services(
        &mut self,
        spot: &Spot<'_>,
        members: &Map<String, Value>,
    ) -> Result<(), NotACapture> {
        let mut tagged = false;
        let services = list(members, "services");
        for (at, service) in services.iter().enumerate() {
            let spot = spot.below(&format!("services[{at}]"));
            text(service, "serviceArn", &spot)?;
            let cluster = resource(text(service, "clusterArn", &spot)?);
            let key = (cluster, text(service, "serviceName", &spot)?.to_owned());
            tagged |= service.get("tags").is_some();
            self.services.insert(key, service.clone());
        }
        if !services.is_empty() && !tagged {
            self.remark(
                spot,
                "no service has tags here: capture with --include TAGS, or no service has opted in",
            );
        }
        for failure in list(members, "failures") {
            let member = |key| failure.get(key).and_then(Value::as_str).unwrap_or("?");
            let remark = format!("{} was not described: {}", member("arn"), member("reason"));
            self.remark(spot, &remark);
        }
        Ok(())
    }

    /// API:DescribeTaskDefinitionResponse.
    fn add_task_definition(
        &mut self,
        spot: &Spot<'_>,
        members: &Map<String, Value>,
    ) -> Result<(), NotACapture> {
        let definition = &members["taskDefinition"];
        let arn = text(definition, "taskDefinitionArn", &spot.below("taskDefinition"))?;
        self.task_definitions.insert(arn.to_owned(), definition.clone());
        Ok(())
    }

    /// API:DescribeClustersResponse.
    fn add_clusters(
        &mut self,
        spot: &Spot<'_>,
        members: &Map<String, Value>,
    ) -> Result<(), NotACapture> {
        for (at, cluster) in list(members, "clusters").iter().enumerate() {
            let spot = spot.below(&format!("clusters[{at}]"));
            text(cluster, "clusterArn", &spot)?;
            let name = text(cluster, "clusterName", &spot)?;
            self.clusters.insert(name.to_owned(), cluster.clone());
        }
        Ok(())
    }

    /// SD:ListNamespacesResponse. One with a token is not the whole list.
    fn add_namespaces(
        &mut self,
        spot: &Spot<'_>,
        members: &Map<String, Value>,
    ) -> Result<(), NotACapture> {
        for (at, namespace) in list(members, "Namespaces").iter().enumerate() {
            let spot = spot.below(&format!("Namespaces[{at}]"));
            text(namespace, "Arn", &spot)?;
            text(namespace, "Name", &spot)?;
            let id = text(namespace, "Id", &spot)?;
            self.namespaces.insert(id.to_owned(), namespace.clone());
        }
        self.has_all_namespaces |= !members.contains_key("NextToken");
        Ok(())
    }

    /// SD:ListServicesResponse.
    fn add_cloud_map_services(
        &mut self,
        spot: &Spot<'_>,
        members: &Map<String, Value>,
    ) -> Result<(), NotACapture> {
        let services = list(members, "Services");
        for (at, service) in services.iter().enumerate() {
            let spot = spot.below(&format!("Services[{at}]"));
            text(service, "Name", &spot)?;
            text(service, "Arn", &spot)?;
        }
        self.keep_cloud_map_services(members.get("NamespaceId").and_then(Value::as_str), services);
        Ok(())
    }

    /// API:ListServicesByNamespaceResponse, with the namespace that was asked for.
    fn add_members(
        &mut self,
        spot: &Spot<'_>,
        members: &Map<String, Value>,
    ) -> Result<(), NotACapture> {
        let namespace = members.get("namespace").and_then(Value::as_str);
        let namespace = namespace.ok_or_else(|| spot.wrong(unknown(members)))?;
        let arns = list(members, "serviceArns").iter().filter_map(Value::as_str);
        let known = self.members.entry(namespace.to_owned()).or_default();
        known.extend(arns.map(str::to_owned));
        Ok(())
    }

    /// API:ListServiceDeploymentsResponse, API:DescribeServiceDeploymentsResponse: one list with two kinds of entries.
    fn add_deployments(
        &mut self,
        spot: &Spot<'_>,
        members: &Map<String, Value>,
    ) -> Result<(), NotACapture> {
        for (at, deployment) in list(members, "serviceDeployments").iter().enumerate() {
            let spot = spot.below(&format!("serviceDeployments[{at}]"));
            text(deployment, "serviceArn", &spot)?;
            text(deployment, "serviceDeploymentArn", &spot)?;
            self.keep_deployment(deployment);
        }
        Ok(())
    }

    /// API:DescribeServiceRevisionsResponse.
    fn add_revisions(
        &mut self,
        spot: &Spot<'_>,
        members: &Map<String, Value>,
    ) -> Result<(), NotACapture> {
        for (at, revision) in list(members, "serviceRevisions").iter().enumerate() {
            let spot = spot.below(&format!("serviceRevisions[{at}]"));
            let arn = text(revision, "serviceRevisionArn", &spot)?;
            self.revisions.insert(arn.to_owned(), revision.clone());
        }
        self.note_missing_revisions(list(members, "failures"));
        Ok(())
    }

    pub(super) fn remark(&mut self, spot: &Spot<'_>, words: &str) {
        self.remarks.push(one_line(&spot.wrong(words).to_string()));
    }

    /// Whether any service was captured.
    pub fn has_services(&self) -> bool {
        !self.services.is_empty()
    }

    /// The values that a tag has on the captured services.
    pub fn tag_values<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        let tags = self.services.values().flat_map(|service| items(service, "tags"));
        let named = tags.filter(move |tag| tag.get("key").and_then(Value::as_str) == Some(key));
        named.filter_map(|tag| tag.get("value").and_then(Value::as_str))
    }

    /// Notes that a namespace is named outside of the captures: in a tag, or in a flag.
    pub fn mention(&mut self, namespace: NamespaceRef) {
        self.mentioned.insert(namespace);
    }

    /// What was not captured and what is taken instead, for people; one line each.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.remarks.clone();
        notes.extend(self.refused_notes());
        if !self.has_all_namespaces {
            notes.push("namespaces were not captured: names are taken as written, and a name and an id are two; to be exact, add `aws servicediscovery list-namespaces`".to_owned());
        }
        notes.extend(self.missing_clusters());
        if self.cloud_map.is_none() {
            notes.push("Cloud Map services were not captured, so names that are left over there are not seen; to be exact, add `aws servicediscovery list-services`".to_owned());
        }
        notes
    }

    fn missing_clusters(&self) -> Option<String> {
        let places = self.services.keys().map(|(cluster, _)| cluster.as_str());
        // Of other clusters, a folder has only the services that share a namespace, as a look has.
        let places = places.filter(|cluster| {
            self.watched.as_ref().is_none_or(|watched| watched.contains(*cluster))
        });
        let missing = places.filter(|cluster| !self.clusters.contains_key(*cluster));
        let missing: BTreeSet<&str> = missing.collect();
        let names: Vec<&str> = missing.into_iter().collect();
        (!names.is_empty()).then(|| {
            one_line(&format!(
                "clusters were not captured and are taken to have no default namespace; to be exact, add `aws ecs describe-clusters --clusters {}`",
                names.join(" ")
            ))
        })
    }
}

/// What a thing is that is no capture; `members` may be anybody's text.
fn unknown(members: &Map<String, Value>) -> String {
    let known = [
        ("serviceArns", "the answer of `aws ecs list-services`: describe these services"),
        ("taskArns", "the answer of `aws ecs list-tasks`: describe these tasks"),
        ("clusterArns", "the answer of `aws ecs list-clusters`: describe these clusters"),
        ("serviceDeploymentArn", "a part of an answer: capture it whole, without --query"),
        ("serviceArn", "a part of an answer: capture it whole, without --query"),
        ("taskDefinitionArn", "a part of an answer: capture it whole, without --query"),
    ];
    if let Some((_, found)) = known.iter().find(|(key, _)| members.contains_key(*key)) {
        return (*found).to_owned();
    }
    if members.is_empty() {
        return "an empty JSON object".to_owned();
    }
    let names: Vec<&str> = members.keys().take(5).map(String::as_str).collect();
    let more = if members.len() > names.len() { ", …" } else { "" };
    one_line(&format!("a JSON object with {}{more}", names.join(", ")))
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an empty list",
        Value::Object(_) => "an object",
    }
}

pub(super) fn list<'a>(members: &'a Map<String, Value>, key: &str) -> &'a [Value] {
    members.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The text of a member; empty where there is none.
pub(super) fn word<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The list that a member is; nothing where it is none.
pub(super) fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub(super) fn text<'a>(
    value: &'a Value,
    key: &str,
    spot: &Spot<'_>,
) -> Result<&'a str, NotACapture> {
    let sane = |text: &&str| !text.is_empty() && !text.chars().any(char::is_control);
    let found = value.get(key).and_then(Value::as_str).filter(sane);
    found.ok_or_else(|| spot.wrong(format!("no {key}, which every answer of AWS has here")))
}

pub(super) fn resource(arn: &str) -> String {
    Arn::as_read(arn).resource().to_owned()
}

/// Brings a value back to what AWS sent: times as numbers, nothing for null, and of the events of services, which are
/// most of an answer, only those that are read. The path of what is no time, if something should be one.
pub(super) fn as_sent(value: &mut Value) -> Result<(), String> {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            if let Some(Value::Array(events)) = members.get_mut("events") {
                events.truncate(EVENTS);
            }
            let bound = |(key, _): &(&String, &mut Value)| !FREE.contains(&key.as_str());
            for (key, member) in members.iter_mut().filter(bound) {
                member_as_sent(key, member).map_err(|path| join(key, &path))?;
            }
        }
        Value::Array(items) => {
            items.retain(|item| !item.is_null());
            for (at, item) in items.iter_mut().enumerate() {
                as_sent(item).map_err(|path| join(&format!("[{at}]"), &path))?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn member_as_sent(key: &str, member: &mut Value) -> Result<(), String> {
    match member {
        Value::String(text) if TIMES.contains(&key) => {
            *member = Value::from(seconds(text).ok_or_else(String::new)?);
            Ok(())
        }
        _ => as_sent(member),
    }
}

fn join(parent: &str, path: &str) -> String {
    let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
    format!("{parent}{dot}{path}")
}

/// Seconds since 1970. The CLI writes a `T` between day and time, Python by itself a space.
fn seconds(text: &str) -> Option<f64> {
    let text = text.replacen(' ', "T", 1);
    let moment = DateTime::from_str(&text, Format::DateTimeWithOffset).ok()?;
    Some(moment.as_secs_f64())
}
