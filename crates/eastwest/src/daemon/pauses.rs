//! Pauses that people ask for: of what, and whether this copy is the one to ask.

use std::time::Duration;

use eastwest_core::ecs::name::{ClusterName, Refused};
use eastwest_core::ecs::service_key::{ServiceKey, ServicePath};
use eastwest_core::engine::Engine;
use eastwest_core::engine::effect::Event;
use eastwest_core::plan::asked_pause::{AskedPause, PauseScope, PausedOver};
use eastwest_core::plan::leader::{Leader, NotLeader};
use tracing::info;

use super::shared::Shared;

/// What a person wants to pause, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PauseOf {
    /// Every change.
    Everything,
    /// The services of a cluster.
    Cluster(ClusterName),
    /// One service.
    Service(ServicePath),
    /// A service and a cluster in which it is not.
    Nothing(ClusterName, ServicePath),
}

/// Why nothing was paused, and why no pause was ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotPaused {
    /// There is no such thing, or no pause of it.
    NotThere(String),
    /// Another copy leads: a pause that this one keeps would hold nothing.
    LedElsewhere(String),
}

impl PauseOf {
    /// What the members of a request say, or what is allowed. Of a service whose cluster is named too, the two must fit.
    pub(crate) fn read(cluster: Option<&str>, service: Option<&str>) -> Result<Self, String> {
        let allowed = |refused: Refused| refused.allowed.to_owned();
        let cluster = cluster.map(ClusterName::parse).transpose().map_err(allowed)?;
        let service = service.map(ServicePath::parse).transpose().map_err(allowed)?;
        Ok(match (cluster, service) {
            (None, None) => Self::Everything,
            (Some(cluster), None) => Self::Cluster(cluster),
            (Some(cluster), Some(path)) if cluster != path.cluster => Self::Nothing(cluster, path),
            (_, Some(path)) => Self::Service(path),
        })
    }

    /// The same as the engine knows it.
    fn scope(&self, engine: &Engine) -> Result<PauseScope, NotPaused> {
        let none = |what: &str| NotPaused::NotThere(format!("there is no {what}"));
        match self {
            Self::Everything => Ok(PauseScope::Everything),
            Self::Cluster(cluster) => {
                let is_there = engine.view().clusters.contains_key(cluster);
                let scope = is_there.then(|| PauseScope::Cluster(cluster.clone()));
                scope.ok_or_else(|| none(&format!("watched cluster {cluster}")))
            }
            Self::Service(path) => {
                let key = engine.view().at_path(path).cloned();
                key.map(PauseScope::Service).ok_or_else(|| none(&format!("ECS service {path}")))
            }
            Self::Nothing(cluster, path) => {
                Err(none(&format!("ECS service {path} in cluster {cluster}")))
            }
        }
    }
}

impl Shared {
    /// Pauses something for so long.
    pub(crate) fn pause(
        &self,
        of: &PauseOf,
        lasting: Duration,
        over: PausedOver,
    ) -> Result<AskedPause, NotPaused> {
        let now = self.clock.now();
        let scope = {
            let engine = self.engine();
            let scope = of.scope(&engine)?;
            self.check_leader(&engine, &scope)?;
            scope
        };
        self.send(Event::Pause(scope.clone(), lasting, over));
        let pause = AskedPause { scope, until: now.plus(lasting).calendar, over };
        info!(what = %pause.scope, until = %pause.until, "paused");
        self.tell_request(service(&pause.scope), &pause.to_string());
        Ok(pause)
    }

    /// Ends the pause of exactly this.
    pub(crate) fn resume(&self, of: &PauseOf) -> Result<PauseScope, NotPaused> {
        let now = self.clock.now();
        let scope = {
            let engine = self.engine();
            let scope = of.scope(&engine)?;
            if engine.pauses().of(&scope, now).is_none() {
                let all: Vec<String> =
                    engine.pauses().in_force(now).map(|pause| pause.scope.to_string()).collect();
                let others = if all.is_empty() { "nothing".to_owned() } else { all.join(", ") };
                return Err(NotPaused::NotThere(format!(
                    "no such pause is in force here: paused by HTTP or on the dashboard of this copy is {others}; a pause \
                     in a tag or in the document ends there"
                )));
            }
            scope
        };
        self.send(Event::Resume(scope.clone()));
        info!(what = %scope, "goes on");
        self.tell_request(service(&scope), &format!("a person ended the pause of {scope}"));
        Ok(scope)
    }

    /// A pause holds what this copy writes: one that another copy leads must be asked of that one.
    fn check_leader(&self, engine: &Engine, scope: &PauseScope) -> Result<(), NotPaused> {
        let now = self.clock.now();
        let clusters = engine.view().clusters.keys().filter(|cluster| match scope {
            PauseScope::Everything => true,
            PauseScope::Cluster(named) => named == *cluster,
            PauseScope::Service(key) => key.cluster == **cluster,
        });
        for cluster in clusters {
            if let Some(leader @ Leader::Other { .. }) = engine.leader(cluster, now) {
                let led = NotLeader { cluster: cluster.clone(), leader };
                return Err(NotPaused::LedElsewhere(format!(
                    "{led}: ask that copy, or pause with a tag or in the document, which every copy heeds"
                )));
            }
        }
        Ok(())
    }
}

fn service(scope: &PauseScope) -> Option<&ServiceKey> {
    match scope {
        PauseScope::Service(key) => Some(key),
        PauseScope::Everything | PauseScope::Cluster(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_everything_a_cluster_or_a_service() {
        assert_eq!(PauseOf::read(None, None), Ok(PauseOf::Everything));
        let cluster = ClusterName::parse("prod").expect("a name");
        assert_eq!(PauseOf::read(Some("prod"), None), Ok(PauseOf::Cluster(cluster)));
        assert!(matches!(PauseOf::read(None, Some("prod/web")), Ok(PauseOf::Service(_))));
        assert!(matches!(PauseOf::read(Some("prod"), Some("prod/web")), Ok(PauseOf::Service(_))));
        assert!(matches!(PauseOf::read(Some("dev"), Some("prod/web")), Ok(PauseOf::Nothing(..))));
        for (cluster, service) in [(Some("a b"), None), (Some(""), None), (None, Some("web"))] {
            assert!(PauseOf::read(cluster, service).is_err());
        }
    }
}
