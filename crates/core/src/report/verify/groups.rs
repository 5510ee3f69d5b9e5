//! Whether security groups let the tasks of a client through to those of a server.
//!
//! The groups of an interface count together. The client's outbound rules must name the server, the server's inbound rules
//! the client: by security group, by address, or by a prefix list, of which nobody here knows what is in it.
//!
//! **Absent on purpose:** network ACLs and routes. They were not captured.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::finding::{Check, Finding};
use crate::ecs::name::Port;
use crate::ecs::network::{Network, NetworkInterface, Permission, SecurityGroup};
use crate::ecs::service_key::ServiceKey;
use crate::ecs::task::{Task, TaskPhase};
use crate::ecs::text::first_of;

/// One side of a call.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) service: &'a ServiceKey,
    pub(super) tasks: &'a [Task],
}

/// A network, indexed once for all calls.
pub(super) struct Rules<'n> {
    network: &'n Network,
    by_address: BTreeMap<IpAddr, &'n NetworkInterface>,
}

impl<'n> Rules<'n> {
    pub(super) fn of(network: &'n Network) -> Self {
        let interfaces = network.interfaces.values();
        let addresses =
            interfaces.flat_map(|each| each.addresses.iter().map(move |address| (*address, each)));
        Self { network, by_address: addresses.collect() }
    }

    /// The interface of a task.
    fn interface(&self, task: &Task) -> Option<&'n NetworkInterface> {
        let by_id = task.interfaces.iter().find_map(|id| self.network.interfaces.get(id));
        let by_address = || task.addresses.iter().find_map(|each| self.by_address.get(each));
        by_id.or_else(|| by_address().copied())
    }
}

/// The task of a side with what its interface has.
struct Peer<'n> {
    address: IpAddr,
    groups: &'n [String],
}

/// Whether a rule is there; the worst is greatest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Passage {
    Open,
    Unknown(String),
    Closed(String),
}

/// The direction of a rule.
#[derive(Clone, Copy)]
enum Direction {
    Inbound,
    Outbound,
}

/// What the rules between two services say about one port.
pub(super) fn between(
    rules: &Rules<'_>,
    client: Side<'_>,
    server: Side<'_>,
    port: Port,
) -> Finding {
    let (from, to) = (client.service, server.service);
    let network = rules.network;
    let Sides { clients, servers } = match sides(rules, client, server) {
        Ok(sides) => sides,
        Err(finding) => return finding,
    };
    let inbound = worst(network, &servers, &clients, Rule { direction: Direction::Inbound, port });
    let outbound =
        worst(network, &clients, &servers, Rule { direction: Direction::Outbound, port });
    match (inbound, outbound) {
        (Passage::Open, Passage::Open) => {
            let message = format!("security groups let {from} reach {to} on TCP {port}");
            Finding::ok(Check::Groups, message)
        }
        (Passage::Closed(one), Passage::Closed(other)) => closed(from, to, &[one, other]),
        (Passage::Closed(one), _) | (_, Passage::Closed(one)) => closed(from, to, &[one]),
        (Passage::Unknown(why), _) | (_, Passage::Unknown(why)) => {
            let message = format!(
                "not known whether security groups let {from} reach {to} on TCP {port}: {why}"
            );
            Finding::unknown(Check::Groups, message)
        }
    }
}

fn closed(from: &ServiceKey, to: &ServiceKey, missing: &[String]) -> Finding {
    let message = format!("security groups do not let {from} reach {to}: {}", missing.join("; "));
    Finding::broken(Check::Groups, message)
}

struct Sides<'n> {
    clients: Vec<Peer<'n>>,
    servers: Vec<Peer<'n>>,
}

/// The interfaces of both sides, in the family of addresses that the server has.
fn sides<'n>(rules: &Rules<'n>, client: Side<'_>, server: Side<'_>) -> Result<Sides<'n>, Finding> {
    let servers = interfaces(rules, server)?;
    let clients = interfaces(rules, client)?;
    let has_v4 =
        |(addresses, _): &(&[IpAddr], &NetworkInterface)| addresses.iter().any(IpAddr::is_ipv4);
    let is_v4 = servers.iter().all(has_v4);
    let peer = |(addresses, interface): (&[IpAddr], &'n NetworkInterface)| {
        let address = addresses.iter().find(|address| address.is_ipv4() == is_v4)?;
        Some(Peer { address: *address, groups: &interface.groups })
    };
    let family = if is_v4 { "IPv4" } else { "IPv6" };
    let lacks = |side: Side<'_>| {
        let message = format!("a task of {} has no {family} address in the captures", side.service);
        Finding::unknown(Check::Groups, message)
    };
    let servers: Option<Vec<Peer<'_>>> = servers.into_iter().map(peer).collect();
    let clients: Option<Vec<Peer<'_>>> = clients.into_iter().map(peer).collect();
    Ok(Sides {
        servers: servers.ok_or_else(|| lacks(server))?,
        clients: clients.ok_or_else(|| lacks(client))?,
    })
}

/// The interface of each running task, with its addresses.
fn interfaces<'n>(
    rules: &Rules<'n>,
    side: Side<'_>,
) -> Result<Vec<(&'n [IpAddr], &'n NetworkInterface)>, Finding> {
    let running = side.tasks.iter().filter(|task| task.phase == TaskPhase::Running);
    let (mut found, mut absent) = (Vec::new(), Vec::new());
    for task in running {
        match rules.interface(task) {
            Some(interface) => found.push((interface.addresses.as_slice(), interface)),
            None => absent.push(&task.id),
        }
    }
    if !absent.is_empty() {
        let message = format!(
            "the network interfaces of these tasks of {} were not captured: {}",
            side.service,
            first_of(absent, ", ")
        );
        return Err(Finding::unknown(Check::Groups, message).advised(
            "add aws ec2 describe-network-interfaces; tasks in bridge mode have none of their own",
        ));
    }
    if found.is_empty() {
        let message =
            format!("no task of {} runs, so that no security group can be looked at", side.service);
        return Err(Finding::unknown(Check::Groups, message));
    }
    Ok(found)
}

/// What is asked of a group's rules.
#[derive(Clone, Copy)]
struct Rule {
    direction: Direction,
    port: Port,
}

/// The worst passage between any two of these. Interfaces with the same groups have the same rules, so they are compared
/// once with each peer.
fn worst(network: &Network, owners: &[Peer<'_>], peers: &[Peer<'_>], rule: Rule) -> Passage {
    let owners: BTreeSet<&[String]> = owners.iter().map(|owner| owner.groups).collect();
    let passages = owners
        .iter()
        .flat_map(|groups| peers.iter().map(move |peer| passage(network, groups, peer, rule)));
    passages.max().unwrap_or(Passage::Open)
}

fn passage(network: &Network, groups: &[String], peer: &Peer<'_>, rule: Rule) -> Passage {
    let known: Vec<&SecurityGroup> =
        groups.iter().filter_map(|id| network.groups.get(id)).collect();
    let rules = known.iter().flat_map(|group| match rule.direction {
        Direction::Inbound => &group.inbound,
        Direction::Outbound => &group.outbound,
    });
    let rules: Vec<&Permission> = rules.filter(|permission| permission.is_for(rule.port)).collect();
    let names = |permission: &&&Permission| {
        permission.groups.iter().any(|group| peer.groups.contains(group))
            || permission.networks.iter().any(|network| network.contains(&peer.address))
    };
    if rules.iter().any(|permission| names(&permission)) {
        return Passage::Open;
    }
    if let Some(absent) = groups.iter().find(|id| !network.groups.contains_key(*id)) {
        let words = format!(
            "security group {absent} was not captured: add aws ec2 describe-security-groups"
        );
        return Passage::Unknown(words);
    }
    if let Some(list) = rules.iter().flat_map(|permission| &permission.prefix_lists).next() {
        let words =
            format!("a rule names the prefix list {list}, and what is in it was not captured");
        return Passage::Unknown(words);
    }
    let (own, other) = (shown(network, groups), shown(network, peer.groups));
    let Rule { direction, port } = rule;
    Passage::Closed(match direction {
        Direction::Inbound => {
            format!("no inbound rule of {own} for TCP {port} from {other} ({})", peer.address)
        }
        Direction::Outbound => {
            format!("no outbound rule of {own} for TCP {port} to {other} ({})", peer.address)
        }
    })
}

/// Groups by id and name.
fn shown(network: &Network, groups: &[String]) -> String {
    if groups.is_empty() {
        return "no security group".to_owned();
    }
    let one = |id: &String| match network.groups.get(id).map(|group| group.name.as_str()) {
        Some(name) if !name.is_empty() => format!("{id} ({name})"),
        _ => id.clone(),
    };
    first_of(groups.iter().map(one), ", ")
}
