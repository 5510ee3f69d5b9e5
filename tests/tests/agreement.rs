//! Places that say the same thing and must go on doing so: the code's tables, the pages and the policy.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use eastwest_core::declaration::tag::{ENDPOINT_ALLOWED, ENDPOINT_MEANING, RULES};
use eastwest_core::plan::reason::Reason;
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

/// The policies of deploy/iam, as they stand in its files.
fn shipped() -> BTreeMap<String, Value> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../deploy/iam");
    let files = fs::read_dir(folder)
        .expect("the policies have a folder")
        .map(|file| file.expect("a file").path());
    let policies = files.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    let policy = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a policy is text");
        let name = path.file_stem().expect("it has a name").to_string_lossy().into_owned();
        (name, serde_json::from_str(&text).expect("a policy is JSON"))
    };
    policies.map(policy).collect()
}

fn policy(name: &str) -> Value {
    shipped().remove(name).unwrap_or_else(|| panic!("deploy/iam/{name}.json is missing"))
}

fn statements(policy: &Value) -> &Vec<Value> {
    policy["Statement"].as_array().expect("a policy has statements")
}

/// What AWS asks of the caller for the sake of another call.
const ASKED_OF_THE_CALLER: [&str; 8] = [
    "ec2:DescribeRegions",
    "ec2:DescribeVpcs",
    "ecs:TagResource",
    "iam:PassRole",
    "kms:Decrypt",
    "route53:CreateHostedZone",
    "route53:GetHostedZone",
    "route53:ListHostedZonesByName",
];

#[test]
fn every_reason_to_hold_has_its_part_of_the_runbook() {
    let runbook = read("docs/runbook.md");
    let headings: BTreeSet<&str> =
        runbook.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let reasons = Reason::holds().map(<&str>::from);
    let missing: Vec<&str> = reasons.filter(|name| !headings.contains(name)).collect();
    assert!(missing.is_empty(), "docs/runbook.md says nothing of {missing:?}");
}

#[test]
fn the_shipped_policies_are_those_of_the_code() {
    let of_code: BTreeMap<String, Value> = eastwest_aws::policies()
        .into_iter()
        .map(|policy| (policy.name.to_owned(), policy.document))
        .collect();
    assert_eq!(shipped(), of_code, "run: cargo xtask docs");
}

#[test]
fn the_policies_together_allow_exactly_the_calls_that_the_code_makes_and_what_these_need() {
    let calls: BTreeSet<&str> = eastwest_aws::ACTIONS.iter().copied().collect();
    let needed = calls.into_iter().chain(ASKED_OF_THE_CALLER).collect::<BTreeSet<_>>();
    let policies = shipped();
    let allowed = policies.values().flat_map(statements).filter(|s| s["Effect"] == "Allow");
    let actions: BTreeSet<&str> = allowed.flat_map(|s| words(&s["Action"])).collect();
    assert_eq!(actions, needed);
}

#[test]
fn who_observes_only_reads_and_who_converges_writes_to_services_and_makes_nothing() {
    let reads = |action: &&str| action.contains(":List") || action.contains(":Describe");
    let observe = policy("observe");
    let mut looks = statements(&observe).iter().flat_map(|s| words(&s["Action"]));
    assert!(looks.all(|action| reads(&action)));
    let converge = policy("converge");
    let writes: BTreeSet<&str> =
        statements(&converge).iter().flat_map(|s| words(&s["Action"])).collect();
    assert_eq!(writes, BTreeSet::from(["ecs:UpdateService"]));
}

#[test]
fn every_policy_is_on_the_page_of_deployment() {
    let page = read("deploy/README.md");
    for name in shipped().keys() {
        assert!(page.contains(&format!("`iam/{name}.json`")), "{name}");
    }
}

#[test]
fn a_role_is_passed_to_one_service_of_aws_and_a_key_is_used_for_parameters_only() {
    let (ports, document, tls) = (policy("name-ports"), policy("document"), policy("tls"));
    let of = |policy: &Value, action: &str| -> Value {
        let mut all = statements(policy).iter();
        all.find(|statement| words(&statement["Action"]) == [action]).unwrap()["Condition"].clone()
    };
    let to =
        |policy: &Value| of(policy, "iam:PassRole")["StringEquals"]["iam:PassedToService"].clone();
    assert_eq!(
        (to(&ports), to(&tls)),
        ("ecs-tasks.amazonaws.com".into(), "ecs.amazonaws.com".into())
    );
    let tagged = &of(&ports, "ecs:TagResource")["StringEquals"]["ecs:CreateAction"];
    assert_eq!(tagged, "RegisterTaskDefinition");
    let privileged = &of(&ports, "ecs:RegisterTaskDefinition")["StringEqualsIfExists"];
    assert_eq!(privileged["ecs:privileged"], "false");
    let key = &of(&document, "kms:Decrypt")["StringLike"];
    assert_eq!(key["kms:ViaService"], "ssm.*.amazonaws.com");
    let read = &statements(&document)[0]["Resource"];
    assert_eq!(&key["kms:EncryptionContext:PARAMETER_ARN"], read, "what may be read, and no more");
}

#[test]
fn nothing_is_written_to_a_service_without_the_opt_in_tag_nor_to_eastwest_itself() {
    let policy = policy("converge");
    let (denied, allowed): (Vec<_>, Vec<_>) =
        statements(&policy).iter().partition(|statement| statement["Effect"] == "Deny");
    for statement in allowed {
        let absent = &statement["Condition"]["Null"];
        assert_eq!(absent["aws:ResourceTag/eastwest/mode"], "false");
        assert_eq!(absent["ecs:task-definition"], "true");
    }
    let [denied] = denied[..] else { panic!("one statement denies") };
    assert_eq!(words(&denied["Action"]), ["ecs:UpdateService"]);
    assert!(words(&denied["Resource"])[0].ends_with("service/REPLACE_CLUSTER/REPLACE_OWN_SERVICE"));
    assert!(denied.get("Condition").is_none(), "no condition opens it again");
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
        // A bar would end the cell, and Markdown takes `<time>` for HTML and shows nothing.
        let cell = |text: &str| text.replace('|', "\\|").replace('<', "\\<");
        format!("| `eastwest/{key}` | {} | {} |", cell(allowed), cell(meaning))
    };
    let mut due: Vec<String> = RULES.iter().map(|r| row(r.key, r.allowed, r.meaning)).collect();
    due.push(row("endpoint.<port>", ENDPOINT_ALLOWED, ENDPOINT_MEANING));
    assert_eq!(rows, due, "left: docs/tags.md, right: crates/core/src/tag.rs");
}
