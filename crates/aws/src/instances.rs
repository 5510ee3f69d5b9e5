//! The instances of one Cloud Map service.
//!
//! `ListInstances`, and not `DiscoverInstances`: it takes the ARN that ECS names, also in a namespace that another account
//! shares (SD:ListInstancesRequest), and it shows every instance, whatever its health.

use eastwest_core::ecs::fault::Fault;
use eastwest_core::ecs::name::Arn;
use eastwest_core::ecs::namespace::Instance;

use crate::convert;
use crate::operation::Operation;
use crate::pace::Lane;
use crate::pages::Pages;
use crate::world::World;

impl World {
    /// Every instance of the Cloud Map service.
    pub async fn instances(&self, service: &Arn) -> Result<Vec<Instance>, Fault> {
        let mut pages = Pages::of(Operation::ListInstances);
        let mut found = Vec::new();
        while let Some(page) = pages.next() {
            let request = self.cloud_map.list_instances().service_id(service.as_str());
            let sent = request.max_results(100).set_next_token(page.token).send();
            let answer = self.call(Operation::ListInstances, Lane::Urgent, sent).await?;
            let page = pages.turn(answer.instances, answer.next_token)?;
            found.extend(page.iter().map(convert::task::instance));
        }
        found.sort();
        found.dedup();
        Ok(found)
    }
}
