//! Connections to instances: which are to be made, and what their answers mean.
//!
//! **Invariant:** the number is bounded, and an address that no task can have is never called: whoever may write to Cloud
//! Map could otherwise have eastwest call anything.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use serde::Serialize;

use super::Evidence;
use super::finding::{Check, Finding};
use super::instances::serving;
use super::subject::{Speaks, Stage, Subject, WantedEndpoint};
use crate::ecs::name::HttpPath;
use crate::ecs::text::first_of;

/// So many connections are made in all.
pub(super) const MOST: usize = 1000;
/// So many instances of one endpoint are asked.
const MOST_OF_ENDPOINT: usize = 50;

/// One instance to ask.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Probe {
    /// Where it listens.
    pub address: SocketAddr,
    /// What to ask it for, beside accepting a connection.
    pub http: Option<HttpAsk>,
}

/// An HTTP request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HttpAsk {
    /// The host that clients call, `host:port`: some applications refuse others.
    pub host: String,
    /// The path.
    pub path: HttpPath,
}

/// What an instance answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// How long it took to accept the connection, or why it did not.
    pub tcp: Result<Duration, String>,
    /// What it answered to the request; none where it was not asked or did not accept.
    pub http: Option<Result<HttpAnswer, String>>,
}

/// An answer over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// Its status.
    pub status: u16,
    /// How long it took after the connection stood.
    pub took: Duration,
}

/// The same as data to show.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProbeRow {
    /// Where the instance listens.
    pub address: SocketAddr,
    /// How long it took to accept the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_ms: Option<f64>,
    /// The status of its answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How long the answer took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_ms: Option<f64>,
    /// Why there is no connection, or no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The instances of one endpoint that are to be asked.
#[derive(Debug, Default)]
pub(super) struct ToAsk {
    pub(super) asked: Vec<Probe>,
    /// How many more there are.
    pub(super) more: usize,
    /// Instances with an address or a port that no task can have.
    pub(super) refused: Vec<String>,
}

/// The instances of an endpoint that are to be asked: those at the addresses of running tasks, or all where tasks have no
/// addresses of their own.
pub(super) fn of(subject: &Subject, endpoint: &WantedEndpoint, evidence: &Evidence) -> ToAsk {
    let mut found = ToAsk::default();
    let seen = endpoint.cloud_map.as_ref().and_then(|arn| evidence.instances.get(arn));
    let Some(Ok(instances)) = seen.filter(|_| !matches!(endpoint.stage, Stage::Wanted(_))) else {
        return found;
    };
    let tasks = serving(subject, endpoint, evidence.tasks_of(&subject.service.key));
    let running: BTreeSet<IpAddr> =
        tasks.iter().flat_map(|task| task.addresses.iter().copied()).collect();
    let http = http_of(subject, endpoint).ok().flatten();
    for instance in instances {
        match (instance.address, instance.port) {
            (Some(address), Some(port)) if may_be_a_task(address) => {
                if running.is_empty() || running.contains(&address) {
                    let address = SocketAddr::new(address, port.number());
                    found.asked.push(Probe { address, http: http.clone() });
                }
            }
            _ => found.refused.push(instance.id.clone()),
        }
    }
    found.asked.sort();
    found.asked.dedup();
    found.more = found.asked.len().saturating_sub(MOST_OF_ENDPOINT);
    found.asked.truncate(MOST_OF_ENDPOINT);
    found
}

/// Whether a task can have this address. The link-local ones are those of the credentials and of the metadata.
fn may_be_a_task(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            !(v4.is_link_local() || v4.is_multicast() || v4.is_broadcast() || v4.octets()[0] == 0)
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => may_be_a_task(v4.into()),
            None => !(v6.is_unicast_link_local() || v6.is_multicast() || v6.is_unspecified()),
        },
    }
}

/// The request to make, if one is declared; or why the endpoint cannot be asked it.
fn http_of(subject: &Subject, endpoint: &WantedEndpoint) -> Result<Option<HttpAsk>, String> {
    let Some(path) = &subject.check else { return Ok(None) };
    if endpoint.is_encrypted {
        return Err("its proxies encrypt, and only a proxy has a certificate".to_owned());
    }
    let is_other_http = || subject.endpoints.iter().any(|other| other.speaks == Speaks::Http);
    match &endpoint.speaks {
        Speaks::Other(other) => Err(format!("it speaks {other}")),
        Speaks::Unread => Err("its task definition was not read".to_owned()),
        Speaks::Tcp if is_other_http() => {
            Err("its port has no appProtocol, and another one has http".to_owned())
        }
        Speaks::Tcp | Speaks::Http => {
            Ok(Some(HttpAsk { host: endpoint.alias(), path: path.clone() }))
        }
    }
}

/// What the answers mean.
pub(super) fn findings(
    subject: &Subject,
    endpoint: &WantedEndpoint,
    to_ask: &ToAsk,
    probed: &BTreeMap<Probe, Probed>,
) -> Vec<Finding> {
    let answers: Vec<(&Probe, &Probed)> =
        to_ask.asked.iter().filter_map(|probe| Some((probe, probed.get(probe)?))).collect();
    let mut findings = Vec::new();
    let unasked = to_ask.more + (to_ask.asked.len() - answers.len());
    if !answers.is_empty() {
        findings.push(of_tcp(&answers));
        findings.extend(of_http(&answers));
    }
    if unasked > 0 {
        let message = format!("{unasked} more instances were not asked");
        findings.push(Finding::note(Check::Tcp, message));
    }
    if !to_ask.refused.is_empty() {
        let names = first_of(&to_ask.refused, ", ");
        let message = format!("not asked, because no task has such an address and port: {names}");
        findings.push(Finding::note(Check::Tcp, message));
    }
    if let Err(why) = http_of(subject, endpoint) {
        findings.push(Finding::note(Check::Http, format!("not asked for its check: {why}")));
    }
    findings
}

fn of_tcp(answers: &[(&Probe, &Probed)]) -> Finding {
    let times: Vec<Duration> =
        answers.iter().filter_map(|(_, each)| each.tcp.clone().ok()).collect();
    let failed = answers.iter().filter_map(|(probe, each)| {
        Some(format!("{} {}", probe.address, each.tcp.as_ref().err()?))
    });
    let failed: Vec<String> = failed.collect();
    let sum = format!("{} of {} instances accept a connection", times.len(), answers.len());
    if failed.is_empty() {
        return Finding::ok(Check::Tcp, format!("{sum}, {}", spread(&times)));
    }
    Finding::broken(Check::Tcp, format!("{sum}: {}", first_of(failed, "; ")))
        .advised("look at the application's logs, at security groups (--from) and at network ACLs; outside the VPC no instance can be reached")
}

fn of_http(answers: &[(&Probe, &Probed)]) -> Option<Finding> {
    let asked = answers
        .iter()
        .filter_map(|(probe, each)| Some((probe, probe.http.as_ref()?, each.http.as_ref()?)));
    let asked: Vec<_> = asked.collect();
    let (_, HttpAsk { path, .. }, _) = asked.first()?;
    let is_fine = |answer: &HttpAnswer| (200..400).contains(&answer.status);
    let good = asked.iter().filter_map(|(_, _, answer)| answer.as_ref().ok());
    let times: Vec<Duration> = good.filter(|each| is_fine(each)).map(|each| each.took).collect();
    let bad = asked.iter().filter_map(|(probe, _, answer)| match answer {
        Ok(answer) if is_fine(answer) => None,
        Ok(HttpAnswer { status, took }) => {
            Some(format!("{} answers HTTP {status} after {}", probe.address, shown(*took)))
        }
        Err(why) => Some(format!("{} {why}", probe.address)),
    });
    let bad: Vec<String> = bad.collect();
    let sum = format!("{} of {} instances answer GET {path} well", times.len(), asked.len());
    Some(if bad.is_empty() {
        Finding::ok(Check::Http, format!("{sum}, {}", spread(&times)))
    } else {
        Finding::broken(Check::Http, format!("{sum}: {}", first_of(bad, "; ")))
    })
}

/// The rows of the answers.
pub(super) fn rows(to_ask: &ToAsk, probed: &BTreeMap<Probe, Probed>) -> Vec<ProbeRow> {
    let answered = to_ask.asked.iter().filter_map(|probe| Some((probe, probed.get(probe)?)));
    let row = |(probe, each): (&Probe, &Probed)| {
        let answer = each.http.as_ref().and_then(|answer| answer.as_ref().ok());
        let no_answer = each.http.as_ref().and_then(|answer| answer.as_ref().err());
        ProbeRow {
            address: probe.address,
            connect_ms: each.tcp.as_ref().ok().map(|took| milliseconds(*took)),
            status: answer.map(|answer| answer.status),
            answer_ms: answer.map(|answer| milliseconds(answer.took)),
            error: each.tcp.as_ref().err().or(no_answer).cloned(),
        }
    };
    answered.map(row).collect()
}

/// The shortest and the longest of these.
fn spread(times: &[Duration]) -> String {
    match (times.iter().min(), times.iter().max()) {
        (Some(least), Some(most)) if least != most => {
            format!("in {} to {}", shown(*least), shown(*most))
        }
        (Some(only), _) => format!("in {}", shown(*only)),
        (None, _) => "in no time".to_owned(),
    }
}

fn shown(time: Duration) -> String {
    format!("{:.1} ms", milliseconds(time))
}

/// To the hundredth: more is noise.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 100_000.0).round() / 100.0
}
