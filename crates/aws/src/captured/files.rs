//! Captures as the files of a folder: what `--from` reads, in the forms in which the AWS CLI prints it.

use serde_json::{Value, json};

use super::capture::Captures;

/// A file has no more than this and one answer: far below what is read.
const LARGEST: usize = 16 * 1024 * 1024;
/// So many entries make one answer.
const IN_ONE_ANSWER: usize = 100;

/// A file of a capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapturedFile {
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl CapturedFile {
    /// The name of the manifest, which lists the others.
    pub const MANIFEST: &str = "manifest.json";
}

impl Captures {
    /// The files, the manifest last. `about` is what the manifest says of the capture beside the files and what could not
    /// be read: when it was made, by which version, and of which clusters.
    pub fn files(&self, about: &Value) -> Vec<CapturedFile> {
        let mut files = Vec::new();
        let mut add = |name: &str, answers: Vec<Value>| files.extend(parts(name, &answers));
        add("clusters", lists("clusters", self.clusters.values()));
        add("services", lists("services", self.services.values()));
        let definitions = self.task_definitions.values();
        let definitions = definitions.map(|definition| json!({"taskDefinition": definition}));
        add("task-definitions", definitions.collect());
        add("namespaces", self.namespace_answers());
        add("names", self.cloud_map_answers());
        let members = self.members.iter();
        let members =
            members.map(|(namespace, arns)| json!({"namespace": namespace, "serviceArns": arns}));
        add("members", members.collect());
        add("deployments", lists("serviceDeployments", self.deployments.values()));
        add("revisions", self.revision_answers());
        let names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
        let text = pretty(&self.manifest(about, &names));
        files.push(CapturedFile { name: CapturedFile::MANIFEST.to_owned(), text });
        files
    }

    /// One answer, so that it is the whole list or is seen not to be.
    fn namespace_answers(&self) -> Vec<Value> {
        let all: Vec<&Value> = self.namespaces.values().collect();
        match (self.has_all_namespaces, all.is_empty()) {
            (true, _) => vec![json!({"Namespaces": all})],
            (false, true) => Vec::new(),
            (false, false) => vec![json!({"Namespaces": all, "NextToken": "not read to its end"})],
        }
    }

    fn cloud_map_answers(&self) -> Vec<Value> {
        let Some(known) = &self.cloud_map else { return Vec::new() };
        let answers = self.listed.iter().map(|(namespace, arns)| {
            let services: Vec<&Value> = arns.iter().filter_map(|arn| known.get(arn)).collect();
            json!({"NamespaceId": namespace, "Services": services})
        });
        answers.collect()
    }

    fn revision_answers(&self) -> Vec<Value> {
        let found = self.revisions.values().filter(|revision| !revision.is_null());
        let mut answers = lists("serviceRevisions", found);
        let lost = self.revisions.iter().filter(|(_, revision)| revision.is_null());
        let lost: Vec<Value> =
            lost.map(|(arn, _)| json!({"arn": arn, "reason": "MISSING"})).collect();
        if !lost.is_empty() {
            answers.push(json!({"serviceRevisions": [], "failures": lost}));
        }
        answers
    }
}

/// The entries as answers that have so many of them.
fn lists<'a>(member: &str, entries: impl Iterator<Item = &'a Value>) -> Vec<Value> {
    let entries: Vec<&Value> = entries.collect();
    let answer = |chunk: &[&Value]| Value::from_iter([(member, json!(chunk))]);
    entries.chunks(IN_ONE_ANSWER).map(answer).collect()
}

/// The answers as files; none where there is no answer.
fn parts(name: &str, answers: &[Value]) -> Vec<CapturedFile> {
    let mut texts: Vec<String> = Vec::new();
    for answer in answers {
        let text = pretty(answer);
        match texts.last_mut() {
            Some(last) if last.len() + text.len() <= LARGEST => last.push_str(&text),
            _ => texts.push(text),
        }
    }
    let named = texts.into_iter().enumerate().map(|(at, text)| {
        let number = if at == 0 { String::new() } else { format!("-{}", at + 1) };
        CapturedFile { name: format!("{name}{number}.json"), text }
    });
    named.collect()
}

fn pretty(value: &Value) -> String {
    // Objects with text keys always serialise.
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_list_is_several_files_that_hold_all_of_it() {
        let long = "x".repeat(40_000);
        let entries: Vec<Value> =
            (0..1000).map(|at| json!({"at": at, "long": long.as_str()})).collect();
        let files = parts("services", &lists("services", entries.iter()));
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["services.json", "services-2.json", "services-3.json"]);
        assert!(files.iter().all(|file| file.text.len() <= LARGEST));
        let answers = files
            .iter()
            .flat_map(|file| serde_json::Deserializer::from_str(&file.text).into_iter::<Value>());
        let found: usize = answers
            .map(|answer| answer.expect("JSON")["services"].as_array().map_or(0, Vec::len))
            .sum();
        assert_eq!(found, 1000);
    }
}
