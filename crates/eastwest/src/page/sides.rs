//! What stands beside the list of services: clusters, namespaces, and what is wrong with the whole.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::engine::Engine;
use eastwest_core::plan::leader::NotLeader;
use eastwest_core::report::standing::Standing;
use eastwest_core::view::ServiceView;
use strum::VariantArray as _;

use super::place::handle;
use super::words::Moment;
use crate::api::listing::namespace_of;
use crate::daemon::clock::Clock;

/// A service with how it stands.
type Placed<'a> = (Standing, &'a ServiceKey, &'a ServiceView);

/// How many services there are of each standing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally(BTreeMap<Standing, usize>);

impl Tally {
    /// Counts.
    pub(super) fn of(standings: impl Iterator<Item = Standing>) -> Self {
        let mut tally = Self::default();
        standings.for_each(|standing| tally.add(standing));
        tally
    }

    fn add(&mut self, standing: Standing) {
        *self.0.entry(standing).or_default() += 1;
    }

    /// How many there are of one.
    pub(super) fn of_standing(&self, standing: Standing) -> usize {
        self.0.get(&standing).copied().unwrap_or_default()
    }

    /// How many there are in all.
    pub(crate) fn all(&self) -> usize {
        self.0.values().sum()
    }

    /// Every standing with its number, also 0: a reader looks for a number where it stood before.
    pub(super) fn shown(&self) -> Vec<(Standing, usize)> {
        Standing::VARIANTS.iter().map(|each| (*each, self.of_standing(*each))).collect()
    }

    /// Those that there are.
    pub(crate) fn some(&self) -> Vec<(Standing, usize)> {
        self.0.iter().map(|(standing, number)| (*standing, *number)).collect()
    }
}

/// One cluster.
#[derive(Debug, Clone)]
pub(crate) struct ClusterSide {
    /// Its name.
    pub(crate) name: String,
    /// How its services stand.
    pub(crate) tally: Tally,
    /// When all of it was last read.
    pub(crate) read: Option<Moment>,
    /// Why it could not be read the last time.
    pub(crate) trouble: Option<String>,
    /// Who leads it; none without a lease table.
    pub(crate) leader: Option<String>,
}

/// One namespace.
#[derive(Debug, Clone)]
pub(crate) struct NamespaceSide {
    /// Its name.
    pub(crate) name: String,
    /// What a link to it names.
    pub(crate) handle: String,
    /// How its services stand.
    pub(crate) tally: Tally,
}

/// Every cluster, those first that need a person.
pub(super) fn clusters(engine: &Engine, clock: Clock, services: &[Placed<'_>]) -> Vec<ClusterSide> {
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    for (standing, key, _) in services {
        tallies.entry(key.cluster.as_str()).or_default().add(*standing);
    }
    let now = clock.now();
    let side = |(name, cluster): (
        &eastwest_core::ecs::name::ClusterName,
        &eastwest_core::view::ClusterView,
    )| {
        let leader = engine.leader(name, now);
        ClusterSide {
            name: name.to_string(),
            tally: tallies.remove(name.as_str()).unwrap_or_default(),
            read: cluster.complete_at.map(|at| Moment::ago(clock.calendar(at), now.calendar)),
            trouble: cluster.trouble.as_ref().map(ToString::to_string),
            leader: leader.map(|leader| NotLeader { cluster: name.clone(), leader }.to_string()),
        }
    };
    let mut sides: Vec<_> = engine.view().clusters.iter().map(side).collect();
    // Stable: within the same need they stay in the order of their names.
    sides.sort_by_key(|side| {
        (side.trouble.is_none(), Reverse(side.tally.of_standing(Standing::Broken)))
    });
    sides
}

/// Every namespace that a service is in, those first that need a person.
pub(super) fn namespaces(engine: &Engine, services: &[Placed<'_>]) -> Vec<NamespaceSide> {
    let view = engine.view();
    let mut sides: BTreeMap<&str, NamespaceSide> = BTreeMap::new();
    for (standing, key, service) in services {
        let Some(namespace) = namespace_of(engine, key, service) else { continue };
        let side = sides.entry(namespace.id.as_str()).or_insert_with(|| NamespaceSide {
            name: namespace.name.to_string(),
            handle: handle(view, namespace),
            tally: Tally::default(),
        });
        side.tally.add(*standing);
    }
    let mut sides: Vec<_> = sides.into_values().collect();
    let broken = |side: &NamespaceSide| side.tally.of_standing(Standing::Broken);
    sides.sort_by(|a, b| broken(b).cmp(&broken(a)).then_with(|| a.name.cmp(&b.name)));
    sides
}

/// What is wrong with the whole, so that what the page shows may be old or may not be done.
pub(super) fn problems(engine: &Engine, waiting_for: Vec<String>) -> Vec<String> {
    let view = engine.view();
    let clusters = view.clusters_trouble.as_ref();
    let clusters = clusters.map(|fault| format!("The clusters cannot be listed: {fault}"));
    let document = view.in_force.trouble();
    let document = document.map(|why| format!("The latest document is not in force: {why}"));
    let queue = engine.queue_trouble();
    let queue = queue.map(|fault| format!("The queue cannot be used; sweeps go on: {fault}"));
    let waiting = waiting_for.into_iter().map(|what| format!("Not complete or not fresh: {what}"));
    [clusters, document, queue].into_iter().flatten().chain(waiting).collect()
}
