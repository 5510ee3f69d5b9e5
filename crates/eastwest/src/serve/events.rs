//! `GET /api/v1/events`: what happened lately, as a page of JSON, or as a stream of server-sent events for whoever
//! accepts `text/event-stream`.
//!
//! **Invariant:** the loop waits for no reader. A stream holds the place where it is, and no event; what is gone when
//! it comes to it is told as lost. Whoever takes nothing for as long as any answer may wait is dropped by the connection.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use eastwest_core::ecs::service_key::ServicePath;
use eastwest_core::report::notice::NoticeKind;
use futures_util::stream::{self, Stream};
use strum::VariantArray as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;

use super::problem::{Problem, Refused};
use super::query::{Parameters, Sent, bad};
use crate::api::events::{EventRow, EventsPage, LostEvents};
use crate::api::explanation::JSON;
use crate::api::json;
use crate::api::text::quoted;
use crate::daemon::history::{self, Event, EventId, Since};
use crate::daemon::shared::Shared;

/// The media type of a stream.
pub(crate) const STREAM: &str = "text/event-stream";
/// The most streams at once: a quarter of the connections.
pub(crate) const MOST_STREAMS: usize = 64;
/// The most events on one page, and how many without `limit`.
pub(crate) const MOST: usize = 1000;
pub(crate) const USUAL: usize = 100;
/// How often a stream without events sends a comment, so that nobody between takes it for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long a browser waits before it connects again.
const RETRY: Duration = Duration::from_secs(3);

const PARAMETERS: [&str; 5] = ["after", "limit", "cluster", "service", "kind"];

/// The streams that are open, and when they end.
#[derive(Debug, Clone)]
pub(crate) struct Streams {
    free: Arc<Semaphore>,
    stop: CancellationToken,
}

impl Streams {
    /// No stream yet. All of them end with `stop`.
    pub(crate) fn new(stop: CancellationToken) -> Self {
        Self { free: Arc::new(Semaphore::new(MOST_STREAMS)), stop }
    }
}

/// Which events are asked for.
#[derive(Debug)]
struct Asked {
    after: Option<EventId>,
    limit: usize,
    cluster: Option<String>,
    service: Option<ServicePath>,
    kinds: Option<Vec<NoticeKind>>,
}

impl Asked {
    fn read(sent: Sent) -> Result<Self, Refused> {
        let sent = Parameters::read(sent, &PARAMETERS)?;
        let after = sent.text("after").map(id).transpose()?;
        let service = sent.text("service").map(|text| {
            let path = ServicePath::parse(text);
            path.map_err(|refused| {
                bad(format_args!("service={}: {}", quoted(text), refused.allowed))
            })
        });
        Ok(Self {
            after,
            limit: sent.number("limit", 1..=MOST, USUAL)?,
            cluster: sent.text("cluster").map(str::to_owned),
            service: service.transpose()?,
            kinds: sent.some_of("kind", NoticeKind::VARIANTS)?,
        })
    }

    fn allows(&self, event: &Event) -> bool {
        let notice = &event.notice;
        let cluster = self.cluster.as_ref();
        let service = self.service.as_ref();
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&notice.kind))
            && cluster.is_none_or(|wanted| notice.cluster().is_some_and(|c| c.as_str() == wanted))
            && service.is_none_or(|wanted| notice.service().is_some_and(|k| k.path() == *wanted))
    }
}

/// An id as it was sent.
fn id(text: &str) -> Result<EventId, Refused> {
    let why =
        || bad(format_args!("{} is no id of an event: send one that eastwest sent", quoted(text)));
    EventId::parse(text).ok_or_else(why)
}

/// Answers one request.
pub(crate) fn answer(
    shared: &Arc<Shared>,
    streams: &Streams,
    headers: &HeaderMap,
    sent: Sent,
) -> Response {
    let answered = Asked::read(sent).and_then(|asked| {
        let accepted = headers.get(header::ACCEPT).and_then(|kinds| kinds.to_str().ok());
        if accepted.is_some_and(|kinds| kinds.contains(STREAM)) {
            stream_of(shared, streams, headers, asked)
        } else {
            Ok(page(shared, &asked))
        }
    });
    answered.unwrap_or_else(Problem::answer)
}

/// A page of JSON: what came after an event, or the latest.
fn page(shared: &Shared, asked: &Asked) -> Response {
    let history = &shared.history;
    let found = match asked.after {
        Some(_) => history.after_where(asked.after, asked.limit, |event| asked.allows(event)),
        None => history.latest_page(asked.limit, |event| asked.allows(event)),
    };
    let Since { events, lost, restarted, next, more } = found;
    let dropped = history.dropped();
    let events = events.iter().map(|event| EventRow::new(event)).collect();
    let page = EventsPage { events, next, more, lost, restarted, kept: history::MOST, dropped };
    let text = json::line(&page).expect("every page has a JSON form");
    ([(header::CONTENT_TYPE, JSON)], text).into_response()
}

/// A stream: from the event after the last one that the reader had, else from now on.
fn stream_of(
    shared: &Arc<Shared>,
    streams: &Streams,
    headers: &HeaderMap,
    asked: Asked,
) -> Result<Response, Refused> {
    let last = headers.get("last-event-id").map(HeaderValue::to_str);
    let last = last.map(|text| id(text.unwrap_or_default())).transpose()?;
    let Ok(permit) = Arc::clone(&streams.free).try_acquire_owned() else {
        let why = format!(
            "{MOST_STREAMS} streams of events are open, and no more are served: close one, or read pages of /api/v1/events"
        );
        return Err((StatusCode::SERVICE_UNAVAILABLE, why));
    };
    let at = last.or(asked.after).unwrap_or_else(|| shared.history.newest());
    let reader = Reader {
        newest: shared.history.watch(),
        shared: Arc::clone(shared),
        asked,
        at,
        ready: Vec::new().into_iter(),
        is_new: true,
        stop: streams.stop.clone(),
        _permit: permit,
    };
    let mut answer = Sse::new(reader.events())
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE).text("nothing new"))
        .into_response();
    // A proxy that gathers an answer before it hands it on would hand on nothing.
    answer.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(answer)
}

/// One stream.
struct Reader {
    shared: Arc<Shared>,
    newest: watch::Receiver<u64>,
    asked: Asked,
    /// The last event that was passed.
    at: EventId,
    /// What is to be sent next.
    ready: std::vec::IntoIter<sse::Event>,
    /// Whether nothing was sent yet.
    is_new: bool,
    stop: CancellationToken,
    _permit: OwnedSemaphorePermit,
}

/// How many events a stream takes from the history at once.
const AT_ONCE: usize = 16;

impl Reader {
    fn events(self) -> impl Stream<Item = Result<sse::Event, Infallible>> {
        stream::unfold(self, async |mut reader| {
            let event = reader.next().await?;
            Some((Ok(event), reader))
        })
    }

    /// The next event; none once eastwest stops.
    async fn next(&mut self) -> Option<sse::Event> {
        if std::mem::take(&mut self.is_new) {
            // The headers leave with it, so that a reader knows at once that it is connected.
            return Some(sse::Event::default().retry(RETRY).comment("connected"));
        }
        loop {
            if let Some(event) = self.ready.next() {
                return Some(event);
            }
            self.newest.mark_unchanged();
            if self.take() {
                continue;
            }
            tokio::select! {
                () = self.stop.cancelled() => return None,
                changed = self.newest.changed() => changed.ok()?,
            }
        }
    }

    /// Takes what is new from the history. Returns whether there may be something to send.
    fn take(&mut self) -> bool {
        let Self { asked, at, .. } = &*self;
        let history = &self.shared.history;
        let found = history.after_where(Some(*at), AT_ONCE, |event| asked.allows(event));
        let Since { events, lost, restarted, next, more } = found;
        let missed = (lost > 0 || restarted).then_some(LostEvents { lost, restarted });
        let missed = missed.map(|missed| of(&missed).event("lost"));
        let told = events.iter().map(|event| of(&EventRow::new(event)).id(event.id.to_string()));
        let ready: Vec<sse::Event> = missed.into_iter().chain(told).collect();
        self.at = next;
        let is_any = !ready.is_empty() || more;
        self.ready = ready.into_iter();
        is_any
    }
}

/// An event that holds JSON, in one line.
fn of(value: &impl serde::Serialize) -> sse::Event {
    sse::Event::default().data(json::line(value).expect("every row has a JSON form"))
}
