//! The read before a write: the raw answer and the history.

use eastwest_core::effect::{Effect, Event};
use eastwest_core::fault::FaultKind;
use eastwest_core::view::{EcsService, History, Seen};
use serde_json::{Value, json};

use super::{Asked, Stage, Told, arn, described, played, web};

async fn confirm(stage: &Stage) -> (Seen<EcsService>, Seen<History>) {
    match stage.execute(Effect::Confirm(web())).await {
        Event::Confirmed(key, service, history) => {
            assert_eq!(key, web());
            (service, history)
        }
        other => panic!("{other:?}"),
    }
}

fn deployment(status: &str, at: i64, revision: &str) -> Value {
    json!({"status": status, "createdAt": at, "targetServiceRevisionArn": revision, "statusReason": format!("because {at}")})
}

/// A service with these service deployments; every revision can be described.
fn service_with(deployments: Vec<Value>) -> Stage {
    played(move |asked: &Asked| match asked.operation.as_str() {
        "ecs.DescribeServices" => json!({"services": [described("web")]}),
        "ecs.ListServiceDeployments" => json!({"serviceDeployments": deployments}),
        _ => {
            let revisions = asked.body["serviceRevisionArns"].as_array().unwrap();
            let revision = |arn: &Value| {
                json!({
                    "serviceRevisionArn": arn, "taskDefinition": format!("td of {}", arn.as_str().unwrap()),
                    "serviceConnectConfiguration": {"enabled": true, "namespace": arn},
                })
            };
            json!({"serviceRevisions": revisions.iter().map(revision).collect::<Vec<_>>()})
        }
    })
}

#[tokio::test]
async fn a_service_is_confirmed_with_one_describe_and_one_look_at_its_deployments() {
    let stage = service_with(vec![]);
    let (service, history) = confirm(&stage).await;
    assert_eq!(service.known().unwrap().unknown_members, [""; 0]);
    assert_eq!(history, Seen::Known(History::default()));
    let mut asked = stage.all_asked();
    asked.sort();
    assert_eq!(asked, ["ecs.DescribeServices", "ecs.ListServiceDeployments"]);
}

#[tokio::test]
async fn a_member_we_do_not_know_is_found_in_the_primary_alone() {
    let stage = played(|asked: &Asked| match asked.operation.as_str() {
        "ecs.DescribeServices" => {
            let mut service = described("web");
            let primary = &mut service["deployments"][0];
            primary["serviceConnectConfiguration"]["services"][0]["newThing"] = json!(1);
            primary["newOfDeployment"] = json!(1);
            let mut old = primary.clone();
            old["status"] = json!("ACTIVE");
            old["serviceConnectConfiguration"]["oldThing"] = json!(1);
            service["deployments"].as_array_mut().unwrap().push(old);
            json!({"services": [service]})
        }
        _ => json!({"serviceDeployments": []}),
    });
    let (service, _) = confirm(&stage).await;
    assert_eq!(service.known().unwrap().unknown_members, ["services[0].newThing"]);
}

#[tokio::test]
async fn the_proxys_log_level_is_carried_and_a_setting_nobody_knows_yet_is_not() {
    for (settings, level, unknown) in [
        (json!([{"logLevel": "debug"}]), Some("debug"), vec![]),
        (json!([{"newThing": 1}]), None, vec!["containerConfigurations[0].newThing"]),
        (
            json!([{"logLevel": "info"}, {"newThing": 1}]),
            Some("info"),
            vec!["containerConfigurations[1]"],
        ),
    ] {
        let stage = played(move |asked: &Asked| match asked.operation.as_str() {
            "ecs.DescribeServices" => {
                let mut service = described("web");
                let config = &mut service["deployments"][0]["serviceConnectConfiguration"];
                config["containerConfigurations"] = settings.clone();
                json!({"services": [service]})
            }
            _ => json!({"serviceDeployments": []}),
        });
        let (service, _) = confirm(&stage).await;
        let service = service.known().unwrap();
        let connect = service.primary().unwrap().connect.as_ref().unwrap();
        assert_eq!(connect.log_level.as_deref(), level);
        assert_eq!(service.unknown_members, unknown);
    }
}

#[tokio::test]
async fn the_raw_answer_is_looked_through_after_a_retry_too() {
    let first = std::sync::atomic::AtomicBool::new(true);
    let stage = played(move |asked: &Asked| -> Told {
        let is_first = asked.operation == "ecs.DescribeServices"
            && first.swap(false, std::sync::atomic::Ordering::SeqCst);
        match asked.operation.as_str() {
            _ if is_first => Told::error(500, "ServerException", "oops"),
            "ecs.DescribeServices" => json!({"services": [described("web")]}).into(),
            _ => json!({"serviceDeployments": []}).into(),
        }
    });
    assert!(confirm(&stage).await.0.known().is_some());
}

#[tokio::test]
async fn a_missing_service_is_unknown() {
    let stage = played(|asked: &Asked| -> Told {
        match asked.operation.as_str() {
            "ecs.DescribeServices" => {
                json!({"services": [], "failures": [{"arn": arn("web"), "reason": "MISSING"}]})
                    .into()
            }
            _ => Told::error(400, "ServiceNotFoundException", "Service not found."),
        }
    });
    let (service, history) = confirm(&stage).await;
    assert!(matches!(service, Seen::Unknown(f) if f.kind == FaultKind::NotFound));
    assert_eq!(history, Seen::Absent);
}

#[tokio::test]
async fn failed_rollouts_come_newest_first_with_what_they_carried() {
    let stage = service_with(vec![
        deployment("ROLLBACK_SUCCESSFUL", 1, "r1"),
        deployment("ROLLBACK_FAILED", 3, "r2"),
        deployment("ROLLBACK_SUCCESSFUL", 2, "r1"),
        deployment("STOPPED", 4, "r4"),
        deployment("SUCCESSFUL", 5, "r5"),
    ]);
    let (_, history) = confirm(&stage).await;
    let history = history.known().unwrap().clone();
    assert!(!history.rolling);
    let failed: Vec<_> = history
        .failed
        .iter()
        .map(|f| (f.status.as_str(), f.reason.as_str(), f.task_definition.as_str()))
        .collect();
    assert_eq!(
        failed,
        [
            ("ROLLBACK_FAILED", "because 3", "td of r2"),
            ("ROLLBACK_SUCCESSFUL", "because 2", "td of r1"),
            ("ROLLBACK_SUCCESSFUL", "because 1", "td of r1"),
        ]
    );
    let namespace = history.failed[0].connect.as_ref().unwrap().namespace.as_ref().unwrap();
    assert_eq!(namespace.to_string(), "r2");
    let asked = stage.asked("ecs.DescribeServiceRevisions");
    assert_eq!(asked, [json!({"serviceRevisionArns": ["r1", "r2"]})]);
}

#[tokio::test]
async fn revisions_are_not_asked_for_where_nothing_failed() {
    let stage = service_with(vec![deployment("IN_PROGRESS", 1, "r1")]);
    let (_, history) = confirm(&stage).await;
    assert_eq!(history, Seen::Known(History { failed: vec![], rolling: true }));
    assert_eq!(stage.asked("ecs.DescribeServiceRevisions").len(), 0);
}

#[tokio::test]
async fn a_rollback_under_way_is_both_failed_and_rolling() {
    for status in ["ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"] {
        let (_, history) = confirm(&service_with(vec![deployment(status, 1, "r1")])).await;
        let history = history.known().unwrap().clone();
        assert!(history.rolling && history.failed.len() == 1, "{status}");
    }
}

#[tokio::test]
async fn a_status_that_nobody_knows_counts_as_rolling() {
    let (_, history) = confirm(&service_with(vec![deployment("PONDERING", 1, "r1")])).await;
    assert_eq!(history, Seen::Known(History { failed: vec![], rolling: true }));
}

#[tokio::test]
async fn a_failed_revision_that_cannot_be_read_makes_the_history_unknown() {
    let stage = played(|asked: &Asked| match asked.operation.as_str() {
        "ecs.DescribeServices" => json!({"services": [described("web")]}),
        "ecs.ListServiceDeployments" => {
            json!({"serviceDeployments": [deployment("ROLLBACK_FAILED", 1, "r1")]})
        }
        _ => json!({"serviceRevisions": [], "failures": [{"arn": "r1", "reason": "MISSING"}]}),
    });
    let (_, history) = confirm(&stage).await;
    assert!(matches!(history, Seen::Unknown(f) if f.kind == FaultKind::Unreadable));
}

#[tokio::test]
async fn a_history_that_is_not_supported_is_unknown() {
    let stage = played(|asked: &Asked| -> Told {
        match asked.operation.as_str() {
            "ecs.DescribeServices" => json!({"services": [described("web")]}).into(),
            _ => Told::error(400, "UnsupportedFeatureException", "not here"),
        }
    });
    let (service, history) = confirm(&stage).await;
    assert!(service.known().is_some());
    assert!(matches!(history, Seen::Unknown(f) if f.kind == FaultKind::Refused));
}
