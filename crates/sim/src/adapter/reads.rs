//! How each effect that reads is carried out: the same calls in the same order as the real adapter makes.
//!
//! **Invariant:** a listing is complete or a fault, never short without a word. Every service that is asked for has an
//! entry in the result. An entry of `failures[]`, a service that the answer leaves out and a failed call are `Unknown`,
//! never `Absent`.

use std::collections::{BTreeMap, BTreeSet};

use eastwest_core::effect::{Answer, ClusterReading, Question};
use eastwest_core::fault::{Fault, FaultKind};
use eastwest_core::history::Past;
use eastwest_core::name::{Arn, ClusterName, EcsServiceName, NamespaceRef, ServiceKey};
use eastwest_core::view::{CloudMapService, EcsService, Namespace, NamespaceUse, Seen};
use serde_json::Value;

use super::calls::Aws;
use super::convert;
use super::virtual_time::join;
use crate::model::{AsOf, EcsServiceKey, Model};
use crate::shapes::ApiError;
use crate::shapes::cloud_map::{Filter, ListRequest};
use crate::shapes::ecs::{
    DescribeClustersRequest, DescribeServiceDeploymentsRequest, DescribeServiceRevisionsRequest,
    DescribeServicesAnswer, DescribeServicesRequest, ListClustersRequest,
    ListServiceDeploymentsRequest, ListServicesByNamespaceRequest, ListServicesRequest,
    ServiceDeploymentBrief, ServiceRevision,
};

/// The most services that one call describes (API:DescribeServices).
const TEN: usize = 10;

type Services = BTreeMap<EcsServiceName, Seen<EcsService>>;
/// One page: what stands on it and the token of the next.
type Page<T> = (Vec<T>, Option<String>);
/// Where a page begins and how much it may hold.
type Turn<'a> = (u32, Option<&'a String>);

impl Aws {
    /// Every page of a listing. If a page fails: the pages before it, and the fault.
    pub(super) async fn pages<T>(
        &self,
        op: &'static str,
        ask: impl Fn(&Model, AsOf, Turn<'_>) -> Result<Page<T>, ApiError>,
    ) -> (Vec<T>, Result<(), Fault>) {
        let (mut found, mut token) = (Vec::new(), None);
        loop {
            let page = self.read(op, |model, reading| match reading.cut {
                // An empty page with a token: its items come on the next page.
                Some(cut) if cut % 2 == 0 => Ok((Vec::new(), token.clone(), true)),
                cut => {
                    let limit = if cut.is_some() { 1 } else { 100 };
                    let (page, next) = ask(model, reading.as_of, (limit, token.as_ref()))?;
                    Ok((page, next, false))
                }
            });
            match page.await {
                Err(fault) => return (found, Err(fault)),
                Ok((_, _, true)) => {}
                Ok((page, next, _)) => {
                    found.extend(page);
                    token = next;
                    if token.is_none() {
                        return (found, Ok(()));
                    }
                }
            }
        }
    }

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
        ClusterReading { cluster, default_namespace, listing, services }
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
        let name = |arn: &String| EcsServiceName::as_read(Arn::as_read(arn).resource());
        let names: BTreeSet<EcsServiceName> = arns.iter().map(name).collect();
        (self.describe_all(cluster, names).await, ended)
    }

    /// Any number of services of a cluster, ten a call.
    pub(super) async fn describe_all(
        &self,
        cluster: &ClusterName,
        names: BTreeSet<EcsServiceName>,
    ) -> Services {
        let names: Vec<EcsServiceName> = names.into_iter().collect();
        let mut services = Services::new();
        for ten in names.chunks(TEN) {
            services.extend(self.describe(cluster, ten, false).await);
        }
        services
    }

    async fn describe(
        &self,
        cluster: &ClusterName,
        names: &[EcsServiceName],
        closely: bool,
    ) -> Services {
        let request = DescribeServicesRequest {
            cluster: Some(cluster.to_string()),
            services: names.iter().map(ToString::to_string).collect(),
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
            names.iter().map(|name| (name.clone(), Seen::Unknown(fault.clone()))).collect()
        };
        let (answer, at) = match read.await {
            Ok(answer) => answer,
            Err(fault) => return unknown(&fault),
        };
        let silence = "the answer says nothing of this service";
        let mut services: Services = unknown(&Fault::new(FaultKind::Incomplete, op, silence));
        for failure in answer.failures {
            let arn = Arn::as_read(failure.arn.as_deref().unwrap_or_default());
            let text = "the answer lists it under failures: MISSING";
            let fault = Fault::new(FaultKind::NotFound, op, text);
            services.insert(EcsServiceName::as_read(arn.resource()), Seen::Unknown(fault));
        }
        for service in answer.services {
            let name = EcsServiceName::as_read(&service.service_name);
            let key = ServiceKey::new(cluster, &name);
            if closely {
                let place = EcsServiceKey::new(cluster.to_string(), name.to_string());
                self.looked.borrow_mut().insert(place, at);
            }
            services.insert(name, Seen::Known(convert::service(key, service, closely)));
        }
        services
    }

    /// The read before a write: the service with the members that core does not know, and its history.
    pub(super) async fn confirm(&self, key: &ServiceKey) -> (Seen<EcsService>, Seen<Vec<Past>>) {
        let names = [key.name.clone()];
        let (mut services, history) =
            join(self.describe(&key.cluster, &names, true), self.history(key)).await;
        let service = services.remove(&key.name).unwrap_or(Seen::Absent);
        (service, history)
    }

    pub(super) async fn answer(&self, question: Question) -> Answer {
        match question {
            Question::Namespaces => Answer::Namespaces(match self.namespaces().await {
                Ok(namespaces) => Seen::Known(namespaces),
                Err(fault) => Seen::Unknown(fault),
            }),
            Question::NamespaceUse(id, arn, watched) => {
                let seen = self.namespace_use(&arn, &watched).await;
                Answer::NamespaceUse(id, seen)
            }
            Question::TaskDefinition(arn) => {
                let seen = self.task_definition(&arn).await;
                Answer::TaskDefinition(arn, seen)
            }
            Question::History(key) => {
                let history = self.history(&key).await;
                Answer::History(key, history)
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

    async fn namespaces(&self) -> Result<Vec<Namespace>, Fault> {
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

    async fn namespace_use(
        &self,
        arn: &Arn,
        watched: &BTreeSet<ClusterName>,
    ) -> Seen<NamespaceUse> {
        let (cloud_map, members) = join(self.cloud_map_services(arn), self.members(arn)).await;
        let (cloud_map, members) = match (cloud_map, members) {
            (Ok(cloud_map), Ok(members)) => (cloud_map, members),
            (Err(fault), _) | (_, Err(fault)) => return Seen::Unknown(fault),
        };
        let mut clusters: BTreeMap<ClusterName, BTreeSet<EcsServiceName>> = BTreeMap::new();
        for (cluster, name) in members.iter().filter_map(|arn| place(arn)) {
            if !watched.contains(&cluster) {
                clusters.entry(cluster).or_default().insert(name);
            }
        }
        let mut elsewhere = Vec::new();
        for (cluster, names) in clusters {
            let seen = self.describe_all(&cluster, names).await.into_values();
            elsewhere.extend(seen.filter_map(|seen| seen.known().cloned()));
        }
        let members = members.iter().map(|arn| Arn::as_read(arn)).collect();
        Seen::Known(NamespaceUse { cloud_map, elsewhere, members })
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

    async fn history(&self, key: &ServiceKey) -> Seen<Vec<Past>> {
        let listed = match self.list_deployments(key).await {
            Ok(listed) => listed,
            Err(fault) if fault.kind == FaultKind::NotFound => return Seen::Absent,
            Err(fault) => return Seen::Unknown(fault),
        };
        match self.pasts(&listed).await {
            Ok(pasts) => Seen::Known(pasts),
            Err(fault) => Seen::Unknown(fault),
        }
    }

    async fn list_deployments(
        &self,
        key: &ServiceKey,
    ) -> Result<Vec<ServiceDeploymentBrief>, Fault> {
        let op = "ecs.ListServiceDeployments";
        let request = ListServiceDeploymentsRequest {
            service: key.name.to_string(),
            cluster: Some(key.cluster.to_string()),
            max_results: Some(20),
            ..ListServiceDeploymentsRequest::default()
        };
        let read = self.read(op, |model, reading| {
            let answer = model.list_service_deployments(reading.as_of, &request)?;
            Ok(reading.cut.is_none().then_some(answer.service_deployments))
        });
        read.await?.ok_or_else(|| unreadable(op, "the answer holds no list"))
    }

    async fn pasts(&self, listed: &[ServiceDeploymentBrief]) -> Result<Vec<Past>, Fault> {
        let revisions = self.revisions(listed).await?;
        let gone = "a revision is missing from the answer";
        let revision = |each: &ServiceDeploymentBrief| {
            let arn = &each.target_service_revision_arn;
            let found = revisions.iter().find(|revision| revision.service_revision_arn == *arn);
            let gone = || unreadable("ecs.DescribeServiceRevisions", gone);
            found.map(|revision| past(each, revision)).ok_or_else(gone)
        };
        let mut pasts = listed.iter().map(revision).collect::<Result<Vec<Past>, Fault>>()?;
        if let Some(at) = pasts.iter().position(Past::is_under_way) {
            self.stage(&listed[at], &mut pasts[at]).await?;
        }
        Ok(pasts)
    }

    async fn revisions(
        &self,
        listed: &[ServiceDeploymentBrief],
    ) -> Result<Vec<ServiceRevision>, Fault> {
        let op = "ecs.DescribeServiceRevisions";
        let targets: BTreeSet<String> =
            listed.iter().map(|each| each.target_service_revision_arn.clone()).collect();
        if targets.is_empty() {
            return Ok(Vec::new());
        }
        let request = DescribeServiceRevisionsRequest {
            service_revision_arns: targets.into_iter().collect(),
        };
        let read = self.read(op, |model, reading| {
            let mut answer = model.describe_service_revisions(reading.as_of, &request)?;
            if reading.cut.is_some() {
                answer.service_revisions.pop();
            }
            Ok(answer.service_revisions)
        });
        read.await
    }

    /// How far a rollout under way is.
    async fn stage(&self, brief: &ServiceDeploymentBrief, past: &mut Past) -> Result<(), Fault> {
        let request = DescribeServiceDeploymentsRequest {
            service_deployment_arns: vec![brief.service_deployment_arn.clone()],
        };
        let read = self.read("ecs.DescribeServiceDeployments", |model, reading| {
            let mut answer = model.describe_service_deployments(reading.as_of, &request)?;
            if reading.cut.is_some() {
                answer.service_deployments.pop();
            }
            Ok(answer.service_deployments)
        });
        let told = serde_json::to_value(read.await?.first()).unwrap_or_default();
        let text = |value: &Value, member: &str| {
            value.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        past.stage = text(&told, "lifecycleStage");
        let hooks = told.get("lifecycleHookDetails").and_then(Value::as_array);
        let awaits = |hook: &Value| {
            text(hook, "targetType") == "PAUSE" && text(hook, "status") == "AWAITING_ACTION"
        };
        let paused = hooks.into_iter().flatten().any(awaits);
        past.paused_at = paused.then(|| past.stage.clone());
        Ok(())
    }
}

fn past(brief: &ServiceDeploymentBrief, revision: &ServiceRevision) -> Past {
    let connect = revision.service_connect_configuration.as_deref();
    Past {
        connect: connect.and_then(convert::connect::read),
        task_definition: Arn::as_read(&revision.task_definition),
        status: brief.status.as_str().to_owned(),
        reason: brief.status_reason.clone().unwrap_or_default(),
        created_at: convert::time(brief.created_at),
        finished_at: brief.finished_at.map(convert::time),
        stage: String::new(),
        paused_at: None,
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

/// The cluster and name in a service's ARN.
fn place(arn: &str) -> Option<(ClusterName, EcsServiceName)> {
    let (_, path) = arn.rsplit_once(":service/")?;
    let (cluster, name) = path.split_once('/')?;
    Some((ClusterName::as_read(cluster), EcsServiceName::as_read(name)))
}

fn no_such_cluster(op: &str, cluster: &ClusterName) -> Fault {
    Fault::new(FaultKind::NotFound, op, &format!("there is no cluster '{cluster}'"))
}

pub(super) fn unreadable(op: &str, message: &str) -> Fault {
    Fault::new(FaultKind::Unreadable, op, message)
}
