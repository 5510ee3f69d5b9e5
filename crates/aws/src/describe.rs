//! Describing ECS services, ten a call.
//!
//! **Invariant:** every service asked for has an entry in the result. An entry of `failures[]`, a service that
//! the answer leaves out and a call that fails all make `Unknown`, never `Absent`: only a complete listing can
//! show that a service is gone.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::operation::describe_services::DescribeServicesOutput;
use aws_sdk_ecs::operation::describe_services::builders::DescribeServicesFluentBuilder;
use aws_sdk_ecs::types::ServiceField;
use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::name::{Arn, ClusterName};
use eastwest_core::ecs::seen::Seen;
use eastwest_core::ecs::service::EcsService;
use eastwest_core::ecs::service_key::ServiceKey;
use futures_util::StreamExt;
use futures_util::stream;

use crate::convert;
use crate::operation::Operation;
use crate::pace::Lane;
use crate::world::World;

/// The most services that one call may ask for (API:DescribeServicesRequest).
pub(crate) const TEN: usize = 10;
/// So many calls at once hide the time each takes to travel; the pace decides how many there are a second.
pub(crate) const IN_FLIGHT: usize = 4;

/// Some services of one cluster, each as far as it could be seen.
pub(crate) type Services = BTreeMap<ServiceKey, Seen<EcsService>>;

impl World {
    /// Some services of a cluster, read again.
    pub(crate) async fn refresh(
        &self,
        cluster: &ClusterName,
        keys: BTreeSet<ServiceKey>,
    ) -> Services {
        self.describe_all(cluster, keys).await
    }

    /// Any number of services of a cluster.
    pub(crate) async fn describe_all(
        &self,
        cluster: &ClusterName,
        keys: impl IntoIterator<Item = ServiceKey>,
    ) -> Services {
        let keys: Vec<_> = keys.into_iter().collect();
        let tens: Vec<Vec<_>> = keys.chunks(TEN).map(<[_]>::to_vec).collect();
        let calls = tens.into_iter().map(|ten| self.describe(cluster, ten, Lane::Urgent));
        let mut answers = stream::iter(calls).buffer_unordered(IN_FLIGHT);
        let mut services = Services::new();
        while let Some(answer) = answers.next().await {
            services.extend(answer);
        }
        services
    }

    /// At most ten services of a cluster, in one call.
    pub(crate) async fn describe(
        &self,
        cluster: &ClusterName,
        keys: Vec<ServiceKey>,
        lane: Lane,
    ) -> Services {
        let request = self.describe_request(cluster, &keys);
        match self.call(Operation::DescribeServices, lane, request.send()).await {
            Ok(answer) => sort(keys, answer),
            Err(fault) => keys.into_iter().map(|key| (key, Seen::Unknown(fault.clone()))).collect(),
        }
    }

    pub(crate) fn describe_request(
        &self,
        cluster: &ClusterName,
        keys: &[ServiceKey],
    ) -> DescribeServicesFluentBuilder {
        self.ecs
            .describe_services()
            .cluster(cluster.as_str())
            .set_services(Some(keys.iter().map(|key| key.name.as_str().to_owned()).collect()))
            .include(ServiceField::Tags)
    }
}

/// An answer's entries, each under the key it was asked by.
pub(crate) fn sort(keys: Vec<ServiceKey>, answer: DescribeServicesOutput) -> Services {
    let asked: BTreeMap<String, ServiceKey> =
        keys.into_iter().map(|key| (key.name.as_str().to_owned(), key)).collect();
    let mut services: Services =
        asked.values().map(|key| (key.clone(), Seen::Unknown(unanswered()))).collect();
    for failure in answer.failures.into_iter().flatten() {
        let arn = Arn::as_read(failure.arn().unwrap_or_default());
        if let Some(key) = asked.get(arn.resource()) {
            services.insert(key.clone(), Seen::Unknown(failed(&failure)));
        }
    }
    for service in answer.services.into_iter().flatten() {
        if let Some(key) = asked.get(service.service_name().unwrap_or_default()) {
            let read = convert::service::read(key.clone(), service);
            services.insert(key.clone(), Seen::Known(read));
        }
    }
    services
}

/// The fault that an entry of a `failures[]` is: `MISSING` and the like.
pub(crate) fn failed(failure: &aws_sdk_ecs::types::Failure) -> Fault {
    let reason = failure.reason().unwrap_or("no reason given");
    let detail = failure.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    let kind = if reason == "MISSING" { FaultKind::NotFound } else { FaultKind::Refused };
    let message =
        crate::text::one_line(&format!("the answer lists it under failures: {reason}{detail}"));
    Fault::new(kind, Operation::DescribeServices.id(), &message)
}

fn unanswered() -> Fault {
    let message = "the answer says nothing of this service";
    Fault::new(FaultKind::Incomplete, Operation::DescribeServices.id(), message)
}
