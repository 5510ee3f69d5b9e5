//! Captured tasks and Cloud Map instances, and their answers.
//!
//! A capture of tasks does not say what it leaves out, so it counts only if it has as many tasks of a service as the service
//! itself says. Of instances, `discover-instances` names the service they belong to; `list-instances` does not, so it is
//! refused.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::capture::{Captures, NotACapture, Spot, items, list, resource, text, word};

impl Captures {
    /// API:DescribeTasksResponse.
    pub(super) fn add_tasks(
        &mut self,
        spot: &Spot<'_>,
        members: &Map<String, Value>,
    ) -> Result<(), NotACapture> {
        for (at, task) in list(members, "tasks").iter().enumerate() {
            let spot = spot.below(&format!("tasks[{at}]"));
            text(task, "clusterArn", &spot)?;
            let arn = text(task, "taskArn", &spot)?;
            self.tasks.insert(arn.to_owned(), task.clone());
        }
        Ok(())
    }

    /// SD:DiscoverInstancesResponse.
    pub(super) fn add_instances(
        &mut self,
        spot: &Spot<'_>,
        members: &Map<String, Value>,
    ) -> Result<(), NotACapture> {
        let instances = list(members, "Instances");
        if instances.is_empty() {
            self.remark(spot, "there is no instance here, so it does not say of which service");
        }
        for (at, instance) in instances.iter().enumerate() {
            let spot = spot.below(&format!("Instances[{at}]"));
            if instance.get("Id").is_some() {
                return Err(spot.wrong("the answer of `aws servicediscovery list-instances` does not say of which service they are: capture `aws servicediscovery discover-instances`"));
            }
            let id = text(instance, "InstanceId", &spot)?;
            let key = (
                text(instance, "NamespaceName", &spot)?.to_owned(),
                text(instance, "ServiceName", &spot)?.to_owned(),
            );
            let listed = json!({"Id": id, "Attributes": instance.get("Attributes")});
            self.instances.entry(key).or_default().insert(id.to_owned(), listed);
        }
        Ok(())
    }

    /// The tasks of a service that should run; an error names what to capture where some are lacking.
    pub(super) fn tasks_of(&self, cluster: &str, service: &str) -> Result<Vec<&Value>, String> {
        let group = format!("service:{service}");
        let is_of = |task: &&Value| {
            let cluster_arn = word(task, "clusterArn");
            resource(cluster_arn) == cluster && task.get("group").is_some_and(|own| *own == group)
        };
        let should_run =
            |task: &&Value| task.get("desiredStatus").is_none_or(|status| status != "STOPPED");
        let found: Vec<&Value> = self.tasks.values().filter(is_of).filter(should_run).collect();
        let running =
            found.iter().filter(|task| task.get("lastStatus").is_some_and(|s| s == "RUNNING"));
        let key = (cluster.to_owned(), service.to_owned());
        let wanted = self.services.get(&key).and_then(|each| each.get("runningCount")?.as_u64());
        let wanted = wanted.unwrap_or_default();
        if u64::try_from(running.count()).unwrap_or_default() < wanted {
            return Err(format!(
                "not captured; add `aws ecs describe-tasks --cluster {cluster} --tasks $(aws ecs list-tasks --cluster {cluster} --service-name {service} --query 'taskArns[]' --output text)`"
            ));
        }
        Ok(found)
    }

    /// The tasks with these ARNs or ids.
    pub(super) fn described_tasks(&self, asked: &[Value]) -> Vec<&Value> {
        let asked = asked.iter().filter_map(Value::as_str);
        asked.filter_map(|arn| self.tasks.get(arn)).collect()
    }

    /// The names under which ECS uses a Cloud Map service.
    pub(super) fn discovery_names(&self, arn: &str) -> BTreeSet<&str> {
        let deployments = self.services.values().flat_map(|service| items(service, "deployments"));
        let resources =
            deployments.flat_map(|deployment| items(deployment, "serviceConnectResources"));
        let named =
            resources.filter(|resource| resource.get("discoveryArn").is_some_and(|a| a == arn));
        named.filter_map(|resource| resource.get("discoveryName")?.as_str()).collect()
    }

    /// The instances of a service with this name in one of these namespaces, or in the only one that has such a service.
    pub(super) fn instances_of(&self, namespaces: &[&str], name: &str) -> Option<Vec<&Value>> {
        let named: Vec<_> = self.instances.iter().filter(|((_, own), _)| own == name).collect();
        let mut here = named.iter().filter(|((place, _), _)| namespaces.contains(&place.as_str()));
        let found = here.next().or_else(|| named.first().filter(|_| named.len() == 1))?;
        Some(found.1.values().collect())
    }
}
