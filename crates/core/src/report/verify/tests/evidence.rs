//! Evidence as text, a line for each thing.
//!
//! ```text
//! task <service> <id> <address or -> [starting|stopping] [proxy=healthy|unhealthy|stopped|unknown|none] [of=<deployment>] [exec]
//! instance <discovery name> <address>:<port>
//! no-tasks <service> denied
//! no-instances <discovery name> denied|gone
//! probed                                     instances were asked; those without a line below answer nothing
//! probe <address>:<port> tcp=<ms>|refused [http=<status>:<ms>|closed]
//! eni <address,…> <group,…>
//! group <id> [in=<rule>] [out=<rule>]        a rule is <ports or all>:<peer>; a peer is a group, a network or pl-…
//! ```

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::ecs::fault::FaultKind;
use crate::ecs::name::{Arn, DeploymentId, Port};
use crate::ecs::namespace::Instance;
use crate::ecs::network::{Network, NetworkInterface, Permission, SecurityGroup};
use crate::ecs::service_key::ServiceKey;
use crate::ecs::task::{Proxy, ProxyHealth, Task, TaskPhase};
use crate::report::verify::{Evidence, HttpAnswer, Probed, Subjects};
use crate::testing::{Stage, fault, key};

/// Gives each endpoint of each deployment the Cloud Map service that ECS would name.
pub(super) fn connected(stage: &mut Stage) {
    let keys: Vec<ServiceKey> = stage.services.keys().cloned().collect();
    for key in keys {
        stage.change(&key, |service| {
            for deployment in &mut service.deployments {
                let endpoints = deployment.connect.iter().flat_map(|connect| &connect.endpoints);
                deployment.cloud_map = endpoints
                    .map(|each| (each.discovery(), arn(each.discovery().as_str())))
                    .collect();
            }
        });
    }
}

fn arn(name: &str) -> Arn {
    Arn::as_read(&format!("arn:aws:servicediscovery:eu-west-1:1:service/srv-{name}"))
}

/// The evidence of a text. Tasks and instances of which it has no line were read, and there are none.
pub(super) fn read(subjects: &Subjects, text: &str) -> Evidence {
    let mut evidence = Evidence::default();
    for tasks in subjects.tasks_to_read(true, usize::MAX) {
        evidence.tasks.extend(tasks.wanted.into_iter().map(|key| (key, Ok(Vec::new()))));
    }
    for arn in subjects.instances_to_read() {
        evidence.instances.insert(arn, Ok(Vec::new()));
    }
    let lines: Vec<Vec<&str>> =
        text.lines().map(|line| line.split_whitespace().collect()).collect();
    for words in &lines {
        match &words[..] {
            [] | ["probed" | "probe", ..] => {}
            ["task", service, rest @ ..] => task(&mut evidence, service, rest),
            ["instance", name, at] => instance(&mut evidence, name, at),
            ["no-tasks", service, "denied"] => {
                evidence.tasks.insert(key(service), Err(fault(FaultKind::Denied)));
            }
            ["no-instances", name, why] => {
                let kind = if *why == "gone" { FaultKind::NotFound } else { FaultKind::Denied };
                evidence.instances.insert(arn(name), Err(fault(kind)));
            }
            ["eni", addresses, groups] => {
                eni(evidence.network.get_or_insert_default(), addresses, groups);
            }
            ["group", id, rules @ ..] => group(evidence.network.get_or_insert_default(), id, rules),
            other => panic!("no such evidence: {other:?}"),
        }
    }
    if text.contains("probe") {
        probed(subjects, &mut evidence, &lines);
    }
    evidence
}

fn task(evidence: &mut Evidence, service: &str, words: &[&str]) {
    let [id, address, rest @ ..] = words else { panic!("an id and an address") };
    let key = key(service);
    let mut task = Task {
        id: (*id).to_owned(),
        service: Some(key.name.clone()),
        deployment: DeploymentId::as_read("ecs-svc/1"),
        phase: TaskPhase::Running,
        addresses: address.parse().into_iter().collect(),
        interfaces: Vec::new(),
        containers: vec!["app".to_owned()],
        proxy: Some(proxy(ProxyHealth::Healthy)),
        has_exec: false,
    };
    for word in rest {
        match word.split_once('=').unwrap_or((word, "")) {
            ("starting", _) => task.phase = TaskPhase::Starting,
            ("stopping", _) => task.phase = TaskPhase::Stopping,
            ("exec", _) => task.has_exec = true,
            ("of", id) => task.deployment = DeploymentId::as_read(id),
            ("proxy", "unhealthy") => task.proxy = Some(proxy(ProxyHealth::Unhealthy)),
            ("proxy", "stopped") => task.proxy = Some(proxy(ProxyHealth::Stopped)),
            ("proxy", "unknown") => task.proxy = Some(proxy(ProxyHealth::Unknown)),
            ("proxy", "none") => task.proxy = None,
            (other, _) => panic!("no such fact of a task: {other}"),
        }
    }
    evidence.tasks.entry(key).or_insert_with(|| Ok(Vec::new())).as_mut().expect("read").push(task);
}

fn proxy(health: ProxyHealth) -> Proxy {
    Proxy { container: "ecs-service-connect-ab12c".to_owned(), health }
}

fn instance(evidence: &mut Evidence, name: &str, at: &str) {
    let at: SocketAddr = at.parse().expect("an address and a port");
    let instances = evidence.instances.entry(arn(name)).or_insert_with(|| Ok(Vec::new()));
    instances.as_mut().expect("read").push(Instance {
        id: format!("i-{}", at.ip()),
        address: Some(at.ip()),
        port: Port::from_i32(at.port().into()),
    });
}

fn probed(subjects: &Subjects, evidence: &mut Evidence, lines: &[Vec<&str>]) {
    let mut answers = std::collections::BTreeMap::new();
    for probe in subjects.probes(evidence) {
        let address = probe.address.to_string();
        let words = lines.iter().find(|words| words.get(..2) == Some(&["probe", &address]));
        let Some(words) = words else { continue };
        let of = |name: &str| words.iter().find_map(|word| word.strip_prefix(name));
        let tcp = match of("tcp=").expect("tcp=") {
            "refused" => Err("refuses the connection".to_owned()),
            took => Ok(milliseconds(took)),
        };
        let http = probe.http.as_ref().and_then(|_| of("http=")).map(|answer| {
            let (status, took) = answer.split_once(':').ok_or("closes the connection")?;
            Ok(HttpAnswer { status: status.parse().expect("a status"), took: milliseconds(took) })
        });
        answers.insert(probe, Probed { tcp, http });
    }
    evidence.probed = Some(answers);
}

fn milliseconds(text: &str) -> Duration {
    Duration::from_micros(text.parse::<u64>().expect("milliseconds") * 1000)
}

fn eni(network: &mut Network, addresses: &str, groups: &str) {
    let addresses: Vec<IpAddr> =
        addresses.split(',').map(|text| text.parse().expect("an address")).collect();
    let groups = groups.split(',').filter(|group| *group != "-").map(str::to_owned).collect();
    let id = format!("eni-{}", network.interfaces.len());
    network.interfaces.insert(id, NetworkInterface { addresses, groups });
}

fn group(network: &mut Network, id: &str, rules: &[&str]) {
    let mut group = SecurityGroup::default();
    for rule in rules {
        let (direction, rule) = rule.split_once('=').expect("in= or out=");
        let list = if direction == "in" { &mut group.inbound } else { &mut group.outbound };
        list.push(permission(rule));
    }
    network.groups.insert(id.to_owned(), group);
}

fn permission(rule: &str) -> Permission {
    let (ports, peer) = rule.split_once(':').expect("ports:peer");
    let port = |text: &str| -> u16 { text.parse().expect("a port") };
    let tcp = match (ports, ports.split_once('-')) {
        ("all", _) => Some(0..=u16::MAX),
        ("udp", _) => None,
        (_, Some((from, to))) => Some(port(from)..=port(to)),
        (one, None) => Some(port(one)..=port(one)),
    };
    let mut permission = Permission { tcp, ..Permission::default() };
    if peer.starts_with("sg-") {
        permission.groups.push(peer.to_owned());
    } else if peer.starts_with("pl-") {
        permission.prefix_lists.push(peer.to_owned());
    } else {
        permission.networks.push(peer.parse().expect("a network"));
    }
    permission
}
