//! Whether what is published can be believed: every watched cluster has been read whole, and not too long ago.

use std::time::Duration;

use crate::declaration::settings::Timing;
use crate::ecs::time::Now;
use crate::view::View;

/// How long the sweep of a large cluster may take within our share of the API quota.
const LONG_SWEEP: Duration = Duration::from_mins(5);

/// What is missing, cluster by cluster; empty when all is ready.
pub fn waiting_for(view: &View, timing: &Timing, now: Now) -> Vec<String> {
    if view.clusters.is_empty() {
        return vec!["the list of clusters".to_owned()];
    }
    // Three missed sweeps are a fault, two may be weather.
    let longest = timing.interval * 3 + LONG_SWEEP;
    let mut waiting = Vec::new();
    for (name, cluster) in &view.clusters {
        let what = match cluster.complete_at {
            None => "the first complete sweep of",
            Some(at) if now.since(at) > longest => "a fresh sweep of",
            Some(_) => continue,
        };
        let trouble = cluster.trouble.as_ref().map(|fault| format!(": {fault}"));
        waiting.push(format!("{what} {name}{}", trouble.unwrap_or_default()));
    }
    waiting
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::fault::FaultKind;
    use crate::ecs::name::ClusterName;
    use crate::testing::{at, fault};
    use crate::view::ClusterView;

    fn view(complete_at: Option<Now>) -> View {
        let mut view = View::default();
        let cluster = ClusterView { complete_at, ..ClusterView::default() };
        view.clusters.insert(ClusterName::as_read("prod"), cluster);
        view
    }

    #[test]
    fn the_list_of_clusters_comes_first() {
        let waiting = waiting_for(&View::default(), &Timing::default(), at(0));
        assert_eq!(waiting, ["the list of clusters"]);
    }

    #[test]
    fn a_cluster_is_waited_for_until_it_has_been_read_whole_and_says_why() {
        let mut view = view(None);
        assert_eq!(
            waiting_for(&view, &Timing::default(), at(5)),
            ["the first complete sweep of prod"]
        );
        let cluster = view.clusters.values_mut().next().expect("one cluster");
        cluster.trouble = Some(fault(FaultKind::Denied));
        let waiting = waiting_for(&view, &Timing::default(), at(5));
        assert!(waiting[0].starts_with("the first complete sweep of prod: "), "{waiting:?}");
    }

    #[test]
    fn three_missed_sweeps_and_five_minutes_make_it_stale() {
        let view = view(Some(at(0)));
        let timing = Timing { interval: Duration::from_mins(1), ..Timing::default() };
        assert_eq!(waiting_for(&view, &timing, at(480)), [""; 0]);
        assert_eq!(waiting_for(&view, &timing, at(481)), ["a fresh sweep of prod"]);
    }
}
