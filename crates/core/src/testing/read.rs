//! The parts of a line: tags, configurations, task definitions.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fault;
use crate::ecs::connect::{AccessLogs, ClientAlias, Connect, Endpoint, ProxyLogs, TestHeader, Tls};
use crate::ecs::environment::{ContainerTexts, EnvironmentHosts, Variable};
use crate::ecs::fault::FaultKind;
use crate::ecs::name::{Arn, DiscoveryName, DnsName, NamespaceRef, Port, PortName};
use crate::ecs::past::Past;
use crate::ecs::seen::Seen;
use crate::ecs::task_definition::{PortMapping, TaskDefinition};
use crate::ecs::time::AwsTime;

/// Tags of a line. A key that begins with `/` is taken as it is.
pub(crate) fn read_tags(text: &str) -> BTreeMap<String, String> {
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty() && *word != "-");
    words
        .map(|word| {
            let (key, value) = word.split_once('=').expect("a tag is key=value");
            let key =
                key.strip_prefix('/').map_or_else(|| format!("eastwest/{key}"), str::to_owned);
            (key, value.to_owned())
        })
        .collect()
}

/// `created:status:configuration` with `_` for blanks; the status may go on with `@stage`, or `!stage` where a hook
/// holds it there. `created` is in seconds.
pub(super) fn read_past(text: &str, task_definition: &Arn) -> Past {
    let mut parts = text.splitn(3, ':');
    let mut part = || parts.next().expect("three parts");
    let (created, status, connect) = (part(), part(), part());
    let (status, stage) = status.split_once(['@', '!']).unwrap_or((status, ""));
    let paused_at = text.contains('!').then(|| stage.to_owned());
    let created_at = AwsTime(created.parse::<i64>().expect("seconds") * 1000);
    Past {
        connect: read_connect(&connect.replace('_', " ")),
        task_definition: task_definition.clone(),
        status: status.to_owned(),
        reason: String::new(),
        created_at,
        finished_at: Some(created_at),
        stage: stage.to_owned(),
        paused_at,
    }
}

/// `off` or `in namespace endpoint …`, with `logs=…`, `access=…` and `level=…`.
pub(crate) fn read_connect(text: &str) -> Option<Connect> {
    let rest = text.strip_prefix("in ")?;
    let mut words = rest.split_whitespace();
    let namespace = words.next().filter(|word| *word != "?").map(NamespaceRef::as_read);
    let mut connect = Connect {
        namespace,
        endpoints: Vec::new(),
        logs: None,
        access_logs: None,
        log_level: None,
    };
    for word in words {
        if let Some(group) = word.strip_prefix("logs=") {
            let (group, driver) = group.split_once("+driver=").unwrap_or((group, "awslogs"));
            let options = group
                .split(',')
                .map(|pair| pair.split_once(':').unwrap_or(("awslogs-group", pair)));
            connect.logs = Some(ProxyLogs {
                driver: driver.to_owned(),
                options: options.map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
                secret_options: Vec::new(),
            });
        } else if let Some(format) = word.strip_prefix("access=") {
            let format = format.to_owned();
            connect.access_logs = Some(AccessLogs { format, query_parameters: false });
        } else if let Some(level) = word.strip_prefix("level=") {
            connect.log_level = Some(level.to_owned());
        } else {
            connect.endpoints.push(read_endpoint(word));
        }
    }
    Some(connect)
}

/// `port/discovery@host:port+idle=60+request=5+ingress=9000+tls=ca+key=k+role=r+test=name`
fn read_endpoint(word: &str) -> Endpoint {
    let mut parts = word.split('+');
    let names = parts.next().expect("a port");
    let (names, alias) = names.split_once('@').map_or((names, None), |(n, a)| (n, Some(a)));
    let (port, discovery) = names.split_once('/').map_or((names, None), |(p, d)| (p, Some(d)));
    let mut endpoint = Endpoint::bare(PortName::as_read(port));
    endpoint.discovery_name = discovery.map(DiscoveryName::as_read);
    endpoint.alias = alias.map(|alias| {
        let (host, port) = alias.split_once(':').expect("host:port");
        let dns_name = (!host.is_empty()).then(|| DnsName::as_read(host));
        ClientAlias { port: read_port(port), dns_name, test_header: None }
    });
    for part in parts {
        let (key, value) = part.split_once('=').expect("key=value");
        let tls = || Tls { authority: None, kms_key: None, role: None };
        match key {
            "idle" => endpoint.timeout.idle_s = Some(value.parse().expect("seconds")),
            "request" => endpoint.timeout.request_s = Some(value.parse().expect("seconds")),
            "ingress" => endpoint.ingress_port = Some(read_port(value)),
            "tls" => endpoint.tls.get_or_insert_with(tls).authority = Some(Arn::as_read(value)),
            "key" => endpoint.tls.get_or_insert_with(tls).kms_key = Some(value.to_owned()),
            "role" => endpoint.tls.get_or_insert_with(tls).role = Some(Arn::as_read(value)),
            "test" => {
                let header = TestHeader { name: value.to_owned(), exact: Some("yes".to_owned()) };
                endpoint.alias.as_mut().expect("an alias").test_header = Some(header);
            }
            other => panic!("no such member of an endpoint: {other}"),
        }
    }
    endpoint
}

fn read_port(text: &str) -> Port {
    Port::parse(text).expect("a port")
}

pub(super) fn read_task_definition(arn: &Arn, text: &str) -> Seen<Arc<TaskDefinition>> {
    match text {
        "?" => return Seen::Absent,
        "!" => return Seen::Unknown(fault(FaultKind::Denied)),
        _ => {}
    }
    Seen::Known(Arc::new(task_definition(arn, text)))
}

pub(crate) fn task_definition(arn: &Arn, text: &str) -> TaskDefinition {
    let mut task_definition = TaskDefinition {
        arn: arn.clone(),
        network_mode: "awsvpc".to_owned(),
        windows: false,
        memory_mib: Some(512),
        container_memory_mib: 0,
        has_cpu: true,
        links: Vec::new(),
        hostnames: Vec::new(),
        managed_instances: false,
        ports: Vec::new(),
        images: vec!["app:1".to_owned()],
        environment_hosts: EnvironmentHosts::default(),
    };
    let mut texts = ContainerTexts::default();
    for word in text.split_whitespace() {
        match word {
            "bridge" | "host" | "none" => word.clone_into(&mut task_definition.network_mode),
            "nomode" => task_definition.network_mode.clear(),
            "windows" => task_definition.windows = true,
            "nomemory" => task_definition.memory_mib = None,
            "managed" => task_definition.managed_instances = true,
            "nocpu" => task_definition.has_cpu = false,
            "links" => task_definition.links.push("app".to_owned()),
            "hostname" => task_definition.hostnames.push("app".to_owned()),
            limits if limits.starts_with("limits:") => {
                task_definition.container_memory_mib = limits[7..].parse().expect("MiB");
            }
            image if image.starts_with("image:") => {
                task_definition.images = vec![image[6..].to_owned()];
            }
            values if values.starts_with("env:") => {
                texts.environment.extend(values[4..].split(';').map(read_variable));
            }
            words if words.starts_with("cmd:") => texts.command.extend(words[4..].split('_')),
            port => task_definition.ports.push(read_mapping(port)),
        }
    }
    task_definition.environment_hosts = EnvironmentHosts::of([texts]);
    task_definition
}

/// `NAME=value`, or a value alone of a variable whose name says nothing.
fn read_variable(text: &str) -> Variable<'_> {
    let is_name = |name: &str| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    match text.split_once('=').filter(|(name, _)| is_name(name)) {
        Some((name, value)) => Variable { name, value },
        None => Variable { name: "VALUE", value: text },
    }
}

fn read_mapping(word: &str) -> PortMapping {
    let (protocol, word) = word.split_once(':').unwrap_or(("tcp", word));
    let (name, port) = word.split_once('=').expect("name=port");
    let (port, app) = port.split_once('/').map_or((port, None), |(port, app)| (port, Some(app)));
    let range = port.contains('-').then(|| port.to_owned());
    PortMapping {
        container: "app".to_owned(),
        name: (!name.is_empty()).then(|| PortName::as_read(name)),
        container_port: range.is_none().then(|| read_port(port)),
        range,
        protocol: protocol.to_owned(),
        app_protocol: app.map(str::to_owned),
    }
}
