//! One parameter of the document: from its text to what it says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use serde_json::Value;

use super::conform::conform;
use super::part::{NamespaceEntry, Part};
use super::report::{At, Report, Shown};
use super::shape::VERSION;
use super::{
    DocumentDefaults, HostPattern, Limits, MassChange, MassChangePer, Template, entry, shape,
    window_entries,
};
use crate::declaration::declared::Declaration;
use crate::declaration::issue::Issue;
use crate::declaration::value::Wrong;
use crate::declaration::{tag, value};
use crate::ecs::name::{DiscoveryName, NamespaceName, NamespaceRef, Refused};
use crate::ecs::namespace::NewNamespace;
use crate::ecs::parameter::Parameter;
use crate::ecs::service_key::ServicePath;

/// Made once: it is always the same.
static SCHEMA: LazyLock<Value> = LazyLock::new(shape::schema);

/// Reads a parameter of the document. `None`: an issue blocks it.
pub(super) fn read(parameter: &Parameter) -> (Option<Part>, Vec<Issue>) {
    let shown = if parameter.is_secret { Shown::Hidden } else { Shown::Open };
    let mut report = Report::new(parameter, shown);
    let node = report.parse();
    let part = node.as_ref().map(|node| part(&At::root(node), &mut report));
    let part = part.filter(|_| !report.is_blocked());
    (part, report.finish())
}

/// Reads a parameter that holds one service's entry. The person who named it in a tag may not be allowed to read it, so
/// its text is hidden until its shape shows that it is an entry.
pub(super) fn read_entry(parameter: &Parameter) -> (Option<Declaration>, Vec<Issue>) {
    let mut report = Report::new(parameter, Shown::Hidden);
    if parameter.is_secret {
        let allowed = "a parameter of type String: a tag may not name a SecureString, because a person who may write the tag may not be allowed to read the parameter";
        report.refuse_whole("SecureString", allowed);
        return (None, report.finish());
    }
    let Some(node) = report.parse() else { return (None, report.finish()) };
    let at = At::root(&node);
    conform(&at, &SCHEMA["properties"]["services"]["additionalProperties"], &mut report);
    if report.is_blocked() {
        let allowed = "an entry of a document: the parameter holds something else, so eastwest does not show its text";
        report.refuse_whole(&format!("{} bytes", parameter.text.len()), allowed);
        return (None, report.finish());
    }
    report.open();
    if let Some(aliases) = at.member("aliases") {
        let allowed = "only the document can allow aliases: remove it here, and ask the owner of the document to add it to this service's entry there";
        report.refuse(&aliases, allowed, None);
    }
    no_role(&at, &mut report);
    let declaration = entry::read(&at, &mut report);
    ((!report.is_blocked()).then_some(declaration), report.finish())
}

/// Whoever may tag a service may name the parameter, so it is no place for a role that eastwest passes to ECS.
fn no_role(at: &At<'_>, report: &mut Report<'_>) {
    let Some(endpoints) = at.member("endpoints") else { return };
    for endpoint in endpoints.items() {
        let Some(tls) = endpoint.member("tls") else { continue };
        if let Some(role) = tls.member("role") {
            report.refuse(&role, value::ROLE_OF_THE_DOCUMENT.to_owned(), None);
        }
    }
}

fn part(at: &At<'_>, report: &mut Report<'_>) -> Part {
    let version = at.member("version");
    let other =
        version.filter(|at| at.node.whole().is_some_and(|version| version != VERSION.into()));
    if let Some(version) = other {
        // The other members follow another grammar.
        let allowed = format!("version {VERSION}: this eastwest knows no other");
        report.refuse(&version, allowed, None);
        return Part::default();
    }
    conform(at, &SCHEMA, report);
    let flag = |name| at.member(name).and_then(|at| at.node.flag()).unwrap_or_default();
    Part {
        namespaces: each(at, "namespaces", report, namespace_name, namespace),
        defaults: defaults(at.member("defaults"), report),
        services: each(at, "services", report, ServicePath::parse, |_, at, report| {
            Some(Arc::new(entry::read(at, report)))
        }),
        aliases: service_aliases(at, report),
        claims: each(at, "claims", report, DiscoveryName::parse, |_, at, report| {
            Some(holders(at, report))
        }),
        limits: limits(at.member("limits"), report),
        windows: window_entries::read(at, report),
        freeze: flag("freeze"),
        name_ports: flag("namePorts"),
    }
}

/// The aliases that the entries of services allow. The names of the entries are read, and reported, with the entries.
fn service_aliases(
    at: &At<'_>,
    report: &mut Report<'_>,
) -> BTreeMap<ServicePath, BTreeSet<HostPattern>> {
    let services = at.member("services");
    let entries = services.iter().flat_map(At::members);
    let allowed = entries.filter_map(|(name, at)| {
        let patterns = host_patterns(&at, report)?;
        Some((ServicePath::parse(name).ok()?, patterns))
    });
    allowed.collect()
}

/// The members of a member, each name and value read.
fn each<K: Ord, V>(
    at: &At<'_>,
    member: &str,
    report: &mut Report<'_>,
    key: impl Fn(&str) -> Result<K, Refused>,
    value: impl Fn(Option<&K>, &At<'_>, &mut Report<'_>) -> Option<V>,
) -> BTreeMap<K, V> {
    let mut read = BTreeMap::new();
    let member = at.member(member);
    for (name, at) in member.iter().flat_map(At::members) {
        let refuse = |refused: Refused| {
            let nearest = refused.nearest.filter(|_| !report.is_hidden());
            report.refuse_name(&at, name, refused.allowed, nearest);
        };
        let key = key(name).map_err(refuse).ok();
        // The value under a bad name is checked too.
        let value = value(key.as_ref(), &at, report);
        read.extend(key.zip(value));
    }
    read
}

/// A namespace that eastwest may have to create has a name; an id or an ARN is given by AWS.
fn namespace_name(text: &str) -> Result<NamespaceName, Refused> {
    let allowed = "a namespace's name: 1 to 1024 visible characters, none of '<', '>', '\"' and '/', and not an id or ARN";
    match NamespaceRef::parse(text) {
        Ok(NamespaceRef::Name(name)) => Ok(name),
        _ => Err(Refused { allowed, nearest: None }),
    }
}

fn namespace(
    name: Option<&NamespaceName>,
    at: &At<'_>,
    report: &mut Report<'_>,
) -> Option<NamespaceEntry> {
    let kind = at.member("type").and_then(|at| at.node.text());
    let is_private_dns = kind == Some("private-dns");
    let vpc = at.member("vpc");
    match (kind, &vpc) {
        (Some("private-dns"), None) => {
            report.miss(at, "vpc", "required: the id of the VPC, vpc-…".to_owned());
        }
        (Some("http"), Some(vpc)) => {
            report.refuse(
                vpc,
                "an HTTP namespace has no VPC: remove vpc, or set type to private-dns",
                None,
            );
        }
        _ => {}
    }
    // SD:CreatePrivateDnsNamespaceRequest.Name
    if let Some(name) = name.filter(|name| is_private_dns && name.as_str().len() > 253) {
        report.refuse_name(
            at,
            name.as_str(),
            "a private DNS namespace's name has at most 253 characters",
            None,
        );
    }
    let vpc = report.text(vpc, "the id of a VPC, vpc-…", vpc_id);
    let create = at.member("create").and_then(|at| at.node.flag()).unwrap_or_default();
    let aliases = host_patterns(at, report).unwrap_or_default();
    let new = NewNamespace { name: name?.clone(), vpc };
    Some(NamespaceEntry { is_private_dns, create, aliases, new })
}

/// The hosts that may be aliases; `None` if it does not say.
fn host_patterns(at: &At<'_>, report: &mut Report<'_>) -> Option<BTreeSet<HostPattern>> {
    let list = at.member("aliases")?;
    let pattern = |text: &str| Ok(HostPattern::parse(text)?);
    Some(list.items().filter_map(|at| report.text(Some(at), "", pattern)).collect())
}

/// SD:CreatePrivateDnsNamespaceRequest.Vpc has at most 64 characters.
fn vpc_id(text: &str) -> Result<String, Wrong> {
    let is_part = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let rest = text.strip_prefix("vpc-");
    let fits = rest.is_some_and(|rest| (1..=60).contains(&rest.len()) && rest.bytes().all(is_part));
    if fits { Ok(text.to_owned()) } else { Err(Wrong { allowed: None, nearest: None }) }
}

fn defaults(at: Option<At<'_>>, report: &mut Report<'_>) -> DocumentDefaults {
    let Some(at) = at else { return DocumentDefaults::default() };
    let template = |text: &str| Ok(Template::parse(text)?);
    DocumentDefaults {
        namespace: report.text(at.member("namespace"), tag::allowed("namespace"), value::namespace),
        discovery_name: report.text(at.member("discoveryName"), "", template),
    }
}

fn holders(at: &At<'_>, report: &mut Report<'_>) -> BTreeSet<ServicePath> {
    let path = |text: &str| Ok(ServicePath::parse(text)?);
    at.items().filter_map(|at| report.text(Some(at), "", path)).collect()
}

fn limits(at: Option<At<'_>>, report: &mut Report<'_>) -> Limits {
    let Some(at) = at else { return Limits::default() };
    let count =
        |name| at.member(name).and_then(|at| at.node.whole()).and_then(|n| usize::try_from(n).ok());
    let share = |text: &str| match MassChange::parse(text) {
        Ok(share @ MassChange::Percent(_)) => Ok(share),
        _ => Err(Wrong { allowed: None, nearest: None }),
    };
    // Its shape allows these two words alone.
    let per = |text: &str| match text {
        "cluster" => Ok(MassChangePer::Cluster),
        _ => Ok(MassChangePer::Namespace),
    };
    let allowed = "a share such as 20%, from 1% to 100%, or a number of services without quotes";
    let share = report.text(at.member("massChange"), allowed, share);
    let per = report.text(at.member("massChangePer"), "", per);
    let refresh_every = report.text(at.member("refreshEvery"), "", value::time_or_none);
    let drop_old_names = report.text(at.member("dropOldNames"), "", value::open_for);
    Limits {
        rollouts_per_cluster: count("rolloutsPerCluster"),
        rollouts_per_namespace: count("rolloutsPerNamespace"),
        mass_change: share.or_else(|| count("massChange").map(MassChange::Count)),
        mass_change_per: per,
        refresh_every,
        drop_old_names,
        name_quarantine: report.text(at.member("nameQuarantine"), "", value::time_or_none),
    }
}
