//! What a request that has eastwest do something must have: the token, no other site behind it, and JSON.
//!
//! Who has no token may send requests as fast as he likes: they are logged once a minute.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Json, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::warn;

use super::flood::Flood;
use super::problem::{Problem, Refused};
use crate::config::token::Token;

/// The longest body that is read, in bytes: the path of a service needs 511.
const LONGEST: usize = 1024;
/// How long a body may take.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// What stands before the pages that have eastwest do something.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    token: Token,
    without_token: Arc<Flood>,
}

impl Gate {
    /// A gate that this token opens.
    pub(crate) fn new(token: Token) -> Self {
        Self { token, without_token: Arc::default() }
    }

    /// What a request asks for, if it may. `shape` is what the body must be, in words.
    pub(crate) async fn asked<T: DeserializeOwned>(
        &self,
        headers: &HeaderMap,
        body: Body,
        shape: &str,
    ) -> Result<T, Refused> {
        let refuse = |status: StatusCode, why: &str| Err((status, why.to_owned()));
        let bearer = text(headers, "authorization").and_then(bearer);
        if !bearer.is_some_and(|sent| self.token.is(sent)) {
            let why = "send the header Authorization: Bearer <token>";
            return refuse(StatusCode::UNAUTHORIZED, why);
        }
        if is_cross_site(headers) {
            return refuse(StatusCode::FORBIDDEN, "a page of another site must not ask for this");
        }
        if !is_of_kind(headers, "application/json") {
            let why = "send Content-Type: application/json";
            return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, why);
        }
        let body = whole(body).await?;
        serde_json::from_slice(&body).map_err(|_| (StatusCode::BAD_REQUEST, shape.to_owned()))
    }

    /// What a form of our own pages sends. Whether its sender may do it, the caller asks: a cookie opens these pages, and a
    /// browser sends that by itself. So a form must say where it comes from, which every browser does.
    pub(crate) async fn form<T: DeserializeOwned>(
        headers: &HeaderMap,
        body: Body,
    ) -> Result<T, Refused> {
        let refuse = |status: StatusCode, why: &str| Err((status, why.to_owned()));
        if is_cross_site(headers) || !tells_its_site(headers) {
            let why = "this form was not sent by a page of this eastwest: open the page again, under the address that a \
                       proxy in front of it passes on as Host";
            return refuse(StatusCode::FORBIDDEN, why);
        }
        if !is_of_kind(headers, "application/x-www-form-urlencoded") {
            return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send the form of a page");
        }
        let body = whole(body).await?;
        let unfit =
            || (StatusCode::BAD_REQUEST, "the form lacks a part: open the page again".to_owned());
        serde_urlencoded::from_bytes(&body).map_err(|_| unfit())
    }

    /// Whether a text is the token. A wrong one is counted, and logged once a minute.
    pub(crate) fn opens_to(&self, sent: &str) -> bool {
        let is_token = self.token.is(sent);
        if !is_token {
            self.without_token.note(say_refused);
        }
        is_token
    }

    /// The answer to a request, and a log line where it was refused. `what` is what was asked for.
    pub(crate) fn answer<T: Serialize>(&self, what: &str, outcome: Result<T, Refused>) -> Response {
        let (status, why) = match outcome {
            Ok(done) => return Json(done).into_response(),
            Err(refused) => refused,
        };
        let mut response = Problem::answer((status, why.clone()));
        if status == StatusCode::UNAUTHORIZED {
            self.without_token.note(say_refused);
            let scheme = header::HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        } else {
            warn!(status = status.as_u16(), why, "{what} was refused");
        }
        response
    }
}

/// A whole body, unless it is too long or comes too slowly.
async fn whole(body: Body) -> Result<Bytes, Refused> {
    match tokio::time::timeout(BODY_WITHIN, to_bytes(body, LONGEST)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => {
            let why = "the body is too long, or broke off";
            Err((StatusCode::PAYLOAD_TOO_LARGE, why.to_owned()))
        }
        Err(_) => {
            let why = "the body did not come within 10 seconds";
            Err((StatusCode::REQUEST_TIMEOUT, why.to_owned()))
        }
    }
}

fn say_refused(count: u64) {
    warn!(count, "requests without the right token were refused");
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Whether a body is of this media type, whatever its parameters.
fn is_of_kind(headers: &HeaderMap, wanted: &str) -> bool {
    let kind = text(headers, "content-type").unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(wanted)
}

/// The token of an `Authorization` header; the scheme's case does not matter (RFC 9110, 11.1).
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// Whether a browser sends this for a page of another site.
fn is_cross_site(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(header::HeaderValue::as_bytes);
    let foreign = site.is_some_and(|site| site != b"same-origin" && site != b"none");
    let origin = headers.get("origin").map(|origin| origin.to_str().unwrap_or_default());
    let host = text(headers, "host").unwrap_or_default();
    let is_own = |origin: &str| origin.split_once("://").is_some_and(|(_, own)| own == host);
    foreign || origin.is_some_and(|origin| !is_own(origin))
}

/// Whether the sender says where it comes from.
fn tells_its_site(headers: &HeaderMap) -> bool {
    headers.contains_key("sec-fetch-site") || headers.contains_key("origin")
}
