//! Captured network interfaces and security groups.
//!
//! They answer no call of the world: eastwest asks EC2 nothing. They become core's types here.

use std::net::IpAddr;

use eastwest_core::ecs::network::{Network, NetworkInterface, Permission, SecurityGroup};
use eastwest_core::ecs::text::printable;
use serde_json::{Map, Value};

use super::capture::{Captures, NotACapture, Spot, items, list, text, word};

/// TCP by name and by number (EC2:IpPermission.IpProtocol), and every protocol.
const TCP: [&str; 3] = ["tcp", "6", "-1"];

impl Captures {
    /// EC2:DescribeSecurityGroupsResult.
    pub(super) fn add_groups(
        &mut self,
        spot: &Spot<'_>,
        members: &Map<String, Value>,
    ) -> Result<(), NotACapture> {
        let network = self.network.get_or_insert_default();
        for (at, group) in list(members, "SecurityGroups").iter().enumerate() {
            let spot = spot.below(&format!("SecurityGroups[{at}]"));
            let id = text(group, "GroupId", &spot)?;
            let name = word(group, "GroupName");
            let rules = |key: &str| {
                let all = items(group, key).iter().enumerate();
                let each =
                    all.map(|(at, rule)| permission(rule, &spot.below(&format!("{key}[{at}]"))));
                each.collect::<Result<Vec<_>, _>>()
            };
            let group = SecurityGroup {
                name: printable(name, usize::MAX),
                inbound: rules("IpPermissions")?,
                outbound: rules("IpPermissionsEgress")?,
            };
            network.groups.insert(printable(id, usize::MAX), group);
        }
        Ok(())
    }

    /// EC2:DescribeNetworkInterfacesResult.
    pub(super) fn add_interfaces(
        &mut self,
        spot: &Spot<'_>,
        members: &Map<String, Value>,
    ) -> Result<(), NotACapture> {
        let network = self.network.get_or_insert_default();
        for (at, interface) in list(members, "NetworkInterfaces").iter().enumerate() {
            let spot = spot.below(&format!("NetworkInterfaces[{at}]"));
            let id = text(interface, "NetworkInterfaceId", &spot)?;
            let v4 = texts(interface, "PrivateIpAddresses", "PrivateIpAddress");
            let v6 = texts(interface, "Ipv6Addresses", "Ipv6Address");
            let first = interface.get("PrivateIpAddress").and_then(Value::as_str);
            let mut addresses: Vec<IpAddr> =
                v4.chain(v6).chain(first).filter_map(|text| text.parse().ok()).collect();
            addresses.sort_unstable();
            addresses.dedup();
            let groups = texts(interface, "Groups", "GroupId");
            let groups = groups.map(|group| printable(group, usize::MAX)).collect();
            let interface = NetworkInterface { addresses, groups };
            network.interfaces.insert(printable(id, usize::MAX), interface);
        }
        Ok(())
    }

    /// The network interfaces and security groups, if any were captured.
    pub fn network(&self) -> Option<&Network> {
        self.network.as_ref()
    }

    /// Whether nothing else was captured than network interfaces and security groups.
    pub fn is_network_alone(&self) -> bool {
        let Self { services, task_definitions, clusters, namespaces, tasks, .. } = self;
        self.network.is_some()
            && services.is_empty()
            && task_definitions.is_empty()
            && clusters.is_empty()
            && namespaces.is_empty()
            && tasks.is_empty()
    }
}

fn permission(rule: &Value, spot: &Spot<'_>) -> Result<Permission, NotACapture> {
    let protocol = text(rule, "IpProtocol", spot)?;
    let port = |key: &str, absent: u16| match rule.get(key).and_then(Value::as_i64) {
        Some(port) if protocol != "-1" => u16::try_from(port).unwrap_or(absent),
        _ => absent,
    };
    let ranges = texts(rule, "IpRanges", "CidrIp").chain(texts(rule, "Ipv6Ranges", "CidrIpv6"));
    let network = |text: &str| {
        text.parse().map_err(|_| spot.wrong(format!("{text:?} is no range of addresses")))
    };
    let owned = |key: &str, member: &str| -> Vec<String> {
        texts(rule, key, member).map(|text| printable(text, usize::MAX)).collect()
    };
    Ok(Permission {
        tcp: TCP.contains(&protocol).then(|| port("FromPort", 0)..=port("ToPort", u16::MAX)),
        groups: owned("UserIdGroupPairs", "GroupId"),
        networks: ranges.map(network).collect::<Result<Vec<_>, _>>()?,
        prefix_lists: owned("PrefixListIds", "PrefixListId"),
    })
}

/// One member of each entry of a list.
fn texts<'a>(value: &'a Value, key: &str, member: &'a str) -> impl Iterator<Item = &'a str> {
    items(value, key).iter().filter_map(move |entry| entry.get(member)?.as_str())
}
