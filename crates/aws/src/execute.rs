//! From an effect to its event: which verb carries out what.

use eastwest_core::ecs::fault::Fault;
use eastwest_core::engine::effect::{Effect, Event};
use eastwest_core::plan::prerequisite::Prerequisite;
use eastwest_core::view::reading::{Answer, Question};

use crate::world::World;

impl World {
    /// Carries out an effect; returns what came of it.
    pub async fn execute(&self, effect: Effect) -> Event {
        match effect {
            Effect::FindClusters => Event::ClustersFound(self.find_clusters().await),
            Effect::Sweep(cluster) => Event::Swept(self.sweep(cluster).await),
            Effect::Refresh(cluster, keys) => {
                let services = self.refresh(&cluster, keys).await;
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
            Effect::Receive(queue) => Event::Received(self.receive(&queue).await),
            Effect::Delete(queue, receipts) => Event::Deleted(self.delete(&queue, &receipts).await),
            Effect::ReadLease(key) => {
                let item = self.read_lease(&key).await;
                Event::LeaseRead(key, item)
            }
            Effect::WriteLease(write) => {
                let outcome = self.write_lease(&write).await;
                Event::LeaseWritten(write, outcome)
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
}
