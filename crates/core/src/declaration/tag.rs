//! The tag grammar as one table: tags in, a declaration and issues out.
//!
//! **Invariant:** parsing is total. Tags are written by anyone who may tag a service, so every text is
//! possible; what is not understood becomes an [`Issue`] that says where, what was read, what is allowed and the
//! nearest valid spelling. One bad tag leaves the service without a declaration, so nothing is half applied, and
//! touches no other service. [`crate::declaration::intent`] puts the tags and the document together.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::declared::{
    Declaration, EndpointDeclaration, LogsDeclaration, Mode, Pause, RefreshWhen,
};
use super::issue::{Issue, Weight};
use super::tag_prefix::TagPrefix;
use super::tagged::Tagged;
use super::value;
use super::value::Wrong;
use crate::ecs::connect::{AccessLogs, TestHeader};
use crate::ecs::name::{DiscoveryName, HttpPath, NamespaceRef, ParameterName};
use crate::ecs::text::nearest;

/// One row of the grammar.
#[derive(Debug, Clone, Copy)]
pub struct TagRule {
    /// The key without its prefix.
    pub key: &'static str,
    /// What its value may be.
    pub allowed: &'static str,
    /// What it does, for the reference page.
    pub meaning: &'static str,
    read: ReadValue,
}

type ReadValue = fn(&mut Draft, &str) -> Result<(), Wrong>;

/// A declaration in the making.
#[derive(Default)]
struct Draft {
    mode: Option<Mode>,
    namespace: Option<NamespaceRef>,
    single: EndpointDeclaration,
    listed: Vec<EndpointDeclaration>,
    logs: Option<LogsDeclaration>,
    access_logs: Option<AccessLogs>,
    test_header: Option<TestHeader>,
    needs: Option<Vec<DiscoveryName>>,
    refresh: Option<RefreshWhen>,
    pause: Option<Pause>,
    retry: Option<String>,
    check: Option<HttpPath>,
    document: Option<ParameterName>,
}

/// Characters of a tag's value (API:Tag.value); a longer one comes from a file.
const LONGEST: usize = 256;
/// The key of the tags that declare one endpoint each, `endpoint.<port>`.
const ENDPOINT: &str = "endpoint.";
/// The tags that declare a single endpoint. They exclude `endpoint.<port>`.
const SINGLE: [&str; 6] = ["port", "discovery-name", "alias", "timeout", "ingress-port", "tls"];

/// The whole grammar, in the order of the reference page.
pub const RULES: &[TagRule] = &[
    TagRule {
        key: "mode",
        allowed: "client, client-server or off",
        meaning: "the opt-in; without it eastwest never changes the service",
        read: |draft, text| value::mode(text).map(|v| draft.mode = Some(v)),
    },
    TagRule {
        key: "namespace",
        allowed: "a Cloud Map namespace's name, id (ns-…) or ARN",
        meaning: "the namespace to be in",
        read: |draft, text| value::namespace(text).map(|v| draft.namespace = Some(v)),
    },
    TagRule {
        key: "port",
        allowed: "a port mapping's name, or a container port from 1 to 65535",
        meaning: "the port that the endpoint serves; not needed if the task definition has exactly one named port",
        read: |draft, text| value::port_selector(text).map(|v| draft.single.port = Some(v)),
    },
    TagRule {
        key: "discovery-name",
        allowed: "1 to 64 lower-case letters, digits, '_' and '-', not starting with '-'",
        meaning: "the name in the namespace",
        read: |draft, text| value::discovery(text).map(|v| draft.single.discovery_name = Some(v)),
    },
    TagRule {
        key: "alias",
        allowed: "[dns-name][:port], such as backend.internal.myapp:8080, backend or :80",
        meaning: "what clients call",
        read: |draft, text| value::alias(text).map(|v| draft.single.alias = Some(v)),
    },
    TagRule {
        key: "timeout",
        allowed: "idle=<time> request=<time>, one or both; a time is 30s, 5m, 1h, or 0 to disable",
        meaning: "how long the proxy waits",
        read: |draft, text| value::timeout(text).map(|v| draft.single.timeout = v),
    },
    TagRule {
        key: "ingress-port",
        allowed: "a port from 1025 to 65535",
        meaning: "the port on which the service's own proxy listens",
        read: |draft, text| value::ingress_port(text).map(|v| draft.single.ingress_port = Some(v)),
    },
    TagRule {
        key: "tls",
        allowed: "ca=<arn> key=<arn>; ca is required",
        meaning: "encryption between the proxies; its role comes from the document alone",
        read: |draft, text| value::tls(text).map(|v| draft.single.tls = Some(v)),
    },
    TagRule {
        key: "logs",
        allowed: "awslogs group=<name> region=<region> prefix=<text>, or none",
        meaning: "where the proxy's logs go; without it the deployed setting stays",
        read: |draft, text| value::logs(text).map(|v| draft.logs = Some(v)),
    },
    TagRule {
        key: "access-logs",
        allowed: "text or json, and optionally query to log query parameters",
        meaning: "one log line for each request; needs logs",
        read: |draft, text| value::access_logs(text).map(|v| draft.access_logs = Some(v)),
    },
    TagRule {
        key: "test-header",
        allowed: "<name>=<value>",
        meaning: "the header that marks blue/green test traffic",
        read: |draft, text| value::test_header(text).map(|v| draft.test_header = Some(v)),
    },
    TagRule {
        key: "needs",
        allowed: "discovery names separated by spaces, or none",
        meaning: "what this service calls: it waits until those servers are complete; without it eastwest infers the names from the environment",
        read: |draft, text| value::needs(text).map(|v| draft.needs = Some(v)),
    },
    TagRule {
        key: "refresh",
        allowed: "declared, inferred, always or never",
        meaning: "which new endpoints make eastwest roll this service out again; without it declared: those in needs",
        read: |draft, text| value::refresh(text).map(|v| draft.refresh = Some(v)),
    },
    TagRule {
        key: "pause",
        allowed: "true, or a time such as 2026-12-24T18:00:00Z",
        meaning: "hold every change",
        read: |draft, text| value::pause(text).map(|v| draft.pause = v),
    },
    TagRule {
        key: "retry",
        allowed: "any text",
        meaning: "a new value has eastwest send once more what ECS gave up",
        read: |draft, text| {
            draft.retry = Some(text.to_owned());
            Ok(())
        },
    },
    TagRule {
        key: "check",
        allowed: "a path that begins with one '/', such as /health, without spaces and '#'",
        meaning: "what eastwest verify --connect asks each instance for; it changes nothing that is deployed",
        read: |draft, text| value::check(text).map(|v| draft.check = Some(v)),
    },
    TagRule {
        key: "document",
        allowed: "an SSM parameter's name, such as /eastwest/services/web",
        meaning: "the parameter with the rest of the declaration, written as a document's entry; the service's own tags win over it",
        read: |draft, text| value::document(text).map(|v| draft.document = Some(v)),
    },
];

/// What the tag of this key may say; empty for an unknown key.
pub(crate) fn allowed(key: &str) -> &'static str {
    RULES.iter().find(|rule| rule.key == key).map_or("", |rule| rule.allowed)
}

/// What one `endpoint.<port>` tag may say.
pub const ENDPOINT_ALLOWED: &str =
    "name=… alias=… idle=… request=… ingress=… tls-ca=…, each at most once";

/// What such a tag does, for the reference page.
pub const ENDPOINT_MEANING: &str =
    "one endpoint of a service with several; cannot stand beside the tags for a single endpoint";

/// Reads a service's tags. `None`: the service has no tag of ours.
pub fn read(prefix: &TagPrefix, tags: &BTreeMap<String, String>) -> Option<Tagged> {
    let ours: Vec<(&str, &str)> = tags
        .iter()
        .filter_map(|(key, text)| Some((key.strip_prefix(prefix.as_str())?, text.as_str())))
        .collect();
    if ours.is_empty() {
        return None;
    }
    let mut draft = Draft::default();
    let mut issues: Vec<Issue> =
        ours.iter().filter_map(|(key, text)| read_tag(&mut draft, prefix, key, text)).collect();
    let opted_in = ours.iter().any(|(key, _)| *key == "mode");
    let no_mode = (!opted_in).then(|| not_opted_in(prefix, &ours));
    issues.extend(contradictions(&draft, prefix, &ours));
    issues.sort();
    let is_clear = issues.iter().all(|issue| issue.weight == Weight::Advice);
    let retry = draft.retry.take();
    let declaration = is_clear.then(|| Arc::new(draft.finish()));
    let endpoint_tags = ours.iter().filter(|(key, _)| is_of_endpoint(key));
    let endpoint_tags = endpoint_tags.map(|(key, _)| prefix.key(key)).collect();
    Some(Tagged { declaration, issues, no_mode, retry, endpoint_tags })
}

/// Whether a tag of this key declares an endpoint.
pub(crate) fn is_of_endpoint(key: &str) -> bool {
    SINGLE.contains(&key) || key.starts_with(ENDPOINT)
}

fn read_tag(draft: &mut Draft, prefix: &TagPrefix, key: &str, text: &str) -> Option<Issue> {
    let place = prefix.key(key);
    if text.chars().nth(LONGEST).is_some() {
        return Some(Issue::new(&place, text, format!("at most {LONGEST} characters")));
    }
    if let Some(port) = key.strip_prefix(ENDPOINT) {
        return match value::endpoint(port, text) {
            Ok(endpoint) => {
                draft.listed.push(endpoint);
                None
            }
            Err(wrong) => Some(issue(&place, text, ENDPOINT_ALLOWED, wrong)),
        };
    }
    let Some(rule) = RULES.iter().find(|rule| rule.key == key) else {
        return Some(unknown_tag(prefix, key, text));
    };
    (rule.read)(draft, text).err().map(|wrong| issue(&place, text, rule.allowed, wrong))
}

fn unknown_tag(prefix: &TagPrefix, key: &str, text: &str) -> Issue {
    let known: Vec<String> = RULES.iter().map(|rule| prefix.key(rule.key)).collect();
    let allowed = format!(
        "no such tag; the tags are {} and {}",
        known.join(", "),
        prefix.key("endpoint.<port>")
    );
    let near = nearest(key, RULES.iter().map(|rule| rule.key)).map(|near| prefix.key(&near));
    Issue { nearest: near, ..Issue::new(&prefix.key(key), text, allowed) }
}

fn issue(place: &str, text: &str, rule: &str, wrong: Wrong) -> Issue {
    let allowed = wrong.allowed.unwrap_or_else(|| rule.to_owned());
    Issue { nearest: wrong.nearest, ..Issue::new(place, text, allowed) }
}

fn not_opted_in(prefix: &TagPrefix, ours: &[(&str, &str)]) -> Issue {
    let mode = |(key, _): &&(&str, &str)| nearest(key, ["mode"]).is_some();
    let misspelt = ours.iter().find(mode);
    let (key, text) = misspelt.or(ours.first()).copied().unwrap_or_default();
    let allowed = format!(
        "this tag has no effect without {}: add it (client, client-server or off) to opt in",
        prefix.key("mode")
    );
    let nearest = misspelt.map(|_| prefix.key("mode"));
    Issue { nearest, ..Issue::new(&prefix.key(key), text, allowed) }.advice()
}

/// Issues for tags that are good alone and contradict each other.
fn contradictions(draft: &Draft, prefix: &TagPrefix, ours: &[(&str, &str)]) -> Vec<Issue> {
    let endpoint_tags: Vec<(&str, &str)> =
        ours.iter().filter(|(key, _)| is_of_endpoint(key)).copied().collect();
    let listed = endpoint_tags.iter().any(|(key, _)| key.starts_with(ENDPOINT));
    let mut issues = Vec::new();
    for (key, text) in &endpoint_tags {
        let place = prefix.key(key);
        if listed && SINGLE.contains(key) {
            let allowed = format!(
                "either {} or the tags for a single endpoint, not both",
                prefix.key("endpoint.<port>")
            );
            issues.push(Issue::new(&place, text, allowed));
        } else if draft.mode == Some(Mode::Client) {
            let allowed = format!(
                "a client offers no endpoint: remove this tag, or set {}=client-server",
                prefix.key("mode")
            );
            issues.push(Issue::new(&place, text, allowed));
        }
    }
    let logs_off = draft.logs == Some(LogsDeclaration::Off);
    let access_logs = ours.iter().find(|(key, _)| *key == "access-logs");
    if let Some((key, text)) = access_logs.filter(|_| logs_off && draft.access_logs.is_some()) {
        let logs = prefix.key("logs");
        let allowed = format!("access logs need proxy logs: change {logs}, or remove this tag");
        issues.push(Issue::new(&prefix.key(key), text, allowed));
    }
    issues
}

impl Draft {
    fn finish(self) -> Declaration {
        let mut endpoints = self.listed;
        if self.single != EndpointDeclaration::default() {
            // Nearly always the only one, and kept for each of thousands of services.
            endpoints.reserve_exact(1);
            endpoints.push(self.single);
        }
        Declaration {
            mode: self.mode,
            namespace: self.namespace,
            endpoints,
            logs: self.logs,
            access_logs: self.access_logs,
            test_header: self.test_header,
            needs: self.needs,
            refresh: self.refresh,
            pause: self.pause,
            check: self.check,
            document: self.document,
        }
    }
}

#[cfg(test)]
mod tests;
