//! The copies of one page: rendered at most once a second, and shared by all who read it.
//!
//! **Invariant:** at most two copies of a page are in memory, however many read it and however slowly. While a reader
//! still holds the copy before the present one, no third is rendered: others read the present one, which is then as old
//! as a slow reader is tolerated.
//!
//! A copy is freed with its last reader. Each new one is kept for [`FRESH`].

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use axum::body::Bytes;

/// For how long a copy is the present one.
const FRESH: Duration = Duration::from_secs(1);

/// One page as it was rendered.
#[derive(Debug)]
pub(crate) struct Copy<T>(Arc<T>);

impl<T> Clone for Copy<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: AsRef<[u8]>> AsRef<[u8]> for Copy<T> {
    fn as_ref(&self) -> &[u8] {
        (*self.0).as_ref()
    }
}

impl<T> Deref for Copy<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: AsRef<[u8]> + Send + Sync + 'static> Copy<T> {
    /// The body of an answer, which holds this very copy.
    pub(crate) fn body(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

/// The copies of one page.
#[derive(Debug)]
pub(crate) struct Copies<T>(Mutex<Held<T>>);

#[derive(Debug)]
struct Held<T> {
    rendered_at: Option<Instant>,
    present: Weak<T>,
    before: Weak<T>,
}

impl<T> Default for Copies<T> {
    fn default() -> Self {
        Self(Mutex::new(Held { rendered_at: None, present: Weak::new(), before: Weak::new() }))
    }
}

/// A copy, and whether it was rendered for this reader.
struct Given<T> {
    /// The copy.
    copy: Copy<T>,
    /// Whether nobody had it before.
    is_new: bool,
}

impl<T: Send + Sync + 'static> Copies<T> {
    /// The copy to read now, which is kept for as long as it is fresh.
    pub(crate) fn read(&self, render: impl FnOnce() -> T) -> Copy<T> {
        let given = self.get(Instant::now(), render);
        if given.is_new {
            let kept = given.copy.clone();
            tokio::spawn(async move {
                tokio::time::sleep(FRESH).await;
                drop(kept);
            });
        }
        given.copy
    }

    /// The copy to read now.
    fn get(&self, now: Instant, render: impl FnOnce() -> T) -> Given<T> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = held.rendered_at.is_some_and(|at| now.duration_since(at) < FRESH);
        let present = held.present.upgrade();
        if let Some(copy) = &present
            && (is_fresh || held.before.strong_count() > 0)
        {
            return Given { copy: Copy(Arc::clone(copy)), is_new: false };
        }
        let copy = Arc::new(render());
        if present.is_some() {
            held.before = std::mem::take(&mut held.present);
        }
        held.present = Arc::downgrade(&copy);
        held.rendered_at = Some(now);
        Given { copy: Copy(copy), is_new: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page that counts how often it was rendered.
    struct Stage {
        copies: Copies<Box<[u8]>>,
        began: Instant,
        rendered: u8,
    }

    impl Stage {
        fn new() -> Self {
            Self { copies: Copies::default(), began: Instant::now(), rendered: 0 }
        }

        /// What a reader gets that long after the start.
        fn read(&mut self, millis: u64) -> Bytes {
            let now = self.began + Duration::from_millis(millis);
            let rendered = &mut self.rendered;
            let given = self.copies.get(now, || {
                *rendered += 1;
                vec![*rendered].into_boxed_slice()
            });
            given.copy.body()
        }
    }

    #[test]
    fn a_page_is_rendered_at_most_once_a_second_and_all_read_the_same_memory() {
        let mut stage = Stage::new();
        let first = stage.read(0);
        for millis in [0, 1, 999] {
            assert_eq!(stage.read(millis).as_ptr(), first.as_ptr(), "{millis}");
        }
        drop(first);
        assert_eq!(stage.read(1000)[..], [2]);
    }

    #[test]
    fn slow_readers_hold_two_copies_at_most_and_the_others_read_the_later_one() {
        let mut stage = Stage::new();
        let (slow, slower) = (stage.read(0), stage.read(1000));
        let held: Vec<Bytes> = (2..30).map(|second| stage.read(second * 1000)).collect();
        assert_eq!(stage.rendered, 2);
        assert!(held.iter().all(|copy| copy.as_ptr() == slower.as_ptr()));
        drop(slow);
        assert_eq!(stage.read(30_000)[..], [3]);
    }

    #[test]
    fn a_copy_that_nobody_reads_is_freed() {
        let mut stage = Stage::new();
        drop(stage.read(0));
        assert_eq!(stage.copies.0.lock().expect("no panic").present.strong_count(), 0);
    }
}
