//! The Cloud Map namespaces of this account and region, those shared with it included.

use eastwest_core::ecs::fault::Fault;
use eastwest_core::ecs::namespace::Namespace;
use eastwest_core::ecs::seen::Seen;

use crate::convert;
use crate::operation::Operation;
use crate::pace::Lane;
use crate::pages::Pages;
use crate::world::World;

impl World {
    /// All namespaces, or why not all could be listed.
    pub(crate) async fn namespaces(&self) -> Seen<Vec<Namespace>> {
        match self.list_namespaces().await {
            Ok(namespaces) => Seen::Known(namespaces),
            Err(fault) => Seen::Unknown(fault),
        }
    }

    async fn list_namespaces(&self) -> Result<Vec<Namespace>, Fault> {
        let mut pages = Pages::of(Operation::ListNamespaces);
        let mut found = Vec::new();
        while let Some(page) = pages.next() {
            let request = self.cloud_map.list_namespaces().max_results(100);
            let sent = request.set_next_token(page.token).send();
            let answer = self.call(Operation::ListNamespaces, Lane::Urgent, sent).await?;
            let page = pages.turn(answer.namespaces, answer.next_token)?;
            found.extend(page.iter().filter_map(convert::other::namespace));
        }
        found.sort_by(|a, b| a.id.cmp(&b.id));
        found.dedup_by(|a, b| a.id == b.id);
        Ok(found)
    }
}
