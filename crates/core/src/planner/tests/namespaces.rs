//! In which namespace a service shall be, and under which of its names.

use expect_test::expect;

use crate::planner::namespaces_that_differ;
use crate::testing::{Stage, check_plan};

#[test]
fn a_namespace_by_name_id_and_arn_is_one() {
    check_plan(
        "a mode=client | in internal.myapp
         b mode=client, namespace=ns-internalmyapp | in internal.myapp
         c mode=client, namespace=internal.myapp | in ns-internalmyapp
         d mode=client, namespace=internal.myapp | in arn:aws:servicediscovery:eu-west-1:123456789012:namespace/ns-internalmyapp
         e mode=client, namespace=arn:aws:servicediscovery:eu-west-1:123456789012:namespace/ns-internalmyapp | in internal.myapp",
        &expect![[r#"
            prod/a: in sync
            prod/b: in sync
            prod/c: in sync
            prod/d: in sync
            prod/e: in sync
        "#]],
    );
}

#[test]
fn a_namespace_by_its_http_name_is_the_same_namespace() {
    check_plan(
        "namespace internal.myapp http=internal.myapp-1x2y
         web mode=client, namespace=internal.myapp | in internal.myapp-1x2y",
        &expect![[r#"
            prod/web: in sync
        "#]],
    );
}

#[test]
fn of_twins_the_name_is_what_ecs_takes_it_for() {
    check_plan(
        "namespace internal.myapp id=ns-aaaaaaaa http=internal.myapp-1x2y
         namespace internal.myapp id=ns-bbbbbbbb
         web mode=client, namespace=internal.myapp",
        &expect![[r#"
            prod/web: connect in ns-bbbbbbbb
                enabled: off -> on
                namespace: - -> ns-bbbbbbbb
        "#]],
    );
}

#[test]
fn of_twins_that_ecs_cannot_tell_apart_none_is_taken() {
    check_plan(
        "namespace internal.myapp id=ns-aaaaaaaa http=x
         namespace internal.myapp id=ns-bbbbbbbb http=y
         web mode=client, namespace=internal.myapp",
        &expect![[r#"
            prod/web: NoNamespace: several namespaces are named internal.myapp: ns-aaaaaaaa, ns-bbbbbbbb; name one by its id
        "#]],
    );
}

#[test]
fn an_unknown_namespace_is_said_with_the_nearest_one() {
    check_plan(
        "web mode=client, namespace=internal.myap",
        &expect![[r#"
            prod/web: NoNamespace: there is no namespace internal.myap in this account and region; did you mean "internal.myapp"?; create it in Cloud Map, or name another
        "#]],
    );
}

#[test]
fn an_unknown_namespace_far_from_all_is_said_alone() {
    check_plan(
        "web mode=client, namespace=ns-doesnotexist1",
        &expect![[r#"
            prod/web: NoNamespace: there is no namespace ns-doesnotexist1 in this account and region; create it in Cloud Map, or name another
        "#]],
    );
}

#[test]
fn no_namespace_anywhere_says_where_to_name_one() {
    check_plan(
        "web mode=client",
        &expect![[r#"
            prod/web: NoNamespace: no namespace: set the namespace tag, --namespace, or the cluster's Service Connect default
        "#]],
    );
}

#[test]
fn the_tag_comes_first() {
    check_plan(
        "namespace internal.myapp
         namespace other.ns
         cluster prod default=other.ns
         flag other.ns
         web mode=client, namespace=internal.myapp | in other.ns",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp
                namespace: ns-otherns0 -> ns-internalmyapp
        "#]],
    );
}

#[test]
fn what_is_deployed_comes_before_flag_and_default() {
    check_plan(
        "namespace internal.myapp
         namespace other.ns
         cluster prod default=other.ns
         flag other.ns
         web mode=client | in internal.myapp",
        &expect![[r#"
            prod/web: in sync
        "#]],
    );
}

#[test]
fn the_flag_comes_before_the_clusters_default() {
    check_plan(
        "namespace internal.myapp
         namespace other.ns
         cluster prod default=other.ns
         flag internal.myapp
         web mode=client",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp
                enabled: off -> on
                namespace: - -> ns-internalmyapp
        "#]],
    );
}

#[test]
fn the_clusters_default_comes_last() {
    check_plan(
        "cluster prod default=ns-internalmyapp
         web mode=client",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp
                enabled: off -> on
                namespace: - -> ns-internalmyapp
        "#]],
    );
}

#[test]
fn a_service_deployed_without_a_namespace_stays_in_the_clusters_default() {
    check_plan(
        "namespace internal.myapp
         namespace other.ns
         cluster prod default=internal.myapp
         flag other.ns
         web mode=client | in ?",
        &expect![[r#"
            prod/web: in sync
        "#]],
    );
}

#[test]
fn a_service_deployed_into_a_namespace_that_is_gone_is_held() {
    check_plan(
        "web mode=client | in gone.ns",
        &expect![[r#"
            prod/web: NoNamespace: there is no namespace gone.ns in this account and region; create it in Cloud Map, or name another
        "#]],
    );
}

#[test]
fn namespaces_not_read_yet_are_asked_for() {
    check_plan(
        "namespaces ?
         web mode=client, namespace=internal.myapp",
        &expect![[r#"
            prod/web: NotSeen: not read yet: the list of namespaces
        "#]],
    );
}

#[test]
fn namespaces_that_cannot_be_read_are_not_taken_for_missing() {
    check_plan(
        "namespaces !
         web mode=client, namespace=internal.myapp",
        &expect![[r#"
            prod/web: NotSeen: could not read the list of namespaces: ecs.DescribeServices: no luck; allow this call in the IAM policy of eastwest's task role
        "#]],
    );
}

#[test]
fn a_namespace_whose_name_no_alias_can_end_in_needs_an_alias_tag() {
    check_plan(
        "namespace My:App id=ns-aaaaaaaa
         web mode=client-server, namespace=My:App
         api mode=client-server, namespace=My:App, alias=api
         old mode=client-server | in My:App http/old",
        &expect![[r#"
            prod/api: connect in ns-aaaaaaaa http/api@api:8080
                enabled: off -> on
                namespace: - -> ns-aaaaaaaa
                endpoint http/api: - -> api:8080
            prod/old: in sync
            prod/web: Ineligible: its alias web.My:App is no host name that ECS takes (1 to 127 lower-case letters, digits, '_', '-' and '.', not starting with '-'): set a host in the alias tag
                enabled: off -> on
                namespace: - -> ns-aaaaaaaa
                endpoint http/web: - -> web.My:App:8080
        "#]],
    );
}

#[test]
fn a_namespace_that_another_account_shares_is_named_to_ecs_by_its_arn() {
    check_plan(
        "namespace shared.ns id=ns-cccccccc owner=999999999999
         a mode=client, namespace=shared.ns
         b mode=client, namespace=ns-cccccccc
         c mode=client, namespace=arn:aws:servicediscovery:x:1:namespace/ns-cccccccc",
        &expect![[r#"
            prod/a: connect in ns-cccccccc
                enabled: off -> on
                namespace: - -> ns-cccccccc
            prod/b: connect in ns-cccccccc
                enabled: off -> on
                namespace: - -> ns-cccccccc
            prod/c: connect in ns-cccccccc
                enabled: off -> on
                namespace: - -> ns-cccccccc
            order: prod/a, prod/b, prod/c
        "#]],
    );
}

#[test]
fn an_arn_that_is_not_seen_is_said_with_the_causes_that_it_leaves_open() {
    check_plan(
        "namespace internal.myapp
         web mode=client, namespace=arn:aws:servicediscovery:eu-west-1:999999999999:namespace/ns-cccccccc
         far mode=client, namespace=arn:aws:servicediscovery:us-east-1:999999999999:namespace/ns-cccccccc
         own mode=client, namespace=arn:aws:servicediscovery:eu-west-1:111122223333:namespace/ns-cccccccc",
        &expect![[r#"
            prod/far: NoNamespace: namespace arn:aws:servicediscovery:us-east-1:999999999999:namespace/ns-cccccccc is in Region us-east-1, and this service in eu-west-1: a service can only be in a namespace of its own Region; name one of eu-west-1
            prod/own: NoNamespace: there is no namespace arn:aws:servicediscovery:eu-west-1:111122223333:namespace/ns-cccccccc: it was deleted, or its id is misspelt; create one in Cloud Map, or name another
            prod/web: NoNamespace: this account does not see arn:aws:servicediscovery:eu-west-1:999999999999:namespace/ns-cccccccc: it does not exist, or account 999999999999 does not share it; share it in AWS RAM with the managed permission AWSRAMPermissionCloudMapECSFullPermission
        "#]],
    );
}

#[test]
fn a_namespace_of_another_type_than_the_document_says_is_told_and_taken_as_it_is() {
    let stage = Stage::read(
        r#"namespace internal.myapp
           document {"version": 1, "namespaces": {"internal.myapp": {"type": "private-dns", "vpc": "vpc-0a1b2c3d", "create": true}}}
           web mode=client, namespace=internal.myapp"#,
    );
    let told = namespaces_that_differ(&stage.view);
    let told: Vec<String> = told.iter().map(ToString::to_string).collect();
    expect![[r##"#/namespaces/internal.myapp/type="private-dns": the namespace that is there, ns-internalmyapp, is of the type HTTP, and a type never changes: it is used as it is; write its type, or choose another name"##]].assert_eq(&told.join("\n"));
    assert!(crate::planner::plan(&stage.view, &stage.settings).missing.is_empty());
}
