//! The IAM policies of `deploy/iam`, out of the JSON that `eastwest iam` prints.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A policy, its members in the order in which people write them.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Policy {
    version: String,
    statement: Vec<Statement>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    sid: String,
    effect: String,
    action: Vec<String>,
    resource: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<Value>,
}

/// The path and the text of each policy.
pub(super) fn pages(printed: &str) -> Result<Vec<(String, String)>> {
    let policies: BTreeMap<String, Policy> =
        serde_json::from_str(printed).context("what `eastwest iam` prints")?;
    let page = |(name, policy): (String, Policy)| {
        let text = serde_json::to_string_pretty(&policy).context("a policy")?;
        Ok((format!("deploy/iam/{name}.json"), format!("{text}\n")))
    };
    policies.into_iter().map(page).collect()
}

#[cfg(test)]
mod tests {
    use super::pages;

    #[test]
    fn a_policy_becomes_a_file_that_reads_from_its_name_to_its_condition() {
        let printed = r#"{"look": {"Statement": [{"Action": ["a:B"], "Effect": "Allow", "Resource": ["*"],
            "Sid": "Look"}], "Version": "2012-10-17"}}"#;
        let [(path, text)] = &pages(printed).unwrap()[..] else { panic!("one page") };
        assert_eq!(path, "deploy/iam/look.json");
        let order = ["Version", "Statement", "Sid", "Effect", "Action", "Resource"];
        let at: Vec<_> = order.map(|word| text.find(word)).into();
        assert!(at.is_sorted() && at.iter().all(Option::is_some), "{text}");
    }

    #[test]
    fn a_member_that_nobody_writes_is_refused() {
        let printed =
            r#"{"look": {"Statement": [{"NotAction": ["a:B"]}], "Version": "2012-10-17"}}"#;
        assert!(pages(printed).is_err());
    }
}
