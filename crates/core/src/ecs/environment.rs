//! The hosts that the environment values of a task definition may name.
//!
//! Values are compared and never shown: a value may be a password, and a bare word looks like a host. So what is kept
//! has no text form: it does not print or serialise, and answers only whether it names a given alias.

use std::collections::BTreeSet;
use std::fmt;

use super::name::Port;

/// A host has no more characters (RFC 1035); longer words name none.
const HOST_MAX: usize = 253;
/// More than any environment names. Later ones are ignored.
const MOST: usize = 256;

/// The hosts that environment values may name, with their ports where the values give them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct EnvironmentHosts(BTreeSet<(Box<str>, Option<Port>)>);

impl EnvironmentHosts {
    /// Every host in the values: `catalog`, `orders:80`, `http://user:pass@catalog/path`, lists of such.
    pub fn in_values<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut found = BTreeSet::new();
        for word in values.into_iter().flat_map(words) {
            found.extend(mention(word));
            if found.len() >= MOST {
                break;
            }
        }
        Self(found)
    }

    /// Whether some value names that alias. A host without a port names it on any port.
    pub fn names(&self, host: &str, port: Port) -> bool {
        self.iter().any(|(each, said)| each == host && said.is_none_or(|said| said == port))
    }

    /// Each of them, for comparing inside this crate only: a host may be a password.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, Option<Port>)> {
        self.0.iter().map(|(host, port)| (&**host, *port))
    }

    /// Whether nothing is named.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for EnvironmentHosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} hosts (hidden)", self.0.len())
    }
}

/// Lists of hosts are separated by commas, semicolons or spaces.
fn words(value: &str) -> impl Iterator<Item = &str> {
    value.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"' | '\'' | '|'))
}

/// The host that one word names: a URL's, or the word itself.
fn mention(word: &str) -> Option<(Box<str>, Option<Port>)> {
    // `jdbc:postgresql://db:5432/x` has its scheme right before the slashes.
    let (scheme, rest) = match word.split_once("://") {
        Some((scheme, rest)) => (scheme.rsplit(':').next(), rest),
        None => (None, word),
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let place = authority.rsplit('@').next()?;
    let (host, port) = match place.split_once(':') {
        Some((host, port)) => (host, Some(Port::parse(port).ok()?)),
        None => (place, scheme.and_then(default_port)),
    };
    is_host(host).then(|| (host.to_ascii_lowercase().into(), port))
}

/// The port that a URL without one means. For other schemes every port counts.
fn default_port(scheme: &str) -> Option<Port> {
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "ws" => Port::from_i32(80),
        "https" | "wss" => Port::from_i32(443),
        _ => None,
    }
}

fn is_host(text: &str) -> bool {
    let sign = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    (1..=HOST_MAX).contains(&text.len()) && text.bytes().all(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(value: &str, alias: &str) -> bool {
        let (host, port) = alias.split_once(':').expect("a host and a port");
        let port = Port::parse(port).expect("a port");
        EnvironmentHosts::in_values([value]).names(host, port)
    }

    #[test]
    fn a_host_is_found_in_urls_bare_words_and_lists() {
        for (value, alias) in [
            ("http://catalog", "catalog:80"),
            ("https://catalog/path?x=http://no", "catalog:443"),
            ("http://u:p@catalog:8080/x", "catalog:8080"),
            ("orders:80", "orders:80"),
            ("orders", "orders:9000"),
            ("jdbc:postgresql://db:5432/shop", "db:5432"),
            ("redis://cache", "cache:6379"),
            ("a:1, b:2;c:3 d:4", "c:3"),
            ("HTTP://Catalog.Internal.MyApp", "catalog.internal.myapp:80"),
        ] {
            assert!(names(value, alias), "{value} names {alias}");
        }
    }

    #[test]
    fn another_port_another_host_and_a_part_of_one_are_not_it() {
        for (value, alias) in [
            ("http://catalog", "catalog:8080"),
            ("orders:80", "orders:81"),
            ("orders-v2", "orders:80"),
            ("x=orders", "orders:80"),
            ("orders:eighty", "orders:80"),
            ("http://other/orders", "orders:80"),
            ("", "orders:80"),
        ] {
            assert!(!names(value, alias), "{value} does not name {alias}");
        }
    }

    #[test]
    fn a_value_is_shown_nowhere() {
        let environment_hosts =
            EnvironmentHosts::in_values(["hunter2", "postgres://u:s3cret@db/x"]);
        assert_eq!(format!("{environment_hosts:?}"), "2 hosts (hidden)");
    }
}
