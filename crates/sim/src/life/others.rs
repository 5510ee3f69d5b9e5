//! Other writers during the storm: a tool that sets its own configuration, tags that flap, edits of every service.
//!
//! **Invariant:** they have a random source of their own. What they begin ends with the storm: it stands on the agenda
//! of the run, which is cleared then.

use rand::Rng;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;

use super::fleet::Fleet;
use super::outside::Newcomer;
use super::outside::Outside;
use crate::model::{EcsServiceKey, Model};
use crate::shapes::ecs::ServiceConnectConfiguration;

/// An outside event, and in how many seconds it happens.
pub(crate) type Later = (u64, Outside);

/// The other writers of a life.
#[derive(Debug)]
pub(crate) struct Others {
    rng: SmallRng,
    /// Whether another tool sets an old configuration again and again in this life.
    is_at_war: bool,
}

impl Others {
    pub(crate) fn new(mut rng: SmallRng) -> Self {
        let is_at_war = rng.random_bool(0.25);
        Self { rng, is_at_war }
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        from.choose(&mut self.rng).cloned()
    }

    /// What they begin next, and its kind where no single event shows it.
    pub(crate) fn next(
        &mut self,
        model: &Model,
        fleet: &mut Fleet,
    ) -> (Vec<Later>, Option<&'static str>) {
        let keys: Vec<EcsServiceKey> = model.services().map(|(key, _)| key.clone()).collect();
        let Some(key) = self.pick(&keys) else { return (Vec::new(), None) };
        if self.is_at_war && self.rng.random_bool(0.15) {
            return (self.war(model, &key), None);
        }
        match self.rng.random_range(0..100) {
            0..3 => (self.flapping(&key, fleet), Some("tags flap")),
            3..6 => (self.again(&key, fleet.newcomer_as(&key)), None),
            6..9 => {
                let all = keys.into_iter().map(|key| (0, mass_edit(key)));
                (all.collect(), Some("mass edit"))
            }
            9..12 => (self.swap(model, &keys), Some("names swapped")),
            12..40 => (self.answers(model, 0.2), None),
            40..46 => (vec![(0, Outside::Acknowledge)], None),
            _ => (Vec::new(), None),
        }
    }

    /// Somebody tells every deployment that waits at a hook to go on or back.
    pub(crate) fn answers(&mut self, model: &Model, back: f64) -> Vec<Later> {
        let waiting = model.services().filter(|(_, state)| state.is_paused());
        let waiting: Vec<EcsServiceKey> = waiting.map(|(key, _)| key.clone()).collect();
        waiting
            .into_iter()
            .map(|key| {
                let goes_back = self.rng.random_bool(back);
                (0, Outside::Continue { key, goes_back })
            })
            .collect()
    }

    /// Another tool sets its own configuration every few minutes, if it finds another one.
    fn war(&mut self, model: &Model, key: &EcsServiceKey) -> Vec<Later> {
        let connect = model.service(key).and_then(|state| state.connect());
        let sent = connect.map(|connect| ServiceConnectConfiguration::clone(&connect.sent));
        let every = self.rng.random_range(60..=420);
        let times = self.rng.random_range(3..=9);
        let old = sent.unwrap_or_default();
        (1..=times)
            .map(|time| (every * time, Outside::Reapply(key.clone(), Box::new(old.clone()))))
            .collect()
    }

    /// Tags change to and fro.
    fn flapping(&mut self, key: &EcsServiceKey, fleet: &mut Fleet) -> Vec<Later> {
        let both = [fleet.declaration(), fleet.declaration()];
        let every = self.rng.random_range(1..=40);
        (0..6)
            .map(|turn: u64| (turn * every, both[usize::from(turn % 2 == 1)].clone()))
            .map(|(at, tags)| (at, Outside::Tag(key.clone(), tags)))
            .collect()
    }

    /// A service goes, and one of the same name comes.
    fn again(&mut self, key: &EcsServiceKey, newcomer: Newcomer) -> Vec<Later> {
        let pause = self.rng.random_range(1..=90);
        vec![(0, Outside::Delete(key.clone())), (pause, Outside::Create(Box::new(newcomer)))]
    }

    /// Two services change names.
    fn swap(&mut self, model: &Model, keys: &[EcsServiceKey]) -> Vec<Later> {
        const NAME: &str = "eastwest/discovery-name";
        let (Some(one), Some(other)) = (self.pick(keys), self.pick(keys)) else {
            return Vec::new();
        };
        let name = |key: &EcsServiceKey| model.service(key)?.tags.get(NAME).cloned();
        let tag = |key: EcsServiceKey, name| (0, Outside::Tag(key, vec![(NAME.to_owned(), name)]));
        match (name(&one), name(&other)) {
            (Some(first), Some(second)) if one != other => {
                vec![tag(one, second), tag(other, first)]
            }
            _ => Vec::new(),
        }
    }
}

fn mass_edit(key: EcsServiceKey) -> Outside {
    Outside::Tag(key, vec![("eastwest/logs".to_owned(), "awslogs group=all".to_owned())])
}
