//! The report for people: a service, and below it what was found, in the order in which one would look.

use eastwest_core::report::verify::WHY_NOT_NSLOOKUP;
use eastwest_core::report::verify::finding::{
    EndpointReport, Finding, Level, Report, ServiceReport, Summary,
};

use crate::api::plan::FaultRow;
use crate::api::text::line;
use crate::command::paint::{ADD, CHANGE, HEADING, REMARK, WRONG, painted};
use crate::command::text::notes;

/// A report, and how much of it is shown.
pub(super) struct Shown<'a> {
    pub(super) report: &'a Report,
    /// What could not be read of whole clusters.
    pub(super) faults: &'a [FaultRow],
    /// Remarks on the files.
    pub(super) notes: &'a [String],
    /// Whether services of which all is well are shown in full.
    pub(super) is_whole: bool,
    /// Whether instances were connected to.
    pub(super) has_connected: bool,
    /// Whether security groups were captured.
    pub(super) has_network: bool,
}

/// The report as a person reads it.
pub(super) fn text(shown: &Shown<'_>) -> String {
    let mut text = notes(shown.notes);
    for fault in shown.faults {
        let sign = painted(WRONG, '!');
        line(&mut text, format_args!("{sign} cluster {}: {}", fault.cluster, fault.message));
    }
    let is_short = |service: &&ServiceReport| !shown.is_whole && service.level == Level::Ok;
    let services = &shown.report.services;
    let mut has_commands = false;
    for service in services.iter().filter(|service| !is_short(service)) {
        has_commands |= add_service(&mut text, service);
        text.push('\n');
    }
    let short: Vec<&ServiceReport> = services.iter().filter(is_short).collect();
    for service in &short {
        let (endpoints, calls) = (service.endpoints.len(), service.calls.len());
        let word = painted(ADD, "ok");
        let name = &service.service;
        line(&mut text, format_args!("{word}  {name}  endpoints: {endpoints}, calls: {calls}"));
    }
    if !short.is_empty() {
        text.push('\n');
    }
    if has_commands {
        line(&mut text, format_args!("{WHY_NOT_NSLOOKUP}"));
        text.push('\n');
    }
    sums(&mut text, shown);
    text
}

/// Whether it told commands.
fn add_service(text: &mut String, service: &ServiceReport) -> bool {
    line(text, format_args!("{}", painted(HEADING, &service.service)));
    for finding in &service.findings {
        add_finding(text, 2, finding);
    }
    let mut has_commands = false;
    for endpoint in &service.endpoints {
        has_commands |= add_endpoint(text, endpoint);
    }
    if !service.calls.is_empty() {
        line(text, format_args!("  {}", painted(HEADING, "calls")));
    }
    for finding in service.calls.iter().flat_map(|call| &call.findings) {
        add_finding(text, 4, finding);
    }
    has_commands
}

fn add_endpoint(text: &mut String, endpoint: &EndpointReport) -> bool {
    let heading = format!("endpoint {} at {}", endpoint.name, endpoint.alias);
    line(text, format_args!("  {}", painted(HEADING, heading)));
    for finding in &endpoint.findings {
        add_finding(text, 4, finding);
    }
    for probe in &endpoint.probes {
        let time = |ms: Option<f64>| ms.map(|ms| format!("{ms:.1} ms"));
        let connected = time(probe.connect_ms).map(|time| format!("connected in {time}"));
        let answered = probe.status.zip(time(probe.answer_ms));
        let answered = answered.map(|(status, time)| format!("HTTP {status} in {time}"));
        let words = connected.into_iter().chain(answered).chain(probe.error.clone());
        let words = words.collect::<Vec<_>>().join(", ");
        line(text, format_args!("      {} {words}", probe.address));
    }
    let Some(try_it) = &endpoint.try_it else { return false };
    let exec = if try_it.needs_exec {
        "; ECS Exec is off there, and switching it on (--enable-execute-command) needs a new deployment"
    } else {
        ""
    };
    let heading = format!("try it from a task of {}{exec}:", try_it.client);
    line(text, format_args!("    {}", painted(REMARK, heading)));
    for command in &try_it.commands {
        line(text, format_args!("      {command}"));
    }
    true
}

fn add_finding(text: &mut String, indent: usize, finding: &Finding) {
    let Finding { level, check, message, advice } = finding;
    let style = match level {
        Level::Ok => ADD,
        Level::Note => REMARK,
        Level::Unknown => CHANGE,
        Level::Broken => WRONG,
    };
    let word = painted(style, format_args!("{:7}", level.name()));
    let check = check.name();
    line(text, format_args!("{:indent$}{word} {check:9} {message}", ""));
    if let Some(advice) = advice {
        line(text, format_args!("{:indent$}{:17} > {advice}", "", ""));
    }
}

fn sums(text: &mut String, shown: &Shown<'_>) {
    if shown.report.services.is_empty() {
        line(text, format_args!("No service opted in, so there is nothing to verify."));
        return;
    }
    let Summary { ok, unknown, broken } = shown.report.summary;
    line(text, format_args!("Verified: {broken} broken, {unknown} unknown, {ok} ok."));
    if !shown.has_connected {
        let words =
            "Not verified: whether instances accept connections (--connect, inside the VPC).";
        line(text, format_args!("{}", painted(REMARK, words)));
    }
    if !shown.has_network {
        let words = "Not verified: security groups (--from, with what aws ec2 describe-security-groups and describe-network-interfaces print).";
        line(text, format_args!("{}", painted(REMARK, words)));
    }
}
