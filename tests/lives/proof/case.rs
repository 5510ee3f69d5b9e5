//! One case: a fixture and what is declared on it, drawn from one seed; and the smaller cases it can be cut to.

use std::fmt;

use eastwest_core::declaration::settings::Policy;
use eastwest_sim::model::{Echo, Echoes, EmptyLists, NamespaceEcho, Switches};
use eastwest_sim::shapes::ecs::{
    LogConfiguration, ServiceConnectAccessLogConfiguration, ServiceConnectClientAlias,
    ServiceConnectConfiguration, ServiceConnectService, TimeoutConfiguration,
};
use serde_json::json;

use crate::proof::dice::Dice;
use crate::proof::fixture::{Deployed, Fixture, Form, Port, Spoken};
use crate::proof::grammar::{self, Tags};

/// A declaration on its fixture.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) fixture: Fixture,
    pub(crate) tags: Tags,
    /// The namespace tag.
    pub(crate) namespace: Option<Spoken>,
    /// Tags that are set later, for what must not be written then.
    pub(crate) later: Tags,
}

impl Case {
    pub(crate) fn draw(seed: u64) -> Self {
        let dice = &mut Dice::new(seed);
        let fixture = fixture(dice, seed);
        let tags = grammar::tags(dice, &fixture);
        let namespace = dice.percent(40).then(|| spoken(dice, &fixture, true));
        let later = grammar::tags(dice, &fixture);
        Self { fixture, tags, namespace, later }
    }

    /// Cases with one thing less.
    pub(crate) fn smaller(&self) -> Vec<Self> {
        let mut cases = Vec::new();
        let mut less = |change: &dyn Fn(&mut Self)| {
            let mut case = self.clone();
            change(&mut case);
            cases.push(case);
        };
        let other = |(_, (key, _)): &(usize, &(String, String))| key != "mode";
        for (at, _) in self.tags.iter().enumerate().filter(other) {
            less(&|case| drop(case.tags.remove(at)));
        }
        for (at, (_, value)) in self.tags.iter().enumerate() {
            for word in 0..value.split(' ').count().saturating_sub(1) {
                less(&|case| case.tags[at].1 = without(value, word));
            }
        }
        for (at, _) in self.later.iter().enumerate().filter(other) {
            less(&|case| drop(case.later.remove(at)));
        }
        less(&|case| case.namespace = None);
        less(&|case| case.fixture.deployed = None);
        for part in PARTS {
            less(&|case| {
                case.fixture.deployed.iter_mut().for_each(|deployed| part(&mut deployed.config));
            });
        }
        for at in 0..self.fixture.ports.len() {
            less(&|case| drop(case.fixture.ports.remove(at)));
        }
        less(&|case| case.fixture.flag = None);
        less(&|case| case.fixture.policy = Policy::Sync);
        for reset in RESETS {
            less(&|case| reset(&mut case.fixture.switches));
        }
        cases.retain(|case| format!("{case:?}") != format!("{self:?}"));
        cases
    }
}

/// A value without its word at that place.
fn without(value: &str, word: usize) -> String {
    let words = value.split(' ').enumerate().filter(|(at, _)| *at != word);
    words.map(|(_, word)| word).collect::<Vec<_>>().join(" ")
}

/// What a deployed configuration can do without.
const PARTS: &[fn(&mut ServiceConnectConfiguration)] = &[
    |config| config.log_configuration = None,
    |config| config.access_log_configuration = None,
    |config| each(config, |entry| entry.timeout = None),
    |config| each(config, |entry| entry.tls = None),
    |config| each(config, |entry| entry.ingress_port_override = None),
    |config| config.services.iter_mut().for_each(|entries| drop(entries.pop())),
];

fn each(config: &mut ServiceConnectConfiguration, change: fn(&mut ServiceConnectService)) {
    config.services.iter_mut().flatten().for_each(change);
}

/// The ways back to the plain echo.
const RESETS: &[fn(&mut Switches)] = &[
    |switches| switches.echo.namespace = NamespaceEcho::AsSent,
    |switches| switches.echo.discovery_name = Echo::AsSent,
    |switches| switches.echo.default_alias_left_out = false,
    |switches| switches.echo.dns_name = Echo::AsSent,
    |switches| switches.echo.timeout = Echo::AsSent,
    |switches| switches.echo.ingress_port = Echo::AsSent,
    |switches| switches.echo.query_parameters = Echo::AsSent,
    |switches| switches.echo.empty_lists = EmptyLists::default(),
    |switches| switches.echo.reordered = false,
    |switches| switches.echo.unmodelled_version = false,
    |switches| switches.echo.unknown_members = false,
];

pub(crate) fn fixture(dice: &mut Dice, seed: u64) -> Fixture {
    // An HTTP namespace may have any name (API:ClusterServiceConnectDefaultsRequest), an alias's host may not.
    let long = "long.".repeat(24);
    let first = match dice.number(0, 19) {
        0 => "My:App",
        1 => &long,
        _ => "internal.myapp",
    };
    let mut namespaces = vec![first.to_owned(), "other".to_owned()];
    if dice.percent(40) {
        namespaces.push(namespaces[0].clone());
        if dice.percent(50) {
            namespaces.push("used.before".to_owned());
        }
    }
    let mut fixture = Fixture {
        seed,
        cluster_default: dice.percent(50).then(|| dice.index(namespaces.len())),
        namespaces,
        service: dice.pick(&["web", "api-2", "a_b"]).to_owned(),
        awsvpc: dice.percent(70),
        ports: ports(dice),
        flag: None,
        policy: if dice.percent(80) { Policy::Sync } else { Policy::UpsertOnly },
        deployed: None,
        switches: Switches { echo: echoes(dice), ..switches(dice) },
    };
    if fixture.cluster_default.is_none() || dice.percent(20) {
        fixture.flag = dice.percent(95).then(|| spoken(dice, &fixture, true));
    }
    fixture.deployed = dice.percent(50).then(|| deployed(dice, &fixture));
    fixture
}

fn ports(dice: &mut Dice) -> Vec<Port> {
    let mut ports: Vec<Port> = Vec::new();
    for _ in 0..dice.pick(&[1, 1, 1, 2, 2, 3, 4]) {
        let port = Port {
            name: dice.percent(93).then(|| dice.label()),
            number: dice.port(),
            app: dice.pick(&[Some("http"), Some("http"), Some("http2"), Some("grpc"), None]),
            udp: false,
        };
        let port = if dice.percent(4) { Port { udp: true, app: None, ..port } } else { port };
        // Two ports that one text could mean are held, not written.
        let is_called = |one: &Port, other: &Port| one.name == Some(other.number.to_string());
        let twin = |other: &Port| {
            other.number == port.number
                || other.name == port.name
                || is_called(other, &port)
                || is_called(&port, other)
        };
        if !ports.iter().any(twin) {
            ports.push(port);
        }
    }
    ports
}

/// A namespace in some form; ECS itself takes no bare id, and no name that it does not resolve.
pub(crate) fn spoken(dice: &mut Dice, fixture: &Fixture, by_us: bool) -> Spoken {
    let at = dice.index(fixture.namespaces.len());
    let forms: &[Form] = match (by_us, at) {
        (true, _) => &[Form::Name, Form::HttpName, Form::Id, Form::Arn],
        (false, _) => &[Form::HttpName, Form::Arn],
    };
    let form = dice.pick(forms);
    // The third one's name is the first one's: by name it is the first one that is meant.
    let at = if form == Form::Name && at == 2 { 0 } else { at };
    Spoken { at, form }
}

pub(crate) fn deployed(dice: &mut Dice, fixture: &Fixture) -> Deployed {
    let named = fixture.cluster_default.is_none() || dice.percent(70);
    let namespace = named.then(|| spoken(dice, fixture, false));
    let mut entries: Vec<ServiceConnectService> = Vec::new();
    for port in fixture.usable() {
        if dice.percent(70) {
            let entry = entry(dice, fixture, port);
            let name = |entry: &ServiceConnectService| {
                entry.discovery_name.clone().unwrap_or_else(|| entry.port_name.clone())
            };
            if !entries.iter().any(|other| name(other) == name(&entry)) {
                entries.push(entry);
            }
        }
    }
    let logs = dice.percent(50).then(|| logs(dice));
    let access = dice.percent(40).then(|| ServiceConnectAccessLogConfiguration {
        format: dice.pick(&["TEXT", "JSON"]).to_owned(),
        include_query_parameters: dice
            .pick(&[None, Some("ENABLED"), Some("DISABLED")])
            .map(str::to_owned),
    });
    let config = ServiceConnectConfiguration {
        enabled: true,
        namespace: None,
        services: (!entries.is_empty()).then_some(entries),
        access_log_configuration: access.filter(|_| logs.is_some()),
        log_configuration: logs,
        container_configurations: None,
    };
    Deployed { namespace, config }
}

fn logs(dice: &mut Dice) -> LogConfiguration {
    let secret = |name: &str| json!({"name": name, "valueFrom": format!("arn:{name}")});
    let driver = dice.pick(&["awslogs", "splunk", "awsfirelens"]);
    LogConfiguration {
        log_driver: driver.to_owned(),
        options: dice.percent(80).then(|| json!({"z": dice.word(9), "awslogs-group": "g"})),
        secret_options: dice.percent(50).then(|| vec![secret("b"), secret("a")]),
    }
}

fn entry(dice: &mut Dice, fixture: &Fixture, port: &Port) -> ServiceConnectService {
    let port_name = port.name.clone().unwrap_or_default();
    // Names of one port only, so that no declaration moves a name to a port of another protocol.
    let discovery_name = match dice.number(0, 3) {
        0 => None,
        1 => Some(port_name.clone()),
        _ => Some(dice.label()),
    };
    let name = discovery_name.clone().unwrap_or_else(|| port_name.clone());
    let host = match dice.number(0, 3) {
        0 => None,
        1 => Some(format!("{name}.{}", dice.pick(&fixture.namespaces))),
        _ => Some(dice.host()),
    };
    let alias = ServiceConnectClientAlias {
        port: if dice.percent(50) { port.number } else { dice.port() },
        dns_name: host.filter(|host| host.len() <= 127 && !host.contains("My:App")),
        test_traffic_rules: dice
            .percent(20)
            .then(|| json!({"header": {"name": "x-t", "value": {"exact": dice.word(9)}}})),
    };
    let seconds = |dice: &mut Dice| u32::try_from(dice.pick(&[0, 15, 60, 300, 3600])).ok();
    ServiceConnectService {
        port_name,
        discovery_name,
        client_aliases: Some(vec![alias]),
        ingress_port_override: dice.percent(30).then(|| dice.ingress_port()),
        timeout: dice.percent(40).then(|| TimeoutConfiguration {
            idle_timeout_seconds: seconds(dice),
            per_request_timeout_seconds: seconds(dice).filter(|_| port.app.is_some()),
        }),
        // In bridge mode there is none (DG:service-connect-tls).
        tls: (fixture.awsvpc && dice.percent(20)).then(|| {
            json!({
                "issuerCertificateAuthority": {"awsPcaAuthorityArn": "arn:aws:acm-pca:old"},
                "kmsKey": "key",
            })
        }),
    }
}

fn switches(dice: &mut Dice) -> Switches {
    Switches {
        identical_config_deploys: dice.percent(50),
        update_takes_cluster_default: dice.percent(50),
        ..Switches::default()
    }
}

pub(crate) fn echoes(dice: &mut Dice) -> Echoes {
    let echoes = [Echo::AsSent, Echo::Filled, Echo::LeftOut];
    let namespaces =
        [NamespaceEcho::AsSent, NamespaceEcho::Arn, NamespaceEcho::Name, NamespaceEcho::HttpName];
    Echoes {
        namespace: dice.pick(&namespaces),
        discovery_name: dice.pick(&echoes),
        default_alias_left_out: dice.percent(33),
        dns_name: dice.pick(&echoes),
        timeout: dice.pick(&echoes),
        ingress_port: dice.pick(&echoes),
        query_parameters: dice.pick(&echoes),
        empty_lists: dice.pick(&[EmptyLists::Absent, EmptyLists::SecretOptions, EmptyLists::All]),
        reordered: dice.percent(50),
        unmodelled_version: dice.percent(50),
        unknown_members: dice.percent(10),
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.fixture)?;
        for (key, value) in &self.tags {
            writeln!(f, "tag {key} = {value:?}")?;
        }
        if let Some(namespace) = self.namespace {
            writeln!(f, "tag namespace = {namespace}")?;
        }
        for (key, value) in &self.later {
            writeln!(f, "later tag {key} = {value:?}")?;
        }
        Ok(())
    }
}
