//! The maintenance windows of a document: each is read for itself, then those of all parameters are compared.
//!
//! Two kinds are refused, because a change would wait for ever: a window that never opens, and an allow window that is
//! always covered by deny windows.

use std::collections::BTreeSet;

use super::part::{NamedPart, WindowEntry, shown_places};
use super::report::{At, Report, place};
use crate::declaration::issue::Issue;
use crate::declaration::value::Wrong;
use crate::declaration::windows::{Contradiction, Kind, Pattern, Window, Zone, contradictions};
use crate::declaration::{tag, value};
use crate::ecs::name::{ClusterName, Refused};
use crate::ecs::text::printable;

/// Windows of all parameters together: each is looked at for each change.
const MOST: usize = 256;
/// The first windows of a parameter whose time zone's nearest spelling is looked for: that takes long.
const HINTED: usize = 8;

/// Reads the windows of one parameter.
pub(super) fn read(document: &At<'_>, report: &mut Report<'_>) -> Vec<WindowEntry> {
    let Some(list) = document.member("windows") else { return Vec::new() };
    if list.node.items().len() > MOST {
        report.refuse(&list, format!("at most {MOST} windows"), None);
        return Vec::new();
    }
    let read =
        |(number, at)| Some(WindowEntry { number, window: window(&at, number < HINTED, report)? });
    list.items().enumerate().filter_map(read).collect()
}

fn window(at: &At<'_>, hinted: bool, report: &mut Report<'_>) -> Option<Window> {
    let opens = opens(at, report);
    let duration = report.text(at.member("duration"), "", value::open_for);
    let zone = match at.member("timeZone") {
        Some(at) => zone(&at, hinted, report),
        None => Some(Zone::UTC),
    };
    let allowed = tag::allowed("namespace");
    let named = |name| at.member(name).into_iter();
    let namespaces = named("namespaces")
        .flat_map(|list| {
            texts(&list, report, |at, report| report.text(Some(at), allowed, value::namespace))
        })
        .collect();
    let clusters = named("clusters")
        .flat_map(|list| texts(&list, report, |at, report| report.text(Some(at), "", cluster)))
        .collect();
    let (kind, pattern) = opens?;
    Some(Window { kind, pattern, duration: duration?, zone: zone?, namespaces, clusters })
}

fn texts<T>(
    list: &At<'_>,
    report: &mut Report<'_>,
    read: impl Fn(At<'_>, &mut Report<'_>) -> Option<T>,
) -> Vec<T> {
    list.items().filter_map(|at| read(at, report)).collect()
}

/// What kind it is, and when it opens.
fn opens(at: &At<'_>, report: &mut Report<'_>) -> Option<(Kind, Pattern)> {
    match (at.member("allow"), at.member("deny")) {
        (Some(at), None) => Some((Kind::Allow, pattern(&at, report)?)),
        (None, Some(at)) => Some((Kind::Deny, pattern(&at, report)?)),
        (None, None) => {
            let allowed = "required: allow or deny, which says when the window opens";
            report.miss(at, "allow", allowed.to_owned());
            None
        }
        (Some(_), Some(deny)) => {
            let allowed = "either allow or deny: this window has both, make two windows of it";
            report.refuse(&deny, allowed, None);
            None
        }
    }
}

fn pattern(at: &At<'_>, report: &mut Report<'_>) -> Option<Pattern> {
    let allowed = "five fields (minute, hour, day of the month, month, day of the week), such as 0 22 * * MON-FRI";
    match Pattern::parse(at.node.text()?) {
        Ok(pattern) if pattern.is_never() => {
            report.refuse(at, "a day that exists: no year has this one", None);
            None
        }
        Ok(pattern) => Some(pattern),
        // The reason is made of what was read.
        Err(_) if report.is_hidden() => {
            report.refuse(at, allowed, None);
            None
        }
        Err(reason) => {
            report.refuse(at, format!("{allowed}; {}", printable(&reason, 160)), None);
            None
        }
    }
}

fn zone(at: &At<'_>, hinted: bool, report: &mut Report<'_>) -> Option<Zone> {
    let allowed = "a name of the IANA time zone database, such as Europe/Berlin or UTC";
    let read = |text: &str| {
        let nearest = || if hinted { Zone::near(text) } else { None };
        let wrong = || Wrong { allowed: Some(allowed.to_owned()), nearest: nearest() };
        Zone::parse(text).ok_or_else(wrong)
    };
    report.text(Some(*at), allowed, read)
}

/// API:Cluster.clusterName
fn cluster(text: &str) -> Result<ClusterName, Wrong> {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let fits = |name: &&str| (1..=255).contains(&name.len()) && name.bytes().all(is_part);
    let nearest = || text.rsplit_once(":cluster/").map(|(_, name)| name).filter(fits);
    Some(text).filter(fits).map(ClusterName::as_read).ok_or_else(|| {
        let allowed = "a cluster's name: 1 to 255 letters, digits, '-' and '_'";
        Refused { allowed, nearest: nearest().map(str::to_owned) }.into()
    })
}

/// The windows of all parameters, and what is wrong with them together.
pub(super) fn join(parts: &[NamedPart<'_>]) -> (Vec<Window>, Vec<Issue>) {
    let all: Vec<Placed<'_>> = parts.iter().flat_map(placed).collect();
    if all.len() > MOST {
        return (Vec::new(), too_many(parts, all.len()));
    }
    let windows: Vec<&Window> = all.iter().map(|placed| placed.window).collect();
    let issues = contradictions(&windows).into_iter().map(|Contradiction { allow, denies }| {
        let denies = shown_places(denies.iter().map(|deny| all[*deny].place()));
        never_allows(&all[allow], &denies)
    });
    let issues = issues.collect();
    let windows: BTreeSet<Window> = windows.into_iter().cloned().collect();
    (windows.into_iter().collect(), issues)
}

/// A window, and where it stands.
struct Placed<'a> {
    parameter: &'a str,
    number: usize,
    window: &'a Window,
}

impl Placed<'_> {
    fn place(&self) -> String {
        place(self.parameter, &format!("/windows/{}", self.number))
    }
}

/// The windows of one parameter, each with its place.
fn placed<'a>(part: &'a NamedPart<'a>) -> impl Iterator<Item = Placed<'a>> {
    part.part.windows.iter().map(|WindowEntry { number, window }| Placed {
        parameter: part.name,
        number: *number,
        window,
    })
}

fn never_allows(allow: &Placed<'_>, denies: &str) -> Issue {
    let allowed = format!(
        "a time that no deny window covers: a deny window is open whenever this window is open ({denies}), so nothing could ever change; change one of them, or remove this one"
    );
    Issue { place: allow.place(), ..Issue::new("", "allow", allowed) }
}

fn too_many(parts: &[NamedPart<'_>], count: usize) -> Vec<Issue> {
    let with_windows = parts.iter().filter(|each| !each.part.windows.is_empty());
    let issue = |each: &NamedPart<'_>| {
        let read = each.part.windows.len().to_string();
        let allowed = format!(
            "at most {MOST} windows in all parameters together: there are {count}, remove some"
        );
        Issue { place: place(each.name, "/windows"), ..Issue::new("", &read, allowed) }
    };
    with_windows.map(issue).collect()
}
