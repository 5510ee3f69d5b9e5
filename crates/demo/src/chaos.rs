//! A fleet in which things go wrong on purpose, so that one can see what eastwest says of each.

use eastwest_sim::model::{AsOf, RolloutOutcome, RolloutScript};
use eastwest_sim::shapes::ecs::{DescribeServicesRequest, RolloutState};
use eastwest_sim::wire::World;
use serde_json::{Value, json};

use crate::fleet::{Fleet, Member, ask};

const CLUSTER: &str = "prod";
/// The service that another tool keeps changing back, and the port of its alias as that tool wants it.
const FOUGHT_OVER: (&str, u16) = ("reports", 9999);
/// The service whose rollouts fail.
const FAILING: &str = "payments";
/// How many services change at once where at most three may.
const BATCHES: usize = 5;

/// The fleet.
pub(crate) fn fleet() -> Fleet {
    let server = |name: &str| {
        Member::new(name, Some(("http".to_owned(), 8080))).tag("mode", "client-server")
    };
    let mut services = vec![
        server("catalog"),
        server("catalog-copy")
            .tag("discovery-name", "catalog")
            .in_trouble("Conflict", "it wants the discovery name that catalog has"),
        server(FOUGHT_OVER.0)
            .tag("alias", "reports:80")
            .in_trouble("Contended", "another tool sets its alias back after each rollout"),
        Member::new("cron", None)
            .deployed(json!({ "enabled": true, "namespace": "internal.myapp" }))
            .tag("mode", "client")
            .tag("needs", "catalog")
            .tag("refresh", "never")
            .in_trouble(
                "CannotCall",
                "its tasks are older than catalog's endpoint, and its tag forbids a refresh",
            ),
        server("typo")
            .tag("aliass", "typo:80")
            .in_trouble("Ambiguous", "one of its tags is misspelt"),
        server(FAILING)
            .tag("namespace", "payments.myapp")
            .in_trouble("RolledBack", "its new tasks do not start, so ECS rolls it back"),
    ];
    services.extend((1..=BATCHES).map(|number| {
        server(&format!("batch-{number}")).tag("namespace", "batch.myapp").in_trouble(
            "MassChange",
            "more services of its namespace change at once than the limit allows",
        )
    }));
    Fleet {
        cluster: CLUSTER.to_owned(),
        namespace: "internal.myapp".to_owned(),
        others: vec!["payments.myapp".to_owned(), "batch.myapp".to_owned()],
        services,
        flags: vec!["--mass-change", "3"],
    }
}

/// What is to go wrong by itself, once the fleet stands.
pub(crate) fn prepare(world: &mut World) {
    let fails = RolloutScript { seconds: 20, outcome: RolloutOutcome::Fail };
    world.model().set_rollout(&format!("{CLUSTER}/{FAILING}"), fails);
}

/// What others do while the fleet runs. It is called again and again.
pub(crate) fn act(world: &mut World) {
    if is_as_eastwest_wants(world) {
        let (service, port) = FOUGHT_OVER;
        let request = json!({
            "cluster": CLUSTER, "service": service, "serviceConnectConfiguration": configuration(port),
        });
        // A refusal shows in the daemon's report: then the service is in order.
        drop(world.model().update_service(ask(request)));
    }
}

/// Whether the service is at rest with the alias that its tag asks for.
fn is_as_eastwest_wants(world: &mut World) -> bool {
    let request = DescribeServicesRequest {
        cluster: Some(CLUSTER.to_owned()),
        services: vec![FOUGHT_OVER.0.to_owned()],
        include: None,
    };
    let answer = world.model().describe_services(AsOf::Now, &request);
    let service = answer.ok().and_then(|answer| answer.services.into_iter().next());
    let Some(primary) = service.as_ref().and_then(|service| service.deployments.first()) else {
        return false;
    };
    let configured = serde_json::to_value(&primary.service_connect_configuration);
    let port =
        configured.as_ref().ok().and_then(|all| all.pointer("/services/0/clientAliases/0/port"));
    primary.rollout_state == Some(RolloutState::Completed)
        && port.and_then(Value::as_u64) == Some(80)
}

fn configuration(port: u16) -> Value {
    json!({
        "enabled": true,
        "namespace": "internal.myapp",
        "services": [{
            "portName": "http",
            "discoveryName": FOUGHT_OVER.0,
            "clientAliases": [{ "port": port, "dnsName": FOUGHT_OVER.0 }],
        }],
    })
}
