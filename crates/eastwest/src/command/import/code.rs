//! The tags as code for the tool that owns the services: a tag that the tool does not know is removed by its next apply.
//!
//! What is printed is whole: a file of Terraform, or YAML with a document for each service.

use std::collections::BTreeMap;

use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::ecs::text::printable;
use eastwest_core::report::survey::Imported;

use crate::api::text::line;

/// A map of tags for Terraform.
pub(super) fn terraform(imported: &BTreeMap<ServiceKey, Imported>) -> String {
    let mut text = String::new();
    line(
        &mut text,
        format_args!(
            "# Tags that describe what is deployed: a plan with them changes nothing. Each aws_ecs_service takes its own:\n\
             #   tags = merge(local.eastwest_tags[\"CLUSTER/SERVICE\"], {{ … }})\n\
             locals {{\n  eastwest_tags = {{"
        ),
    );
    for (key, new) in imported {
        remarks(&mut text, "    ", new);
        line(&mut text, format_args!("    {} = {{", hcl(&key.to_string())));
        for (tag, value) in &new.tags {
            line(&mut text, format_args!("      {} = {}", hcl(tag), hcl(value)));
        }
        line(&mut text, format_args!("    }}"));
    }
    text.push_str("  }\n}\n");
    text
}

/// The `Tags` of each service for CloudFormation.
pub(super) fn cloudformation(
    imported: &BTreeMap<ServiceKey, Imported>,
) -> serde_json::Result<String> {
    let mut text = String::new();
    line(
        &mut text,
        format_args!(
            "# Tags that describe what is deployed: a plan with them changes nothing. Each belongs to the Properties of its\n\
             # AWS::ECS::Service."
        ),
    );
    for (key, new) in imported {
        line(
            &mut text,
            format_args!("---\n{}", comment(&format!("{key}, ServiceName: {}", key.name))),
        );
        remarks(&mut text, "", new);
        line(&mut text, format_args!("Tags:"));
        for (tag, value) in &new.tags {
            // A string of JSON is one of YAML, too.
            let (tag, value) = (serde_json::to_string(tag)?, serde_json::to_string(value)?);
            line(&mut text, format_args!("  - Key: {tag}\n    Value: {value}"));
        }
    }
    Ok(text)
}

/// What no tag expresses, and which tags are to go.
fn remarks(text: &mut String, indent: &str, new: &Imported) {
    for words in &new.inexpressible {
        let words = format!("kept as deployed, because no tag can express it: {words}");
        line(text, format_args!("{indent}{}", comment(&words)));
    }
    for tag in &new.stale {
        line(text, format_args!("{indent}{}", comment(&format!("remove its tag {tag}"))));
    }
}

/// A comment of one line, in a shell, in HCL and in YAML.
pub(super) fn comment(text: &str) -> String {
    format!("# {}", printable(text, usize::MAX))
}

/// A quoted string of HCL, in which `${` and `%{` begin templates.
fn hcl(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted.replace("${", "$${").replace("%{", "%%{")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_ends_its_quote_or_begins_a_template() {
        assert_eq!(hcl("a\"b\\c\n${d} %{e}"), r#""a\"b\\c\n$${d} %%{e}""#);
        assert_eq!(comment("a\nb"), "# a\u{fffd}b");
        assert_eq!(comment("a\u{2028}b"), "# a\u{fffd}b", "YAML 1.1 breaks the line there, too");
    }
}
