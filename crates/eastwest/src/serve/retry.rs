//! `POST /api/v1/retry`: a person asks to send once more what ECS gave up for a service.
//!
//! It exists only where a bearer token is set, and a page of another site cannot have a browser send it.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use eastwest_core::ecs::service_key::{ServiceKey, ServicePath};
use serde::{Deserialize, Serialize};

use super::gate::Gate;
use super::problem::Refused;
use crate::daemon::shared::Shared;

/// What is asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    service: String,
}

const SHAPE: &str = r#"send {"service": "<cluster>/<service>"}"#;

/// What is tried again.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct Retried {
    #[schemars(with = "String")]
    service: ServiceKey,
}

/// Answers one request.
pub(crate) async fn retry(
    shared: &Shared,
    gate: &Gate,
    headers: HeaderMap,
    body: Body,
) -> Response {
    gate.answer("a retry", accept(shared, gate, &headers, body).await)
}

async fn accept(
    shared: &Shared,
    gate: &Gate,
    headers: &HeaderMap,
    body: Body,
) -> Result<Retried, Refused> {
    let asked: Asked = gate.asked(headers, body, SHAPE).await?;
    let path = ServicePath::parse(&asked.service)
        .map_err(|refused| (StatusCode::BAD_REQUEST, format!("{SHAPE}: {}", refused.allowed)))?;
    let service = shared.retry(&path).map_err(|why| (StatusCode::NOT_FOUND, why))?;
    Ok(Retried { service })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use eastwest_core::declaration::settings::Settings;

    use super::*;
    use crate::daemon::clock::Clock;
    use crate::daemon::meters::Metrics;

    /// What a daemon that has seen nothing answers.
    async fn answer(body: &'static str) -> Refused {
        let clock = Clock::start(std::time::Duration::ZERO);
        let shared = Shared::new(Settings::default(), Metrics::new(), clock);
        let gate = Gate::new("a-token-of-the-tests".parse().expect("any text"));
        let mut headers = HeaderMap::new();
        let bearer = HeaderValue::from_static("Bearer a-token-of-the-tests");
        headers.insert("authorization", bearer);
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        accept(&shared, &gate, &headers, Body::from(body)).await.expect_err("nothing is held")
    }

    #[tokio::test]
    async fn a_service_that_is_not_rolled_back_is_not_tried_again() {
        let (status, why) = answer(r#"{"service": "prod/web"}"#).await;
        assert_eq!((status, why.as_str()), (StatusCode::NOT_FOUND, "there is no service prod/web"));
    }

    #[tokio::test]
    async fn what_names_no_service_is_refused() {
        for body in ["", "{}", r#"{"service": "web"}"#, r#"{"service": "prod/web", "now": true}"#] {
            assert_eq!(answer(body).await.0, StatusCode::BAD_REQUEST, "{body}");
        }
    }
}
