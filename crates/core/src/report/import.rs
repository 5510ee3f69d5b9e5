//! From what is deployed back to the words that ask for it.
//!
//! For a service that uses Service Connect already: the declaration that describes it, and the tags that say so.
//! **Invariant:** planning with either changes nothing. What a tag cannot say is left out of the tags, and then it
//! is kept as deployed, which changes nothing either; a tag is written only where its own reader gives back exactly
//! what was meant.

use std::collections::{BTreeMap, BTreeSet};

use crate::declaration::declared::{
    AliasDeclaration, Declaration, EndpointDeclaration, LogsDeclaration, Mode, Pause, PortSelector,
    RefreshWhen,
};
use crate::declaration::intent::Intent;
use crate::declaration::intent::parse;
use crate::declaration::tag_prefix::TagPrefix;
use crate::declaration::value::Wrong;
use crate::declaration::{document, value};
use crate::ecs::connect::{AccessLogs, Connect, Endpoint, ProxyLogs, TestHeader, Timeout, Tls};
use crate::ecs::defaults::Defaults;
use crate::ecs::name::{Arn, DiscoveryName, DnsName, NamespaceRef, ParameterName, Port};
use crate::ecs::namespace::Namespace;
use crate::ecs::parameter::Parameter;
use crate::ecs::service::EcsService;
use crate::ecs::service_key::ServicePath;
use crate::ecs::time::AwsTime;
use crate::planner::service::ports::named_port;

/// The longest key and the longest value of a tag, in characters (API:Tag).
const LONGEST: (usize, usize) = (128, 256);
/// How many tags one resource takes (API:TagResourceRequest).
const MOST_TAGS: usize = 50;

/// The whole declaration of what the PRIMARY deployment has in force; `None` where Service Connect is off.
pub(crate) fn declaration(service: &EcsService, defaults: &Defaults<'_>) -> Option<Declaration> {
    let connect = service.primary()?.connect.as_ref()?;
    let namespace = defaults.namespace_of(connect);
    let server = !connect.endpoints.is_empty();
    Some(Declaration {
        mode: Some(if server { Mode::ClientServer } else { Mode::Client }),
        namespace: namespace.map(|namespace| reference(namespace, service, defaults)),
        endpoints: endpoints(connect, namespace, defaults),
        logs: connect.logs.clone().map(LogsDeclaration::To),
        access_logs: connect.access_logs.clone(),
        test_header: common_header(connect),
        ..Declaration::default()
    })
}

/// By name where that is enough; by ARN where several have the name, or where another account shares it
/// (DG:service-connect-shared-namespaces).
fn reference(namespace: &Namespace, service: &EcsService, defaults: &Defaults<'_>) -> NamespaceRef {
    let account = service.arn.as_str().split(':').nth(4);
    let is_shared = namespace.owner.as_deref().is_some_and(|owner| Some(owner) != account);
    let by_name = NamespaceRef::as_read(namespace.name.as_str());
    let means_it = defaults.resolve(&by_name).is_some_and(|found| found.id == namespace.id);
    let twins = defaults.namespaces.iter().filter(|other| other.name == namespace.name).count() > 1;
    if means_it && !twins && !is_shared {
        return by_name;
    }
    NamespaceRef::Arn(namespace.arn.clone(), namespace.id.clone())
}

/// Each endpoint with all that is known of it.
fn endpoints(
    connect: &Connect,
    namespace: Option<&Namespace>,
    defaults: &Defaults<'_>,
) -> Vec<EndpointDeclaration> {
    let mut declared: Vec<EndpointDeclaration> = Vec::with_capacity(connect.endpoints.len());
    for endpoint in &connect.endpoints {
        let taken = |port: &PortSelector| declared.iter().any(|e| e.port.as_ref() == Some(port));
        let port = selector(endpoint, defaults, taken);
        declared.push(EndpointDeclaration {
            port: Some(port),
            discovery_name: Some(endpoint.discovery()),
            alias: alias(endpoint, namespace, defaults),
            timeout: endpoint.timeout,
            ingress_port: endpoint.ingress_port,
            tls: endpoint.tls.clone(),
        });
    }
    declared
}

/// The port by its name, as a number where the name is one. By its container port where another endpoint has the name
/// already, because a tag's key is there once.
fn selector(
    endpoint: &Endpoint,
    defaults: &Defaults<'_>,
    taken: impl Fn(&PortSelector) -> bool,
) -> PortSelector {
    let name = PortSelector::Name(endpoint.port_name.clone());
    let is_sayable =
        value::port_selector(endpoint.port_name.as_str()).is_ok_and(|read| read == name);
    if is_sayable && !taken(&name) {
        return name;
    }
    // What is served already is meant by digits that are its name.
    let digits = Port::parse(endpoint.port_name.as_str()).ok().map(PortSelector::Number);
    let port = defaults.port(&endpoint.port_name).and_then(|mapping| mapping.container_port);
    let means_it = |number: &PortSelector| {
        let standing = std::slice::from_ref(endpoint);
        let meant = defaults.task_definition.map(|found| named_port(number, found, standing));
        meant.is_some_and(|meant| meant.as_ref() == Ok(&endpoint.port_name))
    };
    let number = port.map(PortSelector::Number).filter(means_it);
    digits.into_iter().chain(number).find(|number| !taken(number)).unwrap_or(name)
}

/// What clients call, the defaults filled in as far as they are known.
fn alias(
    endpoint: &Endpoint,
    namespace: Option<&Namespace>,
    defaults: &Defaults<'_>,
) -> Option<AliasDeclaration> {
    let (dns_name, port) = (endpoint.host(namespace), endpoint.client_port(defaults));
    (dns_name.is_some() || port.is_some()).then_some(AliasDeclaration { dns_name, port })
}

/// The header of test traffic, which is declared for all endpoints at once: only where all have the same.
fn common_header(connect: &Connect) -> Option<TestHeader> {
    let header = |endpoint: &Endpoint| endpoint.alias.as_ref()?.test_header.clone();
    let first = header(connect.endpoints.first()?)?;
    connect
        .endpoints
        .iter()
        .all(|endpoint| header(endpoint).as_ref() == Some(&first))
        .then_some(first)
}

/// The tags that say a declaration, and in words what they cannot say.
pub(crate) fn tags(
    declaration: &Declaration,
    prefix: &TagPrefix,
) -> (BTreeMap<String, String>, Vec<String>) {
    let mut writer = Writer { prefix, tags: BTreeMap::new(), unsaid: Vec::new() };
    writer.rest(declaration);
    match &declaration.endpoints[..] {
        [] => {}
        [only] => writer.single(only),
        several => writer.listed(several),
    }
    (writer.tags, writer.unsaid)
}

/// As much of a declaration as a document can say, and in words what it cannot. Options of log drivers other than
/// awslogs may hold a token, so they are never written to a file.
pub fn entry(path: &ServicePath, declaration: &Declaration) -> (Declaration, Vec<String>) {
    let mut whole = declaration.clone().whole();
    let mut unsaid = Vec::new();
    let is_plain = |logs: &ProxyLogs| logs.driver == "awslogs" && logs.secret_options.is_empty();
    let logs = whole.logs.as_ref().and_then(LogsDeclaration::said);
    if logs.is_some_and(|logs| !is_plain(logs)) {
        whole.logs = None;
        unsaid.push("the proxy's logs".to_owned());
    }
    if is_written(path, &whole) {
        return (whole, unsaid);
    }
    let prefix = TagPrefix::default();
    let (tags, unsaid) = tags(declaration, &prefix);
    if let Intent::Declared(said) = parse(&prefix, &tags).0 {
        let said = (*said).clone().whole();
        if is_written(path, &said) {
            return (said, unsaid);
        }
    }
    let mode = Declaration { mode: declaration.mode, ..Declaration::default() };
    (mode, vec!["everything but the mode".to_owned()])
}

/// Whether a document that says this is read back as this.
fn is_written(path: &ServicePath, declaration: &Declaration) -> bool {
    let text = document::write(&BTreeMap::from([(path.clone(), declaration.clone())]));
    let name = ParameterName::as_read("import");
    let parameter = Parameter { name, version: 1, modified_at: AwsTime(0), is_secret: false, text };
    let read = document::read(&[parameter]).0;
    read.is_some_and(|document| {
        document.services.get(path).is_some_and(|said| **said == *declaration)
    })
}

struct Writer<'a> {
    prefix: &'a TagPrefix,
    tags: BTreeMap<String, String>,
    unsaid: Vec<String>,
}

/// A tag, and what it says in words.
struct Tag {
    key: &'static str,
    words: &'static str,
}

impl Writer<'_> {
    /// A tag, if there is anything to say and the tag's reader gives back what was meant.
    fn say<T: PartialEq>(
        &mut self,
        Tag { key, words }: Tag,
        meant: Option<&T>,
        write: impl Fn(&T) -> String,
        read: impl Fn(&str) -> Result<T, Wrong>,
    ) {
        let Some(meant) = meant else { return };
        let text = Some(write(meant)).filter(|text| read(text).is_ok_and(|read| read == *meant));
        let key = self.prefix.key(key);
        match text.filter(|text| is_tag(&key, text)) {
            Some(text) => drop(self.tags.insert(key, text)),
            None => self.unsaid.push(words.to_owned()),
        }
    }

    /// All but the endpoints.
    fn rest(&mut self, declaration: &Declaration) {
        let Declaration { mode, namespace, logs, access_logs, test_header, .. } = declaration;
        let Declaration { needs, refresh, pause, check, document, .. } = declaration;
        self.say(
            Tag { key: "mode", words: "the mode" },
            mode.as_ref(),
            |mode| <&str>::from(mode).to_owned(),
            value::mode,
        );
        self.say(
            Tag { key: "namespace", words: "the namespace" },
            namespace.as_ref(),
            shown,
            value::namespace,
        );
        self.say(
            Tag { key: "logs", words: "the proxy's logs" },
            logs.as_ref(),
            write_logs,
            |text| value::logs(text).map(LogsDeclaration::whole),
        );
        self.say(
            Tag { key: "access-logs", words: "the access logs" },
            access_logs.as_ref(),
            write_access_logs,
            value::access_logs,
        );
        self.say(
            Tag { key: "test-header", words: "the test header" },
            test_header.as_ref(),
            write_test_header,
            value::test_header,
        );
        self.say(
            Tag { key: "needs", words: "what it needs" },
            needs.as_ref(),
            |names| write_needs(names),
            value::needs,
        );
        self.say(
            Tag { key: "refresh", words: "when to refresh" },
            refresh.as_ref(),
            |refresh| refresh_word(*refresh).to_owned(),
            value::refresh,
        );
        let pause = pause.is_some().then_some(pause);
        self.say(
            Tag { key: "pause", words: "the pause" },
            pause,
            |pause| write_pause(*pause),
            value::pause,
        );
        self.say(Tag { key: "check", words: "the check" }, check.as_ref(), shown, value::check);
        self.say(
            Tag { key: "document", words: "the document" },
            document.as_ref(),
            shown,
            value::document,
        );
    }

    /// The one endpoint, a tag for each of its members.
    fn single(&mut self, endpoint: &EndpointDeclaration) {
        let EndpointDeclaration { port, discovery_name, alias, timeout, ingress_port, tls } =
            endpoint;
        self.say(
            Tag { key: "port", words: "the port" },
            port.as_ref(),
            shown,
            value::port_selector,
        );
        self.say(
            Tag { key: "discovery-name", words: "the discovery name" },
            discovery_name.as_ref(),
            shown,
            value::discovery,
        );
        self.say(
            Tag { key: "alias", words: "the alias" },
            alias.as_ref(),
            write_alias,
            value::alias,
        );
        let timeout = Some(timeout).filter(|timeout| **timeout != Timeout::default());
        self.say(
            Tag { key: "timeout", words: "the time-outs" },
            timeout,
            write_timeout,
            value::timeout,
        );
        self.say(
            Tag { key: "ingress-port", words: "the ingress port" },
            ingress_port.as_ref(),
            shown,
            value::ingress_port,
        );
        // Only the document can name the role; without a tag it is kept as deployed.
        let tag = tls.clone().map(|tls| Tls { role: None, ..tls });
        self.say(Tag { key: "tls", words: "the encryption" }, tag.as_ref(), write_tls, value::tls);
        let role = tls.as_ref().and_then(|tls| tls.role.as_ref());
        self.unsaid.extend(role.map(|_| "the role of the encryption".to_owned()));
    }

    /// Several endpoints, a tag for each. All or none: a list that lacks one would ask to remove it.
    fn listed(&mut self, endpoints: &[EndpointDeclaration]) {
        let (mut tags, mut unsaid) = (BTreeMap::new(), Vec::new());
        for endpoint in endpoints {
            if let Some((key, text)) = self.one_of_several(endpoint, &mut unsaid) {
                tags.insert(key, text);
            }
        }
        let distinct: BTreeSet<_> =
            endpoints.iter().map(|endpoint| &endpoint.discovery_name).collect();
        let all = tags.len() == endpoints.len() && distinct.len() == endpoints.len();
        if all && self.tags.len() + tags.len() <= MOST_TAGS {
            self.tags.append(&mut tags);
            self.unsaid.append(&mut unsaid);
        } else {
            let words = "its endpoints, because each needs a tag key of its own: endpoint.<port name> or endpoint.<container port>";
            self.unsaid.push(words.to_owned());
        }
    }

    /// The tag of one endpoint among several; what does not fit into it is kept as deployed.
    fn one_of_several(
        &self,
        endpoint: &EndpointDeclaration,
        unsaid: &mut Vec<String>,
    ) -> Option<(String, String)> {
        let port = endpoint.port.as_ref()?;
        let name = endpoint.discovery_name.as_ref()?;
        let selector = port.to_string();
        let key = self.prefix.key(&format!("endpoint.{selector}"));
        let mut text = format!("name={name}");
        let mut read = value::endpoint(&selector, &text).ok()?;
        let is_same =
            read.port.as_ref() == Some(port) && read.discovery_name.as_ref() == Some(name);
        if !is_same || !is_tag(&key, &text) {
            return None;
        }
        for (word, write, take) in WORDS {
            let Some(more) = write(endpoint) else { continue };
            let longer = format!("{text} {word}={more}");
            let with = value::endpoint(&selector, &longer).ok().filter(|_| is_tag(&key, &longer));
            let mut expected = read.clone();
            take(&mut expected, endpoint);
            match with.filter(|with| *with == expected) {
                Some(with) => (text, read) = (longer, with),
                None => unsaid.push(format!("{word} of endpoint {name}")),
            }
        }
        if endpoint.tls.as_ref().is_some_and(|tls| tls.kms_key.is_some() || tls.role.is_some()) {
            unsaid.push(format!("the key and role of the encryption of endpoint {name}"));
        }
        Some((key, text))
    }
}

type Word = (
    &'static str,
    fn(&EndpointDeclaration) -> Option<String>,
    fn(&mut EndpointDeclaration, &EndpointDeclaration),
);

/// The words of `endpoint.<port>` after `name`, those first that matter most: how each is written, and which member
/// it says.
const WORDS: [Word; 5] = [
    (
        "alias",
        |e| Some(write_alias(e.alias.as_ref()?)),
        |to, from| to.alias.clone_from(&from.alias),
    ),
    (
        "idle",
        |e| Some(format!("{}s", e.timeout.idle_s?)),
        |to, from| {
            to.timeout.idle_s = from.timeout.idle_s;
        },
    ),
    (
        "request",
        |e| Some(format!("{}s", e.timeout.request_s?)),
        |to, from| {
            to.timeout.request_s = from.timeout.request_s;
        },
    ),
    (
        "ingress",
        |e| Some(e.ingress_port?.to_string()),
        |to, from| {
            to.ingress_port = from.ingress_port;
        },
    ),
    (
        "tls-ca",
        |e| Some(e.tls.as_ref()?.authority.as_ref()?.to_string()),
        |to, from| {
            let authority = from.tls.as_ref().and_then(|tls| tls.authority.clone());
            to.tls = Some(Tls { authority, kms_key: None, role: None });
        },
    ),
];

/// API:Tag. Of all letters that AWS takes in a tag these are the ones that every tool passes on.
fn is_tag(key: &str, text: &str) -> bool {
    let sayable = |c: char| c.is_ascii_alphanumeric() || " +-=._:/@".contains(c);
    let (longest_key, longest_text) = LONGEST;
    key.len() <= longest_key
        && text.len() <= longest_text
        && key.chars().chain(text.chars()).all(sayable)
}

fn shown<T: ToString>(value: &T) -> String {
    value.to_string()
}

fn refresh_word(refresh: RefreshWhen) -> &'static str {
    match refresh {
        RefreshWhen::Declared => "declared",
        RefreshWhen::Inferred => "inferred",
        RefreshWhen::Always => "always",
        RefreshWhen::Never => "never",
    }
}

fn write_alias(alias: &AliasDeclaration) -> String {
    let host = alias.dns_name.as_ref().map_or("", DnsName::as_str);
    alias.port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn write_timeout(timeout: &Timeout) -> String {
    let word = |name: &str, seconds: Option<u32>| Some(format!("{name}={}s", seconds?));
    join([word("idle", timeout.idle_s), word("request", timeout.request_s)])
}

fn write_tls(tls: &Tls) -> String {
    let word = |name: &str, text: Option<&str>| Some(format!("{name}={}", text?));
    join([word("ca", tls.authority.as_ref().map(Arn::as_str)), word("key", tls.kms_key.as_deref())])
}

/// Of options that the tag has no word for it makes words that the tag's reader refuses.
fn write_logs(logs: &LogsDeclaration) -> String {
    let Some(logs) = logs.said() else { return "none".to_owned() };
    let option = |(name, value): &(String, String)| {
        let word = match name.as_str() {
            "awslogs-stream-prefix" => "prefix",
            other => other.strip_prefix("awslogs-").unwrap_or(other),
        };
        Some(format!("{word}={value}"))
    };
    format!("{} {}", logs.driver, join(logs.options.iter().map(option)))
}

fn write_access_logs(logs: &AccessLogs) -> String {
    let query = if logs.query_parameters { " query" } else { "" };
    format!("{}{query}", logs.format.to_ascii_lowercase())
}

fn write_test_header(header: &TestHeader) -> String {
    match &header.exact {
        Some(exact) => format!("{}={exact}", header.name),
        None => header.name.clone(),
    }
}

fn write_needs(names: &[DiscoveryName]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    join(names.iter().map(|name| Some(name.to_string())))
}

fn write_pause(pause: Option<Pause>) -> String {
    match pause {
        None => "false".to_owned(),
        Some(Pause::Open) => "true".to_owned(),
        Some(Pause::Until(until)) => until.to_string(),
    }
}

fn join(words: impl IntoIterator<Item = Option<String>>) -> String {
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
