//! Which calls each effect takes: an effect goes in, and the event that answers it comes out.

use std::rc::Rc;

use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::name::DeploymentId;
use eastwest_core::ecs::past::Past;
use eastwest_core::ecs::seen::Seen;
use eastwest_core::ecs::service::EcsService;
use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::engine::effect::{Effect, Event};
use eastwest_core::plan::action::{Accepted, Action};
use eastwest_core::plan::prerequisite::Prerequisite;
use eastwest_core::view::reading::{Answer, Question};

use super::calls::Aws;
use super::convert;
use super::in_flight::{Reply, Request};
use super::virtual_time::join;
use crate::shapes::ecs::{DeploymentStatus, UpdateServiceRequest};

/// Carries out one effect and returns the one event that answers it.
pub(crate) async fn execute(aws: Rc<Aws>, effect: Effect) -> Event {
    match effect {
        Effect::FindClusters => Event::ClustersFound(aws.find_clusters().await),
        Effect::Sweep(cluster) => Event::Swept(aws.sweep(cluster).await),
        Effect::Refresh(cluster, keys) => {
            let services = aws.describe_all(&cluster, keys).await;
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
        Effect::Receive(queue) => Event::Received(aws.receive(&queue).await),
        Effect::Delete(queue, receipts) => Event::Deleted(aws.delete(&queue, &receipts).await),
        Effect::ReadLease(key) => {
            let item = aws.read_lease(&key).await;
            Event::LeaseRead(key, item)
        }
        Effect::WriteLease(write) => {
            let outcome = aws.write_lease(&write).await;
            Event::LeaseWritten(write, outcome)
        }
    }
}

impl Aws {
    async fn answer(&self, question: Question) -> Answer {
        match question {
            Question::Namespaces => Answer::Namespaces(match self.namespaces().await {
                Ok(namespaces) => Seen::Known(namespaces),
                Err(fault) => Seen::Unknown(fault),
            }),
            Question::NamespaceUse(id, arn, watched) => {
                let seen = self.namespace_use(&arn, &watched).await;
                Answer::NamespaceUse(id, seen)
            }
            Question::TaskDefinition(arn) => {
                let seen = self.task_definition(&arn).await;
                Answer::TaskDefinition(arn, seen)
            }
            Question::History(key) => {
                let history = self.history(&key).await;
                Answer::History(key, history)
            }
            Question::LatestRevision(family) => {
                let seen = self.latest_revision(&family).await;
                Answer::LatestRevision(family, seen)
            }
            Question::Parameters(name) => {
                let seen = self.parameters(&name).await;
                Answer::Parameters(name, seen)
            }
        }
    }

    /// The read before a write: the service with the members that core does not know, and its history.
    async fn confirm(&self, key: &ServiceKey) -> (Seen<EcsService>, Seen<Vec<Past>>) {
        let keys = [key.clone()];
        let (mut services, history) =
            join(self.describe(&key.cluster, &keys, true), self.history(key)).await;
        let service = services.remove(key).unwrap_or(Seen::Absent);
        (service, history)
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
        Reply::Operation(_) | Reply::Definition(_) | Reply::Lease(_) => &[],
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
