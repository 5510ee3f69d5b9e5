//! How a person tries an endpoint from a task of a client, by ECS Exec.

use serde::Serialize;

use super::Evidence;
use super::subject::{Speaks, Stage, Subject, Subjects, WantedEndpoint};
use crate::ecs::name::HttpPath;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::task::{Task, TaskPhase};

/// Why the test that most people begin with tells nothing.
pub const WHY_NOT_NSLOOKUP: &str = "nslookup and dig are the wrong test: Service Connect writes its names into /etc/hosts of each task and into no DNS, and these two ask only DNS. They fail where all is well. getent and curl read /etc/hosts, as applications do.";

/// How to try one endpoint from a task that knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TryIt {
    /// The service whose task runs the commands.
    pub client: ServiceKey,
    /// The commands.
    pub commands: Vec<String>,
    /// Whether ECS Exec is off in that task: then a new deployment must switch it on first.
    pub needs_exec: bool,
}

/// The commands for an endpoint; none where no client of it runs.
pub(super) fn of(
    subjects: &Subjects,
    subject: &Subject,
    endpoint: &WantedEndpoint,
    evidence: &Evidence,
) -> Option<TryIt> {
    if matches!(endpoint.stage, Stage::Wanted(_)) {
        return None;
    }
    let (host, port) = (endpoint.host.as_deref()?, endpoint.port?);
    let callers = subjects.callers.get(&subject.service.key)?;
    let running = callers.iter().flat_map(|client| {
        let tasks = evidence.tasks_of(client).iter();
        tasks.filter(|task| task.phase == TaskPhase::Running).map(move |task| (client, task))
    });
    // One in which the commands can be run as they are comes first.
    let (client, task) = running.min_by_key(|(_, task)| (!task.has_exec, &task.id))?;
    let container = task.containers.first()?;
    let path = subject.check.as_ref().map_or("/", HttpPath::as_str);
    let path = if is_plain(path) { path } else { "/" };
    let is_http = match endpoint.speaks {
        Speaks::Http => true,
        Speaks::Tcp => subject.check.is_some(),
        Speaks::Other(_) | Speaks::Unread => false,
    };
    let curl = if is_http {
        format!(
            "curl -sS -m 5 -o /dev/null -w '%{{http_code}} %{{time_total}}' http://{host}:{port}{path}"
        )
    } else {
        // It says whether it connected, and then waits.
        format!("curl -v -m 3 telnet://{host}:{port}")
    };
    let words = [client.cluster.as_str(), &task.id, container, host];
    words.iter().all(|word| is_plain(word)).then(|| {
        let exec = exec(client, task, container);
        TryIt {
            client: client.clone(),
            commands: vec![
                format!("{exec} --command \"getent hosts {host}\""),
                format!("{exec} --command \"{curl}\""),
            ],
            needs_exec: !task.has_exec,
        }
    })
}

fn exec(client: &ServiceKey, task: &Task, container: &str) -> String {
    format!(
        "aws ecs execute-command --cluster {} --task {} --container {container} --interactive",
        client.cluster, task.id
    )
}

/// Whether a word can stand in a command that a person copies into a shell.
fn is_plain(word: &str) -> bool {
    !word.is_empty()
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:/=+@,%~".contains(&b))
}
