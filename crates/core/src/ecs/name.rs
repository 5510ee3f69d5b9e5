//! Names as types: what parsed once is never checked again.
//!
//! A value a *user* wrote goes through `parse`, which refuses with the rule it broke. A value *AWS* answered goes
//! through `as_read`, which accepts every text. AWS is the authority on its own names: a name that we find odd must
//! still compare and be carried over unchanged. It is *shown* like every other text: without characters that move the
//! cursor or change the direction of writing.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::text::Shown;

/// Why a text is not the name it should be: the rule, in words a user can act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// What is allowed.
    pub allowed: &'static str,
    /// A nearby spelling that would be accepted, when there is one.
    pub nearest: Option<String>,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name exactly as AWS answered it.
            pub fn as_read(text: &str) -> Self {
                Self(text.into())
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                Shown(&self.0).fmt(f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
    };
}

name! {
    /// An ECS cluster's name (not its ARN).
    ClusterName
}
name! {
    /// An ECS service's name within its cluster.
    EcsServiceName
}
name! {
    /// The name of a port mapping in a task definition (`portMappings[].name`).
    PortName
}
name! {
    /// The name an endpoint has in its Cloud Map namespace; it becomes the Cloud Map service's name.
    DiscoveryName
}
name! {
    /// The host name of a client alias: what clients call.
    DnsName
}
name! {
    /// A Cloud Map namespace's name.
    NamespaceName
}
name! {
    /// A Cloud Map namespace's id, `ns-…`: the one identity that name, HTTP name and ARN share.
    NamespaceId
}
name! {
    /// Any Amazon resource name.
    Arn
}
name! {
    /// An ECS deployment's id, `ecs-svc/…`.
    DeploymentId
}
name! {
    /// A task definition family: what its revisions have in common.
    Family
}
name! {
    /// A parameter of Parameter Store by name or ARN, or with a `/` at its end every parameter below it.
    ParameterName
}

name! {
    /// A DynamoDB table by name or ARN.
    TableName
}

name! {
    /// The path of an HTTP request.
    HttpPath
}

impl HttpPath {
    /// A path, with a query if one is wanted (RFC 9112, origin-form). One that begins with two `/` is read as a host by
    /// some servers.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?%".contains(&b);
        if text.starts_with('/') && !text.starts_with("//") && text.bytes().all(fits) {
            return Ok(Self(text.into()));
        }
        let allowed = "a path that begins with one '/', such as /health, without spaces and '#'";
        let begins = |text: &str| format!("/{}", text.trim_start_matches('/'));
        let nearest = Some(begins(text)).filter(|near| near.len() > 1 && near.bytes().all(fits));
        Err(Refused { allowed, nearest })
    }
}

name! {
    /// An event bus of EventBridge by name or ARN.
    BusName
}

impl BusName {
    /// A bus's name or ARN (EventBridge API reference, PutEventsRequestEntry: letters, digits and `/.-_`, 256 in a name).
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let name = match text.strip_prefix("arn:") {
            Some(arn) => {
                let is_of_events = arn.split(':').nth(1) == Some("events");
                arn.split_once(":event-bus/").filter(|_| is_of_events).map_or("", |(_, name)| name)
            }
            None => text,
        };
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"/_.-".contains(&b);
        if (1..=256).contains(&name.len()) && name.bytes().all(fits) {
            return Ok(Self(text.into()));
        }
        let allowed = "an event bus's name or ARN: 1 to 256 letters, digits, '/', '_', '.' and '-'";
        Err(Refused { allowed, nearest: None })
    }

    /// The Region that the bus is in; none if only its name is given, and then it is the Region of all other calls.
    pub fn region(&self) -> Option<&str> {
        self.0.strip_prefix("arn:")?.split(':').nth(2)
    }
}

impl TableName {
    /// A table's name or ARN (DynamoDB naming rules: 3 to 255 letters, digits and `_.-`).
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let name = match text.strip_prefix("arn:") {
            Some(arn) => arn.split_once(":table/").map_or("", |(_, name)| name),
            None => text,
        };
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
        if (3..=255).contains(&name.len()) && name.bytes().all(fits) {
            return Ok(Self(text.into()));
        }
        let allowed = "a DynamoDB table's name or ARN: 3 to 255 letters, digits, '_', '.' and '-'";
        Err(Refused { allowed, nearest: None })
    }

    /// The Region that the table is in; none if only its name is given, and then it is the Region of all other calls.
    pub fn region(&self) -> Option<&str> {
        self.0.strip_prefix("arn:")?.split(':').nth(2)
    }
}

impl ClusterName {
    /// A cluster's name or ARN as a person gives it on the command line.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let name = text.rsplit_once(":cluster/").map_or(text, |(_, name)| name);
        let fits = (1..=255).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if fits {
            return Ok(Self(name.into()));
        }
        Err(Refused {
            allowed: "a cluster's name or ARN: 1 to 255 letters, digits, '-' and '_'",
            nearest: None,
        })
    }
}

/// API:PortMapping.name and API:ServiceConnectService.discoveryName share one rule.
const LABEL: &str = "1 to 64 lower-case letters, digits, '_' and '-', not starting with '-'";
/// API:ServiceConnectClientAlias.dnsName.
const DNS: &str = "1 to 127 lower-case letters, digits, '_', '-' and '.', not starting with '-'";

impl PortName {
    /// A port mapping's name (API:PortMapping.name).
    pub fn parse(text: &str) -> Result<Self, Refused> {
        parse_label(text, 64, false, LABEL).map(Self)
    }
}

impl DiscoveryName {
    /// How many characters it may have.
    pub(crate) const LONGEST: usize = 64;

    /// A discovery name (API:ServiceConnectService.discoveryName).
    pub fn parse(text: &str) -> Result<Self, Refused> {
        parse_label(text, Self::LONGEST, false, LABEL).map(Self)
    }
}

impl DnsName {
    /// A client alias's host name (API:ServiceConnectClientAlias.dnsName).
    pub fn parse(text: &str) -> Result<Self, Refused> {
        parse_label(text, 127, true, DNS).map(Self)
    }

    /// What ECS calls an endpoint whose alias gives no host: `<discovery-name>.<namespace>`
    /// (API:ServiceConnectClientAlias.dnsName).
    pub fn of_endpoint(discovery: &DiscoveryName, namespace: &NamespaceName) -> Self {
        Self(format!("{discovery}.{namespace}").into())
    }

    /// Whether it is [`Self::of_endpoint`] of these; asked for every service on every pass, so it makes no text.
    pub fn is_of_endpoint(&self, discovery: &DiscoveryName, namespace: &NamespaceName) -> bool {
        let rest = self.0.strip_prefix(discovery.as_str());
        rest.and_then(|rest| rest.strip_prefix('.')) == Some(namespace.as_str())
    }
}

impl NamespaceName {
    /// A namespace's name: at most 1,024 characters, none of `<`, `>`, `"` and `/`
    /// (API:ClusterServiceConnectDefaultsRequest.namespace).
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let fits = (1..=1024).contains(&text.len())
            && is_graphic(text)
            && !text.bytes().any(|b| br#"<>"/"#.contains(&b));
        if fits {
            return Ok(Self(text.into()));
        }
        Err(Refused {
            allowed: "a namespace's name, id (ns-…) or ARN; a name has no spaces, '<', '>', '\"' or '/'",
            nearest: None,
        })
    }
}

impl ParameterName {
    /// A parameter's name or ARN, or a path with a `/` at its end (SSM:PutParameterRequest.Name: letters, digits and
    /// `_.-/`, at most 15 levels and 1,011 characters; a name with a `/` in it begins with one).
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let name = match text.strip_prefix("arn:") {
            Some(arn) => arn.split_once(":parameter/").map_or("", |(_, name)| name),
            None => text,
        };
        let levels = name.trim_matches('/').split('/');
        let fits = (1..=1011).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-/".contains(&b))
            && (text.starts_with("arn:") || !name.contains('/') || name.starts_with('/'))
            && levels.clone().count() <= 15
            && (levels.clone().all(|level| !level.is_empty()) || name == "/");
        if fits {
            return Ok(Self(text.into()));
        }
        Err(Refused {
            allowed: "a parameter's name or ARN, such as /eastwest/prod, or a path that ends in '/'; letters, digits, '_', '.', '-' and '/', at most 15 levels",
            nearest: None,
        })
    }

    /// Whether it means this parameter too, which AWS names in full: it is the same, its ARN, or a path above it.
    pub fn covers(&self, parameter: &Self) -> bool {
        let text = self.as_str();
        let own = text.split_once(":parameter/").map_or(text, |(_, name)| name);
        let (own, other) =
            (own.trim_start_matches('/'), parameter.as_str().trim_start_matches('/'));
        if self.is_path() { other.starts_with(own) } else { own == other }
    }

    /// Whether it means every parameter below it.
    pub fn is_path(&self) -> bool {
        self.0.ends_with('/')
    }
}

impl Arn {
    /// The last path segment, or where there is no path the last part: `web` of `…:service/prod/web`,
    /// `web:7` of `…:task-definition/web:7`.
    pub fn resource(&self) -> &str {
        let text = self.as_str();
        text.rsplit_once('/').or_else(|| text.rsplit_once(':')).map_or(text, |(_, last)| last)
    }

    /// The family of a task definition's ARN, `web` of `…:task-definition/web:7`.
    pub fn family(&self) -> Family {
        let revision = self.resource();
        Family::as_read(revision.rsplit_once(':').map_or(revision, |(family, _)| family))
    }
}

fn parse_label(
    text: &str,
    longest: usize,
    dots: bool,
    allowed: &'static str,
) -> Result<Arc<str>, Refused> {
    let fits = (1..=longest).contains(&text.len())
        && !text.starts_with('-')
        && text.bytes().all(|b| is_label_byte(b, dots));
    if fits {
        return Ok(text.into());
    }
    Err(Refused { allowed, nearest: nearest_label(text, longest, dots) })
}

fn is_label_byte(byte: u8, dots: bool) -> bool {
    byte.is_ascii_lowercase()
        || byte.is_ascii_digit()
        || byte == b'_'
        || byte == b'-'
        || (dots && byte == b'.')
}

/// The spelling a person most likely meant: lower case, spaces as hyphens. Never guessed from
/// look-alike letters of other scripts: those are refused, not repaired.
fn nearest_label(text: &str, longest: usize, dots: bool) -> Option<String> {
    let candidate: String = text
        .trim()
        .trim_start_matches(['-', ' '])
        .chars()
        .map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() })
        .collect();
    let fits = (1..=longest).contains(&candidate.len())
        && candidate.bytes().all(|b| is_label_byte(b, dots))
        && candidate != text;
    fits.then_some(candidate)
}

/// A TCP port, 1 to 65535.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Port(u16);

impl Port {
    /// A port from AWS's integer; `None` where AWS means "no port" (0) or the number is no port.
    pub fn from_i32(number: i32) -> Option<Self> {
        u16::try_from(number).ok().filter(|n| *n != 0).map(Self)
    }

    /// A port a user wrote.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits
            .then(|| text.parse().ok().and_then(Self::from_i32))
            .flatten()
            .ok_or(Refused { allowed: "a port from 1 to 65535", nearest: None })
    }

    /// The port's number.
    pub fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A namespace as it was written: by name, by id or by ARN.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum NamespaceRef {
    /// By name; ECS reads it as Cloud Map's `HttpName`.
    Name(NamespaceName),
    /// By id, `ns-…`.
    Id(NamespaceId),
    /// By ARN, the form that is never ambiguous and the only one for a shared namespace
    /// (DG:service-connect-shared-namespaces).
    Arn(Arn, NamespaceId),
}

impl NamespaceRef {
    /// Reads a reference a user wrote.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let read = Self::as_read(text);
        match &read {
            Self::Id(_) => Ok(read),
            Self::Arn(_, id) if is_namespace_id(id.as_str()) && is_graphic(text) => Ok(read),
            Self::Name(_) | Self::Arn(..) => NamespaceName::parse(text).map(Self::Name),
        }
    }

    /// Reads a reference AWS answered.
    pub fn as_read(text: &str) -> Self {
        if let Some((_, id)) = text.rsplit_once(":namespace/")
            && text.starts_with("arn:")
        {
            return Self::Arn(Arn::as_read(text), NamespaceId::as_read(id));
        }
        if is_namespace_id(text) {
            return Self::Id(NamespaceId::as_read(text));
        }
        Self::Name(NamespaceName::as_read(text))
    }
}

fn is_namespace_id(text: &str) -> bool {
    text.strip_prefix("ns-")
        .is_some_and(|rest| rest.len() >= 8 && rest.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn is_graphic(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic())
}

impl fmt::Display for NamespaceRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Id(id) => id.fmt(f),
            Self::Arn(arn, _) => arn.fmt(f),
        }
    }
}

impl Serialize for NamespaceRef {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_recognised_by_its_form() {
        let arn = "arn:aws:servicediscovery:eu-west-1:123456789012:namespace/ns-abcdefgh12345678";
        assert!(
            matches!(NamespaceRef::as_read(arn), NamespaceRef::Arn(_, id) if id.as_str() == "ns-abcdefgh12345678")
        );
        assert!(matches!(NamespaceRef::as_read("ns-abcdefgh12345678"), NamespaceRef::Id(_)));
        assert!(matches!(NamespaceRef::as_read("ns-prod"), NamespaceRef::Name(_)));
        assert!(matches!(NamespaceRef::as_read("internal.myapp"), NamespaceRef::Name(_)));
    }

    #[test]
    fn a_name_in_upper_case_is_refused_with_its_lower_case_spelling() {
        let refused = DiscoveryName::parse("Django API").unwrap_err();
        assert_eq!(refused.nearest.as_deref(), Some("django-api"));
    }

    #[test]
    fn an_odd_name_of_aws_is_kept_as_it_is_and_shown_without_what_changes_the_line() {
        let name = NamespaceName::as_read("a\u{202e}b\u{1b}[2K");
        assert_eq!(name.as_str(), "a\u{202e}b\u{1b}[2K");
        assert_eq!(name.to_string(), "a\u{fffd}b\u{fffd}[2K");
        assert_eq!(serde_json::to_value(&name).expect("a text"), name.to_string());
    }

    #[test]
    fn a_look_alike_letter_is_refused_without_a_guess() {
        let refused = DiscoveryName::parse("pаyments").unwrap_err();
        assert_eq!(refused.nearest, None);
    }

    #[test]
    fn ports_outside_the_range_are_refused() {
        for text in ["0", "65536", "-1", "+80", "http", "", "8080 "] {
            assert!(Port::parse(text).is_err(), "{text}");
        }
        assert_eq!(Port::parse("65535").map(Port::number), Ok(65535));
    }
}
