//! Why the calls of a client may fail although its configuration is in order, or why nobody knows.
//!
//! A doubt holds nothing: it is shown, and a client with one is not called healthy.

use std::fmt;

use serde::{Serialize, Serializer};

use super::hold::{Hold, Unseen};
use super::reason::{Ending, Reason};
use crate::declaration::issue::Issue;
use crate::ecs::environment::MentionPlace;
use crate::ecs::name::{DiscoveryName, NamespaceName, Port};
use crate::ecs::service_key::ServiceKey;
use crate::view::reading::Question;

/// Why the calls of a client may fail, or what must be read before that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallDoubt {
    /// Something was not read that tells what it calls, or whether it can.
    Unread(Unseen),
    /// It names the host of an alias with a port that nobody serves.
    WrongPort {
        /// Where it names it.
        place: MentionPlace,
        /// The host.
        host: String,
        /// The port that it calls.
        port: Port,
        /// The ports that are served there.
        served: Vec<Port>,
    },
    /// Its tasks began before the endpoint was there, so they do not know it.
    TooOld {
        /// The endpoint's name.
        name: DiscoveryName,
        /// Who offers it.
        server: ServiceKey,
        /// Whether it needs the endpoint. Otherwise nobody knows what it needs, and this is all that it could call.
        is_needed: bool,
    },
    /// It needs a name that no service offers.
    NotOffered(DiscoveryName),
    /// It names a host below the name of its namespace, and no service offers that. The host itself is not shown: a value
    /// may be a password.
    NotServed {
        /// Where it names it.
        place: MentionPlace,
        /// The namespace.
        namespace: NamespaceName,
        /// Whether nothing else can answer there: an HTTP namespace has no DNS.
        is_certain: bool,
    },
}

impl CallDoubt {
    /// Whether something must be read before it can be told whether the calls fail.
    pub fn is_unread(&self) -> bool {
        matches!(self, Self::Unread(_))
    }

    /// Whether it is certain that a call fails.
    pub fn is_certain(&self) -> bool {
        !matches!(
            self,
            Self::Unread(_)
                | Self::TooOld { is_needed: false, .. }
                | Self::NotServed { is_certain: false, .. }
        )
    }

    /// Whether the answer is on its way: it was not tried yet.
    pub fn waits_for_answer(&self) -> bool {
        matches!(self, Self::Unread(Unseen::Answer(_, None)))
    }

    /// What must be asked before it can be told.
    pub fn question(&self) -> Option<&Question> {
        match self {
            Self::Unread(Unseen::Answer(question, _)) => Some(question),
            _ => None,
        }
    }

    /// The same as an issue of the client, where it lies in what the client is written to call.
    pub(crate) fn issue(&self) -> Option<Issue> {
        let Self::WrongPort { place, host, port, .. } = self else { return None };
        let words =
            format!("{self}: name a port that is served, or serve this one under the alias");
        Some(Issue::new(&place.to_string(), &format!("{host}:{port}"), words).advice())
    }

    /// Its name, one of a closed set.
    pub fn reason(&self) -> Reason {
        if self.is_unread() { Reason::NotSeen } else { Reason::CannotCall }
    }

    /// Who ends it.
    pub fn ending(&self) -> Ending {
        match self {
            Self::Unread(unseen) if unseen.ends_by_itself() => Ending::ByItself,
            _ => Ending::ByPerson,
        }
    }

    /// What would end it.
    pub fn ends(&self) -> String {
        match self {
            Self::Unread(unseen) => Hold::NotSeen(unseen.clone()).ends(),
            Self::WrongPort { place, .. } => {
                format!("once {place} names a port that is served, or the alias has that port")
            }
            Self::TooOld { name, .. } => format!(
                "once the service is deployed again; if its needs list {name}, eastwest does that itself"
            ),
            Self::NotServed { place, .. } => {
                format!("once a service offers that host, or {place} names another one")
            }
            Self::NotOffered(name) => {
                format!("once a service offers {name}, or {name} is removed from the needs")
            }
        }
    }
}

impl fmt::Display for CallDoubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unread(unseen) => {
                write!(
                    f,
                    "not known whether it can call what it needs: {}",
                    Hold::NotSeen(unseen.clone())
                )
            }
            Self::WrongPort { place, host, port, served } => {
                let served: Vec<String> = served.iter().map(ToString::to_string).collect();
                let served = served.join(", ");
                write!(f, "{place} names {host} on port {port}, which is served on {served}")
            }
            Self::TooOld { name, server, is_needed: true } => {
                write!(f, "its tasks began before {name} of {server} was there and cannot call it")
            }
            Self::TooOld { name, server, is_needed: false } => write!(
                f,
                "nobody knows what it needs, and its tasks began before {name} of {server}, the only server here, was there"
            ),
            Self::NotServed { place, namespace, .. } => {
                write!(f, "{place} names a host of namespace {namespace} that no service offers")
            }
            Self::NotOffered(name) => write!(f, "it needs {name}, which no service offers"),
        }
    }
}

impl Serialize for CallDoubt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
