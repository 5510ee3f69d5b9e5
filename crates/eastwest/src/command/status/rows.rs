//! How each service stands, out of one look or from a running eastwest, in the order in which a person should look.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::Context as _;
use eastwest_core::declaration::settings::{Moment, Settings};
use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::ecs::time::AwsTime;
use eastwest_core::engine::look::Looked;
use eastwest_core::report::standing::{Standing, standing};
use eastwest_core::report::status::{Status, status};
use serde::{Deserialize, Serialize};
use strum::VariantArray as _;

use crate::api::explanation::JSON;
use crate::api::plan::FaultRow;
use crate::command::look::now;
use crate::command::text::not_seen;
use crate::command::versioned::FORMAT_VERSION;
use crate::daemon::client::Daemon;

/// How all services stand.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Standings {
    format_version: u32,
    /// How many stand how.
    pub(super) summary: BTreeMap<&'static str, usize>,
    /// What could not be read.
    pub(super) faults: Vec<FaultRow>,
    /// The services; what needs a person comes first.
    pub(super) services: Vec<Row>,
}

/// One service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Row {
    /// `cluster/name`.
    pub(super) service: String,
    /// How it stands.
    pub(super) standing: Standing,
    /// Whether what is in force is what is wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sync: Option<String>,
    /// Whether it is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) health: Option<String>,
    /// Why, in one word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    /// Why, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<String>,
    /// What would end it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ends: Option<String>,
    /// Since when it is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) since: Option<jiff::Timestamp>,
}

/// What a running eastwest answers, as far as it is shown here.
#[derive(Debug, Deserialize)]
struct Answer {
    clusters: Vec<Cluster>,
    services: Vec<Row>,
}

#[derive(Debug, Deserialize)]
struct Cluster {
    name: String,
    trouble: Option<String>,
}

impl Standings {
    pub(super) fn new(faults: Vec<FaultRow>, mut services: Vec<Row>) -> Self {
        services.sort_by(|a, b| (a.standing, &a.service).cmp(&(b.standing, &b.service)));
        let mut summary: BTreeMap<_, _> =
            Standing::VARIANTS.iter().map(|standing| (standing.name(), 0)).collect();
        for row in &services {
            *summary.entry(row.standing.name()).or_default() += 1;
        }
        Self { format_version: FORMAT_VERSION, summary, faults, services }
    }

    /// As one look shows them.
    pub(super) fn of_look(looked: &Looked, settings: &Settings) -> Self {
        let Looked { view, plan, .. } = looked;
        let moment = Moment { timing: &settings.timing, now: now() };
        let rows = view.services().map(|(key, _)| {
            let entry = plan.entries.get(key);
            let status = status(view, key, entry, moment);
            Row::new(key, standing(status.as_ref(), entry), status)
        });
        Self::new(FaultRow::of_look(looked), rows.collect())
    }

    /// As a running eastwest shows them.
    pub(super) async fn of_daemon(daemon: Daemon) -> anyhow::Result<Self> {
        let text = daemon.get("/api/v1/services".to_owned(), JSON).await?;
        let answer: Answer = serde_json::from_str(&text).context(
            "the answer of /api/v1/services is not understood: use an eastwest of the version that runs",
        )?;
        let clusters = answer.clusters.into_iter();
        let faults = clusters.filter_map(|cluster| {
            Some(FaultRow { cluster: cluster.name, message: cluster.trouble? })
        });
        Ok(Self::new(faults.collect(), answer.services))
    }

    /// This service alone.
    pub(super) fn only(self, service: &str) -> anyhow::Result<Self> {
        let rows: Vec<Row> =
            self.services.iter().filter(|row| row.service == service).cloned().collect();
        if rows.is_empty() {
            return Err(not_seen(service, self.services.iter().map(|row| row.service.as_str())));
        }
        Ok(Self::new(self.faults, rows))
    }

    /// 0 where no service needs a person, 1 where something could not be read, 2 where one needs a person.
    pub(super) fn exit_code(&self) -> ExitCode {
        if !self.faults.is_empty() {
            ExitCode::FAILURE
        } else if self.services.iter().any(|row| row.standing == Standing::Broken) {
            ExitCode::from(2)
        } else {
            ExitCode::SUCCESS
        }
    }
}

impl Row {
    fn new(key: &ServiceKey, standing: Standing, status: Option<Status>) -> Self {
        let service = key.to_string();
        let Some(status) = status else {
            let (sync, health, reason) = (None, None, None);
            let (message, ends, since) = (None, None, None);
            return Self { service, standing, sync, health, reason, message, ends, since };
        };
        let (sync, health): (&str, &str) = (status.sync.into(), status.health.into());
        Self {
            service,
            standing,
            sync: Some(sync.to_owned()),
            health: Some(health.to_owned()),
            reason: status.reason.map(|reason| reason.to_string()),
            message: status.message,
            ends: status.ends,
            since: status.began.and_then(AwsTime::calendar),
        }
    }
}
