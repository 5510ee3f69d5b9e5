//! Who uses a namespace, over all clusters: its Cloud Map services, and the ECS services in clusters that
//! no sweep covers.
//!
//! The two listings are whole or the answer is unknown.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_servicediscovery::types::{FilterCondition, ServiceFilter, ServiceFilterName};
use eastwest_core::ecs::fault::Fault;
use eastwest_core::ecs::name::{Arn, ClusterName};
use eastwest_core::ecs::namespace::{CloudMapService, NamespaceUse};
use eastwest_core::ecs::seen::Seen;
use eastwest_core::ecs::service::EcsService;
use eastwest_core::ecs::service_key::ServiceKey;

use crate::convert;
use crate::operation::Operation;
use crate::pace::Lane;
use crate::pages::Pages;
use crate::world::World;

impl World {
    /// Who uses the namespace; services in `watched` clusters are known already.
    pub(crate) async fn namespace_use(
        &self,
        namespace: &Arn,
        watched: &BTreeSet<ClusterName>,
    ) -> Seen<NamespaceUse> {
        let both = tokio::try_join!(self.cloud_map_services(namespace), self.members(namespace));
        match both {
            Ok((cloud_map, members)) => {
                let looks = self.describe_elsewhere(&members, watched).await;
                NamespaceUse::read(cloud_map, members, looks)
            }
            Err(fault) => Seen::Unknown(fault),
        }
    }

    /// Cloud Map takes an id or an ARN, and for a namespace shared by another account only the ARN
    /// (SD:ServiceFilter), so we always send that.
    async fn cloud_map_services(&self, namespace: &Arn) -> Result<Vec<CloudMapService>, Fault> {
        let filter = ServiceFilter::builder()
            .name(ServiceFilterName::NamespaceId)
            .condition(FilterCondition::Eq)
            .values(namespace.as_str())
            .build()
            .expect("a name and a value are set");
        let mut pages = Pages::of(Operation::ListCloudMapServices);
        let mut found = Vec::new();
        while let Some(page) = pages.next() {
            let request = self.cloud_map.list_services().filters(filter.clone()).max_results(100);
            let sent = request.set_next_token(page.token).send();
            let answer = self.call(Operation::ListCloudMapServices, Lane::Urgent, sent).await?;
            let page = pages.turn(answer.services, answer.next_token)?;
            found.extend(page.iter().filter_map(convert::other::cloud_map_service));
        }
        found.sort_by(|a, b| a.arn.cmp(&b.arn));
        found.dedup_by(|a, b| a.arn == b.arn);
        Ok(found)
    }

    /// The ARNs of all ECS services in the namespace, clients included.
    async fn members(&self, namespace: &Arn) -> Result<BTreeSet<Arn>, Fault> {
        let mut pages = Pages::of(Operation::ListServicesByNamespace);
        let mut found = BTreeSet::new();
        while let Some(page) = pages.next() {
            let request = self.ecs.list_services_by_namespace().namespace(namespace.as_str());
            let sent = request.max_results(100).set_next_token(page.token).send();
            let answer = self.call(Operation::ListServicesByNamespace, Lane::Urgent, sent).await?;
            let page = pages.turn(answer.service_arns, answer.next_token)?;
            found.extend(page.iter().map(|arn| Arn::as_read(arn)));
        }
        Ok(found)
    }

    async fn describe_elsewhere(
        &self,
        members: &BTreeSet<Arn>,
        watched: &BTreeSet<ClusterName>,
    ) -> Vec<Seen<EcsService>> {
        let mut clusters: BTreeMap<ClusterName, Vec<ServiceKey>> = BTreeMap::new();
        // An ARN of the old short form names no cluster, so such a service cannot be described.
        for key in members.iter().filter_map(ServiceKey::of_arn) {
            if !watched.contains(&key.cluster) {
                clusters.entry(key.cluster.clone()).or_default().push(key);
            }
        }
        let mut looks = Vec::new();
        for (cluster, keys) in clusters {
            looks.extend(self.describe_all(&cluster, keys).await.into_values());
        }
        looks
    }
}
