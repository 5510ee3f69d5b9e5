//! The pauses that people asked for while eastwest runs.
//!
//! **Invariant:** each ends by our own clock, whatever happens to the calendar, and none lasts for longer than a day. A
//! restart forgets them, and another copy knows nothing of them: what is to last stands in a tag or in the document.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::Now;
use crate::plan::asked_pause::{AskedPause, PauseScope, PausedOver};
use crate::plan::hold::Hold;

/// The pauses that people asked for.
#[derive(Debug, Clone, Default)]
pub struct Pauses(BTreeMap<PauseScope, Asked>);

#[derive(Debug, Clone)]
struct Asked {
    pause: AskedPause,
    ends: Now,
}

impl Pauses {
    /// A person pauses something from now on. It takes the place of an earlier pause of the same.
    pub fn begin(&mut self, scope: PauseScope, lasting: Duration, over: PausedOver, now: Now) {
        let ends = now.plus(lasting);
        let pause = AskedPause { scope: scope.clone(), until: ends.calendar, over };
        self.0.insert(scope, Asked { pause, ends });
    }

    /// A person ends a pause. One of something wider goes on.
    pub fn end(&mut self, scope: &PauseScope) {
        self.0.remove(scope);
    }

    /// Forgets those that are over.
    pub(crate) fn expire(&mut self, now: Now) {
        self.0.retain(|_, asked| asked.ends > now);
    }

    /// Those that are in force, the widest first.
    pub fn in_force(&self, now: Now) -> impl Iterator<Item = &AskedPause> {
        self.0.values().filter(move |asked| asked.ends > now).map(|asked| &asked.pause)
    }

    /// The pause of exactly this, if one is in force.
    pub fn of(&self, scope: &PauseScope, now: Now) -> Option<&AskedPause> {
        self.in_force(now).find(|pause| pause.scope == *scope)
    }

    /// When the next one ends.
    pub(crate) fn next_end(&self, seen: Now) -> Option<Now> {
        self.0.values().map(|asked| asked.ends).filter(|ends| *ends > seen).min()
    }

    /// The pause that holds a service; of several the one that lasts longest.
    pub(crate) fn hold(&self, key: &ServiceKey, now: Now) -> Option<Hold> {
        self.longest(now, |scope| scope.covers(key))
    }

    /// The pause that holds the making of what services wait for: it belongs to no service and to no cluster.
    pub(crate) fn hold_making(&self, now: Now) -> Option<Hold> {
        self.longest(now, |scope| *scope == PauseScope::Everything)
    }

    fn longest(&self, now: Now, covers: impl Fn(&PauseScope) -> bool) -> Option<Hold> {
        let in_force = self.0.iter().filter(|(scope, asked)| covers(scope) && asked.ends > now);
        let longest = in_force.max_by_key(|(_, asked)| asked.ends)?.1;
        Some(Hold::PausedByPerson(Box::new(longest.pause.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::name::ClusterName;
    use crate::testing::{at, key};

    const HOUR: Duration = Duration::from_hours(1);

    fn cluster() -> PauseScope {
        PauseScope::Cluster(ClusterName::as_read("prod"))
    }

    #[test]
    fn a_pause_covers_what_was_named_and_ends_by_itself() {
        let mut pauses = Pauses::default();
        pauses.begin(PauseScope::Service(key("web")), HOUR, PausedOver::Api, at(10));
        assert!(pauses.hold(&key("web"), at(3609)).is_some());
        assert_eq!(pauses.hold(&key("api"), at(20)), None);
        assert_eq!(pauses.hold_making(at(20)), None);
        assert_eq!(
            (pauses.next_end(at(20)), pauses.hold(&key("web"), at(3610))),
            (Some(at(3610)), None)
        );
        pauses.begin(PauseScope::Everything, HOUR, PausedOver::Api, at(10));
        assert!(pauses.hold(&key("api"), at(20)).is_some() && pauses.hold_making(at(20)).is_some());
        pauses.expire(at(3610));
        assert_eq!((pauses.in_force(at(20)).count(), pauses.next_end(at(20))), (0, None));
    }

    #[test]
    fn a_calendar_that_is_set_back_makes_no_pause_longer() {
        let mut pauses = Pauses::default();
        pauses.begin(cluster(), HOUR, PausedOver::Dashboard, at(0));
        let set_back = Now { calendar: at(0).calendar, ..at(3600) };
        assert_eq!(pauses.hold(&key("web"), set_back), None);
    }

    #[test]
    fn the_end_of_a_pause_leaves_a_wider_one_in_force() {
        let mut pauses = Pauses::default();
        pauses.begin(cluster(), HOUR, PausedOver::Dashboard, at(0));
        pauses.begin(PauseScope::Service(key("web")), HOUR * 2, PausedOver::Api, at(0));
        let held = |pauses: &Pauses| pauses.hold(&key("web"), at(1)).map(|hold| hold.to_string());
        let words = "a person paused prod/web by HTTP, until 1970-01-01T02:00:00Z";
        assert_eq!(held(&pauses).as_deref(), Some(words));
        pauses.end(&PauseScope::Service(key("web")));
        let words = "a person paused cluster prod on the dashboard, until 1970-01-01T01:00:00Z";
        assert_eq!(held(&pauses).as_deref(), Some(words));
        pauses.end(&cluster());
        assert_eq!(held(&pauses), None);
    }

    #[test]
    fn a_pause_lasts_from_a_minute_to_a_day() {
        assert_eq!(AskedPause::lasting(0), None);
        assert_eq!(AskedPause::lasting(1), Some(Duration::from_mins(1)));
        assert_eq!(AskedPause::lasting(1440), Some(Duration::from_hours(24)));
        assert_eq!(AskedPause::lasting(1441), None);
    }
}
