//! The HTTP routes: read-only pages, each made from one look at the engine, and the pages that need a token.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use eastwest_core::report::ready;
use serde::Serialize;

use super::{ack, metrics, retry};
use crate::api::plan::PlanPage;
use crate::api::services::ServicesPage;
use crate::config::token::Token;
use crate::daemon::shared::Shared;

type Page = State<Arc<Shared>>;

/// The routes. Those that write exist only with a token.
pub(crate) fn router(shared: Arc<Shared>, token: Option<Token>) -> Router {
    let mut routes = Router::new();
    if let Some(token) = token {
        let acknowledge = {
            let token = token.clone();
            async move |State(shared): Page, headers: HeaderMap, body: Body| {
                ack::acknowledge(&shared, &token, headers, body).await
            }
        };
        let retry = async move |State(shared): Page, headers: HeaderMap, body: Body| {
            retry::retry(&shared, &token, headers, body).await
        };
        routes = routes.route("/api/v1/ack", post(acknowledge));
        routes = routes.route("/api/v1/retry", post(retry));
    }
    routes
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(meters))
        .route("/api/v1/services", get(services))
        .route("/api/v1/plan", get(plan))
        .fallback(async || {
            let paths = "/livez /readyz /metrics /api/v1/services /api/v1/plan";
            (StatusCode::NOT_FOUND, format!("no such page; the pages are {paths}\n"))
        })
        .with_state(shared)
}

/// Whether the other pages are complete and fresh.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Readiness {
    ready: bool,
    /// What is missing, by cluster.
    waiting_for: Vec<String>,
}

async fn readyz(State(shared): Page) -> Response {
    let engine = shared.engine();
    let timing = &engine.settings().timing;
    let waiting_for = ready::waiting_for(engine.view(), timing, shared.clock.now());
    let ready = waiting_for.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { ready, waiting_for })).into_response()
}

async fn meters(State(shared): Page) -> impl IntoResponse {
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], metrics::page(&shared))
}

async fn services(State(shared): Page) -> Json<ServicesPage> {
    Json(ServicesPage::new(&shared.engine(), shared.clock))
}

async fn plan(State(shared): Page) -> Json<PlanPage> {
    let engine = shared.engine();
    Json(PlanPage::new(engine.plan(), engine.view(), engine.settings()))
}
