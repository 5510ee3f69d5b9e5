//! What a request that has eastwest do something must have: the token, no other site behind it, and JSON.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Json, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::warn;

use crate::config::token::Token;

/// The longest body that is read, in bytes: the path of a service needs 511.
const LONGEST: usize = 1024;

/// Why a request is refused.
pub(crate) type Refused = (StatusCode, String);

/// What a request asks for, if it may. `shape` is what the body must be, in words.
pub(crate) async fn asked<T: DeserializeOwned>(
    token: &Token,
    headers: &HeaderMap,
    body: Body,
    shape: &str,
) -> Result<T, Refused> {
    let refuse = |status: StatusCode, why: &str| Err((status, why.to_owned()));
    let bearer = text(headers, "authorization").and_then(bearer);
    if !bearer.is_some_and(|sent| token.is(sent)) {
        return refuse(StatusCode::UNAUTHORIZED, "send the header Authorization: Bearer <token>");
    }
    if is_cross_site(headers) {
        return refuse(StatusCode::FORBIDDEN, "a page of another site must not ask for this");
    }
    let kind = text(headers, "content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send Content-Type: application/json");
    }
    let Ok(body) = to_bytes(body, LONGEST).await else {
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long, or broke off");
    };
    serde_json::from_slice(&body).map_err(|_| (StatusCode::BAD_REQUEST, shape.to_owned()))
}

/// The answer to a request, and a log line where it was refused. `what` is what was asked for.
pub(crate) fn answer<T: Serialize>(what: &str, outcome: Result<T, Refused>) -> Response {
    match outcome {
        Ok(done) => Json(done).into_response(),
        Err((status, why)) => {
            warn!(status = status.as_u16(), why, "{what} was refused");
            let mut response = (status, format!("{why}\n")).into_response();
            if status == StatusCode::UNAUTHORIZED {
                let scheme = header::HeaderValue::from_static("Bearer");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
            }
            response
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
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
