//! A plan of Terraform or OpenTofu, as `terraform show -json FILE` prints it: which services it changes, and their tags.
//!
//! The format is HashiCorp's ("JSON Output Format", `format_version` 1.x and, before Terraform 1.1, 0.x). Values that only
//! the apply tells are left out of `after` and marked in `after_unknown`; sensitive values stand there in plain text and are
//! marked in `after_sensitive`. The provider puts the tags of `default_tags` into `tags_all`. Members that we do not know
//! are ignored, as the format asks for.
//!
//! **Invariant:** a sensitive value is never read as a tag, so nothing can show it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use super::issue::Issue;
use super::proposed::{Deed, Proposed, UNKNOWN_CLUSTER};
use super::tag_prefix::TagPrefix;
use crate::ecs::name::{Arn, ClusterName, EcsServiceName};
use crate::ecs::text::printable;

/// The resource that an ECS service is.
const SERVICE: &str = "aws_ecs_service";
/// How to get what is read here.
const HOW: &str = "terraform plan -out=FILE, then terraform show -json FILE";

/// What a plan is about to do to services.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TerraformPlan {
    /// The services whose tags of ours change, and those that come or go.
    pub services: Vec<Proposed>,
    /// What is to be known about the plan as a whole.
    pub notes: Vec<String>,
}

/// Why a text is no plan: what it is, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAPlan(String);

impl std::error::Error for NotAPlan {}

impl fmt::Display for NotAPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads a plan.
pub fn read(text: &str, prefix: &TagPrefix) -> Result<TerraformPlan, NotAPlan> {
    let plan = plan_of(text)?;
    let mut notes = Vec::new();
    if plan.get("errored") == Some(&Value::Bool(true)) {
        notes.push(
            "terraform could not make this plan to its end: what it lacks is not checked"
                .to_owned(),
        );
    } else if plan.get("complete") == Some(&Value::Bool(false)) {
        notes.push(
            "terraform deferred changes: a later plan has them, and they are not checked"
                .to_owned(),
        );
    }
    let changes = list(&plan, "resource_changes").iter();
    // A deposed object is what a replacement leaves behind: the service of that name is another one already.
    let services = changes.filter(|change| {
        word(change, "type") == SERVICE
            && word(change, "mode") != "data"
            && change.get("deposed").is_none()
    });
    Ok(TerraformPlan {
        services: services.filter_map(|one| proposed(one, prefix)).collect(),
        notes,
    })
}

/// The plan that a text is; or what else it is.
fn plan_of(text: &str) -> Result<Value, NotAPlan> {
    let refused = |words: &str| NotAPlan(format!("{words}: {HOW}"));
    // PowerShell begins a file with a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let plan: Value = match serde_json::from_str(text) {
        Ok(plan) => plan,
        Err(_) if is_stream(text) => {
            return Err(refused(
                "it is what `terraform plan -json` prints while it works, and not the plan",
            ));
        }
        Err(_) if text.trim().is_empty() => {
            return Err(refused("it is empty, and not the JSON of a plan"));
        }
        Err(error) => {
            return Err(refused(&format!("not JSON ({error}), so not the JSON of a plan")));
        }
    };
    if plan.get("lineage").is_some()
        || (plan.get("serial").is_some() && plan.get("version").is_some())
    {
        return Err(refused("it is a state file, and not a plan"));
    }
    let Some(version) = plan.get("format_version").and_then(Value::as_str) else {
        return Err(refused("it has no format_version, so it is not the JSON of a plan"));
    };
    let major = version.split('.').next().unwrap_or_default();
    if !["0", "1"].contains(&major) {
        let version = printable(version, 20);
        return Err(NotAPlan(format!(
            "its format_version is {version:?}, and this eastwest reads 0.x and 1.x: take a newer eastwest"
        )));
    }
    if plan.get("resource_changes").is_none() && plan.get("planned_values").is_none() {
        let is_state = plan.get("values").is_some();
        let what = if is_state {
            "it is the JSON of a state, and not of a plan"
        } else {
            "it has neither resource_changes nor planned_values, so it is not the JSON of a plan"
        };
        return Err(refused(what));
    }
    Ok(plan)
}

/// Whether a text is one JSON object a line, as Terraform tells its progress.
fn is_stream(text: &str) -> bool {
    let first = text.trim_start().lines().next().unwrap_or_default();
    serde_json::from_str::<Value>(first).is_ok_and(|line| line.get("@level").is_some())
}

/// What one change of a service is to eastwest; none where it is nothing.
fn proposed(change: &Value, prefix: &TagPrefix) -> Option<Proposed> {
    let address = printable(word(change, "address"), 256);
    let change = change.get("change")?;
    let actions: BTreeSet<&str> =
        list(change, "actions").iter().filter_map(Value::as_str).collect();
    let deed = match (actions.contains("create"), actions.contains("delete")) {
        (true, true) => Deed::Replace,
        (true, false) => Deed::Create,
        (false, true) => Deed::Delete,
        (false, false) if actions.contains("update") => Deed::Update,
        // `no-op`, `read`, and `forget`, which leaves the service as it is.
        (false, false) => return None,
    };
    let (before, after) = (&change["before"], &change["after"]);
    let values = if deed == Deed::Delete { before } else { after };
    let tags = tags(change, prefix, deed);
    if deed == Deed::Update && !tags.change(before, prefix) {
        return None;
    }
    let mut advice = tags.advice(prefix);
    advice.extend(rival(change, &tags, prefix));
    let cluster = Some(word(values, "cluster")).filter(|text| !text.is_empty());
    let name = Some(word(values, "name")).filter(|text| !text.is_empty()).unwrap_or(&address);
    let place = cluster.map_or(UNKNOWN_CLUSTER, |text| text.rsplit('/').next().unwrap_or(text));
    Some(Proposed {
        deed,
        cluster: ClusterName::as_read(place),
        name: EcsServiceName::as_read(name),
        arn: arn(word(before, "id"), cluster, place, name),
        tasks: after
            .get("desired_count")
            .and_then(Value::as_u64)
            .map_or(1, |count| u32::try_from(count).unwrap_or(u32::MAX)),
        is_complete: tags.unknown.is_empty() && !tags.is_hidden,
        tags: tags.known,
        advice,
        address,
    })
}

/// The ARN of the service; of one that is to come, as its cluster's ARN tells.
fn arn(id: &str, cluster: Option<&str>, place: &str, name: &str) -> Arn {
    if id.contains(":service/") {
        return Arn::as_read(id);
    }
    let region = cluster.and_then(|cluster| cluster.split_once(":cluster/"));
    let region = region.map_or("arn:aws:ecs::", |(region, _)| region);
    Arn::as_read(&format!("{region}:service/{place}/{name}"))
}

/// The tags of a service after the plan.
struct Tags {
    known: BTreeMap<String, String>,
    /// The tags of ours that only the apply tells.
    unknown: Vec<String>,
    /// The tags of ours that are marked as sensitive.
    sensitive: Vec<String>,
    /// Whether not even their keys are known.
    is_hidden: bool,
}

/// All tags of a service, those of the provider's `default_tags` among them.
fn tags(change: &Value, prefix: &TagPrefix, deed: Deed) -> Tags {
    let nothing = Tags {
        known: BTreeMap::new(),
        unknown: Vec::new(),
        sensitive: Vec::new(),
        is_hidden: false,
    };
    if deed == Deed::Delete {
        return nothing;
    }
    let mut tags = nothing;
    for member in ["tags", "tags_all"] {
        let sensitive = marked(change, "after_sensitive", member, prefix);
        let unknown = marked(change, "after_unknown", member, prefix);
        // While `tags` are known in part, the provider marks all of `tags_all`.
        tags.is_hidden |= unknown.is_none() && member == "tags" || sensitive.is_none();
        let sensitive = sensitive.unwrap_or_default();
        let values = change["after"].get(member).and_then(Value::as_object).into_iter().flatten();
        let texts = values.filter_map(|(key, value)| Some((key, value.as_str()?)));
        let shown = texts.filter(|(key, _)| !sensitive.contains(key));
        tags.known.extend(shown.map(|(key, value)| (key.clone(), value.to_owned())));
        tags.unknown.extend(unknown.unwrap_or_default());
        tags.sensitive.extend(sensitive);
    }
    for keys in [&mut tags.unknown, &mut tags.sensitive] {
        keys.sort();
        keys.dedup();
    }
    tags.known.retain(|key, _| !tags.sensitive.contains(key));
    tags.unknown.extend(tags.sensitive.iter().cloned());
    tags
}

/// The tags of ours that are marked in `after_unknown` or `after_sensitive`; none where all tags are marked at once.
fn marked(change: &Value, marks: &str, member: &str, prefix: &TagPrefix) -> Option<Vec<String>> {
    match change.get(marks).map(|marks| marks.get(member).unwrap_or(marks)) {
        Some(Value::Bool(true)) => None,
        Some(Value::Object(keys)) => {
            let keys = keys.iter().filter(|(key, mark)| {
                **mark == Value::Bool(true) && key.starts_with(prefix.as_str())
            });
            Some(keys.map(|(key, _)| key.clone()).collect())
        }
        _ => Some(Vec::new()),
    }
}

impl Tags {
    /// Whether a tag of ours is another one afterwards, or may be.
    fn change(&self, before: &Value, prefix: &TagPrefix) -> bool {
        let member =
            if before.get("tags_all").is_some_and(Value::is_object) { "tags_all" } else { "tags" };
        let before = before.get(member).and_then(Value::as_object).into_iter().flatten();
        let before = before.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)));
        let after = self.known.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let is_ours = |(key, _): &(&str, &str)| key.starts_with(prefix.as_str());
        let before: BTreeMap<&str, &str> = before.filter(is_ours).collect();
        let after: BTreeMap<&str, &str> = after.filter(is_ours).collect();
        self.is_hidden || !self.unknown.is_empty() || before != after
    }

    fn advice(&self, prefix: &TagPrefix) -> Vec<Issue> {
        let mut advice = Vec::new();
        for key in &self.unknown {
            let words = if self.sensitive.contains(key) {
                "it is marked as sensitive, so it is not read here, and the service is not checked further. Everybody who may describe the service can read its tags: do not mark it"
            } else {
                "only the apply tells it, so the service is not checked further"
            };
            advice.push(Issue::new(key, "", words).advice());
        }
        if self.is_hidden {
            let words = "only the apply tells the tags, or they are marked as sensitive, so the service is not checked further";
            advice.push(Issue::new(prefix.as_str(), "", words).advice());
        }
        advice
    }
}

/// Terraform sets the configuration itself, and eastwest is asked to do so as well.
fn rival(change: &Value, tags: &Tags, prefix: &TagPrefix) -> Option<Issue> {
    let block = |side: &str| change[side].get("service_connect_configuration").cloned();
    let (before, after) = (block("before"), block("after"));
    let sets = after.as_ref().and_then(Value::as_array).is_some_and(|all| !all.is_empty());
    let is_ours = tags.known.contains_key(&prefix.key("mode"));
    (sets && is_ours && before != after).then(|| {
        let words = "Terraform sets it, and the tags ask eastwest to. Unless the lifecycle of the resource has ignore_changes = [service_connect_configuration], each takes back what the other does";
        Issue::new("service_connect_configuration", "", words).advice()
    })
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn word<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests;
