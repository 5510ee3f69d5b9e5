//! `GET /api/v1/graph?namespace=<name or id>`: who calls whom there.

use std::sync::Arc;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use eastwest_core::ecs::text::first_of;

use super::copies::Copies;
use super::problem::{Problem, Refused};
use super::query::{Parameters, Sent, bad};
use crate::api::explanation::JSON;
use crate::api::graph::{Graphs, NoGraph};
use crate::api::text::quoted;
use crate::daemon::shared::Shared;

/// Answers one request.
pub(crate) fn answer(shared: &Shared, copies: &Arc<Copies<Graphs>>, sent: Sent) -> Response {
    let found = namespace(sent).and_then(|wanted| {
        let copy = copies.read(|| Graphs::new(&shared.engine()));
        let part = copy.of(&wanted).map_err(|why| refusal(&wanted, &why))?;
        Ok(copy.body().slice(part))
    });
    match found {
        Ok(body) => ([(header::CONTENT_TYPE, JSON)], body).into_response(),
        Err(refused) => Problem::answer(refused),
    }
}

fn namespace(sent: Sent) -> Result<String, Refused> {
    let sent = Parameters::read(sent, &["namespace"])?;
    let why = "send ?namespace=<name or id>; /api/v1/namespaces lists them";
    sent.text("namespace").map(str::to_owned).ok_or_else(|| bad(why))
}

fn refusal(wanted: &str, why: &NoGraph) -> Refused {
    let wanted = quoted(wanted);
    match why {
        NoGraph::NotThere(known) if known.is_empty() => {
            let words =
                format!("there is no namespace {wanted}: none was read yet, or there is none");
            (StatusCode::NOT_FOUND, words)
        }
        NoGraph::NotThere(known) => {
            let known = first_of(known, ", ");
            (StatusCode::NOT_FOUND, format!("there is no namespace {wanted}; there are {known}"))
        }
        NoGraph::Several(ids) => {
            let ids = first_of(ids, ", ");
            let words = format!("several namespaces are named {wanted}: send the id of one: {ids}");
            (StatusCode::BAD_REQUEST, words)
        }
    }
}
