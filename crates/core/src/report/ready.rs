//! Whether what is published can be believed: every watched cluster has been read whole, and not too long ago.

use std::time::Duration;

use serde::Serialize;

use crate::declaration::settings::Timing;
use crate::ecs::fault::Fault;
use crate::ecs::name::ClusterName;
use crate::ecs::seen::Seen;
use crate::ecs::time::Now;
use crate::plan::leader::Leader;
use crate::report::denied::Denials;
use crate::view::View;

/// How long the sweep of a large cluster may take within our share of the API quota.
const LONG_SWEEP: Duration = Duration::from_mins(5);

/// How long AWS may leave the first calls unanswered until that is said. A call takes well under a second.
pub const SILENCE: Duration = Duration::from_secs(4);

/// That AWS has answered no call yet, if it is so and has been so for too long. A call that hangs ends only after its last
/// attempt, half a minute later, and until then no fault says what is wrong.
pub fn silence(has_answered: bool, since: Now, now: Now) -> Option<String> {
    let seconds = now.since(since).as_secs();
    (!has_answered && now.since(since) >= SILENCE).then(|| {
        format!(
            "AWS has answered no call for {seconds} s: check the network path, the Region, AWS_ENDPOINT_URL and where \
             the credentials come from"
        )
    })
}

/// What is missing, cluster by cluster; empty when all is ready.
pub fn waiting_for(view: &View, timing: &Timing, now: Now) -> Vec<String> {
    if view.clusters.is_empty() {
        let trouble = view.clusters_trouble.as_ref().map(|fault| format!(": {fault}"));
        return vec![format!("the list of clusters{}", trouble.unwrap_or_default())];
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

/// Something that cannot be read, and the page that helps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// What cannot be read, and why.
    pub what: String,
    /// A page of these docs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<&'static str>,
}

/// Everything that cannot be read or done now, all at once: clusters, namespaces, parameters of the document, the queue,
/// leases, and every other action that AWS denies. Some of it makes nobody unready: eastwest goes on with less, or holds
/// what it concerns.
pub fn troubles(
    view: &View,
    queue: Option<&Fault>,
    leaders: &[(ClusterName, Leader)],
    denials: &Denials,
) -> Vec<Trouble> {
    let trouble = |what: &str, fault: &Fault| Trouble {
        what: format!("{what}: {fault}"),
        page: fault.kind.page(),
    };
    let listing = view.clusters_trouble.iter().map(|fault| trouble("the list of clusters", fault));
    let clusters = view.clusters.iter().filter_map(|(name, cluster)| {
        Some(trouble(&format!("cluster {name}"), cluster.trouble.as_ref()?))
    });
    let documents = view.in_force.troubles();
    let documents = documents.map(|(name, fault)| trouble(&format!("parameter {name}"), fault));
    let queue = queue.into_iter().map(|fault| trouble("the queue", fault));
    let leases = leaders.iter().filter_map(|(cluster, leader)| match leader {
        Leader::Unknown(fault) => Some(trouble(&format!("the lease of cluster {cluster}"), fault)),
        _ => None,
    });
    let namespaces = view.namespaces.iter().filter_map(|seen| match seen {
        Seen::Unknown(fault) => Some(trouble("the list of namespaces", fault)),
        Seen::Known(_) | Seen::Absent => None,
    });
    let read = listing.chain(clusters).chain(namespaces).chain(documents);
    let mut all: Vec<Trouble> = read.chain(queue).chain(leases).collect();
    for (action, fault) in denials.all() {
        let words = fault.to_string();
        // What a cluster or the queue shows already is not shown twice.
        if !all.iter().any(|each| each.what.ends_with(&words)) {
            all.push(trouble(&format!("the action {action}"), fault));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::fault::FaultKind;
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
        let denied = View { clusters_trouble: Some(fault(FaultKind::Denied)), ..View::default() };
        let waiting = waiting_for(&denied, &Timing::default(), at(0));
        assert!(waiting[0].starts_with("the list of clusters: "), "{waiting:?}");
    }

    #[test]
    fn everything_that_cannot_be_read_is_named_at_once_with_its_page() {
        let mut view =
            View { clusters_trouble: Some(fault(FaultKind::NoCredentials)), ..self::view(None) };
        for cluster in view.clusters.values_mut() {
            cluster.trouble = Some(fault(FaultKind::Denied));
        }
        let queue = fault(FaultKind::NotFound);
        let leader = Leader::Unknown(fault(FaultKind::ServerError));
        let mut denials = Denials::default();
        denials.denied("ecs:ListServices", &fault(FaultKind::Denied), at(0));
        for (action, operation) in
            [("events:PutEvents", "events.PutEvents"), ("iam:PassRole", "ecs.UpdateService")]
        {
            let refusal = Fault::new(FaultKind::Denied, operation, "no");
            denials.denied(action, &refusal, at(0));
        }
        let leaders = [(ClusterName::as_read("prod"), leader)];
        let told = troubles(&view, Some(&queue), &leaders, &denials);
        let told: Vec<(&str, Option<&str>)> = told
            .iter()
            .map(|each| (each.what.split(": ").next().unwrap_or_default(), each.page))
            .collect();
        assert_eq!(
            told,
            [
                ("the list of clusters", Some("docs/troubleshooting.md#credentials")),
                ("cluster prod", Some("deploy/README.md#the-policies")),
                ("the queue", Some("docs/troubleshooting.md#what-is-not-there")),
                ("the lease of cluster prod", None),
                // Not `ecs:ListServices`: the cluster shows it.
                ("the action iam:PassRole", Some("deploy/README.md#the-policies")),
                ("the action events:PutEvents", Some("deploy/README.md#the-policies")),
            ]
        );
    }

    #[test]
    fn every_page_that_helps_is_there() {
        let pages = [
            ("deploy/README.md", include_str!("../../../../deploy/README.md")),
            ("docs/troubleshooting.md", include_str!("../../../../docs/troubleshooting.md")),
        ];
        let kinds = [
            FaultKind::Denied,
            FaultKind::NoCredentials,
            FaultKind::NotFound,
            FaultKind::Unreachable,
            FaultKind::TimedOut,
            FaultKind::Unreadable,
        ];
        for page in kinds.into_iter().filter_map(FaultKind::page) {
            let (file, anchor) = page.split_once('#').unwrap();
            let text = pages.iter().find(|(name, _)| *name == file).map(|(_, text)| text).unwrap();
            let heading = |line: &str| {
                let words = line.trim_start_matches('#').trim().to_lowercase();
                line.starts_with('#') && words.replace(' ', "-").replace('\'', "") == anchor
            };
            assert!(text.lines().any(heading), "{page}");
        }
    }

    #[test]
    fn a_silent_aws_is_named_within_five_seconds_and_an_answer_of_any_kind_ends_that() {
        assert_eq!(silence(false, at(0), at(3)), None);
        let told = silence(false, at(0), at(4));
        assert!(
            told.is_some_and(|text| text.starts_with("AWS has answered no call for 4 s: check"))
        );
        assert_eq!(silence(true, at(0), at(400)), None);
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
