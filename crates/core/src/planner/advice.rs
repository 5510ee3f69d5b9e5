//! Advice about services as they are: what may go wrong and holds nothing.

use std::collections::BTreeMap;

use super::input::PlannerInput;
use crate::declaration::intent::Intent;
use crate::declaration::issue::Issue;
use crate::ecs::service::EcsService;
use crate::ecs::service_key::ServiceKey;
use crate::plan::adopted::Adopted;

/// The advice about services that opted in, beside what else was found.
pub(super) fn with_advice(
    input: &PlannerInput<'_>,
    mut found: BTreeMap<ServiceKey, Vec<Issue>>,
    adopted: &BTreeMap<ServiceKey, Adopted>,
) -> BTreeMap<ServiceKey, Vec<Issue>> {
    for (key, view) in input.view.services() {
        if let (Intent::Declared(_), Some(service)) = (&view.intent, view.last.as_deref())
            && runs_on_managed_instances(input, service)
        {
            found.entry(key.clone()).or_default().push(managed_instances());
        }
    }
    for (key, adopted) in adopted {
        found.entry(key.clone()).or_default().extend(adopted.issues());
    }
    found
}

/// A service with a capacity provider strategy has no launch type; then its task definition tells.
fn runs_on_managed_instances(input: &PlannerInput<'_>, service: &EcsService) -> bool {
    let is_made_for =
        || input.task_definition(service).is_some_and(|found| found.managed_instances);
    match service.launch_type.as_str() {
        "" => is_made_for(),
        launch_type => launch_type == "MANAGED_INSTANCES",
    }
}

/// The guide named Managed Instances among what is not supported, and later no longer did. Without the permission the
/// proxy stays unhealthy (amazon-ecs-service-connect-agent issue 142).
fn managed_instances() -> Issue {
    let words = "older guides say that Service Connect does not run on Managed Instances: try it on one service first, and check that its tasks start. The instance profile must allow ecs:Poll on the task sets of the cluster, or the proxy stays unhealthy";
    Issue::new("launchType", "MANAGED_INSTANCES", words).advice()
}
