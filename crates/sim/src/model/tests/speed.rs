//! A large world: it is at rest, and the controller finds nothing to do in it. How fast it is read, `cargo xtask bench`
//! measures.

use serde_json::json;

use super::read;
use crate::model::{AsOf, Model, ModelOptions, Population};

fn fleet(services: usize, events: u32) -> Model {
    let mut model = Model::new(ModelOptions::default());
    model.populate(&Population { events, ..Population::of(services) });
    model
}

#[test]
fn a_population_is_at_rest_and_logged_nowhere() {
    let mut model = fleet(2000, 0);
    assert!(model.mutations().is_empty());
    let before = model.state();
    model.advance_to(model.now().plus_seconds(3600));
    let mut after = model.state();
    after["now"] = before["now"].clone();
    assert_eq!(after, before);
    let opted = model.services().filter(|(_, each)| each.has_tag_under("eastwest/"));
    assert_eq!(opted.count(), 800);
    for members in model.members.values() {
        assert!(members.len() <= 300);
    }
}

#[test]
fn members_of_a_population_reach_each_other() {
    let model = fleet(200, 0);
    let mut opted = model.services().filter(|(_, each)| each.connect().is_some());
    let (first, _) = opted.next().unwrap();
    let (last, _) = opted.last().unwrap();
    let reach = model.reach(&first.to_string(), &format!("{}.mesh-0", last.name), 8080);
    assert!(reach.ok, "{}", reach.why);
}

#[test]
fn a_populated_service_has_as_many_events_as_asked_for() {
    let model = fleet(1, 100);
    let request = read(json!({"cluster": "fleet-0", "services": ["svc-00000"]}));
    let service = model.describe_services(AsOf::Now, &request).unwrap().services.remove(0);
    assert_eq!(service.events.len(), 100);
}

#[test]
fn ten_services_and_the_second_page_of_five_thousand_are_read_whole() {
    let model = fleet(5000, 0);
    let names: Vec<String> = (500..510).map(|number| format!("svc-{number:05}")).collect();
    let describe = read(json!({"cluster": "fleet-0", "services": names, "include": ["TAGS"]}));
    let token = {
        let first = read(json!({"cluster": "fleet-0", "maxResults": 100}));
        model.list_services(AsOf::Now, &first).unwrap().next_token
    };
    let list = read(json!({"cluster": "fleet-0", "maxResults": 100, "nextToken": token}));
    assert_eq!(model.describe_services(AsOf::Now, &describe).unwrap().services.len(), 10);
    assert_eq!(model.list_services(AsOf::Now, &list).unwrap().service_arns.len(), 100);
}
