//! Reads the namespaces, and who uses one.

use std::collections::{BTreeMap, BTreeSet};

use eastwest_core::ecs::fault::Fault;
use eastwest_core::ecs::name::{Arn, ClusterName};
use eastwest_core::ecs::namespace::{CloudMapService, Namespace, NamespaceUse};
use eastwest_core::ecs::seen::Seen;
use eastwest_core::ecs::service_key::ServiceKey;

use super::calls::Aws;
use super::convert;
use super::virtual_time::join;
use crate::shapes::cloud_map::{Filter, ListRequest};
use crate::shapes::ecs::ListServicesByNamespaceRequest;

impl Aws {
    pub(super) async fn namespaces(&self) -> Result<Vec<Namespace>, Fault> {
        let (found, ended) = self
            .pages("servicediscovery.ListNamespaces", |model, _, (limit, token)| {
                let request = ListRequest {
                    next_token: token.cloned(),
                    max_results: Some(limit),
                    filters: None,
                };
                let answer = model.list_namespaces(&request)?;
                Ok((answer.namespaces, answer.next_token))
            })
            .await;
        ended?;
        let mut found: Vec<Namespace> = found.iter().map(convert::other::namespace).collect();
        found.sort_by(|a, b| a.id.cmp(&b.id));
        found.dedup_by(|a, b| a.id == b.id);
        Ok(found)
    }

    pub(super) async fn namespace_use(
        &self,
        arn: &Arn,
        watched: &BTreeSet<ClusterName>,
    ) -> Seen<NamespaceUse> {
        let (cloud_map, members) = join(self.cloud_map_services(arn), self.members(arn)).await;
        let (cloud_map, members) = match (cloud_map, members) {
            (Ok(cloud_map), Ok(members)) => (cloud_map, members),
            (Err(fault), _) | (_, Err(fault)) => return Seen::Unknown(fault),
        };
        let mut clusters: BTreeMap<ClusterName, BTreeSet<ServiceKey>> = BTreeMap::new();
        let key = |arn: &String| ServiceKey::of_arn(&Arn::as_read(arn));
        for key in members.iter().filter_map(key) {
            if !watched.contains(&key.cluster) {
                clusters.entry(key.cluster.clone()).or_default().insert(key);
            }
        }
        let mut looks = Vec::new();
        for (cluster, keys) in clusters {
            looks.extend(self.describe_all(&cluster, keys).await.into_values());
        }
        let members = members.iter().map(|arn| Arn::as_read(arn)).collect();
        NamespaceUse::read(cloud_map, members, looks)
    }

    async fn cloud_map_services(&self, namespace: &Arn) -> Result<Vec<CloudMapService>, Fault> {
        let filter = Filter {
            name: "NAMESPACE_ID".to_owned(),
            values: vec![namespace.to_string()],
            condition: Some("EQ".to_owned()),
        };
        let (found, ended) = self
            .pages("servicediscovery.ListServices", |model, _, (limit, token)| {
                let request = ListRequest {
                    next_token: token.cloned(),
                    max_results: Some(limit),
                    filters: Some(vec![filter.clone()]),
                };
                let answer = model.list_cloud_map_services(&request)?;
                Ok((answer.services, answer.next_token))
            })
            .await;
        ended?;
        Ok(found.iter().map(convert::other::cloud_map_service).collect())
    }

    async fn members(&self, namespace: &Arn) -> Result<BTreeSet<String>, Fault> {
        let (found, ended) = self
            .pages("ecs.ListServicesByNamespace", |model, as_of, (limit, token)| {
                let request = ListServicesByNamespaceRequest {
                    namespace: namespace.to_string(),
                    next_token: token.cloned(),
                    max_results: Some(limit),
                };
                let answer = model.list_services_by_namespace(as_of, &request)?;
                Ok((answer.service_arns, answer.next_token))
            })
            .await;
        ended?;
        Ok(found.into_iter().collect())
    }
}
