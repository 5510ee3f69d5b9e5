//! The lease table, read and written: each call is tried once.

use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::lease::{LeaseItem, LeaseKey, LeaseOutcome, LeaseWrite};

use super::calls::Aws;
use super::in_flight::{Reply, Request};

impl Aws {
    /// The item of a lease, by a strongly consistent read.
    pub(crate) async fn read_lease(&self, key: &LeaseKey) -> Result<Option<LeaseItem>, Fault> {
        let item = |model: &crate::model::Model| model.leases().get(key).cloned();
        self.read_once("dynamodb.GetItem", |model, _| Ok(item(model))).await
    }

    /// A conditional put.
    pub(crate) async fn write_lease(&self, write: &LeaseWrite) -> Result<LeaseOutcome, Fault> {
        match self.write(Request::PutLease(Box::new(write.clone()))).await? {
            Reply::Lease(outcome) => Ok(outcome),
            Reply::Service(_) | Reply::Operation(_) | Reply::Definition(_) => {
                let text = "the answer is of another call";
                Err(Fault::new(FaultKind::Unreadable, "dynamodb.PutItem", text))
            }
        }
    }
}
