//! What is deployed, said in tags, and planned again: nothing changes.

use std::fmt::Write as _;
use std::sync::Arc;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::{declaration, entry, tags};
use crate::declaration::declared::Declaration;
use crate::declaration::intent::{Intent, parse};
use crate::declaration::tag_prefix::TagPrefix;
use crate::ecs::defaults::Defaults;
use crate::ecs::seen::Seen;
use crate::ecs::service_key::ServiceKey;
use crate::plan::entry::Verdict;
use crate::testing::{Stage, generate, key};

fn declared(stage: &Stage, key: &ServiceKey) -> Option<Declaration> {
    let view = &stage.view;
    let service = view.service(key)?.last.as_ref()?;
    let namespaces = view.namespaces.as_ref().and_then(Seen::known).expect("namespaces");
    let definition = view.task_definitions.get(&service.task_definition);
    let defaults = Defaults {
        namespaces,
        default_namespace: view.clusters[&key.cluster].default_namespace.as_ref(),
        task_definition: definition.and_then(Seen::known).map(|definition| &**definition),
    };
    declaration(service, &defaults)
}

/// The tags of the service `web` of a world, and what they cannot say.
fn check(world: &str, expected: &Expect) {
    let stage = Stage::read(world);
    let declared = declared(&stage, &key("web")).expect("it uses Service Connect");
    let (tags, unsaid) = tags(&declared, &TagPrefix::default());
    let mut text = String::new();
    for (key, value) in &tags {
        writeln!(text, "{key}={value}").unwrap();
    }
    for words in &unsaid {
        writeln!(text, "kept: {words}").unwrap();
    }
    expected.assert_eq(&text);
    let intents = [Intent::Declared(Arc::new(declared)), parse(&TagPrefix::default(), &tags).0];
    for intent in intents {
        assert_eq!(verdict(&stage, &key("web"), intent), Some(Verdict::InSync), "{text}");
    }
}

/// What is planned for one service that wants this.
fn verdict(stage: &Stage, key: &ServiceKey, intent: Intent) -> Option<Verdict> {
    let mut stage = stage.clone();
    let cluster = stage.view.clusters.get_mut(&key.cluster)?;
    let view = cluster.services.get_mut(key)?;
    // As if it had opted in before it was read.
    (view.intent, view.issues, view.is_slim) = (intent, Vec::new(), false);
    stage.plan().entries.get(key).map(|entry| entry.verdict.clone())
}

#[test]
fn a_service_that_is_off_has_nothing_to_say() {
    assert_eq!(declared(&Stage::read("web - | off"), &key("web")), None);
}

#[test]
fn a_client_says_its_namespace() {
    check(
        "web - | in internal.myapp",
        &expect![[r#"
            eastwest/mode=client
            eastwest/namespace=internal.myapp
        "#]],
    );
}

#[test]
fn one_endpoint_is_said_with_single_tags_and_its_defaults() {
    check(
        "web - | in internal.myapp http",
        &expect![[r#"
            eastwest/alias=http.internal.myapp:8080
            eastwest/discovery-name=http
            eastwest/mode=client-server
            eastwest/namespace=internal.myapp
            eastwest/port=http
        "#]],
    );
}

#[test]
fn all_that_a_single_endpoint_has_is_said() {
    check(
        "web - | in internal.myapp http/api@api:80+idle=60+request=0+ingress=9000+tls=arn:aws:acm-pca:r:1:ca+key=k+role=arn:aws:iam:r:1:role+test=x logs=g access=JSON",
        &expect![[r#"
            eastwest/access-logs=json
            eastwest/alias=api:80
            eastwest/discovery-name=api
            eastwest/ingress-port=9000
            eastwest/logs=awslogs group=g
            eastwest/mode=client-server
            eastwest/namespace=internal.myapp
            eastwest/port=http
            eastwest/test-header=x=yes
            eastwest/timeout=idle=60s request=0s
            eastwest/tls=ca=arn:aws:acm-pca:r:1:ca key=k
            kept: the role of the encryption
        "#]],
    );
}

#[test]
fn several_endpoints_are_said_by_port() {
    check(
        "web - | in internal.myapp http/api@api:80 grpc/rpc@rpc:90+idle=60 | http=8080/http grpc=9000/grpc",
        &expect![[r#"
            eastwest/endpoint.grpc=name=rpc alias=rpc:90 idle=60s
            eastwest/endpoint.http=name=api alias=api:80
            eastwest/mode=client-server
            eastwest/namespace=internal.myapp
        "#]],
    );
}

#[test]
fn two_endpoints_on_one_port_are_said_by_name_and_by_number() {
    check(
        "web - | in internal.myapp http/old@old:80 http/new@new:80",
        &expect![[r#"
            eastwest/endpoint.8080=name=new alias=new:80
            eastwest/endpoint.http=name=old alias=old:80
            eastwest/mode=client-server
            eastwest/namespace=internal.myapp
        "#]],
    );
}

#[test]
fn three_endpoints_on_one_port_are_kept_as_deployed() {
    check(
        "web - | in internal.myapp http/a@a:80 http/b@b:80 http/c@c:80",
        &expect![[r#"
            eastwest/mode=client-server
            eastwest/namespace=internal.myapp
            kept: its endpoints, because each needs a tag key of its own: endpoint.<port name> or endpoint.<container port>
        "#]],
    );
}

#[test]
fn two_endpoints_on_one_port_that_others_have_too_are_kept_as_deployed() {
    check(
        "web - | in internal.myapp http/a@a:80 http/b@b:80 | first=8080 http=8080",
        &expect![[r#"
            eastwest/mode=client-server
            eastwest/namespace=internal.myapp
            kept: its endpoints, because each needs a tag key of its own: endpoint.<port name> or endpoint.<container port>
        "#]],
    );
}

#[test]
fn what_no_tag_can_say_is_kept_as_deployed() {
    check(
        "web - | in internal.myapp http/a@Upper.Case:80+ingress=80+tls=not-an-arn http2/b@b:81+tls=arn:aws:acm-pca:r:1:ca+key=k+test=x logs=awslogs-group:g,awslogs-mode:blocking | http=80 http2=8081",
        &expect![[r#"
            eastwest/endpoint.http=name=a
            eastwest/endpoint.http2=name=b alias=b:81 tls-ca=arn:aws:acm-pca:r:1:ca
            eastwest/mode=client-server
            eastwest/namespace=internal.myapp
            kept: the proxy's logs
            kept: alias of endpoint a
            kept: ingress of endpoint a
            kept: tls-ca of endpoint a
            kept: the key and role of the encryption of endpoint b
        "#]],
    );
}

#[test]
fn a_port_whose_name_looks_like_a_number_is_said_by_its_number() {
    check(
        "web - | in internal.myapp 9000/a@a:80 | 9000=8080/http",
        &expect![[r#"
            eastwest/alias=a:80
            eastwest/discovery-name=a
            eastwest/mode=client-server
            eastwest/namespace=internal.myapp
            eastwest/port=9000
        "#]],
    );
}

#[test]
fn a_namespace_whose_name_is_not_enough_is_said_by_its_arn() {
    check(
        "namespace twin id=ns-11111111
         namespace twin http=twin-x2 id=ns-22222222
         web - | in ns-22222222",
        &expect![[r#"
            eastwest/mode=client
            eastwest/namespace=arn:aws:servicediscovery:x:1:namespace/ns-22222222
        "#]],
    );
}

#[test]
fn a_namespace_of_another_account_is_said_by_its_arn() {
    let mut stage = Stage::read("web - | in internal.myapp");
    let Some(Seen::Known(namespaces)) = &mut stage.view.namespaces else { panic!("they are read") };
    namespaces[0].owner = Some("1".to_owned());
    let name = |stage: &Stage| declared(stage, &key("web")).unwrap().namespace.unwrap().to_string();
    assert_eq!(name(&stage), "internal.myapp");
    let Some(Seen::Known(namespaces)) = &mut stage.view.namespaces else { panic!("they are read") };
    namespaces[0].owner = Some("2".to_owned());
    assert!(name(&stage).starts_with("arn:"), "{}", name(&stage));
}

#[test]
fn a_document_says_all_but_options_that_may_hold_a_token() {
    let entry_of = |deployed: &str| {
        let stage = Stage::read(&format!("web - | {deployed}"));
        let declared = declared(&stage, &key("web")).expect("it uses Service Connect");
        let (entry, unsaid) = entry(&key("web").path(), &declared);
        (entry == declared, entry.logs.is_some(), unsaid)
    };
    let whole =
        "in internal.myapp http/a@a:80+idle=60+tls=arn:a:b:c:d:ca+key=k+test=x logs=g access=TEXT";
    assert_eq!(entry_of(whole), (true, true, vec![]));
    let bad_tls = "in internal.myapp http/a@a:80+tls=no-arn logs=g";
    assert_eq!(entry_of(bad_tls), (false, true, vec!["the encryption".to_owned()]));
    let mut stage = Stage::read("web - | in internal.myapp http/a@a:80 logs=splunk-token:s");
    stage.change(&key("web"), |service| {
        let connect = service.deployments[0].connect.as_mut().expect("it is on");
        connect.logs.as_mut().expect("logs").driver = "splunk".to_owned();
    });
    let (entry, unsaid) = entry(&key("web").path(), &declared(&stage, &key("web")).unwrap());
    assert_eq!((entry.logs, unsaid), (None, vec!["the proxy's logs".to_owned()]));
}

/// Configurations beyond those of [`generate::world`], often with several endpoints on a port.
fn deployed() -> impl Strategy<Value = String> {
    let endpoint = (
        select(&["http", "grpc", "9000", "a-port_1"]),
        select(&["", "/a", "/b", "/c", "/d", "/UPPER"]),
        select(&["", "@a:80", "@b:80", "@:81", "@a.internal.myapp:80", "@Upper:80"]),
        subsequence(
            vec![
                "+idle=0",
                "+idle=60",
                "+request=5",
                "+ingress=9000",
                "+ingress=80",
                "+tls=arn:a:b:c:d:ca",
                "+tls=ca",
                "+key=k",
                "+role=arn:r",
                "+role=arn:a:b:c:d:r",
            ],
            0..4,
        ),
        select(&["", "", "+test=x", "+test=y"]),
    )
        .prop_map(|(port, name, alias, more, test)| {
            let test = if alias.is_empty() { "" } else { test };
            format!("{port}{name}{alias}{}{test}", more.concat())
        });
    let logs = select(&[
        "",
        "logs=g",
        "logs=g access=TEXT",
        "logs=awslogs-group:g,awslogs-region:r,awslogs-stream-prefix:p access=JSON",
        "logs=awslogs-group:g,awslogs-mode:m",
        "logs=splunk-token:s access=CUSTOM",
    ]);
    let namespace =
        select(&["internal.myapp", "ns-internalmyapp", "other.ns-1x2y", "?", "twin-x2"]);
    (namespace, prop::collection::vec(endpoint, 0..4), logs).prop_map(
        |(namespace, endpoints, logs)| format!("in {namespace} {} {logs}", endpoints.join(" ")),
    )
}

fn world() -> impl Strategy<Value = String> {
    let ports = select(&[
        "http=8080/http grpc=9090/grpc 9000=7000/http a-port_1=7001",
        "http=8080/http grpc=9090/grpc 9000=7000/http a-port_1=8080",
        "other=8080 http=8080 grpc=9090/grpc 9000=9000 a-port_1=80 bridge",
        "?",
    ]);
    let policy = select(&["sync", "upsert-only"]);
    (deployed(), ports, policy).prop_map(|(deployed, ports, policy)| {
        format!(
            "namespace internal.myapp
             namespace other.ns http=other.ns-1x2y
             namespace twin id=ns-11111111
             namespace twin http=twin-x2 id=ns-22222222
             cluster prod default=internal.myapp
             policy {policy}
             web - | {deployed} | {ports}"
        )
    })
}

/// Wherever the mode alone changes nothing, the whole description does not either.
fn check_nothing_changes(world: &str) -> Result<(), TestCaseError> {
    let stage = Stage::read(world);
    let prefix = TagPrefix::default();
    for key in stage.services.keys() {
        let Some(declared) = declared(&stage, key) else { continue };
        let mode = Declaration { mode: declared.mode, ..Declaration::default() };
        let alone = verdict(&stage, key, Intent::Declared(Arc::new(mode)));
        if alone != Some(Verdict::InSync) {
            continue;
        }
        let (tags, _) = tags(&declared, &prefix);
        let (intent, issues) = parse(&prefix, &tags);
        prop_assert_eq!(issues, vec![], "{:?}", &tags);
        prop_assert_eq!(verdict(&stage, key, intent), Some(Verdict::InSync), "{} {:?}", key, &tags);
        let whole = Intent::Declared(Arc::new(declared.clone()));
        prop_assert_eq!(
            verdict(&stage, key, whole),
            Some(Verdict::InSync),
            "{} {:?}",
            key,
            declared
        );
        let (entry, _) = entry(&key.path(), &declared);
        prop_assert_eq!(entry.mode, declared.mode);
        let entry = Intent::Declared(Arc::new(entry));
        prop_assert_eq!(
            verdict(&stage, key, entry),
            Some(Verdict::InSync),
            "{} {:?}",
            key,
            &declared
        );
        prop_assert!(tags.iter().all(|(key, text)| key.len() <= 128 && text.len() <= 256));
    }
    Ok(())
}

proptest! {
    #![proptest_config(crate::testing::cases(1024))]

    #[test]
    fn planning_with_what_was_imported_changes_nothing(world in world()) {
        check_nothing_changes(&world)?;
    }

    #[test]
    fn nor_does_it_in_a_world_full_of_trouble(world in generate::world()) {
        check_nothing_changes(&world)?;
    }

    #[test]
    fn tags_that_say_a_declaration_are_read_back_as_it(tags in generate::tags()) {
        let text = format!("web {tags}");
        let stage = Stage::read(&text);
        let read = &stage.services[&key("web")].tags;
        let prefix = TagPrefix::default();
        if let (Intent::Declared(declared), issues) = parse(&prefix, read) {
            prop_assert_eq!(issues, vec![]);
            let (written, unsaid) = super::tags(&declared, &prefix);
            if unsaid.is_empty() {
                prop_assert_eq!(parse(&prefix, &written).0, Intent::Declared(declared));
            }
        }
    }
}
