//! Reads clusters and their services, as the real adapter does: the same calls in the same order.
//!
//! **Invariant:** every service that is asked for has an entry in the result. An entry of `failures[]`, a service that
//! the answer leaves out and a failed call are `Unknown`, never `Absent`.

use std::collections::{BTreeMap, BTreeSet};

use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::name::{Arn, ClusterName, NamespaceRef};
use eastwest_core::ecs::seen::Seen;
use eastwest_core::ecs::service::EcsService;
use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::view::reading::ClusterReading;

use super::calls::Aws;
use super::convert;
use super::virtual_time::join;
use crate::model::EcsServiceKey;
use crate::shapes::ecs::{
    DescribeClustersRequest, DescribeServicesAnswer, DescribeServicesRequest, ListClustersRequest,
    ListServicesRequest,
};

/// The most services that one call describes (API:DescribeServices).
const TEN: usize = 10;

/// What was read of each service.
type Services = BTreeMap<ServiceKey, Seen<EcsService>>;

impl Aws {
    pub(super) async fn find_clusters(&self) -> Result<BTreeSet<ClusterName>, Fault> {
        let (found, ended) = self
            .pages("ecs.ListClusters", |model, _, (limit, token)| {
                let request =
                    ListClustersRequest { next_token: token.cloned(), max_results: Some(limit) };
                let answer = model.list_clusters(&request)?;
                Ok((answer.cluster_arns, answer.next_token))
            })
            .await;
        ended?;
        Ok(found.iter().map(|arn| ClusterName::as_read(Arn::as_read(arn).resource())).collect())
    }

    pub(super) async fn sweep(&self, cluster: ClusterName) -> ClusterReading {
        let (default_namespace, (services, listing)) =
            join(self.default_namespace(&cluster), self.all_services(&cluster)).await;
        let unchanged = BTreeMap::new();
        ClusterReading { cluster, default_namespace, listing, services, unchanged }
    }

    async fn default_namespace(&self, cluster: &ClusterName) -> Seen<Option<NamespaceRef>> {
        let request =
            DescribeClustersRequest { clusters: Some(vec![cluster.to_string()]), include: None };
        let read = self.read("ecs.DescribeClusters", |model, reading| {
            let mut answer = model.describe_clusters(&request)?;
            if reading.cut.is_some() {
                answer.clusters.clear();
            }
            Ok(answer)
        });
        match read.await {
            Err(fault) => Seen::Unknown(fault),
            Ok(answer) => match answer.clusters.into_iter().next() {
                Some(found) => {
                    let default = found.service_connect_defaults.and_then(|d| d.namespace);
                    Seen::Known(
                        default.filter(|n| !n.is_empty()).map(|n| NamespaceRef::as_read(&n)),
                    )
                }
                None => Seen::Unknown(no_such_cluster("ecs.DescribeClusters", cluster)),
            },
        }
    }

    async fn all_services(&self, cluster: &ClusterName) -> (Services, Result<(), Fault>) {
        let op = "ecs.ListServices";
        let (arns, ended) = self
            .pages(op, |model, as_of, (limit, token)| {
                let request = ListServicesRequest {
                    cluster: Some(cluster.to_string()),
                    next_token: token.cloned(),
                    max_results: Some(limit),
                    ..ListServicesRequest::default()
                };
                let answer = model.list_services(as_of, &request)?;
                Ok((answer.service_arns, answer.next_token))
            })
            .await;
        let ended = ended.map_err(|fault| match fault.kind {
            FaultKind::NotFound => no_such_cluster(op, cluster),
            _ => fault,
        });
        let key = |arn: &String| ServiceKey::of(cluster, &Arn::as_read(arn));
        let keys: BTreeSet<ServiceKey> = arns.iter().map(key).collect();
        (self.describe_all(cluster, keys).await, ended)
    }

    /// Any number of services of a cluster, ten a call.
    pub(super) async fn describe_all(
        &self,
        cluster: &ClusterName,
        keys: BTreeSet<ServiceKey>,
    ) -> Services {
        let keys: Vec<ServiceKey> = keys.into_iter().collect();
        let mut services = Services::new();
        for ten in keys.chunks(TEN) {
            services.extend(self.describe(cluster, ten, false).await);
        }
        services
    }

    pub(super) async fn describe(
        &self,
        cluster: &ClusterName,
        keys: &[ServiceKey],
        closely: bool,
    ) -> Services {
        let request = DescribeServicesRequest {
            cluster: Some(cluster.to_string()),
            services: keys.iter().map(|key| key.name.to_string()).collect(),
            include: Some(vec!["TAGS".to_owned()]),
        };
        let op = "ecs.DescribeServices";
        let read = self.read(op, |model, reading| {
            let mut answer = model.describe_services(reading.as_of, &request)?;
            if let Some(cut) = reading.cut {
                leave_out(&mut answer, cut);
            }
            Ok((answer, model.now()))
        });
        let unknown = |fault: &Fault| {
            keys.iter().map(|key| (key.clone(), Seen::Unknown(fault.clone()))).collect()
        };
        let (answer, at) = match read.await {
            Ok(answer) => answer,
            Err(fault) => return unknown(&fault),
        };
        let silence = "the answer says nothing of this service";
        let mut services: Services = unknown(&Fault::new(FaultKind::Incomplete, op, silence));
        let asked: BTreeMap<&str, &ServiceKey> =
            keys.iter().map(|key| (key.name.as_str(), key)).collect();
        for failure in answer.failures {
            let arn = Arn::as_read(failure.arn.as_deref().unwrap_or_default());
            let text = "the answer lists it under failures: MISSING";
            let fault = Fault::new(FaultKind::NotFound, op, text);
            if let Some(key) = asked.get(arn.resource()) {
                services.insert((*key).clone(), Seen::Unknown(fault));
            }
        }
        for service in answer.services {
            let Some(key) = asked.get(service.service_name.as_str()) else { continue };
            if closely {
                let place = EcsServiceKey::new(cluster.to_string(), key.name.to_string());
                self.looked.borrow_mut().insert(place, at);
            }
            let read = convert::service((*key).clone(), service, closely);
            services.insert((*key).clone(), Seen::Known(read));
        }
        services
    }
}

/// Leaves every other service out of an answer: odd cuts say so under `failures[]`, even ones say nothing.
fn leave_out(answer: &mut DescribeServicesAnswer, cut: u32) {
    let mut at = 0;
    let (kept, gone): (Vec<_>, Vec<_>) =
        std::mem::take(&mut answer.services).into_iter().partition(|_| {
            at += 1;
            at % 2 == 0
        });
    answer.services = kept;
    if cut % 2 == 1 {
        answer.failures.extend(gone.into_iter().map(|service| crate::shapes::ecs::Failure {
            arn: Some(service.service_arn),
            reason: Some("MISSING".to_owned()),
            detail: None,
        }));
    }
}

fn no_such_cluster(op: &str, cluster: &ClusterName) -> Fault {
    Fault::new(FaultKind::NotFound, op, &format!("there is no cluster '{cluster}'"))
}
