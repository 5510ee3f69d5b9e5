//! News as a notice: what it is about, of which kind, and one sentence for people.
//!
//! **Invariant:** the sentence has no more than [`LONGEST`] characters and none that changes how it reads, so that what
//! keeps notices can bound its memory by their number.
//!
//! What comes with every message of the queue is no notice: a busy fleet has thousands of them an hour, and they are
//! counted.

use std::fmt;

use serde::Serialize;

use super::health::Health;
use super::news::{Census, News, QueueNews, RolloutEnd};
use super::status::Status;
use crate::ecs::name::ClusterName;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::text::{first_of, printable};
use crate::plan::leader::LeaseChange;
use crate::plan::prerequisite::Prerequisite;

/// The longest sentence, in characters.
const LONGEST: usize = 600;

/// Something that happened, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Of which kind.
    pub kind: NoticeKind,
    /// How grave it is.
    pub level: Level,
    /// What it is about.
    pub about: About,
    /// What happened, in one sentence.
    pub sentence: String,
}

/// What a notice is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// One service.
    Service(ServiceKey),
    /// A cluster.
    Cluster(ClusterName),
    /// A namespace, by its name.
    Namespace(String),
    /// The process, the document, the queue.
    Process,
}

/// How grave a piece of news is: the level of its log line and of its notice.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    schemars::JsonSchema,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum Level {
    /// It happened, and all is well.
    Info,
    /// A person should mend something, or eastwest goes on with less.
    Warning,
    /// A bug of eastwest.
    Error,
}

/// The kind of a notice: a closed set, by which notices are filtered.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum NoticeKind {
    /// The status of a service is another.
    Status,
    /// A write leaves.
    Change,
    /// A write was accepted or failed.
    Outcome,
    /// A rollout ended.
    Rollout,
    /// Others changed what nothing declares, or deployed right after eastwest.
    Others,
    /// A cluster was read, or cannot be.
    Cluster,
    /// What services wait for was made.
    Prerequisite,
    /// The document.
    Document,
    /// The queue.
    Queue,
    /// A lease.
    Lease,
    /// The process itself.
    Process,
    /// A person asked for something: a look, a retry, a pause, consent.
    Request,
}

impl NoticeKind {
    /// Its name in JSON and in queries.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl Notice {
    /// A notice. The sentence is made harmless and cut.
    pub fn new(kind: NoticeKind, level: Level, about: About, sentence: &str) -> Self {
        Self { kind, level, about, sentence: printable(sentence, LONGEST) }
    }

    fn of_service(kind: NoticeKind, key: &ServiceKey, sentence: impl fmt::Display) -> Self {
        Self::new(kind, Level::Info, About::Service(key.clone()), &sentence.to_string())
    }

    fn of_process(kind: NoticeKind, sentence: &str) -> Self {
        Self::new(kind, Level::Info, About::Process, sentence)
    }

    /// The service that it is about.
    pub fn service(&self) -> Option<&ServiceKey> {
        match &self.about {
            About::Service(key) => Some(key),
            About::Cluster(_) | About::Namespace(_) | About::Process => None,
        }
    }

    /// The cluster that it is about, or that its service runs in.
    pub fn cluster(&self) -> Option<&ClusterName> {
        match &self.about {
            About::Service(key) => Some(&key.cluster),
            About::Cluster(cluster) => Some(cluster),
            About::Namespace(_) | About::Process => None,
        }
    }
}

/// How grave a piece of news is.
pub fn level(news: &News) -> Level {
    let is_warning = match news {
        News::Breach(..) => return Level::Error,
        News::Adopted(..)
        | News::Overtaken(..)
        | News::Stopped(_)
        | News::Queue(QueueNews::Flooded) => true,
        News::Status(_, status) => {
            status.as_ref().is_some_and(|status| status.health == Health::Degraded)
        }
        News::Applied(.., outcome) | News::Made(_, outcome) => outcome.is_err(),
        News::RolledOut(.., end) => end.is_failure(),
        News::Cluster(_, trouble) | News::Queue(QueueNews::Trouble(trouble)) => trouble.is_some(),
        News::Document(trouble) => trouble.is_some(),
        News::Lease(_, change) => is_loss(change),
        News::Queue(QueueNews::Message(_) | QueueNews::Followed(_))
        | News::Changing(..)
        | News::FirstReading(..)
        | News::InForce => false,
    };
    if is_warning { Level::Warning } else { Level::Info }
}

/// The notice of one piece of news; none of what is only counted.
pub fn notice(news: &News) -> Option<Notice> {
    Some(Notice { level: level(news), ..in_words(news)? })
}

/// The same, whatever its level.
fn in_words(news: &News) -> Option<Notice> {
    use NoticeKind as Kind;
    Some(match news {
        News::Status(key, status) => of_status(key, status.as_ref()),
        News::Changing(key, changes) if changes.is_empty() => {
            Notice::of_service(Kind::Change, key, "sends a refresh, which changes no field")
        }
        News::Changing(key, changes) => {
            Notice::of_service(Kind::Change, key, format_args!("sends a change: {changes}"))
        }
        News::Applied(key, action, Ok(deployment)) => {
            let words = format_args!("ECS accepted the {action}: deployment {deployment}");
            Notice::of_service(Kind::Outcome, key, words)
        }
        News::Applied(key, action, Err(fault)) => {
            let words = format_args!("the {action} was not accepted: {fault}");
            Notice::of_service(Kind::Outcome, key, words)
        }
        News::RolledOut(key, took, end) => of_rollout(key, took.as_secs(), *end),
        News::Adopted(key, adopted) => {
            let changes = first_of(&adopted.changes, "; ");
            let words =
                format_args!("others changed what nothing declares, and it is kept: {changes}");
            Notice::of_service(Kind::Others, key, words)
        }
        News::Overtaken(key, after) => {
            let words =
                format_args!("a deployment of others began {} s after ours", after.as_secs());
            Notice::of_service(Kind::Others, key, words)
        }
        News::Breach(key, rule) => {
            let words = format_args!("a plan broke a rule of eastwest; nothing is written: {rule}");
            Notice::of_service(Kind::Process, key, words)
        }
        News::FirstReading(..) | News::Cluster(..) | News::Lease(..) => of_cluster(news)?,
        News::Made(prerequisite, outcome) => {
            let sentence = match outcome {
                Ok(made) => format!("{prerequisite}: created {made}"),
                Err(fault) => format!("{prerequisite}: could not be created: {fault}"),
            };
            let about = match prerequisite {
                Prerequisite::Namespace(new) => About::Namespace(new.name.to_string()),
                Prerequisite::NamedPorts(_) => About::Process,
            };
            Notice::new(Kind::Prerequisite, Level::Info, about, &sentence)
        }
        News::InForce => Notice::of_process(Kind::Document, "a new document is in force"),
        News::Document(None) => Notice::of_process(Kind::Document, "the document is valid again"),
        News::Document(Some(trouble)) => {
            let words = format!("the latest reading of the document is not in force: {trouble}");
            Notice::of_process(Kind::Document, &words)
        }
        News::Stopped(slept) => {
            let words = format!(
                "the process was stopped for {} s; eastwest reads everything again before it writes",
                slept.as_secs()
            );
            Notice::of_process(Kind::Process, &words)
        }
        News::Queue(news) => of_queue(news)?,
    })
}

fn of_status(key: &ServiceKey, status: Option<&Status>) -> Notice {
    let Some(status) = status else {
        return Notice::of_service(NoticeKind::Status, key, "is no longer managed");
    };
    let (sync, health): (&str, &str) = (status.sync.into(), status.health.into());
    let mut words = format!("{sync} and {health}");
    if let Some(message) = &status.message {
        words = format!("{words}: {message}");
    }
    if let Some(ends) = &status.ends {
        words = format!("{words}; ends {ends}");
    }
    Notice::of_service(NoticeKind::Status, key, words)
}

fn of_rollout(key: &ServiceKey, seconds: u64, end: RolloutEnd) -> Notice {
    let words = format_args!("{end}, after {seconds} s");
    Notice::of_service(NoticeKind::Rollout, key, words)
}

/// What concerns a whole cluster.
fn of_cluster(news: &News) -> Option<Notice> {
    let of = |kind, cluster: &ClusterName, words: &str| {
        Notice::new(kind, Level::Info, About::Cluster(cluster.clone()), words)
    };
    Some(match news {
        News::FirstReading(cluster, census) => {
            let Census { in_order, not_in_order, not_opted_in } = census;
            let words = format!(
                "read for the first time: {in_order} in order, {not_in_order} not in order, {not_opted_in} not opted in"
            );
            of(NoticeKind::Cluster, cluster, &words)
        }
        News::Cluster(cluster, trouble) => {
            let cluster = ClusterName::as_read(cluster);
            match trouble {
                None => of(NoticeKind::Cluster, &cluster, "can be read again"),
                Some(fault) => {
                    let words = format!("cannot be read: {fault}");
                    of(NoticeKind::Cluster, &cluster, &words)
                }
            }
        }
        News::Lease(cluster, change) => of(NoticeKind::Lease, cluster, &change.to_string()),
        _ => return None,
    })
}

/// Whether this process goes on with less: it writes nothing where it cannot hold the lease.
fn is_loss(change: &LeaseChange) -> bool {
    match change {
        LeaseChange::Lost
        | LeaseChange::Lapsed
        | LeaseChange::Deleted
        | LeaseChange::Odd(_)
        | LeaseChange::Trouble(Some(_)) => true,
        LeaseChange::Taken { .. }
        | LeaseChange::Released
        | LeaseChange::Seen { .. }
        | LeaseChange::Freed { .. }
        | LeaseChange::Trouble(None) => false,
    }
}

fn of_queue(news: &QueueNews) -> Option<Notice> {
    let of = |words: &str| Notice::of_process(NoticeKind::Queue, words);
    Some(match news {
        QueueNews::Message(_) | QueueNews::Followed(_) => return None,
        QueueNews::Flooded => {
            of("more messages came than looks can follow; eastwest sweeps every cluster")
        }
        QueueNews::Trouble(None) => of("the queue can be used again"),
        QueueNews::Trouble(Some(fault)) => {
            let words = format!(
                "messages of the queue cannot be received or deleted; sweeps go on: {fault}"
            );
            of(&words)
        }
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use strum::VariantArray as _;

    use super::*;
    use crate::ecs::fault::FaultKind;
    use crate::plan::action::ActionKind;
    use crate::plan::reason::Reason;
    use crate::report::status::Sync;
    use crate::testing::{fault, key};
    use crate::view::hint::MessageKind;

    #[test]
    fn a_status_says_why_and_what_ends_it() {
        let status = Status {
            reason: Some(Reason::Conflict),
            message: Some("x is held by prod/e".to_owned()),
            ends: Some("once another name is declared".to_owned()),
            ..Status::new(Sync::OutOfSync, Health::Degraded)
        };
        let made = notice(&News::Status(key("web"), Some(status))).expect("a notice");
        assert_eq!(
            made.sentence,
            "OutOfSync and Degraded: x is held by prod/e; ends once another name is declared"
        );
        assert_eq!((made.kind, made.level), (NoticeKind::Status, Level::Warning));
        assert_eq!(made.service(), Some(&key("web")));
        let gone = notice(&News::Status(key("web"), None)).expect("a notice");
        assert_eq!((gone.level, &*gone.sentence), (Level::Info, "is no longer managed"));
    }

    #[test]
    fn a_text_of_others_is_harmless_and_short() {
        let long = format!("\u{202e}\u{1b}[31m{}", "x".repeat(5000));
        let made = notice(&News::Changing(key("web"), long)).expect("a notice");
        assert_eq!(made.sentence.chars().count(), LONGEST + 1, "and the sign that it was cut");
        assert!(!made.sentence.contains(['\u{202e}', '\u{1b}']), "{}", made.sentence);
    }

    #[test]
    fn what_failed_is_a_warning() {
        let denied = fault(FaultKind::Denied);
        let failed = News::Applied(key("web"), ActionKind::Connect, Err(denied.clone()));
        let accepted = News::Applied(key("web"), ActionKind::Connect, Ok("ecs-svc/1".to_owned()));
        let rolled = |end| News::RolledOut(key("web"), Duration::from_secs(61), end);
        let level = |news: &News| notice(news).expect("a notice").level;
        assert_eq!(level(&failed), Level::Warning);
        assert_eq!(level(&accepted), Level::Info);
        assert_eq!(level(&rolled(RolloutEnd::RolledBack)), Level::Warning);
        assert_eq!(level(&rolled(RolloutEnd::Completed)), Level::Info);
        assert_eq!(level(&News::Breach(key("web"), "a rule")), Level::Error);
        assert_eq!(level(&News::Cluster("prod".to_owned(), Some(denied))), Level::Warning);
        let lost = News::Lease(ClusterName::as_read("prod"), LeaseChange::Lost);
        assert_eq!(level(&lost), Level::Warning);
    }

    #[test]
    fn what_comes_with_every_message_of_the_queue_is_no_notice() {
        for news in
            [QueueNews::Message(MessageKind::Service), QueueNews::Followed(Duration::from_secs(1))]
        {
            assert_eq!(notice(&News::Queue(news)), None);
        }
        assert!(notice(&News::Queue(QueueNews::Flooded)).is_some());
    }

    #[test]
    fn a_kind_has_one_name_in_json_and_in_queries() {
        for kind in NoticeKind::VARIANTS {
            let json = serde_json::to_string(kind).expect("a name");
            assert_eq!(json, format!("\"{}\"", kind.name()));
        }
    }
}
