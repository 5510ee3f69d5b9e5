//! What an import reads, and the tags that follow from it.
//!
//! In come readings of clusters, the namespaces and the task definitions of the services that use Service Connect; out
//! go the tags of each service. **Invariant:** a service whose tags would change it is left out: the tags are tried
//! with a plan for the same readings first.

use std::collections::{BTreeMap, BTreeSet};

use crate::declaration::declared::Declaration;
use crate::declaration::intent::{self, Intent};
use crate::declaration::settings::{Settings, Sources};

use crate::declaration::tag_prefix::TagPrefix;
use crate::ecs::defaults::Defaults;
use crate::ecs::name::Arn;
use crate::ecs::namespace::Namespace;
use crate::ecs::seen::Seen;
use crate::ecs::service::{EcsService, ServiceStatus};
use crate::ecs::service_key::ServiceKey;
use crate::ecs::task_definition::TaskDefinition;
use crate::ecs::time::Now;
use crate::plan::entry::Verdict;
use crate::planner::plan;
use crate::report::import::{declaration, tags};
use crate::view::View;
use crate::view::merge::Merger;
use crate::view::reading::{Answer, ClusterReading, Question};

/// Everything that was read.
#[derive(Debug, Default)]
pub struct Survey {
    readings: Vec<ClusterReading>,
    namespaces: Vec<Namespace>,
    task_definitions: BTreeMap<Arn, TaskDefinition>,
    /// What could not be read.
    pub trouble: Vec<String>,
}

/// The import of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The service.
    pub arn: Arn,
    /// What describes it.
    pub declaration: Declaration,
    /// The tags to set.
    pub tags: BTreeMap<String, String>,
    /// Tags that describe something else than what is deployed, to be removed.
    pub stale: Vec<String>,
    /// What is kept as deployed, because no tag can express it.
    pub inexpressible: Vec<String>,
}

impl Survey {
    /// Takes in the sweep of a cluster.
    pub fn swept(&mut self, reading: ClusterReading) {
        let cluster = &reading.cluster;
        let faults = reading.listing.as_ref().err().into_iter().chain(
            reading.services.values().filter_map(|seen| match seen {
                Seen::Unknown(fault) => Some(fault),
                Seen::Known(_) | Seen::Absent => None,
            }),
        );
        let texts: BTreeSet<String> =
            faults.map(|fault| format!("cluster {cluster}: {fault}")).collect();
        self.trouble.extend(texts);
        self.readings.push(reading);
    }

    /// Takes in an answer.
    pub fn answered(&mut self, answer: Answer) {
        match answer {
            Answer::Namespaces(Seen::Known(namespaces)) => self.namespaces = namespaces,
            Answer::Namespaces(Seen::Unknown(fault)) => self.trouble.push(fault.to_string()),
            Answer::TaskDefinition(arn, Seen::Known(definition)) => {
                self.task_definitions.insert(arn, definition);
            }
            // A task definition that cannot be read shows as a hold of its services.
            _ => {}
        }
    }

    /// What is to be asked once every cluster has been swept.
    pub fn questions(&self) -> BTreeSet<Question> {
        let named = self.connected().filter(|service| !service.names_no_task_definition());
        let definitions =
            named.map(|service| Question::TaskDefinition(service.task_definition.clone()));
        definitions.chain([Question::Namespaces]).collect()
    }

    /// The services that use Service Connect.
    fn connected(&self) -> impl Iterator<Item = &EcsService> {
        let services = self.readings.iter().flat_map(|reading| reading.services.values());
        services.filter_map(Seen::known).filter(|service| {
            let primary = service.primary();
            service.status == ServiceStatus::Active && primary.is_some_and(|p| p.connect.is_some())
        })
    }

    fn defaults<'a>(&'a self, service: &EcsService) -> Defaults<'a> {
        let reading = self.readings.iter().find(|r| r.cluster == service.key.cluster);
        Defaults {
            namespaces: &self.namespaces,
            default_namespace: reading.and_then(|r| r.default_namespace.known()?.as_ref()),
            task_definition: self.task_definitions.get(&service.task_definition),
        }
    }

    /// The import of each service that uses Service Connect; of those that opted in already only with `all`.
    pub fn imported(&self, prefix: &TagPrefix, all: bool) -> BTreeMap<ServiceKey, Imported> {
        let is_due = |service: &&EcsService| {
            all || intent::parse(prefix, &service.tags).0 == Intent::NotOptedIn
        };
        let services = self.connected().filter(is_due);
        let import = |service: &EcsService| {
            let declaration = declaration(service, &self.defaults(service))?;
            let (tags, inexpressible) = tags(&declaration, prefix);
            let arn = service.arn.clone();
            let stale = stale(prefix, service, &tags);
            Some((service.key.clone(), Imported { arn, declaration, tags, stale, inexpressible }))
        };
        services.filter_map(import).collect()
    }

    /// Plans with the new tags in place and takes out the services that would change; returns which and why.
    pub fn unsettled(
        &self,
        imported: &mut BTreeMap<ServiceKey, Imported>,
        settings: &Settings,
        now: Now,
    ) -> Vec<String> {
        let view = self.view(imported, settings, now);
        let mut reports = Vec::new();
        for (key, entry) in plan(&view, settings).entries {
            if !imported.contains_key(&key) {
                continue;
            }
            match &entry.verdict {
                Verdict::InSync => {}
                Verdict::Hold { hold, .. } => reports.push(format!("{key} is held: {hold}")),
                Verdict::Step { .. } => {
                    imported.remove(&key);
                    reports
                        .push(format!("{key} is left out: planning with its tags would change it"));
                }
            }
        }
        reports
    }

    /// What a look would see if the new tags were set, and no service but these had any.
    fn view(
        &self,
        imported: &BTreeMap<ServiceKey, Imported>,
        settings: &Settings,
        now: Now,
    ) -> View {
        let mut view = View::default();
        let (prefix, staleness) = (&settings.prefix, settings.timing.staleness);
        // The tags alone, without what a document declares for these services.
        let sources = Sources::default();
        let merger = Merger { prefix, sources: &sources, staleness, now };
        for mut reading in self.readings.iter().cloned() {
            for seen in reading.services.values_mut() {
                let Seen::Known(service) = seen else { continue };
                match imported.get(&service.key) {
                    Some(new) => {
                        service.tags.retain(|key, _| !new.stale.contains(key));
                        service.tags.extend(new.tags.clone());
                    }
                    None => service.tags.clear(),
                }
            }
            merger.swept(&mut view, reading);
        }
        merger.answered(&mut view, Answer::Namespaces(Seen::Known(self.namespaces.clone())));
        for (arn, definition) in &self.task_definitions {
            let seen = Seen::Known(definition.clone());
            merger.answered(&mut view, Answer::TaskDefinition(arn.clone(), seen));
        }
        view
    }
}

/// The service's tags of ours that speak of what is deployed and are not among the new ones.
fn stale(prefix: &TagPrefix, service: &EcsService, new: &BTreeMap<String, String>) -> Vec<String> {
    let kept = ["needs", "refresh", "pause", "check", "document"].map(|tag| prefix.key(tag));
    let ours = service.tags.keys().filter(|key| key.starts_with(prefix.as_str()));
    ours.filter(|key| !new.contains_key(*key) && !kept.contains(key)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::declaration::settings::Policy;
    use crate::engine::effect::{Effect, Event};
    use crate::testing::at;
    use crate::testing::fake::Fake;

    /// One connected service, one that opted in already, and one without Service Connect.
    const WORLD: &str = "namespace internal
        web - | in internal http/web@web:80
        ours mode=client-server | in internal http/ours@ours:80
        off - | off";

    fn survey(fake: &mut Fake) -> Survey {
        let mut survey = Survey::default();
        let clusters = fake.engine.settings().clusters.clone().expect("the text names them");
        for cluster in clusters {
            if let Event::Swept(reading) = fake.carry_out(Effect::Sweep(cluster)) {
                survey.swept(reading);
            }
        }
        for question in survey.questions() {
            if let Event::Answered(answer) = fake.carry_out(Effect::Ask(question)) {
                survey.answered(answer);
            }
        }
        survey
    }

    fn settings() -> Settings {
        Settings { policy: Policy::Sync, ..Settings::default() }
    }

    fn keys(imported: &BTreeMap<ServiceKey, Imported>) -> Vec<String> {
        imported.keys().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_connected_and_has_not_opted_in_is_imported() {
        let survey = survey(&mut Fake::new(WORLD));
        let mut imported = survey.imported(&TagPrefix::default(), false);
        assert_eq!(keys(&imported), ["prod/web"]);
        assert_eq!(survey.unsettled(&mut imported, &settings(), at(0)), [""; 0]);
        let all = survey.imported(&TagPrefix::default(), true);
        assert_eq!(keys(&all), ["prod/ours", "prod/web"]);
    }

    #[test]
    fn tags_that_would_change_a_service_are_reported() {
        let survey = survey(&mut Fake::new(WORLD));
        let mut imported = survey.imported(&TagPrefix::default(), false);
        let web = imported.values_mut().next().expect("one service");
        web.tags.insert("eastwest/timeout".to_owned(), "idle=1m".to_owned());
        let reports = survey.unsettled(&mut imported, &settings(), at(0));
        assert_eq!(reports.len(), 1, "{reports:?}");
        assert!(reports[0].starts_with("prod/web is "), "{reports:?}");
    }

    #[test]
    fn a_cluster_that_cannot_be_read_is_trouble() {
        let mut fake = Fake::new(WORLD);
        fake.fail("sweep", crate::ecs::fault::FaultKind::Denied, 1);
        let survey = survey(&mut fake);
        assert_eq!(survey.trouble.len(), 1, "{:?}", survey.trouble);
        assert!(survey.imported(&TagPrefix::default(), true).is_empty());
    }
}
