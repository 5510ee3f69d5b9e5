//! The connections that are open, and which of them goes where there is no room for another.
//!
//! **Invariant:** at most [`MOST`] are kept. Whoever asks right after he connected is answered, whatever the others do:
//! the connection whose last request is the longest ago makes room, and one that never asked counts from its
//! beginning. Bytes that complete no request keep nobody.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::AbortHandle;

/// Enough for people, load balancers and Prometheus. Each costs at most some 40 KiB, and a descriptor out of the 1,024
/// that a process has at least; calls to AWS need the rest.
pub(crate) const MOST: usize = 256;

/// The turn of a connection: which of all requests and beginnings was its last.
#[derive(Debug, Clone)]
pub(crate) struct Turn {
    last: Arc<AtomicU64>,
    all: Arc<AtomicU64>,
}

impl Turn {
    /// Notes that it asks now.
    pub(crate) fn take(&self) {
        self.last.store(self.all.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
    }
}

/// The open connections.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    turns: Arc<AtomicU64>,
    open: Mutex<Vec<(Turn, AbortHandle)>>,
}

impl Connections {
    /// The turn of a connection that begins now.
    pub(crate) fn begin(&self) -> Turn {
        let turn = Turn { last: Arc::default(), all: Arc::clone(&self.turns) };
        turn.take();
        turn
    }

    /// Keeps a connection. Returns whether another one had to go.
    pub(crate) fn keep(&self, turn: Turn, task: AbortHandle) -> bool {
        let mut open = self.open();
        if open.len() >= MOST {
            open.retain(|(_, task)| !task.is_finished());
        }
        let is_full = open.len() >= MOST;
        if is_full {
            drop_one(&mut open);
        }
        open.push((turn, task));
        is_full
    }

    /// Drops the connection whose last request is the longest ago.
    pub(crate) fn make_room(&self) {
        drop_one(&mut self.open());
    }

    fn open(&self) -> std::sync::MutexGuard<'_, Vec<(Turn, AbortHandle)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn drop_one(open: &mut Vec<(Turn, AbortHandle)>) {
    let last = |(_, (turn, _)): &(usize, &(Turn, AbortHandle))| turn.last.load(Ordering::Relaxed);
    if let Some((at, _)) = open.iter().enumerate().min_by_key(last) {
        open.swap_remove(at).1.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_connection_whose_last_request_is_the_longest_ago_makes_room() {
        let connections = Connections::default();
        let mut tasks: Vec<(Turn, AbortHandle)> = Vec::new();
        for _ in 0..MOST {
            let turn = connections.begin();
            let task = tokio::spawn(std::future::pending::<()>()).abort_handle();
            assert!(!connections.keep(turn.clone(), task.clone()));
            tasks.push((turn, task));
        }
        tasks[0].0.take();
        let next = tokio::spawn(std::future::pending::<()>()).abort_handle();
        assert!(connections.keep(connections.begin(), next));
        tokio::task::yield_now().await;
        let gone: Vec<usize> = (0..MOST).filter(|at| tasks[*at].1.is_finished()).collect();
        assert_eq!(gone, [1]);
    }

    #[tokio::test]
    async fn a_connection_that_ended_leaves_room() {
        let connections = Connections::default();
        for _ in 0..MOST * 3 {
            let task = tokio::spawn(async {});
            let handle = task.abort_handle();
            task.await.expect("it does nothing");
            assert!(!connections.keep(connections.begin(), handle));
        }
    }
}
