//! The HTTP routes: read-only pages, each made from one look at the engine, and the pages that need a token.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{MethodRouter, get, post};
use serde::Serialize;

use super::copies::{Copies, FRESH};
use super::gate::Gate;
use super::host::{self, Hosts};
use super::{ack, explanation, metrics, retry, site};
use crate::api::json;
use crate::api::plan::PlanPage;
use crate::api::services::ServicesPage;
use crate::config::token::Token;
use crate::daemon::shared::Shared;

type Page = State<Arc<Shared>>;

/// The routes. Those that write exist only with a token.
pub(crate) fn router(shared: Arc<Shared>, token: Option<Token>, hosts: Hosts) -> Router {
    let check = move |request: Request, next: Next| host::check(hosts.clone(), request, next);
    Router::new()
        .merge(token.map(writes).unwrap_or_default())
        .merge(site::routes())
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", copied("text/plain; version=0.0.4; charset=utf-8", metrics::page))
        .route("/api/v1/services", copied("application/json", services))
        .route("/api/v1/services/{cluster}/{service}", get(service))
        .route("/api/v1/plan", copied("application/json", plan))
        .fallback(async || {
            let paths = "/livez /readyz /metrics /api/v1/services /api/v1/services/<cluster>/<service> /api/v1/plan";
            (StatusCode::NOT_FOUND, format!("no such page; the pages are {paths}\n"))
        })
        .layer(middleware::from_fn(check))
        .with_state(shared)
}

/// The pages that have eastwest do something.
fn writes(token: Token) -> Router<Arc<Shared>> {
    let gate = Gate::new(token);
    let acknowledge = {
        let gate = gate.clone();
        async move |State(shared): Page, headers: HeaderMap, body: Body| {
            ack::acknowledge(&shared, &gate, headers, body).await
        }
    };
    let retry = async move |State(shared): Page, headers: HeaderMap, body: Body| {
        retry::retry(&shared, &gate, headers, body).await
    };
    Router::new().route("/api/v1/ack", post(acknowledge)).route("/api/v1/retry", post(retry))
}

/// A page that is rendered at most once a second, for all who read it.
fn copied(kind: &'static str, render: fn(&Shared) -> Vec<u8>) -> MethodRouter<Arc<Shared>> {
    let copies = Arc::new(Copies::default());
    get(async move |State(shared): Page| {
        let given = copies.get(Instant::now(), || render(&shared));
        if given.is_new {
            let kept = given.copy.clone();
            tokio::spawn(async move {
                tokio::time::sleep(FRESH).await;
                drop(kept);
            });
        }
        ([(header::CONTENT_TYPE, kind)], given.copy.body())
    })
}

/// Whether the other pages are complete and fresh.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Readiness {
    ready: bool,
    /// What is missing, by cluster, and why.
    waiting_for: Vec<String>,
}

async fn readyz(State(shared): Page) -> Response {
    let waiting_for = shared.waiting_for();
    let ready = waiting_for.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { ready, waiting_for })).into_response()
}

async fn service(
    State(shared): Page,
    Path((cluster, service)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    explanation::answer(&shared, &format!("{cluster}/{service}"), &headers)
}

fn services(shared: &Shared) -> Vec<u8> {
    json_of(&ServicesPage::new(&shared.engine(), shared.clock))
}

fn plan(shared: &Shared) -> Vec<u8> {
    let engine = shared.engine();
    json_of(&PlanPage::new(engine.plan(), engine.view(), engine.settings()))
}

fn json_of(page: &impl Serialize) -> Vec<u8> {
    json::line(page).expect("every page has a JSON form").into_bytes()
}
