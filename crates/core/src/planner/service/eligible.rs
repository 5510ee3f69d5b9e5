//! What ECS would refuse, or what would start no task: found before the call and told with the fix.
//!
//! Each row cites AWS. Only services that would change are checked: a service that runs as it is needs no permission
//! from us.

use crate::ecs::connect::{Connect, Endpoint};
use crate::ecs::defaults::Defaults;
use crate::ecs::namespace::Namespace;
use crate::ecs::service::{DeploymentController, EcsService};
use crate::ecs::task_definition::{PortMapping, TaskDefinition};
use crate::plan::hold::Hold;
use crate::view::reading::Question;

/// Instances of one Cloud Map service, each a task; not adjustable (GR:cloud-map, DG:service-connect).
const TASKS_MAX: u32 = 1000;
/// What the proxy needs in every task (DG:service-connect-concepts-deploy).
const PROXY: &str = "its proxy needs 256 CPU units and 64 MiB or more";

/// Every reason why ECS would refuse `wanted` for this service: all of them at once, so that one new revision can mend
/// all. `None` means switching off.
pub(crate) fn refusals(
    service: &EcsService,
    wanted: Option<&Connect>,
    defaults: &Defaults<'_>,
) -> Vec<String> {
    let Some(connect) = wanted else { return controller(service).into_iter().collect() };
    let mut reasons = of_service(service, defaults);
    let deployed = service.connect();
    reasons.extend(connect.endpoints.iter().flat_map(|each| endpoint(each, defaults)));
    reasons.extend(connect.endpoints.iter().filter_map(|each| tls(each, deployed, defaults)));
    reasons.extend(twice(connect));
    reasons.extend(tasks(service, connect));
    reasons.extend(logs(service, connect));
    reasons.extend(access_logs(connect));
    reasons
}

/// The reasons that lie in the service and its task definition, whatever is wanted.
pub(crate) fn of_service(service: &EcsService, defaults: &Defaults<'_>) -> Vec<String> {
    let mut reasons: Vec<String> = controller(service).into_iter().collect();
    reasons.extend(platform(service));
    reasons.extend(defaults.task_definition.iter().flat_map(|found| task_definition(found)));
    reasons
}

/// Namespaces of one account in one Region, unless AWS has raised it (GR:cloud-map).
const NAMESPACES_MAX: usize = 50;

/// The note that one more namespace may exceed the quota. Namespaces that other accounts share do not count; `account` is
/// this account, if it is known. The quota can be raised, so this is only a note: AWS decides.
pub(crate) fn namespace_quota_note(
    namespaces: &[Namespace],
    account: Option<&str>,
) -> Option<String> {
    let shared = |owner: &String| account.is_some_and(|account| owner != account);
    let own = namespaces.iter().filter(|n| !n.owner.as_ref().is_some_and(shared)).count();
    (own >= NAMESPACES_MAX).then(|| {
        format!(
            "this account has {own} namespaces in this Region, and Cloud Map allows {NAMESPACES_MAX} unless the quota was raised: delete an unused one, or ask for more in Service Quotas (AWS Cloud Map, namespaces per Region)"
        )
    })
}

/// The hold of a service whose task definition is not read: until it is, or until a person acts where AWS names none.
pub(crate) fn unread_task_definition(service: &EcsService) -> Hold {
    if !service.names_no_task_definition() {
        return Hold::until_answered(Question::TaskDefinition(service.task_definition.clone()));
    }
    Hold::Ineligible(controller(service).unwrap_or_else(|| {
        "AWS names no task definition for it, neither for the service nor for its PRIMARY deployment: deploy it once, and see whether aws ecs describe-services then shows one".to_owned()
    }))
}

/// DG:service-connect-concepts-deploy: only the ECS deployment controller.
fn controller(service: &EcsService) -> Option<String> {
    let name = match service.controller {
        DeploymentController::Ecs => return None,
        DeploymentController::CodeDeploy => "CODE_DEPLOY",
        DeploymentController::External => "EXTERNAL",
    };
    Some(format!(
        "its deployment controller is {name}, which does not support Service Connect: recreate the service with the ECS controller (rolling, blue/green, linear or canary)"
    ))
}

/// DG:service-connect-concepts-deploy: no Windows, no ECS Anywhere; Fargate from platform 1.4.0.
fn platform(service: &EcsService) -> Option<String> {
    if service.platform_family.to_ascii_lowercase().starts_with("windows") {
        return Some(windows());
    }
    if service.launch_type == "EXTERNAL" {
        return Some(
            "it runs on ECS Anywhere (launch type EXTERNAL), which does not support Service Connect"
                .to_owned(),
        );
    }
    let old = ["1.0.0", "1.1.0", "1.2.0", "1.3.0"].contains(&service.platform_version.as_str());
    old.then(|| {
        format!(
            "its Fargate platform version {} is too old for Service Connect: update the service to 1.4.0 or LATEST",
            service.platform_version
        )
    })
}

fn windows() -> String {
    "it runs Windows containers, which Service Connect does not support".to_owned()
}

/// DG:service-connect-concepts-deploy: what Service Connect does not support of a task definition, and what it lacks.
fn task_definition(task_definition: &TaskDefinition) -> Vec<String> {
    if task_definition.windows {
        return vec![windows()];
    }
    let network =
        [network_mode(task_definition), links(task_definition), hostname(task_definition)];
    network.into_iter().flatten().chain(resources(task_definition)).collect()
}

/// DG:service-connect-concepts-deploy: awsvpc or bridge, set explicitly.
fn network_mode(task_definition: &TaskDefinition) -> Option<String> {
    let mode = match task_definition.network_mode.as_str() {
        "awsvpc" | "bridge" => return None,
        "" => "not set",
        mode => mode,
    };
    Some(format!(
        "the network mode of {} is {mode}: Service Connect needs awsvpc or bridge, set in the task definition",
        task_definition.arn.resource()
    ))
}

/// DG:service-connect-concepts-deploy: no `links`.
fn links(task_definition: &TaskDefinition) -> Option<String> {
    let container = task_definition.links.first()?;
    Some(format!(
        "container {container} in {} uses links, which Service Connect does not support: let the containers call each other by their aliases, or put them into one task in awsvpc mode, where they share localhost",
        task_definition.arn.resource()
    ))
}

/// DG:service-connect-concepts-deploy: in bridge mode no `hostname`.
fn hostname(task_definition: &TaskDefinition) -> Option<String> {
    let bridge = task_definition.network_mode == "bridge";
    let container = task_definition.hostnames.first().filter(|_| bridge)?;
    Some(format!(
        "container {container} in {} sets hostname in bridge mode, which Service Connect does not support: remove hostname, or use awsvpc",
        task_definition.arn.resource()
    ))
}

/// DG:service-connect-concepts-deploy: task memory and CPU are required, with enough for the proxy. Every task has the
/// proxy, and no task definition shows it.
fn resources(task_definition: &TaskDefinition) -> impl Iterator<Item = String> {
    let (name, limits) = (task_definition.arn.resource(), task_definition.container_memory_mib);
    let memory = match task_definition.memory_mib {
        None => Some(format!(
            "{name} sets no memory for the task: Service Connect needs it, with room for its proxy (64 MiB or more)"
        )),
        Some(memory) if limits >= memory => Some(format!(
            "the task memory of {name} is {memory} MiB and its containers' hard limits are {limits} MiB together, which leaves none for Service Connect: {PROXY}; raise the task's memory to {} MiB or more, or lower the limits",
            limits.saturating_add(64)
        )),
        Some(_) => None,
    };
    let cpu = (!task_definition.has_cpu)
        .then(|| format!("{name} sets no CPU for the task: Service Connect needs it; {PROXY}"));
    memory.into_iter().chain(cpu)
}

fn endpoint(endpoint: &Endpoint, defaults: &Defaults<'_>) -> Vec<String> {
    match (defaults.port(&endpoint.port_name), defaults.task_definition) {
        (Some(mapping), _) => served(endpoint, mapping),
        // "portName(X) does not refer to any named PortMapping in the container definitions"
        (None, Some(task_definition)) => vec![format!(
            "{} has no port named {}: set the port tag to one it has, or name the port in a new revision",
            task_definition.arn.resource(),
            endpoint.port_name
        )],
        (None, None) => Vec::new(),
    }
}

/// What is wrong with the port that an endpoint serves.
fn served(endpoint: &Endpoint, mapping: &PortMapping) -> Vec<String> {
    let protocol = (mapping.protocol != "tcp").then(|| {
        format!(
            "port {} speaks {}: Service Connect carries tcp only",
            endpoint.port_name, mapping.protocol
        )
    });
    // "Per request timeout 0 can't be set for tcp application."
    let request_on_tcp = mapping.app_protocol.is_none() && endpoint.timeout.request_s.is_some();
    let request = request_on_tcp.then(|| {
        format!(
            "port {} has no appProtocol, so it is plain TCP and takes no request time-out: remove request=… or set appProtocol in the task definition",
            endpoint.port_name
        )
    });
    [protocol, range(mapping), request].into_iter().flatten().collect()
}

/// An endpoint is one port (API:ServiceConnectService.portName), so a range of ports cannot be one.
pub(crate) fn range(mapping: &PortMapping) -> Option<String> {
    let range = mapping.range.as_ref()?;
    Some(format!(
        "the port range {range} of container {} cannot be an endpoint: Service Connect needs one port; add a port mapping with a name and a containerPort",
        mapping.container
    ))
}

/// DG:service-connect-tls: awsvpc only, and an authority. The API does not require the role
/// (API:ServiceConnectTlsConfiguration.roleArn), though ECS can do little without one. ECS tells that itself.
fn tls(endpoint: &Endpoint, deployed: Option<&Connect>, defaults: &Defaults<'_>) -> Option<String> {
    let tls = endpoint.tls.as_ref()?;
    let name = endpoint.discovery();
    if defaults.task_definition.is_some_and(|definition| definition.network_mode == "bridge") {
        return Some(format!(
            "endpoint {name} has TLS, which Service Connect does not support in bridge mode: use awsvpc, or remove the tls tag"
        ));
    }
    let before = deployed.into_iter().flat_map(|connect| &connect.endpoints);
    let mut before = before.filter(|old| old.port_name == endpoint.port_name);
    let is_kept = before.any(|old| old.tls.as_ref() == Some(tls));
    (tls.authority.is_none() && !is_kept).then(|| {
        format!(
            "endpoint {name} has TLS without a certificate authority: set it with ca=<arn> of an AWS Private CA"
        )
    })
}

fn tasks(service: &EcsService, connect: &Connect) -> Option<String> {
    let many = service.desired_count > TASKS_MAX && !connect.endpoints.is_empty();
    many.then(|| {
        format!(
            "it wants {} tasks and Cloud Map takes at most {TASKS_MAX} instances of one endpoint, a quota that cannot be raised: run at most {TASKS_MAX}, or split the service",
            service.desired_count
        )
    })
}

/// API:LogConfiguration.logDriver: Fargate has three.
fn logs(service: &EcsService, connect: &Connect) -> Option<String> {
    let driver = connect.logs.as_ref()?.driver.as_str();
    // A service with capacity providers has no launch type, but only Fargate has a platform version.
    let fargate = match service.launch_type.as_str() {
        "" => !service.platform_version.is_empty(),
        launch_type => launch_type == "FARGATE",
    };
    (fargate && !["awslogs", "splunk", "awsfirelens"].contains(&driver)).then(|| {
        format!("the proxy's log driver {driver} does not exist on Fargate: use awslogs, splunk or awsfirelens")
    })
}

/// One service must not have one name twice (API:ServiceConnectClientAlias, -Service).
fn twice(connect: &Connect) -> Option<String> {
    for (at, endpoint) in connect.endpoints.iter().enumerate() {
        for other in &connect.endpoints[..at] {
            if endpoint.discovery() == other.discovery() {
                return Some(format!(
                    "two of its endpoints are named {}: give each a name of its own",
                    endpoint.discovery()
                ));
            }
            let alias = |e: &Endpoint| e.alias.as_ref().map(|a| (a.dns_name.clone(), a.port));
            if alias(endpoint).is_some() && alias(endpoint) == alias(other) {
                return Some(format!(
                    "its endpoints {} and {} have the same alias: give each its own host or port",
                    other.discovery(),
                    endpoint.discovery()
                ));
            }
        }
    }
    None
}

/// API:ServiceConnectConfiguration.accessLogConfiguration requires logConfiguration.
fn access_logs(connect: &Connect) -> Option<String> {
    (connect.access_logs.is_some() && connect.logs.is_none())
        .then(|| "access logs need the proxy's logs: set the logs tag too".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::namespace;

    #[test]
    fn the_fifty_first_namespace_of_an_account_may_exceed_the_quota_and_shared_ones_do_not_count() {
        let owned = |owner: Option<&str>, count: usize| {
            let owner = owner.map(str::to_owned);
            vec![Namespace { owner, ..namespace("internal.myapp") }; count]
        };
        let mut known = [owned(Some("111"), 40), owned(None, 9), owned(Some("222"), 30)].concat();
        assert_eq!(namespace_quota_note(&known, Some("111")), None);
        assert!(namespace_quota_note(&known, None).is_some(), "then all may be its own");
        known.extend(owned(Some("111"), 1));
        let words = namespace_quota_note(&known, Some("111")).unwrap();
        assert!(words.starts_with("this account has 50 namespaces"), "{words}");
    }
}
