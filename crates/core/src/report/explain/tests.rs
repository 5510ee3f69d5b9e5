//! What `explain` says of a service.

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use super::{Said, explain, explain_at};
use crate::ecs::fault::{Fault, FaultKind};
use crate::ecs::service_key::ServicePath;
use crate::testing::{Stage, key};

/// Everything that is said of `web`, one field a line.
fn check(text: &str, expected: &Expect) {
    let stage = Stage::read(text);
    let explanation =
        explain(&stage.view, &stage.settings, &key("web"), &stage.plan()).expect("a service");
    let who = |said: &Said| {
        let by: &str = said.by.into();
        let place = said.place.as_ref().map(|place| format!(" {place}")).unwrap_or_default();
        format!("{} ({by}{place})", said.value)
    };
    let mut shown = String::new();
    for field in &explanation.fields {
        let endpoint = field.endpoint.as_ref().map(|port| format!("{port}: ")).unwrap_or_default();
        let said = field.said.as_ref().map_or("-".to_owned(), who);
        let over: Vec<String> = field.overruled.iter().map(who).collect();
        let over =
            if over.is_empty() { String::new() } else { format!(" over {}", over.join(", ")) };
        writeln!(shown, "{endpoint}{}: {said}{over}", field.field).expect("a String takes all");
    }
    if let Some(hold) = explanation.hold {
        writeln!(shown, "held: {hold}").expect("a String takes all");
    }
    for issue in explanation.issues {
        writeln!(shown, "{issue}").expect("a String takes all");
    }
    expected.assert_eq(&shown);
}

#[test]
fn what_an_endpoints_own_tag_says_is_found_there() {
    check(
        "namespace a.b
         cluster prod default=a.b
         web mode=client-server, endpoint.http=name=shop idle=5s, needs=x",
        &expect![[r#"
            mode: client-server (tag eastwest/mode)
            endpoints: http name=shop idle=5s (tag eastwest/endpoint.http)
            needs: x (tag eastwest/needs)
            namespace: a.b (the cluster's default)
            logs: -
            access-logs: -
            http: port: http (tag eastwest/endpoint.http)
            http: discovery-name: shop (tag eastwest/endpoint.http) over web (built in)
            http: alias host: shop.a.b (built in)
            http: alias port: 8080 (built in)
            http: timeout idle: 5 (tag eastwest/endpoint.http)
            http: timeout request: -
            http: ingress-port: -
            http: tls: -
            http: test-header: -
            eastwest/needs="x": no service offers this name in namespace a.b: correct the spelling, or remove it. Nothing waits for it; once a service offers it, this service is refreshed
        "#]],
    );
}

#[test]
fn every_source_is_named_with_what_it_overruled() {
    check(
        r#"namespace a.b
         namespace c.d
         cluster prod default=c.d
         flag c.d
         document {"version": 1, "defaults": {"namespace": "c.d"}, "services": {"prod/web": {"namespace": "a.b", "mode": "client-server"}}}
         web namespace=c.d, discovery-name=shop, timeout=idle=5s, needs=x | in c.d http/old@old.c.d:80+idle=60+request=9"#,
        &expect![[r#"
            mode: client-server (the document's entry)
            endpoints: its port name=shop idle=5s (tag eastwest/discovery-name, eastwest/timeout)
            needs: x (tag eastwest/needs)
            namespace: a.b (the document's entry) over c.d (tag eastwest/namespace), c.d (kept as deployed), c.d (the document's defaults), c.d (flag --namespace), c.d (the cluster's default)
            logs: -
            access-logs: -
            http: port: http (kept as deployed)
            http: discovery-name: shop (tag eastwest/discovery-name) over old (kept as deployed), web (built in)
            http: alias host: shop.a.b (built in)
            http: alias port: 80 (kept as deployed) over 8080 (built in)
            http: timeout idle: 5 (tag eastwest/timeout) over 60 (kept as deployed)
            http: timeout request: 9 (kept as deployed)
            http: ingress-port: -
            http: tls: -
            http: test-header: -
            eastwest/namespace="c.d": overruled by the document, which says a.b: remove this tag, or change the document
            eastwest/needs="x": no service offers this name in namespace a.b: correct the spelling, or remove it. Nothing waits for it; once a service offers it, this service is refreshed
        "#]],
    );
}

#[test]
fn what_nobody_says_is_kept_or_built_in() {
    check(
        r#"cluster prod default=internal.myapp
         document {"version": 1, "defaults": {"discoveryName": "{service}-api"}}
         web mode=client-server"#,
        &expect![[r#"
            mode: client-server (tag eastwest/mode)
            namespace: internal.myapp (the cluster's default)
            logs: -
            access-logs: -
            http: port: http (built in)
            http: discovery-name: web-api (the document's defaults)
            http: alias host: web-api.internal.myapp (built in)
            http: alias port: 8080 (built in)
            http: timeout idle: -
            http: timeout request: -
            http: ingress-port: -
            http: tls: -
            http: test-header: -
        "#]],
    );
}

#[test]
fn a_person_reads_the_name_of_a_namespace_and_its_id_overrules_nobody() {
    let stage = Stage::read(
        "namespace internal.myapp
         namespace c.d
         cluster prod default=c.d
         web mode=client, namespace=internal.myapp | in ns-internalmyapp",
    );
    let explanation =
        explain(&stage.view, &stage.settings, &key("web"), &stage.plan()).expect("a service");
    let namespace = |explanation: &super::Explanation| {
        let field = explanation.fields.iter().find(|field| field.field == "namespace");
        let field = field.expect("it is told");
        let values: Vec<String> =
            field.said.iter().chain(&field.overruled).map(|said| said.value.clone()).collect();
        values.join(" over ")
    };
    assert_eq!(namespace(&explanation), "internal.myapp over ns-internalmyapp over c.d");
    let named = explanation.named(stage.view.namespace_names());
    assert_eq!(namespace(&named), "internal.myapp over c.d");
}

#[test]
fn why_it_cannot_be_told_is_said() {
    check(
        "web mode=client-server, namespace=nowhere",
        &expect![[r#"
            mode: client-server (tag eastwest/mode)
            namespace: nowhere (tag eastwest/namespace)
            held: there is no namespace nowhere in this account and region; create it in Cloud Map, or name another
        "#]],
    );
}

#[test]
fn a_service_that_did_not_opt_in_has_nothing_to_explain() {
    check("web -", &expect![""]);
}

#[test]
fn needs_that_only_the_environment_tells_are_shown_as_such_and_no_value_is() {
    check(
        "web mode=client | in internal.myapp | http=8080 env:http://user:s3cret@catalog/path;hunter2
         catalog - | in internal.myapp http/catalog@catalog:80",
        &expect![[r#"
            mode: client (tag eastwest/mode)
            needs: catalog (inferred from its environment)
            refresh: declared (built in)
            namespace: internal.myapp (kept as deployed)
            logs: -
            access-logs: -
        "#]],
    );
}

#[test]
fn what_is_wrong_with_a_declared_need_is_told() {
    check(
        "web mode=client, needs=catalok | in internal.myapp
         catalog - | in internal.myapp http/catalog@catalog:80",
        &expect![[r#"
            mode: client (tag eastwest/mode)
            needs: catalok (tag eastwest/needs)
            namespace: internal.myapp (kept as deployed)
            logs: -
            access-logs: -
            eastwest/needs="catalok": no service offers this name in namespace internal.myapp: correct the spelling, or remove it. Nothing waits for it; once a service offers it, this service is refreshed; did you mean "catalog"?
        "#]],
    );
}

/// Only the authority is declared: the key and the role stay as deployed, and that is what is told.
#[test]
fn encryption_is_told_member_by_member() {
    check(
        "namespace internal.myapp
         web mode=client-server, endpoint.http=tls-ca=arn:aws:acm-pca:eu-west-1:1:ca/x | in internal.myapp http/a@a:80+tls=arn:ca+key=k+role=arn:r",
        &expect![[r#"
            mode: client-server (tag eastwest/mode)
            endpoints: http tls=(ca=arn:aws:acm-pca:eu-west-1:1:ca/x) (tag eastwest/endpoint.http)
            namespace: internal.myapp (kept as deployed)
            logs: -
            access-logs: -
            http: port: http (tag eastwest/endpoint.http)
            http: discovery-name: a (kept as deployed) over web (built in)
            http: alias host: a (kept as deployed) over a.internal.myapp (built in)
            http: alias port: 80 (kept as deployed) over 8080 (built in)
            http: timeout idle: -
            http: timeout request: -
            http: ingress-port: -
            http: tls ca: arn:aws:acm-pca:eu-west-1:1:ca/x (tag eastwest/endpoint.http) over arn:ca (kept as deployed)
            http: tls key: k (kept as deployed)
            http: tls role: arn:r (kept as deployed)
            http: test-header: -
        "#]],
    );
}

#[test]
fn where_there_is_nothing_to_explain_the_reason_is_said() {
    let mut stage = Stage::read("web mode=client\n stage/job mode=client");
    let fault = Fault::new(FaultKind::Denied, "ecs.ListServices", "denied");
    for (name, cluster) in &mut stage.view.clusters {
        cluster.trouble = (name.as_str() == "stage").then(|| fault.clone());
    }
    let plan = stage.plan();
    let said = ["prod/web", "prod/wep", "prod/other", "stage/jobs", "nowhere/web"].map(|path| {
        let path = ServicePath::parse(path).expect("a path");
        match explain_at(&stage.view, &stage.settings, &path, &plan) {
            Ok(found) => format!("{} is explained", found.service),
            Err(unexplained) => unexplained.to_string(),
        }
    });
    expect![[r#"
        prod/web is explained
        there is no ECS service prod/wep; did you mean prod/web?
        there is no ECS service prod/other
        cluster stage cannot be read: ecs.ListServices: denied; allow this call in the IAM policy of eastwest's task role
        cluster nowhere is not watched"#]].assert_eq(&said.join("\n"));
}
