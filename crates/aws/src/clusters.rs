//! Clusters: which there are, and what one has as its default namespace.

use std::collections::BTreeSet;

use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::name::{Arn, ClusterName, NamespaceRef};
use eastwest_core::ecs::seen::Seen;

use crate::operation::Operation;
use crate::pace::Lane;
use crate::pages::Pages;
use crate::world::World;

impl World {
    /// The account's clusters, or why not all of them could be listed.
    pub(crate) async fn find_clusters(&self) -> Result<BTreeSet<ClusterName>, Fault> {
        let mut pages = Pages::of(Operation::ListClusters);
        let mut found = BTreeSet::new();
        while let Some(page) = pages.next() {
            let request = self.ecs.list_clusters().max_results(100).set_next_token(page.token);
            let answer =
                self.call(Operation::ListClusters, Lane::Background, request.send()).await?;
            let arns = pages.turn(answer.cluster_arns, answer.next_token)?;
            found.extend(arns.iter().map(|arn| ClusterName::as_read(Arn::as_read(arn).resource())));
        }
        Ok(found)
    }

    /// The cluster's default namespace for Service Connect; `serviceConnectDefaults` is part of every
    /// answer, so no `include` is needed.
    pub(crate) async fn default_namespace(
        &self,
        cluster: &ClusterName,
    ) -> Seen<Option<NamespaceRef>> {
        let request = self.ecs.describe_clusters().clusters(cluster.as_str());
        let answer = self.call(Operation::DescribeClusters, Lane::Background, request.send()).await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(fault) => return Seen::Unknown(fault),
        };
        let named = |c: &&aws_sdk_ecs::types::Cluster| c.cluster_name() == Some(cluster.as_str());
        match answer.clusters().iter().find(named) {
            Some(found) => {
                let defaults = found.service_connect_defaults();
                let namespace = defaults.and_then(|defaults| defaults.namespace());
                Seen::Known(namespace.filter(|n| !n.is_empty()).map(NamespaceRef::as_read))
            }
            None => Seen::Unknown(self.no_such_cluster(Operation::DescribeClusters, cluster)),
        }
    }

    /// A cluster that is not there is most often a wrong name or the wrong Region: the fault names both.
    pub(crate) fn no_such_cluster(&self, operation: Operation, cluster: &ClusterName) -> Fault {
        let region = self.region();
        let message = format!(
            "there is no cluster '{cluster}' in {region}; check --cluster and --region, or create it"
        );
        Fault::new(FaultKind::NotFound, operation.id(), &message)
    }
}
