//! `POST /api/v1/reconcile`: a person asks eastwest to look now, at one service or at everything.
//!
//! It is a hint like those of the queue: it brings a look forward, and nothing else follows from it.

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
    /// The service, `<cluster>/<service>`; everything without it.
    #[serde(default)]
    service: Option<String>,
}

const SHAPE: &str = r#"send {"service": "<cluster>/<service>"}, or {} for everything"#;

/// What is looked at.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct Looking {
    /// The service; everything without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    service: Option<ServiceKey>,
}

/// Answers one request.
pub(crate) async fn reconcile(
    shared: &Shared,
    gate: &Gate,
    headers: HeaderMap,
    body: Body,
) -> Response {
    gate.answer("a look", accept(shared, gate, &headers, body).await)
}

async fn accept(
    shared: &Shared,
    gate: &Gate,
    headers: &HeaderMap,
    body: Body,
) -> Result<Looking, Refused> {
    let asked: Asked = gate.asked(headers, body, SHAPE).await?;
    let path = asked.service.as_deref().map(|service| {
        let path = ServicePath::parse(service);
        path.map_err(|refused| (StatusCode::BAD_REQUEST, format!("{SHAPE}: {}", refused.allowed)))
    });
    let path = path.transpose()?;
    let service = shared.look(path.as_ref()).map_err(|why| (StatusCode::NOT_FOUND, why))?;
    Ok(Looking { service })
}
