//! The JSON of a message, version 1. [Its page](../../../../../docs/notifications.md) describes it.

use eastwest_core::plan::reason::Reason;
use eastwest_core::report::concern::Subject;
use eastwest_core::report::notifier::message::{Group, Message};
use serde::Serialize;

/// The version of the shape. It grows when a member goes or means something else.
const VERSION: u32 = 1;

/// Who sends a message, and when.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    /// The second at which the process began.
    pub(super) run: i64,
    /// Now.
    pub(super) at: jiff::Timestamp,
    /// The account; empty before a service was read.
    pub(super) account: String,
    /// The Region.
    pub(super) region: String,
}

/// A message as a webhook gets it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body {
    version: u32,
    id: String,
    at: String,
    account: String,
    region: String,
    first: bool,
    waiting: usize,
    dropped: u64,
    text: String,
    groups: Vec<GroupBody>,
}

/// One group of it, which is also the detail of one event on the bus.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GroupBody {
    version: u32,
    kind: &'static str,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    why: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ends: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    count: usize,
    subjects: Vec<SubjectBody>,
}

/// What it is about.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
enum SubjectBody {
    Service {
        name: String,
        cluster: String,
    },
    Namespace {
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cluster: Option<String>,
    },
    Cluster {
        name: String,
    },
    Clusters,
    Document,
}

impl Body {
    pub(super) fn new(sender: &Sender, message: &Message) -> Self {
        Self {
            version: VERSION,
            id: format!("{}-{}", sender.run, message.number),
            at: format!("{:.0}", sender.at),
            account: sender.account.clone(),
            region: sender.region.clone(),
            first: message.is_first,
            waiting: message.waiting,
            dropped: message.dropped,
            text: message.headline(),
            groups: message.groups.iter().map(GroupBody::new).collect(),
        }
    }
}

impl GroupBody {
    pub(super) fn new(group: &Group) -> Self {
        Self {
            version: VERSION,
            kind: group.kind.name(),
            state: if group.is_over { "over" } else { "begins" },
            reason: group.reason.map(Reason::name),
            text: group.line(),
            why: group.why.clone(),
            ends: group.ends.clone(),
            since: group.since.map(|since| format!("{since:.0}")),
            count: group.count,
            subjects: group.subjects.iter().map(SubjectBody::new).collect(),
        }
    }
}

impl SubjectBody {
    fn new(subject: &Subject) -> Self {
        match subject {
            Subject::Service(key) => {
                Self::Service { name: key.name.to_string(), cluster: key.cluster.to_string() }
            }
            Subject::Namespace(name, cluster) => Self::Namespace {
                name: name.as_ref().map(ToString::to_string),
                cluster: cluster.as_ref().map(ToString::to_string),
            },
            Subject::Cluster(name) => Self::Cluster { name: name.to_string() },
            Subject::Clusters => Self::Clusters,
            Subject::Document => Self::Document,
        }
    }
}
