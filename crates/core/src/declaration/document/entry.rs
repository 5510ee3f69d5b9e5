//! One service's entry: the tree of it becomes a [`Declaration`].
//!
//! [`super::conform`] has checked the shape, words and numbers already, so a bad one is skipped here without a second
//! issue. Texts go through the same readers as tags.

use std::collections::BTreeMap;

use super::report::{At, Report};
use crate::declaration::declared::{
    Declaration, EndpointDeclaration, LogsDeclaration, Mode, Pause, PortSelector,
};
use crate::declaration::value::Wrong;
use crate::declaration::{tag, value};
use crate::ecs::connect::{AccessLogs, ProxyLogs, TestHeader, Timeout, Tls};
use crate::ecs::name::{DiscoveryName, Port, PortName};

const TIME: &str = "a time such as 30s, 5m or 1h, or 0 to disable";

/// Reads an entry. A bad member is reported and left out.
pub(super) fn read(at: &At<'_>, report: &mut Report<'_>) -> Declaration {
    let declaration = Declaration {
        mode: word(at, "mode", value::mode),
        namespace: report.text(at.member("namespace"), tag::allowed("namespace"), value::namespace),
        endpoints: endpoints(at, report),
        logs: at.member("logs").and_then(|at| logs(&at, report)),
        access_logs: at.member("accessLogs").and_then(|at| access_logs(&at)),
        test_header: at.member("testHeader").and_then(|at| test_header(&at, report)),
        needs: at.member("needs").map(|at| needs(&at, report)),
        refresh: word(at, "refresh", value::refresh),
        pause: at.member("pause").and_then(|at| pause(&at, report)),
        check: report.text(at.member("check"), tag::allowed("check"), value::check),
        document: None,
    };
    contradictions(at, &declaration, report);
    declaration
}

/// A member that is one of a few words.
fn word<T>(at: &At<'_>, name: &str, read: impl Fn(&str) -> Result<T, Wrong>) -> Option<T> {
    read(at.member(name)?.node.text()?).ok()
}

fn endpoints(at: &At<'_>, report: &mut Report<'_>) -> Vec<EndpointDeclaration> {
    let Some(list) = at.member("endpoints") else { return Vec::new() };
    let mut known = BTreeMap::new();
    let several = list.node.items().len() > 1;
    let mut read = Vec::new();
    for (number, at) in list.items().enumerate() {
        let endpoint = endpoint(&at, report);
        let says =
            (endpoint.port.as_ref().map(ToString::to_string), endpoint.discovery_name.clone());
        if several && at.member("port").is_none() {
            report.miss(&at, "port", "required if there are several endpoints".to_owned());
        } else if let Some(earlier) = known.insert(says, number) {
            let allowed = format!(
                "endpoint {earlier} has the same port and discoveryName: change one of the two, or remove this one"
            );
            report.refuse(&at, allowed, None);
        }
        read.push(endpoint);
    }
    read
}

fn endpoint(at: &At<'_>, report: &mut Report<'_>) -> EndpointDeclaration {
    let discovery = at.member("discoveryName");
    EndpointDeclaration {
        port: at.member("port").and_then(|at| port(&at, report)),
        discovery_name: report.text(discovery, tag::allowed("discovery-name"), value::discovery),
        alias: report.text(at.member("alias"), tag::allowed("alias"), value::alias),
        timeout: at.member("timeout").map(|at| timeout(&at, report)).unwrap_or_default(),
        ingress_port: at.member("ingressPort").and_then(|at| number(&at)),
        tls: at.member("tls").and_then(|at| tls(&at, report)),
    }
}

fn port(at: &At<'_>, report: &mut Report<'_>) -> Option<PortSelector> {
    // In JSON, quotes tell a name from a number.
    let name = |text: &str| Ok(PortSelector::Name(PortName::parse(text)?));
    let by_number = number(at).map(PortSelector::Number);
    by_number.or_else(|| report.text(Some(*at), tag::allowed("port"), name))
}

fn number(at: &At<'_>) -> Option<Port> {
    at.node.whole().and_then(|number| i32::try_from(number).ok()).and_then(Port::from_i32)
}

fn timeout(at: &At<'_>, report: &mut Report<'_>) -> Timeout {
    Timeout {
        idle_s: report.text(at.member("idle"), TIME, value::seconds),
        request_s: report.text(at.member("request"), TIME, value::seconds),
    }
}

fn tls(at: &At<'_>, report: &mut Report<'_>) -> Option<Tls> {
    let authority = report.text(at.member("ca"), "", value::arn);
    let kms_key = report.text(at.member("key"), "", value::kms_key);
    let role = report.text(at.member("role"), "", value::arn);
    Some(Tls { authority: Some(authority?), kms_key, role })
}

fn logs(at: &At<'_>, report: &mut Report<'_>) -> Option<LogsDeclaration> {
    if at.node.text().is_some() {
        return Some(LogsDeclaration::Off);
    }
    let driver = |text: &str| one_line(text, 64);
    let driver = report.text(at.member("driver"), "a log driver's name, such as awslogs", driver);
    let options = pairs(at.member("options"), report);
    let secret_options = pairs(at.member("secretOptions"), report);
    Some(LogsDeclaration::To(ProxyLogs { driver: driver?, options, secret_options }))
}

/// Names with their texts, by name. Only the log driver knows what a text means.
fn pairs(at: Option<At<'_>>, report: &mut Report<'_>) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (name, value) in at.iter().flat_map(At::members) {
        if one_line(name, 256).is_err() {
            let allowed = "an option's name: 1 to 256 characters without spaces";
            report.refuse_name(&value, name, allowed, None);
        }
        pairs.extend(value.node.text().map(|text| (name.to_owned(), text.to_owned())));
    }
    pairs.sort();
    pairs
}

/// Visible characters of ASCII, `longest` at most.
fn one_line(text: &str, longest: usize) -> Result<String, Wrong> {
    let fits = (1..=longest).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if fits { Ok(text.to_owned()) } else { Err(Wrong { allowed: None, nearest: None }) }
}

fn access_logs(at: &At<'_>) -> Option<AccessLogs> {
    let query = at.member("query").and_then(|at| at.node.flag()).unwrap_or_default();
    let logs = word(at, "format", value::access_logs)?;
    Some(AccessLogs { query_parameters: query, ..logs })
}

fn test_header(at: &At<'_>, report: &mut Report<'_>) -> Option<TestHeader> {
    let allowed = "a header's name: letters, digits and '-', such as X-Test";
    let name = report.text(at.member("name"), allowed, value::header_name);
    let allowed = "a header's value: visible characters and spaces between them";
    let exact = report.text(at.member("value"), allowed, value::header_value);
    Some(TestHeader { name: name?, exact })
}

fn needs(at: &At<'_>, report: &mut Report<'_>) -> Vec<DiscoveryName> {
    let allowed = tag::allowed("discovery-name");
    let mut names: Vec<DiscoveryName> =
        at.items().filter_map(|at| report.text(Some(at), allowed, value::discovery)).collect();
    names.sort();
    names.dedup();
    names
}

fn pause(at: &At<'_>, report: &mut Report<'_>) -> Option<Pause> {
    let until = |text: &str| match value::pause(text) {
        Ok(Some(Pause::Until(until))) => Ok(Pause::Until(until)),
        _ => Err(Wrong { allowed: None, nearest: None }),
    };
    let allowed = "true or false, without quotes, or a time such as 2026-12-24T18:00:00Z";
    let open = at.node.flag().filter(|open| *open).map(|_| Pause::Open);
    open.or_else(|| report.text(Some(*at), allowed, until))
}

/// Reports members that are good alone and contradict each other.
fn contradictions(at: &At<'_>, declaration: &Declaration, report: &mut Report<'_>) {
    if let Some(endpoints) =
        at.member("endpoints").filter(|_| declaration.mode == Some(Mode::Client))
    {
        let allowed = "a client offers no endpoint: remove endpoints, or set mode to client-server";
        report.refuse(&endpoints, allowed, None);
    }
    let logs_off = declaration.logs == Some(LogsDeclaration::Off);
    if let Some(access_logs) = at.member("accessLogs").filter(|_| logs_off) {
        let allowed = "access logs need proxy logs: change logs, or remove accessLogs";
        report.refuse(&access_logs, allowed, None);
    }
}
