//! Plans as `terraform show -json` prints them.
//!
//! The envelope of each (`resource_changes`, `after_unknown`, `after_sensitive`, `deposed`, `action_reason`) is what
//! Terraform 1.11.4 printed for `terraform_data` resources in modules with `count` and `for_each`, with unknown and sensitive
//! values; the attributes are those of `aws_ecs_service` in the schema of the AWS provider 6.

use expect_test::expect;
use serde_json::{Value, json};

use super::*;

fn plan(changes: &[Value]) -> String {
    json!({
        "format_version": "1.2", "terraform_version": "1.11.4", "planned_values": {},
        "resource_changes": changes, "applyable": true, "complete": true, "errored": false,
    })
    .to_string()
}

fn change(address: &str, actions: &[&str], rest: &Value) -> Value {
    let mut change = json!({
        "actions": actions, "before": null, "after": null, "after_unknown": {},
        "before_sensitive": false, "after_sensitive": {},
    });
    change.as_object_mut().expect("an object").extend(rest.as_object().cloned().expect("one"));
    json!({
        "address": address, "mode": "managed", "type": "aws_ecs_service", "name": "web",
        "provider_name": "registry.terraform.io/hashicorp/aws", "change": change,
    })
}

fn values(tags: &Value) -> Value {
    json!({
        "id": "arn:aws:ecs:eu-west-1:123456789012:service/prod/web", "name": "web",
        "cluster": "arn:aws:ecs:eu-west-1:123456789012:cluster/prod", "desired_count": 2,
        "service_connect_configuration": [], "tags": tags, "tags_all": tags,
    })
}

fn told(changes: &[Value]) -> String {
    let plan = read(&plan(changes), &TagPrefix::default()).expect("a plan");
    let lines = plan.services.iter().map(|one| {
        let tags: Vec<String> = one.tags.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let advice: Vec<String> = one.advice.iter().map(|issue| format!("\n  {issue}")).collect();
        let known = if one.is_complete { "" } else { " (in part)" };
        let place = format!("{}/{} {}", one.cluster, one.name, one.arn);
        format!(
            "{:?} {}: {place}: {}{known}{}\n",
            one.deed,
            one.address,
            tags.join(" "),
            advice.concat()
        )
    });
    lines.collect()
}

fn refusal(text: &str) -> String {
    read(text, &TagPrefix::default()).expect_err("it is no plan").to_string()
}

#[test]
fn what_comes_changes_and_goes_is_told_and_what_stays_is_not() {
    let (old, new) =
        (json!({"eastwest/mode": "client"}), json!({"eastwest/mode": "off", "team": "shop"}));
    let after = json!({
        "cluster": "prod", "name": "api", "desired_count": 3, "tags": {"eastwest/mode": "client"},
        // What the provider's default_tags add.
        "tags_all": {"eastwest/mode": "client", "eastwest/namespace": "internal"},
    });
    let other_tags = json!({"eastwest/mode": "client", "team": "shop"});
    let changes = [
        change(
            "aws_ecs_service.api",
            &["create"],
            &json!({"after": after, "after_unknown": {"id": true}}),
        ),
        change(
            "aws_ecs_service.web",
            &["update"],
            &json!({"before": values(&old), "after": values(&new)}),
        ),
        change(
            "aws_ecs_service.same",
            &["no-op"],
            &json!({"before": values(&old), "after": values(&old)}),
        ),
        change(
            "aws_ecs_service.team",
            &["update"],
            &json!({"before": values(&old), "after": values(&other_tags)}),
        ),
        change("aws_ecs_service.gone", &["delete"], &json!({"before": values(&old)})),
        change("aws_ecs_service.left", &["forget"], &json!({"before": values(&old)})),
        change(
            "module.shop[0].aws_ecs_service.web[\"a\"]",
            &["delete", "create"],
            &json!({"before": values(&old), "after": values(&old)}),
        ),
        change(
            "aws_ecs_service.first",
            &["create", "delete"],
            &json!({"before": values(&old), "after": values(&old)}),
        ),
    ];
    expect![[r#"
        Create aws_ecs_service.api: prod/api arn:aws:ecs:::service/prod/api: eastwest/mode=client eastwest/namespace=internal
        Update aws_ecs_service.web: prod/web arn:aws:ecs:eu-west-1:123456789012:service/prod/web: eastwest/mode=off team=shop
        Delete aws_ecs_service.gone: prod/web arn:aws:ecs:eu-west-1:123456789012:service/prod/web: 
        Replace module.shop[0].aws_ecs_service.web["a"]: prod/web arn:aws:ecs:eu-west-1:123456789012:service/prod/web: eastwest/mode=client
        Replace aws_ecs_service.first: prod/web arn:aws:ecs:eu-west-1:123456789012:service/prod/web: eastwest/mode=client
    "#]]
    .assert_eq(&told(&changes));
}

#[test]
fn other_resources_data_sources_and_deposed_objects_are_nothing() {
    let tags = json!({"eastwest/mode": "client"});
    let base = || change("aws_ecs_service.web", &["delete"], &json!({"before": values(&tags)}));
    let with = |member: &str, value: Value| {
        let mut change = base();
        change[member] = value;
        change
    };
    let changes = [
        with("type", json!("aws_ecs_cluster")),
        with("mode", json!("data")),
        with("deposed", json!("a1b2c3d4")),
    ];
    assert_eq!(told(&changes), "");
    assert_ne!(told(&[base()]), "");
}

#[test]
fn what_only_the_apply_tells_is_said_and_nothing_follows_from_it() {
    let after = json!({"name": "web", "tags": {"eastwest/mode": "client"}});
    let unknown = json!({
        "cluster": true, "id": true, "tags": {"eastwest/namespace": true, "team": true}, "tags_all": true,
    });
    let hidden = json!({"cluster": true, "tags": true, "tags_all": true});
    let team = json!({"cluster": true, "tags": {"team": true}, "tags_all": true});
    let changes = [
        change(
            "aws_ecs_service.web",
            &["create"],
            &json!({"after": after, "after_unknown": unknown}),
        ),
        change(
            "aws_ecs_service.all",
            &["create"],
            &json!({"after": {"name": "all"}, "after_unknown": hidden}),
        ),
        change(
            "aws_ecs_service.team",
            &["create"],
            &json!({"after": after, "after_unknown": team}),
        ),
        change(
            "aws_ecs_service.name",
            &["create"],
            &json!({"after": {"cluster": "prod", "tags": null}, "after_unknown": {"name": true}}),
        ),
    ];
    expect![[r#"
        Create aws_ecs_service.web: (known after apply)/web arn:aws:ecs:::service/(known after apply)/web: eastwest/mode=client (in part)
          eastwest/namespace="": only the apply tells it, so the service is not checked further
        Create aws_ecs_service.all: (known after apply)/all arn:aws:ecs:::service/(known after apply)/all:  (in part)
          eastwest/="": only the apply tells the tags, or they are marked as sensitive, so the service is not checked further
        Create aws_ecs_service.team: (known after apply)/web arn:aws:ecs:::service/(known after apply)/web: eastwest/mode=client
        Create aws_ecs_service.name: prod/aws_ecs_service.name arn:aws:ecs:::service/prod/aws_ecs_service.name: 
    "#]]
    .assert_eq(&told(&changes));
}

#[test]
fn a_sensitive_value_is_never_read_as_a_tag() {
    let tags = json!({"eastwest/mode": "client", "eastwest/alias": "s3cret"});
    let one = json!({"tags": {"eastwest/alias": true}, "tags_all": {"eastwest/alias": true}});
    let changes = [
        change(
            "aws_ecs_service.web",
            &["create"],
            &json!({"after": values(&tags), "after_sensitive": one}),
        ),
        change(
            "aws_ecs_service.all",
            &["create"],
            &json!({"after": values(&tags), "after_sensitive": {"tags": true, "tags_all": {}}}),
        ),
    ];
    let text = told(&changes);
    assert!(text.contains("eastwest/alias=\"\": it is marked as sensitive"), "{text}");
    let shown = text.lines().next().expect("a line");
    assert!(!shown.contains("s3cret") && shown.ends_with("(in part)"), "{text}");
    let second = text.lines().find(|line| line.contains("aws_ecs_service.all")).expect("a line");
    assert!(second.ends_with("(in part)"), "{text}");
}

#[test]
fn a_configuration_that_terraform_sets_too_is_advice() {
    let tags = json!({"eastwest/mode": "client"});
    let mut after = values(&tags);
    after["service_connect_configuration"] = json!([{"enabled": true, "namespace": "internal"}]);
    let text = told(&[change("aws_ecs_service.web", &["create"], &json!({"after": after}))]);
    assert!(text.contains("ignore_changes = [service_connect_configuration]"), "{text}");
    let untagged =
        json!({"after": {"name": "web", "service_connect_configuration": [{"enabled": true}]}});
    assert!(
        !told(&[change("aws_ecs_service.web", &["create"], &untagged)]).contains("ignore_changes")
    );
}

#[test]
fn what_is_no_plan_is_named_with_what_to_do() {
    let stream = r#"{"@level":"info","@message":"Terraform 1.11.4","type":"version"}
{"@level":"info","type":"planned_change"}"#;
    let texts = [
        "",
        "PK\u{3}\u{4}",
        "[]",
        r#"{"version": 4, "serial": 3, "lineage": "a", "resources": []}"#,
        r#"{"format_version": "1.0", "terraform_version": "1.11.4", "values": {"root_module": {}}}"#,
        r#"{"format_version": "2.0", "resource_changes": []}"#,
        r#"{"format_version": "1.0"}"#,
        r#"{"services": []}"#,
        stream,
    ];
    let lines: Vec<String> = texts.into_iter().map(refusal).collect();
    expect![[r#"
        it is empty, and not the JSON of a plan: terraform plan -out=FILE, then terraform show -json FILE
        not JSON (expected value at line 1 column 1), so not the JSON of a plan: terraform plan -out=FILE, then terraform show -json FILE
        it has no format_version, so it is not the JSON of a plan: terraform plan -out=FILE, then terraform show -json FILE
        it is a state file, and not a plan: terraform plan -out=FILE, then terraform show -json FILE
        it is the JSON of a state, and not of a plan: terraform plan -out=FILE, then terraform show -json FILE
        its format_version is "2.0", and this eastwest reads 0.x and 1.x: take a newer eastwest
        it has neither resource_changes nor planned_values, so it is not the JSON of a plan: terraform plan -out=FILE, then terraform show -json FILE
        it has no format_version, so it is not the JSON of a plan: terraform plan -out=FILE, then terraform show -json FILE
        it is what `terraform plan -json` prints while it works, and not the plan: terraform plan -out=FILE, then terraform show -json FILE"#]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn a_plan_that_is_not_whole_says_so_and_strange_shapes_harm_nothing() {
    let text = r#"{"format_version": "1.2", "resource_changes": [], "errored": true}"#;
    let notes = read(text, &TagPrefix::default()).expect("a plan").notes;
    assert!(notes[0].contains("could not make this plan to its end"), "{notes:?}");
    let strange = [
        json!(1),
        json!({"type": "aws_ecs_service"}),
        json!({"type": "aws_ecs_service", "change": {"actions": "create"}}),
        json!({"type": "aws_ecs_service", "change": {"actions": ["create"], "after": {"tags": ["a"], "name": 1}}}),
        json!({"type": "aws_ecs_service", "change": {"actions": ["create"], "after": null, "after_unknown": true}}),
    ];
    let services = read(&plan(&strange), &TagPrefix::default()).expect("a plan").services;
    assert_eq!(services.len(), 2);
    assert!(services[0].is_complete && !services[1].is_complete);
}
