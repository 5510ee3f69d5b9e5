//! Does Service Connect work, as far as it can be told from outside: for each endpoint that is wanted, what is fine, what
//! is broken, and what is not known.
//!
//! **In:** the view and the plan of one look, and [`Evidence`]: tasks, Cloud Map instances, answers to connections,
//! security groups, each as far as it was read. **Out:** a [`Report`]. [`subjects`] says what is to be verified and what
//! must be read for that; [`Subjects::probes`] says which connections are to be made; [`judge`] says what follows.
//!
//! **Invariant:** what was not read, or cannot be told, is [`Level::Unknown`], never [`Level::Ok`] and never
//! [`Level::Broken`].

pub mod finding;
mod subject;
mod tasks;
mod instances;
mod probes;
mod groups;
mod calls;
mod commands;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::ecs::fault::Fault;
use crate::ecs::name::Arn;
use crate::ecs::namespace::Instance;
use crate::ecs::network::Network;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::task::Task;
use finding::{CallReport, EndpointReport, Level, Report, ServiceReport, Summary};
use groups::Rules;
use subject::{Subject, WantedEndpoint};

pub use commands::{TryIt, WHY_NOT_NSLOOKUP};
pub use probes::{HttpAnswer, HttpAsk, Probe, ProbeRow, Probed};
pub use subject::{MOST_ALONE, Scope, Subjects, TasksOf, subjects};

/// What was read beside the look.
#[derive(Debug, Default)]
pub struct Evidence {
    /// The tasks of each service.
    pub tasks: BTreeMap<ServiceKey, Result<Vec<Task>, Fault>>,
    /// The instances of each Cloud Map service.
    pub instances: BTreeMap<Arn, Result<Vec<Instance>, Fault>>,
    /// What the instances answered; none if nobody asked them.
    pub probed: Option<BTreeMap<Probe, Probed>>,
    /// Network interfaces and security groups; none if they were not captured.
    pub network: Option<Network>,
}

impl Evidence {
    /// The tasks of a service that were read.
    fn tasks_of(&self, service: &ServiceKey) -> &[Task] {
        self.tasks.get(service).and_then(|seen| seen.as_ref().ok()).map_or(&[], Vec::as_slice)
    }
}

/// What follows from everything that was read.
pub fn judge(subjects: &Subjects, evidence: &Evidence) -> Report {
    let rules = evidence.network.as_ref().map(Rules::of);
    let of = |subject: &Subject| of_service(subjects, subject, evidence, rules.as_ref());
    let services: Vec<ServiceReport> = subjects.services.iter().map(of).collect();
    let mut summary = Summary::default();
    for service in &services {
        summary.add(service.level);
    }
    Report { services, summary }
}

fn of_service(
    subjects: &Subjects,
    subject: &Subject,
    evidence: &Evidence,
    rules: Option<&Rules<'_>>,
) -> ServiceReport {
    let seen = evidence.tasks.get(&subject.service.key);
    let findings = subject.unsure.iter().cloned().chain(tasks::findings(subject, seen)).collect();
    let endpoint = |endpoint: &WantedEndpoint| of_endpoint(subjects, subject, endpoint, evidence);
    let endpoints: Vec<EndpointReport> = subject.endpoints.iter().map(endpoint).collect();
    let calls: Vec<CallReport> =
        subject.calls.iter().map(|call| calls::report(subjects, call, evidence, rules)).collect();
    let mut report = ServiceReport {
        service: subject.service.key.clone(),
        level: Level::Ok,
        findings,
        endpoints,
        calls,
    };
    report.level = report.all_findings().map(|finding| finding.level).max().unwrap_or(Level::Ok);
    report
}

fn of_endpoint(
    subjects: &Subjects,
    subject: &Subject,
    endpoint: &WantedEndpoint,
    evidence: &Evidence,
) -> EndpointReport {
    let mut findings = instances::findings(subject, endpoint, evidence);
    let mut rows = Vec::new();
    if let Some(probed) = &evidence.probed {
        let asked = probes::of(subject, endpoint, evidence);
        findings.extend(probes::findings(subject, endpoint, &asked, probed));
        rows = probes::rows(&asked, probed);
    }
    EndpointReport {
        name: endpoint.name.clone(),
        alias: endpoint.alias(),
        findings,
        probes: rows,
        try_it: commands::of(subjects, subject, endpoint, evidence),
    }
}
