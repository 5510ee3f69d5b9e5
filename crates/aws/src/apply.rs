//! Changing the world: one `UpdateService`, one attempt.
//!
//! **Invariant:** a request carries `cluster`, `service` and `serviceConnectConfiguration` and nothing else; a refresh
//! carries `forceNewDeployment` in place of the last.
//! Every member that is left out stays as it is (API:UpdateServiceRequest), so what others change between our
//! read and our write, a task definition above all, is not overwritten.

use aws_sdk_ecs::operation::update_service::UpdateServiceOutput;
use aws_sdk_ecs::operation::update_service::builders::UpdateServiceFluentBuilder;
use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::name::DeploymentId;
use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::ecs::time::AwsTime;
use eastwest_core::plan::action::{Accepted, Action};

use crate::convert;
use crate::fault;
use crate::operation::Operation;
use crate::pace::Lane;
use crate::world::World;

impl World {
    /// Carries out an action; `Ok` means that ECS accepted it, not that it is done.
    pub(crate) async fn apply(&self, action: &Action) -> Result<Accepted, Fault> {
        let request = self.update(action.service());
        let request = match action {
            Action::Connect { connect, .. } => {
                request.service_connect_configuration(convert::connect::write(connect))
            }
            Action::Disconnect { .. } => {
                request.service_connect_configuration(convert::connect::off())
            }
            Action::Refresh { .. } => request.force_new_deployment(true),
        };
        let operation = Operation::UpdateService;
        let cluster = &action.service().cluster;
        let sent = async {
            // The turn may have come after the lease had ended.
            if (self.may_write)(cluster) { Some(request.send().await) } else { None }
        };
        let answer = self.turn(operation, Lane::Urgent, sent).await;
        let answer = answer.ok_or_else(not_sent)?.map_err(|error| fault::of(operation, &error))?;
        accepted(&answer).ok_or_else(|| {
            let message = "the answer names no deployment that the change started";
            Fault::new(FaultKind::Unreadable, Operation::UpdateService.id(), message)
        })
    }

    fn update(&self, service: &ServiceKey) -> UpdateServiceFluentBuilder {
        let request = self.ecs_writes.update_service();
        request.cluster(service.cluster.as_str()).service(service.name.as_str())
    }
}

/// Nothing left this process.
fn not_sent() -> Fault {
    let message = "not sent: this process no longer leads the cluster";
    Fault::new(FaultKind::Unreachable, Operation::UpdateService.id(), message)
}

/// The PRIMARY deployment of the answer is the one that the change started.
fn accepted(answer: &UpdateServiceOutput) -> Option<Accepted> {
    let deployments = answer.service()?.deployments();
    let primary = deployments.iter().find(|d| d.status() == Some("PRIMARY"))?;
    Some(Accepted {
        deployment: DeploymentId::as_read(primary.id()?),
        created_at: convert::time(primary.created_at, AwsTime(0)),
    })
}
