//! `eastwest lint`: is what was written valid? Documents are checked by their own rules, captured services by the holds
//! of a plan for them that a person must fix, a plan of Terraform by what it brings about. None of it needs AWS.
//!
//! [`findings`] is what was found and its text, [`terraform`] checks a plan, [`formats`] speaks to pipelines.

mod findings;

mod terraform;

mod formats;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use eastwest_aws::Captures;
use eastwest_core::declaration::document;
use eastwest_core::declaration::intent::Intent;
use eastwest_core::declaration::settings::{Policy, Settings};
use eastwest_core::ecs::name::ParameterName;
use eastwest_core::ecs::parameter::Parameter;
use eastwest_core::ecs::time::AwsTime;
use eastwest_core::engine::look::Looked;
use eastwest_core::plan::hold::Hold;
use serde_json::Value;

use self::findings::Findings;
use self::terraform::Against;
use super::format::Format;
use super::look;
use super::offline;
use super::out;
use super::versioned::Versioned;
use crate::api::json;
use crate::api::plan::PlanPage;
use crate::config::Config;

/// Flags of `lint`.
#[derive(Debug, Args)]
pub(crate) struct LintFlags {
    /// Documents, or captures as `plan --from` takes them; `-` is standard input. Several documents are checked
    /// together, as parameters below one path.
    #[arg(required_unless_present = "terraform_plan", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// A plan of Terraform or OpenTofu to check, as `terraform show -json PLAN` prints it; `-` is standard input. Its tags,
    /// and whether its services want the same name. With `--from` or `--aws` also the names that others have, and what
    /// eastwest would roll out.
    #[arg(long, value_name = "FILE")]
    pub(crate) terraform_plan: Option<PathBuf>,
    /// Compare the plan with what these captured files or folders hold, as `plan --from` takes them.
    #[arg(long, num_args = 1.., value_name = "FILE|DIR", requires = "terraform_plan")]
    pub(crate) from: Vec<PathBuf>,
    /// Compare the plan with AWS as it is now. Never writes.
    #[arg(long, requires = "terraform_plan", conflicts_with = "from")]
    pub(crate) aws: bool,
    /// How to print the findings.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Print the findings as JSON: the same as `--format json`.
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
}

/// Members that a document has and no capture, `services` as an object aside.
const OF_DOCUMENTS: &[&str] =
    &["version", "namespaces", "defaults", "claims", "limits", "windows", "freeze", "namePorts"];

/// Checks files. Exit codes: 0 in order, 1 something is wrong.
pub(crate) async fn run(config: &Config, flags: &LintFlags) -> anyhow::Result<ExitCode> {
    let files = flags.files.iter().map(|file| (offline::name(file), offline::text(file)));
    let mut found = check(files, &config.settings).await;
    if let Some(file) = &flags.terraform_plan {
        let against = match flags.from.as_slice() {
            [] if flags.aws => Against::Aws,
            [] => Against::Nothing,
            files => Against::Files(files),
        };
        terraform::check(&mut found, config, file, against).await?;
    }
    let text = match if flags.json { Format::Json } else { flags.format } {
        Format::Text => found.text(),
        Format::Json => json::pretty(&Versioned::new(&found))? + "\n",
        Format::Github => formats::github(&found),
        Format::Junit => formats::junit(&found)?,
    };
    out::print(&text)?;
    Ok(if found.is_wrong() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The findings about files, given by name with their text or why they could not be read.
async fn check(
    files: impl IntoIterator<Item = (String, Result<String, String>)>,
    settings: &Settings,
) -> Findings {
    let mut found = Findings::default();
    let (mut parameters, mut captures) = (Vec::new(), Captures::default());
    for (name, text) in files {
        match text {
            Err(message) => found.file(name, message),
            Ok(text) if is_document(&text) => parameters.push(parameter(&name, text)),
            Ok(text) => {
                for mistake in captures.add(&name, &text) {
                    let message =
                        format!("{}; a document, or {}", mistake.found, Captures::UNDERSTOOD);
                    found.file(mistake.place, message);
                }
            }
        }
    }
    found.documents(&parameters);
    if captures.has_services() {
        found.captures(captures, settings).await;
    }
    found
}

/// Whether a text is a document and no capture, as far as it is JSON at all.
fn is_document(text: &str) -> bool {
    let Ok(Value::Object(members)) = serde_json::from_str(text) else { return false };
    members.get("services").is_some_and(Value::is_object)
        || members.keys().any(|name| OF_DOCUMENTS.contains(&name.as_str()))
}

/// A file as the parameter that it may become.
fn parameter(name: &str, text: String) -> Parameter {
    Parameter {
        name: ParameterName::as_read(name),
        version: 1,
        modified_at: AwsTime(0),
        is_secret: false,
        text,
    }
}

impl Findings {
    fn documents(&mut self, parameters: &[Parameter]) {
        self.documents = parameters.len();
        if parameters.is_empty() {
            return;
        }
        for issue in document::read(parameters).1 {
            let subject = issue.place.split('#').next().unwrap_or_default().to_owned();
            self.issue(subject, &issue);
        }
    }

    /// What a person must fix, by the plan for captured services.
    async fn captures(&mut self, captures: Captures, settings: &Settings) {
        let offline = offline::offline(captures, settings);
        self.notes = offline.notes;
        let settings = Settings { policy: Policy::Sync, ..settings.clone() };
        let looked = look::look(Arc::new(offline.world), &settings).await;
        self.looked(&looked, &settings);
    }

    fn looked(&mut self, looked: &Looked, settings: &Settings) {
        let page = PlanPage::new(&looked.plan, &looked.view, settings);
        let is_ours =
            |service: &eastwest_core::view::ServiceView| service.intent != Intent::NotOptedIn;
        self.services = looked.view.services().filter(|(_, service)| is_ours(service)).count();
        for fault in &page.faults {
            self.file(format!("cluster {}", fault.cluster), fault.message.clone());
        }
        for row in page.issues {
            if looked.view.service(&row.service).is_some_and(is_ours) {
                self.issue(row.service.to_string(), &row.issue);
            }
        }
        for row in page.holds {
            // Offline nothing is read again: what is not in the captures will not be seen.
            if row.hold.is_mistake() || matches!(row.hold, Hold::NotSeen(_)) {
                self.hold(row.service.to_string(), &row.hold);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::*;

    async fn found(files: &[(&str, &str)]) -> Findings {
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), Ok((*text).to_owned())));
        check(files, &Settings::default()).await
    }

    async fn lines(files: &[(&str, &str)], expected: &Expect) {
        expected.assert_eq(&found(files).await.text());
    }

    fn service(name: &str, tags: &[(&str, &str)]) -> Value {
        let tag =
            |(key, value): &(&str, &str)| json!({"key": format!("eastwest/{key}"), "value": value});
        json!({
            "serviceArn": format!("arn:aws:ecs:r:1:service/prod/{name}"), "serviceName": name,
            "clusterArn": "arn:aws:ecs:r:1:cluster/prod", "status": "ACTIVE",
            "taskDefinition": "arn:aws:ecs:r:1:task-definition/web:1",
            "deployments": [{"id": "1", "status": "PRIMARY", "rolloutState": "COMPLETED"}],
            "tags": tags.iter().map(tag).collect::<Vec<_>>(),
        })
    }

    #[tokio::test]
    async fn a_good_document_is_in_order() {
        let text = r#"{"version": 1, "services": {"prod/web": {"mode": "client"}}}"#;
        lines(
            &[("a.json", text)],
            &expect![[r#"
            1 document, 0 services that opted in: nothing is wrong
        "#]],
        )
        .await;
    }

    #[tokio::test]
    async fn every_issue_of_a_document_is_one_line_with_its_place() {
        let text = r#"{"version": 1, "services": {"prod/web": {"mode": "clinet", "needs": 1}}}"#;
        lines(&[("a.json", text)], &expect![[r#"
            error: a.json#/services/prod~1web/mode="clinet": client, client-server or off; did you mean "client"?
            error: a.json#/services/prod~1web/needs="1": a list
            1 document, 0 services that opted in: 2 errors
        "#]]).await;
    }

    #[tokio::test]
    async fn documents_given_together_must_not_contradict_each_other() {
        let one = r#"{"version": 1, "services": {"prod/web": {"mode": "client"}}}"#;
        let other = r#"{"version": 1, "services": {"prod/web": {"mode": "off"}}}"#;
        lines(&[("a.json", one), ("b.json", other)], &expect![[r#"
            error: a.json#/services/prod~1web="prod/web": other values stand at b.json#/services/prod~1web: keep one of them, or write the same value in each
            error: b.json#/services/prod~1web="prod/web": other values stand at a.json#/services/prod~1web: keep one of them, or write the same value in each
            2 documents, 0 services that opted in: 2 errors
        "#]]).await;
    }

    #[tokio::test]
    async fn captured_services_that_opted_in_are_checked_and_no_others() {
        let services = [
            service("bad", &[("mode", "clinet")]),
            service("unready", &[("mode", "client-server"), ("namespace", "n")]),
            service("nowhere", &[("mode", "client")]),
            service("silent", &[("port", "no mode")]),
        ];
        let definition = json!({"taskDefinition": {
            "taskDefinitionArn": "arn:aws:ecs:r:1:task-definition/web:1", "networkMode": "awsvpc",
            "memory": "512", "containerDefinitions": [{"name": "app", "portMappings": [{"containerPort": 80}]}],
        }});
        let files = [
            ("services.json", json!({"services": services}).to_string()),
            ("web.json", definition.to_string()),
        ];
        let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
        lines(&files, &expect![[r#"
            i namespaces were not captured: names are taken as written, and a name and an id are two; to be exact, add `aws servicediscovery list-namespaces`
            i clusters were not captured and are taken to have no default namespace; to be exact, add `aws ecs describe-clusters --clusters prod`
            i Cloud Map services were not captured, so names that are left over there are not seen; to be exact, add `aws servicediscovery list-services`

            error: prod/bad: eastwest/mode="clinet": client, client-server or off; did you mean "client"?
            error: prod/bad: Ambiguous: invalid declaration: see its issues; ends once its issues are fixed
            error: prod/nowhere: NoNamespace: no namespace: set the namespace tag, --namespace, or the cluster's Service Connect default; ends once that namespace exists, or another one is declared
            error: prod/unready: Ineligible: the port mapping 80 of container app in web:1 has no name: register a revision with "name": "app-80-tcp"; ends once the service runs a revision of web that names it
            0 documents, 3 services that opted in: 4 errors
        "#]]).await;
    }

    #[tokio::test]
    async fn what_is_neither_a_document_nor_a_capture_is_wrong() {
        lines(&[("a.json", "{\"a\": 1}"), ("b.json", "{")], &expect![[r#"
            error: a.json: a JSON object with a; a document, or what the AWS CLI prints for `aws ecs describe-services --include TAGS`, `aws ecs describe-task-definition`, `aws ecs describe-clusters`, `aws servicediscovery list-namespaces`, `aws servicediscovery list-services`, `aws ecs list-service-deployments`, `aws ecs describe-service-deployments`, `aws ecs describe-service-revisions`, and for `verify` `aws ecs describe-tasks`, `aws servicediscovery discover-instances`, `aws ec2 describe-security-groups` and `aws ec2 describe-network-interfaces`
            error: b.json: not JSON: EOF while parsing an object at line 1 column 1; a document, or what the AWS CLI prints for `aws ecs describe-services --include TAGS`, `aws ecs describe-task-definition`, `aws ecs describe-clusters`, `aws servicediscovery list-namespaces`, `aws servicediscovery list-services`, `aws ecs list-service-deployments`, `aws ecs describe-service-deployments`, `aws ecs describe-service-revisions`, and for `verify` `aws ecs describe-tasks`, `aws servicediscovery discover-instances`, `aws ec2 describe-security-groups` and `aws ec2 describe-network-interfaces`
            0 documents, 0 services that opted in: 2 errors
        "#]]).await;
    }

    #[tokio::test]
    async fn an_unreadable_file_does_not_hide_the_others() {
        let bad = ("gone.json".to_owned(), Err("No such file".to_owned()));
        let good = ("a.json".to_owned(), Ok(r#"{"version": 2}"#.to_owned()));
        let found = check([bad, good], &Settings::default()).await;
        assert_eq!(found.all.len(), 2, "{found:?}");
        let json = crate::command::tests::published(&found);
        assert_eq!(json["findings"][0]["kind"], "file");
        assert_eq!(json["findings"][1]["kind"], "issue");
        assert_eq!(json["findings"][1]["place"], "a.json#/version");
    }
}
