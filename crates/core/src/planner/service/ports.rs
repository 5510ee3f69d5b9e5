//! Which port of a task definition an endpoint serves, and what is wrong if there is none.

use super::eligible;
use crate::declaration::declared::PortSelector;
use crate::ecs::connect::Endpoint;
use crate::ecs::name::{Port, PortName};
use crate::ecs::task_definition::{PortMapping, TaskDefinition};
use crate::ecs::text::nearest;
use crate::plan::hold::{Hold, Naming};
use crate::plan::prerequisite::{NamedPort, NamedPorts};

/// The port that is meant, if it has a name. A text of digits may be a name as well as a container port.
pub(crate) fn named_port(
    selector: &PortSelector,
    task_definition: &TaskDefinition,
    standing: &[Endpoint],
) -> Result<PortName, Hold> {
    let text = selector.to_string();
    let has_name =
        |mapping: &&PortMapping| mapping.name.as_ref().is_some_and(|n| n.as_str() == text);
    let by_name = carried_first(task_definition.ports.iter().filter(has_name)).first().copied();
    let number = Port::parse(&text).ok();
    let is_on = |mapping: &&PortMapping| number.is_some() && mapping.container_port == number;
    let by_number = carried_first(task_definition.ports.iter().filter(is_on)).first().copied();
    let meant = match (by_name, by_number) {
        (Some(named), Some(other))
            if !is_on(&named) && matches!(selector, PortSelector::Number(_)) =>
        {
            of_two(named, other, standing)
                .ok_or_else(|| ambiguous(&text, [named, other], task_definition))?
        }
        (Some(named), _) => named,
        (None, Some(on)) => on,
        (None, None) => return Err(no_port(selector, task_definition)),
    };
    meant.name.clone().ok_or_else(|| unnamed_port(meant, task_definition))
}

/// Of a port with these digits as its name and another one on the container port of this number: the one that is
/// served already.
fn of_two<'a>(
    named: &'a PortMapping,
    other: &'a PortMapping,
    standing: &[Endpoint],
) -> Option<&'a PortMapping> {
    let stands = |mapping: &&PortMapping| {
        standing.iter().any(|endpoint| mapping.name.as_ref() == Some(&endpoint.port_name))
    };
    [named, other].into_iter().find(stands)
}

fn ambiguous(text: &str, readings: [&PortMapping; 2], task_definition: &TaskDefinition) -> Hold {
    let [named, other] = readings;
    let shown = |port: Option<Port>| port.map_or("a range".to_owned(), |port| port.to_string());
    let (first, name) = (shown(named.container_port), other.name.as_ref());
    let second =
        name.map_or("a port without a name".to_owned(), |name| format!("the port named {name}"));
    let by_name =
        name.map_or("give it a name and write that".to_owned(), |name| format!("write {name}"));
    Hold::AmbiguousPort(format!(
        "port {text} means two ports of {}: the one named {text} (container port {first}), and {second} (container port {text}); for the second, {by_name}; for the first, rename it in a new revision, or declare the endpoint in the document, where \"{text}\" in quotes is always a name",
        task_definition.arn.resource()
    ))
}

/// The ports that Service Connect carries, which is only TCP (API:PortMapping.protocol). Those with a name come first. If
/// it carries none, all ports, so that the hold can tell why.
fn carried_first<'a>(mappings: impl Iterator<Item = &'a PortMapping>) -> Vec<&'a PortMapping> {
    let all: Vec<&PortMapping> = mappings.collect();
    let tcp: Vec<&PortMapping> =
        all.iter().copied().filter(|mapping| mapping.protocol == "tcp").collect();
    let mut first = if tcp.is_empty() { all } else { tcp };
    first.sort_by_key(|mapping| mapping.name.is_none());
    first
}

/// The only port with a name, if the declaration names no port.
pub(super) fn only_named_port(task_definition: &TaskDefinition) -> Result<PortName, Hold> {
    let carried = carried_first(task_definition.ports.iter());
    let mut named = carried.iter().filter_map(|mapping| mapping.name.as_ref());
    match (named.next(), named.next(), &carried[..]) {
        (Some(only), None, _) => Ok(only.clone()),
        (Some(_), Some(_), _) => Err(Hold::Ineligible(format!(
            "{} has several named ports ({}): name one with the port tag",
            task_definition.arn.resource(),
            named_ports(task_definition)
        ))),
        (None, _, [unnamed]) => Err(unnamed_port(unnamed, task_definition)),
        // With `namePorts` eastwest names the port, and it must not guess which one.
        (None, _, [_, _, ..]) => Err(Hold::Ineligible(format!(
            "{} has several ports and none has a name: name one with the port tag, by its number",
            task_definition.arn.resource()
        ))),
        (None, _, []) => Err(Hold::Ineligible(format!(
            "{} has no port mapping: a server needs one with a name; for a client set mode=client",
            task_definition.arn.resource()
        ))),
    }
}

/// The API never names a port mapping (API:PortMapping.name); the console proposes this form.
fn unnamed_port(mapping: &PortMapping, task_definition: &TaskDefinition) -> Hold {
    if let Some(refused) = eligible::range(mapping) {
        return Hold::Ineligible(refused);
    }
    let Some(container_port) = mapping.container_port else {
        return Hold::Ineligible(format!(
            "a port mapping of container {} in {} names neither itself nor one port: give it a containerPort and a name",
            mapping.container,
            task_definition.arn.resource()
        ));
    };
    let PortMapping { container, protocol, .. } = mapping;
    let name = format!("{container}-{container_port}-{protocol}").to_ascii_lowercase();
    let name = match PortName::parse(&name) {
        Ok(name) => name,
        Err(refused) => {
            return Hold::Ineligible(format!(
                "the port mapping {container_port} of container {container} in {} has no name: register a revision that gives it one ({})",
                task_definition.arn.resource(),
                refused.allowed
            ));
        }
    };
    let port = NamedPort {
        container: container.clone(),
        container_port,
        protocol: protocol.clone(),
        name,
    };
    let named = NamedPorts { task_definition: task_definition.arn.clone(), ports: vec![port] };
    Hold::UnnamedPort(Box::new(named), Naming::ByHand)
}

pub(super) fn no_port(selector: &PortSelector, task_definition: &TaskDefinition) -> Hold {
    let text = selector.to_string();
    let names = task_definition.ports.iter().filter_map(|m| m.name.as_ref().map(PortName::as_str));
    let near = nearest(&text, names.filter(|name| *name != text));
    let hint = near.map(|name| format!("; did you mean {name:?}?")).unwrap_or_default();
    Hold::Ineligible(format!(
        "{} has no port {text}; its named ports are {}{hint}",
        task_definition.arn.resource(),
        named_ports(task_definition)
    ))
}

fn named_ports(task_definition: &TaskDefinition) -> String {
    let named: Vec<String> = task_definition
        .ports
        .iter()
        .filter_map(|mapping| {
            let name = mapping.name.as_ref()?;
            Some(mapping.container_port.map_or(name.to_string(), |port| format!("{name} ({port})")))
        })
        .collect();
    if named.is_empty() { "none".to_owned() } else { named.join(", ") }
}
