//! What readings tell of rollouts; how waves go is told by the engine's tests.

use super::*;
use crate::ecs::name::DeploymentId;
use crate::ecs::service::{DeploymentStatus, ServiceStatus};
use crate::ecs::time::AwsTime;
use crate::testing::{at, key, namespace, service};

fn begun(deployment: &str, second: i64) -> Begun {
    let deployment = DeploymentId::as_read(deployment);
    let accepted = Some(Accepted { deployment, created_at: AwsTime(second * 1000) });
    Begun { at: at(0), accepted, seen: false }
}

/// A service whose PRIMARY is this.
fn primary(deployment: &str, second: i64, rollout: Rollout) -> EcsService {
    let mut service = service(&key("web"), 1);
    let primary = service.deployments.first_mut().expect("a PRIMARY");
    primary.id = DeploymentId::as_read(deployment);
    primary.created_at = AwsTime(second * 1000);
    primary.rollout = rollout;
    service
}

fn told(begun: &mut Begun, service: &EcsService) -> &'static str {
    match begun.read(service) {
        Told::GoesOn => "goes on",
        Told::Ended(Rollout::Failed) => "failed",
        Told::Ended(_) => "completed",
        Told::NoMore => "neither",
    }
}

#[test]
fn our_own_deployment_tells_how_it_ended() {
    let tells = |rollout| told(&mut begun("ours", 5), &primary("ours", 5, rollout));
    assert_eq!(tells(Rollout::InProgress), "goes on");
    assert_eq!(tells(Rollout::Completed), "completed");
    assert_eq!(tells(Rollout::Failed), "failed");
}

#[test]
fn an_older_primary_means_taken_back_only_after_ours_was_there() {
    let mut begun = begun("ours", 5);
    let old = primary("old", 1, Rollout::Completed);
    assert_eq!(told(&mut begun.clone(), &old), "neither");
    assert_eq!(told(&mut begun, &primary("ours", 5, Rollout::InProgress)), "goes on");
    assert_eq!(told(&mut begun, &old), "failed");
}

#[test]
fn a_service_that_is_deleted_while_it_rolls_has_not_failed() {
    let mut begun = begun("ours", 5);
    let mut service = primary("ours", 5, Rollout::InProgress);
    assert_eq!(told(&mut begun, &service), "goes on");
    service.status = ServiceStatus::Draining;
    assert_eq!(told(&mut begun, &service), "goes on");
    service.status = ServiceStatus::Inactive;
    service.deployments.clear();
    assert_eq!(told(&mut begun, &service), "neither");
}

#[test]
fn ours_beside_an_older_primary_is_taken_back() {
    let mut service = primary("old", 1, Rollout::InProgress);
    let mut ours = service.deployments[0].clone();
    (ours.id, ours.status) = (DeploymentId::as_read("ours"), DeploymentStatus::Active);
    service.deployments.push(ours);
    assert_eq!(told(&mut begun("ours", 5), &service), "failed");
}

#[test]
fn a_newer_primary_says_nothing_of_ours() {
    let newer = primary("theirs", 9, Rollout::Failed);
    assert_eq!(told(&mut begun("ours", 5), &newer), "neither");
}

#[test]
fn where_the_answer_was_lost_what_rolls_is_ours() {
    let lost = Begun { at: at(0), accepted: None, seen: false };
    assert_eq!(told(&mut lost.clone(), &primary("any", 5, Rollout::Completed)), "neither");
    let mut lost = lost;
    assert_eq!(told(&mut lost, &primary("any", 5, Rollout::InProgress)), "goes on");
    assert_eq!(told(&mut lost, &primary("any", 5, Rollout::Failed)), "failed");
}

#[test]
fn a_write_that_was_refused_begins_nothing() {
    let (mut waves, id) = (Waves::default(), namespace("internal.myapp").id);
    waves.begins(&key("web"), Some(&id), at(0));
    assert_eq!(waves.first(&id), Some(&key("web")));
    waves.refused(&key("web"));
    assert_eq!(waves.first(&id), None);
    waves.end(&Plan::default());
    assert!(waves.begins_with_one(&id) && waves.next_due(at(0)).is_none());
}

#[test]
fn a_service_that_opted_out_and_shows_no_primary_was_taken_back() {
    let mut began = begun("ours", 5);
    let mut service = primary("ours", 5, Rollout::InProgress);
    assert_eq!(told(&mut began, &service), "goes on");
    service.deployments.clear();
    assert_eq!(told(&mut began, &service), "failed");
    assert_eq!(told(&mut begun("ours", 5), &service), "neither", "it was never seen");
}
