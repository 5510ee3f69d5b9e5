//! Network interfaces and security groups, as EC2 describes them: what decides whether one task reaches another.
//!
//! Security groups only allow. A connection passes if any rule of any group of the caller's interface lets it out, and any
//! rule of any group of the callee's interface lets it in (EC2 guide, security group rules).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::RangeInclusive;

use ipnet::IpNet;

use super::name::Port;

/// What was captured of a network.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Network {
    /// The interfaces by id.
    pub interfaces: BTreeMap<String, NetworkInterface>,
    /// The security groups by id.
    pub groups: BTreeMap<String, SecurityGroup>,
}

/// EC2:NetworkInterface.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkInterface {
    /// Its private addresses, of both families.
    pub addresses: Vec<IpAddr>,
    /// The ids of its security groups.
    pub groups: Vec<String>,
}

/// EC2:SecurityGroup.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecurityGroup {
    /// Its name.
    pub name: String,
    /// Who may connect.
    pub inbound: Vec<Permission>,
    /// Whom it may connect to.
    pub outbound: Vec<Permission>,
}

/// EC2:IpPermission: one rule, with every peer that it is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permission {
    /// The TCP ports; `None` where the rule is for no TCP at all.
    pub tcp: Option<RangeInclusive<u16>>,
    /// Peers by the security groups that they have.
    pub groups: Vec<String>,
    /// Peers by address.
    pub networks: Vec<IpNet>,
    /// Peers that a prefix list has. What is in one is not in this answer.
    pub prefix_lists: Vec<String>,
}

impl Permission {
    /// Whether it is for this TCP port.
    pub fn is_for(&self, port: Port) -> bool {
        self.tcp.as_ref().is_some_and(|ports| ports.contains(&port.number()))
    }
}
