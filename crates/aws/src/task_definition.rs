//! One task definition revision: a given one, or a family's latest.

use aws_sdk_ecs::types as sdk;
use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::name::{Arn, Family};
use eastwest_core::ecs::seen::Seen;
use eastwest_core::ecs::task_definition::TaskDefinition;

use crate::convert;
use crate::fault::is_no_task_definition;
use crate::operation::Operation;
use crate::pace::Lane;
use crate::world::World;

impl World {
    /// The revision with this ARN.
    pub(crate) async fn task_definition(&self, arn: &Arn) -> Seen<TaskDefinition> {
        match self.describe_definition(arn.as_str()).await {
            Ok(definition) => Seen::Known(convert::other::task_definition(arn, &definition)),
            Err(fault) => Seen::Unknown(fault),
        }
    }

    /// The latest active revision of a family (API:DescribeTaskDefinitionRequest.taskDefinition); absent where
    /// it has none.
    pub(crate) async fn latest_revision(&self, family: &Family) -> Seen<TaskDefinition> {
        let definition = match self.describe_definition(family.as_str()).await {
            Ok(definition) => definition,
            Err(fault) if is_no_task_definition(&fault) => return Seen::Absent,
            Err(fault) => return Seen::Unknown(fault),
        };
        match definition.task_definition_arn().map(Arn::as_read) {
            Some(arn) => Seen::Known(convert::other::task_definition(&arn, &definition)),
            None => Seen::Unknown(unreadable("the answer does not name its revision")),
        }
    }

    async fn describe_definition(&self, reference: &str) -> Result<sdk::TaskDefinition, Fault> {
        let request = self.ecs.describe_task_definition().task_definition(reference);
        let sent = request.send();
        let answer = self.call(Operation::DescribeTaskDefinition, Lane::Urgent, sent).await?;
        answer.task_definition.ok_or_else(|| unreadable("the answer holds no task definition"))
    }
}

fn unreadable(message: &str) -> Fault {
    Fault::new(FaultKind::Unreadable, Operation::DescribeTaskDefinition.id(), message)
}
