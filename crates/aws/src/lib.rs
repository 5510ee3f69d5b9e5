//! The real world: the only crate that knows the AWS SDK.
//!
//! [`World::execute`] takes an [`Effect`] and answers with exactly one [`Event`]. **No decision is taken
//! here:** an effect carries all that its execution needs, and what cannot be read becomes
//! [`Seen::Unknown`](eastwest_core::ecs::seen::Seen::Unknown) with its fault, never absence.
//!
//! One file for each verb: [`sweep`], [`describe`] (with refresh), [`confirm`], [`history`],
//! [`namespaces`], [`namespace_use`], [`task_definition`], [`clusters`], [`parameters`], [`apply`], and for what
//! services wait for [`new_namespace`] and [`named_ports`]. Below them: [`call`] makes one call, [`pace`] waits for
//! its turn, [`pages`] walks through listings, [`convert`], [`raw`], [`members`] and [`revision`] read answers,
//! [`fault`] and [`text`] read failures. [`operation`] is the table of all calls. Beside them,
//! [`captured`] plays AWS out of files.
//!
//! **Absent on purpose:** retries of writes, caches, logs. Who asked decides what to do next.

#![cfg_attr(
    test,
    expect(clippy::needless_raw_string_hashes, reason = "expect-test writes its texts so")
)]

mod apply;
mod call;
mod captured;
mod clusters;
mod confirm;
mod convert;
mod describe;
mod fault;
mod history;
mod members;
mod named_ports;
mod namespace_use;
mod namespaces;
mod new_namespace;
mod operation;
mod pace;
mod pages;
mod parameters;
mod raw;
mod revision;
mod settings;
mod sweep;
mod task_definition;
#[cfg(test)]
mod tests;
mod text;

use std::sync::Arc;
use std::time::Duration;

use eastwest_core::ecs::fault::Fault;
use eastwest_core::engine::effect::{Effect, Event};
use eastwest_core::plan::prerequisite::Prerequisite;
use eastwest_core::view::reading::{Answer, Question};

pub use call::{Call, OnCall};
pub use captured::{Captures, NotACapture};
pub use operation::{ACTIONS, Access, Operation};
pub use pace::Bucket;
pub use settings::{NoRegion, Settings};

/// One AWS account in one region.
pub struct World {
    ecs: aws_sdk_ecs::Client,
    /// The same API without a second attempt.
    ecs_writes: aws_sdk_ecs::Client,
    cloud_map: aws_sdk_servicediscovery::Client,
    /// The same API without a second attempt.
    cloud_map_writes: aws_sdk_servicediscovery::Client,
    ssm: aws_sdk_ssm::Client,
    /// The first pause while an operation is followed.
    first_pause: Duration,
    pace: Arc<pace::Pace>,
    region: String,
}

impl World {
    /// Does what is asked and says what came of it.
    pub async fn execute(&self, effect: Effect) -> Event {
        match effect {
            Effect::FindClusters => Event::ClustersFound(self.find_clusters().await),
            Effect::Sweep(cluster) => Event::Swept(self.sweep(cluster).await),
            Effect::Refresh(cluster, names) => {
                let services = self.refresh(&cluster, names).await;
                Event::Refreshed(cluster, services)
            }
            Effect::Confirm(key) => {
                let (service, history) = self.confirm(&key).await;
                Event::Confirmed(key, service, history)
            }
            Effect::Ask(question) => Event::Answered(self.answer(question).await),
            Effect::Apply(action) => {
                let outcome = self.apply(&action).await;
                Event::Applied(action, outcome)
            }
            Effect::Make(prerequisite) => {
                let made = self.make(&prerequisite).await;
                Event::Made(prerequisite, made)
            }
        }
    }

    /// Makes what services wait for, unless it is there: its id or ARN.
    async fn make(&self, prerequisite: &Prerequisite) -> Result<String, Fault> {
        match prerequisite {
            Prerequisite::Namespace(new) => self.create_namespace(new).await,
            Prerequisite::NamedPorts(wanted) => self.name_ports(wanted).await,
        }
    }

    async fn answer(&self, question: Question) -> Answer {
        match question {
            Question::Namespaces => Answer::Namespaces(self.namespaces().await),
            Question::NamespaceUse(id, arn, watched) => {
                let used = self.namespace_use(&arn, &watched).await;
                Answer::NamespaceUse(id, used)
            }
            Question::TaskDefinition(arn) => {
                let seen = self.task_definition(&arn).await;
                Answer::TaskDefinition(arn, seen)
            }
            Question::History(key) => {
                let seen = self.history(&key).await;
                Answer::History(key, seen)
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

    /// The region all calls go to.
    pub fn region(&self) -> &str {
        &self.region
    }
}
