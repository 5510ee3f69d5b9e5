//! The whole world as JSON, for people and for tests that look from outside.
//!
//! Invariant: this is the truth, never stale and never paged; no controller may read it.

use serde_json::{Value, json};

use super::{CloudMapServiceState, Deployment, EcsServiceState, Model, SeenEndpoint};
use crate::shapes::ecs::EcsServiceStatus;

impl Model {
    /// Services, their deployments with configuration and known endpoints, and Cloud Map.
    pub fn state(&self) -> Value {
        let services = self.services().map(|(key, state)| (key.to_string(), shown(state)));
        let namespaces = self.namespaces.values().map(|each| {
            let shown = json!({
                "name": each.name,
                "httpName": each.http_name,
                "type": each.kind,
                "arn": each.arn,
                "owner": each.account,
                "services": each.services,
            });
            (each.id.clone(), shown)
        });
        let cloud_map = self.cloud_map.iter().map(|(id, each)| (id.clone(), shown_cloud_map(each)));
        json!({
            "now": self.now,
            "services": Value::Object(services.collect()),
            "namespaces": Value::Object(namespaces.collect()),
            "cloudMap": Value::Object(cloud_map.collect()),
        })
    }
}

fn shown(state: &EcsServiceState) -> Value {
    let status: EcsServiceStatus = state.status;
    json!({
        "status": status,
        "desired": state.desired,
        "createdAt": state.created_at,
        "tags": state.tags.as_ref(),
        "deployments": state.deployments.iter().map(shown_deployment).collect::<Vec<_>>(),
        "serviceDeployments": state.records.iter().map(|record| json!({
            "arn": record.arn,
            "deployment": record.deployment,
            "status": record.status,
            "createdAt": record.created_at,
        })).collect::<Vec<_>>(),
    })
}

fn shown_deployment(deployment: &Deployment) -> Value {
    let knows = deployment.lists.last().into_iter().flat_map(|list| list.iter());
    json!({
        "id": deployment.id,
        "status": deployment.status,
        "rolloutState": deployment.rollout_state,
        "reason": deployment.reason,
        "createdAt": deployment.created_at,
        "running": deployment.running(),
        "pending": deployment.pending(),
        "failedTasks": deployment.failed_tasks,
        "taskDefinition": deployment.revision.spec.task_definition.arn,
        "serviceConnectConfiguration": deployment.connect().map(|each| each.echoed.as_ref()),
        "knows": knows.map(shown_endpoint).collect::<Vec<_>>(),
    })
}

fn shown_endpoint(seen: &SeenEndpoint) -> Value {
    json!(format!("{}:{} -> {}", seen.dns_name, seen.port, seen.discovery_name))
}

fn shown_cloud_map(each: &CloudMapServiceState) -> Value {
    json!({
        "name": each.name,
        "namespace": each.namespace,
        "owner": each.owner.as_ref().map(|owner| owner.key.to_string()),
        "createdAt": each.created_at,
        "instances": each.instance_count(),
    })
}
