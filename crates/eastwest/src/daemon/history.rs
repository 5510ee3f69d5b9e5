//! What happened lately: the same news that the log has, kept in memory for people and programs to read.
//!
//! **Invariant:** at most [`MOST`] events and [`MOST_BYTES`] of text are kept. The oldest go first, and whoever asks
//! for what came after an event learns how many are gone.
//!
//! **Invariant:** writing waits for no reader. A reader is only told that there is more, and takes it when it can.
//!
//! The history ends with the process. Numbers begin again, so an id has the start of the process before the number: a
//! reader from before a restart learns that it missed something, and is not sent other events under old numbers.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::report::notice::Notice;
use tokio::sync::watch;

/// The most events that are kept.
pub(crate) const MOST: usize = 2000;
/// The most text that they have together, in bytes.
const MOST_BYTES: usize = 1024 * 1024;

/// One event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// Which one.
    pub(crate) id: EventId,
    /// When it was told, by our calendar.
    pub(crate) at: jiff::Timestamp,
    /// What happened.
    pub(crate) notice: Notice,
}

/// The id of an event: `<second of the process's start>-<number>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EventId {
    run: i64,
    number: u64,
}

impl EventId {
    /// An id as it was shown.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (run, number) = text.split_once('-')?;
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let both = is_number(run) && is_number(number);
        both.then_some(Self { run: run.parse().ok()?, number: number.parse().ok()? })
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.run, self.number)
    }
}

/// What came after an event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Since {
    /// The events, oldest first.
    pub(crate) events: Vec<Arc<Event>>,
    /// How many that came between are not kept any more.
    pub(crate) lost: u64,
    /// Whether the id is of another run of the process: nobody knows how many came between.
    pub(crate) restarted: bool,
    /// The id from which to go on.
    pub(crate) next: EventId,
    /// Whether more events are there already.
    pub(crate) more: bool,
}

/// What happened lately.
#[derive(Debug)]
pub(crate) struct History {
    run: i64,
    kept: Mutex<Kept>,
    /// The number of the newest event.
    newest: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Kept {
    events: VecDeque<Arc<Event>>,
    /// The number of the newest event; 0 before the first.
    newest: u64,
    bytes: usize,
}

impl History {
    /// An empty history of a process that began then.
    pub(crate) fn new(began: jiff::Timestamp) -> Self {
        let (newest, _) = watch::channel(0);
        Self { run: began.as_second(), kept: Mutex::default(), newest }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what happened at a time.
    pub(crate) fn add(&self, at: jiff::Timestamp, notice: Notice) {
        let mut kept = self.kept();
        kept.newest += 1;
        let number = kept.newest;
        kept.bytes += size(&notice);
        let id = EventId { run: self.run, number };
        kept.events.push_back(Arc::new(Event { id, at, notice }));
        while kept.events.len() > MOST || kept.bytes > MOST_BYTES {
            let Some(oldest) = kept.events.pop_front() else { break };
            kept.bytes -= size(&oldest.notice);
        }
        drop(kept);
        self.newest.send_replace(number);
    }

    /// What came after an event, at most `limit`, of the events of which `is_asked` is true; with none, from the oldest
    /// that is kept.
    pub(crate) fn after_where(
        &self,
        after: Option<EventId>,
        limit: usize,
        is_asked: impl Fn(&Event) -> bool,
    ) -> Since {
        let kept = self.kept();
        let dropped = kept.dropped();
        let is_of_us = after.is_none_or(|id| id.run == self.run && id.number <= kept.newest);
        let read = after.filter(|_| is_of_us).map_or(dropped, |id| id.number);
        let from = read.max(dropped);
        let skipped = usize::try_from(from - dropped).unwrap_or(usize::MAX);
        let asked = kept.events.iter().skip(skipped).filter(|event| is_asked(event));
        let events: Vec<_> = asked.take(limit).cloned().collect();
        let is_full = events.len() >= limit;
        let next = events.last().filter(|_| is_full).map_or(kept.newest, |event| event.id.number);
        Since {
            events,
            lost: dropped.saturating_sub(read),
            restarted: !is_of_us,
            next: EventId { run: self.run, number: next },
            more: next < kept.newest,
        }
    }

    /// The latest events of which `is_asked` is true, newest first.
    pub(crate) fn latest(
        &self,
        limit: usize,
        is_asked: impl Fn(&Event) -> bool,
    ) -> Vec<Arc<Event>> {
        let kept = self.kept();
        kept.events.iter().rev().filter(|event| is_asked(event)).take(limit).cloned().collect()
    }

    /// The latest events of which `is_asked` is true, oldest first.
    pub(crate) fn latest_page(&self, limit: usize, is_asked: impl Fn(&Event) -> bool) -> Since {
        let next = self.newest();
        let mut events =
            self.latest(limit, |event| event.id.number <= next.number && is_asked(event));
        events.reverse();
        Since { events, lost: 0, restarted: false, next, more: false }
    }

    /// The latest events of one service, newest first.
    pub(crate) fn of_service(&self, key: &ServiceKey, limit: usize) -> Vec<Arc<Event>> {
        self.latest(limit, |event| event.notice.service() == Some(key))
    }

    /// How many events are not kept any more.
    pub(crate) fn dropped(&self) -> u64 {
        self.kept().dropped()
    }

    /// The id of the newest event, or of none yet.
    pub(crate) fn newest(&self) -> EventId {
        EventId { run: self.run, number: self.kept().newest }
    }

    /// What changes with every new event.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }
}

impl Kept {
    fn dropped(&self) -> u64 {
        self.newest - self.events.len() as u64
    }
}

/// What a notice takes, without what all of them take.
fn size(notice: &Notice) -> usize {
    notice.sentence.len()
}

#[cfg(test)]
mod tests {
    use eastwest_core::ecs::name::Arn;
    use eastwest_core::report::notice::{About, Level, NoticeKind};

    use super::*;

    const START: jiff::Timestamp = jiff::Timestamp::UNIX_EPOCH;

    fn key(name: &str) -> ServiceKey {
        let arn = format!("arn:aws:ecs:eu-west-1:111122223333:service/prod/{name}");
        ServiceKey::of_arn(&Arn::as_read(&arn)).expect("a key")
    }

    fn of(name: &str, words: &str) -> Notice {
        Notice::new(NoticeKind::Status, Level::Info, About::Service(key(name)), words)
    }

    fn with(count: usize) -> History {
        let history = History::new(START);
        for n in 1..=count {
            history.add(START, of("web", &n.to_string()));
        }
        history
    }

    fn after(history: &History, after: Option<EventId>, limit: usize) -> Since {
        history.after_where(after, limit, |_| true)
    }

    fn sentences(events: &[Arc<Event>]) -> Vec<&str> {
        events.iter().map(|event| event.notice.sentence.as_str()).collect()
    }

    #[test]
    fn a_reader_goes_on_where_it_stopped() {
        let history = with(5);
        let first = after(&history, None, 2);
        assert_eq!((sentences(&first.events), first.more, first.lost), (vec!["1", "2"], true, 0));
        let rest = after(&history, Some(first.next), 10);
        assert_eq!((sentences(&rest.events), rest.more), (vec!["3", "4", "5"], false));
        let none = after(&history, Some(rest.next), 10);
        assert_eq!((none.events.len(), none.next, none.lost), (0, rest.next, 0));
    }

    #[test]
    fn what_is_not_kept_any_more_is_counted() {
        let history = with(MOST + 7);
        assert_eq!(history.dropped(), 7);
        let read = EventId::parse("0-3").expect("an id");
        let since = after(&history, Some(read), 1);
        assert_eq!((since.lost, sentences(&since.events)), (4, vec!["8"]));
        let all = after(&history, None, usize::MAX);
        assert_eq!((all.events.len(), all.lost), (MOST, 0), "who asks from the start missed none");
    }

    #[test]
    fn long_sentences_are_bounded_by_their_bytes() {
        let history = History::new(START);
        let long = "ä".repeat(600);
        for _ in 0..MOST {
            history.add(START, of("web", &long));
        }
        let kept = after(&history, None, usize::MAX).events.len();
        assert!(kept < MOST && kept * 1200 <= MOST_BYTES && (kept + 1) * 1200 > MOST_BYTES);
        assert_eq!(history.dropped(), (MOST - kept) as u64);
    }

    #[test]
    fn an_id_of_another_run_or_of_the_future_begins_with_what_is_kept_and_says_so() {
        let history = with(3);
        for id in ["99-2", "0-4"] {
            let since = after(&history, EventId::parse(id), 10);
            assert_eq!((since.restarted, since.events.len()), (true, 3), "{id}");
        }
        assert!(!after(&history, EventId::parse("0-3"), 10).restarted);
    }

    #[test]
    fn an_id_that_nobody_showed_is_none() {
        for text in ["", "-", "1", "1-", "-1", "1-x", "+1-2", "1-2-3", "99999999999999999999-1"] {
            assert_eq!(EventId::parse(text), None, "{text}");
        }
        let id = EventId::parse("17-4").expect("an id");
        assert_eq!(id.to_string(), "17-4");
    }

    #[test]
    fn what_is_not_asked_for_is_passed_over_and_the_reader_goes_on_behind_it() {
        let history = with(2);
        history.add(START, of("api", "other"));
        history.add(START, of("web", "last"));
        let of_web = |event: &Event| event.notice.service() == Some(&key("web"));
        assert_eq!(sentences(&history.of_service(&key("web"), 2)), ["last", "2"]);
        assert_eq!(sentences(&history.latest_page(2, of_web).events), ["2", "last"]);
        let of_api = |event: &Event| event.notice.service() == Some(&key("api"));
        let since = history.after_where(None, 5, of_api);
        assert_eq!((sentences(&since.events), since.next), (vec!["other"], history.newest()));
    }

    #[tokio::test]
    async fn a_reader_is_told_of_a_new_event() {
        let history = with(1);
        let mut watch = history.watch();
        watch.mark_unchanged();
        assert!(!watch.has_changed().expect("the history is there"));
        history.add(START, of("web", "2"));
        watch.changed().await.expect("the history is there");
        assert_eq!(*watch.borrow(), 2);
    }
}
