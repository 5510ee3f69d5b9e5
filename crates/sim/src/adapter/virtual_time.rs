//! Virtual time for calls under way: a future sleeps until an instant, and nothing ever waits for real.
//!
//! **Invariant:** there is one thread. A task is polled exactly when an instant that it waits for has come, in the
//! order of instants and then of the calls to `sleep`. So the same seed gives the same order. No waker is used.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::shapes::Time;

/// What a task is known by.
type TaskId = u64;

/// The present instant, and which task waits for which instant.
#[derive(Debug, Clone, Default)]
pub(crate) struct VirtualClock {
    now: Cell<Time>,
    timers: RefCell<BTreeSet<(Time, u64, TaskId)>>,
    armed: Cell<u64>,
    current: Cell<TaskId>,
}

impl VirtualClock {
    pub(crate) fn now(&self) -> Time {
        self.now.get()
    }

    pub(crate) fn set(&self, now: Time) {
        self.now.set(now);
    }

    /// Waits that many milliseconds.
    pub(crate) fn sleep(self: &Rc<Self>, ms: u64) -> Sleep {
        Sleep { clock: Rc::clone(self), at: self.now().plus_ms(ms), armed: false }
    }

    fn arm(&self, at: Time, task: TaskId) {
        self.armed.set(self.armed.get() + 1);
        self.timers.borrow_mut().insert((at, self.armed.get(), task));
    }
}

/// A future that is ready from an instant on.
pub(crate) struct Sleep {
    clock: Rc<VirtualClock>,
    at: Time,
    armed: bool,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.clock.now() >= self.at {
            return Poll::Ready(());
        }
        if !self.armed {
            self.armed = true;
            self.clock.arm(self.at, self.clock.current.get());
        }
        Poll::Pending
    }
}

/// Waits for both.
pub(crate) async fn join<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut left, mut right) = (None, None);
    poll_fn(|context| {
        if left.is_none()
            && let Poll::Ready(output) = a.as_mut().poll(context)
        {
            left = Some(output);
        }
        if right.is_none()
            && let Poll::Ready(output) = b.as_mut().poll(context)
        {
            right = Some(output);
        }
        match (left.take(), right.take()) {
            (Some(left), Some(right)) => Poll::Ready((left, right)),
            (one, other) => {
                (left, right) = (one, other);
                Poll::Pending
            }
        }
    })
    .await
}

/// Tasks that end with a `T`.
pub(crate) struct Tasks<T> {
    clock: Rc<VirtualClock>,
    running: BTreeMap<TaskId, Pin<Box<dyn Future<Output = T>>>>,
    last: TaskId,
}

impl<T> Tasks<T> {
    pub(crate) fn new(clock: Rc<VirtualClock>) -> Self {
        Self { clock, running: BTreeMap::new(), last: 0 }
    }

    pub(crate) fn start(&mut self, task: impl Future<Output = T> + 'static) {
        self.last += 1;
        self.running.insert(self.last, Box::pin(task));
        self.clock.arm(self.clock.now(), self.last);
    }

    /// As many as were ever started, on another clock; nothing if one still runs, because a task cannot be copied.
    pub(crate) fn at_rest(&self, clock: Rc<VirtualClock>) -> Option<Self> {
        let running = BTreeMap::new();
        self.running.is_empty().then_some(Self { clock, running, last: self.last })
    }

    /// Drops every task; their writes that are on their way go on.
    pub(crate) fn drop_all(&mut self) {
        self.running.clear();
        self.clock.timers.borrow_mut().clear();
    }

    /// When the next task can go on.
    pub(crate) fn next_due(&self) -> Option<Time> {
        self.clock.timers.borrow().first().map(|(at, ..)| *at)
    }

    /// Lets the first task that is due go on; what it ended with, if it ended.
    pub(crate) fn step(&mut self) -> Option<T> {
        let (_, _, id) = self.clock.timers.borrow_mut().pop_first()?;
        let task = self.running.get_mut(&id)?;
        self.clock.current.set(id);
        let mut context = Context::from_waker(Waker::noop());
        match task.as_mut().poll(&mut context) {
            Poll::Ready(output) => {
                self.running.remove(&id);
                Some(output)
            }
            Poll::Pending => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_go_on_in_the_order_of_their_instants() {
        let clock = Rc::new(VirtualClock::default());
        let mut tasks = Tasks::new(Rc::clone(&clock));
        for (name, ms) in [("slow", 30), ("fast", 10)] {
            let clock = Rc::clone(&clock);
            tasks.start(async move {
                join(clock.sleep(ms), clock.sleep(5)).await;
                name
            });
        }
        let mut ended = Vec::new();
        while let Some(due) = tasks.next_due() {
            clock.set(due);
            ended.extend(tasks.step().map(|name| (due.0, name)));
        }
        assert_eq!(ended, [(10, "fast"), (30, "slow")]);
    }
}
