//! What is published of a cluster that is read for the first time: one line for the cluster, and one for each of its
//! services that is not in order.
//!
//! A cluster may have thousands of services that are in order, and a line for each says nothing. They are counted. From
//! then on every change of a service is a line of its own.

use std::collections::{BTreeMap, BTreeSet};

use crate::declaration::intent::Intent;
use crate::ecs::name::{ClusterName, ServiceKey};
use crate::ecs::time::Now;
use crate::report::news::Census;
use crate::report::news::News;
use crate::report::status::Status;
use crate::view::View;

/// The clusters whose first reading is published, and how far the others are.
#[derive(Debug, Clone, Default)]
pub(super) struct FirstReadings {
    published: BTreeSet<ClusterName>,
    /// Of each other cluster, the services whose status is certain.
    judged: BTreeMap<ClusterName, BTreeSet<ServiceKey>>,
}

impl FirstReadings {
    /// Takes note of a status that is certain; says whether it is a line of its own.
    pub(super) fn judge(&mut self, key: &ServiceKey, status: &Status) -> bool {
        if self.published.contains(&key.cluster) {
            return true;
        }
        let is_first = self.judged.entry(key.cluster.clone()).or_default().insert(key.clone());
        !(is_first && status.is_in_order())
    }

    /// The clusters that have been read whole for the first time, and all of whose services are judged by now.
    pub(super) fn publish(
        &mut self,
        view: &View,
        statuses: &BTreeMap<ServiceKey, (Status, Now)>,
    ) -> Vec<News> {
        self.published.retain(|cluster| view.clusters.contains_key(cluster));
        if self.published.len() == view.clusters.len() {
            return Vec::new();
        }
        let unpublished: Vec<&ClusterName> =
            view.clusters.keys().filter(|cluster| !self.published.contains(*cluster)).collect();
        let mut news = Vec::new();
        for cluster in unpublished {
            if let Some(census) = self.census(view, cluster, statuses) {
                self.judged.remove(cluster);
                self.published.insert(cluster.clone());
                news.push(News::FirstReading(cluster.clone(), census));
            }
        }
        news
    }

    fn census(
        &self,
        view: &View,
        cluster: &ClusterName,
        statuses: &BTreeMap<ServiceKey, (Status, Now)>,
    ) -> Option<Census> {
        let read = view.clusters.get(cluster)?;
        read.complete_at?;
        let judged = self.judged.get(cluster);
        let mut census = Census::default();
        for (name, service) in &read.services {
            let key = ServiceKey::new(cluster, name);
            if service.intent == Intent::NotOptedIn {
                census.not_opted_in += 1;
                continue;
            }
            if !judged.is_some_and(|judged| judged.contains(&key)) {
                return None;
            }
            match statuses.get(&key) {
                Some((status, _)) if status.is_in_order() => census.in_order += 1,
                _ => census.not_in_order += 1,
            }
        }
        Some(census)
    }
}
