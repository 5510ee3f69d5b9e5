//! The tasks of one service, or of a whole cluster: listed, then described a hundred a call.
//!
//! A task that ends between the two calls is left out. Any other entry of `failures[]`, and a task of which the answer says
//! nothing, is a fault of the whole: a task that is not seen could be the one that is unwell.

use std::collections::BTreeSet;

use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::name::{ClusterName, EcsServiceName};
use eastwest_core::ecs::task::Task;

use crate::convert;
use crate::operation::Operation;
use crate::pace::Lane;
use crate::pages::Pages;
use crate::text::one_line;
use crate::world::World;

/// The most tasks that one call may ask for (API:DescribeTasksRequest).
const HUNDRED: usize = 100;

impl World {
    /// The tasks that should run: of a service, or of every service of the cluster.
    pub async fn tasks(
        &self,
        cluster: &ClusterName,
        service: Option<&EcsServiceName>,
    ) -> Result<Vec<Task>, Fault> {
        let arns: Vec<String> = self.list_tasks(cluster, service).await?.into_iter().collect();
        let mut tasks = Vec::new();
        for arns in arns.chunks(HUNDRED) {
            tasks.extend(self.describe_tasks(cluster, arns).await?);
        }
        tasks.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(tasks)
    }

    /// Those whose desired status is RUNNING, which is what a request asks for that names none.
    async fn list_tasks(
        &self,
        cluster: &ClusterName,
        service: Option<&EcsServiceName>,
    ) -> Result<BTreeSet<String>, Fault> {
        let mut pages = Pages::of(Operation::ListTasks);
        let mut found = BTreeSet::new();
        while let Some(page) = pages.next() {
            let request = self.ecs.list_tasks().cluster(cluster.as_str()).max_results(100);
            let request = request.set_service_name(service.map(|name| name.as_str().to_owned()));
            let sent = request.set_next_token(page.token).send();
            let answer = self.call(Operation::ListTasks, Lane::Urgent, sent).await?;
            found.extend(pages.turn(answer.task_arns, answer.next_token)?);
        }
        Ok(found)
    }

    async fn describe_tasks(
        &self,
        cluster: &ClusterName,
        arns: &[String],
    ) -> Result<Vec<Task>, Fault> {
        let request = self.ecs.describe_tasks().cluster(cluster.as_str());
        let sent = request.set_tasks(Some(arns.to_vec())).send();
        let answer = self.call(Operation::DescribeTasks, Lane::Urgent, sent).await?;
        let mut silent: BTreeSet<&str> = arns.iter().map(String::as_str).collect();
        for failure in answer.failures() {
            match failure.reason() {
                Some("MISSING") => silent.remove(failure.arn().unwrap_or_default()),
                reason => {
                    let reason = reason.unwrap_or("no reason given");
                    let message = format!("the answer lists a task under failures: {reason}");
                    return Err(incomplete(FaultKind::Refused, &one_line(&message)));
                }
            };
        }
        for task in answer.tasks() {
            silent.remove(task.task_arn().unwrap_or_default());
        }
        if !silent.is_empty() {
            let message = format!("the answer says nothing of {} tasks", silent.len());
            return Err(incomplete(FaultKind::Incomplete, &message));
        }
        Ok(answer.tasks().iter().map(convert::task::read).collect())
    }
}

fn incomplete(kind: FaultKind, message: &str) -> Fault {
    Fault::new(kind, Operation::DescribeTasks.id(), message)
}
