//! When a client is rolled out again for an endpoint that its tasks do not know: once the endpoint has stood for a time.
//!
//! An endpoint that comes and goes would roll all its clients out each time. One that has stood for that time most
//! likely stays. A client that is rolled out for another reason knows the endpoint from then on, and is not rolled out
//! again. So a client is rolled out for one name at most once in that time.
//!
//! Two clocks tell how long an endpoint has stood, and either is enough: ours, since we first saw that the client lacks
//! it; and AWS's, by the newest moment that it wrote down anywhere.
//!
//! **Invariant:** only what clients lack now is remembered. A restart forgets it, and AWS's clock goes on.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::declaration::settings::Settings;
use crate::ecs::name::DiscoveryName;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::{AwsTime, Now};
use crate::plan::Plan;
use crate::plan::entry::Entry;
use crate::plan::hold::Hold;
use crate::plan::need::MissingEndpoint;
use crate::plan::turn::Turn;
use crate::view::View;

/// Since when clients lack endpoints.
#[derive(Debug, Clone, Default)]
pub struct Refreshes {
    lacking: BTreeMap<ServiceKey, Vec<Lacking>>,
}

/// An endpoint that a client lacks.
#[derive(Debug, Clone)]
struct Lacking {
    name: DiscoveryName,
    server: ServiceKey,
    since: Now,
}

impl Refreshes {
    /// Nobody lacks anything.
    pub const fn new() -> Self {
        Self { lacking: BTreeMap::new() }
    }

    /// Notes what clients lack under this plan, and forgets the rest.
    pub(crate) fn observe(&mut self, plan: &Plan, now: Now) {
        let before = std::mem::take(&mut self.lacking);
        for (client, entry) in plan.entries.iter().filter(|(_, entry)| !entry.lacks.is_empty()) {
            let known = before.get(client).map_or(&[][..], Vec::as_slice);
            let lacking = entry.lacks.iter().map(|lack| Lacking {
                name: lack.name.clone(),
                server: lack.server.clone(),
                since: since(known, lack).unwrap_or(now),
            });
            self.lacking.insert(client.clone(), lacking.collect());
        }
    }

    /// Since when a client lacks an endpoint.
    fn since(&self, client: &ServiceKey, lack: &MissingEndpoint) -> Option<Now> {
        since(self.lacking.get(client)?, lack)
    }
}

fn since(known: &[Lacking], lack: &MissingEndpoint) -> Option<Now> {
    let mut known = known.iter();
    let known = known.find(|each| each.name == lack.name && each.server == lack.server)?;
    Some(known.since)
}

/// What tells whether a client may be rolled out again now.
pub(super) struct Standing<'a> {
    refreshes: &'a Refreshes,
    every: Duration,
    /// The newest moment that AWS wrote down, where it matters.
    newest: Option<AwsTime>,
    now: Now,
}

impl<'a> Standing<'a> {
    pub(super) fn new(
        plan: &Plan,
        view: &View,
        settings: &Settings,
        refreshes: &'a Refreshes,
        now: Now,
    ) -> Self {
        let said = view.document.as_ref().and_then(|document| document.limits.refresh_every);
        let every = said.unwrap_or(settings.timing.refresh_every);
        let matters = plan.entries.values().any(|entry| !entry.lacks.is_empty());
        Self { refreshes, every, newest: matters.then(|| newest(view)).flatten(), now }
    }

    /// Why a client is not rolled out again now: all endpoints that it lacks are too young.
    pub(super) fn hold(&self, client: &ServiceKey, entry: &Entry) -> Option<Hold> {
        if entry.lacks.iter().any(|lack| self.has_stood(lack)) {
            return None;
        }
        let first = entry.lacks.iter().map(|lack| (self.until(client, lack), lack));
        let (until, lack) = first.min_by_key(|(until, _)| *until)?;
        (self.now < until).then(|| {
            let (name, server) = (lack.name.clone(), lack.server.clone());
            Hold::Budget(Turn::Refresh { name, server, until: until.calendar })
        })
    }

    fn has_stood(&self, lack: &MissingEndpoint) -> bool {
        let by_aws = lack.since.zip(self.newest);
        by_aws.is_some_and(|(since, newest)| newest.since(since) >= self.every)
    }

    fn until(&self, client: &ServiceKey, lack: &MissingEndpoint) -> Now {
        self.refreshes.since(client, lack).unwrap_or(self.now).plus(self.every)
    }
}

/// The newest moment that AWS wrote down in any reading.
fn newest(view: &View) -> Option<AwsTime> {
    let moments = view.all_services().flat_map(|service| {
        let deployments = service.deployments.iter().map(|deployment| deployment.created_at);
        deployments.chain(service.events.iter().map(|event| event.at))
    });
    moments.max()
}

#[cfg(test)]
mod tests;
