//! Which ECS service and task eastwest itself runs as, as the task metadata endpoint tells.

use std::time::Duration;

use anyhow::Context as _;
use eastwest_core::ecs::service_key::ServicePath;
use serde::Deserialize;
use tracing::warn;

use super::client::client;
use crate::config::Config;

/// Where the endpoint is (DG:task-metadata-endpoint-v4).
const ENDPOINT: &str = "ECS_CONTAINER_METADATA_URI_V4";
/// The endpoint is on the task's own host.
const PATIENCE: Duration = Duration::from_secs(2);

/// What we read of a task.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Task {
    /// A name or an ARN.
    cluster: String,
    /// Agents before 1.63.1 do not tell it (DG:task-metadata-endpoint-v4-response), and a task without a service has none.
    service_name: Option<String>,
    /// The task's ARN, which ends with its id.
    #[serde(rename = "TaskARN")]
    arn: Option<String>,
}

/// Has the endpoint tell which service eastwest runs as, unless a flag did, and which task, which names the holder of a
/// lease.
pub(crate) async fn settle(config: &mut Config) {
    if !config.asks_for_own_service && config.lease.is_none() {
        return;
    }
    let Ok(endpoint) = std::env::var(ENDPOINT) else { return };
    let told = tokio::task::spawn_blocking(move || ask(&endpoint)).await;
    let told = told.context("the question was lost").flatten();
    if let Ok(text) = &told {
        config.task = task(text);
    }
    if config.asks_for_own_service {
        let found = told.and_then(|text| service(&text).context("it names no service"));
        config.settings.own_service = found.inspect_err(tell).ok();
    }
}

/// Logs that the endpoint does not tell the service.
fn tell(error: &anyhow::Error) {
    let why = format!("{error:#}");
    warn!(
        why,
        "the task metadata endpoint does not tell which ECS service this is: name it with --own-service, so that nobody can have eastwest roll itself out by a tag"
    );
}

fn ask(endpoint: &str) -> anyhow::Result<String> {
    Ok(client(PATIENCE).get(format!("{endpoint}/task")).call()?.body_mut().read_to_string()?)
}

fn service(text: &str) -> Option<ServicePath> {
    let task: Task = serde_json::from_str(text).ok()?;
    let cluster = task.cluster.rsplit('/').next()?;
    ServicePath::parse(&format!("{cluster}/{}", task.service_name?)).ok()
}

fn task(text: &str) -> Option<String> {
    let task: Task = serde_json::from_str(text).ok()?;
    Some(task.arn?.rsplit('/').next()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Option<String> {
        service(text).map(|path| path.to_string())
    }

    #[test]
    fn a_task_tells_its_service_in_either_form_of_its_cluster() {
        for cluster in ["prod", "arn:aws:ecs:eu-central-1:123456789012:cluster/prod"] {
            let text = format!(
                r#"{{"Cluster": "{cluster}", "ServiceName": "eastwest", "Family": "eastwest", "Containers": []}}"#
            );
            assert_eq!(named(&text).as_deref(), Some("prod/eastwest"));
        }
    }

    #[test]
    fn a_task_tells_its_id() {
        let text = r#"{"Cluster": "prod", "TaskARN": "arn:aws:ecs:eu-central-1:123456789012:task/prod/0a1b"}"#;
        assert_eq!(task(text).as_deref(), Some("0a1b"));
        assert_eq!(task("{}"), None);
    }

    #[test]
    fn a_task_without_a_service_and_what_is_no_task_name_none() {
        for text in ["", "{}", "[]", "<html>", r#"{"Cluster": "prod"}"#, r#"{"Cluster": 1}"#] {
            assert_eq!(named(text), None, "{text}");
        }
    }
}
