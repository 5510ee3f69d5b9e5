//! Differential: a path of edits against the same words said at once.
//!
//! A service at rest (with a configuration of its own or none) is edited two to five times, and the engine makes it so
//! each time. Then, with `before` for what stood right before the last edit:
//!
//! - what the last words declare is as it is on a service of the same beginning to which only they were ever said;
//! - what they do not declare is as it was `before`: the namespace, the logs, and of an endpoint that stood on
//!   the same port its name, alias, time-outs, ingress port, encryption, test header. Where no endpoint is declared
//!   at all, the whole list stays;
//! - where nothing stood `before` (it was off, or the port served nothing), it is the default: the flag's
//!   namespace, else the cluster's; the ECS service's name; the container's port; no logs.
//!
//! Three things go along with another because nobody could have meant otherwise: an alias's host that was
//! `<name>.<namespace>` stays so when either changes; access logs go with the logs; a `client` offers nothing.
//! Without a mode tag nothing is declared, and nothing changes. What is held changes nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use eastwest_core::declaration::settings::{Budget, Settings, Timing};
use eastwest_core::ecs::name::{ClusterName, EcsServiceName, NamespaceRef};
use eastwest_core::ecs::service_key::ServicePath;
use eastwest_core::engine::Engine;
use eastwest_core::plan::entry::Verdict;
use eastwest_core::plan::reason::Reason;
use eastwest_sim::faults::Weather;
use eastwest_sim::judge::Checker;
use eastwest_sim::life::Outside;
use eastwest_sim::model::EcsServiceKey;
use eastwest_sim::run::World;
use eastwest_sim::shapes::cloud_map::Namespace;
use eastwest_sim::shapes::ecs::RolloutState;

use crate::proof::fixture::{CLUSTER, Fixture};
use crate::proof::judge::Judge;
use crate::proof::path::{Path, Said};
use crate::proof::state::{State, state};

/// What became of a path that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Both ways ended and agree.
    Agree,
    /// The last words are held on one of the ways.
    Held,
    /// The last words declare nothing.
    Silent,
}

/// A service that is edited.
struct Life<'a> {
    fixture: &'a Fixture,
    world: World<Engine>,
    namespaces: Vec<Namespace>,
    said: Said,
}

/// What is built into the state at the end of a path, to see that it is found.
pub(crate) type Spoil = fn(&mut State);

/// Walks both ways and compares.
pub(crate) fn differential(path: &Path, spoil: Spoil) -> Result<Ending, String> {
    let mut life = Life::begin(&path.fixture)?;
    let mut before = life.state();
    let (last, earlier) = path.edits.split_last().ok_or("no edits")?;
    for said in earlier {
        life.say(said)?;
        before = life.state();
    }
    let held = life.say(last)?;
    let mut after = life.state();
    after.iter_mut().for_each(spoil);
    if held || !last.tags.contains_key("mode") {
        let same = before == after;
        let ending = if held { Ending::Held } else { Ending::Silent };
        return same.then_some(ending).ok_or(format!("unasked: {before:?} became {after:?}"));
    }
    let judge = Judge { fixture: &path.fixture, namespaces: &life.namespaces, said: last };
    judge.kept(before.as_ref(), after.as_ref())?;
    let mut fresh = Life::begin(&path.fixture)?;
    if fresh.say(last)? {
        return Ok(Ending::Held);
    }
    judge.declared(fresh.state().as_ref(), after.as_ref())?;
    Ok(Ending::Agree)
}

impl<'a> Life<'a> {
    fn begin(fixture: &'a Fixture) -> Result<Self, String> {
        let built = fixture.build(&[], |_| None);
        let (model, namespaces) = built.map_err(|error| format!("fixture: {error}"))?;
        let named = fixture.flag.map(|spoken| NamespaceRef::as_read(&spoken.text(&namespaces)));
        let timing = Timing {
            interval: Duration::from_secs(20),
            staleness: Duration::from_secs(2),
            rollout_poll: Duration::from_secs(2),
            // An oracle of the end does not wait for it.
            refresh_every: Duration::ZERO,
            ..Timing::default()
        };
        let settings = Settings {
            clusters: Some([ClusterName::as_read(CLUSTER)].into()),
            policy: fixture.policy,
            namespace: named,
            timing,
            budget: Budget::default(),
            ..Settings::default()
        };
        let mut weather = Weather::new(fixture.seed);
        weather.fix_latency(40);
        let checker = Checker::new(settings.clone());
        let make = Box::new(move |now| Engine::new(settings.clone(), now));
        let mut world = World::new(model, weather, checker, make);
        world.start();
        world.run_for(3);
        Ok(Self { fixture, world, namespaces, said: Said::default() })
    }

    fn key(&self) -> EcsServiceKey {
        EcsServiceKey::new(CLUSTER, self.fixture.service.as_str())
    }

    fn state(&mut self) -> Option<State> {
        let fixture = self.fixture;
        self.world.with_model(|model| state(model, fixture))
    }

    /// Sets exactly these tags and waits until all is done; whether something is held.
    fn say(&mut self, said: &Said) -> Result<bool, String> {
        let tags = |said: &Said, namespaces: &[Namespace]| {
            let mut tags = said.tags.clone();
            let namespace = said.namespace.map(|spoken| spoken.text(namespaces));
            tags.extend(namespace.map(|text| ("namespace".to_owned(), text)));
            tags
        };
        let (old, new) = (tags(&self.said, &self.namespaces), tags(said, &self.namespaces));
        let prefixed = |key: &String| format!("eastwest/{key}");
        let gone: Vec<String> =
            old.keys().filter(|key| !new.contains_key(*key)).map(prefixed).collect();
        let come = new.iter().map(|(key, value)| (prefixed(key), value.clone())).collect();
        self.world.outside(&Outside::Untag(self.key(), gone));
        self.world.outside(&Outside::Tag(self.key(), come));
        self.said = said.clone();
        // A sweep sees the tags.
        self.world.run_for(21);
        for _ in 0..20 {
            if let Some(held) = self.settled() {
                return self.unbroken().map(|()| held);
            }
            self.world.run_for(5);
        }
        Err(format!("unsettled after {said:?}"))
    }

    /// Whether a person must mend something, once nothing is under way any more.
    fn settled(&mut self) -> Option<bool> {
        let key = self.key();
        let rests = self.world.with_model(|model| {
            let primary = model.service(&key).and_then(|service| service.primary());
            primary.is_some_and(|primary| primary.rollout_state == RolloutState::Completed)
        });
        let path = ServicePath {
            cluster: ClusterName::as_read(CLUSTER),
            name: EcsServiceName::as_read(&self.fixture.service),
        };
        let engine = self.world.controller().filter(|_| rests)?;
        match engine.plan().entries.get(engine.view().at_path(&path)?).map(|entry| &entry.verdict) {
            None | Some(Verdict::InSync) => Some(false),
            Some(Verdict::Step { .. }) => None,
            Some(Verdict::Hold { hold, .. }) => {
                let passes =
                    [Reason::NotSeen, Reason::Rolling, Reason::Budget].contains(&hold.reason());
                (!passes).then_some(true)
            }
        }
    }

    fn unbroken(&self) -> Result<(), String> {
        let violation = self.world.checker.violation();
        violation.map_or(Ok(()), |violation| Err(format!("breaks {violation:?}")))
    }
}

/// What a path tried, in words that are counted.
pub(crate) fn tried(path: &Path) -> BTreeSet<String> {
    let Some((last, earlier)) = path.edits.split_last() else { return BTreeSet::new() };
    let tag = |key: &str| match key.split_once('.') {
        Some(_) => "tag endpoint.<port>".to_owned(),
        None => format!("tag {key}"),
    };
    let mut words: BTreeSet<String> = last.tags.keys().map(|key| tag(key)).collect();
    let mode = |said: &Said| said.tags.get("mode").cloned();
    let ways = [
        ("last mode off", mode(last).as_deref() == Some("off")),
        ("last mode client", mode(last).as_deref() == Some("client")),
        ("off on the way", earlier.iter().any(|said| mode(said).as_deref() == Some("off"))),
        ("opted out on the way", earlier.iter().any(|said| mode(said).is_none())),
        ("something deployed before", path.fixture.deployed.is_some()),
        ("nothing deployed before", path.fixture.deployed.is_none()),
        ("tag namespace", last.namespace.is_some()),
        ("moved", earlier.iter().any(|said| said.namespace != last.namespace)),
        (
            "renamed",
            earlier
                .iter()
                .any(|said| said.tags.get("discovery-name") != last.tags.get("discovery-name")),
        ),
        (
            "a tag taken back",
            earlier.iter().any(|said| said.tags.keys().any(|key| !last.tags.contains_key(key))),
        ),
    ];
    words.extend(ways.iter().filter(|(_, so)| *so).map(|(word, _)| (*word).to_owned()));
    words
}
