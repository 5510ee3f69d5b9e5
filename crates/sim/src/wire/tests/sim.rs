//! The simulator's own calls: their bodies are a contract with tests outside this repository.

use serde_json::{Value, json};

use super::Sim;

#[tokio::test]
async fn calls_are_counted_by_name_and_reset() {
    let sim = Sim::start().await;
    assert_eq!(sim.get("/_sim/calls").await, json!({}));
    sim.good("ecs.ListClusters", json!({})).await;
    sim.good("ecs.ListClusters", json!({})).await;
    sim.aws("ssm.GetParameter", json!({ "Name": "/no" })).await;
    let expected = json!({ "ecs.ListClusters": 2, "ssm.GetParameter": 1 });
    assert_eq!(sim.get("/_sim/calls").await, expected);
    assert_eq!(sim.plain("DELETE", "/_sim/calls", "").await.status, 200);
    assert_eq!(sim.get("/_sim/calls").await, json!({}));
}

#[tokio::test]
async fn the_log_has_the_mutating_calls_in_order_with_who_and_what_came_of_it() {
    let sim = Sim::start().await;
    sim.good("ecs.CreateCluster", json!({ "clusterName": "a" })).await;
    sim.good("ecs.ListClusters", json!({})).await;
    sim.aws("ecs.DeleteCluster", json!({ "cluster": "b" })).await;
    let log = sim.get("/_sim/log").await;
    let entries = log.as_array().unwrap();
    assert_eq!(entries.len(), 2, "{log}");
    assert_eq!(entries[0]["operation"], "ecs.CreateCluster");
    assert_eq!(entries[0]["body"], json!({ "clusterName": "a" }));
    assert_eq!(entries[0]["effect"], json!({ "kind": "changed" }));
    assert_eq!(entries[0]["caller"], "raw/1 raw/1 app/story");
    assert!(entries[0]["time"].is_number());
    assert_eq!(entries[1]["effect"]["kind"], "refused");
    sim.plain("DELETE", "/_sim/log", "").await;
    assert_eq!(sim.get("/_sim/log").await, json!([]));
}

#[tokio::test]
async fn the_clock_leaps_and_changes_its_pace() {
    let sim = Sim::start().await;
    let start = sim.get("/_sim/clock").await;
    assert_eq!(start["speed"], json!(0.0));
    let now = |reading: &Value| reading["now"].as_f64().unwrap();
    let later = sim.post("/_sim/clock", json!({ "advance_s": 60 })).await;
    assert!((now(&later) - now(&start) - 60.0).abs() < 1e-3);
    let faster = sim.post("/_sim/clock", json!({ "speed": 60 })).await;
    assert_eq!(faster["speed"], json!(60.0));
    let frozen = sim.post("/_sim/clock", json!({ "speed": 0, "advance_s": 1 })).await;
    assert_eq!(frozen, sim.get("/_sim/clock").await);
}

#[tokio::test]
async fn proxies_fare_as_they_are_told_and_tasks_move_onto_loopback_with_their_instances() {
    let sim = Sim::start().await;
    let order = json!({ "service": "prod/web", "proxies": "unhealthy", "network": "loopback" });
    assert_eq!(sim.post("/_sim/tasks", order.clone()).await, order);
    for bad in [
        json!({}),
        json!({ "service": "prod/web" }),
        json!({ "service": "web", "proxies": "healthy" }),
        json!({ "service": "prod/web", "proxies": "ill" }),
        json!({ "network": "public" }),
    ] {
        let answer = sim.plain("POST", "/_sim/tasks", &bad.to_string()).await;
        assert_eq!(answer.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn a_namespace_of_another_account_is_shared_and_withdrawn() {
    let sim = Sim::start().await;
    let order = |share| json!({ "name": "partner", "account": "210987654321", "share": share });
    let arn = sim.post("/_sim/shares", order("full")).await["arn"].clone();
    let listed = sim.good("servicediscovery.ListNamespaces", json!({})).await;
    assert_eq!(listed["Namespaces"][0]["Arn"], arn);
    assert_eq!(listed["Namespaces"][0]["ResourceOwner"], "210987654321");
    sim.post("/_sim/shares", order("withdrawn")).await;
    let listed = sim.good("servicediscovery.ListNamespaces", json!({})).await;
    assert_eq!(listed["Namespaces"], json!([]));
}

#[tokio::test]
async fn bad_input_gets_400_and_a_message_that_says_what_is_allowed() {
    let sim = Sim::start().await;
    for (method, path, body, allowed) in [
        ("POST", "/_sim/clock", "{}", "advance_s"),
        ("POST", "/_sim/clock", "oops", "advance_s"),
        ("POST", "/_sim/clock", r#"{"advance_s":-1}"#, "never goes back"),
        ("POST", "/_sim/clock", r#"{"pace":1}"#, "`speed`"),
        (
            "POST",
            "/_sim/rollout",
            r#"{"service":"a/b","outcome":"explode"}"#,
            "complete|fail|stall",
        ),
        ("POST", "/_sim/rollout", r#"{"service":"web"}"#, "<cluster>/<service>"),
        (
            "POST",
            "/_sim/shares",
            r#"{"name":"x","account":"210987654321","share":"some"}"#,
            "without-permission",
        ),
        ("POST", "/_sim/shares", r#"{"name":"x","account":"123456789012"}"#, "another account"),
        ("POST", "/_sim/shares", r#"{"name":"x","account":"me"}"#, "twelve digits"),
        ("POST", "/_sim/faults", r#"[{"op":"ecs.Nothing","kind":"html"}]"#, "ecs.UpdateService"),
        ("POST", "/_sim/faults", r#"[{"op":"*","kind":"slow"}]"#, "timeout-after"),
        ("POST", "/_sim/faults", r#"{"op":"*","kind":"html","nth":0}"#, "counts from 1"),
        ("GET", "/_sim/reach?from=a/b&name=c", "", "port"),
        ("GET", "/_sim/reach?from=a/b&name=c&port=x", "", "port=<number>"),
        ("GET", "/_sim/state?region=moon", "", "not a region"),
    ] {
        let answer = sim.plain(method, path, body).await;
        assert_eq!(answer.status, 400, "{method} {path} {body}: {answer:?}");
        assert!(answer.message().contains(allowed), "{path} {body}: {}", answer.message());
    }
}

#[tokio::test]
async fn other_paths_and_methods_are_answered_with_what_there_is() {
    let sim = Sim::start().await;
    for (method, path, status) in [
        ("GET", "/", 405),
        ("GET", "/_sim/", 404),
        ("PUT", "/_sim/clock", 405),
        ("POST", "/x", 404),
    ] {
        let answer = sim.plain(method, path, "").await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert!(answer.message().contains("/_sim/reach"), "{method} {path}");
    }
}

#[tokio::test]
async fn faults_are_shown_with_what_they_saw_and_struck_and_can_be_dropped() {
    let sim = Sim::start().await;
    let rule = json!({ "op": "ecs.ListClusters", "nth": 2, "kind": "throttle", "times": 2 });
    sim.post("/_sim/faults", json!([rule])).await;
    for _ in 0..2 {
        sim.aws("ecs.ListClusters", json!({})).await;
    }
    let shown = sim.get("/_sim/faults").await;
    assert_eq!((&shown["rules"][0]["seen"], &shown["rules"][0]["struck"]), (&json!(2), &json!(1)));
    assert_eq!(shown["struck"], json!({ "throttle": 1 }));
    let answer = sim.plain("DELETE", "/_sim/faults", "").await.json();
    assert_eq!(answer, json!({ "rules": [], "struck": { "throttle": 1 } }));
    assert_eq!(sim.aws("ecs.ListClusters", json!({})).await.status, 200);
}

#[tokio::test]
async fn reach_and_state_answer_for_the_region_that_was_called() {
    let sim = Sim::populated(2).await;
    let state = sim.get("/_sim/state").await;
    assert!(state.is_object(), "{state}");
    let reach = sim.get("/_sim/reach?from=no/such&name=web&port=80").await;
    assert_eq!(reach["ok"], json!(false));
    assert!(!reach["why"].as_str().unwrap().is_empty());
    let other = sim.get("/_sim/state?region=us-east-1").await;
    assert_ne!(other, Value::Null);
}
