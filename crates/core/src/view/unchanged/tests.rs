//! What a sweep may leave to the view, and what it may not.

use std::time::Duration;

use super::*;
use crate::declaration::settings::Sources;
use crate::declaration::tag_prefix::TagPrefix;
use crate::ecs::fault::FaultKind;
use crate::ecs::name::DeploymentId;
use crate::ecs::seen::Seen;
use crate::ecs::service::Rollout;
use crate::ecs::time::{AwsTime, Now};
use crate::testing::{at, fault, key, read_connect, read_tags, service};

/// A view, and what each sweep of it reads.
#[derive(Clone, Default)]
struct Swept(View);

impl Swept {
    /// A view that has read `web`, which opted in, and `other`, which did not.
    fn first() -> Self {
        let mut swept = Self::default();
        swept.whole(0, &[web(), other()]);
        swept
    }

    /// A sweep that compares nothing.
    fn whole(&mut self, seconds: u64, services: &[EcsService]) {
        let whole = services.iter().map(|each| (each.key.clone(), Seen::Known(each.clone())));
        self.take_in(seconds, whole.collect(), BTreeMap::new());
    }

    /// A sweep that leaves to the view what it can, compared with the view as it is now: how much that was.
    fn compared(&mut self, seconds: u64, services: &[EcsService]) -> usize {
        let compared = self.compare(services);
        let count = compared.1.len();
        self.take_in(seconds, compared.0, compared.1);
        count
    }

    fn compare(&self, services: &[EcsService]) -> Compared {
        let (mut whole, mut unchanged) = (BTreeMap::new(), BTreeMap::new());
        for each in services {
            match self.0.unchanged(each) {
                Some(known) => drop(unchanged.insert(each.key.clone(), known)),
                None => drop(whole.insert(each.key.clone(), Seen::Known(each.clone()))),
            }
        }
        (whole, unchanged)
    }

    fn take_in(&mut self, seconds: u64, services: Services, unchanged: Unchanged) {
        let cluster = key("web").cluster;
        let (default_namespace, listing) = (Seen::Known(None), Ok(()));
        let reading = ClusterReading { cluster, default_namespace, listing, services, unchanged };
        at_second(seconds, |merger| _ = merger.swept(&mut self.0, reading));
    }

    fn refreshed(&mut self, seconds: u64, seen: Seen<EcsService>) {
        let services = BTreeMap::from([(key("web"), seen)]);
        at_second(seconds, |merger| merger.refreshed(&mut self.0, &key("web").cluster, services));
    }

    fn web(&self) -> &ServiceView {
        self.0.service(&key("web")).expect("it is known")
    }
}

type Services = BTreeMap<ServiceKey, Seen<EcsService>>;
type Unchanged = BTreeMap<ServiceKey, Arc<EcsService>>;
type Compared = (Services, Unchanged);

fn at_second(seconds: u64, take_in: impl FnOnce(&Merger<'_>)) {
    let (prefix, sources, now) = (TagPrefix::default(), Sources::default(), at(seconds));
    let staleness = Duration::from_secs(10);
    take_in(&Merger { prefix: &prefix, sources: &sources, staleness, now });
}

fn web() -> EcsService {
    EcsService { tags: read_tags("mode=client, pause=false"), ..service(&key("web"), 0) }
}

/// It uses a namespace, so that its deployments are kept although it did not opt in.
fn other() -> EcsService {
    let tags = BTreeMap::from([("team".to_owned(), "blue".to_owned())]);
    let mut other = EcsService { tags, ..service(&key("other"), 1) };
    other.deployments[0].connect = read_connect("in internal.myapp");
    other
}

/// The same service after each thing that may change about it.
fn changed() -> Vec<EcsService> {
    let with = |change: &dyn Fn(&mut EcsService)| {
        let mut changed = web();
        change(&mut changed);
        changed
    };
    vec![
        with(&|web| web.tags = read_tags("mode=client, pause=true")),
        with(&|web| drop(web.tags.insert("team".to_owned(), "red".to_owned()))),
        with(&|web| web.desired_count += 1),
        with(&|web| web.deployments[0].id = DeploymentId::as_read("ecs-svc/2")),
        with(&|web| web.deployments[0].rollout = Rollout::InProgress),
        with(&|web| web.deployments[0].updated_at = AwsTime(99)),
        with(&|web| web.created_at = AwsTime(99)),
    ]
}

#[test]
fn a_sweep_without_news_leaves_all_services_to_the_view_and_makes_the_same_view_as_a_whole_one() {
    let (mut whole, mut compared) = (Swept::first(), Swept::first());
    whole.whole(60, &[web(), other()]);
    assert_eq!(compared.compared(60, &[web(), other()]), 2);
    assert_eq!(format!("{:?}", compared.0), format!("{:?}", whole.0));
    assert_eq!(compared.web().read_at, at(60));
}

#[test]
fn whatever_changed_is_read_whole_and_makes_the_same_view_as_a_whole_sweep() {
    for changed in changed() {
        let (mut whole, mut compared) = (Swept::first(), Swept::first());
        let services = [changed, other()];
        whole.whole(60, &services);
        assert_eq!(compared.compared(60, &services), 1, "{:?}", services[0]);
        assert_eq!(format!("{:?}", compared.0), format!("{:?}", whole.0));
    }
}

#[test]
fn what_another_reading_has_replaced_since_is_not_taken_back() {
    for newer in changed() {
        let mut swept = Swept::first();
        let (whole, unchanged) = swept.compare(&[web(), other()]);
        swept.refreshed(30, Seen::Known(newer.clone()));
        let said = |swept: &Swept| {
            let web = swept.web();
            (web.last.clone(), web.tagged.clone(), web.intent.clone(), web.fingerprint)
        };
        let before = said(&swept);
        swept.take_in(60, whole, unchanged);
        assert_eq!(said(&swept), before, "{newer:?}");
    }
}

#[test]
fn a_service_that_could_not_be_read_or_was_missed_is_in_order_again() {
    let mut swept = Swept::first();
    let (whole, unchanged) = swept.compare(&[web(), other()]);
    swept.refreshed(30, Seen::Unknown(fault(FaultKind::Throttled)));
    let cluster = swept.0.clusters.get_mut(&key("web").cluster).expect("the cluster");
    cluster.services.get_mut(&key("web")).expect("it is known").stale_since = Some(at(30));
    swept.take_in(60, whole, unchanged);
    let seen = swept.web();
    assert_eq!((&seen.trouble, seen.stale_since, seen.read_at), (&None, None, at(60)));
    swept.whole(70, &[other()]);
    assert_eq!(swept.web().missing_since, Some(at(70)));
    swept.compared(75, &[web(), other()]);
    assert_eq!(swept.web().missing_since, None::<Now>);
}

#[test]
fn a_service_whose_rest_is_needed_since_is_read_whole() {
    let mut swept = Swept::first();
    let (whole, unchanged) = swept.compare(&[web(), other()]);
    let cluster = swept.0.clusters.get_mut(&key("web").cluster).expect("the cluster");
    // As a document does that opts it in.
    cluster.services.get_mut(&key("other")).expect("it is known").intent = Intent::Ambiguous;
    swept.take_in(60, whole, unchanged);
    let other_at = |swept: &Swept| swept.0.service(&key("other")).expect("it is known").read_at;
    assert_eq!(other_at(&swept), at(0), "only a part of it is known");
    assert_eq!(swept.compared(70, &[web(), other()]), 1);
    assert_eq!(other_at(&swept), at(70));
}
