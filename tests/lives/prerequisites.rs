//! What services wait for is made once, whatever becomes of the calls that make it.

use std::collections::BTreeMap;

use eastwest_core::declaration::settings::Settings;
use eastwest_core::ecs::name::{Arn, NamespaceName, Port, PortName};
use eastwest_core::ecs::namespace::NewNamespace;
use eastwest_core::ecs::time::Now;
use eastwest_core::engine::Engine;
use eastwest_core::engine::effect::{Effect, Event};
use eastwest_core::plan::prerequisite::{NamedPort, NamedPorts, Prerequisite};
use eastwest_core::report::news::News;
use eastwest_sim::faults::{KINDS, Kind, Rule, Weather};
use eastwest_sim::judge::Checker;
use eastwest_sim::model::{Model, ModelOptions};
use eastwest_sim::run::{Controller, World};
use serde_json::json;

/// A controller that asks for one thing until it gets it.
struct Stubborn {
    wanted: Prerequisite,
    started: bool,
    failures: usize,
    made: Option<String>,
    engine: Engine,
}

impl Controller for Stubborn {
    fn step(&mut self, _: Now, event: Event) -> Vec<Effect> {
        match event {
            Event::Tick if self.started => return Vec::new(),
            Event::Made(_, Ok(made)) => {
                self.made = Some(made);
                return Vec::new();
            }
            Event::Made(_, Err(_)) => self.failures += 1,
            _ => self.started = true,
        }
        vec![Effect::Make(self.wanted.clone())]
    }

    fn next_wake(&self, _: Now) -> Option<Now> {
        None
    }

    fn take_news(&mut self) -> Vec<News> {
        Vec::new()
    }

    fn engine(&self) -> &Engine {
        &self.engine
    }
}

fn namespace(vpc: Option<&str>) -> Prerequisite {
    let name = NamespaceName::as_read("internal");
    Prerequisite::Namespace(NewNamespace { name, vpc: vpc.map(str::to_owned) })
}

fn ports() -> Prerequisite {
    let arn = "arn:aws:ecs:eu-central-1:123456789012:task-definition/web:1";
    let port = NamedPort {
        container: "app".to_owned(),
        container_port: Port::parse("8080").expect("a port"),
        protocol: "tcp".to_owned(),
        name: PortName::as_read("http"),
    };
    Prerequisite::NamedPorts(NamedPorts { task_definition: Arn::as_read(arn), ports: vec![port] })
}

/// A world in which `wanted` is asked for, whose calls meet these rules.
fn world(wanted: &Prerequisite, rules: Vec<Rule>) -> World<Stubborn> {
    let mut model = Model::new(ModelOptions::default());
    let container =
        json!({ "name": "app", "image": "app", "portMappings": [{ "containerPort": 8080 }] });
    let request = json!({ "family": "web", "containerDefinitions": [container] });
    model
        .register_task_definition(serde_json::from_value(request).expect("a request"))
        .expect("registered");
    let mut weather = Weather::new(7);
    weather.post(rules).expect("rules that can be followed");
    let wanted = wanted.clone();
    let make = move |now| Stubborn {
        wanted: wanted.clone(),
        started: false,
        failures: 0,
        made: None,
        engine: Engine::new(Settings::default(), now),
    };
    let mut world = World::new(model, weather, Checker::new(Settings::default()), Box::new(make));
    world.start();
    world
}

/// How many namespaces and revisions there are.
fn count(world: &mut World<Stubborn>) -> (usize, usize) {
    world.with_model(|model| {
        let namespaces =
            model.list_namespaces(&serde_json::from_value(json!({})).expect("a request"));
        let revisions =
            model.list_task_definitions(&serde_json::from_value(json!({})).expect("a request"));
        (
            namespaces.map_or(0, |answer| answer.namespaces.len()),
            revisions.map_or(0, |answer| answer.task_definition_arns.len()),
        )
    })
}

#[test]
fn whatever_strikes_whichever_call_the_thing_is_made_once() {
    let register = ["ecs.DescribeTaskDefinition", "ecs.RegisterTaskDefinition"];
    let http = ["servicediscovery.CreateHttpNamespace", "servicediscovery.GetOperation"];
    let dns = ["servicediscovery.CreatePrivateDnsNamespace", "servicediscovery.GetOperation"];
    let cases = [(ports(), register), (namespace(None), http), (namespace(Some("vpc-1")), dns)];
    for (wanted, ops) in cases {
        for (op, kind) in ops.iter().flat_map(|op| KINDS.map(|kind| (*op, kind))) {
            if !kind.can_strike(op) {
                continue;
            }
            let mut world = world(&wanted, vec![Rule::next(op, kind)]);
            world.run_for(300);
            let told = world.controller().and_then(|stubborn| stubborn.made.clone());
            assert!(told.is_some(), "{wanted} {op} {kind:?}");
            let expected =
                if matches!(wanted, Prerequisite::NamedPorts(_)) { (0, 2) } else { (1, 1) };
            assert_eq!(count(&mut world), expected, "{wanted} {op} {kind:?}");
        }
    }
}

#[test]
fn a_crash_between_request_and_answer_leaves_one_thing_and_the_next_run_finds_it() {
    for (wanted, expected) in [(ports(), (0, 2)), (namespace(None), (1, 1))] {
        for after in 0..4_000_u64 {
            if !after.is_multiple_of(250) {
                continue;
            }
            let mut world = world(&wanted, Vec::new());
            world.run_until(world.now().plus_ms(after));
            world.crash(true);
            world.run_for(2);
            world.start();
            world.run_for(60);
            let told = world.controller().and_then(|stubborn| stubborn.made.clone());
            assert!(told.is_some() && count(&mut world) == expected, "{wanted} after {after} ms");
        }
    }
}

#[test]
fn a_read_is_tried_again_and_a_write_is_not() {
    let failures = |op: &str, kind| {
        let mut world = world(&ports(), vec![Rule::next(op, kind)]);
        world.run_for(300);
        let calls = world.with_weather(|weather| weather.calls().clone());
        (world.controller().map(|stubborn| stubborn.failures), calls)
    };
    let (failed, calls) = failures("ecs.DescribeTaskDefinition", Kind::ErrorBefore);
    assert_eq!(failed, Some(0));
    let once =
        BTreeMap::from([("ecs.DescribeTaskDefinition", 3), ("ecs.RegisterTaskDefinition", 1)]);
    assert_eq!(calls, once);
    assert_eq!(failures("ecs.RegisterTaskDefinition", Kind::ErrorBefore).0, Some(1));
}
