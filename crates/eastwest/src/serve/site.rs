//! The routes of the dashboard that only show.
//!
//! **Invariant:** every page forbids what it does not use: scripts, styles and requests of any other origin, being framed,
//! and having its address told to others ([`POLICY`]).

use std::sync::Arc;
use std::time::Instant;

use askama::Template;
use axum::Router;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use eastwest_core::ecs::service_key::ServicePath;
use eastwest_core::report::graph::graphs;
use serde::Deserialize;

use super::copies::{Copies, Copy};
use super::gate::Gate;
use super::session::Sessions;
use crate::daemon::shared::Shared;
use crate::page::assets;
use crate::page::events::{self, EventsPage};
use crate::page::fleet::{self, Fleet};
use crate::page::frame::{Access, Done, Reader};
use crate::page::login::Login;
use crate::page::namespace::NamespacePage;
use crate::page::plan::PlanPage;
use crate::page::refusal::Refusal;
use crate::page::service::{Graphs, NoPage, ServicePage};

/// What a page may use.
const POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

/// What all pages share.
#[derive(Debug, Clone)]
pub(super) struct Site(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    gate: Option<Gate>,
    sessions: Sessions,
    graphs: Copies<Graphs>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site").field("gate", &self.gate).finish_non_exhaustive()
    }
}

impl Site {
    /// The dashboard. Without a gate its pages only show.
    pub(super) fn new(shared: Arc<Shared>, gate: Option<Gate>) -> Self {
        let (sessions, graphs) = (Sessions::default(), Copies::default());
        Self(Arc::new(Inner { shared, gate, sessions, graphs }))
    }

    /// The engine and what is around it.
    pub(super) fn shared(&self) -> &Shared {
        &self.0.shared
    }

    /// What must be passed to have eastwest do something.
    pub(super) fn gate(&self) -> Option<&Gate> {
        self.0.gate.as_ref()
    }

    /// Who is signed in.
    pub(super) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    /// Who sent a request.
    pub(super) fn reader(&self, headers: &HeaderMap, done: &str) -> Reader {
        let access = match &self.0.gate {
            None => Access::ReadOnly,
            Some(_) if self.0.sessions.has(headers, Instant::now()) => Access::SignedIn,
            Some(_) => Access::SignedOut,
        };
        Reader { access, notice: Done::named(done).map(Done::words) }
    }

    /// Who calls whom, made at most once a second for all who ask.
    fn graphs(&self) -> Copy<Graphs> {
        self.0.graphs.read(|| {
            let engine = self.0.shared.engine();
            graphs(engine.view(), engine.settings(), engine.plan())
        })
    }
}

/// What came of the last request, which the address tells.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct After {
    done: String,
}

/// The routes.
pub(super) fn routes<S>(site: Site) -> Router<S> {
    Router::new()
        .route("/", get(fleet))
        .route("/services/{cluster}/{service}", get(service))
        .route("/namespaces/{name}", get(namespace))
        .route("/plan", get(plan))
        .route("/events", get(events))
        .route("/login", get(login))
        .route("/assets/{name}", get(asset))
        .with_state(site)
}

async fn fleet(
    State(site): State<Site>,
    headers: HeaderMap,
    asked: Result<Query<fleet::Asked>, QueryRejection>,
) -> Response {
    list(&site, &headers, asked, |asked| &asked.done, Fleet::new)
}

/// A list that the query narrows down. `done` tells what came of the last request.
fn list<A, P: Template>(
    site: &Site,
    headers: &HeaderMap,
    asked: Result<Query<A>, QueryRejection>,
    done: fn(&A) -> &String,
    page: fn(&Shared, A, Reader) -> Result<P, String>,
) -> Response {
    let asked = asked.map(|Query(asked)| asked);
    let reader = site.reader(headers, asked.as_ref().map_or("", |asked| done(asked)));
    let page = asked
        .map_err(|refused| refused.body_text())
        .and_then(|asked| page(site.shared(), asked, reader));
    page.map_or_else(
        |why| refusal(StatusCode::BAD_REQUEST, why, reader),
        |page| html(StatusCode::OK, &page),
    )
}

async fn service(
    State(site): State<Site>,
    headers: HeaderMap,
    path: Result<Path<(String, String)>, PathRejection>,
    after: Result<Query<After>, QueryRejection>,
) -> Response {
    let done = done_of(after);
    let reader = site.reader(&headers, done.as_deref().unwrap_or_default());
    let path = done.and_then(|_| path.map_err(|refused| refused.body_text()));
    let path = path.and_then(|Path((cluster, name))| {
        ServicePath::parse(&format!("{cluster}/{name}"))
            .map_err(|refused| refused.allowed.to_owned())
    });
    match path {
        Err(why) => refusal(StatusCode::BAD_REQUEST, why, reader),
        Ok(path) => {
            let page = ServicePage::new(site.shared(), &path, &site.graphs(), reader);
            page.map_or_else(|none| no_page(none, reader), |page| html(StatusCode::OK, &page))
        }
    }
}

async fn namespace(
    State(site): State<Site>,
    headers: HeaderMap,
    name: Result<Path<String>, PathRejection>,
) -> Response {
    let reader = site.reader(&headers, "");
    match name {
        Err(refused) => refusal(StatusCode::BAD_REQUEST, refused.body_text(), reader),
        Ok(Path(name)) => {
            let page = NamespacePage::new(site.shared(), &name, &site.graphs(), reader);
            page.map_or_else(|none| no_page(none, reader), |page| html(StatusCode::OK, &page))
        }
    }
}

async fn plan(
    State(site): State<Site>,
    headers: HeaderMap,
    after: Result<Query<After>, QueryRejection>,
) -> Response {
    let done = done_of(after);
    let reader = site.reader(&headers, done.as_deref().unwrap_or_default());
    match done {
        Err(why) => refusal(StatusCode::BAD_REQUEST, why, reader),
        Ok(_) => html(StatusCode::OK, &PlanPage::new(site.shared(), reader)),
    }
}

/// What the address tells of the last request, or what is wrong with it.
fn done_of(after: Result<Query<After>, QueryRejection>) -> Result<String, String> {
    after.map(|Query(After { done })| done).map_err(|refused| refused.body_text())
}

async fn events(
    State(site): State<Site>,
    headers: HeaderMap,
    asked: Result<Query<events::Asked>, QueryRejection>,
) -> Response {
    list(&site, &headers, asked, |asked| &asked.done, EventsPage::new)
}

async fn login(State(site): State<Site>, headers: HeaderMap) -> Response {
    html(StatusCode::OK, &Login::new(None, site.reader(&headers, "")))
}

/// A file that the pages share. Its name changes with its content, so that a browser may keep it.
async fn asset(
    State(site): State<Site>,
    headers: HeaderMap,
    name: Result<Path<String>, PathRejection>,
) -> Response {
    let Some(asset) = name.ok().and_then(|Path(name)| assets::named(&name)) else {
        let why = "there is no such file; reload the page that names it".to_owned();
        return refusal(StatusCode::NOT_FOUND, why, site.reader(&headers, ""));
    };
    let headers = [
        (header::CONTENT_TYPE, asset.kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::ETAG, asset.etag.as_str()),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, asset.content).into_response()
}

/// The page for what cannot be shown.
fn no_page(none: NoPage, reader: Reader) -> Response {
    match none {
        NoPage::NotThere(why) => refusal(StatusCode::NOT_FOUND, why, reader),
        NoPage::NotNow(why) => refusal(StatusCode::SERVICE_UNAVAILABLE, why, reader),
    }
}

/// The page for a request that is refused.
pub(super) fn refusal(status: StatusCode, why: String, reader: Reader) -> Response {
    html(status, &Refusal::new(status.canonical_reason().unwrap_or("Refused"), why, reader))
}

/// A page as an answer.
pub(super) fn html(status: StatusCode, page: &impl Template) -> Response {
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
