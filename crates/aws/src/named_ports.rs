//! Registering a task definition revision in which ports have the names they lack.
//!
//! **Invariant:** the new revision is the given one but for those names: no member is lost, not even one that the
//! SDK does not know, and no tag. So what `DescribeTaskDefinition` answers is not read into types and written out
//! again; its JSON is sent back ([`crate::revision`]), and the answer is compared with what was sent.
//!
//! **Invariant:** it is made once. A latest active revision that has the names already is the answer, so asking
//! again after a crash or a lost answer registers nothing.

use aws_sdk_ecs::types::TaskDefinitionField;
use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::name::Arn;
use eastwest_core::plan::prerequisite::NamedPorts;

use crate::fault::is_no_task_definition;
use crate::operation::Operation;
use crate::pace::Lane;
use crate::raw::{RawAnswer, RawRequest};
use crate::revision::Revision;
use crate::text::one_line;
use crate::world::World;

impl World {
    /// The ARN of a revision that is the given one with those names; registered where there is none yet.
    pub(crate) async fn name_ports(&self, wanted: &NamedPorts) -> Result<String, Fault> {
        let given = self.read_revision(wanted.task_definition.as_str()).await?;
        let named = given.with_names(&wanted.ports).map_err(|text| refused(&text))?;
        if named.is_same_as(&given) {
            return Ok(given.arn);
        }
        match self.latest_with_names(wanted, &named).await? {
            Some(latest) => Ok(latest),
            None => self.register(&named).await,
        }
    }

    /// The family's latest active revision, if it has the names. One that has them and lacks something else is a
    /// registration that lost it, or the work of a person who has not deployed it yet: not ours to roll out.
    async fn latest_with_names(
        &self,
        wanted: &NamedPorts,
        named: &Revision,
    ) -> Result<Option<String>, Fault> {
        let family = wanted.task_definition.family();
        let latest = match self.read_revision(family.as_str()).await {
            Ok(latest) => latest,
            Err(fault) if is_no_task_definition(&fault) => return Ok(None),
            Err(fault) => return Err(fault),
        };
        if !latest.has_names(&wanted.ports) {
            return Ok(None);
        }
        let difference = named.difference(&latest);
        if difference.only_lost() {
            return Err(incomplete(&latest, &difference.to_string()));
        }
        Ok(Some(latest.arn))
    }

    async fn read_revision(&self, reference: &str) -> Result<Revision, Fault> {
        let raw = RawAnswer::default();
        let request = self.ecs.describe_task_definition().task_definition(reference);
        let request = request.include(TaskDefinitionField::Tags);
        let sent = request.customize().interceptor(raw.clone()).send();
        self.call(Operation::DescribeTaskDefinition, Lane::Urgent, sent).await?;
        raw.take().and_then(Revision::read).ok_or_else(|| {
            let message = "the answer holds no task definition with an ARN";
            Fault::new(FaultKind::Unreadable, Operation::DescribeTaskDefinition.id(), message)
        })
    }

    async fn register(&self, named: &Revision) -> Result<String, Fault> {
        let raw = RawAnswer::default();
        // The typed request is a shell: all of the body is ours.
        let request = self.ecs_writes.register_task_definition().customize();
        let request = request.interceptor(raw.clone()).interceptor(RawRequest::of(&named.request));
        self.call(Operation::RegisterTaskDefinition, Lane::Urgent, request.send()).await?;
        let made = raw.take().and_then(Revision::read).ok_or_else(|| {
            let message = "the answer holds no task definition with an ARN";
            Fault::new(FaultKind::Unreadable, Operation::RegisterTaskDefinition.id(), message)
        })?;
        let difference = named.difference(&made);
        if difference.is_empty() {
            Ok(made.arn)
        } else {
            Err(incomplete(&made, &difference.to_string()))
        }
    }
}

fn refused(text: &str) -> Fault {
    Fault::new(FaultKind::Refused, Operation::RegisterTaskDefinition.id(), &one_line(text))
}

/// A revision that is not as wanted is not rolled out.
fn incomplete(revision: &Revision, difference: &str) -> Fault {
    let name = Arn::as_read(&revision.arn);
    let name = name.resource();
    refused(&format!(
        "revision {name} has the port names but {difference}: deploy or deregister it"
    ))
}
