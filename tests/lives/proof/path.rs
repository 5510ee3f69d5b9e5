//! A path of edits: what is declared of one service, again and again, each time a little different.

use std::collections::BTreeMap;
use std::fmt;

use eastwest_core::declaration::settings::Policy;
use eastwest_sim::model::{Echo, Echoes};

use crate::proof::case;
use crate::proof::dice::Dice;
use crate::proof::fixture::{Fixture, Port, Spoken};
use crate::proof::grammar;

/// The tags that stand after one edit, without their prefix.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) namespace: Option<Spoken>,
}

/// A service at rest, and the edits that follow.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    pub(crate) fixture: Fixture,
    pub(crate) edits: Vec<Said>,
}

/// The tags that speak of the one endpoint.
pub(crate) const SINGLE: [&str; 6] =
    ["port", "discovery-name", "alias", "timeout", "ingress-port", "tls"];

impl Path {
    pub(crate) fn draw(seed: u64) -> Self {
        let dice = &mut Dice::new(seed);
        let fixture = fixture(dice, seed);
        let mut said = Said::default();
        said.tags.insert("mode".to_owned(), "client-server".to_owned());
        let mut edits = Vec::new();
        for _ in 0..dice.number(2, 5) {
            for _ in 0..dice.number(1, 3) {
                edit(dice, &fixture, &mut said);
            }
            edits.push(said.clone());
        }
        Self { fixture, edits }
    }

    /// Paths with one thing less.
    pub(crate) fn smaller(&self) -> Vec<Self> {
        let mut paths = Vec::new();
        let mut less = |change: &dyn Fn(&mut Self)| {
            let mut path = self.clone();
            change(&mut path);
            paths.push(path);
        };
        for at in 0..self.edits.len().saturating_sub(1) {
            less(&|path| drop(path.edits.remove(at)));
        }
        let keys = self.edits.iter().flat_map(|said| said.tags.keys());
        for key in keys.collect::<std::collections::BTreeSet<_>>() {
            less(&|path| path.edits.iter_mut().for_each(|said| drop(said.tags.remove(key))));
            for at in 0..self.edits.len() {
                less(&|path| drop(path.edits[at].tags.remove(key)));
            }
        }
        less(&|path| path.edits.iter_mut().for_each(|said| said.namespace = None));
        less(&|path| path.fixture.deployed = None);
        less(&|path| path.fixture.switches.echo = Echoes::default());
        paths.retain(|path| format!("{path:?}") != format!("{self:?}"));
        paths
    }
}

/// Ports of one protocol, because a name may move from port to port here, and keeps its protocol for ever.
fn fixture(dice: &mut Dice, seed: u64) -> Fixture {
    let mut fixture = case::fixture(dice, seed);
    fixture.ports.retain(|port| port.name.is_some() && !port.udp);
    if fixture.ports.is_empty() {
        let name = Some("http".to_owned());
        fixture.ports.push(Port { name, number: 8080, app: Some("http"), udp: false });
    }
    let app = fixture.ports[0].app;
    fixture.ports.iter_mut().for_each(|port| port.app = app);
    "internal.myapp".clone_into(&mut fixture.namespaces[0]);
    fixture.namespaces.truncate(2);
    fixture.policy = Policy::Sync;
    fixture.cluster_default = fixture.cluster_default.map(|at| at.min(1));
    fixture.flag = dice.percent(50).then(|| case::spoken(dice, &fixture, true));
    if fixture.flag.is_none() {
        fixture.cluster_default.get_or_insert(0);
    }
    fixture.switches.echo = Echoes {
        // The checkers judge these members as they were sent; and a member that nobody knows forbids every edit.
        timeout: Echo::AsSent,
        ingress_port: Echo::AsSent,
        query_parameters: Echo::AsSent,
        unknown_members: false,
        ..fixture.switches.echo
    };
    fixture.deployed = dice.percent(60).then(|| case::deployed(dice, &fixture));
    fixture
}

/// One deed of whoever writes the tags.
fn edit(dice: &mut Dice, fixture: &Fixture, said: &mut Said) {
    match dice.number(0, 99) {
        0..6 => said.mode("client"),
        6..20 => said.mode("client-server"),
        20..26 => said.mode("off"),
        26..32 => drop(said.tags.remove("mode")),
        32..40 => said.namespace = Some(case::spoken(dice, fixture, true)),
        40..45 => said.namespace = None,
        45..60 => {
            let keys: Vec<String> =
                said.tags.keys().filter(|key| *key != "mode").cloned().collect();
            if !keys.is_empty() {
                said.tags.remove(&dice.pick(&keys));
            }
        }
        60..70 => listed(dice, fixture, said),
        70..88 => single(dice, fixture, said),
        _ => proxy(dice, said),
    }
}

impl Said {
    fn mode(&mut self, mode: &str) {
        self.tags.insert("mode".to_owned(), mode.to_owned());
        if mode == "client" {
            self.forget(|_| true);
        }
    }

    /// Takes back what is said of endpoints.
    fn forget(&mut self, which: impl Fn(&str) -> bool) {
        let speaks = |key: &str| SINGLE.contains(&key) || key.starts_with("endpoint.");
        self.tags.retain(|key, _| !(speaks(key) && which(key)));
    }

    fn set(&mut self, key: &str, value: String) {
        if value.len() <= 256 {
            self.tags.insert(key.to_owned(), value);
        }
    }

    fn serve(&mut self) {
        if self.tags.get("mode").is_some_and(|mode| mode == "client") {
            self.mode("client-server");
        }
    }

    pub(crate) fn is_listed(&self) -> bool {
        self.tags.keys().any(|key| key.starts_with("endpoint."))
    }
}

/// One tag of the one endpoint.
fn single(dice: &mut Dice, fixture: &Fixture, said: &mut Said) {
    said.forget(|key| key.starts_with("endpoint."));
    said.serve();
    let port = dice.pick(&fixture.ports);
    if fixture.ports.len() > 1 && !said.tags.contains_key("port") {
        said.set("port", grammar::selector(dice, &port));
    }
    // No encryption in bridge mode: it would be held.
    let key =
        Some(dice.pick(&SINGLE)).filter(|key| fixture.awsvpc || *key != "tls").unwrap_or("alias");
    let value = match key {
        "port" => grammar::selector(dice, &port),
        "discovery-name" => grammar::name(dice, fixture),
        "alias" => {
            let name = grammar::name(dice, fixture);
            grammar::alias(dice, fixture, &name)
        }
        "timeout" => grammar::times(dice, &port).join(" "),
        "ingress-port" => dice.ingress_port().to_string(),
        _ => {
            let mut words = vec![format!("ca={}", dice.arn("acm-pca", "certificate-authority"))];
            words.extend(dice.percent(50).then(|| format!("key={}", dice.word(9))));
            words.join(" ")
        }
    };
    said.set(key, value);
}

/// Endpoints one by one, each on a port of its own, with names of their own.
fn listed(dice: &mut Dice, fixture: &Fixture, said: &mut Said) {
    said.forget(|key| SINGLE.contains(&key) || dice_free(key));
    said.serve();
    for (at, port) in fixture.ports.iter().enumerate() {
        if at > 0 && dice.percent(40) {
            continue;
        }
        let mut words = Vec::new();
        // Two endpoints that both leave their names to the default would have one name.
        if at > 0 || dice.percent(60) {
            words.push(format!("name={}", dice.pick(&[format!("n{at}"), format!("m{at}")])));
        }
        if dice.percent(40) {
            words.push(format!("alias=h{at}.x:{}", dice.port()));
        }
        if dice.percent(40) {
            words.extend(grammar::times(dice, port));
        }
        if dice.percent(30) {
            words.push(format!("ingress={}", dice.ingress_port()));
        }
        if fixture.awsvpc && dice.percent(30) {
            words.push(format!("tls-ca={}", dice.arn("acm-pca", "certificate-authority")));
        }
        said.set(&format!("endpoint.{}", port.number), words.join(" "));
    }
}

/// The whole list is written anew.
fn dice_free(key: &str) -> bool {
    key.starts_with("endpoint.")
}

fn proxy(dice: &mut Dice, said: &mut Said) {
    match dice.number(0, 3) {
        0 => said.set("logs", format!("awslogs group={}", dice.word(9))),
        1 => {
            said.set("logs", "none".to_owned());
            said.tags.remove("access-logs");
        }
        2 => {
            said.set("logs", format!("awslogs group={} prefix=p", dice.word(9)));
            let value = dice.pick(&["text", "json", "json query"]);
            said.set("access-logs", value.to_owned());
        }
        _ => said.set("test-header", format!("x-t={}", dice.word(9))),
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.fixture)?;
        for (at, said) in self.edits.iter().enumerate() {
            write!(f, "edit {at}:")?;
            said.tags.iter().try_for_each(|(key, value)| write!(f, " {key}={value:?}"))?;
            writeln!(f, "{}", said.namespace.map_or(String::new(), |ns| format!(" {ns}")))?;
        }
        Ok(())
    }
}
