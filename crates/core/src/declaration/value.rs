//! The values of single tags: one small reader for each kind.
//!
//! A tag value has at most 256 characters out of letters, digits, space and `+ - = . _ : / @`
//! (API:Tag.value), hence words separated by spaces and `key=value`.

use std::time::Duration;

use super::declared::{
    AliasDeclaration, EndpointDeclaration, LogsDeclaration, Mode, Pause, PortSelector, RefreshWhen,
};
use crate::ecs::connect::{AccessLogs, ProxyLogs, TestHeader, Timeout, Tls};
use crate::ecs::name::{
    Arn, DiscoveryName, DnsName, HttpPath, NamespaceRef, ParameterName, Port, PortName, Refused,
};
use crate::ecs::text::nearest;

/// Why one value was refused. It does not know in which tag the value stands.
pub(crate) struct Wrong {
    /// What is allowed, if it differs from the tag's rule.
    pub(crate) allowed: Option<String>,
    /// The nearest valid spelling.
    pub(crate) nearest: Option<String>,
}

impl From<Refused> for Wrong {
    fn from(refused: Refused) -> Self {
        Self { allowed: Some(refused.allowed.to_owned()), nearest: refused.nearest }
    }
}

/// The value breaks the tag's own rule.
fn wrong() -> Wrong {
    Wrong { allowed: None, nearest: None }
}

fn wrong_because(allowed: impl Into<String>) -> Wrong {
    Wrong { allowed: Some(allowed.into()), nearest: None }
}

/// One of a few words.
fn choice<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, Wrong> {
    words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning).ok_or_else(|| Wrong {
        allowed: None,
        nearest: nearest(&text.trim().to_ascii_lowercase(), words.iter().map(|(word, _)| *word)),
    })
}

pub(crate) fn mode(text: &str) -> Result<Mode, Wrong> {
    let words =
        [("client", Mode::Client), ("client-server", Mode::ClientServer), ("off", Mode::Off)];
    choice(text, &words)
}

pub(crate) fn namespace(text: &str) -> Result<NamespaceRef, Wrong> {
    Ok(NamespaceRef::parse(text)?)
}

pub(crate) fn port_selector(text: &str) -> Result<PortSelector, Wrong> {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return Port::parse(text).map(PortSelector::Number).map_err(|_| wrong());
    }
    Ok(PortSelector::Name(PortName::parse(text)?))
}

pub(crate) fn discovery(text: &str) -> Result<DiscoveryName, Wrong> {
    Ok(DiscoveryName::parse(text)?)
}

pub(crate) fn alias(text: &str) -> Result<AliasDeclaration, Wrong> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, Some(Port::parse(port)?)),
        None => (text, None),
    };
    let with_port = |host: String| port.map_or(host.clone(), |port| format!("{host}:{port}"));
    let refused = |refused: Refused| Refused { nearest: refused.nearest.map(with_port), ..refused };
    let named = (!host.is_empty()).then(|| DnsName::parse(host));
    let dns_name = named.transpose().map_err(refused)?;
    if dns_name.is_none() && port.is_none() {
        return Err(wrong());
    }
    Ok(AliasDeclaration { dns_name, port })
}

pub(crate) fn timeout(text: &str) -> Result<Timeout, Wrong> {
    let mut words = Words::read(text, &["idle", "request"])?;
    let timeout = Timeout {
        idle_s: words.take("idle").map(seconds).transpose()?,
        request_s: words.take("request").map(seconds).transpose()?,
    };
    if timeout == Timeout::default() { Err(wrong()) } else { Ok(timeout) }
}

pub(crate) fn ingress_port(text: &str) -> Result<Port, Wrong> {
    // "IngressPortOverride cannot use ports <= 1024." (ECS's own words)
    Port::parse(text).ok().filter(|port| port.number() > 1024).ok_or_else(wrong)
}

/// Why a tag names no role: whoever may write a tag could otherwise have eastwest pass a role to ECS that he may not pass
/// himself.
pub(crate) const ROLE_OF_THE_DOCUMENT: &str = "only the document can name a role for TLS: remove it here, and ask the owner of the document to add tls, with its role, to this service's entry there";

pub(crate) fn tls(text: &str) -> Result<Tls, Wrong> {
    let mut words = Words::read(text, &["ca", "key", "role"])?;
    if words.take("role").is_some() {
        return Err(wrong_because(ROLE_OF_THE_DOCUMENT));
    }
    let authority = words.take("ca").map(arn).transpose()?.ok_or_else(wrong)?;
    let kms_key = words.take("key").map(kms_key).transpose()?;
    Ok(Tls { authority: Some(authority), kms_key, role: None })
}

pub(crate) fn logs(text: &str) -> Result<LogsDeclaration, Wrong> {
    if text == "none" {
        return Ok(LogsDeclaration::Off);
    }
    let rest = text.strip_prefix("awslogs ").ok_or_else(wrong)?;
    let mut words = Words::read(rest, &["group", "region", "prefix"])?;
    let options = [
        ("awslogs-group", "group"),
        ("awslogs-region", "region"),
        ("awslogs-stream-prefix", "prefix"),
    ]
    .into_iter()
    .filter_map(|(option, word)| Some((option.to_owned(), words.take(word)?.to_owned())))
    .collect::<Vec<_>>();
    if !options.iter().any(|(option, _)| option == "awslogs-group") {
        return Err(wrong_because("awslogs needs group=<log group>"));
    }
    let driver = "awslogs".to_owned();
    Ok(LogsDeclaration::InPart(ProxyLogs { driver, options, secret_options: Vec::new() }))
}

pub(crate) fn access_logs(text: &str) -> Result<AccessLogs, Wrong> {
    let (format, query) = match text.split_once(' ') {
        Some((format, "query")) => (format, true),
        Some(_) => return Err(wrong()),
        None => (text, false),
    };
    let format = choice(format, &[("text", "TEXT"), ("json", "JSON")])?;
    Ok(AccessLogs { format: format.to_owned(), query_parameters: query })
}

pub(crate) fn test_header(text: &str) -> Result<TestHeader, Wrong> {
    let (name, value) = text.split_once('=').ok_or_else(wrong)?;
    Ok(TestHeader { name: header_name(name)?, exact: Some(header_value(value)?) })
}

/// RFC 9110, field-name.
pub(crate) fn header_name(text: &str) -> Result<String, Wrong> {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    let fits = !text.is_empty() && text.bytes().all(is_part);
    if fits { Ok(text.to_owned()) } else { Err(wrong()) }
}

/// RFC 9110, field-value, in ASCII.
pub(crate) fn header_value(text: &str) -> Result<String, Wrong> {
    let fits = !text.is_empty()
        && text.trim() == text
        && text.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
    if fits { Ok(text.to_owned()) } else { Err(wrong()) }
}

pub(crate) fn needs(text: &str) -> Result<Vec<DiscoveryName>, Wrong> {
    if text == "none" {
        return Ok(Vec::new());
    }
    let name = |word: &str| {
        let whole = |near: String| text.replace(word, &near);
        DiscoveryName::parse(word)
            .map_err(|refused| Refused { nearest: refused.nearest.map(whole), ..refused })
    };
    let mut names = text.split_whitespace().map(name).collect::<Result<Vec<_>, _>>()?;
    names.sort();
    names.dedup();
    if names.is_empty() { Err(wrong()) } else { Ok(names) }
}

pub(crate) fn refresh(text: &str) -> Result<RefreshWhen, Wrong> {
    let words = [
        ("declared", RefreshWhen::Declared),
        ("inferred", RefreshWhen::Inferred),
        ("always", RefreshWhen::Always),
        ("never", RefreshWhen::Never),
    ];
    choice(text, &words)
}

pub(crate) fn pause(text: &str) -> Result<Option<Pause>, Wrong> {
    match text {
        "true" => Ok(Some(Pause::Open)),
        "false" => Ok(None),
        _ => text.parse().map(|until| Some(Pause::Until(until))).map_err(|_| wrong()),
    }
}

pub(crate) fn document(text: &str) -> Result<ParameterName, Wrong> {
    let name = ParameterName::parse(text)?;
    if name.is_path() { Err(wrong()) } else { Ok(name) }
}

pub(crate) fn check(text: &str) -> Result<HttpPath, Wrong> {
    Ok(HttpPath::parse(text)?)
}

/// The value of `endpoint.<port>`, where `port` stands in the tag's key.
pub(crate) fn endpoint(port: &str, text: &str) -> Result<EndpointDeclaration, Wrong> {
    let mut words = Words::read(text, &["name", "alias", "idle", "request", "ingress", "tls-ca"])?;
    let selector = port_selector(port).map_err(|_| {
        wrong_because("the key is endpoint.<port name> or endpoint.<container port>")
    })?;
    Ok(EndpointDeclaration {
        port: Some(selector),
        discovery_name: words.take("name").map(discovery).transpose()?,
        alias: words.take("alias").map(alias).transpose()?,
        timeout: Timeout {
            idle_s: words.take("idle").map(seconds).transpose()?,
            request_s: words.take("request").map(seconds).transpose()?,
        },
        ingress_port: words
            .take("ingress")
            .map(|text| {
                ingress_port(text)
                    .map_err(|_| wrong_because("ingress is a port from 1025 to 65535"))
            })
            .transpose()?,
        tls: words
            .take("tls-ca")
            .map(|text| {
                Ok::<_, Wrong>(Tls { authority: Some(arn(text)?), kms_key: None, role: None })
            })
            .transpose()?,
    })
}

/// `30s`, `5m`, `1h` or `0`, in whole seconds within what ECS takes (API:TimeoutConfiguration).
pub(crate) fn seconds(text: &str) -> Result<u32, Wrong> {
    let seconds = if text == "0" { Some(0) } else { counted(text, &TIMES[..3]) };
    seconds
        .filter(|seconds| *seconds <= 2_147_483_647)
        .and_then(|seconds| u32::try_from(seconds).ok())
        .ok_or_else(wrong)
}

/// How long a window is open: `30m`, `4h` or `3d`, from a minute to 31 days.
pub(crate) fn open_for(text: &str) -> Result<Duration, Wrong> {
    let seconds = counted(text, &TIMES[1..]);
    let seconds = seconds.filter(|seconds| (60..=31 * 86_400).contains(seconds));
    let allowed = "a time such as 30m, 4h or 3d, from 1m to 31d";
    seconds.map(Duration::from_secs).ok_or_else(|| wrong_because(allowed))
}

/// For how long something waits: `0` for not at all, or `30m`, `1h` or `2d`, up to 31 days.
pub(crate) fn time_or_none(text: &str) -> Result<Duration, Wrong> {
    let seconds = if text == "0" { Some(0) } else { counted(text, &TIMES) };
    let seconds = seconds.filter(|seconds| *seconds <= 31 * 86_400);
    let allowed = "a time such as 30m, 1h or 2d, at most 31d, or 0 for none";
    seconds.map(Duration::from_secs).ok_or_else(|| wrong_because(allowed))
}

/// Units of time by their letter, in seconds.
const TIMES: [(char, u64); 4] = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400)];

/// A number and one of these units behind it.
fn counted(text: &str, units: &[(char, u64)]) -> Option<u64> {
    let (letter, factor) = units.iter().find(|(letter, _)| text.ends_with(*letter))?;
    let digits = text.strip_suffix(*letter)?;
    let is_number = digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse::<u64>().ok().filter(|_| is_number)?.checked_mul(*factor)
}

pub(crate) fn arn(text: &str) -> Result<Arn, Wrong> {
    let graphic = text.bytes().all(|b| b.is_ascii_graphic());
    let fits = graphic && text.starts_with("arn:") && text.split(':').count() >= 6;
    if fits {
        Ok(Arn::as_read(text))
    } else {
        Err(wrong_because("an ARN: arn:aws:<service>:<region>:<account>:<resource>"))
    }
}

/// A key's id, alias or ARN (KMS:DescribeKey.KeyId: 1 to 2048 characters).
pub(crate) fn kms_key(text: &str) -> Result<String, Wrong> {
    let fits = (1..=2048).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if fits { Ok(text.to_owned()) } else { Err(wrong_because("a KMS key's id, alias or ARN")) }
}

/// `key=value` words, each key known and at most once.
struct Words<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Words<'a> {
    fn read(text: &'a str, known: &[&str]) -> Result<Self, Wrong> {
        let mut words: Vec<(&str, &str)> = Vec::new();
        for word in text.split_whitespace() {
            let (key, value) = word.split_once('=').ok_or_else(wrong)?;
            if !known.contains(&key) {
                return Err(Wrong { allowed: None, nearest: nearest(key, known.iter().copied()) });
            }
            if value.is_empty() || words.iter().any(|(earlier, _)| *earlier == key) {
                return Err(wrong_because(format!("{key}=… at most once, with a value")));
            }
            words.push((key, value));
        }
        Ok(Self(words))
    }

    fn take(&mut self, key: &str) -> Option<&'a str> {
        let at = self.0.iter().position(|(known, _)| *known == key)?;
        Some(self.0.swap_remove(at).1)
    }
}
