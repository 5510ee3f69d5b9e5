//! From the calls of a look to captures: what AWS answered takes the place of what the AWS CLI printed.
//!
//! **Invariant:** a call that AWS refused is kept as refused, so that a plan made from the captures does not take for
//! absent what could not be read.

use eastwest_core::ecs::name::Arn;
use serde_json::{Map, Value, json};

use super::capture::{Captures, as_sent, items, resource, word};
use super::keep;
use super::refused::Call;
use crate::operation::Operation;
use crate::tap::Heard;

impl Captures {
    /// Takes in what one call of a look came to.
    pub fn hear(&mut self, heard: Heard) {
        let Heard { operation, request, outcome } = heard;
        let call = Call::of(operation.api(), operation.name(), &request);
        let mut answer = match outcome {
            Ok(answer) => answer,
            Err(refusal) => {
                self.refused.insert(call, (&refusal).into());
                return;
            }
        };
        // What eastwest cannot read as a time it could not read online either.
        drop(as_sent(&mut answer));
        keep::of(operation).cut(&mut answer);
        self.refused.remove(&call);
        self.keep_answer(operation, &request, &answer);
    }

    fn keep_answer(&mut self, operation: Operation, request: &Value, answer: &Value) {
        match operation {
            Operation::DescribeClusters => {
                keep_by(&mut self.clusters, answer, "clusters", |cluster| {
                    name(cluster, "clusterName")
                });
            }
            Operation::DescribeServices => self.keep_services(request, answer),
            Operation::DescribeTaskDefinition => {
                if let Some(definition) = answer.get("taskDefinition") {
                    let arn = name(definition, "taskDefinitionArn");
                    self.task_definitions.extend(arn.map(|arn| (arn, definition.clone())));
                }
            }
            Operation::ListServiceDeployments | Operation::DescribeDeployments => {
                for deployment in items(answer, "serviceDeployments") {
                    self.keep_deployment(deployment);
                }
            }
            Operation::DescribeRevisions => {
                keep_by(&mut self.revisions, answer, "serviceRevisions", |revision| {
                    name(revision, "serviceRevisionArn")
                });
                self.note_missing_revisions(items(answer, "failures"));
            }
            Operation::ListNamespaces => {
                keep_by(&mut self.namespaces, answer, "Namespaces", |each| name(each, "Id"));
                self.has_all_namespaces |= answer.get("NextToken").is_none();
            }
            Operation::ListCloudMapServices => {
                let Some(namespace) = request.pointer("/Filters/0/Values/0") else { return };
                self.keep_cloud_map_services(namespace.as_str(), items(answer, "Services"));
            }
            Operation::ListServicesByNamespace => {
                let arns = items(answer, "serviceArns").iter().filter_map(Value::as_str);
                let namespace = request.get("namespace").and_then(Value::as_str);
                let known = self.members.entry(namespace.unwrap_or_default().to_owned());
                known.or_default().extend(arns.map(str::to_owned));
            }
            _ => {}
        }
    }

    /// What the answer leaves out, or lists under `failures`, could not be read, each for a reason of its own.
    fn keep_services(&mut self, request: &Value, answer: &Value) {
        let cluster = resource(word(request, "cluster"));
        for service in items(answer, "services") {
            let Some(name) = name(service, "serviceName") else { continue };
            self.undescribed.remove(&(cluster.clone(), name.clone()));
            self.services.insert((cluster.clone(), name), service.clone());
        }
        for failure in items(answer, "failures") {
            let Some(arn) = failure.get("arn").and_then(Value::as_str) else { continue };
            let key = (cluster.clone(), Arn::as_read(arn).resource().to_owned());
            self.undescribed.insert(key, failure.clone());
        }
    }

    /// A member that only a listed or only a described deployment has stays.
    pub(super) fn keep_deployment(&mut self, deployment: &Value) {
        let Some(arn) = name(deployment, "serviceDeploymentArn") else { return };
        let known = self.deployments.entry(arn).or_insert_with(|| Map::new().into());
        if let (Value::Object(known), Value::Object(new)) = (known, deployment) {
            known.extend(new.clone());
        }
    }

    /// The list of Cloud Map does not say which namespace it is of; who asked knows.
    pub(super) fn keep_cloud_map_services(&mut self, namespace: Option<&str>, services: &[Value]) {
        let known = self.cloud_map.get_or_insert_default();
        let of_namespace = namespace.map(|namespace| self.listed.entry(namespace.to_owned()));
        let mut arns = Vec::new();
        for service in services {
            let Some(arn) = name(service, "Arn") else { continue };
            arns.push(arn.clone());
            known.insert(arn, service.clone());
        }
        if let Some(of_namespace) = of_namespace {
            of_namespace.or_default().extend(arns);
        }
    }

    /// One that AWS had lost when it was asked is lost here too.
    pub(super) fn note_missing_revisions(&mut self, failures: &[Value]) {
        let missing = |failure: &&Value| failure.get("reason").is_some_and(|r| r == "MISSING");
        for failure in failures.iter().filter(missing) {
            if let Some(arn) = name(failure, "arn") {
                self.revisions.entry(arn).or_insert(Value::Null);
            }
        }
    }

    /// The services that were listed and could not be described, and why, as `failures` shows them.
    pub(super) fn undescribed_services(&self) -> Vec<(String, String, Value)> {
        let listed = self.undescribed.iter();
        let listed = listed
            .map(|((cluster, name), failure)| (cluster.clone(), name.clone(), failure.clone()));
        let refused = self.refused.iter().filter(|(call, _)| call.name == "DescribeServices");
        let refused = refused.flat_map(|(call, refusal)| {
            let request: Value = serde_json::from_str(&call.request).unwrap_or_default();
            let cluster = resource(request["cluster"].as_str().unwrap_or_default());
            let names = items(&request, "services").iter().filter_map(Value::as_str);
            let names: Vec<String> =
                names.map(|name| Arn::as_read(name).resource().to_owned()).collect();
            let failure = move |name: &String| json!({"arn": name, "reason": refusal.words()});
            names.into_iter().map(move |name| (cluster.clone(), name.clone(), failure(&name)))
        });
        let all = listed.chain(refused);
        all.filter(|(cluster, name, _)| {
            !self.services.contains_key(&(cluster.clone(), name.clone()))
        })
        .collect()
    }
}

fn keep_by(
    known: &mut std::collections::BTreeMap<String, Value>,
    answer: &Value,
    list: &str,
    key: impl Fn(&Value) -> Option<String>,
) {
    let found = items(answer, list).iter().filter_map(|item| Some((key(item)?, item.clone())));
    known.extend(found);
}

fn name(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}
