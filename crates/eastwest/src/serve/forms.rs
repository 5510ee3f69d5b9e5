//! The forms of the dashboard: sign in and out, and the buttons that have eastwest do something.
//!
//! They exist only where a token is set. A button needs a session, and every form must come from a page of this eastwest.
//! What a button does is what the API does, by the same functions.

use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::post;
use eastwest_core::ecs::service_key::ServicePath;
use eastwest_core::plan::asked_pause::PausedOver;
use eastwest_core::plan::consent::PlanId;
use serde::Deserialize;
use tracing::{info, warn};

use super::ack::unknown;
use super::gate::Gate;
use super::pause;
use super::problem::Refused;
use super::session::Sessions;
use super::site::{Site, html, refusal};
use crate::daemon::pauses::PauseOf;
use crate::page::frame::{Access, Done};
use crate::page::login::Login;

/// The form that shows the token.
#[derive(Deserialize)]
struct Shown {
    token: String,
}

/// A button of a service; without one, of everything.
#[derive(Debug, Deserialize)]
struct OfService {
    #[serde(default)]
    service: Option<String>,
}

/// The button that pauses something, and the one that ends a pause. Without a name it is about everything.
#[derive(Debug, Deserialize)]
struct OfPause {
    #[serde(default)]
    cluster: String,
    #[serde(default)]
    service: String,
    #[serde(default)]
    minutes: Option<String>,
}

impl OfPause {
    /// What it names. A form sends what nobody chose, too, and empty.
    fn of(&self) -> Result<PauseOf, Refused> {
        let said = |text: &'_ str| (!text.is_empty()).then(|| text.to_owned());
        let (cluster, service) = (said(&self.cluster), said(&self.service));
        pause::of(cluster.as_deref(), service.as_deref())
    }
}

/// The button of a plan.
#[derive(Debug, Deserialize)]
struct OfPlan {
    plan: String,
}

/// The routes.
pub(super) fn routes<S>(site: &Site) -> Router<S> {
    let routes = match site.gate() {
        None => Router::new(),
        Some(_) => Router::new()
            .route("/login", post(login))
            .route("/logout", post(logout))
            .route("/actions/look", post(look))
            .route("/actions/retry", post(retry))
            .route("/actions/pause", post(pause))
            .route("/actions/resume", post(resume))
            .route("/actions/acknowledge", post(acknowledge)),
    };
    routes.with_state(site.clone())
}

async fn login(State(site): State<Site>, headers: HeaderMap, body: Body) -> Response {
    let shown: Shown = match Gate::form(&headers, body).await {
        Ok(shown) => shown,
        Err(refused) => return refuse(&site, &headers, "a sign-in", refused),
    };
    if !site.gate().is_some_and(|gate| gate.opens_to(&shown.token)) {
        let reader = site.reader(&headers, "");
        let why = "This is not the token. Nothing was changed.";
        return html(StatusCode::UNAUTHORIZED, &Login::new(Some(why), reader));
    }
    let Some(cookie) = site.sessions().begin(&headers, Instant::now()) else {
        let why = "the system has no randomness for a session; use the API with the token";
        let refused = (StatusCode::SERVICE_UNAVAILABLE, why.to_owned());
        return refuse(&site, &headers, "a sign-in", refused);
    };
    info!("a person signed in to the dashboard");
    let mut response = go_to("/", Done::SignedIn);
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    response
}

async fn logout(State(site): State<Site>, headers: HeaderMap, body: Body) -> Response {
    if let Err(refused) = Gate::form::<Empty>(&headers, body).await {
        return refuse(&site, &headers, "a sign-out", refused);
    }
    site.sessions().end(&headers, Instant::now());
    let mut response = go_to("/", Done::SignedOut);
    if let Some(cookie) = Sessions::forget(&headers) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// A form without parts that matter.
#[derive(Deserialize)]
struct Empty {}

async fn look(State(site): State<Site>, headers: HeaderMap, body: Body) -> Response {
    let looked = async {
        let asked: OfService = asked(&site, &headers, body).await?;
        let path = asked.service.as_deref().map(path).transpose()?;
        site.shared().look(path.as_ref()).map_err(not_there)?;
        Ok(go_to(&page_of(path.as_ref()), Done::Look))
    };
    looked.await.unwrap_or_else(|refused| refuse(&site, &headers, "a look", refused))
}

async fn retry(State(site): State<Site>, headers: HeaderMap, body: Body) -> Response {
    let retried = async {
        let asked: OfService = asked(&site, &headers, body).await?;
        let path = path(asked.service.as_deref().unwrap_or_default())?;
        site.shared().retry(&path).map_err(not_there)?;
        Ok(go_to(&page_of(Some(&path)), Done::Retry))
    };
    retried.await.unwrap_or_else(|refused| refuse(&site, &headers, "a retry", refused))
}

async fn pause(State(site): State<Site>, headers: HeaderMap, body: Body) -> Response {
    let paused = async {
        let asked: OfPause = asked(&site, &headers, body).await?;
        let of = asked.of()?;
        let lasting = pause::lasting(asked.minutes)?;
        site.shared().pause(&of, lasting, PausedOver::Dashboard).map_err(pause::refused)?;
        Ok(go_to(&page_of_pause(&of), Done::Paused))
    };
    paused.await.unwrap_or_else(|refused| refuse(&site, &headers, "a pause", refused))
}

async fn resume(State(site): State<Site>, headers: HeaderMap, body: Body) -> Response {
    let resumed = async {
        let asked: OfPause = asked(&site, &headers, body).await?;
        let of = asked.of()?;
        site.shared().resume(&of).map_err(pause::refused)?;
        Ok(go_to(&page_of_pause(&of), Done::Resumed))
    };
    resumed.await.unwrap_or_else(|refused| refuse(&site, &headers, "the end of a pause", refused))
}

async fn acknowledge(State(site): State<Site>, headers: HeaderMap, body: Body) -> Response {
    let acknowledged = async {
        let asked: OfPlan = asked(&site, &headers, body).await?;
        let shape =
            || (StatusCode::BAD_REQUEST, "an id of a plan is twelve hexadecimal digits".to_owned());
        let plan = PlanId::parse(&asked.plan).ok_or_else(shape)?;
        let changes = site.shared().acknowledge(&plan);
        changes.map_err(|waiting| not_there(unknown(&plan, &waiting)))?;
        Ok(go_to("/plan", Done::Acknowledged))
    };
    let refuse = |refused| refuse(&site, &headers, "an acknowledgement", refused);
    acknowledged.await.unwrap_or_else(refuse)
}

/// What a button asks for, if its sender is signed in.
async fn asked<T: serde::de::DeserializeOwned>(
    site: &Site,
    headers: &HeaderMap,
    body: Body,
) -> Result<T, Refused> {
    let asked = Gate::form(headers, body).await?;
    if site.reader(headers, "").access == Access::SignedIn {
        return Ok(asked);
    }
    let why = "you are not signed in, or no more: a session lasts 12 hours, and ends when eastwest restarts; sign in \
               and try again";
    Err((StatusCode::UNAUTHORIZED, why.to_owned()))
}

fn path(text: &str) -> Result<ServicePath, Refused> {
    ServicePath::parse(text)
        .map_err(|refused| (StatusCode::BAD_REQUEST, refused.allowed.to_owned()))
}

fn not_there(why: String) -> Refused {
    (StatusCode::NOT_FOUND, why)
}

/// The page of a service; without one, the plan. A path that was read has nothing to be escaped.
fn page_of(path: Option<&ServicePath>) -> String {
    path.map_or_else(|| "/plan".to_owned(), |path| format!("/services/{path}"))
}

/// The page on which something is paused.
fn page_of_pause(of: &PauseOf) -> String {
    match of {
        PauseOf::Service(path) => page_of(Some(path)),
        PauseOf::Everything | PauseOf::Cluster(_) | PauseOf::Nothing(..) => "/".to_owned(),
    }
}

/// The page that says what was done. It is asked for with GET, so that a reload does nothing twice.
fn go_to(page: &str, done: Done) -> Response {
    Redirect::to(&format!("{page}?done={}", done.name())).into_response()
}

/// The page that says why nothing was done. Who is not signed in may send such requests as fast as he likes, so these are
/// not logged one by one.
fn refuse(site: &Site, headers: &HeaderMap, what: &str, (status, why): Refused) -> Response {
    if status != StatusCode::UNAUTHORIZED && site.reader(headers, "").access == Access::SignedIn {
        warn!(status = status.as_u16(), why, "{what} was refused");
    }
    refusal(status, why, site.reader(headers, ""))
}
