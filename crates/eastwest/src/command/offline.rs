//! Files instead of AWS: the files that `--from` names become a [`World`] that holds nothing else.
//!
//! A folder stands for the files that its manifest lists, or else for every file of JSON in it. The mistakes in all files
//! are reported at once.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use eastwest_aws::{CapturedFile, Captures, World};
use eastwest_core::declaration::settings::Settings;
use eastwest_core::ecs::name::NamespaceRef;

/// The largest file that is read: some 2,500 services with the hundred events that ECS lists for each, which are most
/// of an answer and are not needed; without them a cluster's 5,000.
const LARGEST_MIB: u64 = 64;

/// A world out of files, with remarks on them.
pub(crate) struct Offline {
    /// The world.
    pub(crate) world: World,
    /// What was not captured, and what eastwest assumes instead.
    pub(crate) notes: Vec<String>,
}

/// What is wrong with files.
#[derive(Debug)]
pub(crate) struct BadFiles(Vec<String>);

impl std::error::Error for BadFiles {}

impl fmt::Display for BadFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid captures:")?;
        self.0.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))?;
        write!(f, "\neastwest reads {}", Captures::UNDERSTOOD)
    }
}

/// The world that these files and folders captured. `-` is standard input.
pub(crate) fn world(files: &[PathBuf], settings: &Settings) -> Result<Offline, BadFiles> {
    Ok(offline(captures(files)?, settings))
}

/// What these files captured. `-` is standard input.
pub(crate) fn captures(files: &[PathBuf]) -> Result<Captures, BadFiles> {
    let (mut captures, mut mistakes) = (Captures::default(), Vec::new());
    for file in files {
        let files = files_of(file).unwrap_or_else(|why| {
            mistakes.push(format!("{}: {why}", name(file)));
            Vec::new()
        });
        for file in &files {
            match text(file) {
                Ok(text) => {
                    let found = captures.add(&name(file), &text);
                    mistakes.extend(found.iter().map(ToString::to_string));
                }
                Err(why) => mistakes.push(format!("{}: {why}", name(file))),
            }
        }
    }
    if mistakes.is_empty() { Ok(captures) } else { Err(BadFiles(mistakes)) }
}

/// The world of captures, with the namespaces that tags and flags name.
pub(crate) fn offline(mut captures: Captures, settings: &Settings) -> Offline {
    let tag = settings.prefix.key("namespace");
    let tagged: Vec<_> =
        captures.tag_values(&tag).filter_map(|text| NamespaceRef::parse(text).ok()).collect();
    for reference in tagged.into_iter().chain(settings.namespace.clone()) {
        captures.mention(reference);
    }
    Offline { notes: captures.notes(), world: World::captured(captures) }
}

/// The files that a path stands for: itself, or those of a folder.
pub(crate) fn files_of(path: &Path) -> Result<Vec<PathBuf>, String> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let manifest = path.join(CapturedFile::MANIFEST);
    if manifest.exists() {
        let listed = listed_in(&text(&manifest)?)?;
        return Ok(listed.iter().map(|name| path.join(name)).chain([manifest]).collect());
    }
    let entries = std::fs::read_dir(path).map_err(|error| error.to_string())?;
    let mut files = Vec::new();
    for entry in entries {
        let file = entry.map_err(|error| error.to_string())?.path();
        if file.extension().is_some_and(|kind| kind == "json") {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() { Err("no file in it ends with .json".to_owned()) } else { Ok(files) }
}

/// The names of the files that a manifest lists. A name with a folder in it could lead out of the capture's own.
pub(crate) fn listed_in(manifest: &str) -> Result<Vec<String>, String> {
    let manifest: serde_json::Value = serde_json::from_str(manifest)
        .map_err(|error| format!("{} is not JSON: {error}", CapturedFile::MANIFEST))?;
    let listed = manifest.pointer("/eastwestCapture/files").and_then(serde_json::Value::as_array);
    let wrong = || {
        format!(
            "{} does not list the files of a capture under eastwestCapture.files",
            CapturedFile::MANIFEST
        )
    };
    let names = listed.ok_or_else(wrong)?.iter().map(|name| {
        let name = name.as_str().filter(|name| !name.contains(['/', '\\']) && *name != "..");
        name.map(str::to_owned).ok_or_else(wrong)
    });
    names.collect()
}

/// What a file is called in messages.
pub(crate) fn name(file: &Path) -> String {
    if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() }
}

/// What to do about a capture that is too large.
const SMALLER: &str =
    "capture to several files, or leave events out with `jq 'del(.services[].events)'`";

/// A file's text, or why it cannot be had.
pub(crate) fn text(file: &Path) -> Result<String, String> {
    text_or(file, SMALLER)
}

/// The same; `smaller` is what to do about one that is too large.
pub(crate) fn text_or(file: &Path, smaller: &str) -> Result<String, String> {
    if file == Path::new("-") {
        return whole(std::io::stdin().lock(), smaller);
    }
    let opened = std::fs::File::open(file).map_err(|error| error.to_string())?;
    whole(opened, smaller)
}

fn whole(from: impl Read, smaller: &str) -> Result<String, String> {
    let most = LARGEST_MIB * 1024 * 1024;
    let mut bytes = Vec::new();
    from.take(most + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > most {
        return Err(format!("it is larger than {LARGEST_MIB} MiB: {smaller}"));
    }
    // What PowerShell 5 writes with `>`.
    if bytes.starts_with(&[0xff, 0xfe]) {
        return Err("it is UTF-16, not UTF-8: write it with `| Out-File -Encoding utf8`".to_owned());
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use eastwest_core::declaration::settings::Policy;
    use eastwest_core::ecs::seen::Seen;
    use eastwest_core::engine::effect::{Effect, Event};
    use eastwest_core::view::reading::{Answer, Question};
    use expect_test::expect;
    use serde_json::json;

    use super::*;
    use crate::command::look::look;
    use crate::command::paint::plain;
    use crate::command::plan::shown::Shown;

    #[test]
    fn every_file_that_cannot_be_used_is_named_at_once() {
        let files = ["Cargo.toml", "src", "nowhere.json"].map(PathBuf::from);
        let error = world(&files, &Settings::default()).err().expect("none of them is a capture");
        expect![[r#"
            invalid captures:
              Cargo.toml: not JSON: expected value at line 1 column 2
              src: no file in it ends with .json
              nowhere.json: No such file or directory (os error 2)
            eastwest reads what the AWS CLI prints for `aws ecs describe-services --include TAGS`, `aws ecs describe-task-definition`, `aws ecs describe-clusters`, `aws servicediscovery list-namespaces`, `aws servicediscovery list-services`, `aws ecs list-service-deployments`, `aws ecs describe-service-deployments`, `aws ecs describe-service-revisions`, and for `verify` `aws ecs describe-tasks`, `aws servicediscovery discover-instances`, `aws ec2 describe-security-groups` and `aws ec2 describe-network-interfaces`"#]]
        .assert_eq(&error.to_string());
    }

    #[test]
    fn a_file_is_read_up_to_a_limit_and_as_utf_8_only() {
        let more = std::io::repeat(b' ').take(LARGEST_MIB * 1024 * 1024 + 1);
        assert!(whole(more, SMALLER).unwrap_err().contains("larger than 64 MiB"));
        assert!(whole(&[0xff, 0xfe, b'{', 0][..], SMALLER).unwrap_err().contains("UTF-16"));
        assert!(whole(&[0xc3][..], SMALLER).unwrap_err().contains("not UTF-8"));
        assert_eq!(whole(&b"{}"[..], SMALLER).as_deref(), Ok("{}"));
    }

    #[tokio::test]
    async fn namespaces_that_tags_and_flags_name_are_there() {
        let tags = r#"[{"key": "eastwest/namespace", "value": "tagged"}]"#;
        let text = format!(
            r#"{{"services": [{{"serviceArn": "arn:web", "serviceName": "web", "clusterArn": "arn:cluster/prod", "tags": {tags}}}]}}"#
        );
        let mut captures = Captures::default();
        assert_eq!(captures.add("a.json", &text), []);
        let namespace = Some(NamespaceRef::as_read("flagged"));
        let settings = Settings { namespace, ..Settings::default() };
        let world = offline(captures, &settings).world;
        let asked = world.execute(Effect::Ask(Question::Namespaces));
        let Event::Answered(Answer::Namespaces(Seen::Known(known))) = asked.await else { panic!() };
        let names: Vec<&str> = known.iter().map(|namespace| namespace.name.as_str()).collect();
        assert_eq!(names, ["flagged", "tagged"]);
    }

    #[tokio::test]
    async fn needs_are_inferred_from_captured_task_definitions_and_no_value_is_shown() {
        let service = |name: &str, mode: &str| {
            json!({
                "serviceArn": format!("arn:aws:ecs:r:1:service/prod/{name}"), "serviceName": name,
                "clusterArn": "arn:aws:ecs:r:1:cluster/prod", "status": "ACTIVE",
                "launchType": "FARGATE", "platformVersion": "1.4.0",
                "taskDefinition": format!("arn:aws:ecs:r:1:task-definition/{name}:1"),
                "deployments": [{"id": "1", "status": "PRIMARY", "rolloutState": "COMPLETED"}],
                "tags": [{"key": "eastwest/mode", "value": mode},
                         {"key": "eastwest/namespace", "value": "internal.myapp"}],
            })
        };
        let definition = |name: &str, value: &str| {
            json!({"taskDefinition": {
                "taskDefinitionArn": format!("arn:aws:ecs:r:1:task-definition/{name}:1"),
                "networkMode": "awsvpc", "cpu": "256", "memory": "512", "family": name, "revision": 1,
                "containerDefinitions": [{
                    "name": "app", "portMappings": [{"name": "http", "containerPort": 8080}],
                    "environment": [{"name": "API", "value": value}],
                }],
            }})
        };
        let api = "http://user:s3cret@api.internal.myapp:8080/?key=s3cret";
        let files = [
            json!({"services": [service("api", "client-server"), service("web", "client")]}),
            definition("api", "s3cret"),
            definition("web", api),
        ];
        let mut captures = Captures::default();
        for file in files {
            assert_eq!(captures.add("a.json", &file.to_string()), []);
        }
        let settings = Settings { policy: Policy::Sync, ..Settings::default() };
        let world = Arc::new(offline(captures, &settings).world);
        let looked = look(world, &settings).await;
        let plan = Shown::new(&looked, &settings);
        let shown = serde_json::to_value(&plan.page).unwrap();
        let needs = json!({"prod/web": [{"name": "api", "inferred": true}]});
        assert_eq!(shown["needs"], needs);
        let text = plain(&crate::command::plan::text::plan(&plan));
        assert!(
            text.contains("waits         needs api of prod/api (inferred from its environment)"),
            "{text}"
        );
        assert!(!format!("{shown}{text}").contains("s3cret"), "{shown}\n{text}");
    }
}
