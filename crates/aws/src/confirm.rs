//! The read before a write: one service with its raw answer looked through, and its recent rollouts.

use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::past::Past;
use eastwest_core::ecs::seen::Seen;
use eastwest_core::ecs::service::EcsService;
use eastwest_core::ecs::service_key::ServiceKey;

use crate::describe::sort;
use crate::members::unknown_members;
use crate::operation::Operation;
use crate::pace::Lane;
use crate::raw::RawAnswer;
use crate::world::World;

impl World {
    /// The service as it is now, and what became of its recent rollouts; both are read at once.
    pub(crate) async fn confirm(&self, key: &ServiceKey) -> (Seen<EcsService>, Seen<Vec<Past>>) {
        tokio::join!(self.look_closely(key), self.history(key))
    }

    async fn look_closely(&self, key: &ServiceKey) -> Seen<EcsService> {
        let (raw, keys) = (RawAnswer::default(), vec![key.clone()]);
        let request = self.describe_request(&key.cluster, &keys);
        let sent = request.customize().interceptor(raw.clone()).send();
        let answer = match self.call(Operation::DescribeServices, Lane::Urgent, sent).await {
            Ok(answer) => answer,
            Err(fault) => return Seen::Unknown(fault),
        };
        let seen = sort(keys, answer).remove(key);
        match (seen, raw.take().as_ref().and_then(unknown_members)) {
            (Some(Seen::Known(service)), Some(unknown_members)) => {
                Seen::Known(EcsService { unknown_members, ..service })
            }
            (Some(Seen::Known(_)) | None, _) => Seen::Unknown(not_looked_through()),
            (Some(seen), _) => seen,
        }
    }
}

/// Without the raw answer we do not know that a write destroys nothing.
fn not_looked_through() -> Fault {
    let message = "the raw answer could not be searched for members this version does not know";
    Fault::new(FaultKind::Unreadable, Operation::DescribeServices.id(), message)
}
