//! The one write: what it sends, and that it is sent once.

use eastwest_core::ecs::connect::{ClientAlias, Connect, Endpoint};
use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::name::{DeploymentId, DnsName, NamespaceRef, Port, PortName};
use eastwest_core::ecs::time::AwsTime;
use eastwest_core::engine::effect::{Effect, Event};
use eastwest_core::plan::action::{Accepted, Action};
use serde_json::{Value, json};

use super::{Asked, Stage, Told, described, namespace_arn, played, web};

fn connect() -> Action {
    let alias = ClientAlias {
        port: Port::parse("80").unwrap(),
        dns_name: Some(DnsName::as_read("web.internal")),
        test_header: None,
    };
    let endpoint = Endpoint { alias: Some(alias), ..Endpoint::bare(PortName::as_read("http")) };
    let connect = Connect {
        namespace: Some(NamespaceRef::as_read(namespace_arn().as_str())),
        endpoints: vec![endpoint],
        logs: None,
        access_logs: None,
        log_level: Some("debug".to_owned()),
    };
    Action::Connect { service: web(), connect }
}

async fn apply(stage: &Stage, action: Action) -> Result<Accepted, Fault> {
    match stage.execute(Effect::Apply(action.clone())).await {
        Event::Applied(done, outcome) => {
            assert_eq!(done, action);
            outcome
        }
        other => panic!("{other:?}"),
    }
}

fn updated() -> Value {
    let mut service = described("web");
    let mut old = service["deployments"][0].clone();
    old["status"] = json!("ACTIVE");
    service["deployments"][0]["id"] = json!("ecs-svc/2");
    service["deployments"].as_array_mut().unwrap().insert(0, old);
    json!({"service": service})
}

#[tokio::test]
async fn a_connect_sends_the_configuration_and_nothing_else() {
    let stage = played(|_: &Asked| updated());
    apply(&stage, connect()).await.unwrap();
    let expected = json!({
        "cluster": "prod",
        "service": "web",
        "serviceConnectConfiguration": {
            "enabled": true,
            "namespace": namespace_arn().as_str(),
            "services": [{"portName": "http", "clientAliases": [{"port": 80, "dnsName": "web.internal"}]}],
            "containerConfigurations": [{"logLevel": "debug"}],
        },
    });
    assert_eq!(stage.asked("ecs.UpdateService"), [expected]);
}

#[tokio::test]
async fn a_disconnect_says_off_and_nothing_else() {
    let stage = played(|_: &Asked| updated());
    apply(&stage, Action::Disconnect { service: web() }).await.unwrap();
    let expected = json!({
        "cluster": "prod", "service": "web", "serviceConnectConfiguration": {"enabled": false},
    });
    assert_eq!(stage.asked("ecs.UpdateService"), [expected]);
}

#[tokio::test]
async fn a_refresh_forces_a_deployment_and_says_nothing_else() {
    let stage = played(|_: &Asked| updated());
    let accepted = apply(&stage, Action::Refresh { service: web() }).await.unwrap();
    assert_eq!(accepted.deployment, DeploymentId::as_read("ecs-svc/2"));
    let expected = json!({"cluster": "prod", "service": "web", "forceNewDeployment": true});
    assert_eq!(stage.asked("ecs.UpdateService"), [expected]);
    assert_eq!(stage.all_asked(), ["ecs.UpdateService"]);
}

#[tokio::test]
async fn the_primary_of_the_answer_is_the_deployment_that_was_started() {
    let accepted = apply(&played(|_: &Asked| updated()), connect()).await.unwrap();
    let created_at = AwsTime(1_700_000_000_250);
    assert_eq!(accepted, Accepted { deployment: DeploymentId::as_read("ecs-svc/2"), created_at });
}

#[tokio::test]
async fn a_write_is_sent_once_whatever_comes_back() {
    let answers = [
        (500, "ServerException", FaultKind::ServerError),
        (503, "ServiceUnavailableException", FaultKind::ServerError),
        (400, "ThrottlingException", FaultKind::Throttled),
        (400, "InvalidParameterException", FaultKind::Refused),
        (400, "NamespaceNotFoundException", FaultKind::NotFound),
        (400, "ServiceNotActiveException", FaultKind::Refused),
    ];
    for (status, code, kind) in answers {
        let stage = played(move |_: &Asked| Told::error(status, code, "text"));
        for action in [connect(), Action::Refresh { service: web() }] {
            let fault = apply(&stage, action).await.unwrap_err();
            assert_eq!((fault.kind, &*fault.operation), (kind, "ecs.UpdateService"), "{code}");
        }
        assert_eq!(stage.all_asked(), ["ecs.UpdateService"; 2], "{code}");
    }
}

#[tokio::test]
async fn an_accepting_answer_that_names_no_deployment_leaves_the_effect_unknown() {
    for answer in [json!({}), json!({"service": {"serviceName": "web"}})] {
        let stage = played(move |_: &Asked| answer.clone());
        let fault = apply(&stage, connect()).await.unwrap_err();
        assert!(fault.kind.leaves_effect_unknown(), "{fault}");
        assert_eq!(stage.all_asked().len(), 1);
    }
}
