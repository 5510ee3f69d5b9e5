//! The hosts that the environment and the command of a task definition's containers may name.
//!
//! A word is a host where a scheme or a port stands with it, or where the name of its variable or option says so:
//! `ORDERS_HOST=orders`, `--master-host orders`. Any other bare word is none: `LOG_LEVEL=info` must not name an alias
//! `info:8000`, or anybody could make others wait by the choice of an alias.
//!
//! Values are compared and never shown: a value may be a password. So what is kept has no text form: it does not print
//! or serialise, and answers only whether it names a given alias, and in which variable.

use std::collections::BTreeSet;
use std::fmt;

use super::name::{DnsName, Port};
use super::text::printable;

/// A host has no more characters (RFC 1035); longer words name none.
const HOST_MAX: usize = 253;
/// More than any environment names. Later ones are ignored.
const MOST: usize = 256;
/// How much of a variable's name is kept.
const NAME_MAX: usize = 64;
/// How the name of a variable or an option ends whose value is a host.
const HOST_NAMES: [&str; 14] = [
    "HOST",
    "HOSTS",
    "HOSTNAME",
    "ADDR",
    "ADDRS",
    "ADDRESS",
    "ADDRESSES",
    "ENDPOINT",
    "ENDPOINTS",
    "URL",
    "URLS",
    "URI",
    "SERVER",
    "SERVERS",
];

/// One variable of a container's environment.
#[derive(Clone, Copy)]
pub struct Variable<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its value.
    pub value: &'a str,
}

/// What of a container may name hosts.
#[derive(Clone, Default)]
pub struct ContainerTexts<'a> {
    /// Its environment.
    pub environment: Vec<Variable<'a>>,
    /// The words of its entry point, then those of its command.
    pub command: Vec<&'a str>,
}

/// The hosts that containers may name, with their ports where they are given.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct EnvironmentHosts(BTreeSet<Mention>);

/// A host, and where it is named. It has no text form: a host may be a password.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mention {
    /// The host, in lower case.
    pub(crate) host: Box<str>,
    /// The port, where one is said.
    pub(crate) port: Option<Port>,
    /// Where.
    pub(crate) place: MentionPlace,
}

impl Mention {
    /// Whether it may mean what answers at a host and a port. A port that is not known may be any.
    pub(crate) fn may_mean(&self, host: &DnsName, port: Option<Port>) -> bool {
        self.host.eq_ignore_ascii_case(host.as_str())
            && (self.port.is_none() || port.is_none() || self.port == port)
    }
}

/// Where a host is named. This may be shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum MentionPlace {
    /// In the variable of this name.
    Variable(Box<str>),
    /// In the command or the entry point.
    Command,
}

impl MentionPlace {
    /// The variable of this name, as far as its name is kept.
    pub(crate) fn of_variable(name: &str) -> Self {
        Self::Variable(printable(name, NAME_MAX).into())
    }
}

impl fmt::Display for MentionPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => f.write_str(name),
            Self::Command => f.write_str("the command"),
        }
    }
}

impl EnvironmentHosts {
    /// Every host that the containers name: `orders:80`, `http://user:pass@catalog/path`, lists of such, and bare words
    /// whose variable or option is one for hosts.
    pub fn of<'a>(containers: impl IntoIterator<Item = ContainerTexts<'a>>) -> Self {
        let mut found = Self::default();
        for container in containers {
            let ContainerTexts { environment, command } = &container;
            for Variable { name, value } in environment {
                let place = MentionPlace::of_variable(name);
                let port = || {
                    let neighbour = environment.iter().find(|each| is_port_of(each.name, name));
                    neighbour.and_then(|each| Port::parse(each.value.trim()).ok())
                };
                found.value(name, value, port, &place);
            }
            found.command(command);
        }
        found
    }

    /// Whether something names that alias. A host without a port names it on any port.
    pub fn names(&self, host: &str, port: Port) -> bool {
        self.iter().any(|each| *each.host == *host && each.port.is_none_or(|said| said == port))
    }

    /// Each of them, for comparing inside this crate only.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Mention> {
        self.0.iter()
    }

    /// Whether nothing is named.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes the hosts in a value, which may hold options of its own (`JAVA_OPTS=-Dorders.host=orders`).
    fn value(
        &mut self,
        name: &str,
        value: &str,
        port: impl Fn() -> Option<Port>,
        place: &MentionPlace,
    ) {
        for word in words(value) {
            match option(word) {
                Some(Variable { name, value }) => self.note(named(name, value, || None), place),
                None => self.note(named(name, word, &port), place),
            }
        }
    }

    /// Notes the hosts in a command: in its words, and in the values of its options.
    fn command(&mut self, command: &[&str]) {
        let all: Vec<&str> = command.iter().copied().flat_map(words).collect();
        let port_of = |name: &str| {
            let said = all.iter().enumerate().find_map(|(at, word)| match option(word) {
                Some(option) => is_port_of(option.name, name).then_some(option.value),
                None if is_flag(word) && is_port_of(word, name) => all.get(at + 1).copied(),
                None => None,
            });
            said.and_then(|port| Port::parse(port).ok())
        };
        for (at, word) in all.iter().enumerate() {
            let before = at.checked_sub(1).map_or("", |before| all[before]);
            let mention = match option(word) {
                Some(Variable { name, value }) => named(name, value, || port_of(name)),
                None if is_flag(word) => None,
                None if is_flag(before) => named(before, word, || port_of(before)),
                None => named("", word, || None),
            };
            self.note(mention, &MentionPlace::Command);
        }
    }

    fn note(&mut self, found: Option<Found>, place: &MentionPlace) {
        if let Some(Found { host, port }) = found.filter(|_| self.0.len() < MOST) {
            self.0.insert(Mention { host, port, place: place.clone() });
        }
    }
}

impl fmt::Debug for EnvironmentHosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} hosts (hidden)", self.0.len())
    }
}

/// Lists of hosts are separated by commas, semicolons or spaces.
fn words(value: &str) -> impl Iterator<Item = &str> {
    let parts =
        value.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"' | '\'' | '|'));
    parts.filter(|word| !word.is_empty())
}

/// Whether a word of a command is an option without its value: `--master-host`.
fn is_flag(word: &str) -> bool {
    word.starts_with('-') && option(word).is_none()
}

/// `--master-host=orders`, `-Dorders.host=orders` or `ORDERS_HOST=orders`, unless the sign belongs to a URL.
fn option(word: &str) -> Option<Variable<'_>> {
    let (name, value) = word.split_once('=')?;
    let sign = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    name.bytes().all(sign).then_some(Variable { name, value })
}

/// The name of a variable or an option in one form: `--master-host` and `master.host` are `MASTER_HOST`.
fn plain(name: &str) -> String {
    let name = name.trim_start_matches('-').to_ascii_uppercase();
    name.replace(['-', '.'], "_")
}

/// The name without its last part, and the last part.
fn parts(plain: &str) -> (&str, &str) {
    plain.rsplit_once('_').unwrap_or(("", plain))
}

/// Whether a variable or an option of this name has hosts.
fn is_for_hosts(name: &str) -> bool {
    HOST_NAMES.contains(&parts(&plain(name)).1)
}

/// Whether one name is that of the port beside a host: `ORDERS_PORT` beside `ORDERS_HOST`. A `PORT` alone is the one
/// that the container itself listens on.
fn is_port_of(name: &str, host: &str) -> bool {
    let (name, host) = (plain(name), plain(host));
    let (port, host) = (parts(&name), parts(&host));
    port.1 == "PORT" && !port.0.is_empty() && port.0 == host.0
}

struct Found {
    host: Box<str>,
    port: Option<Port>,
}

/// The host that one word names: a URL's, one with a port, or the word itself, where the name of its variable or option
/// says that it is a host.
fn named(name: &str, word: &str, port_beside: impl Fn() -> Option<Port>) -> Option<Found> {
    // `jdbc:postgresql://db:5432/x` has its scheme right before the slashes.
    let (scheme, rest) = match word.split_once("://") {
        Some((scheme, rest)) => (scheme.rsplit(':').next(), rest),
        None => (None, word),
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let place = authority.rsplit('@').next()?;
    let (host, port) = match (place.split_once(':'), scheme) {
        (Some((host, port)), _) => (host, Some(Port::parse(port).ok()?)),
        (None, Some(scheme)) => (place, default_port(scheme)),
        (None, None) if is_for_hosts(name) => (place, port_beside()),
        (None, None) => return None,
    };
    is_host(host).then(|| Found { host: host.to_ascii_lowercase().into(), port })
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

    fn is_named(hosts: &EnvironmentHosts, alias: &str) -> bool {
        let (host, port) = alias.split_once(':').expect("a host and a port");
        hosts.names(host, Port::parse(port).expect("a port"))
    }

    /// `NAME=value` each.
    fn environment(variables: &[&str]) -> EnvironmentHosts {
        let environment = variables.iter().map(|text| {
            let (name, value) = text.split_once('=').expect("a name and a value");
            Variable { name, value }
        });
        let environment = environment.collect();
        EnvironmentHosts::of([ContainerTexts { environment, command: Vec::new() }])
    }

    fn command(words: &[&str]) -> EnvironmentHosts {
        EnvironmentHosts::of([ContainerTexts { environment: Vec::new(), command: words.to_vec() }])
    }

    #[test]
    fn a_host_is_found_in_urls_with_a_port_and_in_lists() {
        for (value, alias) in [
            ("X=http://catalog", "catalog:80"),
            ("X=https://catalog/path?x=http://no", "catalog:443"),
            ("X=http://u:p@catalog:8080/x", "catalog:8080"),
            ("X=orders:80", "orders:80"),
            ("X=jdbc:postgresql://db:5432/shop", "db:5432"),
            ("X=redis://cache", "cache:6379"),
            ("X=a:1, b:2;c:3 d:4", "c:3"),
            ("X=HTTP://Catalog.Internal.MyApp", "catalog.internal.myapp:80"),
            ("JAVA_OPTS=-Xmx1g -Dorders.host=orders", "orders:80"),
        ] {
            assert!(is_named(&environment(&[value]), alias), "{value} names {alias}");
        }
    }

    #[test]
    fn a_bare_word_is_a_host_where_its_variable_says_so() {
        for name in
            ["ORDERS_HOST", "orders_addr", "ORDERS_ENDPOINT", "ORDERS_URL", "A_SERVER", "HOST"]
        {
            let variable = format!("{name}=orders");
            assert!(is_named(&environment(&[&variable]), "orders:9000"), "{name}");
        }
        for name in ["LOG_LEVEL", "MODE", "GHOST", "ORDERS", "X"] {
            let variable = format!("{name}=orders");
            assert!(environment(&[&variable]).is_empty(), "{name}");
        }
    }

    #[test]
    fn the_port_beside_a_host_counts() {
        let hosts = environment(&["ORDERS_HOST=orders", "ORDERS_PORT=8080", "PORT=80"]);
        assert!(is_named(&hosts, "orders:8080"));
        assert!(!is_named(&hosts, "orders:80"));
        let hosts = environment(&["HOST=orders", "PORT=80"]);
        assert!(is_named(&hosts, "orders:9000"), "PORT is what the container listens on");
    }

    #[test]
    fn a_command_names_hosts_in_its_words_and_in_its_options() {
        for (words, alias) in [
            (&["--worker", "--master-host", "locust-master"][..], "locust-master:5557"),
            (&["--master-host=locust-master"][..], "locust-master:5557"),
            (&["--master-host", "m", "--master-port", "5557"][..], "m:5557"),
            (&["--master-host=m", "--master-port=5557"][..], "m:5557"),
            (&["sh", "-c", "run --upstream http://catalog:8080/x"][..], "catalog:8080"),
            (&["wait-for-it", "orders:80", "--", "serve"][..], "orders:80"),
        ] {
            assert!(is_named(&command(words), alias), "{words:?} names {alias}");
        }
        for (words, alias) in [
            (&["--master-host", "m", "--master-port", "5557"][..], "m:80"),
            (&["--log-level", "info"][..], "info:8000"),
            (&["--worker", "info"][..], "info:8000"),
            (&["info"][..], "info:8000"),
        ] {
            assert!(!is_named(&command(words), alias), "{words:?} does not name {alias}");
        }
    }

    #[test]
    fn another_port_another_host_and_a_part_of_one_are_not_it() {
        for (value, alias) in [
            ("X=http://catalog", "catalog:8080"),
            ("X=orders:80", "orders:81"),
            ("X_HOST=orders-v2", "orders:80"),
            ("X=x=orders", "orders:80"),
            ("X=orders:eighty", "orders:80"),
            ("X=http://other/orders", "orders:80"),
            ("X_HOST=", "orders:80"),
        ] {
            assert!(!is_named(&environment(&[value]), alias), "{value} does not name {alias}");
        }
    }

    #[test]
    fn a_value_is_shown_nowhere_and_the_name_of_its_variable_may_be() {
        let hosts = environment(&["A_HOST=hunter2", "DSN=postgres://u:s3cret@db/x"]);
        assert_eq!(format!("{hosts:?}"), "2 hosts (hidden)");
        let places: Vec<String> = hosts.iter().map(|each| each.place.to_string()).collect();
        assert_eq!(places, ["DSN", "A_HOST"]);
    }
}
