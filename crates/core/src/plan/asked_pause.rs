//! A pause that a person asked for while eastwest runs: of what, until when, and by which way.
//!
//! It is kept in memory and has an end. What is to last stands in a tag or in the document.

use std::fmt;
use std::time::Duration;

use crate::ecs::name::ClusterName;
use crate::ecs::service_key::ServiceKey;

/// What a person pauses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PauseScope {
    /// Every change, also the making of what services wait for.
    Everything,
    /// The services of a cluster.
    Cluster(ClusterName),
    /// One service.
    Service(ServiceKey),
}

impl PauseScope {
    /// Whether it covers a service.
    pub fn covers(&self, key: &ServiceKey) -> bool {
        match self {
            Self::Everything => true,
            Self::Cluster(cluster) => *cluster == key.cluster,
            Self::Service(service) => service == key,
        }
    }
}

impl fmt::Display for PauseScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("every change"),
            Self::Cluster(cluster) => write!(f, "cluster {cluster}"),
            Self::Service(key) => write!(f, "{key}"),
        }
    }
}

/// By which way the person asked. eastwest knows no names of people: who has the token may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PausedOver {
    /// A request with the token.
    Api,
    /// A button of the dashboard.
    Dashboard,
}

impl fmt::Display for PausedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Api => "by HTTP",
            Self::Dashboard => "on the dashboard",
        })
    }
}

/// A pause that a person asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedPause {
    /// Of what.
    pub scope: PauseScope,
    /// When it ends, by the calendar of the moment at which it began.
    pub until: jiff::Timestamp,
    /// By which way.
    pub over: PausedOver,
}

impl AskedPause {
    /// The longest one, in minutes.
    pub const LONGEST: u16 = 24 * 60;
    /// How long one lasts of which nobody says how long, in minutes.
    pub const USUAL: u16 = 60;

    /// How long a pause of so many minutes lasts; none that is too short or too long.
    pub fn lasting(minutes: u16) -> Option<Duration> {
        (1..=Self::LONGEST).contains(&minutes).then(|| Duration::from_mins(u64::from(minutes)))
    }

    /// What would end it.
    pub fn ends(&self) -> String {
        format!(
            "at {:.0}, or once a person ends the pause of {}: on the dashboard, or with POST /api/v1/resume",
            self.until, self.scope
        )
    }
}

impl fmt::Display for AskedPause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scope, until, over } = self;
        write!(f, "a person paused {scope} {over}, until {until:.0}")
    }
}
