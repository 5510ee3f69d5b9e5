//! Tags drawn over the whole grammar: every one of them valid, and together without a contradiction.

use crate::proof::dice::Dice;
use crate::proof::fixture::{DOCUMENTS, Fixture, Port};

/// Tags without their prefix, in the order of their keys; the namespace's is drawn apart.
pub(crate) type Tags = Vec<(String, String)>;

/// The most characters a tag's value may have (API:Tag.value).
const LONGEST: usize = 256;

/// Everything one service may say.
pub(crate) fn tags(dice: &mut Dice, fixture: &Fixture) -> Tags {
    let mode = match dice.number(0, 9) {
        0 => "off",
        1 => "client",
        _ => "client-server",
    };
    let mut tags = vec![("mode".to_owned(), mode.to_owned())];
    if mode != "client" && !fixture.usable().is_empty() {
        match dice.number(0, 9) {
            0 => {}
            1..6 => single(dice, fixture, &mut tags),
            _ => listed(dice, fixture, &mut tags),
        }
    }
    proxy(dice, fixture, &mut tags);
    rest(dice, fixture, &mut tags);
    tags.retain(|(_, value)| value.len() <= LONGEST);
    tags.sort();
    tags.dedup_by(|a, b| a.0 == b.0);
    tags
}

fn put(tags: &mut Tags, key: &str, value: String) {
    tags.push((key.to_owned(), value));
}

/// The tags for the one endpoint.
fn single(dice: &mut Dice, fixture: &Fixture, tags: &mut Tags) {
    let usable = fixture.usable();
    let port = dice.pick(&usable);
    if usable.len() > 1 && dice.percent(95) || dice.percent(40) {
        let selector = selector(dice, port);
        put(tags, "port", selector);
    }
    let name = name(dice, fixture);
    if dice.percent(50) {
        put(tags, "discovery-name", name.clone());
    }
    if dice.percent(50) {
        let alias = alias(dice, fixture, &name);
        put(tags, "alias", alias);
    }
    if dice.percent(40) {
        let words = times(dice, port);
        put(tags, "timeout", words.join(" "));
    }
    if dice.percent(30) {
        put(tags, "ingress-port", dice.ingress_port().to_string());
    }
    if dice.percent(if fixture.awsvpc { 25 } else { 1 }) {
        let mut words = vec![format!("ca={}", dice.arn("acm-pca", "certificate-authority"))];
        if dice.percent(50) {
            words.push(format!("key={}", dice.word(30)));
        }
        let value = shuffled(dice, words);
        put(tags, "tls", value);
    }
}

/// One tag for each of one to three endpoints, two of them perhaps on one port.
fn listed(dice: &mut Dice, fixture: &Fixture, tags: &mut Tags) {
    let usable = fixture.usable();
    for at in 0..dice.number(1, 3) {
        let port = dice.pick(&usable);
        let key = format!("endpoint.{}", selector(dice, port));
        let mut words = Vec::new();
        let mut name = name(dice, fixture);
        if at > 0 {
            name.truncate(60);
            name = format!("{name}-{at}");
        }
        if at > 0 || dice.percent(80) {
            words.push(format!("name={name}"));
        }
        if dice.percent(50) {
            words.push(format!("alias={}", alias(dice, fixture, &name)));
        }
        if dice.percent(40) {
            words.extend(times(dice, port));
        }
        if dice.percent(30) {
            words.push(format!("ingress={}", dice.ingress_port()));
        }
        if dice.percent(if fixture.awsvpc { 25 } else { 1 }) {
            words.push(format!("tls-ca={}", dice.arn("acm-pca", "certificate-authority")));
        }
        let value = shuffled(dice, words);
        if value.len() <= LONGEST {
            put(tags, &key, value);
        }
    }
}

pub(crate) fn selector(dice: &mut Dice, port: &Port) -> String {
    match &port.name {
        // A name of digits only is read as a number.
        Some(name) if dice.percent(50) && !name.bytes().all(|b| b.is_ascii_digit()) => name.clone(),
        _ => port.number.to_string(),
    }
}

/// A discovery name: any, or one that stands already or is a default.
pub(crate) fn name(dice: &mut Dice, fixture: &Fixture) -> String {
    let standing = fixture.deployed.iter().flat_map(|each| each.config.services.iter().flatten());
    let mut known: Vec<String> =
        standing.filter_map(|entry| entry.discovery_name.clone()).collect();
    known.extend(fixture.ports.iter().filter_map(|port| port.name.clone()));
    known.push(fixture.service.clone());
    if dice.percent(50) { dice.pick(&known) } else { dice.label() }
}

pub(crate) fn alias(dice: &mut Dice, fixture: &Fixture, name: &str) -> String {
    let host = match dice.number(0, 3) {
        0 => name.to_owned(),
        1 => format!("{name}.{}", dice.pick(&fixture.namespaces)),
        _ => dice.host(),
    };
    let host: String = host.to_ascii_lowercase().replace(':', "-").chars().take(127).collect();
    let port = if dice.percent(30) { dice.pick(&fixture.ports).number } else { dice.port() };
    match dice.number(0, 3) {
        0 => host,
        1 => format!(":{port}"),
        _ => format!("{host}:{port}"),
    }
}

pub(crate) fn times(dice: &mut Dice, port: &Port) -> Vec<String> {
    let idle = format!("idle={}", dice.time());
    // Plain TCP takes no request time-out: that is held, and rare here.
    if port.app.is_none() && dice.percent(95) {
        return vec![idle];
    }
    let request = format!("request={}", dice.time());
    let mut words = match dice.number(0, 2) {
        0 => vec![idle],
        1 => vec![request],
        _ => vec![idle, request],
    };
    dice.shuffle(&mut words);
    words
}

pub(crate) fn shuffled(dice: &mut Dice, mut words: Vec<String>) -> String {
    dice.shuffle(&mut words);
    let between = dice.pick(&[" ", " ", "  "]);
    words.join(between)
}

/// What concerns the proxy as a whole.
fn proxy(dice: &mut Dice, fixture: &Fixture, tags: &mut Tags) {
    let kept =
        fixture.deployed.as_ref().is_some_and(|each| each.config.log_configuration.is_some());
    let mut logs = kept;
    match dice.number(0, 9) {
        0..4 => {
            let mut words = vec![format!("group={}", dice.word(30))];
            if dice.percent(60) {
                words.push(format!("region={}", dice.pick(&["eu-central-1", "us-east-1"])));
            }
            if dice.percent(60) {
                words.push(format!("prefix={}", dice.word(20)));
            }
            let value = shuffled(dice, words);
            put(tags, "logs", format!("awslogs {value}"));
            logs = true;
        }
        4 => {
            put(tags, "logs", "none".to_owned());
            logs = false;
        }
        _ => {}
    }
    let off = tags.iter().any(|(key, value)| key == "logs" && value == "none");
    if !off && dice.percent(if logs { 40 } else { 2 }) {
        let value = dice.pick(&["text", "json", "text query", "json query"]);
        put(tags, "access-logs", value.to_owned());
    }
    if dice.percent(25) {
        let name: String = dice.label().chars().take(30).collect();
        let inner = if dice.percent(30) { " and = more" } else { "" };
        put(tags, "test-header", format!("{name}={}{inner}", dice.word(20)));
    }
}

/// What does not stand in the configuration.
fn rest(dice: &mut Dice, fixture: &Fixture, tags: &mut Tags) {
    if dice.percent(25) {
        let names: Vec<String> = (0..dice.number(1, 3)).map(|_| name(dice, fixture)).collect();
        let value = if dice.percent(30) { "none".to_owned() } else { names.join(" ") };
        put(tags, "needs", value);
    }
    if dice.percent(20) {
        let value = dice.pick(&["declared", "inferred", "always", "never"]);
        put(tags, "refresh", value.to_owned());
    }
    if dice.percent(15) {
        let times = ["true", "false", "2020-01-01T00:00:00Z", "2126-12-24T18:00:00+02:00"];
        put(tags, "pause", dice.pick(&times).to_owned());
    }
    if dice.percent(10) {
        put(tags, "retry", dice.pick(&["1", "2026-07-01T12:00:00Z", ""]).to_owned());
    }
    if dice.percent(10) {
        put(tags, "check", dice.pick(&["/", "/health", "/ready/deep"]).to_owned());
    }
    if dice.percent(10) {
        put(tags, "document", dice.pick(&DOCUMENTS).to_owned());
    }
}
