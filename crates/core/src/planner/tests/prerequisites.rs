//! What the document has us make first.

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use crate::planner::unmatched_entries;
use crate::testing::Stage;

/// What is missing, and every hold.
fn check(text: &str, expected: &Expect) {
    let plan = Stage::read(text).plan();
    let mut shown = String::new();
    for missing in &plan.missing {
        writeln!(shown, "{}", missing.prerequisite).expect("a String takes all text");
        if let Some(note) = &missing.note {
            writeln!(shown, "    {note}").expect("a String takes all text");
        }
    }
    for (key, hold) in plan.holds() {
        writeln!(shown, "{key}: {}: {hold}", hold.reason()).expect("a String takes all text");
    }
    expected.assert_eq(&shown);
}

#[test]
fn a_namespace_of_the_document_is_made_where_nobody_has_its_name() {
    check(
        r#"namespace there.ns
         namespace other.ns http=known-as
         document {"version": 1, "namespaces": {"there.ns": {"type": "http", "create": true}, "known-as": {"type": "http", "create": true}, "new.ns": {"type": "private-dns", "vpc": "vpc-1", "create": true}, "kept.ns": {"type": "http"}}}
         web mode=client, namespace=new.ns
         api mode=client, namespace=kept.ns"#,
        &expect![[r#"
            create private DNS namespace new.ns in vpc-1
            prod/api: NoNamespace: there is no namespace kept.ns in this account and region; create it in Cloud Map, or name another
            prod/web: NoNamespace: namespace new.ns is to be created first
        "#]],
    );
}

#[test]
fn an_entry_for_a_service_that_is_not_there_is_told_with_the_name_that_is_near() {
    let stage = Stage::read(
        r#"document {"version": 1, "services": {"prod/djagno": {"mode": "client"}, "prod/web": {"mode": "client"}, "other/web": {"mode": "client"}}}
         django -
         web -"#,
    );
    let told = unmatched_entries(&stage.view);
    let told: Vec<String> = told.iter().map(ToString::to_string).collect();
    expect![[r##"#/services/prod~1djagno="prod/djagno": cluster prod has no ECS service of this name: the entry waits until there is one; or correct its name; did you mean "prod/django"?"##]]
    .assert_eq(&told.join("\n"));
}

#[test]
fn nothing_is_made_while_the_namespaces_cannot_be_listed() {
    check(
        r#"namespaces !
         document {"version": 1, "namespaces": {"new.ns": {"type": "http", "create": true}}}
         web mode=client, namespace=new.ns"#,
        &expect![[r#"
            prod/web: NotSeen: could not read the list of namespaces: ecs.DescribeServices: no luck; allow this call in the IAM policy of eastwest's task role
        "#]],
    );
}

#[test]
fn the_quota_of_namespaces_is_told_of_before_it_is_hit() {
    let many: Vec<String> =
        (0..50).map(|number| format!("namespace n{number} id=ns-{number:08}")).collect();
    check(
        &format!(
            "{}\n{}",
            many.join("\n"),
            r#"document {"version": 1, "namespaces": {"new.ns": {"type": "http", "create": true}}}"#
        ),
        &expect![[r#"
            create HTTP namespace new.ns
                this account has 50 namespaces in this Region, and Cloud Map allows 50 unless the quota was raised: delete an unused one, or ask for more in Service Quotas (AWS Cloud Map, namespaces per Region)
        "#]],
    );
}
