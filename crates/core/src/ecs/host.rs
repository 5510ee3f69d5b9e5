//! Hosts that no service may ever answer to, because they mean something else to every program.
//!
//! ECS takes almost any text as a client alias, and writes it into the tasks of every client of the namespace. An alias
//! `169.254.169.254` would lead the clients' calls for credentials to whoever declared it.

use std::fmt;
use std::net::Ipv6Addr;

use super::name::DnsName;

/// Why no alias may be this host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadHost {
    /// It is an IP address, or programs read it as one.
    Address,
    /// It means the machine or the task itself.
    Local,
    /// Programs ask it for credentials.
    Metadata,
    /// It is no name in DNS.
    Malformed,
}

/// The names of `/etc/hosts` that mean the task itself, beside `localhost` and what ends with it.
const LOCAL: [&str; 7] = [
    "localhost4",
    "localhost6",
    "localhost.localdomain",
    "localhost4.localdomain4",
    "localhost6.localdomain6",
    "ip6-localhost",
    "ip6-loopback",
];
/// The names of services that hand out credentials: EC2's own, and the one that libraries for several clouds ask.
const METADATA: [&str; 3] =
    ["instance-data", "instance-data.ec2.internal", "metadata.google.internal"];

impl BadHost {
    /// Why no alias may be this host; `None` if one may.
    pub fn of(host: &DnsName) -> Option<Self> {
        let host = host.as_str().to_ascii_lowercase();
        let mut labels = host.split('.');
        if host.parse::<Ipv6Addr>().is_ok() {
            return Some(Self::Address);
        }
        if !labels.clone().all(is_label) {
            return Some(Self::Malformed);
        }
        // URLs say so: a host whose last label is a number is an address (WHATWG URL, "ends in a number"). Resolvers
        // read 127.1, 2130706433 and 0x7f000001 as 127.0.0.1.
        if labels.next_back().is_some_and(is_number) {
            return Some(Self::Address);
        }
        if host == "localhost" || host.ends_with(".localhost") || LOCAL.contains(&host.as_str()) {
            return Some(Self::Local);
        }
        METADATA.contains(&host.as_str()).then_some(Self::Metadata)
    }
}

/// RFC 1035, section 2.3.1, and `_`, which ECS takes and DNS carries.
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn is_number(label: &str) -> bool {
    match label.strip_prefix("0x") {
        Some(digits) => digits.bytes().all(|b| b.is_ascii_hexdigit()),
        None => label.bytes().all(|b| b.is_ascii_digit()),
    }
}

impl fmt::Display for BadHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Address => "it is an IP address, or programs read it as one",
            Self::Local => "it means the client's own task",
            Self::Metadata => "programs ask that host for credentials",
            Self::Malformed => {
                "it is no DNS name: each part between two dots has 1 to 63 letters, digits, '_' and '-', and no '-' at its beginning or end"
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_that_mean_something_else_to_every_program_are_told_from_names() {
        let long = format!("{}.internal", "a".repeat(64));
        let rows = [
            ("169.254.169.254", BadHost::Address),
            ("127.1", BadHost::Address),
            ("2130706433", BadHost::Address),
            ("0x7f000001", BadHost::Address),
            ("fd00:ec2::254", BadHost::Address),
            ("localhost", BadHost::Local),
            ("api.localhost", BadHost::Local),
            ("ip6-localhost", BadHost::Local),
            ("instance-data", BadHost::Metadata),
            ("metadata.google.internal", BadHost::Metadata),
            ("a..b", BadHost::Malformed),
            (".x", BadHost::Malformed),
            ("x.", BadHost::Malformed),
            ("", BadHost::Malformed),
            ("a-.b", BadHost::Malformed),
            ("a.-b", BadHost::Malformed),
            (long.as_str(), BadHost::Malformed),
        ];
        for (host, why) in rows {
            assert_eq!(BadHost::of(&DnsName::as_read(host)), Some(why), "{host}");
        }
        for host in ["api", "api.internal.myapp", "3com.example", "a_b", "metadata", "0xyz"] {
            assert_eq!(BadHost::of(&DnsName::as_read(host)), None, "{host}");
        }
    }
}
