//! Somebody else who keeps changing a service back.
//!
//! Two writers that each insist roll a service for ever. Who wrote a deployment is not told, but whatever leads away
//! from what is wanted was not ours, so the service's own deployments show the fight and a restart forgets nothing. It
//! was ours after all where what is wanted goes to and fro; those that we began since our start are known and left out.
//! AWS wrote the times in them, and they are compared only with one another; how long the last word of the other has
//! stood is a matter of our own clock, and of [`crate::guard`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::declaration::issue::printable;
use crate::ecs::canonical::{Canonical, Change, Field, Ground, canonical, changes};
use crate::ecs::name::ServiceKey;
use crate::ecs::time::AwsTime;
use crate::view::history::Past;

/// So many times the same field is changed back within an hour before we stop insisting.
const REVERTS: usize = 3;
/// A deployment and its service deployment are created this close together.
const TOLD_APART: Duration = Duration::from_secs(2);
const HOUR: Duration = Duration::from_hours(1);
/// For so long what the other one made of it is left alone, on our own clock.
pub(crate) const TRUCE: Duration = Duration::from_hours(1);

/// A fight over some fields of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contention {
    /// The service.
    pub service: ServiceKey,
    /// What is changed back.
    pub fields: BTreeSet<Field>,
    /// How often, that which was changed back most.
    pub reverts: usize,
    /// What seems to own the service.
    pub tool: Tool,
}

/// The tool that owns a service, as far as its tags tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub enum Tool {
    /// `CloudFormation`, or what writes its templates.
    CloudFormation,
    /// Terraform or `OpenTofu`.
    Terraform,
    /// Pulumi.
    Pulumi,
    /// Not told.
    #[default]
    Unknown,
}

impl Tool {
    /// What the tags tell. `CloudFormation` sets its own, under a prefix that nobody else can use; of the others only
    /// habits are known.
    pub fn of(tags: &BTreeMap<String, String>) -> Self {
        let lower = |(key, value): (&String, &String)| {
            (key.to_ascii_lowercase(), value.to_ascii_lowercase())
        };
        let tags: Vec<(String, String)> = tags.iter().map(lower).collect();
        let is_told = |tool: &Self| tags.iter().any(|(key, value)| tool.is_told_by(key, value));
        let known = [Self::CloudFormation, Self::Pulumi, Self::Terraform];
        known.into_iter().find(is_told).unwrap_or_default()
    }

    /// Whether a tag, in lower case, says so: `Terraform=true`, `managed-by=terraform`, `pulumi:project=…`, `aws-cdk:…`.
    fn is_told_by(self, key: &str, value: &str) -> bool {
        let names: &[&str] = match self {
            Self::CloudFormation => {
                if key.starts_with("aws:cloudformation:") || key.starts_with("aws-cdk:") {
                    return true;
                }
                &["cloudformation", "cdk"]
            }
            Self::Terraform => &["terraform", "opentofu"],
            Self::Pulumi => &["pulumi"],
            Self::Unknown => return false,
        };
        let bare: String = key.chars().filter(char::is_ascii_alphanumeric).collect();
        let owner = MANAGERS.contains(&bare.as_str());
        let denied = ["false", "no", "0"].contains(&value);
        names
            .iter()
            .any(|name| (owner && value.contains(name)) || (key.starts_with(name) && !denied))
    }

    /// What makes the tool leave Service Connect alone, ready to be pasted; `service` is its name, which anybody may
    /// have chosen.
    fn snippet(self, service: &str) -> String {
        // Neither ends the line nor the quotes that it stands in.
        let name = printable(service, 255).replace(['"', '\\'], "\u{fffd}");
        match self {
            Self::Terraform => format!(
                "# Terraform, in the aws_ecs_service resource with name = \"{name}\":\nlifecycle {{\n  ignore_changes = [service_connect_configuration]\n}}\n"
            ),
            Self::Pulumi => format!(
                "// Pulumi, among the resource options of the aws.ecs.Service with name \"{name}\":\n{{ ignoreChanges: [\"serviceConnectConfiguration\"] }}\n"
            ),
            Self::CloudFormation => format!(
                "# CloudFormation, in the AWS::ECS::Service with ServiceName \"{name}\": it cannot ignore a property, so take this one out of the template:\n#   Properties:\n#     ServiceConnectConfiguration\n# In CDK: (service.node.defaultChild as ecs.CfnService).addPropertyDeletionOverride(\"ServiceConnectConfiguration\");\n# A stack update changes only what the new template says otherwise than the old one. Should the update that takes it\n# out change the service all the same, eastwest sets it once more, and later updates leave it alone.\n"
            ),
            Self::Unknown => {
                [Self::Terraform, Self::CloudFormation].map(|tool| tool.snippet(service)).concat()
            }
        }
    }
}

/// The keys under which people write what made a thing, without their signs.
const MANAGERS: [&str; 8] = [
    "managedby",
    "provisionedby",
    "provisioner",
    "createdby",
    "createdwith",
    "deployedby",
    "iac",
    "tool",
];

impl Contention {
    /// What makes the tool that owns the service leave the fields alone; of several tools where that is not known.
    pub fn snippet(&self) -> String {
        self.tool.snippet(self.service.name.as_str())
    }
}

impl fmt::Display for Contention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields: Vec<&str> = self.fields.iter().map(Into::into).collect();
        let times = self.reverts;
        write!(f, "something else changed {} back {times} times within an hour", fields.join(", "))
    }
}

/// The fight over what is to be changed, if there is one: fields that at least three deployments within an hour led away
/// from what is wanted, each after one that had them as wanted.
pub(crate) fn contention(
    (service, tool): (&ServiceKey, Tool),
    (wanted, differing): (Option<&Canonical>, &[Change]),
    (lately, ours, ground): (&[Past], &[AwsTime], &Ground<'_>),
) -> Option<Contention> {
    if lately.len() < REVERTS {
        return None;
    }
    let differing: BTreeSet<Place> = differing.iter().map(place).collect();
    let reverts = reverts(wanted, (lately, ours), ground).into_iter();
    // What is as wanted now is not fought over, whatever became of it before.
    let counts = reverts.filter(|(place, _)| differing.contains(place));
    let counts = counts.map(|((field, _), times)| (field, most_within(HOUR, &times)));
    let fights: BTreeMap<Field, usize> = counts.filter(|(_, count)| *count >= REVERTS).collect();
    let reverts = fights.values().max().copied()?;
    let mut fields: BTreeSet<Field> = fights.into_keys().collect();
    if fields.contains(&Field::Enabled) {
        // With it goes all else.
        fields.retain(|field| *field == Field::Enabled);
    }
    Some(Contention { service: service.clone(), fields, reverts, tool })
}

/// How many of these times, oldest first, lie within one span at most.
fn most_within(span: Duration, times: &[AwsTime]) -> usize {
    let count = |first: usize| {
        let from = times[first];
        times[first..].iter().take_while(|at| at.since(from) <= span).count()
    };
    (0..times.len()).map(count).max().unwrap_or_default()
}

/// Whether two times are of one deployment: as `UpdateService` and as its service deployment tell it.
fn is_same(one: AwsTime, other: AwsTime) -> bool {
    one.since(other).max(other.since(one)) <= TOLD_APART
}

/// A field, and of which endpoint.
type Place = (Field, Option<String>);

fn place(change: &Change) -> Place {
    (change.field, change.endpoint.clone())
}

/// When each field was led away from what is wanted, oldest first; `lately` is newest first. What ECS took back counts as
/// well, for whoever sent it superseded what was there; but it is not what was there before the next.
fn reverts(
    wanted: Option<&Canonical>,
    (lately, ours): (&[Past], &[AwsTime]),
    ground: &Ground<'_>,
) -> BTreeMap<Place, Vec<AwsTime>> {
    let mut reverts: BTreeMap<Place, Vec<AwsTime>> = BTreeMap::new();
    let mut before: Option<BTreeSet<Place>> = None;
    for past in lately.iter().rev() {
        let connect = past.connect.as_ref().map(|connect| canonical(connect, ground));
        let away = if connect.as_ref() == wanted {
            BTreeSet::new()
        } else {
            changes(connect.as_ref(), wanted).iter().map(place).collect()
        };
        let is_ours = ours.iter().any(|at| is_same(*at, past.created_at));
        let before_it = before.as_ref().filter(|_| !is_ours);
        for place in before_it.iter().flat_map(|before| away.difference(before)) {
            reverts.entry(place.clone()).or_default().push(past.created_at);
        }
        if !past.is_taken_back() {
            before = Some(away);
        }
    }
    reverts
}

#[cfg(test)]
mod tests;
