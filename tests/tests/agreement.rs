//! Places that say the same thing and must go on doing so: the code's tables, the pages and the policy.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use eastwest_core::declaration::tag::{ENDPOINT_ALLOWED, ENDPOINT_MEANING, RULES};
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

/// The policies of deploy/iam, and what each allows beyond the calls that eastwest itself makes: what AWS asks of
/// its caller for the sake of such a call.
const POLICIES: [(&str, &[&str]); 7] = [
    // The one write again: to refresh a client, and in both ways for services that the base policy keeps out.
    ("policy", &["ecs:UpdateService"]),
    ("document-opt-in", &["ecs:UpdateService", "ecs:UpdateService"]),
    ("document", &["kms:Decrypt"]),
    (
        "create-namespaces",
        &[
            "ec2:DescribeRegions",
            "ec2:DescribeVpcs",
            "route53:CreateHostedZone",
            "route53:GetHostedZone",
            "route53:ListHostedZonesByName",
        ],
    ),
    ("name-ports", &["ecs:TagResource", "iam:PassRole"]),
    ("events", &[]),
    ("lease", &[]),
];

fn policy(name: &str) -> Value {
    serde_json::from_str(&read(&format!("deploy/iam/{name}.json"))).expect("a policy is JSON")
}

fn statements(policy: &Value) -> &Vec<Value> {
    policy["Statement"].as_array().expect("a policy has statements")
}

#[test]
fn the_policies_together_allow_exactly_the_calls_that_the_code_makes_and_what_these_need() {
    let mut made: BTreeSet<&str> = eastwest_aws::ACTIONS.iter().copied().collect();
    for (name, needed) in POLICIES {
        let policy = policy(name);
        assert!(statements(&policy).iter().all(|statement| statement["Effect"] == "Allow"));
        let mut needed = needed.to_vec();
        for action in statements(&policy).iter().flat_map(|statement| words(&statement["Action"])) {
            let extra = needed.iter().position(|each| *each == action);
            let known = made.remove(action) || extra.map(|at| needed.remove(at)).is_some();
            assert!(known, "{action} of deploy/iam/{name}.json is no call, or is allowed twice");
        }
        assert_eq!(needed, [""; 0], "missing in deploy/iam/{name}.json");
    }
    assert_eq!(made, BTreeSet::new(), "calls of crates/aws/src/operation.rs that no policy allows");
}

#[test]
fn the_base_policy_writes_to_services_and_makes_nothing() {
    let policy = policy("policy");
    let allowed = statements(&policy).iter().flat_map(|statement| words(&statement["Action"]));
    let looks = |action: &&str| action.contains(":List") || action.contains(":Describe");
    let writes: BTreeSet<&str> = allowed.filter(|action| !looks(action)).collect();
    assert_eq!(writes, BTreeSet::from(["ecs:UpdateService"]));
}

#[test]
fn every_policy_is_on_the_page_of_deployment() {
    let page = read("deploy/README.md");
    for (name, _) in POLICIES {
        assert!(page.contains(&format!("`iam/{name}.json`")), "{name}");
    }
}

#[test]
fn a_role_is_passed_to_tasks_only_and_a_key_is_used_for_parameters_only() {
    let (ports, document) = (policy("name-ports"), policy("document"));
    let of = |policy: &Value, action: &str| -> Value {
        let mut all = statements(policy).iter();
        all.find(|statement| words(&statement["Action"]) == [action]).unwrap()["Condition"].clone()
    };
    let passed = &of(&ports, "iam:PassRole")["StringEquals"]["iam:PassedToService"];
    assert_eq!(passed, "ecs-tasks.amazonaws.com");
    let tagged = &of(&ports, "ecs:TagResource")["StringEquals"]["ecs:CreateAction"];
    assert_eq!(tagged, "RegisterTaskDefinition");
    let via = &of(&document, "kms:Decrypt")["StringLike"]["kms:ViaService"];
    assert_eq!(via, "ssm.*.amazonaws.com");
}

#[test]
fn the_policy_lets_nothing_be_written_to_a_service_without_the_opt_in_tag() {
    let policy = policy("policy");
    let writes =
        statements(&policy).iter().filter(|s| words(&s["Action"]).contains(&"ecs:UpdateService"));
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

/// The members of a request that each statement of the one write asks for or forbids, by condition key.
fn conditions(policy: &Value) -> Vec<BTreeMap<String, Value>> {
    let statements = statements(policy).iter();
    let writes = statements.filter(|s| words(&s["Action"]).contains(&"ecs:UpdateService"));
    let keys = |statement: &Value| {
        let keys = statement["Condition"]["Null"].as_object().expect("keys").iter();
        keys.map(|(key, absent)| (key.clone(), absent.clone())).collect()
    };
    writes.map(keys).collect()
}

#[test]
fn a_refresh_is_allowed_by_a_statement_of_its_own_that_differs_in_nothing_else() {
    for name in ["policy", "document-opt-in"] {
        let [mut change, mut refresh] =
            <[_; 2]>::try_from(conditions(&policy(name))).expect("two statements write");
        let key = "ecs:enable-service-connect";
        assert_eq!(change.remove(key), Some(Value::from("false")), "it speaks of Service Connect");
        assert_eq!(refresh.remove(key), Some(Value::from("true")), "it says nothing of it");
        assert_eq!(change, refresh, "{name}");
    }
}
