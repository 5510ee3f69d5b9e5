//! Reading tasks.
//!
//! Invariants: only tasks of services exist here. A task with Service Connect has an attachment of type
//! `ServiceConnect` and a container `ecs-service-connect-...` that is in no task definition and has no
//! image; a stopped task can be described for an hour. Public captures show both.

use super::key::arn_key;
use super::page::take;
use super::refusals::service_not_found;
use super::{EcsServiceKey, EcsServiceState, EcsTask, Model, Revision, StoppedTask};
use crate::shapes::ApiError;
use crate::shapes::ecs::{
    Attachment, Container, DescribeTasksAnswer, DescribeTasksRequest, EcsServiceStatus, Failure,
    KeyValuePair, ListTasksAnswer, ListTasksRequest, NetworkInterface, Task,
};

/// A task with whose it is.
struct Seen<'a> {
    key: &'a EcsServiceKey,
    task: EcsTask,
    deployment: &'a str,
    revision: &'a Revision,
    stopped: Option<&'a StoppedTask>,
}

impl Model {
    /// `ListTasks`: those that should run, unless stopped ones are asked for.
    pub fn list_tasks(&self, request: &ListTasksRequest) -> Result<ListTasksAnswer, ApiError> {
        let cluster = &self.cluster(request.cluster.as_deref())?.name;
        let service = request
            .service_name
            .as_deref()
            .map(|name| arn_key(name).unwrap_or_else(|| EcsServiceKey::new(cluster, name)));
        let active = |key: &EcsServiceKey| {
            self.service(key).is_some_and(|each| each.status != EcsServiceStatus::Inactive)
        };
        if service.as_ref().is_some_and(|key| !active(key)) {
            return Err(service_not_found());
        }
        let scope = format!("ListTasks {cluster}");
        let rules = self.ecs_pages(&scope, 100, 100);
        let page = rules.page(request.max_results, request.next_token.as_deref())?;
        let stopped = request.desired_status.as_deref() == Some("STOPPED");
        let mut ids: Vec<u128> = match &service {
            Some(key) => self
                .seen_of(key)
                .map(|seen| (seen, key))
                .filter_map(|(seen, _)| self.wanted(&seen, request, stopped))
                .collect(),
            None => self
                .services_of(cluster, "")
                .flat_map(|(key, _)| self.seen_of(key))
                .filter_map(|seen| self.wanted(&seen, request, stopped))
                .collect(),
        };
        ids.sort_unstable();
        let (taken, next_token) = take(&rules, &page, ids.into_iter(), |id| format!("{id:032x}"));
        let task_arns = taken.into_iter().map(|id| self.arns.task(cluster, id)).collect();
        Ok(ListTasksAnswer { task_arns, next_token })
    }

    fn wanted(&self, seen: &Seen<'_>, request: &ListTasksRequest, stopped: bool) -> Option<u128> {
        let family = request.family.as_deref();
        let matches = seen.stopped.is_some() == stopped
            && self.remembered(seen)
            && family.is_none_or(|family| family == seen.revision.spec.task_definition.family)
            && request.started_by.as_deref().is_none_or(|id| id == seen.deployment)
            && request.desired_status.as_deref() != Some("PENDING");
        matches.then_some(seen.task.id)
    }

    /// Whether a task can still be described.
    fn remembered(&self, seen: &Seen<'_>) -> bool {
        let limit = self.timings.inactive_seconds * 1000;
        seen.stopped.is_none_or(|each| self.now.since_ms(each.stopped_at) <= limit)
    }

    fn seen_of<'a>(&'a self, key: &'a EcsServiceKey) -> impl Iterator<Item = Seen<'a>> {
        let service = self.service(key);
        let running = service.into_iter().flat_map(|service| &service.deployments);
        let running = running.flat_map(move |deployment| {
            deployment.tasks.iter().map(move |task| Seen {
                key,
                task: *task,
                deployment: &deployment.id,
                revision: &deployment.revision,
                stopped: None,
            })
        });
        let ended = service.into_iter().flat_map(|service: &EcsServiceState| &service.stopped);
        running.chain(ended.map(move |each| Seen {
            key,
            task: each.task,
            deployment: &each.deployment,
            revision: &each.revision,
            stopped: Some(each),
        }))
    }

    /// `DescribeTasks`: a hundred at most.
    pub fn describe_tasks(
        &self,
        request: &DescribeTasksRequest,
    ) -> Result<DescribeTasksAnswer, ApiError> {
        let cluster = &self.cluster(request.cluster.as_deref())?.name;
        if request.tasks.is_empty() || request.tasks.len() > 100 {
            return Err(ApiError::invalid_parameter("Tasks must have between 1 and 100 elements."));
        }
        let mut answer = DescribeTasksAnswer::default();
        for reference in &request.tasks {
            let id = u128::from_str_radix(super::ids::last_part(reference), 16).ok();
            let mut tasks = self.services_of(cluster, "").flat_map(|(key, _)| self.seen_of(key));
            let found = id.and_then(|id| tasks.find(|seen| seen.task.id == id));
            match found.filter(|seen| self.remembered(seen)) {
                Some(seen) => answer.tasks.push(self.shown_task(&seen)),
                None => answer.failures.push(Failure {
                    arn: Some(self.arns.task(cluster, id.unwrap_or_default())),
                    reason: Some("MISSING".to_owned()),
                    detail: None,
                }),
            }
        }
        Ok(answer)
    }

    fn shown_task(&self, seen: &Seen<'_>) -> Task {
        let task = seen.task;
        let spec = &seen.revision.spec;
        let stopped = seen.stopped;
        let last_status = match (stopped, task.started_at) {
            (Some(_), _) => "STOPPED",
            (None, Some(_)) => "RUNNING",
            (None, None) => "PENDING",
        };
        let failed = stopped.is_some_and(|each| each.failed);
        let raw = |member: &str| {
            let value = spec.task_definition.json.get(member).and_then(serde_json::Value::as_str);
            value.map(str::to_owned)
        };
        let code = if failed { "TaskFailedToStart" } else { "ServiceSchedulerInitiated" };
        let reason = if failed {
            "Task failed to start".to_owned()
        } else {
            format!("Scaling activity initiated by (deployment {})", seen.deployment)
        };
        Task {
            attachments: self.attachments(seen),
            availability_zone: format!("{}a", self.arns.region),
            cluster_arn: self.arns.cluster(&seen.key.cluster),
            connectivity: task.started_at.map(|_| "CONNECTED".to_owned()),
            containers: self.containers(seen, last_status),
            cpu: raw("cpu"),
            created_at: task.created_at,
            enable_execute_command: self
                .service(seen.key)
                .is_some_and(|s| s.settings.execute_command),
            desired_status: if stopped.is_some() { "STOPPED" } else { "RUNNING" }.to_owned(),
            group: format!("service:{}", seen.key.name),
            health_status: "UNKNOWN".to_owned(),
            last_status: last_status.to_owned(),
            launch_type: spec.launch_type.clone(),
            memory: raw("memory"),
            platform_version: super::describe::platform_version(seen.revision),
            started_at: task.started_at,
            started_by: seen.deployment.to_owned(),
            stop_code: stopped.map(|_| code.to_owned()),
            stopped_at: stopped.map(|each| each.stopped_at),
            stopped_reason: stopped.map(|_| reason),
            tags: None,
            task_arn: self.arns.task(&seen.key.cluster, task.id),
            task_definition_arn: spec.task_definition.arn.clone(),
            version: if stopped.is_some() { 3 } else { 2 },
        }
    }

    fn containers(&self, seen: &Seen<'_>, last_status: &str) -> Vec<Container> {
        let cluster = &seen.key.cluster;
        let id = seen.task.id;
        let spec = &seen.revision.spec;
        let proxies = self.task_facts.proxies_of(seen.key);
        let interface = NetworkInterface {
            attachment_id: super::ids::uuid(id),
            private_ipv4_address: self.task_facts.address(id),
        };
        let interfaces: Vec<_> = has_interface(seen).then_some(interface).into_iter().collect();
        let proxy = spec.connect.as_ref().map(|_| (proxy_name(id), None));
        let all = spec.task_definition.containers.iter().cloned().chain(proxy);
        let container = |(index, (name, image)): (u128, (String, Option<String>))| Container {
            container_arn: self.arns.container(cluster, id, index),
            task_arn: self.arns.task(cluster, id),
            health_status: if image.is_none() { proxies.as_sent() } else { "UNKNOWN" }.to_owned(),
            name,
            image,
            last_status: last_status.to_owned(),
            network_interfaces: interfaces.clone(),
        };
        (0_u128..).zip(all).map(container).collect()
    }

    /// The interface, with what public captures show of it, and the proxy.
    fn attachments(&self, seen: &Seen<'_>) -> Vec<Attachment> {
        let detail = |name: &str, value: String| KeyValuePair { name: name.to_owned(), value };
        let id = seen.task.id;
        let attachment = |at: u128, kind: &str, details: Vec<KeyValuePair>| Attachment {
            id: super::ids::uuid(id.wrapping_add(at)),
            kind: kind.to_owned(),
            status: "ATTACHED".to_owned(),
            details,
        };
        let interface = has_interface(seen).then(|| {
            let details = vec![
                detail("networkInterfaceId", interface_id(id)),
                detail("privateIPv4Address", self.task_facts.address(id)),
            ];
            attachment(0, "ElasticNetworkInterface", details)
        });
        let proxy = seen.revision.spec.connect.as_ref().map(|_| {
            attachment(1, "ServiceConnect", vec![detail("ContainerName", proxy_name(id))])
        });
        interface.into_iter().chain(proxy).collect()
    }
}

fn proxy_name(task: u128) -> String {
    let id = format!("{task:032x}");
    format!("ecs-service-connect-{}", &id[..5])
}

/// Whether a task has an interface of its own: only in awsvpc mode (API:Container.networkInterfaces).
fn has_interface(seen: &Seen<'_>) -> bool {
    seen.revision.spec.task_definition.network_mode.as_deref() == Some("awsvpc")
}

/// The id of a task's interface.
fn interface_id(task: u128) -> String {
    format!("eni-{:017x}", task >> 64)
}
