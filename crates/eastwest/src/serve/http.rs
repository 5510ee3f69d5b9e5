//! The HTTP routes: read-only pages, each made from one look at the engine, and the pages that need a token.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{MethodRouter, get, post};
use eastwest_core::report::ready::Trouble;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::copies::Copies;
use super::events::Streams;
use super::gate::Gate;
use super::host::{self, Hosts};
use super::problem::Problem;
use super::query::Sent;
use super::site::{self, Site};
use super::{
    ack, events, explanation, forms, graph, listing, metrics, openapi, pause, reconcile, retry,
};
use crate::api::explanation::JSON;
use crate::api::graph::Graphs;
use crate::api::json;
use crate::api::listing::Listing;
use crate::api::namespaces::NamespacesPage;
use crate::api::plan::PlanPage;
use crate::config::token::Token;
use crate::daemon::shared::Shared;

type Page = State<Arc<Shared>>;

/// The routes. Those that write exist only with a token. Streams end with `stop`.
pub(crate) fn router(
    shared: Arc<Shared>,
    token: Option<Token>,
    hosts: Hosts,
    stop: CancellationToken,
) -> Router {
    let check = move |request: Request, next: Next| host::check(hosts.clone(), request, next);
    let gate = token.map(Gate::new);
    let has_token = gate.is_some();
    let site = Site::new(Arc::clone(&shared), gate.clone());
    Router::new()
        .merge(gate.map(writes).unwrap_or_default())
        .merge(forms::routes(&site))
        .merge(site::routes(site))
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", copied("text/plain; version=0.0.4; charset=utf-8", metrics::page))
        .route("/api/v1/services", services())
        .route("/api/v1/services/{cluster}/{service}", get(service))
        .route("/api/v1/namespaces", copied(JSON, namespaces))
        .route("/api/v1/graph", graphs())
        .route("/api/v1/plan", copied(JSON, plan))
        .route("/api/v1/events", events_page(stop))
        .route("/api/v1/openapi.json", description(has_token))
        .fallback(no_page)
        .method_not_allowed_fallback(no_method)
        .layer(middleware::from_fn(check))
        .with_state(shared)
}

async fn no_page() -> Response {
    let paths = "/livez /readyz /metrics /api/v1/services /api/v1/services/<cluster>/<service> /api/v1/namespaces /api/v1/graph /api/v1/plan /api/v1/events /api/v1/openapi.json";
    Problem::answer((StatusCode::NOT_FOUND, format!("no such page; the pages are {paths}")))
}

async fn no_method(method: Method) -> Response {
    let why = format!("this page does not answer {method}: the header Allow says what it answers");
    Problem::answer((StatusCode::METHOD_NOT_ALLOWED, why))
}

/// The pages that have eastwest do something.
fn writes(gate: Gate) -> Router<Arc<Shared>> {
    let (of_ack, of_reconcile) = (gate.clone(), gate.clone());
    let (of_pause, of_resume) = (gate.clone(), gate.clone());
    let acknowledge = async move |State(shared): Page, headers: HeaderMap, body: Body| {
        ack::acknowledge(&shared, &of_ack, headers, body).await
    };
    let reconcile = async move |State(shared): Page, headers: HeaderMap, body: Body| {
        reconcile::reconcile(&shared, &of_reconcile, headers, body).await
    };
    let retry = async move |State(shared): Page, headers: HeaderMap, body: Body| {
        retry::retry(&shared, &gate, headers, body).await
    };
    let pause = async move |State(shared): Page, headers: HeaderMap, body: Body| {
        pause::pause(&shared, &of_pause, headers, body).await
    };
    let resume = async move |State(shared): Page, headers: HeaderMap, body: Body| {
        pause::resume(&shared, &of_resume, headers, body).await
    };
    Router::new()
        .route("/api/v1/pause", post(pause))
        .route("/api/v1/resume", post(resume))
        .route("/api/v1/ack", post(acknowledge))
        .route("/api/v1/retry", post(retry))
        .route("/api/v1/reconcile", post(reconcile))
}

/// A page that is rendered at most once a second, for all who read it.
fn copied(kind: &'static str, render: fn(&Shared) -> Vec<u8>) -> MethodRouter<Arc<Shared>> {
    let copies: Arc<Copies<Box<[u8]>>> = Arc::default();
    get(async move |State(shared): Page| {
        let copy = copies.read(|| render(&shared).into_boxed_slice());
        ([(header::CONTENT_TYPE, kind)], copy.body())
    })
}

fn services() -> MethodRouter<Arc<Shared>> {
    let copies: Arc<Copies<Listing>> = Arc::default();
    get(async move |State(shared): Page, sent: Sent| listing::answer(&shared, &copies, sent))
}

fn graphs() -> MethodRouter<Arc<Shared>> {
    let copies: Arc<Copies<Graphs>> = Arc::default();
    get(async move |State(shared): Page, sent: Sent| graph::answer(&shared, &copies, sent))
}

fn events_page(stop: CancellationToken) -> MethodRouter<Arc<Shared>> {
    let streams = Streams::new(stop);
    get(async move |State(shared): Page, headers: HeaderMap, sent: Sent| {
        events::answer(&shared, &streams, &headers, sent)
    })
}

/// What programs read to learn of all this. It does not change while the process runs.
fn description(has_token: bool) -> MethodRouter<Arc<Shared>> {
    let text = Bytes::from(json_of(&openapi::description(has_token)));
    get(async move || ([(header::CONTENT_TYPE, JSON)], text.clone()))
}

/// Whether the other pages are complete and fresh.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Readiness {
    ready: bool,
    /// What is missing, by cluster, and why.
    waiting_for: Vec<String>,
    /// Everything that cannot be read, also what makes nobody unready, with the page that helps.
    troubles: Vec<Trouble>,
}

async fn readyz(State(shared): Page) -> Response {
    let waiting_for = shared.waiting_for();
    let ready = waiting_for.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { ready, waiting_for, troubles: shared.troubles() })).into_response()
}

async fn service(
    State(shared): Page,
    path: Result<Path<(String, String)>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    let Ok(Path((cluster, service))) = path else {
        let why = "the path is no text: send /api/v1/services/<cluster>/<service>";
        return Problem::answer((StatusCode::BAD_REQUEST, why.to_owned()));
    };
    explanation::answer(&shared, &format!("{cluster}/{service}"), &headers)
}

fn namespaces(shared: &Shared) -> Vec<u8> {
    json_of(&NamespacesPage::new(&shared.engine(), shared.clock))
}

fn plan(shared: &Shared) -> Vec<u8> {
    let engine = shared.engine();
    json_of(&PlanPage::new(engine.plan(), engine.view(), engine.settings()))
}

fn json_of(page: &impl Serialize) -> Vec<u8> {
    json::line(page).expect("every page has a JSON form").into_bytes()
}
