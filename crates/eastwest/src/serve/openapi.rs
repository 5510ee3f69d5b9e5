//! `GET /api/v1/openapi.json`: the API as OpenAPI 3.1 describes it, made from the types that are served and the bounds
//! that are checked.
//!
//! The tests send it to schemathesis, which asks for everything that it allows and for much that it does not, and holds
//! each answer against it. No crate makes it: one would have to own the handlers, and these hand on bytes that many share.

use std::collections::BTreeMap;

use eastwest_core::plan::asked_pause::AskedPause;
use eastwest_core::report::health::Health;
use eastwest_core::report::notice::NoticeKind;
use eastwest_core::report::standing::Standing;
use eastwest_core::report::status::Sync;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};
use strum::VariantArray as _;

use super::problem::{self, Problem};
use super::query::LONGEST;
use super::reconcile::Looking;
use super::{ack, events, listing, pause, retry};
use crate::api::events::EventsPage;
use crate::api::explanation::{JSON, TEXT};
use crate::api::explanation_shape;
use crate::api::graph::GraphPage;
use crate::api::listing::Sort;
use crate::api::namespaces::NamespacesPage;
use crate::api::plan::PlanPage;
use crate::api::services::ServicesPage;
use crate::api::shape;

/// The name of a cluster or of a service.
const NAME: &str = "[A-Za-z0-9_-]{1,255}";

/// Where a person pauses something, and ends that.
const PAUSE: &str = "/api/v1/pause";
const RESUME: &str = "/api/v1/resume";

/// The API. The pages that have eastwest do something are there only with a token.
pub(crate) fn description(has_token: bool) -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| {
        settings.meta_schema = None;
        settings.definitions_path = "/components/schemas".into();
    });
    let mut made = Made { generator: settings.into_generator(), paths: BTreeMap::new() };
    made.reads();
    if has_token {
        made.writes();
    }
    let schemas = made.generator.take_definitions(true);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "eastwest",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": "What eastwest knows of ECS Service Connect, what it plans, and what it does.",
        },
        "paths": made.paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    })
}

struct Made {
    generator: SchemaGenerator,
    paths: BTreeMap<&'static str, Value>,
}

/// What a page takes and shows.
struct Page<'a> {
    parameters: &'a [Value],
    shown: Value,
    refusals: &'a [u16],
}

impl Made {
    fn schema<T: JsonSchema>(&mut self) -> Schema {
        self.generator.subschema_for::<T>()
    }

    fn reads(&mut self) {
        let shown = content(JSON, &self.schema::<ServicesPage>());
        let summary = "The services: all of them without a query, else a page of those that match";
        let page = Page { parameters: &services(), shown, refusals: &[400] };
        self.get("/api/v1/services", summary, &page);
        let shown = content(JSON, &self.schema::<NamespacesPage>());
        let summary = "The Cloud Map namespaces, and how the services in each stand";
        let page = Page { parameters: &[], shown, refusals: &[] };
        self.get("/api/v1/namespaces", summary, &page);
        let shown = content(JSON, &self.schema::<GraphPage<'static>>());
        let summary = "Who calls whom in one namespace, by its name or its id";
        let parameters = &[required(of_query("namespace", &text()))];
        let page = Page { parameters, shown, refusals: &[400, 404] };
        self.get("/api/v1/graph", summary, &page);
        let mut shown = content(JSON, &self.schema::<EventsPage>());
        shown[events::STREAM] = json!({"schema": {"type": "string"}});
        let summary = "What happened lately: a page, or a stream of server-sent events";
        let page = Page { parameters: &of_events(), shown, refusals: &[400, 503] };
        self.get("/api/v1/events", summary, &page);
        self.whole();
    }

    /// The pages about one service, about everything, and about the API.
    fn whole(&mut self) {
        let mut shown = content(JSON, &self.schema::<explanation_shape::Explanation>());
        shown[TEXT] = json!({"schema": {"type": "string"}});
        let parameters = &[of_path("cluster"), of_path("service")];
        let summary = "The wanted value of each field of one service, and which source set it";
        let page = Page { parameters, shown, refusals: &[400, 404, 503] };
        self.get("/api/v1/services/{cluster}/{service}", summary, &page);
        let shown = content(JSON, &self.schema::<PlanPage>());
        let page = Page { parameters: &[], shown, refusals: &[] };
        let summary = "The plan of this moment, as eastwest plan --json prints it";
        self.get("/api/v1/plan", summary, &page);
        let shown = content(JSON, &self.schema::<shape::OpenApi>());
        let page = Page { parameters: &[], shown, refusals: &[] };
        self.get("/api/v1/openapi.json", "This description", &page);
    }

    fn writes(&mut self) {
        let id = json!({"type": "string", "pattern": "^[0-9a-f]{12}$"});
        let sent = body(&json!({"plan": id}), &["plan"]);
        let done = self.schema::<ack::Acknowledged>();
        let summary = "Consents to a plan that changes much at once";
        self.post("/api/v1/ack", summary, &sent, &done);
        let sent = body(&json!({"service": path()}), &["service"]);
        let done = self.schema::<retry::Retried>();
        self.post("/api/v1/retry", "Sends once more what ECS rolled back", &sent, &done);
        let mut anything = path();
        anything["type"] = json!(["string", "null"]);
        let sent = body(&json!({"service": anything}), &[]);
        let done = self.schema::<Looking>();
        let summary = "Looks now, at one service or at everything";
        self.post("/api/v1/reconcile", summary, &sent, &done);
        self.pauses();
    }

    fn pauses(&mut self) {
        let cluster = json!({"type": ["string", "null"], "pattern": format!("^{NAME}$")});
        let service = json!({"type": ["string", "null"], "pattern": format!("^{NAME}/{NAME}$")});
        let mut members = json!({"cluster": cluster, "service": service});
        let sent = body(&members, &[]);
        let done = self.schema::<pause::What>();
        let summary = "Ends the pause of exactly this";
        self.post(RESUME, summary, &sent, &done);
        members["minutes"] = json!({"type": ["integer", "null"], "minimum": 1,
            "maximum": AskedPause::LONGEST, "default": AskedPause::USUAL});
        let sent = body(&members, &[]);
        let done = self.schema::<pause::Paused>();
        let summary = "Holds every change, or those of a cluster or a service, for a time";
        self.post(PAUSE, summary, &sent, &done);
    }

    fn get(&mut self, path: &'static str, summary: &str, page: &Page<'_>) {
        // A Host that is not known is refused everywhere.
        let mut responses = self.refused(&[page.refusals, &[421]].concat());
        let shown = json!({"description": "It is there", "content": page.shown});
        responses.insert("200".to_owned(), shown);
        let parameters = page.parameters;
        let get = json!({"summary": summary, "parameters": parameters, "responses": responses});
        self.paths.insert(path, json!({"get": get}));
    }

    fn post(&mut self, path: &'static str, summary: &str, sent: &Value, done: &Schema) {
        let mut responses = self.refused(&[400, 401, 403, 404, 408, 413, 415, 421]);
        if [PAUSE, RESUME].contains(&path) {
            // Another copy may lead.
            responses.extend(self.refused(&[409]));
        }
        let content = content(JSON, done);
        responses.insert("200".to_owned(), json!({"description": "Done", "content": content}));
        let body = json!({"required": true, "content": {JSON: {"schema": sent}}});
        let post = json!({
            "summary": summary,
            "security": [{"bearer": []}],
            "requestBody": body,
            "responses": responses,
        });
        self.paths.insert(path, json!({"post": post}));
    }

    fn refused(&mut self, statuses: &[u16]) -> serde_json::Map<String, Value> {
        let content = content(problem::KIND, &self.schema::<Problem>());
        let refused = json!({"description": "Refused: the detail says why", "content": content});
        statuses.iter().map(|status| (status.to_string(), refused.clone())).collect()
    }
}

fn content(kind: &str, schema: &Schema) -> Value {
    json!({kind: {"schema": schema}})
}

fn services() -> [Value; 9] {
    [
        of_query("cluster", &text()),
        of_query("namespace", &text()),
        list("sync", Sync::VARIANTS),
        list("health", Health::VARIANTS),
        list("standing", Standing::VARIANTS),
        of_query("q", &text()),
        of_query("sort", &json!({"type": "string", "enum": names(Sort::VARIANTS)})),
        of_query("offset", &number(0, listing::FARTHEST, 0)),
        of_query("limit", &number(1, listing::MOST, listing::USUAL)),
    ]
}

fn of_events() -> [Value; 5] {
    // As long as a number that fits.
    let id = json!({"type": "string", "pattern": "^[0-9]{1,18}-[0-9]{1,18}$"});
    [
        of_query("after", &id),
        of_query("limit", &number(1, events::MOST, events::USUAL)),
        of_query("cluster", &text()),
        of_query("service", &path()),
        list("kind", NoticeKind::VARIANTS),
    ]
}

/// What is sent: these members and no others.
fn body(members: &Value, needed: &[&str]) -> Value {
    json!({
        "type": "object",
        "properties": members,
        "required": needed,
        "additionalProperties": false,
    })
}

/// The path of a service.
fn path() -> Value {
    json!({"type": "string", "pattern": format!("^{NAME}/{NAME}$")})
}

fn text() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": LONGEST})
}

fn number(least: usize, most: usize, usual: usize) -> Value {
    json!({"type": "integer", "minimum": least, "maximum": most, "default": usual})
}

fn names<T: Copy + Into<&'static str>>(all: &[T]) -> Vec<&'static str> {
    all.iter().map(|value| (*value).into()).collect()
}

fn of_query(name: &str, schema: &Value) -> Value {
    json!({"name": name, "in": "query", "schema": schema})
}

fn required(mut parameter: Value) -> Value {
    parameter["required"] = true.into();
    parameter
}

fn of_path(name: &str) -> Value {
    let schema = json!({"type": "string", "pattern": format!("^{NAME}$")});
    required(json!({"name": name, "in": "path", "schema": schema}))
}

/// Some of a closed set, separated by commas.
fn list<T: Copy + Into<&'static str>>(name: &str, all: &[T]) -> Value {
    let items = json!({"type": "string", "enum": names(all)});
    let schema = json!({"type": "array", "items": items, "minItems": 1});
    json!({"name": name, "in": "query", "style": "form", "explode": false, "schema": schema})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_writes_is_described_only_where_it_exists() {
        let paths = |has_token| {
            let description = description(has_token);
            let paths = description["paths"].as_object().expect("paths").clone();
            paths.keys().filter(|path| paths[*path].get("post").is_some()).count()
        };
        assert_eq!((paths(false), paths(true)), (0, 5));
    }

    #[test]
    fn every_schema_that_is_referred_to_is_there() {
        let text = description(true).to_string();
        let description = description(true);
        let schemas = description["components"]["schemas"].as_object().expect("schemas");
        let named = text.split("\"#/components/schemas/").skip(1);
        let named: Vec<&str> = named.filter_map(|rest| rest.split('"').next()).collect();
        assert!(!named.is_empty());
        let missing: Vec<&&str> =
            named.iter().filter(|name| !schemas.contains_key(**name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
