//! Who changes what back.

use expect_test::{Expect, expect};

use super::*;
use crate::testing::{check_guarded, check_status, key, read_tags};

/// The tool that the tags tell of.
fn check_tool(tags: &str, expected: &Expect) {
    expected.assert_eq(&format!("{:?}", Tool::of(&read_tags(tags))));
}

fn snippet(tool: Tool, name: &str) -> String {
    let (service, fields) = (key(name), BTreeSet::from([Field::Alias]));
    Contention { service, fields, reverts: 3, tool }.snippet()
}

/// A service that wants the alias `b:80`, has `a:80`, and has this past.
fn world(pasts: &[&str], facts: &str) -> String {
    let past = |text: &&str| {
        let (head, alias) = text.rsplit_once(' ').expect("a head and an alias");
        let connect = format!("in_internal.myapp_http/web@{alias}:80");
        let connect = if alias == "off" { "off".to_owned() } else { connect };
        format!("past={}:{connect}", head.replace(' ', ":"))
    };
    let pasts: Vec<String> = pasts.iter().map(past).collect();
    format!(
        "web mode=client-server, alias=b:80 | in internal.myapp http/web@a:80 | http=8080/http | {facts} {}",
        pasts.join(" ")
    )
}

const THREE: [&str; 7] = [
    "0 SUCCESSFUL a",
    "100 SUCCESSFUL b",
    "200 SUCCESSFUL a",
    "300 SUCCESSFUL b",
    "400 SUCCESSFUL a",
    "500 SUCCESSFUL b",
    "600 SUCCESSFUL a",
];

#[test]
fn after_three_reverts_within_an_hour_it_is_left_alone() {
    check_status(
        &world(&THREE, ""),
        &expect![[r#"
        prod/web: OutOfSync Degraded Contended another writer changed alias back 3 times within an hour
            ends once the other writer stops changing it (see the snippet); eastwest tries once more when the last change is an hour old
    "#]],
    );
}

#[test]
fn when_the_last_word_of_the_other_has_stood_for_an_hour_one_more_attempt_is_made() {
    check_guarded(
        &world(&THREE, "primary=3599"),
        &expect![[r#"
        prod/web: Contended: another writer changed alias back 3 times within an hour
    "#]],
    );
    check_guarded(
        &world(&THREE, "primary=3600"),
        &expect![[r#"
        prod/web: connect in ns-internalmyapp http/web@b:80
    "#]],
    );
}

#[test]
fn what_is_in_force_counts_where_the_list_of_deployments_is_older() {
    check_guarded(
        &world(&THREE[..6], "deployed=600"),
        &expect![[r#"
        prod/web: Contended: another writer changed alias back 3 times within an hour
    "#]],
    );
    // It is in the list, with the time of its service deployment.
    check_guarded(
        &world(&THREE[2..], "deployed=602"),
        &expect![[r#"
        prod/web: connect in ns-internalmyapp http/web@b:80
    "#]],
    );
}

#[test]
fn two_reverts_are_no_fight() {
    check_guarded(
        &world(&THREE[2..], ""),
        &expect![[r#"
        prod/web: connect in ns-internalmyapp http/web@b:80
    "#]],
    );
}

#[test]
fn reverts_of_more_than_an_hour_ago_do_not_count() {
    let mut pasts = THREE;
    pasts[6] = "3801 SUCCESSFUL a";
    check_guarded(
        &world(&pasts, ""),
        &expect![[r#"
        prod/web: connect in ns-internalmyapp http/web@b:80
    "#]],
    );
}

#[test]
fn what_ecs_took_back_is_no_revert_and_no_attempt() {
    let pasts = [
        "0 SUCCESSFUL a",
        "100 ROLLBACK_SUCCESSFUL c",
        "200 SUCCESSFUL a",
        "300 ROLLBACK_SUCCESSFUL c",
        "400 SUCCESSFUL a",
        "500 ROLLBACK_SUCCESSFUL c",
        "600 SUCCESSFUL a",
    ];
    check_guarded(
        &world(&pasts, ""),
        &expect![[r#"
        prod/web: connect in ns-internalmyapp http/web@b:80
    "#]],
    );
}

#[test]
fn one_whose_own_rollouts_fail_fights_all_the_same() {
    let pasts = [
        "0 SUCCESSFUL a",
        "100 STOPPED b",
        "200 ROLLBACK_SUCCESSFUL a",
        "300 STOPPED b",
        "400 ROLLBACK_SUCCESSFUL a",
        "500 STOPPED b",
        "600 ROLLBACK_SUCCESSFUL a",
    ];
    check_guarded(
        &world(&pasts, ""),
        &expect![[r#"
        prod/web: Contended: another writer changed alias back 3 times within an hour
    "#]],
    );
}

#[test]
fn deployments_of_one_configuration_are_no_reverts() {
    let pasts = [
        "0 SUCCESSFUL a",
        "100 SUCCESSFUL b",
        "200 SUCCESSFUL a",
        "300 SUCCESSFUL a",
        "400 SUCCESSFUL a",
        "500 SUCCESSFUL a",
    ];
    check_guarded(
        &world(&pasts, ""),
        &expect![[r#"
        prod/web: connect in ns-internalmyapp http/web@b:80
    "#]],
    );
}

#[test]
fn one_that_switches_it_off_each_time_fights_over_that_alone() {
    let pasts = [
        "100 SUCCESSFUL b",
        "200 SUCCESSFUL off",
        "300 STOPPED b",
        "400 SUCCESSFUL off",
        "500 SUCCESSFUL b",
        "600 IN_PROGRESS off",
    ];
    let world = world(&pasts, "").replace("| in internal.myapp http/web@a:80 |", "| off |");
    let world =
        world.replace("mode=client-server,", "mode=client-server, namespace=internal.myapp,");
    check_guarded(
        &world.replace("IN_PROGRESS", "SUCCESSFUL"),
        &expect![[r#"
        prod/web: Contended: another writer changed enabled back 3 times within an hour
    "#]],
    );
}

#[test]
fn the_tool_is_told_by_the_tags() {
    check_tool("/aws:cloudformation:stack-name=shop", &expect!["CloudFormation"]);
    check_tool("/aws:cloudformation:stack-name=shop, /Terraform=true", &expect!["CloudFormation"]);
    check_tool("/aws-cdk:id=x", &expect!["CloudFormation"]);
    check_tool("/ManagedBy=Terraform", &expect!["Terraform"]);
    check_tool("/managed-by=terraform", &expect!["Terraform"]);
    check_tool("/Terraform=true", &expect!["Terraform"]);
    check_tool("/terraform=false", &expect!["Unknown"]);
    check_tool("/managed_by=opentofu", &expect!["Terraform"]);
    check_tool("/pulumi:project=shop", &expect!["Pulumi"]);
    check_tool("/team=terraform", &expect!["Unknown"]);
    check_tool("mode=client", &expect!["Unknown"]);
}

#[test]
fn each_tool_has_its_snippet() {
    expect![[r##"
        # Terraform, in the aws_ecs_service resource with name = "web":
        lifecycle {
          ignore_changes = [service_connect_configuration]
        }
        # CloudFormation, in the AWS::ECS::Service with ServiceName "web": CloudFormation cannot ignore a property, so remove this one from the template:
        #   Properties:
        #     ServiceConnectConfiguration
        # In CDK: (service.node.defaultChild as ecs.CfnService).addPropertyDeletionOverride("ServiceConnectConfiguration");
        # A stack update changes only what differs between the old and the new template. If the update that removes the
        # property changes the service all the same, eastwest sets it once more. Later updates leave it alone.
    "##]].assert_eq(&snippet(Tool::Unknown, "web"));
    expect![[r#"
        // Pulumi, among the resource options of the aws.ecs.Service with name "web":
        { ignoreChanges: ["serviceConnectConfiguration"] }
    "#]]
    .assert_eq(&snippet(Tool::Pulumi, "web"));
}

#[test]
fn a_name_cannot_leave_the_comment_it_stands_in() {
    let text = snippet(Tool::Terraform, "w\"\n}\u{2028}resource \"x\" {\\");
    expect![[r##"
        # Terraform, in the aws_ecs_service resource with name = "w��}�resource �x� {�":
        lifecycle {
          ignore_changes = [service_connect_configuration]
        }
    "##]]
    .assert_eq(&text);
}

#[test]
fn a_fight_is_not_forgotten_while_the_other_is_given_way_to() {
    let mut pasts = THREE.to_vec();
    pasts.extend(["4300 SUCCESSFUL b", "4400 SUCCESSFUL a"]);
    check_guarded(
        &world(&pasts, ""),
        &expect![[r#"
        prod/web: Contended: another writer changed alias back 3 times within an hour
    "#]],
    );
}
