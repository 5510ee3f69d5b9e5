//! What of an answer is written into a capture: the members that are read, and no other.
//!
//! A member that AWS adds tomorrow may hold anything, so what is kept is listed, and not what is left out. Only a Service
//! Connect configuration is kept whole here: its unknown members must be found again, and [`scrub`] empties them.
//!
//! [`scrub`]: crate::members::scrub

use serde_json::Value;

use crate::operation::Operation;

/// What is kept of a value.
pub(super) enum Keep {
    /// All of it.
    All,
    /// These members of an object.
    Members(&'static [(&'static str, Self)]),
    /// So much of each item of a list.
    Each(&'static Self),
}

use Keep::{All, Each, Members};

const SERVICE: Keep = Members(&[
    ("serviceArn", All),
    ("serviceName", All),
    ("clusterArn", All),
    ("status", All),
    ("desiredCount", All),
    ("runningCount", All),
    ("pendingCount", All),
    ("launchType", All),
    ("platformVersion", All),
    ("platformFamily", All),
    ("taskDefinition", All),
    ("createdAt", All),
    ("tags", All),
    ("deploymentController", Members(&[("type", All)])),
    ("deploymentConfiguration", STRATEGY),
    ("serviceRegistries", Each(&Members(&[("registryArn", All)]))),
    ("events", Each(&Members(&[("createdAt", All), ("message", All)]))),
    ("deployments", Each(&DEPLOYMENT)),
]);

const STRATEGY: Keep = Members(&[
    ("strategy", All),
    ("bakeTimeInMinutes", All),
    ("linearConfiguration", All),
    ("canaryConfiguration", All),
    ("earlySuccessCriteria", All),
]);

const DEPLOYMENT: Keep = Members(&[
    ("id", All),
    ("status", All),
    ("rolloutState", All),
    ("rolloutStateReason", All),
    ("desiredCount", All),
    ("runningCount", All),
    ("pendingCount", All),
    ("createdAt", All),
    ("updatedAt", All),
    ("taskDefinition", All),
    ("serviceConnectConfiguration", All),
    ("serviceConnectResources", Each(&Members(&[("discoveryName", All), ("discoveryArn", All)]))),
]);

const TASK_DEFINITION: Keep = Members(&[
    ("taskDefinitionArn", All),
    ("family", All),
    ("revision", All),
    ("status", All),
    ("networkMode", All),
    ("cpu", All),
    ("memory", All),
    ("requiresCompatibilities", All),
    ("runtimePlatform", All),
    ("containerDefinitions", Each(&CONTAINER)),
]);

const CONTAINER: Keep = Members(&[
    ("name", All),
    ("image", All),
    ("memory", All),
    ("links", All),
    ("hostname", All),
    ("portMappings", All),
    ("environment", Each(&Members(&[("name", All), ("value", All)]))),
    ("entryPoint", All),
    ("command", All),
]);

const CLUSTER: Keep = Members(&[
    ("clusterArn", All),
    ("clusterName", All),
    ("status", All),
    ("serviceConnectDefaults", Members(&[("namespace", All)])),
]);

const SERVICE_DEPLOYMENT: Keep = Members(&[
    ("serviceDeploymentArn", All),
    ("serviceArn", All),
    ("clusterArn", All),
    ("createdAt", All),
    ("startedAt", All),
    ("finishedAt", All),
    ("status", All),
    ("statusReason", All),
    ("lifecycleStage", All),
    ("lifecycleHookDetails", Each(&Members(&[("targetType", All), ("status", All)]))),
    ("targetServiceRevisionArn", All),
    ("targetServiceRevision", Members(&[("arn", All)])),
]);

const REVISION: Keep = Members(&[
    ("serviceRevisionArn", All),
    ("serviceArn", All),
    ("clusterArn", All),
    ("taskDefinition", All),
    ("createdAt", All),
    ("serviceConnectConfiguration", All),
]);

const NAMESPACE: Keep = Members(&[
    ("Id", All),
    ("Arn", All),
    ("Name", All),
    ("Type", All),
    ("ResourceOwner", All),
    ("Properties", Members(&[("HttpProperties", Members(&[("HttpName", All)]))])),
]);

const CLOUD_MAP_SERVICE: Keep =
    Members(&[("Id", All), ("Arn", All), ("Name", All), ("CreateDate", All)]);

/// What is kept of the answer to a call; nothing of one that is not captured.
pub(super) const fn of(operation: Operation) -> Keep {
    match operation {
        Operation::DescribeClusters => Members(&[("clusters", Each(&CLUSTER))]),
        Operation::DescribeServices => Members(&[("services", Each(&SERVICE)), ("failures", All)]),
        Operation::DescribeTaskDefinition => Members(&[("taskDefinition", TASK_DEFINITION)]),
        Operation::ListServicesByNamespace => Members(&[("serviceArns", All)]),
        Operation::ListServiceDeployments | Operation::DescribeDeployments => {
            Members(&[("serviceDeployments", Each(&SERVICE_DEPLOYMENT))])
        }
        Operation::DescribeRevisions => {
            Members(&[("serviceRevisions", Each(&REVISION)), ("failures", All)])
        }
        Operation::ListNamespaces => {
            Members(&[("Namespaces", Each(&NAMESPACE)), ("NextToken", All)])
        }
        Operation::ListCloudMapServices => Members(&[("Services", Each(&CLOUD_MAP_SERVICE))]),
        _ => Members(&[]),
    }
}

impl Keep {
    /// Takes everything else away.
    pub(super) fn cut(&self, value: &mut Value) {
        match (self, value) {
            (Members(known), Value::Object(members)) => {
                members.retain(|name, _| known.iter().any(|(known, _)| known == name));
                for (name, keep) in *known {
                    if let Some(member) = members.get_mut(*name) {
                        keep.cut(member);
                    }
                }
            }
            (Each(keep), Value::Array(items)) => items.iter_mut().for_each(|item| keep.cut(item)),
            (All, _) => {}
            // Not what AWS answers there.
            (_, other) => *other = Value::Null,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_listed_goes_at_every_depth() {
        let mut answer = json!({"taskDefinition": {
            "family": "web", "executionRoleArn": "s3cret",
            "containerDefinitions": [
                {"name": "app", "secrets": [{"valueFrom": "s3cret"}], "dockerLabels": {"a": "s3cret"}},
                "s3cret",
            ],
            "volumes": "s3cret",
        }, "tags": "s3cret"});
        of(Operation::DescribeTaskDefinition).cut(&mut answer);
        let left = json!({"taskDefinition": {
            "family": "web", "containerDefinitions": [{"name": "app"}, null],
        }});
        assert_eq!(answer, left);
    }
}
