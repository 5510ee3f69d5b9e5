//! Which document is in force: always the last good one.
//!
//! **Invariant:** a reading that failed, is older, is bad or is empty replaces nothing. The document in force stays,
//! and its age is shown. A parameter that is missing below a path counts as deleted only if it is missing for longer
//! than AWS can lag, because its services are then no longer managed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::declaration::document;
use crate::declaration::document::Document;
use crate::declaration::intent::NamedEntry;
use crate::declaration::issue::{Issue, Weight};
use crate::ecs::fault::{Fault, FaultKind};
use crate::ecs::name::ParameterName;
use crate::ecs::parameter::Parameter;
use crate::ecs::seen::Seen;
use crate::ecs::time::Now;

/// Issues that one line names. The pages show all of them.
const TOLD_AT_ONCE: usize = 5;

/// When a reading arrived, and for how long an answer may lag.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// When it arrived.
    pub now: Now,
    /// How long an answer may lag.
    pub staleness: Duration,
}

/// What is known of the document's sources.
#[derive(Debug, Clone, Default)]
pub struct InForce {
    sources: BTreeMap<ParameterName, DocumentSource>,
    /// The issues of the latest complete reading of all sources.
    pub issues: Vec<Issue>,
}

/// A source: a parameter, or every parameter below a path.
#[derive(Debug, Clone, Default)]
pub struct DocumentSource {
    /// Its latest accepted reading, good or bad.
    parameters: Vec<Parameter>,
    /// When AWS last answered for it, even with a failure.
    pub read_at: Option<Now>,
    /// When a reading of it was last part of the document in force, or equal to it.
    pub good_at: Option<Now>,
    /// Why its last reading failed, if it did.
    pub trouble: Option<Fault>,
    missing_since: Option<Now>,
}

impl InForce {
    /// Takes in a reading of one of `wanted`. Returns the document that is in force from now on, if the reading was
    /// good.
    pub fn take_in(
        &mut self,
        name: &ParameterName,
        seen: Seen<Vec<Parameter>>,
        wanted: &BTreeSet<ParameterName>,
        arrival: Arrival,
    ) -> Option<Arc<Document>> {
        let source = self.sources.entry(name.clone()).or_default();
        if !source.accept(name, seen, arrival) {
            return None;
        }
        let read = |name| self.sources.get(name).filter(|s| !s.parameters.is_empty());
        let all: Option<Vec<&DocumentSource>> = wanted.iter().map(read).collect();
        let parameters: Vec<Parameter> =
            all?.into_iter().flat_map(|source| &source.parameters).cloned().collect();
        let (document, issues) = document::read(&parameters);
        self.issues = issues;
        let document = Arc::new(document?);
        for source in self.sources.values_mut().filter(|source| source.trouble.is_none()) {
            source.good_at = source.read_at;
        }
        Some(document)
    }

    /// What is known of a source.
    pub fn source(&self, name: &ParameterName) -> Option<&DocumentSource> {
        self.sources.get(name)
    }

    /// Whether the last reading of a source failed.
    pub fn is_troubled(&self, name: &ParameterName) -> bool {
        self.source(name).is_some_and(|source| source.trouble.is_some())
    }

    /// Since when the document in force has not been confirmed; none where none is in force.
    pub fn good_at(&self) -> Option<Now> {
        let all = self.sources.values().map(|source| source.good_at);
        all.collect::<Option<Vec<Now>>>()?.into_iter().min_by_key(|at| at.since_start)
    }

    /// Whether the latest reading is bad, so that an older one is in force.
    pub fn is_bad(&self) -> bool {
        self.issues.iter().any(|issue| issue.weight == Weight::Blocking)
    }

    /// One line that says what is wrong with the latest reading and what follows from it.
    pub fn trouble(&self) -> Option<String> {
        let faults = self.troubles().map(|(name, fault)| format!("{name}: {fault}"));
        let blocking = self.issues.iter().filter(|issue| issue.weight == Weight::Blocking);
        let all: Vec<String> = faults.chain(blocking.map(ToString::to_string)).collect();
        let more = all.len().saturating_sub(TOLD_AT_ONCE);
        let rest = if more > 0 { format!("; and {more} more") } else { String::new() };
        let first = all.iter().take(TOLD_AT_ONCE).map(String::as_str).collect::<Vec<_>>();
        let meanwhile = match self.good_at() {
            Some(_) => "; the last good document stays in force until this is fixed",
            None => "; eastwest changes nothing until this is fixed",
        };
        (!all.is_empty()).then(|| first.join("; ") + &rest + meanwhile)
    }

    /// The sources whose last reading failed, and why.
    pub fn troubles(&self) -> impl Iterator<Item = (&ParameterName, &Fault)> {
        self.sources.iter().filter_map(|(name, source)| Some((name, source.trouble.as_ref()?)))
    }
}

impl DocumentSource {
    /// Keeps a reading, unless it failed, is empty or is older. Says whether it was kept.
    fn accept(
        &mut self,
        name: &ParameterName,
        seen: Seen<Vec<Parameter>>,
        Arrival { now, staleness }: Arrival,
    ) -> bool {
        self.read_at = Some(now);
        let new = match seen {
            Seen::Known(new) if !new.is_empty() => new,
            Seen::Known(_) | Seen::Absent => return self.refuse(nothing_there(name)),
            Seen::Unknown(fault) => return self.refuse(fault),
        };
        if let Some(older) = self.parameters.iter().find(|known| is_older(&new, known)) {
            return self.refuse(is_older_fault(older));
        }
        let missing = self.parameters.iter().find(|known| find(&new, known).is_none());
        if let Some(missing) = missing {
            let since = *self.missing_since.get_or_insert(now);
            if now.since(since) < staleness {
                return self.refuse(nothing_there(&missing.name));
            }
        }
        self.missing_since = None;
        self.trouble = None;
        self.parameters = new;
        true
    }

    fn refuse(&mut self, fault: Fault) -> bool {
        self.trouble = Some(fault);
        false
    }
}

/// A parameter that some service's `document` tag names.
#[derive(Debug, Clone, Default)]
pub struct NamedParameter {
    source: DocumentSource,
    /// What it says.
    pub rest: NamedEntry,
}

impl NamedParameter {
    /// Takes in a reading.
    pub fn take_in(&mut self, name: &ParameterName, seen: Seen<Vec<Parameter>>, arrival: Arrival) {
        if !self.source.accept(name, seen, arrival) {
            return self.show_lasting_fault(name);
        }
        let (declaration, issues) = match &self.source.parameters[..] {
            [only] => document::read_entry(only),
            _ => (None, Vec::new()),
        };
        // Whoever tags a service need not be allowed to read the parameter: only the place and the kind are shown.
        self.rest.issues = issues.into_iter().map(Issue::hidden).collect();
        if let Some(declaration) = declaration {
            self.rest.declaration = Some(Arc::new(declaration));
        } else if self.rest.declaration.is_some() {
            // The last good content stays in force, so the service is not held. Its owner still sees the issues.
            let issues = std::mem::take(&mut self.rest.issues);
            self.rest.issues = issues.into_iter().map(Issue::advice).collect();
        }
    }

    /// Shows the owner of the service why the parameter cannot be read: the service goes on with the last good content,
    /// so nothing else shows it. A fault that passes by itself is not shown.
    fn show_lasting_fault(&mut self, name: &ParameterName) {
        let lasts = |fault: &&Fault| matches!(fault.kind, FaultKind::NotFound | FaultKind::Denied);
        let Some(fault) = self.source.trouble.as_ref().filter(lasts) else { return };
        if self.rest.declaration.is_some() {
            let allowed = "its last good text stays in force until it can be read again";
            let issue = Issue::new(name.as_str(), &fault.to_string(), allowed);
            self.rest.issues = vec![issue.advice()];
        }
    }

    /// When AWS last answered for it, and why that failed, if it did.
    pub fn last(&self) -> (Option<Now>, Option<&Fault>) {
        (self.source.read_at, self.source.trouble.as_ref())
    }
}

fn find<'a>(parameters: &'a [Parameter], like: &Parameter) -> Option<&'a Parameter> {
    parameters.iter().find(|parameter| parameter.name == like.name)
}

/// When a deleted parameter is created again, its version starts at 1, but its time does not go back.
fn is_older(new: &[Parameter], known: &Parameter) -> bool {
    let rank = |parameter: &Parameter| (parameter.modified_at, parameter.version);
    find(new, known).is_some_and(|new| rank(new) < rank(known))
}

fn nothing_there(name: &ParameterName) -> Fault {
    let what = if name.is_path() { "there is no parameter below" } else { "there is no parameter" };
    let message = format!("{what} {name}; create it, or name another");
    Fault::new(FaultKind::NotFound, "ssm.GetParameter", &message)
}

fn is_older_fault(known: &Parameter) -> Fault {
    let message = format!(
        "the answer has an older version of {} than version {}, which was read before",
        known.name, known.version
    );
    Fault::new(FaultKind::Incomplete, "ssm.GetParameter", &message)
}

#[cfg(test)]
mod tests;
