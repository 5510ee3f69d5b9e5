//! The read before a write: the raw answer and the history.

use eastwest_core::ecs::fault::FaultKind;
use eastwest_core::ecs::past::Past;
use eastwest_core::ecs::seen::Seen;
use eastwest_core::ecs::service::EcsService;
use eastwest_core::ecs::time::AwsTime;
use eastwest_core::engine::effect::{Effect, Event};
use serde_json::{Value, json};

use super::{Asked, Stage, Told, arn, described, played, web};

async fn confirm(stage: &Stage) -> (Seen<EcsService>, Seen<Vec<Past>>) {
    match stage.execute(Effect::Confirm(web())).await {
        Event::Confirmed(key, service, history) => {
            assert_eq!(key, web());
            (service, history)
        }
        other => panic!("{other:?}"),
    }
}

fn known(history: Seen<Vec<Past>>) -> Vec<Past> {
    match history {
        Seen::Known(pasts) => pasts,
        other => panic!("{other:?}"),
    }
}

/// A service deployment that began at second `at`, and took a minute.
fn deployment(status: &str, at: i64, revision: &str) -> Value {
    let mut told = json!({
        "serviceDeploymentArn": format!("deployment {at}"), "status": status, "createdAt": at,
        "targetServiceRevisionArn": revision, "statusReason": format!("because {at}"),
    });
    if ["SUCCESSFUL", "STOPPED"].contains(&status) {
        told["finishedAt"] = json!(at + 60);
    }
    told
}

/// The deployment with what only `DescribeServiceDeployments` tells of it.
fn under_way(mut deployment: Value, detail: Value) -> Value {
    deployment["detail"] = detail;
    deployment
}

/// A service with these service deployments; every revision can be described.
fn service_with(deployments: Vec<Value>) -> Stage {
    played(move |asked: &Asked| answer(asked, &deployments))
}

fn answer(asked: &Asked, deployments: &[Value]) -> Value {
    match asked.operation.as_str() {
        "ecs.DescribeServices" => json!({"services": [described("web")]}),
        "ecs.ListServiceDeployments" => json!({"serviceDeployments": deployments}),
        "ecs.DescribeServiceDeployments" => {
            let wanted = &asked.body["serviceDeploymentArns"][0];
            let found = deployments.iter().filter(|each| each["serviceDeploymentArn"] == *wanted);
            let details =
                found.filter(|each| each["detail"].is_object()).map(|each| &each["detail"]);
            json!({"serviceDeployments": details.collect::<Vec<_>>()})
        }
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
    }
}

#[tokio::test]
async fn a_service_is_confirmed_with_one_describe_and_one_look_at_its_deployments() {
    let stage = service_with(vec![]);
    let (service, history) = confirm(&stage).await;
    assert_eq!(service.known().unwrap().unknown_members, [""; 0]);
    assert_eq!(known(history), []);
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
async fn every_recent_rollout_comes_newest_first_with_what_it_carried() {
    let stage = service_with(vec![
        deployment("ROLLBACK_SUCCESSFUL", 1, "r1"),
        deployment("ROLLBACK_FAILED", 3, "r2"),
        deployment("ROLLBACK_SUCCESSFUL", 2, "r1"),
        deployment("STOPPED", 4, "r4"),
        deployment("SUCCESSFUL", 5, "r5"),
    ]);
    let pasts = known(confirm(&stage).await.1);
    let told: Vec<_> = pasts
        .iter()
        .map(|past| (past.status.as_str(), past.reason.as_str(), past.task_definition.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("SUCCESSFUL", "because 5", "td of r5"),
            ("STOPPED", "because 4", "td of r4"),
            ("ROLLBACK_FAILED", "because 3", "td of r2"),
            ("ROLLBACK_SUCCESSFUL", "because 2", "td of r1"),
            ("ROLLBACK_SUCCESSFUL", "because 1", "td of r1"),
        ]
    );
    let namespace = pasts[2].connect.as_ref().unwrap().namespace.as_ref().unwrap();
    assert_eq!(namespace.to_string(), "r2");
    let times = (pasts[0].created_at, pasts[0].finished_at, pasts[1].finished_at);
    assert_eq!(times, (AwsTime(5_000), Some(AwsTime(65_000)), Some(AwsTime(64_000))));
    assert!(pasts.iter().all(|past| past.stage.is_empty() && past.paused_at.is_none()));
    let asked = stage.asked("ecs.DescribeServiceRevisions");
    assert_eq!(asked, [json!({"serviceRevisionArns": ["r1", "r2", "r4", "r5"]})]);
    assert_eq!(stage.asked("ecs.DescribeServiceDeployments").len(), 0, "nothing is under way");
}

#[tokio::test]
async fn a_rollout_under_way_is_looked_at_for_its_stage() {
    let statuses = ["PENDING", "IN_PROGRESS", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"];
    for status in statuses.into_iter().chain(["STOP_REQUESTED", "PONDERING"]) {
        let stage = service_with(vec![
            deployment("SUCCESSFUL", 1, "r1"),
            under_way(deployment(status, 2, "r2"), json!({"lifecycleStage": "BAKE_TIME"})),
        ]);
        let pasts = known(confirm(&stage).await.1);
        let told: Vec<_> =
            pasts.iter().map(|p| (p.status.as_str(), p.stage.as_str(), p.finished_at)).collect();
        let done = ("SUCCESSFUL", "", Some(AwsTime(61_000)));
        assert_eq!(told, [(status, "BAKE_TIME", None), done]);
        assert_eq!(pasts[0].paused_at, None);
        let asked = stage.asked("ecs.DescribeServiceDeployments");
        assert_eq!(asked, [json!({"serviceDeploymentArns": ["deployment 2"]})]);
    }
}

#[tokio::test]
async fn a_hook_that_waits_for_somebody_is_told_from_one_that_runs() {
    for (target, status, waits) in [
        ("PAUSE", "AWAITING_ACTION", true),
        ("PAUSE", "IN_PROGRESS", false),
        ("PAUSE", "SUCCEEDED", false),
        ("PAUSE", "BROODING", false),
        ("AWS_LAMBDA", "AWAITING_ACTION", false),
        ("AWS_LAMBDA", "IN_PROGRESS", false),
    ] {
        let other = json!({"hookId": "1", "targetType": "AWS_LAMBDA", "status": "SUCCEEDED"});
        let hook = json!({"hookId": "2", "targetType": target, "status": status});
        let detail = json!({
            "lifecycleStage": "POST_TEST_TRAFFIC_SHIFT", "lifecycleHookDetails": [other, hook],
        });
        let stage = service_with(vec![under_way(deployment("IN_PROGRESS", 1, "r1"), detail)]);
        let [past] = &known(confirm(&stage).await.1)[..] else { panic!("one rollout") };
        let paused_at = waits.then(|| "POST_TEST_TRAFFIC_SHIFT".to_owned());
        assert_eq!(past.paused_at, paused_at, "{target} {status}");
    }
}

#[tokio::test]
async fn a_stage_and_a_status_that_nobody_knows_are_told_as_they_are() {
    let stage = service_with(vec![under_way(
        deployment("PONDERING", 1, "r1"),
        json!({"lifecycleStage": "CONTEMPLATION"}),
    )]);
    let pasts = known(confirm(&stage).await.1);
    assert_eq!((pasts[0].status.as_str(), pasts[0].stage.as_str()), ("PONDERING", "CONTEMPLATION"));
}

#[tokio::test]
async fn a_rollout_whose_stage_is_not_told_is_under_way_all_the_same() {
    let stage = service_with(vec![deployment("IN_PROGRESS", 1, "r1")]);
    let pasts = known(confirm(&stage).await.1);
    assert_eq!((pasts[0].status.as_str(), pasts[0].stage.as_str()), ("IN_PROGRESS", ""));
}

#[tokio::test]
async fn a_status_that_is_not_told_is_none_of_those_that_are_over() {
    let mut silent = deployment("SUCCESSFUL", 1, "r1");
    silent.as_object_mut().unwrap().remove("status");
    let stage = service_with(vec![silent]);
    assert_eq!(known(confirm(&stage).await.1)[0].status, "");
    assert_eq!(stage.asked("ecs.DescribeServiceDeployments").len(), 1);
}

#[tokio::test]
async fn twenty_rollouts_are_looked_at_and_they_are_the_latest() {
    let numbered = |at: i64| deployment("SUCCESSFUL", at, &format!("r{at}"));
    let stage = service_with((1..=30).map(numbered).collect());
    let pasts = known(confirm(&stage).await.1);
    let seconds: Vec<i64> = pasts.iter().map(|past| past.created_at.0 / 1000).collect();
    assert_eq!(seconds, (11..=30).rev().collect::<Vec<_>>());
    let asked = &stage.asked("ecs.DescribeServiceRevisions")[..];
    let [revisions] = asked else { panic!("{asked:?}") };
    assert_eq!(revisions["serviceRevisionArns"].as_array().unwrap().len(), 20);
}

/// A service whose deployments, newest first, have these statuses; of those marked with `gone` the revision is missing.
fn service_that_lost(statuses: &[&str]) -> Stage {
    let (mut deployments, mut lost) = (Vec::new(), Vec::new());
    for (at, status) in (0_i64..).zip(statuses.iter().rev()) {
        let revision = format!("r{at}");
        let status =
            status.strip_suffix(" gone").inspect(|_| lost.push(revision.clone())).unwrap_or(status);
        deployments.push(deployment(status, at, &revision));
    }
    played(move |asked: &Asked| {
        let mut answer = answer(asked, &deployments);
        if let Some(revisions) = answer["serviceRevisions"].as_array_mut() {
            let is_lost = |r: &Value| lost.iter().any(|arn| *arn == r["serviceRevisionArn"]);
            revisions.retain(|revision| !is_lost(revision));
            let missing = |arn: &String| json!({"arn": arn, "reason": "MISSING"});
            answer["failures"] = lost.iter().map(missing).collect();
        }
        answer
    })
}

#[tokio::test]
async fn old_revisions_that_went_well_and_are_gone_shorten_the_past() {
    for (statuses, kept) in [
        (&["SUCCESSFUL", "SUCCESSFUL gone", "SUCCESSFUL gone"][..], 1),
        (&["ROLLBACK_SUCCESSFUL", "SUCCESSFUL", "STOPPED gone", "SUCCESSFUL gone"], 2),
        (&["ROLLBACK_FAILED", "STOPPED gone"], 1),
    ] {
        let pasts = known(confirm(&service_that_lost(statuses)).await.1);
        let told: Vec<&str> = pasts.iter().map(|past| past.status.as_str()).collect();
        assert_eq!(told, statuses[..kept]);
    }
}

#[tokio::test]
async fn a_revision_that_must_be_known_and_is_gone_makes_the_history_unknown() {
    for statuses in [
        &["ROLLBACK_FAILED gone"][..],
        &["SUCCESSFUL", "ROLLBACK_SUCCESSFUL gone"],
        &["SUCCESSFUL", "SUCCESSFUL gone", "ROLLBACK_FAILED gone"],
        // The newest is what stands, or will.
        &["SUCCESSFUL gone"],
        &["STOPPED gone", "SUCCESSFUL"],
        &["IN_PROGRESS gone", "SUCCESSFUL"],
        // The newest that completed is what a rollback goes back to.
        &["ROLLBACK_FAILED", "SUCCESSFUL gone"],
        // A gap is not forgetting.
        &["SUCCESSFUL", "SUCCESSFUL gone", "SUCCESSFUL"],
        // Nobody knows how that one ended.
        &["SUCCESSFUL", "PONDERING gone"],
    ] {
        let history = confirm(&service_that_lost(statuses)).await.1;
        let Seen::Unknown(fault) = history else { panic!("{statuses:?}: {history:?}") };
        let found = (fault.kind, &*fault.operation);
        assert_eq!(found, (FaultKind::Unreadable, "ecs.DescribeServiceRevisions"), "{statuses:?}");
    }
}

#[tokio::test]
async fn a_revision_of_which_the_answer_says_nothing_or_something_else_is_not_read() {
    for failures in [json!([]), json!([{"arn": "r1", "reason": "ACCESS_DENIED"}])] {
        let deployments = [deployment("SUCCESSFUL", 2, "r2"), deployment("SUCCESSFUL", 1, "r1")];
        let stage = played(move |asked: &Asked| {
            let mut answer = answer(asked, &deployments);
            if let Some(revisions) = answer["serviceRevisions"].as_array_mut() {
                revisions.retain(|revision| revision["serviceRevisionArn"] != "r1");
                answer["failures"] = failures.clone();
            }
            answer
        });
        let (_, history) = confirm(&stage).await;
        assert!(matches!(history, Seen::Unknown(f) if f.kind == FaultKind::Unreadable));
    }
}

#[tokio::test]
async fn a_deployment_without_a_time_or_a_revision_makes_the_history_unknown() {
    for member in ["createdAt", "targetServiceRevisionArn"] {
        let mut silent = deployment("SUCCESSFUL", 1, "r1");
        silent.as_object_mut().unwrap().remove(member);
        let stage = service_with(vec![deployment("SUCCESSFUL", 2, "r2"), silent]);
        let (_, history) = confirm(&stage).await;
        assert!(matches!(history, Seen::Unknown(f) if f.kind == FaultKind::Unreadable), "{member}");
    }
}

#[tokio::test]
async fn a_call_that_fails_makes_the_history_unknown() {
    for call in ["ListServiceDeployments", "DescribeServiceRevisions", "DescribeServiceDeployments"]
    {
        let stage = played(move |asked: &Asked| -> Told {
            if asked.operation == format!("ecs.{call}") {
                return Told::error(400, "AccessDeniedException", "no");
            }
            answer(asked, &[deployment("IN_PROGRESS", 1, "r1")]).into()
        });
        let (service, history) = confirm(&stage).await;
        assert!(service.known().is_some());
        assert!(matches!(history, Seen::Unknown(f) if f.kind == FaultKind::Denied), "{call}");
    }
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
