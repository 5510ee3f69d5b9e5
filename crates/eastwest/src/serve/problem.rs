//! Every answer that is no success: `application/problem+json` (RFC 9457).
//!
//! The detail is a sentence for the person who asked: what is wrong, what is allowed, what to do. No answer has a type
//! of its own beyond its status, so `type` is `about:blank`.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::api::json;

/// The media type.
pub(crate) const KIND: &str = "application/problem+json";

/// Why a request was refused.
pub(crate) type Refused = (StatusCode, String);

/// The body of an answer that is no success.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct Problem {
    /// The type of the problem.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The status.
    status: u16,
    /// What is wrong, and what to do.
    detail: String,
}

impl Problem {
    /// The answer to a request that was refused.
    pub(crate) fn answer((status, detail): Refused) -> Response {
        let title = status.canonical_reason().unwrap_or("Refused");
        let problem = Self { kind: "about:blank", title, status: status.as_u16(), detail };
        let body = json::line(&problem).expect("plain members have a JSON form") + "\n";
        let kind = HeaderValue::from_static(KIND);
        (status, [(header::CONTENT_TYPE, kind)], body).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_problem_says_its_status_and_shows_texts_of_others_harmlessly() {
        let answer = Problem::answer((StatusCode::NOT_FOUND, "no \u{202e} <b>".to_owned()));
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        assert_eq!(answer.headers()["content-type"], KIND);
        let body = axum::body::to_bytes(answer.into_body(), 1024).await.expect("a body");
        let expected = "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,\"detail\":\"no \\u202e <b>\"}\n";
        assert_eq!(body, expected);
    }
}
