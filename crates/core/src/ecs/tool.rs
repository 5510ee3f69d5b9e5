//! The tools that people deploy ECS services with, as far as a service shows which one made it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::text::printable;

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
    pub(crate) fn snippet(self, service: &str) -> String {
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
                "# CloudFormation, in the AWS::ECS::Service with ServiceName \"{name}\": CloudFormation cannot ignore a property, so remove this one from the template:\n#   Properties:\n#     ServiceConnectConfiguration\n# In CDK: (service.node.defaultChild as ecs.CfnService).addPropertyDeletionOverride(\"ServiceConnectConfiguration\");\n# A stack update changes only what the new template says otherwise than the old one. Should the update that takes it\n# out change the service all the same, eastwest sets it once more, and later updates leave it alone.\n"
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
