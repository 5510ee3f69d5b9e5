//! The tools that people deploy ECS services with, as far as a service shows which one made it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::text::printable;

/// The tool that owns a service, if its tags show it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub enum Tool {
    /// `CloudFormation`, or what writes its templates.
    CloudFormation,
    /// Terraform or `OpenTofu`.
    Terraform,
    /// Pulumi.
    Pulumi,
    /// The tags do not show it.
    #[default]
    Unknown,
}

impl Tool {
    /// The tool that the tags show. `CloudFormation` sets tags under a prefix that is reserved for it. For the other
    /// tools we know only what people usually write.
    pub fn of(tags: &BTreeMap<String, String>) -> Self {
        let lower = |(key, value): (&String, &String)| {
            (key.to_ascii_lowercase(), value.to_ascii_lowercase())
        };
        let tags: Vec<(String, String)> = tags.iter().map(lower).collect();
        let is_told = |tool: &Self| tags.iter().any(|(key, value)| tool.is_told_by(key, value));
        let known = [Self::CloudFormation, Self::Pulumi, Self::Terraform];
        known.into_iter().find(is_told).unwrap_or_default()
    }

    /// What is kept in place of a tag's value that shows the tool; none for a tag that shows none. The value itself is
    /// anybody's text.
    pub fn kept_value(key: &str, value: &str) -> Option<&'static str> {
        match Self::of(&BTreeMap::from([(key.to_owned(), value.to_owned())])) {
            Self::CloudFormation => Some("cloudformation"),
            Self::Terraform => Some("terraform"),
            Self::Pulumi => Some("pulumi"),
            Self::Unknown => None,
        }
    }

    /// Whether a tag, in lower case, names this tool: `Terraform=true`, `managed-by=terraform`, `pulumi:project=…`,
    /// `aws-cdk:…`.
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

    /// The text to paste so that the tool leaves Service Connect alone. The name `service` is untrusted.
    pub(crate) fn snippet(self, service: &str) -> String {
        // The name must not end the line or the quotes around it.
        let name = printable(service, 255).replace(['"', '\\'], "\u{fffd}");
        match self {
            Self::Terraform => format!(
                "# Terraform, in the aws_ecs_service resource with name = \"{name}\":\nlifecycle {{\n  ignore_changes = [service_connect_configuration]\n}}\n"
            ),
            Self::Pulumi => format!(
                "// Pulumi, among the resource options of the aws.ecs.Service with name \"{name}\":\n{{ ignoreChanges: [\"serviceConnectConfiguration\"] }}\n"
            ),
            Self::CloudFormation => format!(
                "# CloudFormation, in the AWS::ECS::Service with ServiceName \"{name}\": CloudFormation cannot ignore a property, so remove this one from the template:\n#   Properties:\n#     ServiceConnectConfiguration\n# In CDK: (service.node.defaultChild as ecs.CfnService).addPropertyDeletionOverride(\"ServiceConnectConfiguration\");\n# A stack update changes only what differs between the old and the new template. If the update that removes the\n# property changes the service all the same, eastwest sets it once more. Later updates leave it alone.\n"
            ),
            Self::Unknown => {
                [Self::Terraform, Self::CloudFormation].map(|tool| tool.snippet(service)).concat()
            }
        }
    }
}

/// The keys of tags that usually name the tool, as letters and digits alone.
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
