//! What is published of a cluster that is read for the first time: one line for the cluster, and one for each of its
//! services that is not in order.
//!
//! A cluster may have thousands of services that are in order, and a line for each says nothing. They are counted. From
//! then on every change of a service is a line of its own.

use std::collections::{BTreeMap, BTreeSet};

use super::published_status::PublishedStatus;
use crate::declaration::intent::Intent;
use crate::ecs::name::ClusterName;
use crate::ecs::service_key::ServiceKey;
use crate::report::news::{Census, News};
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
        statuses: &BTreeMap<ServiceKey, PublishedStatus>,
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

    /// How the services of a cluster are; nothing before it was read whole and each of them was judged.
    fn census(
        &self,
        view: &View,
        cluster: &ClusterName,
        statuses: &BTreeMap<ServiceKey, PublishedStatus>,
    ) -> Option<Census> {
        let read = view.clusters.get(cluster)?;
        read.complete_at?;
        let judged = self.judged.get(cluster);
        let mut census = Census::default();
        for (key, service) in &read.services {
            if service.intent == Intent::NotOptedIn {
                census.not_opted_in += 1;
                continue;
            }
            if !judged.is_some_and(|judged| judged.contains(key)) {
                return None;
            }
            match statuses.get(key) {
                Some(published) if published.status.is_in_order() => census.in_order += 1,
                _ => census.not_in_order += 1,
            }
        }
        Some(census)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::health::Health;
    use crate::report::status::Sync;
    use crate::testing::{Stage, at, key};

    const CLUSTER: &str = "one mode=client
        two mode=client
        three -";

    fn status(health: Health) -> Status {
        Status::new(Sync::Synced, health)
    }

    /// First readings, and the statuses published meanwhile.
    #[derive(Default)]
    struct Judged {
        first: FirstReadings,
        statuses: BTreeMap<ServiceKey, PublishedStatus>,
    }

    impl Judged {
        /// Judges a service; says whether it has a line of its own.
        fn judge(&mut self, name: &str, health: Health) -> bool {
            let published = PublishedStatus::next(None, status(health), false, at(0));
            self.statuses.extend(published.map(|published| (key(name), published)));
            self.first.judge(&key(name), &status(health))
        }

        fn publish(&mut self, view: &View) -> Vec<News> {
            self.first.publish(view, &self.statuses)
        }
    }

    #[test]
    fn a_cluster_is_one_line_and_only_what_is_not_in_order_has_its_own() {
        let view = Stage::read(CLUSTER).view;
        let mut judged = Judged::default();
        assert!(!judged.judge("one", Health::Healthy));
        assert_eq!(judged.publish(&view), [], "two is not judged yet");
        assert!(judged.judge("two", Health::Degraded));
        let census = Census { in_order: 1, not_in_order: 1, not_opted_in: 1 };
        assert_eq!(judged.publish(&view), [News::FirstReading(key("one").cluster, census)]);
        assert_eq!(judged.publish(&view), [], "once");
        assert!(judged.judge("one", Health::Healthy), "from then on each change is a line");
    }

    #[test]
    fn a_change_before_the_first_line_of_the_cluster_is_a_line_of_its_own() {
        let mut judged = Judged::default();
        assert!(!judged.judge("one", Health::Healthy));
        assert!(judged.judge("one", Health::Healthy), "it was in order, then not, then again");
    }

    #[test]
    fn a_cluster_that_was_not_read_whole_is_not_published() {
        let mut view = Stage::read("").view;
        let cluster = view.clusters.get_mut(&key("one").cluster).expect("a cluster");
        cluster.complete_at = None;
        assert_eq!(Judged::default().publish(&view), []);
    }

    #[test]
    fn a_cluster_that_comes_back_is_published_again() {
        let with = Stage::read("").view;
        let mut without = with.clone();
        without.clusters.clear();
        let mut judged = Judged::default();
        let counts = [&with, &with, &without, &with].map(|view| judged.publish(view).len());
        assert_eq!(counts, [1, 0, 0, 1]);
    }
}
