//! turns: a service that waits for nothing but its turn lets each other service go first at most once.
//!
//! So how long it waits depends on how many others there are and how long a rollout lasts, and on nothing that they
//! declare. That it goes at all once nobody is before it is judged by `convergence`.
//!
//! Only the controller can tell that it holds a service for its turn alone, so that is taken from its plan. Which
//! service then had a turn is the truth. A service that had a turn itself within ten minutes, or whose rollout failed
//! within the hour, may be behind everybody until then.

use std::collections::BTreeMap;

use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::plan::Plan;
use eastwest_core::plan::entry::{Entry, Verdict};
use eastwest_core::plan::hold::Hold;
use eastwest_core::plan::turn::Turn;

use super::sent_write::{Broken, Violation};
use crate::model::EcsServiceKey;
use crate::shapes::Time;

/// So long after its own turn a service may be behind the others.
const AFTER_TURN_MS: u64 = 600_000;
/// The same after its own rollout failed, with the time until the controller learns of it.
const AFTER_FAILURE_MS: u64 = 3_600_000 + 600_000;

/// Where there is no place for one more rollout.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Full {
    Cluster(String),
    /// By name.
    Namespace(String),
}

/// What a plan says of one service.
#[derive(Debug)]
enum Standing {
    InOrder,
    /// It is to change, and nothing but its turn may be missing. If one is, there is no place here.
    Waits(Option<Full>),
    /// Something else holds it.
    Held,
}

/// What one service waits for, and who went first meanwhile.
#[derive(Debug, Clone, Default)]
struct Place {
    /// Since when it waits; none: it is in order, or just had its turn.
    since: Option<Time>,
    /// Where it waits now.
    full: Option<Full>,
    /// The name of the namespace in which it takes up a place.
    namespace: Option<String>,
    /// Its own last turn.
    turn_at: Option<Time>,
    failed_at: Option<Time>,
    overtaken: BTreeMap<(EcsServiceKey, Full), u32>,
}

/// Who waits for its turn.
#[derive(Debug, Clone, Default)]
pub(super) struct Turns {
    places: BTreeMap<EcsServiceKey, Place>,
    /// Those who waited when a write was decided, by the service that is written to.
    before: BTreeMap<EcsServiceKey, Vec<(EcsServiceKey, Full)>>,
}

impl Turns {
    /// A controller that starts knows of nobody's wait.
    pub(super) fn begin_again(&mut self) {
        *self = Self::default();
    }

    /// Takes in what the controller plans.
    pub(super) fn observe(&mut self, plan: &Plan, now: Time) {
        // Nearly always the services are those of the last plan. This runs after each step, so it makes no texts then.
        if !self.places.keys().map(EcsServiceKey::parts).eq(plan.entries.keys().map(parts)) {
            self.follow(plan);
        }
        for (place, entry) in self.places.values_mut().zip(plan.entries.values()) {
            let namespace = entry.namespace.as_ref().map(|each| each.name.as_str());
            place.stand(standing(entry), namespace, now);
        }
    }

    /// Has a place for each service of the plan, and no other.
    fn follow(&mut self, plan: &Plan) {
        let mut before = std::mem::take(&mut self.places);
        self.places = plan
            .entries
            .keys()
            .map(|key| EcsServiceKey::new(key.cluster.to_string(), key.name.to_string()))
            .map(|key| {
                let place = before.remove(&key).unwrap_or_default();
                (key, place)
            })
            .collect();
    }

    /// A write is decided: whoever waits for the same place at this moment is behind it.
    pub(super) fn decided(&mut self, key: &EcsServiceKey, now: Time) {
        let namespace = self.places.get(key).and_then(|place| place.namespace.clone());
        let takes = |full: &Full| match full {
            Full::Cluster(name) => *name == key.cluster,
            Full::Namespace(name) => Some(name) == namespace.as_ref(),
        };
        let waiting =
            self.places.iter().filter(|(other, place)| *other != key && place.is_due(now));
        let behind = waiting.filter_map(|(other, place)| {
            let full = place.full.as_ref().filter(|full| takes(full))?;
            Some((other.clone(), full.clone()))
        });
        let behind = behind.collect();
        self.before.insert(key.clone(), behind);
        let place = self.places.entry(key.clone()).or_default();
        (place.since, place.turn_at) = (None, Some(now));
        place.overtaken.clear();
    }

    /// The decided write took effect.
    pub(super) fn took_effect(&mut self, key: &EcsServiceKey) -> Broken {
        let behind = self.before.remove(key).unwrap_or_default();
        let mut broken = None;
        for (other, full) in behind {
            let Some(place) = self.places.get_mut(&other) else { continue };
            let count = place.overtaken.entry((key.clone(), full.clone())).or_default();
            *count += 1;
            if *count > 1 && place.since.is_some() {
                let text = format!(
                    "{other} waits for nothing but its turn ({full:?}), and {key} had {count} turns meanwhile"
                );
                broken = broken.or(Some(Violation { rule: "turns", text }));
            }
        }
        broken
    }

    /// A rollout of ours failed at that time.
    pub(super) fn failed(&mut self, key: &EcsServiceKey, at: Time) {
        if let Some(place) = self.places.get_mut(key) {
            place.failed_at = Some(at);
        }
    }
}

/// The names of a service in the controller's plan.
fn parts(key: &ServiceKey) -> (&str, &str) {
    (key.cluster.as_str(), key.name.as_str())
}

impl Place {
    /// The plan says this of the service.
    fn stand(&mut self, standing: Standing, namespace: Option<&str>, now: Time) {
        self.full = None;
        if self.namespace.as_deref() != namespace {
            self.namespace = namespace.map(str::to_owned);
        }
        match standing {
            Standing::InOrder => self.is_in_order(),
            Standing::Waits(full) => {
                self.since.get_or_insert(now);
                self.full = full;
            }
            Standing::Held => {}
        }
    }

    fn is_in_order(&mut self) {
        self.since = None;
        self.overtaken.clear();
    }

    /// Whether nobody may have more than one turn before its own.
    fn is_due(&self, now: Time) -> bool {
        let is_over = |at: Option<Time>, ms| at.is_none_or(|at| now.since_ms(at) >= ms);
        self.since.is_some()
            && is_over(self.turn_at, AFTER_TURN_MS)
            && is_over(self.failed_at, AFTER_FAILURE_MS)
    }
}

/// Whether only its turn is missing to a service. After a failure its wave stands still for a time; then nobody goes.
fn standing(entry: &Entry) -> Standing {
    match &entry.verdict {
        Verdict::InSync => Standing::InOrder,
        Verdict::Step { .. } => Standing::Waits(None),
        Verdict::Hold { hold: Hold::Budget(turn), .. } => match turn {
            Turn::Cluster(name, _) => Standing::Waits(Some(Full::Cluster(name.to_string()))),
            Turn::Namespace(name, _) | Turn::First { namespace: name, .. } => {
                Standing::Waits(Some(Full::Namespace(name.to_string())))
            }
            Turn::Stopped { .. } => Standing::Waits(None),
            Turn::Refresh { .. } => Standing::Held,
        },
        Verdict::Hold { .. } => Standing::Held,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> EcsServiceKey {
        EcsServiceKey::new("prod", name)
    }

    /// The service `victim` stands so, and `a` and `b` are in the same namespace.
    fn plan(turns: &mut Turns, victim: Standing, now: u64) {
        let all = [("victim", victim), ("a", Standing::Held), ("b", Standing::Held)];
        for (name, standing) in all {
            let place = turns.places.entry(key(name)).or_default();
            place.stand(standing, Some("internal.myapp"), Time(now));
        }
    }

    fn waits() -> Standing {
        Standing::Waits(Some(Full::Namespace("internal.myapp".to_owned())))
    }

    fn turn(turns: &mut Turns, name: &str, now: u64) -> Broken {
        turns.decided(&key(name), Time(now));
        turns.took_effect(&key(name))
    }

    #[test]
    fn each_other_service_may_go_first_once_and_none_twice() {
        let mut turns = Turns::default();
        plan(&mut turns, waits(), 0);
        assert_eq!(turn(&mut turns, "a", 1000), None);
        assert_eq!(turn(&mut turns, "b", 2000), None);
        plan(&mut turns, waits(), 3000);
        assert_eq!(turn(&mut turns, "a", 4000).map(|broken| broken.rule), Some("turns"));
    }

    #[test]
    fn another_hold_in_between_keeps_the_place_of_a_service_and_its_own_turn_ends_it() {
        let mut turns = Turns::default();
        plan(&mut turns, waits(), 0);
        assert_eq!(turn(&mut turns, "a", 1000), None);
        plan(&mut turns, Standing::Held, 2000);
        assert_eq!(turn(&mut turns, "a", 3000), None, "it could not go then");
        plan(&mut turns, waits(), 4000);
        assert!(turn(&mut turns, "a", 5000).is_some());
        assert_eq!(turn(&mut turns, "victim", 6000), None);
        plan(&mut turns, waits(), 7000);
        for now in [8000, 9000, 6000 + AFTER_TURN_MS - 1] {
            assert_eq!(turn(&mut turns, "a", now), None, "everybody may go before it now");
        }
        assert_eq!(turn(&mut turns, "a", 6000 + AFTER_TURN_MS), None);
        assert!(turn(&mut turns, "a", 7000 + AFTER_TURN_MS).is_some());
    }

    #[test]
    fn who_failed_may_be_behind_everybody_for_an_hour() {
        let mut turns = Turns::default();
        plan(&mut turns, waits(), 0);
        turns.failed(&key("victim"), Time(0));
        for now in [1000, 2000, AFTER_FAILURE_MS - 1] {
            assert_eq!(turn(&mut turns, "a", now), None);
        }
        assert_eq!(turn(&mut turns, "a", AFTER_FAILURE_MS), None);
        assert!(turn(&mut turns, "a", AFTER_FAILURE_MS + 1).is_some());
    }

    #[test]
    fn turns_elsewhere_and_turns_that_were_refused_count_for_nothing() {
        let mut turns = Turns::default();
        plan(&mut turns, waits(), 0);
        let elsewhere = EcsServiceKey::new("stage", "a");
        for now in [1000, 2000, 3000] {
            turns.decided(&elsewhere, Time(now));
            assert_eq!(turns.took_effect(&elsewhere), None);
            turns.decided(&key("a"), Time(now));
        }
        assert_eq!(turns.took_effect(&key("a")), None);
    }
}
