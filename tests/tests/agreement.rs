//! Places that say the same thing and must go on doing so: the code's tables, the pages and the policy.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use eastwest_core::tag::{ENDPOINT_ALLOWED, ENDPOINT_MEANING, RULES};
use serde_json::Value;

fn read(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn words(value: &Value) -> Vec<&str> {
    match value {
        Value::String(one) => vec![one.as_str()],
        many => many.as_array().into_iter().flatten().filter_map(Value::as_str).collect(),
    }
}

#[test]
fn the_policy_allows_exactly_the_calls_that_the_code_makes() {
    let policy: Value = serde_json::from_str(&read("deploy/iam/policy.json")).unwrap();
    let statements = policy["Statement"].as_array().unwrap();
    assert!(statements.iter().all(|statement| statement["Effect"] == "Allow"));
    let allowed: Vec<&str> = statements.iter().flat_map(|s| words(&s["Action"])).collect();
    let distinct: BTreeSet<&str> = allowed.iter().copied().collect();
    assert_eq!(distinct.len(), allowed.len(), "an action stands twice in deploy/iam/policy.json");
    let made: BTreeSet<&str> = eastwest_aws::ACTIONS.iter().copied().collect();
    assert_eq!(distinct, made, "left: deploy/iam/policy.json, right: crates/aws/src/operation.rs");
}

#[test]
fn the_policy_lets_nothing_be_written_to_a_service_without_the_opt_in_tag() {
    let policy: Value = serde_json::from_str(&read("deploy/iam/policy.json")).unwrap();
    let statements = policy["Statement"].as_array().unwrap();
    let writes = statements.iter().filter(|s| words(&s["Action"]).contains(&"ecs:UpdateService"));
    for statement in writes {
        assert_eq!(words(&statement["Action"]), ["ecs:UpdateService"], "the write stands alone");
        let absent = &statement["Condition"]["Null"];
        assert_eq!(absent["aws:ResourceTag/eastwest/mode"], "false");
        assert_eq!(absent["ecs:task-definition"], "true");
    }
}

#[test]
fn the_page_of_tags_has_exactly_the_rows_of_the_grammar() {
    let page = read("docs/tags.md");
    let (_, rest) =
        page.split_once("<!-- rules:begin -->").expect("the page marks where the table begins");
    let (table, _) =
        rest.split_once("<!-- rules:end -->").expect("the page marks where the table ends");
    let rows: Vec<&str> = table.trim().lines().skip(2).map(str::trim).collect();
    let row = |key: &str, allowed: &str, meaning: &str| {
        // A bar would end the cell.
        format!(
            "| `eastwest/{key}` | {} | {} |",
            allowed.replace('|', "\\|"),
            meaning.replace('|', "\\|")
        )
    };
    let mut due: Vec<String> = RULES.iter().map(|r| row(r.key, r.allowed, r.meaning)).collect();
    due.push(row("endpoint.<port>", ENDPOINT_ALLOWED, ENDPOINT_MEANING));
    assert_eq!(rows, due, "left: docs/tags.md, right: crates/core/src/tag.rs");
}
