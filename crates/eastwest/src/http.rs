//! The HTTP face: read-only pages, each made from one look at the engine, and what a token opens.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use eastwest_core::engine::Engine;
use serde::Serialize;

use crate::ack;
use crate::board::{PlanPage, ServicesPage};
use crate::shared::Shared;
use crate::token::Token;

type Page = State<Arc<Shared>>;

/// The routes; those that write exist only with a token.
pub fn router(shared: Arc<Shared>, token: Option<Token>) -> Router {
    let mut routes = Router::new();
    if let Some(token) = token {
        let acknowledge = async move |State(shared): Page, headers: HeaderMap, body: Body| {
            ack::acknowledge(shared, &token, headers, body).await
        };
        routes = routes.route("/api/v1/ack", post(acknowledge));
    }
    routes
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route("/api/v1/services", get(services))
        .route("/api/v1/plan", get(plan))
        .fallback(async || {
            let paths = "/livez /readyz /metrics /api/v1/services /api/v1/plan";
            (StatusCode::NOT_FOUND, format!("no such page; there are {paths}\n"))
        })
        .with_state(shared)
}

/// Whether the pages can be believed.
#[derive(Debug, Serialize)]
struct Readiness {
    ready: bool,
    /// What is missing, cluster by cluster.
    waiting_for: Vec<String>,
}

async fn readyz(State(shared): Page) -> Response {
    let waiting_for = unready(&shared.engine(), &shared);
    let ready = waiting_for.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { ready, waiting_for })).into_response()
}

/// Ready means: every cluster has been swept completely, and not too long ago.
fn unready(engine: &Engine, shared: &Shared) -> Vec<String> {
    let now = shared.now();
    // Three missed sweeps, and the time that sweeping a large cluster within our quota share takes.
    let stale = engine.settings().timing.interval * 3 + Duration::from_mins(5);
    let clusters = &engine.view().clusters;
    if clusters.is_empty() {
        return vec!["the list of clusters".to_owned()];
    }
    let waiting = clusters.iter().filter_map(|(name, cluster)| {
        let trouble =
            cluster.trouble.as_ref().map(|fault| format!(": {fault}")).unwrap_or_default();
        match cluster.complete_at {
            None => Some(format!("the first complete sweep of {name}{trouble}")),
            Some(at) if now.since(at) > stale => Some(format!("a fresh sweep of {name}{trouble}")),
            Some(_) => None,
        }
    });
    waiting.collect()
}

async fn metrics(State(shared): Page) -> impl IntoResponse {
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], shared.metrics.page(&shared))
}

async fn services(State(shared): Page) -> Json<ServicesPage> {
    Json(ServicesPage::new(&shared.engine(), &shared))
}

async fn plan(State(shared): Page) -> Json<PlanPage> {
    let engine = shared.engine();
    Json(PlanPage::new(engine.plan(), engine.view(), engine.settings()))
}
