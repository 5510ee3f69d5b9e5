//! Worlds at random, as text, so that a failing one can be read and pasted into a test.

use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// Services that share few names, so that they get in each other's way.
pub(crate) fn world() -> impl Strategy<Value = String> {
    let services = prop::collection::vec(parts(), 1..7);
    let stage = (
        select(&["", "default=internal.myapp", "default=other.ns"]),
        select(&["", "flag internal.myapp", "flag other.ns", "flag nowhere"]),
        select(&["policy sync", "policy sync", "policy upsert-only", "policy observe"]),
        select(&["budget 2 1", "budget 1 1", "budget 9 9", "budget 3 2"]),
        select(&[
            "",
            "",
            "",
            "use internal.myapp ?",
            "use internal.myapp !",
            "use internal.myapp a=arn:a b=arn:b",
        ]),
    );
    (stage, services).prop_map(|((default, flag, policy, budget, used), services)| {
        let mut lines = vec![
            "namespace internal.myapp".to_owned(),
            "namespace other.ns http=other.ns-1x2y".to_owned(),
            format!("cluster prod {default}"),
            "cluster test".to_owned(),
            flag.to_owned(),
            policy.to_owned(),
            budget.to_owned(),
            used.to_owned(),
        ];
        lines.extend(
            services
                .iter()
                .enumerate()
                .map(|(number, (cluster, parts))| format!("{cluster}/s{number} {parts}")),
        );
        lines.join("\n")
    })
}

fn parts() -> impl Strategy<Value = (&'static str, String)> {
    (select(&["prod", "prod", "test"]), tags(), deployed(), ports(), facts()).prop_map(
        |(cluster, tags, deployed, ports, facts)| {
            (cluster, format!("{tags} | {deployed} | {ports} | {facts}"))
        },
    )
}

/// Tags of a service that mostly opted in.
pub(crate) fn tags() -> impl Strategy<Value = String> {
    let mode = select(&[
        "mode=client-server",
        "mode=client-server",
        "mode=client-server",
        "mode=client",
        "mode=off",
        "-",
        "mode=clinet",
    ]);
    let others = vec![
        "port=http",
        "port=8080",
        "port=grpc",
        "port=nope",
        "discovery-name=a",
        "discovery-name=b",
        "alias=a:80",
        "alias=:80",
        "alias=shared",
        "namespace=internal.myapp",
        "namespace=other.ns",
        "namespace=ns-internalmyapp",
        "namespace=nowhere",
        "pause=true",
        "timeout=request=5s",
        "logs=awslogs group=g",
        "logs=none",
        "access-logs=json",
        "test-header=x=y",
        "needs=a b",
        "endpoint.http=name=a",
        "endpoint.grpc=name=b alias=shared:81",
        "tls=ca=arn:a:b:c:d:ca",
        "ingress-port=9000",
    ];
    (mode, subsequence(others, 0..4)).prop_map(|(mode, mut tags)| {
        tags.insert(0, mode);
        tags.join(", ")
    })
}

/// A configuration in force, or none.
fn deployed() -> impl Strategy<Value = String> {
    let namespace =
        select(&["internal.myapp", "ns-internalmyapp", "other.ns-1x2y", "?", "gone.ns"]);
    let names = (select(&["http", "grpc"]), weighted(0.7, select(&["a", "b", "c", "web"])));
    let alias = weighted(0.8, select(&["a:80", ":80", "shared:80", "a.internal.myapp:8080"]));
    let more = subsequence(
        vec!["+idle=60", "+request=5", "+ingress=9000", "+tls=arn:ca", "+key=k", "+role=arn:r"],
        0..3,
    );
    let endpoint = (names, alias, more).prop_map(|((port, name), alias, more)| {
        let name = name.map(|name| format!("/{name}")).unwrap_or_default();
        let alias = alias.map(|alias| format!("@{alias}")).unwrap_or_default();
        format!("{port}{name}{alias}{}", more.concat())
    });
    let logs = weighted(
        0.3,
        select(&[
            "logs=g",
            "logs=awslogs-region:r,awslogs-group:g",
            "logs=g access=TEXT",
            "level=debug",
        ]),
    );
    let on = (namespace, prop::collection::vec(endpoint, 0..3), logs).prop_map(
        |(namespace, mut endpoints, logs)| {
            endpoints.extend(logs.map(str::to_owned));
            format!("in {namespace} {}", endpoints.join(" "))
        },
    );
    prop_oneof![1 => Just("off".to_owned()), 2 => on]
}

fn ports() -> impl Strategy<Value = &'static str> {
    select(&[
        "http=8080/http",
        "http=8080/http grpc=9000/grpc",
        "http=8080/http grpc=9000/grpc",
        "http=8080",
        "=8080",
        "?",
        "!",
        "http=8080/http host",
        "bridge http=8080/http",
        "windows http=8080",
        "http=8080/http nomemory",
        "udp:http=8080",
    ])
}

fn facts() -> impl Strategy<Value = String> {
    let facts = vec![
        "rolling",
        "failed",
        "draining",
        "code-deploy",
        "unread",
        "unlisted",
        "lagging",
        "unknown=serviceConnectConfiguration.new",
        "history=?",
        "history=!",
        "history=rolling",
        "age=1",
        "before=in_internal.myapp_http/old@old:80",
    ];
    prop_oneof![2 => Just(vec![]), 1 => subsequence(facts, 0..3)].prop_map(|words| words.join(" "))
}
