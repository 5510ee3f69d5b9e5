//! `POST /api/v1/ack`: a person consents to a plan that changes much at once.
//!
//! It exists only where a bearer token is set, and a page of another site cannot have a browser send it.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use eastwest_core::plan::consent::PlanId;
use serde::{Deserialize, Serialize};

use super::gate::Gate;
use super::problem::Refused;
use crate::daemon::shared::Shared;

/// What is asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    plan: String,
}

const SHAPE: &str = r#"send {"plan": "<id>"}; an id is twelve hexadecimal digits"#;

/// What was acknowledged.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct Acknowledged {
    #[schemars(with = "String")]
    plan: PlanId,
    /// How many changes it stood for.
    changes: usize,
}

/// Answers one request.
pub(crate) async fn acknowledge(
    shared: &Shared,
    gate: &Gate,
    headers: HeaderMap,
    body: Body,
) -> Response {
    gate.answer("an acknowledgement", accept(shared, gate, &headers, body).await)
}

async fn accept(
    shared: &Shared,
    gate: &Gate,
    headers: &HeaderMap,
    body: Body,
) -> Result<Acknowledged, Refused> {
    let asked: Asked = gate.asked(headers, body, SHAPE).await?;
    let plan = PlanId::parse(&asked.plan).ok_or((StatusCode::BAD_REQUEST, SHAPE.to_owned()))?;
    match shared.acknowledge(&plan) {
        Ok(changes) => Ok(Acknowledged { plan, changes }),
        Err(waiting) => Err((StatusCode::NOT_FOUND, unknown(&plan, &waiting))),
    }
}

/// The message that no change waits for this id, with the ids that wait.
pub(crate) fn unknown(plan: &PlanId, waiting: &[PlanId]) -> String {
    let ids: Vec<String> = waiting.iter().map(ToString::to_string).collect();
    match ids.as_slice() {
        [] => format!("no change waits for the acknowledgement of {plan}, or of any other plan"),
        ids => {
            format!(
                "no change waits for the acknowledgement of {plan}; waiting: {}",
                ids.join(", ")
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use eastwest_core::declaration::settings::Settings;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio_util::sync::CancellationToken;

    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::config::token::Token;
    use crate::daemon::clock::Clock;
    use crate::daemon::meters::Metrics;
    use crate::serve::host::Hosts;
    use crate::serve::http::router;
    use crate::serve::server::{Server, serve};

    const TOKEN: &str = "a-token-of-the-tests";
    const BODY: &str = r#"{"plan":"0123456789ab"}"#;

    /// What a listener of ours answers: the status, and the body.
    async fn answer(token: Option<&str>, request: &str) -> (u16, String) {
        let shared = Arc::new(Shared::new(
            Settings::default(),
            Metrics::new(),
            Clock::start(Duration::ZERO),
        ));
        let token = token.map(|token| token.parse().expect("any text"));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let routes =
            router(shared, token, Hosts::named(["own".to_owned()]), CancellationToken::new());
        let pages = tokio::spawn(serve(listener, Server::new(routes, CancellationToken::new())));
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut text = String::new();
        stream.read_to_string(&mut text).await.expect("an answer");
        pages.abort();
        let status = text.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        let body = text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
        (status, body.unwrap_or_default())
    }

    fn request(method: &str, headers: &[&str], body: &str) -> String {
        let headers = [headers, &["", ""]].concat().join("\r\n");
        let length = body.len();
        format!(
            "{method} /api/v1/ack HTTP/1.1\r\nHost: own:1\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}{body}"
        )
    }

    async fn post(headers: &[&str], body: &str) -> (u16, String) {
        let bearer = format!("Authorization: Bearer {TOKEN}");
        let headers = [&[bearer.as_str(), "Content-Type: application/json"], headers].concat();
        answer(Some(TOKEN), &request("POST", &headers, body)).await
    }

    #[tokio::test]
    async fn without_a_token_there_is_no_such_page() {
        let headers =
            [&format!("Authorization: Bearer {TOKEN}")[..], "Content-Type: application/json"];
        assert_eq!(answer(None, &request("POST", &headers, BODY)).await.0, 404);
    }

    #[tokio::test]
    async fn only_the_very_token_opens_it() {
        let json = "Content-Type: application/json";
        for header in
            ["Authorization: Bearer wrong", "Authorization: Bearer ", "Authorization: x", "X: y"]
        {
            let (status, body) = answer(Some(TOKEN), &request("POST", &[header, json], BODY)).await;
            assert_eq!(status, 401, "{header}");
            assert!(!body.contains(TOKEN) && !body.contains("wrong"), "{body}");
        }
        let basic = format!("Authorization: Basic {TOKEN}");
        assert_eq!(answer(Some(TOKEN), &request("POST", &[&basic, json], BODY)).await.0, 401);
        let lower = format!("authorization: bearer {TOKEN}");
        assert_eq!(answer(Some(TOKEN), &request("POST", &[&lower, json], BODY)).await.0, 404);
    }

    #[tokio::test]
    async fn pages_of_other_sites_are_turned_away() {
        for header in [
            "Sec-Fetch-Site: cross-site",
            "Sec-Fetch-Site: same-site",
            "Origin: http://evil",
            "Origin: null",
            "Origin: http://own",
        ] {
            assert_eq!(post(&[header], BODY).await.0, 403, "{header}");
        }
        for header in
            ["Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: none", "Origin: http://own:1"]
        {
            assert_eq!(post(&[header], BODY).await.0, 404, "{header}");
        }
    }

    #[tokio::test]
    async fn what_is_no_json_or_too_long_is_refused() {
        let bearer = format!("Authorization: Bearer {TOKEN}");
        let form = "Content-Type: application/x-www-form-urlencoded";
        for headers in [&[bearer.as_str()][..], &[&bearer, form]] {
            assert_eq!(answer(Some(TOKEN), &request("POST", headers, BODY)).await.0, 415);
        }
        assert_eq!(post(&[], &format!("{BODY}{}", " ".repeat(1024))).await.0, 413);
        for body in [
            "",
            "{}",
            "[]",
            r#"{"plan":1}"#,
            r#"{"plan":"xyz"}"#,
            r#"{"plan":"0123456789ab","and":1}"#,
        ] {
            assert_eq!(post(&[], body).await.0, 400, "{body}");
        }
    }

    #[tokio::test]
    async fn an_id_that_nothing_waits_for_is_told_so() {
        let (status, body) = post(&[], BODY).await;
        assert_eq!(status, 404);
        let why = "no change waits for the acknowledgement of 0123456789ab, or of any other plan";
        assert!(body.contains(&format!(r#""status":404,"detail":"{why}"}}"#)), "{body}");
        let ids: Vec<PlanId> =
            ["0123456789ab", "ba9876543210"].iter().filter_map(|id| PlanId::parse(id)).collect();
        assert!(unknown(&ids[0], &ids[1..]).ends_with("waiting: ba9876543210"));
    }

    #[tokio::test]
    async fn looking_acknowledges_nothing() {
        let bearer = format!("Authorization: Bearer {TOKEN}");
        for method in ["GET", "HEAD", "PUT"] {
            assert_eq!(
                answer(Some(TOKEN), &request(method, &[&bearer], "")).await.0,
                405,
                "{method}"
            );
        }
    }

    #[test]
    fn the_token_is_in_no_debug_text() {
        let token: Token = TOKEN.parse().expect("any text");
        assert_eq!(format!("{token:?}"), "Token(hidden)");
        assert!(token.is_fit() && token.is(TOKEN) && !token.is("a-token-of-the-test"));
        for text in ["", "short", "with a space in it", &"x".repeat(513)] {
            assert!(!text.parse::<Token>().expect("any text").is_fit(), "{text}");
        }
    }
}
