//! What the document, the tags and a parameter amount to together.

mod properties;

use std::collections::BTreeMap;
use std::sync::Arc;

use expect_test::{Expect, expect};

use super::{Intent, Layers, NamedEntry, declare, parse};
use crate::declaration::declared::Declaration;
use crate::declaration::issue::Issue;
use crate::declaration::tag::read;
use crate::declaration::tag_prefix::TagPrefix;
use crate::testing::read_tags;

/// A declaration, written as tags.
fn declaration(text: &str) -> Option<Arc<Declaration>> {
    let tags = (text != "-").then(|| read_tags(text))?;
    read(&TagPrefix::default(), &tags)?.declaration
}

/// Entry, tags and parameter, each written as tags; `-` for none, `!` for a bad parameter.
fn check(entry: &str, tags: &str, rest: &str, expected: &Expect) {
    let tagged = read(&TagPrefix::default(), &read_tags(tags));
    let entry = declaration(entry);
    let rest = match rest {
        "-" => None,
        "!" => Some(NamedEntry {
            declaration: None,
            issues: vec![Issue::new("/x#", "[]", "an entry")],
        }),
        text => Some(NamedEntry { declaration: declaration(text), issues: Vec::new() }),
    };
    let layers = Layers { entry: entry.as_ref(), tagged: tagged.as_ref(), rest: rest.as_ref() };
    let (intent, issues) = declare(&TagPrefix::default(), &layers);
    let mut shown: Vec<String> = match intent {
        Intent::NotOptedIn => vec!["not opted in".to_owned()],
        Intent::Ambiguous => vec!["ambiguous".to_owned()],
        Intent::Unread(name) => vec![format!("waits for {name}")],
        Intent::Declared(declaration) => {
            let fields = declaration.fields();
            fields.iter().map(|(field, text)| format!("{field}: {text}")).collect()
        }
    };
    shown.extend(issues.iter().map(ToString::to_string));
    expected.assert_eq(&(shown.join("\n") + "\n"));
}

#[test]
fn an_entry_alone_opts_a_service_in() {
    check(
        "mode=client-server, discovery-name=web",
        "-",
        "-",
        &expect![[r#"
            mode: client-server
            endpoints: its port name=web
        "#]],
    );
}

#[test]
fn an_entry_without_a_mode_opts_nobody_in() {
    check(
        "discovery-name=web",
        "-",
        "-",
        &expect![[r#"
            not opted in
        "#]],
    );
}

#[test]
fn an_entry_adds_to_tags_what_they_do_not_say() {
    check(
        "namespace=internal.myapp, needs=a",
        "mode=client, logs=awslogs group=g",
        "-",
        &expect![[r#"
            mode: client
            namespace: internal.myapp
            logs: awslogs awslogs-group=g
            needs: a
        "#]],
    );
}

#[test]
fn a_tag_that_the_document_overrules_is_reported() {
    check(
        "mode=client, namespace=a.b",
        "mode=client-server, namespace=c.d, refresh=always",
        "-",
        &expect![[r#"
            mode: client
            namespace: a.b
            refresh: always
            eastwest/mode="client-server": overruled by the document, which says client: remove this tag, or change the document
            eastwest/namespace="c.d": overruled by the document, which says a.b: remove this tag, or change the document
        "#]],
    );
}

#[test]
fn a_tag_that_says_the_same_as_the_document_is_no_issue() {
    check(
        "mode=client, needs=a b",
        "mode=client, needs=b a",
        "-",
        &expect![[r#"
            mode: client
            needs: a b
        "#]],
    );
}

#[test]
fn a_list_of_endpoints_is_taken_whole() {
    check(
        "mode=client-server, endpoint.http=name=a",
        "mode=client-server, endpoint.http=name=b idle=5s, endpoint.grpc=name=c",
        "-",
        &expect![[r#"
            mode: client-server
            endpoints: http name=a
            eastwest/endpoint.grpc, eastwest/endpoint.http="grpc name=c, http name=b idle=5s": overruled by the document, which says http name=a: remove this tag, or change the document
        "#]],
    );
}

#[test]
fn either_side_can_pause() {
    let check_pause =
        |entry: &str, tags: &str, expected: &Expect| check(entry, tags, "-", expected);
    check_pause(
        "mode=client, pause=2026-12-24T18:00:00Z",
        "pause=true",
        &expect![[r#"
            mode: client
            pause: true
        "#]],
    );
    check_pause(
        "mode=client, pause=2027-01-01T00:00:00Z",
        "pause=2026-12-24T18:00:00Z",
        &expect![[r#"
            mode: client
            pause: 2027-01-01T00:00:00Z
        "#]],
    );
}

#[test]
fn a_bad_tag_holds_the_service_whatever_the_document_says() {
    check(
        "mode=client",
        "mode=clinet",
        "-",
        &expect![[r#"
            ambiguous
            eastwest/mode="clinet": client, client-server or off; did you mean "client"?
        "#]],
    );
}

#[test]
fn a_tag_without_a_mode_is_reported_only_where_the_document_has_none_either() {
    check(
        "mode=client",
        "needs=a",
        "-",
        &expect![[r#"
            mode: client
            needs: a
        "#]],
    );
    check(
        "-",
        "needs=a",
        "-",
        &expect![[r#"
            not opted in
            eastwest/needs="a": this tag has no effect without eastwest/mode: add it (client, client-server or off) to opt in
        "#]],
    );
}

#[test]
fn a_parameter_says_what_entry_and_tags_leave_open() {
    check(
        "namespace=a.b",
        "mode=client-server, document=/x, needs=a",
        "mode=off, namespace=c.d, needs=b, endpoint.http=name=web",
        &expect![[r#"
            mode: client-server
            namespace: a.b
            endpoints: http name=web
            needs: a
            document: /x
        "#]],
    );
}

#[test]
fn a_parameter_opts_nobody_in() {
    check(
        "-",
        "document=/x",
        "mode=client",
        &expect![[r#"
            not opted in
            eastwest/document="/x": this tag has no effect without eastwest/mode: add it (client, client-server or off) to opt in
        "#]],
    );
}

#[test]
fn a_parameter_that_was_not_read_or_is_bad_holds_the_service() {
    check(
        "-",
        "mode=client, document=/x",
        "-",
        &expect![[r#"
            waits for /x
        "#]],
    );
    check(
        "-",
        "mode=client, document=/x",
        "!",
        &expect![[r#"
            ambiguous
            /x#="[]": an entry
        "#]],
    );
}

#[test]
fn tags_alone_are_what_they_are_without_a_document() {
    let tags = BTreeMap::from([("eastwest/mode".to_owned(), "client".to_owned())]);
    let (intent, issues) = parse(&TagPrefix::default(), &tags);
    assert!(matches!(intent, Intent::Declared(_)) && issues.is_empty());
}
