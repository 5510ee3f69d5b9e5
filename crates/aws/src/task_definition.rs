//! One task definition revision.

use eastwest_core::fault::{Fault, FaultKind};
use eastwest_core::name::Arn;
use eastwest_core::view::{Seen, TaskDefinition};

use crate::World;
use crate::convert;
use crate::operation::Operation;
use crate::pace::Lane;

impl World {
    /// The revision with this ARN.
    pub(crate) async fn task_definition(&self, arn: &Arn) -> Seen<TaskDefinition> {
        let request = self.ecs.describe_task_definition().task_definition(arn.as_str());
        let sent = request.send();
        match self.call(Operation::DescribeTaskDefinition, Lane::Urgent, sent).await {
            Ok(answer) => match answer.task_definition() {
                Some(definition) => Seen::Known(convert::other::task_definition(arn, definition)),
                None => Seen::Unknown(nothing()),
            },
            Err(fault) => Seen::Unknown(fault),
        }
    }
}

fn nothing() -> Fault {
    let message = "the answer holds no task definition";
    Fault::new(FaultKind::Unreadable, Operation::DescribeTaskDefinition.id(), message)
}
