//! The routes of the dashboard.
//!
//! **Invariant:** every page forbids what it does not use: scripts, styles and requests of any other origin, being framed,
//! and having its address told to others ([`POLICY`]).

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use crate::daemon::shared::Shared;
use crate::page::assets;
use crate::page::fleet::{self, Fleet};
use crate::page::frame::{Access, Reader};
use crate::page::refusal::Refusal;

/// What a page may use.
const POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

type App = State<Arc<Shared>>;

/// The routes.
pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/", get(fleet)).route("/assets/{name}", get(asset))
}

async fn fleet(
    State(shared): App,
    asked: Result<Query<fleet::Asked>, QueryRejection>,
) -> Response {
    let reader = Reader { access: Access::ReadOnly, notice: None };
    let page = match asked {
        Ok(Query(asked)) => Fleet::new(&shared, asked, reader),
        Err(refused) => Err(refused.body_text()),
    };
    match page {
        Ok(page) => html(StatusCode::OK, &page),
        Err(why) => html(StatusCode::BAD_REQUEST, &Refusal::new("Bad request", why, reader)),
    }
}

/// A file that the pages share. Its name changes with its content, so that a browser may keep it.
async fn asset(Path(name): Path<String>) -> Response {
    let Some(asset) = assets::named(&name) else {
        return (StatusCode::NOT_FOUND, "no such file; reload the page that names it\n")
            .into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, asset.kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::ETAG, asset.etag.as_str()),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, asset.content).into_response()
}

/// A page as an answer.
fn html(status: StatusCode, page: &impl Template) -> Response {
    let Ok(text) = page.render() else {
        return (StatusCode::INTERNAL_SERVER_ERROR, "the page cannot be written\n").into_response();
    };
    let mut response = (status, text).into_response();
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        // Not `no-referrer`: with it a browser sends the origin `null` with our own forms.
        (header::REFERRER_POLICY, "same-origin"),
        // What a page shows changes with every look, and the next reader of this browser may not be the same.
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
