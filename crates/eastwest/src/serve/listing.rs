//! `GET /api/v1/services`: every service as one copy; with a query, some of them in pages.
//!
//! **Invariant:** a page is made of parts of the one copy, so that it costs a look at the index and no look at the
//! engine.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use eastwest_core::report::health::Health;
use eastwest_core::report::standing::Standing;
use eastwest_core::report::status::Sync;
use futures_util::stream;
use strum::VariantArray as _;

use super::copies::{Copies, Copy};
use super::problem::{Problem, Refused};
use super::query::{Parameters, Sent};
use crate::api::explanation::JSON;
use crate::api::json;
use crate::api::listing::{Listing, Sort, Wanted};
use crate::daemon::shared::Shared;

/// The parameters.
const PARAMETERS: [&str; 9] =
    ["cluster", "namespace", "sync", "health", "standing", "q", "sort", "offset", "limit"];
/// The most services on one page, and how many without `limit`.
pub(crate) const MOST: usize = 1000;
pub(crate) const USUAL: usize = 100;
/// A page begins at most so far behind the first service.
pub(crate) const FARTHEST: usize = 1_000_000;

/// Answers one request.
pub(crate) fn answer(shared: &Shared, copies: &Arc<Copies<Listing>>, sent: Sent) -> Response {
    let wanted = match wanted(sent) {
        Ok(wanted) => wanted,
        Err(refused) => return Problem::answer(refused),
    };
    let copy = copies.read(|| Listing::new(&shared.engine(), shared.clock));
    let body = match wanted {
        None => Body::from(copy.body()),
        Some(wanted) => page(&copy, &wanted),
    };
    ([(header::CONTENT_TYPE, JSON)], body).into_response()
}

/// What is asked for; none for everything.
fn wanted(sent: Sent) -> Result<Option<Wanted>, Refused> {
    let sent = Parameters::read(sent, &PARAMETERS)?;
    if sent.is_empty() {
        return Ok(None);
    }
    let text = |name: &str| sent.text(name).map(str::to_owned);
    let words = sent.text("q").unwrap_or_default().to_lowercase();
    Ok(Some(Wanted {
        cluster: text("cluster"),
        namespace: text("namespace"),
        sync: sent.some_of("sync", Sync::VARIANTS)?,
        health: sent.some_of("health", Health::VARIANTS)?,
        standing: sent.some_of("standing", Standing::VARIANTS)?,
        words: words.split_whitespace().map(str::to_owned).collect(),
        sort: sent.one_of("sort", Sort::VARIANTS)?.unwrap_or_default(),
        offset: sent.number("offset", 0..=FARTHEST, 0)?,
        limit: sent.number("limit", 1..=MOST, USUAL)?,
    }))
}

/// A page, as parts of the copy.
fn page(copy: &Copy<Listing>, wanted: &Wanted) -> Body {
    let part = copy.part(wanted);
    let whole = copy.clone().body();
    let mut chunks = vec![whole.slice(part.head)];
    for (at, row) in part.rows.into_iter().enumerate() {
        if at > 0 {
            chunks.push(Bytes::from_static(b","));
        }
        chunks.push(whole.slice(row));
    }
    chunks.push(whole.slice(part.tail));
    let sums = json::line(&part.sums).expect("numbers have a JSON form");
    let members = sums.strip_prefix('{').unwrap_or(&sums);
    chunks.push(Bytes::from(format!(",{members}")));
    Body::from_stream(stream::iter(chunks.into_iter().map(Ok::<_, std::convert::Infallible>)))
}
