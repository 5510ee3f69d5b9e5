//! Which calls each effect takes: an effect goes in, and the event that answers it comes out.

use std::rc::Rc;

use eastwest_core::action::Action;
use eastwest_core::effect::{Accepted, Effect, Event};
use eastwest_core::fault::{Fault, FaultKind};
use eastwest_core::name::DeploymentId;
use eastwest_core::prerequisite::Prerequisite;

use super::calls::Aws;
use super::convert;
use super::in_flight::{Reply, Request};
use crate::shapes::ecs::{DeploymentStatus, UpdateServiceRequest};

/// Carries out one effect and returns the one event that answers it.
pub(crate) async fn execute(aws: Rc<Aws>, effect: Effect) -> Event {
    match effect {
        Effect::FindClusters => Event::ClustersFound(aws.find_clusters().await),
        Effect::Sweep(cluster) => Event::Swept(aws.sweep(cluster).await),
        Effect::Refresh(cluster, names) => {
            let services = aws.describe_all(&cluster, names).await;
            Event::Refreshed(cluster, services)
        }
        Effect::Confirm(key) => {
            let (service, history) = aws.confirm(&key).await;
            Event::Confirmed(key, service, history)
        }
        Effect::Ask(question) => Event::Answered(aws.answer(question).await),
        Effect::Apply(action) => {
            let written = aws.write(Request::UpdateService(Box::new(request(&action)))).await;
            Event::Applied(action, written.and_then(|reply| accepted(&reply)))
        }
        Effect::Make(prerequisite) => {
            let made = match &prerequisite {
                Prerequisite::Namespace(new) => aws.create_namespace(new).await,
                Prerequisite::NamedPorts(wanted) => aws.name_ports(wanted).await,
            };
            Event::Made(prerequisite, made)
        }
    }
}

/// The call that an action is.
pub fn request(action: &Action) -> UpdateServiceRequest {
    let service = action.service();
    let request = UpdateServiceRequest {
        cluster: Some(service.cluster.to_string()),
        service: service.name.to_string(),
        ..UpdateServiceRequest::default()
    };
    let with = |connect| UpdateServiceRequest {
        service_connect_configuration: Some(convert::connect::write(connect)),
        ..request.clone()
    };
    match action {
        Action::Connect { connect, .. } => with(Some(connect)),
        Action::Disconnect { .. } => with(None),
        Action::Refresh { .. } => {
            UpdateServiceRequest { force_new_deployment: Some(true), ..request }
        }
    }
}

fn accepted(reply: &Reply) -> Result<Accepted, Fault> {
    let deployments = match reply {
        Reply::Service(answer) => answer.service.deployments.as_slice(),
        Reply::Operation(_) | Reply::Definition(_) => &[],
    };
    let primary = deployments.iter().find(|each| each.status == DeploymentStatus::Primary);
    let text = "the answer names no deployment that the change started";
    let primary =
        primary.ok_or_else(|| Fault::new(FaultKind::Unreadable, "ecs.UpdateService", text))?;
    Ok(Accepted {
        deployment: DeploymentId::as_read(&primary.id),
        created_at: convert::time(primary.created_at),
    })
}
