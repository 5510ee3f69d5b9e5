//! Which leases this process is to hold: all of them or none.
//!
//! A process that led one cluster and not another would break budgets that count over the clusters of one
//! namespace. So a process competes for a free lease only if no watched cluster is held by another, or if it holds
//! the first one, by name, of those that are held. A process that holds leases while another holds the first one of
//! those that are held gives up all its own. Where nobody holds one, all compete for the first one, and the others
//! follow. A process that cannot read one does not begin to lead. An item that a person spoilt counts neither as
//! held nor as free: it stops its own cluster alone.
//!
//! **Invariant:** two processes that watch different clusters never take turns for ever. The process that holds the
//! first one of those that are held, over all clusters, never gives it up for this rule; and one that gave up does
//! not compete before that one is free again.
//!
//! **Invariant:** where no lease is held nothing is written, and nothing is made unless all are.

use std::collections::BTreeMap;

use super::lease::{Course, Lease, LeaseCall, Standing};
use crate::declaration::settings::{LeaseSettings, Policy, Settings};
use crate::ecs::fault::Fault;
use crate::ecs::lease::{LeaseItem, LeaseKey, LeaseOutcome, LeaseWrite};
use crate::ecs::name::ClusterName;
use crate::ecs::time::Now;
use crate::plan::hold::Hold;
use crate::plan::leader::{Leader, LeaseChange, NotLeader, NotTaking};
use crate::view::View;

/// The leases of the watched clusters. Without a lease table there are none, and nothing is held for one.
#[derive(Debug, Clone, Default)]
pub struct Leases {
    settings: Option<LeaseSettings>,
    /// Whether the policy lets this process write at all: a process that only observes takes no lease.
    may_compete: bool,
    by_cluster: BTreeMap<ClusterName, Lease>,
    /// What happened and was not told yet.
    changes: Vec<(ClusterName, LeaseChange)>,
    /// Who led as it was last looked at.
    known: BTreeMap<ClusterName, Leader>,
    is_stopping: bool,
}

/// Which leases a process competes for, as far as they are free.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Candidates {
    None,
    Only(ClusterName),
    All,
}

impl Leases {
    /// Leases of which none is known yet.
    pub fn new(settings: &Settings) -> Self {
        Self {
            settings: settings.lease.clone(),
            may_compete: settings.policy != Policy::Observe,
            ..Self::default()
        }
    }

    /// Whether there is a lease table.
    pub fn are_used(&self) -> bool {
        self.settings.is_some()
    }

    /// Takes up the clusters that have come into view. The account and the Region of a cluster are those of its services:
    /// one without services has no lease, and nothing is written there.
    pub fn watch(&mut self, view: &View, now: Now) {
        if self.settings.is_none() {
            return;
        }
        self.by_cluster
            .retain(|cluster, lease| view.clusters.contains_key(cluster) || lease.is_busy());
        for (cluster, known) in &view.clusters {
            let Some((service, _)) = known.services.first_key_value() else { continue };
            if !self.by_cluster.contains_key(cluster) {
                let key = LeaseKey::of(&service.scope, cluster);
                self.by_cluster.insert(cluster.clone(), Lease::new(key, now));
            }
        }
        for (_, gone) in
            self.by_cluster.iter_mut().filter(|(name, _)| !view.clusters.contains_key(*name))
        {
            gone.give_up();
        }
    }

    /// Writes nothing more, and gives everything up.
    pub fn stop(&mut self) {
        self.is_stopping = true;
    }

    /// Takes in the answer to a read.
    pub fn read(&mut self, key: &LeaseKey, answer: Result<Option<LeaseItem>, Fault>, now: Now) {
        self.answered(key, |lease, settings| lease.read(settings, answer, now));
    }

    /// Takes in the answer to a write.
    pub fn written(&mut self, write: &LeaseWrite, answer: Result<LeaseOutcome, Fault>, now: Now) {
        self.answered(&write.key, |lease, settings| lease.written(settings, answer, now));
    }

    fn answered(
        &mut self,
        key: &LeaseKey,
        take_in: impl FnOnce(&mut Lease, &LeaseSettings) -> Vec<LeaseChange>,
    ) {
        let Some(settings) = &self.settings else { return };
        let found = self.by_cluster.iter_mut().find(|(_, lease)| lease.key() == key);
        let Some((cluster, lease)) = found else { return };
        let before = lease.trouble().map(|fault| fault.kind);
        let changes = take_in(lease, settings);
        self.changes.extend(changes.into_iter().map(|change| (cluster.clone(), change)));
        let after = lease.trouble();
        if before != after.map(|fault| fault.kind) {
            self.changes.push((cluster.clone(), LeaseChange::Trouble(after.cloned())));
        }
    }

    /// Notes that time has passed, and decides what is to be given up. Nothing more is written there from now on.
    pub fn decide(&mut self, now: Now) {
        let Some(settings) = self.settings.clone() else { return };
        for (cluster, lease) in &mut self.by_cluster {
            let change = lease.pass_time(&settings, now);
            self.changes.extend(change.map(|change| (cluster.clone(), change)));
        }
        if self.is_stopping || self.other_leader(&settings, now).is_some() {
            self.by_cluster.values_mut().for_each(Lease::give_up);
        }
    }

    /// Starts the calls that are due. Nothing is given up while a write of ours is under way.
    pub fn start_calls(&mut self, is_writing: bool, now: Now) -> Vec<LeaseCall> {
        let Some(settings) = self.settings.clone() else { return Vec::new() };
        let courses = self.courses(&settings, is_writing, now);
        let leases = self.by_cluster.values_mut().zip(courses);
        leases.filter_map(|(lease, course)| lease.start_call(&settings, course, now)).collect()
    }

    /// What is wanted of each lease, in order.
    fn courses(&self, settings: &LeaseSettings, is_writing: bool, now: Now) -> Vec<Course> {
        let candidates = self.candidates(settings, now);
        let course = |(name, lease): (&ClusterName, &Lease)| {
            if lease.is_giving_up() {
                return if is_writing { Course::Keep } else { Course::GiveUp };
            }
            let is_candidate = match &candidates {
                Candidates::None => false,
                Candidates::Only(first) => first == name,
                Candidates::All => true,
            };
            if is_candidate { Course::Compete } else { Course::Keep }
        };
        self.by_cluster.iter().map(course).collect()
    }

    /// Which leases to compete for.
    fn candidates(&self, settings: &LeaseSettings, now: Now) -> Candidates {
        if !self.may_compete || self.is_stopping {
            return Candidates::None;
        }
        match self.first_held(settings, now) {
            Some((_, Standing::Ours)) => Candidates::All,
            Some(_) => Candidates::None,
            None if self.first_unseen(settings, now).is_some() => Candidates::None,
            None => {
                let mut standings = self.standings(settings, now);
                let first = standings.find(|(_, standing)| *standing == Standing::Free);
                first.map_or(Candidates::None, |(first, _)| Candidates::Only(first.clone()))
            }
        }
    }

    fn standings(
        &self,
        settings: &LeaseSettings,
        now: Now,
    ) -> impl Iterator<Item = (&ClusterName, Standing)> {
        self.by_cluster.iter().map(move |(name, lease)| (name, lease.standing(settings, now)))
    }

    /// The first one by name that is held, and by whom.
    fn first_held(&self, settings: &LeaseSettings, now: Now) -> Option<(&ClusterName, Standing)> {
        let is_held = |standing| matches!(standing, Standing::Ours | Standing::Others);
        self.standings(settings, now).find(|(_, standing)| is_held(*standing))
    }

    /// The first one of which we do not know who holds it.
    fn first_unseen(&self, settings: &LeaseSettings, now: Now) -> Option<&ClusterName> {
        let is_unseen = |standing| matches!(standing, Standing::Unread | Standing::Unknown);
        let mut standings = self.standings(settings, now);
        standings.find(|(_, standing)| is_unseen(*standing)).map(|(cluster, _)| cluster)
    }

    /// The first cluster that is held, if another process holds it.
    fn other_leader(&self, settings: &LeaseSettings, now: Now) -> Option<&ClusterName> {
        let (first, standing) = self.first_held(settings, now)?;
        (standing == Standing::Others).then_some(first)
    }

    /// When the next call is due, or something changes by time alone after `seen`.
    pub fn next_due(&self, is_writing: bool, seen: Now) -> Option<Now> {
        let settings = self.settings.as_ref()?;
        let courses = self.courses(settings, is_writing, seen);
        let leases = self.by_cluster.values().zip(courses);
        let due = leases.flat_map(|(lease, course)| {
            let call = lease.next_call(settings, course, seen);
            call.into_iter().chain(lease.next_change(settings, seen))
        });
        due.min()
    }

    /// Takes out what happened since the last call.
    pub fn take_changes(&mut self) -> Vec<(ClusterName, LeaseChange)> {
        std::mem::take(&mut self.changes)
    }

    /// Notes who leads now. Returns whether that is another than at the last call.
    pub fn note_leaders(&mut self, now: Now) -> bool {
        let leaders: BTreeMap<ClusterName, Leader> = self
            .by_cluster
            .keys()
            .filter_map(|cluster| Some((cluster.clone(), self.leader(cluster, now)?)))
            .collect();
        let is_new = leaders != self.known;
        self.known = leaders;
        is_new
    }

    /// Who leads a cluster; none without a lease table.
    pub fn leader(&self, cluster: &ClusterName, now: Now) -> Option<Leader> {
        let settings = self.settings.as_ref()?;
        let Some(lease) = self.by_cluster.get(cluster) else { return Some(Leader::NotRead) };
        let why = match self.first_held(settings, now) {
            _ if !self.may_compete => NotTaking::Observes,
            Some((_, Standing::Ours)) => NotTaking::Soon,
            Some((first, _)) => NotTaking::Yields(first.clone()),
            None => {
                self.first_unseen(settings, now).cloned().map_or(NotTaking::Soon, NotTaking::Yields)
            }
        };
        Some(lease.leader(settings, why, now))
    }

    /// Whether a write to a cluster may leave now.
    pub fn may_write(&self, cluster: &ClusterName, now: Now) -> bool {
        let Some(settings) = &self.settings else { return true };
        let lease = self.by_cluster.get(cluster);
        !self.is_stopping && lease.is_some_and(|lease| lease.may_write(settings, now))
    }

    /// Why nothing may be changed in a cluster now, if so. A process that only observes needs no lease for that.
    pub(crate) fn hold(&self, cluster: &ClusterName, now: Now) -> Option<Hold> {
        if self.settings.is_none() || !self.may_compete || self.may_write(cluster, now) {
            return None;
        }
        let (cluster, leader) = (cluster.clone(), self.leader(cluster, now)?);
        Some(Hold::NotLeader(Box::new(NotLeader { cluster, leader })))
    }

    /// Why nothing may be made now, if so. A namespace serves every cluster, so the process that makes one leads all
    /// that have a lease, and at least one.
    pub(crate) fn hold_making(&self, view: &View, now: Now) -> Option<Hold> {
        let led = self.by_cluster.keys().find_map(|cluster| self.hold(cluster, now));
        let none = || view.clusters.keys().next().and_then(|first| self.hold(first, now));
        led.or_else(|| if self.by_cluster.is_empty() { none() } else { None })
    }

    /// Whether this process holds the lease of a cluster; without a lease table it leads all.
    pub(crate) fn holds(&self, cluster: &ClusterName) -> bool {
        let lease = || self.by_cluster.get(cluster).and_then(Lease::own_epoch);
        self.settings.is_none() || lease().is_some()
    }

    /// Whether a lease is held.
    pub fn is_any_held(&self) -> bool {
        self.by_cluster.values().any(|lease| lease.own_epoch().is_some())
    }

    /// Whether this process is the one to receive messages. Two processes share one queue, and a message is of use only to
    /// the one that writes. A process that only observes has a queue of its own.
    pub fn may_receive(&self) -> bool {
        self.settings.is_none() || !self.may_compete || self.is_any_held()
    }
}

#[cfg(test)]
mod tests;
