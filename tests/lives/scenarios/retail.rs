//! The retail store comes out as its fixture says: who calls whom, from environment values alone, and under which names.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use eastwest_sim::judge::Effective;
use serde_json::Value;

use crate::scenarios::story::Story;

fn fixture() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/retail-store.json");
    let text = std::fs::read_to_string(file).expect("the fixture is there");
    serde_json::from_str(&text).expect("the fixture is JSON")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// The script that makes the fleet; no service says what it needs.
fn script(fixture: &Value) -> String {
    let (cluster, namespace) = (text(&fixture["cluster"]), text(&fixture["namespace"]["name"]));
    let mut script = format!("namespace {namespace}\ncluster {cluster} default {namespace}\n");
    for service in fixture["services"].as_array().expect("services") {
        let (name, alias) = (text(&service["name"]), text(&service["alias"]));
        let (port_name, port) = (text(&service["port"]["name"]), &service["port"]["containerPort"]);
        let values = service["environment"].as_object().into_iter().flat_map(|each| each.values());
        write!(script, "taskdef {name} {port_name}:{port}").expect("a String");
        for value in values {
            write!(script, " env:{}", text(value)).expect("a String");
        }
        script.push('\n');
        writeln!(script, "service {cluster}/{name} {name} mode=client-server alias={alias}")
            .expect("a String");
    }
    script + "advance 60\nstart\nadvance 600\n"
}

#[test]
fn the_retail_store_comes_out_as_its_fixture_says() {
    let fixture = fixture();
    let script = script(&fixture);
    let mut story = Story::begin(&script).expect("settings");
    script.lines().for_each(|line| story.line(line).expect(line));
    assert_eq!(story.world.checker.violation(), None);

    let engine = story.world.controller().expect("it runs");
    let needs: BTreeMap<String, Vec<(String, bool)>> = engine
        .plan()
        .needs
        .iter()
        .map(|(key, needs)| {
            let needs = needs.iter().map(|need| (need.name.to_string(), need.inferred));
            (key.name.to_string(), needs.collect())
        })
        .collect();
    let aliases: BTreeMap<String, String> = story.world.with_model(|model| {
        let alias = |state: &eastwest_sim::model::EcsServiceState| {
            let connect = state.primary().and_then(|primary| primary.connect()).expect("it is on");
            let endpoint = Effective::of(connect).endpoints.first().cloned().expect("an endpoint");
            let (host, port) = endpoint.alias;
            format!("{host}:{port}")
        };
        model.services().map(|(key, state)| (key.name.clone(), alias(state))).collect()
    });
    for service in fixture["services"].as_array().expect("services") {
        let name = text(&service["name"]);
        let wanted = service["needs"].as_array().expect("needs").iter();
        let mut wanted: Vec<(String, bool)> =
            wanted.map(|need| (text(need).to_owned(), true)).collect();
        wanted.sort();
        assert_eq!(needs.get(name).cloned().unwrap_or_default(), wanted, "{name} needs");
        assert_eq!(aliases[name], text(&service["alias"]), "{name}'s alias");
    }
}
