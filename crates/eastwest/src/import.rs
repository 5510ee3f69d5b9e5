//! `eastwest import`: the tags, or the document, that say what Service Connect is today.
//!
//! **Invariant:** this only reads, and prints. Tags are printed only after a plan for the same readings with these
//! tags in place changed nothing; what would change is told and left out.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use eastwest_aws::World;
use eastwest_core::declaration::declared::Declaration;
use eastwest_core::declaration::intent::Intent;
use eastwest_core::declaration::settings::{Policy, Settings, Sources};
use eastwest_core::declaration::tag;
use eastwest_core::declaration::tag_prefix::TagPrefix;
use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::ground::Ground;
use eastwest_core::ecs::name::{Arn, ClusterName, ServiceKey};
use eastwest_core::ecs::namespace::Namespace;
use eastwest_core::ecs::seen::Seen;
use eastwest_core::ecs::service::{EcsService, ServiceStatus};
use eastwest_core::ecs::task_definition::TaskDefinition;
use eastwest_core::engine::effect::{Effect, Event};
use eastwest_core::plan::entry::Verdict;
use eastwest_core::planner::plan;
use eastwest_core::report::import::{declaration, entry, tags};
use eastwest_core::view::View;
use eastwest_core::view::merge::Reader;
use eastwest_core::view::reading::{Answer, ClusterReading, Question};
use futures_util::{StreamExt, stream};

use crate::cli::ImportFlags;
use crate::look;

/// Reads in flight; each waits for its share of the API quota anyway.
const AT_ONCE: usize = 16;
/// What a parameter of the standard tier holds, in bytes (SSM:PutParameterRequest.Value).
const STANDARD: usize = 4096;

/// Everything that was read.
#[derive(Default)]
struct Found {
    readings: Vec<ClusterReading>,
    namespaces: Vec<Namespace>,
    task_definitions: BTreeMap<Arn, TaskDefinition>,
    trouble: Vec<String>,
}

/// What is to be said of one service.
struct Imported {
    arn: Arn,
    declaration: Declaration,
    /// The tags to set.
    tags: BTreeMap<String, String>,
    /// Tags that say something else about what is deployed, to be taken off.
    stale: Vec<String>,
    /// What is kept as deployed because no tag can say it.
    unsaid: Vec<String>,
}

/// Prints what says how things are: 0, or 1 where something could not be read or said.
pub(crate) async fn import(
    world: &World,
    settings: &Settings,
    (flags, notes): (&ImportFlags, &[String]),
) -> anyhow::Result<ExitCode> {
    let settings = Settings { policy: Policy::Sync, ..settings.clone() };
    let found = read(world, &settings).await;
    let mut imported = found.imported(&settings.prefix, flags.all);
    let mut trouble = found.trouble.clone();
    trouble.extend(found.unsettled(&mut imported, &settings));
    for note in notes {
        eprintln!("note: {note}");
    }
    let text = if flags.document {
        document(&imported)
    } else if flags.json {
        json(&imported)?
    } else {
        script(&imported)
    };
    print!("{text}");
    for trouble in &trouble {
        eprintln!("error: {trouble}");
    }
    Ok(if trouble.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Reads every service, the namespaces, and the task definitions of those that use Service Connect.
async fn read(world: &World, settings: &Settings) -> Found {
    let mut found = Found::default();
    for cluster in clusters(world, settings, &mut found.trouble).await {
        if let Event::Swept(reading) = world.execute(Effect::Sweep(cluster)).await {
            found.take_in(reading);
        }
    }
    if let Answer::Namespaces(seen) = ask(world, Question::Namespaces).await {
        match seen {
            Seen::Known(namespaces) => found.namespaces = namespaces,
            Seen::Unknown(fault) => found.trouble.push(fault.to_string()),
            Seen::Absent => {}
        }
    }
    let arns: BTreeSet<Arn> = found.connected().map(|s| s.task_definition.clone()).collect();
    let asked = arns.into_iter().map(|arn| ask(world, Question::TaskDefinition(arn)));
    let mut answers = stream::iter(asked).buffer_unordered(AT_ONCE);
    while let Some(answer) = answers.next().await {
        if let Answer::TaskDefinition(arn, Seen::Known(definition)) = answer {
            found.task_definitions.insert(arn, definition);
        }
    }
    found
}

async fn clusters(
    world: &World,
    settings: &Settings,
    trouble: &mut Vec<String>,
) -> BTreeSet<ClusterName> {
    if let Some(clusters) = &settings.clusters {
        return clusters.clone();
    }
    match world.execute(Effect::FindClusters).await {
        Event::ClustersFound(Ok(clusters)) => clusters,
        Event::ClustersFound(Err(fault)) => {
            trouble.push(fault.to_string());
            BTreeSet::new()
        }
        _ => BTreeSet::new(),
    }
}

async fn ask(world: &World, question: Question) -> Answer {
    let failed = question.failed(Fault::new(FaultKind::Incomplete, "aws", "not answered"));
    match world.execute(Effect::Ask(question)).await {
        Event::Answered(answer) => answer,
        _ => failed,
    }
}

impl Found {
    fn take_in(&mut self, reading: ClusterReading) {
        let cluster = &reading.cluster;
        let faults = reading.listing.as_ref().err().into_iter().chain(
            reading.services.values().filter_map(|seen| match seen {
                Seen::Unknown(fault) => Some(fault),
                Seen::Known(_) | Seen::Absent => None,
            }),
        );
        let told: BTreeSet<String> =
            faults.map(|fault| format!("cluster {cluster}: {fault}")).collect();
        self.trouble.extend(told);
        self.readings.push(reading);
    }

    /// The services that use Service Connect.
    fn connected(&self) -> impl Iterator<Item = &EcsService> {
        let services = self.readings.iter().flat_map(|reading| reading.services.values());
        services.filter_map(Seen::known).filter(|service| {
            let primary = service.primary();
            service.status == ServiceStatus::Active && primary.is_some_and(|p| p.connect.is_some())
        })
    }

    fn ground<'a>(&'a self, service: &EcsService) -> Ground<'a> {
        let reading = self.readings.iter().find(|r| r.cluster == service.key.cluster);
        Ground {
            namespaces: &self.namespaces,
            default_namespace: reading.and_then(|r| r.default_namespace.known()?.as_ref()),
            task_definition: self.task_definitions.get(&service.task_definition),
        }
    }

    fn imported(&self, prefix: &TagPrefix, all: bool) -> BTreeMap<ServiceKey, Imported> {
        let is_due = |service: &&EcsService| {
            all || tag::parse(prefix, &service.tags).0 == Intent::NotOptedIn
        };
        let services = self.connected().filter(is_due);
        let import = |service: &EcsService| {
            let declaration = declaration(service, &self.ground(service))?;
            let (tags, unsaid) = tags(&declaration, prefix);
            let arn = service.arn.clone();
            let stale = stale(prefix, service, &tags);
            Some((service.key.clone(), Imported { arn, declaration, tags, stale, unsaid }))
        };
        services.filter_map(import).collect()
    }

    /// Plans with the new tags in place, takes out what would change something, and says what and why.
    fn unsettled(
        &self,
        imported: &mut BTreeMap<ServiceKey, Imported>,
        settings: &Settings,
    ) -> Vec<String> {
        let view = self.view(imported, settings);
        let mut told = Vec::new();
        for (key, entry) in plan(&view, settings).entries {
            if !imported.contains_key(&key) {
                continue;
            }
            match &entry.verdict {
                Verdict::InSync => {}
                Verdict::Hold { hold, .. } => told.push(format!("{key} is held: {hold}")),
                Verdict::Step { .. } => {
                    imported.remove(&key);
                    told.push(format!("{key} is left out: planning with its tags would change it"));
                }
            }
        }
        told
    }

    /// What a look would see if the new tags were set, and no service but these had any.
    fn view(&self, imported: &BTreeMap<ServiceKey, Imported>, settings: &Settings) -> View {
        let mut view = View::default();
        let (prefix, staleness) = (&settings.prefix, settings.timing.staleness);
        // The tags alone, whatever a document says of these services.
        let sources = Sources::default();
        let reader = Reader { prefix, sources: &sources, staleness, now: look::now() };
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
            reader.swept(&mut view, reading);
        }
        reader.answered(&mut view, Answer::Namespaces(Seen::Known(self.namespaces.clone())));
        for (arn, definition) in &self.task_definitions {
            let seen = Seen::Known(definition.clone());
            reader.answered(&mut view, Answer::TaskDefinition(arn.clone(), seen));
        }
        view
    }
}

/// The service's tags of ours that speak of what is deployed and are not among the new ones.
fn stale(prefix: &TagPrefix, service: &EcsService, new: &BTreeMap<String, String>) -> Vec<String> {
    let kept = ["needs", "refresh", "pause", "document"].map(|tag| prefix.key(tag));
    let ours = service.tags.keys().filter(|key| key.starts_with(prefix.as_str()));
    ours.filter(|key| !new.contains_key(*key) && !kept.contains(key)).cloned().collect()
}

/// The commands that set the tags.
fn script(imported: &BTreeMap<ServiceKey, Imported>) -> String {
    let mut lines = vec![
        "#!/bin/sh".to_owned(),
        "# Tags that say what is deployed: planning with them changes nothing. Nothing is written yet;".to_owned(),
        "# read this, then run it.".to_owned(),
        "set -e".to_owned(),
    ];
    if imported.is_empty() {
        lines.push("# There is nothing to import.".to_owned());
    }
    for (key, new) in imported {
        lines.push(String::new());
        lines.push(comment(&key.to_string()));
        for words in &new.unsaid {
            lines.push(comment(&format!("kept as deployed, because no tag can say it: {words}")));
        }
        let at = format!("--resource-arn {}", quoted(new.arn.as_str()));
        let region = region(&new.arn);
        if !new.stale.is_empty() {
            let keys: Vec<String> = new.stale.iter().map(|key| quoted(key)).collect();
            lines
                .push(format!("aws ecs untag-resource {at} --tag-keys {}{region}", keys.join(" ")));
        }
        let tag = |(key, value): (&String, &String)| quoted(&format!("key={key},value={value}"));
        let tags: Vec<String> = new.tags.iter().map(tag).collect();
        lines.push(format!("aws ecs tag-resource {at} --tags {}{region}", tags.join(" ")));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// The flag for the region that an ARN names, whatever the caller's own is.
fn region(arn: &Arn) -> String {
    let region = arn.as_str().split(':').nth(3).unwrap_or_default();
    if region.is_empty() { String::new() } else { format!(" --region {}", quoted(region)) }
}

fn comment(text: &str) -> String {
    let shown: String = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    format!("# {shown}")
}

/// A word for a POSIX shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,@+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The tags by ARN; the rest is told beside it.
fn json(imported: &BTreeMap<ServiceKey, Imported>) -> anyhow::Result<String> {
    for (key, new) in imported {
        note_kept(key, &new.unsaid);
        for tag in &new.stale {
            eprintln!("note: {key}: remove its tag {tag}");
        }
    }
    let tags: BTreeMap<&str, _> =
        imported.values().map(|new| (new.arn.as_str(), &new.tags)).collect();
    Ok(format!("{}\n", serde_json::to_string_pretty(&tags)?))
}

fn note_kept(key: &ServiceKey, unsaid: &[String]) {
    for words in unsaid {
        eprintln!("note: {key}: kept as deployed: {words}");
    }
}

/// The document; what it cannot say is told beside it.
fn document(imported: &BTreeMap<ServiceKey, Imported>) -> String {
    let mut entries = BTreeMap::new();
    for (key, new) in imported {
        let (entry, unsaid) = entry(key, &new.declaration);
        note_kept(key, &unsaid);
        entries.insert(key.clone(), entry);
    }
    let text = eastwest_core::declaration::document::write(&entries);
    if text.len() > STANDARD {
        eprintln!(
            "note: these are {} bytes and a standard parameter holds {STANDARD}: split the services over several parameters below one path",
            text.len()
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use eastwest_aws::Captures;
    use expect_test::expect;
    use serde_json::{Value, json};

    use super::*;

    fn service(name: &str, tags: &Value, endpoint: &Value) -> Value {
        json!({
            "serviceArn": format!("arn:aws:ecs:eu-west-1:1:service/prod/{name}"), "serviceName": name,
            "clusterArn": "arn:aws:ecs:eu-west-1:1:cluster/prod", "status": "ACTIVE", "tags": tags,
            "taskDefinition": "arn:aws:ecs:eu-west-1:1:task-definition/web:1",
            "deployments": [{
                "id": "1", "status": "PRIMARY", "rolloutState": "COMPLETED",
                "serviceConnectConfiguration": {
                    "enabled": true, "namespace": "internal", "services": [endpoint],
                    "logConfiguration": {"logDriver": "splunk", "options": {"splunk-token": "hush"}},
                },
            }],
        })
    }

    async fn found(services: &[Value]) -> Found {
        let mut captures = Captures::default();
        let text = json!({"services": services}).to_string();
        assert_eq!(captures.add("a.json", &text), []);
        read(&World::captured(captures), &Settings::default()).await
    }

    fn web() -> Value {
        let endpoint = json!({
            "portName": "http", "discoveryName": "web", "clientAliases": [{"port": 80, "dnsName": "web"}],
            "timeout": {"idleTimeoutSeconds": 300, "perRequestTimeoutSeconds": 15},
        });
        let old = json!([{"key": "eastwest/endpoint.http", "value": "name=old"}]);
        service("web", &old, &endpoint)
    }

    fn opted_in() -> Value {
        let tags = json!([{"key": "eastwest/mode", "value": "client-server"}, {"key": "eastwest/pause", "value": "true"}]);
        service(
            "api",
            &tags,
            &json!({"portName": "http", "clientAliases": [{"port": 81, "dnsName": "api"}]}),
        )
    }

    fn settings() -> Settings {
        Settings { policy: Policy::Sync, ..Settings::default() }
    }

    #[tokio::test]
    async fn the_script_sets_the_tags_and_shows_no_secret() {
        let found = found(&[web(), opted_in()]).await;
        let mut imported = found.imported(&TagPrefix::default(), false);
        assert_eq!(found.unsettled(&mut imported, &settings()), [""; 0]);
        let text = script(&imported);
        assert!(!text.contains("hush"));
        expect![[r#"
            #!/bin/sh
            # Tags that say what is deployed: planning with them changes nothing. Nothing is written yet;
            # read this, then run it.
            set -e

            # prod/web
            # kept as deployed, because no tag can say it: the proxy's logs
            aws ecs untag-resource --resource-arn arn:aws:ecs:eu-west-1:1:service/prod/web --tag-keys eastwest/endpoint.http --region eu-west-1
            aws ecs tag-resource --resource-arn arn:aws:ecs:eu-west-1:1:service/prod/web --tags key=eastwest/alias,value=web:80 key=eastwest/discovery-name,value=web key=eastwest/mode,value=client-server key=eastwest/namespace,value=internal key=eastwest/port,value=http 'key=eastwest/timeout,value=idle=300s request=15s' --region eu-west-1
        "#]].assert_eq(&text);
    }

    #[tokio::test]
    async fn all_means_those_that_opted_in_too() {
        let found = found(&[web(), opted_in()]).await;
        let mut imported = found.imported(&TagPrefix::default(), true);
        assert_eq!(found.unsettled(&mut imported, &settings()), [""; 0]);
        let keys: Vec<String> = imported.keys().map(ToString::to_string).collect();
        assert_eq!(keys, ["prod/api", "prod/web"]);
        assert!(imported.values().next().is_some_and(|api| api.stale.is_empty()), "a pause stays");
    }

    #[tokio::test]
    async fn the_json_has_the_tags_by_arn_and_the_document_the_services() {
        let found = found(&[web()]).await;
        let imported = found.imported(&TagPrefix::default(), false);
        let tags: Value = serde_json::from_str(&json(&imported).unwrap()).unwrap();
        let arn = "arn:aws:ecs:eu-west-1:1:service/prod/web";
        assert_eq!(tags[arn]["eastwest/alias"], "web:80");
        let text = document(&imported);
        assert!(!text.contains("hush"));
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["services"]["prod/web"]["endpoints"][0]["alias"], "web:80");
    }

    #[tokio::test]
    async fn tags_that_would_change_something_are_left_out_and_told() {
        let found = found(&[web()]).await;
        let mut imported = found.imported(&TagPrefix::default(), false);
        let web = imported.values_mut().next().expect("one service");
        web.tags.insert("eastwest/alias".to_owned(), "other:80".to_owned());
        let told = found.unsettled(&mut imported, &settings());
        assert_eq!(told.len(), 1, "{told:?}");
    }

    #[test]
    fn words_are_quoted_for_the_shell() {
        assert_eq!(quoted("key=eastwest/mode,value=client"), "key=eastwest/mode,value=client");
        assert_eq!(quoted("idle=5m request=30s"), "'idle=5m request=30s'");
        assert_eq!(quoted("a'; rm"), r"'a'\''; rm'");
        assert_eq!(comment("a\nrm"), "# a\u{fffd}rm");
    }
}
