//! `GET /api/v1/services/<cluster>/<service>`: where each field of one service comes from. JSON, or text for whoever
//! accepts `text/plain`.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use eastwest_core::ecs::service_key::ServicePath;
use eastwest_core::report::explain::{Explanation, Unexplained, explain_at};

use super::problem::{Problem, Refused};
use crate::api::explanation::{JSON, TEXT};
use crate::api::{explanation, json};
use crate::daemon::shared::Shared;

/// Answers one request.
pub(crate) fn answer(shared: &Shared, path: &str, headers: &HeaderMap) -> Response {
    match explained(shared, path) {
        Ok(explanation) => page(shared, explanation, headers),
        Err(refused) => Problem::answer(refused),
    }
}

fn explained(shared: &Shared, path: &str) -> Result<Explanation, Refused> {
    let path = ServicePath::parse(path)
        .map_err(|refused| (StatusCode::BAD_REQUEST, refused.allowed.to_owned()))?;
    let engine = shared.engine();
    let explained = explain_at(engine.view(), engine.settings(), &path, engine.plan());
    explained.map_err(|unexplained| {
        let status = match unexplained {
            Unexplained::NotWatched(_) | Unexplained::NotThere(..) => StatusCode::NOT_FOUND,
            Unexplained::Unread(..) => StatusCode::SERVICE_UNAVAILABLE,
        };
        (status, unexplained.to_string())
    })
}

fn page(shared: &Shared, explanation: Explanation, headers: &HeaderMap) -> Response {
    let accepts = headers.get(header::ACCEPT).map(header::HeaderValue::as_bytes);
    let (kind, text) = if accepts.is_some_and(|kinds| kinds.starts_with(TEXT.as_bytes())) {
        let explanation = explanation.named(shared.engine().view().namespace_names());
        (TEXT, explanation::text(&explanation))
    } else {
        (JSON, json::pretty(&explanation).expect("every page has a JSON form") + "\n")
    };
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
