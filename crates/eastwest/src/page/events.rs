//! `/events`: what happened lately.

use askama::Template;
use eastwest_core::ecs::service_key::ServicePath;
use eastwest_core::report::notice::{Level, NoticeKind};
use serde::Deserialize;
use strum::VariantArray as _;

use super::changes::Happened;
use super::frame::{Access, Frame, Reader, Section};
use super::words::count;
use crate::api::text::{one_of, quoted};
use crate::daemon::history;
use crate::daemon::shared::Shared;

/// How many events a page has.
const PAGE: usize = 200;

/// What a reader asks for. A part that is left empty asks for everything.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// Words that must be in the sentence or in the name of the service.
    q: String,
    /// The kind.
    kind: String,
    /// `warning`: only what a person should mend.
    level: String,
    /// One service, as `cluster/service`.
    service: String,
    /// What came of the last request; no filter.
    pub(crate) done: String,
}

/// The page.
#[derive(Template)]
#[template(path = "events.html")]
pub(crate) struct EventsPage {
    frame: Frame,
    asked: Asked,
    summary: String,
    events: Vec<Happened>,
    is_cut: bool,
    kept: usize,
    dropped: u64,
}

impl EventsPage {
    /// The page of this moment, or what is wrong with what was asked.
    pub(crate) fn new(shared: &Shared, asked: Asked, reader: Reader) -> Result<Self, String> {
        let kind = match asked.kind.as_str() {
            "" => None,
            text => Some(one_of("kind", text, NoticeKind::VARIANTS)?),
        };
        let only_warnings = match asked.level.as_str() {
            "" => false,
            "warning" => true,
            text => {
                return Err(format!("level={}: send warning, or nothing for all", quoted(text)));
            }
        };
        let path = match asked.service.as_str() {
            "" => None,
            text => Some(
                ServicePath::parse(text)
                    .map_err(|refused| format!("service={}: {}", quoted(text), refused.allowed))?,
            ),
        };
        let words: Vec<String> = asked.q.split_whitespace().map(str::to_lowercase).collect();
        let now = shared.clock.now().calendar;
        let found = shared.history.latest(history::MOST, |event| {
            let notice = &event.notice;
            let is_of = |path: &ServicePath| notice.service().is_some_and(|k| k.path() == *path);
            let has_words = || {
                let service = notice.service().map(ToString::to_string).unwrap_or_default();
                let text = format!("{service} {}", notice.sentence).to_lowercase();
                words.iter().all(|word| text.contains(word.as_str()))
            };
            kind.is_none_or(|kind| notice.kind == kind)
                && (!only_warnings || notice.level != Level::Info)
                && path.as_ref().is_none_or(is_of)
                && (words.is_empty() || has_words())
        });
        let warnings = found.iter().filter(|event| event.notice.level != Level::Info).count();
        let events: Vec<_> =
            found.iter().take(PAGE).map(|event| Happened::new(event, now)).collect();
        Ok(Self {
            frame: Frame::new("Events", Section::Events, reader),
            summary: summary(found.len(), warnings),
            is_cut: events.len() < found.len(),
            events,
            kept: history::MOST,
            dropped: shared.history.dropped(),
            asked,
        })
    }

    fn kinds() -> &'static [NoticeKind] {
        NoticeKind::VARIANTS
    }

    fn is_filtered(&self) -> bool {
        let Asked { q, kind, level, service, done: _ } = &self.asked;
        [q, kind, level, service].iter().any(|text| !text.is_empty())
    }
}

/// How many events match, and how many of them the page has.
fn summary(found: usize, warnings: usize) -> String {
    let (events, warnings) =
        (count(found, "event", "events"), count(warnings, "warning", "warnings"));
    if found <= PAGE {
        return format!("{events}, {warnings}");
    }
    format!("{events}, {warnings}; the latest {PAGE} are shown")
}
