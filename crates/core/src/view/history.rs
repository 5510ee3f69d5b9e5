//! What a service's past rollouts show: what failed, what runs, how old its endpoints are, who else writes.
//!
//! AWS keeps the result of each rollout in the service deployments and their revisions, so nothing is lost when
//! eastwest restarts. Only what decisions need is kept here: twenty whole configurations for each of thousands of
//! services would be most of our memory.

use std::time::Duration;

use super::rollout::RolloutSpan;
use crate::ecs::connect::{Connect, Endpoint};
use crate::ecs::defaults::Defaults;
use crate::ecs::name::{Arn, DiscoveryName, DnsName, Port};
use crate::ecs::past::Past;
use crate::ecs::time::AwsTime;

/// How far back from the newest deployment a second writer is searched. It is longer than eastwest gives way to one, so
/// that a fight is not forgotten in that time.
const LATELY: Duration = Duration::from_hours(4);
/// A service's first deployment is created with it.
const FIRST: Duration = Duration::from_mins(1);

/// Whether AWS has the revision of a listed deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevisionAnswer {
    /// It was read.
    Read,
    /// AWS does not have it.
    Gone,
    /// The answer does not mention it, so it was not read.
    Unmentioned,
}

/// A listed deployment: what decides whether the past is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// API:ServiceDeployment.status.
    pub status: String,
    /// Whether AWS has its revision.
    pub revision: RevisionAnswer,
}

impl Listed {
    fn is_gone(&self) -> bool {
        self.revision == RevisionAnswer::Gone
    }

    fn is_completed(&self) -> bool {
        self.status == "SUCCESSFUL"
    }

    /// Whether it neither failed nor goes on.
    fn is_harmless(&self) -> bool {
        self.is_completed() || self.status == "STOPPED"
    }
}

/// How many of the listed deployments, newest first, make up the known past. `None`: the past is unknown.
///
/// ECS does not promise to keep a revision for as long as it lists the deployment. So revisions that are gone at the
/// old end shorten the past, as if AWS listed fewer deployments. If the whole past were unknown instead, nothing could
/// be written to the service until newer deployments replaced the old ones. Three deployments may not be gone: one that
/// **failed**, because it would be sent again; the **newest**; and the newest that **completed**, because a rollback
/// goes back to it. A gap is not allowed either: if a revision is gone, all older ones must be gone, or endpoints would
/// look younger than they are. A revision that the answer does not mention was not read.
pub fn known_past(listed: &[Listed]) -> Option<usize> {
    let last = listed.iter().rposition(|deployment| !deployment.is_gone());
    let (kept, gone) = listed.split_at(last.map_or(0, |last| last + 1));
    let harmless = gone.iter().all(Listed::is_harmless);
    let completed = |all: &[Listed]| all.iter().any(Listed::is_completed);
    let stands = !kept.is_empty() && (completed(kept) || !completed(gone));
    let can_be_told = gone.is_empty() || (harmless && stands);
    can_be_told.then_some(kept.len())
}

/// What became of a service's recent rollouts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// Those that failed or were rolled back since one last completed, newest first.
    pub failed: Vec<FailedRevision>,
    /// The one under way.
    pub ongoing: Option<Ongoing>,
    /// Whether any completed: without one the circuit breaker has nothing to go back to.
    pub has_completed: bool,
    /// Since when each endpoint of the last completed deployment exists.
    pub ages: Vec<Age>,
    /// The deployments of the four hours before the newest, newest first.
    pub lately: Vec<Past>,
    /// How long a completed one took: the median.
    pub took: Option<Duration>,
}

/// A revision whose rollout failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedRevision {
    /// The configuration it carried.
    pub connect: Option<Connect>,
    /// The task definition it ran.
    pub task_definition: Arn,
    /// The service deployment's status: `ROLLBACK_SUCCESSFUL`, …
    pub status: String,
    /// Why, in ECS's words.
    pub reason: String,
    /// When it ran.
    pub span: RolloutSpan,
}

/// A service deployment under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ongoing {
    /// `PENDING`, `IN_PROGRESS`, `ROLLBACK_IN_PROGRESS`, …
    pub status: String,
    /// Its lifecycle stage; empty where AWS gives none.
    pub stage: String,
    /// The stage at which a PAUSE lifecycle hook holds it.
    pub paused_at: Option<String>,
}

/// Since when an endpoint exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Age {
    /// Its discovery name.
    pub discovery: DiscoveryName,
    /// What clients call, if it is set.
    pub alias: Option<(Option<DnsName>, Port)>,
    /// When the deployment that brought it completed; `None`: longer than AWS remembers.
    pub since: Option<AwsTime>,
}

impl History {
    /// What these past rollouts show. Their order does not matter; `created_at` is when the service was created.
    pub fn of(mut pasts: Vec<Past>, created_at: AwsTime, defaults: &Defaults<'_>) -> Self {
        pasts.sort_by_key(|past| std::cmp::Reverse(past.created_at));
        let failed = failed(&pasts).map(failed_revision).collect();
        let ongoing = pasts.iter().find(|past| past.is_under_way()).map(ongoing);
        let completed: Vec<&Past> = pasts.iter().filter(|past| past.is_completed()).collect();
        let begins = pasts.last().is_some_and(|first| first.created_at.since(created_at) <= FIRST);
        let ages = ages(&completed, begins, defaults);
        let took = median(completed.iter().filter_map(|past| past.took()).collect());
        let has_completed = !completed.is_empty();
        let newest = pasts.first().map(|past| past.created_at);
        pasts.retain(|past| newest.is_some_and(|at| at.since(past.created_at) <= LATELY));
        Self { failed, ongoing, has_completed, ages, lately: pasts, took }
    }

    /// Since when an endpoint exists. `None`: the past does not show it.
    pub fn age(&self, endpoint: &Endpoint) -> Option<&Age> {
        self.ages.iter().find(|age| age.is_of(endpoint))
    }
}

impl Age {
    fn is_of(&self, endpoint: &Endpoint) -> bool {
        self.discovery == endpoint.discovery() && self.alias == endpoint.called()
    }
}

fn failed_revision(past: &Past) -> FailedRevision {
    FailedRevision {
        connect: past.connect.clone(),
        task_definition: past.task_definition.clone(),
        status: past.status.clone(),
        reason: past.reason.clone(),
        span: RolloutSpan { began: past.created_at, ended: past.finished_at },
    }
}

fn ongoing(past: &Past) -> Ongoing {
    let Past { status, stage, paused_at, .. } = past;
    Ongoing { status: status.clone(), stage: stage.clone(), paused_at: paused_at.clone() }
}

/// The deployments that failed since one last completed; `pasts` are newest first. One that completed later shows that
/// the cause may be gone, whatever it carried: a role was mended, there is room again, the strategy is another.
fn failed(pasts: &[Past]) -> impl Iterator<Item = &Past> {
    pasts.iter().take_while(|past| !past.is_completed()).filter(|past| past.is_failed())
}

/// Goes back from the last completed deployment for as long as each endpoint is in it; `begins`: whether the past
/// goes back to the service's beginning.
fn ages(completed: &[&Past], begins: bool, defaults: &Defaults<'_>) -> Vec<Age> {
    let Some((newest, earlier)) = completed.split_first() else { return Vec::new() };
    let Some(connect) = &newest.connect else { return Vec::new() };
    let age = |endpoint: &Endpoint| {
        let has = |past: &&&Past| {
            past.connect.as_ref().is_some_and(|old| has(old, endpoint, connect, defaults))
        };
        let same = earlier.iter().take_while(has).count();
        let first = completed[same];
        let told = same < earlier.len() || begins;
        let since = told.then(|| first.finished_at.unwrap_or(first.created_at));
        Age { discovery: endpoint.discovery(), alias: endpoint.called(), since }
    };
    connect.endpoints.iter().map(age).collect()
}

/// Whether an older configuration offers the same endpoint in the same namespace.
fn has(old: &Connect, endpoint: &Endpoint, new: &Connect, defaults: &Defaults<'_>) -> bool {
    let id = |connect: &Connect| defaults.namespace_of(connect).map(|namespace| &namespace.id);
    let same_namespace =
        old.namespace == new.namespace || (id(old).is_some() && id(old) == id(new));
    // A host that is left out is the default one (API:ServiceConnectClientAlias): to write it out changes nothing.
    let called = |each: &Endpoint, connect: &Connect| {
        let (host, port) = each.called()?;
        let default = || {
            let namespace = defaults.namespace_of(connect)?;
            Some(format!("{}.{}", each.discovery(), namespace.name))
        };
        Some((host.as_ref().map(ToString::to_string).or_else(default), port))
    };
    let same = |each: &Endpoint| {
        each.discovery() == endpoint.discovery() && called(each, old) == called(endpoint, new)
    };
    same_namespace && old.endpoints.iter().any(same)
}

fn median(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

#[cfg(test)]
mod tests;
