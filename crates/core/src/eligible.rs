//! What ECS would refuse, or what would start no task, said before the call with the fix.
//!
//! Each row cites AWS. Checked only where something would change: a service that runs as it is needs no
//! permission from us.

use crate::canonical::Ground;
use crate::connect::{Connect, Endpoint};
use crate::name::DnsName;
use crate::view::{DeploymentController, EcsService, TaskDefinition};

/// Why ECS would not take `wanted` for this service, if so. `None` wanted: switching off.
pub fn refusal(
    service: &EcsService,
    wanted: Option<&Connect>,
    ground: &Ground<'_>,
) -> Option<String> {
    let Some(connect) = wanted else { return controller(service) };
    controller(service)
        .or_else(|| platform(service))
        .or_else(|| ground.task_definition.and_then(task_definition))
        .or_else(|| connect.endpoints.iter().find_map(|e| endpoint(e, ground)))
        .or_else(|| connect.endpoints.iter().find_map(host))
        .or_else(|| twice(connect))
        .or_else(|| access_logs(connect))
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

/// DG:service-connect-concepts-deploy: awsvpc or bridge, said explicitly; task memory is required.
fn task_definition(task_definition: &TaskDefinition) -> Option<String> {
    let name = task_definition.arn.resource();
    if task_definition.windows {
        return Some(windows());
    }
    if !["awsvpc", "bridge"].contains(&task_definition.network_mode.as_str()) {
        let mode = match task_definition.network_mode.as_str() {
            "" => "not set",
            mode => mode,
        };
        return Some(format!(
            "the network mode of {name} is {mode}: Service Connect needs awsvpc or bridge, set in the task definition"
        ));
    }
    task_definition.memory_mib.is_none().then(|| {
        format!("{name} sets no memory for the task: Service Connect needs it, with room for its proxy (64 MiB or more)")
    })
}

fn endpoint(endpoint: &Endpoint, ground: &Ground<'_>) -> Option<String> {
    let mapping = ground.port(&endpoint.port_name);
    if let Some(task_definition) = ground.task_definition
        && mapping.is_none()
    {
        // "portName(X) does not refer to any named PortMapping in the container definitions"
        return Some(format!(
            "{} has no port named {}: set the port tag to one it has, or name the port in a new revision",
            task_definition.arn.resource(),
            endpoint.port_name
        ));
    }
    let mapping = mapping?;
    if mapping.protocol != "tcp" {
        return Some(format!(
            "port {} speaks {}: Service Connect carries tcp only",
            endpoint.port_name, mapping.protocol
        ));
    }
    // "Per request timeout 0 can't be set for tcp application."
    let request_on_tcp = mapping.app_protocol.is_none() && endpoint.timeout.request_s.is_some();
    request_on_tcp.then(|| {
        format!(
            "port {} has no appProtocol, so it is plain TCP and takes no request time-out: remove request=… or set appProtocol in the task definition",
            endpoint.port_name
        )
    })
}

/// API:ServiceConnectClientAlias.dnsName: a namespace may have a name that no alias can end in ("The DNS name that you
/// provided is invalid"); a declared host was checked when it was read.
fn host(endpoint: &Endpoint) -> Option<String> {
    let host = endpoint.alias.as_ref()?.dns_name.as_ref()?;
    let refused = DnsName::parse(host.as_str()).err()?;
    Some(format!(
        "the default alias of {}, {host}, is not {}: set the alias tag to a name of your own",
        endpoint.discovery(),
        refused.allowed
    ))
}

/// One service must not claim one name twice (API:ServiceConnectClientAlias, -Service).
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
