//! Changing the world: one `UpdateService`, one attempt.
//!
//! **Invariant:** a request carries `cluster`, `service` and `serviceConnectConfiguration` and nothing else.
//! Every member that is left out stays as it is (API:UpdateServiceRequest), so what others change between our
//! read and our write, a task definition above all, is not overwritten.

use aws_sdk_ecs::operation::update_service::UpdateServiceOutput;
use aws_sdk_ecs::types::ServiceConnectConfiguration;
use eastwest_core::action::Action;
use eastwest_core::effect::Accepted;
use eastwest_core::fault::{Fault, FaultKind};
use eastwest_core::name::{DeploymentId, ServiceKey};
use eastwest_core::time::AwsTime;

use crate::World;
use crate::convert;
use crate::operation::Operation;
use crate::pace::Lane;

impl World {
    /// Carries out an action; `Ok` means that ECS accepted it, not that it is done.
    pub(crate) async fn apply(&self, action: &Action) -> Result<Accepted, Fault> {
        match action {
            Action::Connect { service, connect } => {
                self.update(service, convert::connect::write(connect)).await
            }
            Action::Disconnect { service } => self.update(service, convert::connect::off()).await,
        }
    }

    async fn update(
        &self,
        service: &ServiceKey,
        config: ServiceConnectConfiguration,
    ) -> Result<Accepted, Fault> {
        let request = self
            .ecs_writes
            .update_service()
            .cluster(service.cluster.as_str())
            .service(service.name.as_str())
            .service_connect_configuration(config);
        let answer = self.call(Operation::UpdateService, Lane::Urgent, request.send()).await?;
        accepted(&answer).ok_or_else(|| {
            let message = "the answer names no deployment that the change started";
            Fault::new(FaultKind::Unreadable, Operation::UpdateService.id(), message)
        })
    }
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
