//! Which readings change what is in force.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Arrival, InForce};
use crate::ecs::fault::FaultKind;
use crate::ecs::name::ParameterName;
use crate::ecs::parameter::Parameter;
use crate::ecs::seen::Seen;
use crate::testing::{at, fault, parameter};

const STALENESS: Duration = Duration::from_secs(10);

/// Two sources: one parameter and one path.
struct Sources {
    in_force: InForce,
    wanted: BTreeSet<ParameterName>,
}

impl Sources {
    fn new() -> Self {
        let wanted = ["/one", "/more/"].map(ParameterName::as_read).into();
        Self { in_force: InForce::default(), wanted }
    }

    /// How many services the document names that is to be in force from now on, if it is another.
    fn read(&mut self, seconds: u64, name: &str, seen: Seen<Vec<Parameter>>) -> Option<usize> {
        let name = ParameterName::as_read(name);
        let arrival = Arrival { now: at(seconds), staleness: STALENESS };
        let document = self.in_force.take_in(&name, seen, &self.wanted, arrival);
        document.map(|document| document.services.len())
    }
}

fn services(names: &[&str]) -> String {
    let services: Vec<String> =
        names.iter().map(|name| format!("\"prod/{name}\": {{\"mode\": \"client\"}}")).collect();
    format!("{{\"version\": 1, \"services\": {{{}}}}}", services.join(","))
}

fn known(parameters: &[(&str, i64, &[&str])]) -> Seen<Vec<Parameter>> {
    let read =
        |(name, version, names): &(&str, i64, &[&str])| parameter(name, *version, &services(names));
    Seen::Known(parameters.iter().map(read).collect())
}

#[test]
fn nothing_is_in_force_before_every_source_was_read() {
    let mut sources = Sources::new();
    assert_eq!(sources.read(0, "/one", known(&[("/one", 1, &["a"])])), None);
    assert_eq!(sources.in_force.good_at(), None);
    assert_eq!(sources.read(1, "/more/", known(&[("/more/x", 1, &["b", "c"])])), Some(3));
    assert_eq!(sources.in_force.good_at(), Some(at(0)));
}

#[test]
fn what_two_parameters_say_differently_keeps_the_last_good_document() {
    let mut sources = Sources::new();
    sources.read(0, "/one", known(&[("/one", 1, &["a"])]));
    sources.read(0, "/more/", known(&[("/more/x", 1, &["b"])]));
    let other = r#"{"version": 1, "services": {"prod/b": {"mode": "off"}}}"#;
    let seen = Seen::Known(vec![parameter("/one", 2, other)]);
    assert_eq!(sources.read(60, "/one", seen), None);
    assert!(sources.in_force.is_bad());
    assert_eq!(sources.read(120, "/one", known(&[("/one", 3, &["a", "d"])])), Some(3));
    assert!(!sources.in_force.is_bad());
}

#[test]
fn the_age_grows_while_one_source_fails_and_the_other_is_read() {
    let mut sources = Sources::new();
    sources.read(0, "/one", known(&[("/one", 1, &["a"])]));
    sources.read(0, "/more/", known(&[("/more/x", 1, &["b"])]));
    for seconds in [60, 120] {
        sources.read(seconds, "/more/", Seen::Unknown(fault(FaultKind::Denied)));
        sources.read(seconds, "/one", known(&[("/one", 1, &["a"])]));
    }
    assert_eq!(sources.in_force.good_at(), Some(at(0)));
    assert!(sources.in_force.trouble().is_some_and(|trouble| trouble.contains("/more/")));
    sources.read(180, "/more/", known(&[("/more/x", 1, &["b"])]));
    assert_eq!(sources.in_force.good_at(), Some(at(120)));
    assert_eq!(sources.in_force.trouble(), None);
}

#[test]
fn an_older_version_is_turned_away_but_a_new_parameter_of_that_name_is_not() {
    let mut sources = Sources::new();
    sources.read(0, "/more/", known(&[("/more/x", 1, &[])]));
    assert_eq!(sources.read(0, "/one", known(&[("/one", 5, &["a", "b"])])), Some(2));
    assert_eq!(sources.read(60, "/one", known(&[("/one", 4, &["a"])])), None);
    assert!(sources.in_force.trouble().is_some_and(|trouble| trouble.contains("older")));
    let mut again = parameter("/one", 1, &services(&["a"]));
    again.modified_at = parameter("/one", 6, "").modified_at;
    assert_eq!(sources.read(120, "/one", Seen::Known(vec![again])), Some(1));
}

#[test]
fn a_parameter_that_is_missing_below_a_path_is_gone_only_after_it_was_missing_for_long() {
    let mut sources = Sources::new();
    sources.read(0, "/one", known(&[("/one", 1, &[])]));
    let both = known(&[("/more/x", 1, &["a"]), ("/more/y", 1, &["b"])]);
    assert_eq!(sources.read(0, "/more/", both.clone()), Some(2));
    let one = known(&[("/more/x", 1, &["a"])]);
    assert_eq!(sources.read(60, "/more/", one.clone()), None);
    assert_eq!(sources.read(65, "/more/", both), Some(2), "it was only not shown");
    assert_eq!(sources.read(120, "/more/", one.clone()), None);
    assert_eq!(sources.read(129, "/more/", one.clone()), None);
    assert_eq!(sources.read(130, "/more/", one), Some(1));
}

#[test]
fn an_empty_path_and_a_missing_parameter_change_nothing() {
    let mut sources = Sources::new();
    sources.read(0, "/one", known(&[("/one", 1, &["a"])]));
    sources.read(0, "/more/", known(&[("/more/x", 1, &["b"])]));
    for seconds in [60, 120, 180] {
        assert_eq!(sources.read(seconds, "/one", Seen::Absent), None);
        assert_eq!(sources.read(seconds, "/more/", Seen::Known(Vec::new())), None);
    }
    let troubles = sources.in_force.troubles().count();
    assert_eq!(troubles, 2);
}
