//! Plans and statuses as text.

use std::fmt::Write as _;

use crate::declaration::settings::Moment;
use crate::ecs::change::Change;
use crate::ecs::connect::{Connect, Endpoint};
use crate::ecs::name::NamespaceRef;
use crate::plan::Plan;
use crate::plan::action::Action;
use crate::plan::entry::{Entry, Verdict};
use crate::plan::need::MissingEndpoint;
use crate::plan::reason::Reason;
use crate::report::status::status;
use crate::view::View;

/// Every entry with its changes, and the order of steps where there are several.
pub(crate) fn plan(plan: &Plan) -> String {
    let mut text = String::new();
    for (key, entry) in &plan.entries {
        line(&mut text, &format!("{key}: {}", verdict(entry)));
        for change in &entry.changes {
            line(&mut text, &format!("    {}", change_line(change)));
        }
        if let Some(note) = &entry.note {
            line(&mut text, &format!("    note: {note}"));
        }
        if let Some(awaited) = &entry.awaits {
            line(&mut text, &format!("    waits: {awaited}"));
        }
        for MissingEndpoint { name, alias, server } in &entry.lacks {
            line(&mut text, &format!("    lacks: {name} as {alias} of {server}"));
        }
        for rival in &entry.contested_by {
            line(&mut text, &format!("    contested by {rival}"));
        }
    }
    let steps: Vec<String> = plan.steps().map(|(key, _)| key.to_string()).collect();
    if steps.len() > 1 {
        line(&mut text, &format!("order: {}", steps.join(", ")));
    }
    text
}

/// Every entry without its changes.
pub(crate) fn verdicts(plan: &Plan) -> String {
    let mut text = String::new();
    for (key, entry) in &plan.entries {
        line(&mut text, &format!("{key}: {}", verdict(entry)));
    }
    text
}

/// Every service that opted in, with its status, what would end it and what ECS says.
pub(crate) fn statuses(view: &View, plan: &Plan, moment: Moment<'_>) -> String {
    let mut text = String::new();
    for (key, _) in view.services() {
        let Some(status) = status(view, key, plan.entries.get(key), moment) else { continue };
        let (sync, health): (&str, &str) = (status.sync.into(), status.health.into());
        let reason = status.reason.map_or("-", Reason::name);
        let message = status.message.unwrap_or_default();
        line(&mut text, format!("{key}: {sync} {health} {reason} {message}").trim_end());
        let rest = [("ends ", status.ends), ("ECS says: ", status.event)];
        for (what, said) in rest.into_iter().filter_map(|(what, said)| Some((what, said?))) {
            line(&mut text, &format!("    {what}{said}"));
        }
    }
    text
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a String takes all text");
}

fn verdict(entry: &Entry) -> String {
    match &entry.verdict {
        Verdict::InSync => "in sync".to_owned(),
        Verdict::Step { action } => self::action(action),
        Verdict::Hold { hold, .. } => format!("{}: {hold}", hold.reason()),
    }
}

fn action(action: &Action) -> String {
    match action {
        Action::Disconnect { .. } => "disconnect".to_owned(),
        Action::Refresh { .. } => "refresh".to_owned(),
        Action::Connect { connect, .. } => format!("connect {}", self::connect(connect)),
    }
}

fn change_line(change: &Change) -> String {
    let field: &str = change.field.into();
    let place = change.endpoint.as_deref().map(|place| format!(" {place}")).unwrap_or_default();
    let show = |side: &Option<String>| side.clone().unwrap_or_else(|| "-".to_owned());
    format!("{field}{place}: {} -> {}", show(&change.from), show(&change.to))
}

/// A configuration in the form that worlds are written in; a namespace given by ARN is shown by its id.
pub(crate) fn connect(connect: &Connect) -> String {
    let mut words = vec!["in".to_owned()];
    words.push(match &connect.namespace {
        None => "?".to_owned(),
        Some(NamespaceRef::Arn(_, id)) => id.to_string(),
        Some(reference) => format!("{reference} (not by ARN)"),
    });
    words.extend(connect.endpoints.iter().map(endpoint));
    words.extend(connect.logs.iter().map(|logs| format!("logs={logs}")));
    words.extend(connect.access_logs.iter().map(|logs| format!("access={logs}")));
    words.extend(connect.log_level.iter().map(|level| format!("level={level}")));
    words.join(" ")
}

fn endpoint(endpoint: &Endpoint) -> String {
    let alias = endpoint.alias.as_ref();
    let tls = endpoint.tls.as_ref();
    let discovery = endpoint.discovery_name.as_ref().map(|name| format!("/{name}"));
    let names = alias.map(|alias| {
        let host = alias.dns_name.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("@{host}:{}", alias.port)
    });
    let header = alias.and_then(|alias| alias.test_header.as_ref());
    let members = [
        ("idle", endpoint.timeout.idle_s.map(|s| s.to_string())),
        ("request", endpoint.timeout.request_s.map(|s| s.to_string())),
        ("ingress", endpoint.ingress_port.map(|port| port.to_string())),
        ("tls", tls.and_then(|tls| tls.authority.as_ref()).map(ToString::to_string)),
        ("key", tls.and_then(|tls| tls.kms_key.clone())),
        ("role", tls.and_then(|tls| tls.role.as_ref()).map(ToString::to_string)),
        ("test", header.map(|header| header.name.clone())),
    ];
    let members =
        members.into_iter().filter_map(|(name, value)| Some(format!("+{name}={}", value?)));
    let port = endpoint.port_name.to_string();
    [Some(port), discovery, names].into_iter().flatten().chain(members).collect()
}
