//! `eastwest import`: the tags, or the document, that describe what is deployed.
//!
//! **Invariant:** this only reads, and prints. Tags are printed only after a plan for the same readings with these
//! tags in place changed nothing. A service that would change is reported and left out.

mod code;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use eastwest_aws::World;
use eastwest_core::declaration::settings::{Policy, Settings};
use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::name::{Arn, ClusterName};
use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::engine::effect::{Effect, Event};
use eastwest_core::report::import::entry;
use eastwest_core::report::survey::{Imported, Survey};
use eastwest_core::view::reading::{Answer, Question};
use futures_util::{StreamExt, stream};
use serde::Serialize;

use self::code::comment;
use super::look;
use super::out;
use super::versioned::Versioned;
use super::world::{self, Origin};
use crate::api::json;
use crate::config::Config;

/// Flags of `import`.
#[derive(Debug, Args)]
pub(crate) struct ImportFlags {
    /// Read these captured files or folders instead of AWS, as `plan --from` does.
    #[arg(long, num_args = 1.., value_name = "FILE|DIR")]
    pub(crate) from: Vec<PathBuf>,
    /// Include services that have opted in already: print the tags that describe what is deployed.
    #[arg(long)]
    pub(crate) all: bool,
    /// What to print.
    #[arg(long, value_enum, default_value_t = Format::Script)]
    pub(crate) format: Format,
    /// Print the tags as JSON: the same as `--format json`.
    #[arg(long, conflicts_with_all = ["format", "document"])]
    pub(crate) json: bool,
    /// Print a document: the same as `--format document`.
    #[arg(long, conflicts_with = "format")]
    pub(crate) document: bool,
}

/// What is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A shell script that sets the tags with the AWS CLI.
    Script,
    /// The tags as JSON, by the ARNs of the services.
    Json,
    /// A document for Parameter Store.
    Document,
    /// A map of tags for Terraform: otherwise its next apply removes them.
    Terraform,
    /// The Tags of each service for CloudFormation, as YAML.
    Cloudformation,
}

impl ImportFlags {
    fn format(&self) -> Format {
        if self.json {
            Format::Json
        } else if self.document {
            Format::Document
        } else {
            self.format
        }
    }
}

/// Reads in flight; each waits for its share of the API quota anyway.
const AT_ONCE: usize = 16;
/// What a parameter of the standard tier holds, in bytes (SSM:PutParameterRequest.Value).
const STANDARD: usize = 4096;

/// Prints the import. Exit codes: 0, or 1 where something could not be read or expressed.
pub(crate) async fn run(config: &Config, flags: &ImportFlags) -> anyhow::Result<ExitCode> {
    let Origin { world, notes } = world::origin(config, &flags.from).await?;
    let settings = Settings { policy: Policy::Sync, ..config.settings.clone() };
    let found = read(&world, &settings).await;
    let mut imported = found.imported(&settings.prefix, flags.all);
    let mut trouble = found.trouble.clone();
    trouble.extend(found.unsettled(&mut imported, &settings, look::now()));
    for note in notes {
        eprintln!("note: {note}");
    }
    let text = if imported.is_empty() && !trouble.is_empty() {
        // An empty script would say that there is nothing to import, and nobody knows that.
        String::new()
    } else {
        match flags.format() {
            Format::Script => script(&imported),
            Format::Json => json(&imported)?,
            Format::Document => document(&imported),
            Format::Terraform => code::terraform(&imported),
            Format::Cloudformation => code::cloudformation(&imported)?,
        }
    };
    out::print(&text)?;
    for trouble in &trouble {
        eprintln!("error: {trouble}");
    }
    Ok(if trouble.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Reads every service, the namespaces, and the task definitions of those that use Service Connect.
async fn read(world: &World, settings: &Settings) -> Survey {
    let mut found = Survey::default();
    for cluster in clusters(world, settings, &mut found.trouble).await {
        if let Event::Swept(reading) = world.execute(Effect::Sweep(cluster)).await {
            found.swept(reading);
        }
    }
    let asked = found.questions().into_iter().map(|question| ask(world, question));
    let mut answers = stream::iter(asked).buffer_unordered(AT_ONCE);
    while let Some(answer) = answers.next().await {
        found.answered(answer);
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

/// The commands that set the tags.
fn script(imported: &BTreeMap<ServiceKey, Imported>) -> String {
    let mut lines = vec![
        "#!/bin/sh".to_owned(),
        "# Tags that describe what is deployed: a plan with them changes nothing. Nothing is written yet:".to_owned(),
        "# read this, then run it.".to_owned(),
        "set -e".to_owned(),
    ];
    if imported.is_empty() {
        lines.push("# There is nothing to import.".to_owned());
    }
    for (key, new) in imported {
        lines.push(String::new());
        lines.push(comment(&key.to_string()));
        for words in &new.inexpressible {
            lines.push(comment(&format!(
                "kept as deployed, because no tag can express it: {words}"
            )));
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

/// A word for a POSIX shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,@+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The tags of each service, by its ARN.
#[derive(Serialize)]
struct Tags<'a> {
    tags: BTreeMap<&'a str, &'a BTreeMap<String, String>>,
}

/// The tags by ARN; the rest goes to standard error.
fn json(imported: &BTreeMap<ServiceKey, Imported>) -> anyhow::Result<String> {
    for (key, new) in imported {
        note_kept(key, &new.inexpressible);
        for tag in &new.stale {
            eprintln!("note: {key}: remove its tag {tag}");
        }
    }
    let tags: BTreeMap<&str, _> =
        imported.values().map(|new| (new.arn.as_str(), &new.tags)).collect();
    Ok(json::pretty(&Versioned::new(Tags { tags }))? + "\n")
}

fn note_kept(key: &ServiceKey, inexpressible: &[String]) {
    for words in inexpressible {
        eprintln!("note: {key}: kept as deployed: {words}");
    }
}

/// The document; what it cannot express goes to standard error.
fn document(imported: &BTreeMap<ServiceKey, Imported>) -> String {
    let mut entries = BTreeMap::new();
    for (key, new) in imported {
        let path = key.path();
        let (entry, inexpressible) = entry(&path, &new.declaration);
        note_kept(key, &inexpressible);
        entries.insert(path, entry);
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
    use eastwest_core::declaration::tag_prefix::TagPrefix;
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

    async fn found(services: &[Value]) -> Survey {
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
        assert_eq!(found.unsettled(&mut imported, &settings(), look::now()), [""; 0]);
        let text = script(&imported);
        assert!(!text.contains("hush"));
        expect![[r#"
            #!/bin/sh
            # Tags that describe what is deployed: a plan with them changes nothing. Nothing is written yet:
            # read this, then run it.
            set -e

            # prod/web
            # kept as deployed, because no tag can express it: the proxy's logs
            aws ecs untag-resource --resource-arn arn:aws:ecs:eu-west-1:1:service/prod/web --tag-keys eastwest/endpoint.http --region eu-west-1
            aws ecs tag-resource --resource-arn arn:aws:ecs:eu-west-1:1:service/prod/web --tags key=eastwest/alias,value=web:80 key=eastwest/discovery-name,value=web key=eastwest/mode,value=client-server key=eastwest/namespace,value=internal key=eastwest/port,value=http 'key=eastwest/timeout,value=idle=300s request=15s' --region eu-west-1
        "#]].assert_eq(&text);
    }

    #[tokio::test]
    async fn all_means_those_that_opted_in_too() {
        let found = found(&[web(), opted_in()]).await;
        let mut imported = found.imported(&TagPrefix::default(), true);
        assert_eq!(found.unsettled(&mut imported, &settings(), look::now()), [""; 0]);
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
        assert_eq!(tags["tags"][arn]["eastwest/alias"], "web:80");
        let text = document(&imported);
        assert!(!text.contains("hush"));
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["services"]["prod/web"]["endpoints"][0]["alias"], "web:80");
    }

    #[tokio::test]
    async fn the_tags_are_code_for_the_tool_that_owns_the_service() {
        let found = found(&[web()]).await;
        let imported = found.imported(&TagPrefix::default(), false);
        expect![[r##"
            # Tags that describe what is deployed: a plan with them changes nothing. Each aws_ecs_service takes its own:
            #   tags = merge(local.eastwest_tags["CLUSTER/SERVICE"], { … })
            locals {
              eastwest_tags = {
                # kept as deployed, because no tag can express it: the proxy's logs
                # remove its tag eastwest/endpoint.http
                "prod/web" = {
                  "eastwest/alias" = "web:80"
                  "eastwest/discovery-name" = "web"
                  "eastwest/mode" = "client-server"
                  "eastwest/namespace" = "internal"
                  "eastwest/port" = "http"
                  "eastwest/timeout" = "idle=300s request=15s"
                }
              }
            }
        "##]].assert_eq(&code::terraform(&imported));
        expect![[r##"
            # Tags that describe what is deployed: a plan with them changes nothing. Each belongs to the Properties of its
            # AWS::ECS::Service.
            ---
            # prod/web, ServiceName: web
            # kept as deployed, because no tag can express it: the proxy's logs
            # remove its tag eastwest/endpoint.http
            Tags:
              - Key: "eastwest/alias"
                Value: "web:80"
              - Key: "eastwest/discovery-name"
                Value: "web"
              - Key: "eastwest/mode"
                Value: "client-server"
              - Key: "eastwest/namespace"
                Value: "internal"
              - Key: "eastwest/port"
                Value: "http"
              - Key: "eastwest/timeout"
                Value: "idle=300s request=15s"
        "##]].assert_eq(&code::cloudformation(&imported).unwrap());
    }

    #[tokio::test]
    async fn tags_that_would_change_something_are_left_out_and_reported() {
        let found = found(&[web()]).await;
        let mut imported = found.imported(&TagPrefix::default(), false);
        let web = imported.values_mut().next().expect("one service");
        web.tags.insert("eastwest/alias".to_owned(), "other:80".to_owned());
        let reports = found.unsettled(&mut imported, &settings(), look::now());
        assert_eq!(reports.len(), 1, "{reports:?}");
    }

    #[test]
    fn words_are_quoted_for_the_shell() {
        assert_eq!(quoted("key=eastwest/mode,value=client"), "key=eastwest/mode,value=client");
        assert_eq!(quoted("idle=5m request=30s"), "'idle=5m request=30s'");
        assert_eq!(quoted("a'; rm"), r"'a'\''; rm'");
        assert_eq!(comment("a\nrm"), "# a\u{fffd}rm");
    }
}
