//! Many cases on two threads, each from its own seed; a failing one is cut down and told so that it can be replayed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// A failing case.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) seed: u64,
    pub(crate) why: String,
}

/// Runs the seeds below `count` and gathers what each thread adds up, or finds the first failure.
pub(crate) fn all<T: Default + Send>(
    count: u64,
    run: impl Fn(u64, &mut T) -> Result<(), String> + Sync,
) -> Result<Vec<T>, Failed> {
    let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let work = || {
        let mut sum = T::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= count || stop.load(Ordering::Relaxed) {
                return Ok(sum);
            }
            if let Err(why) = guarded(|| run(seed, &mut sum)) {
                stop.store(true, Ordering::Relaxed);
                return Err(Failed { seed, why });
            }
        }
    };
    let sums: Vec<Result<T, Failed>> = std::thread::scope(|scope| {
        let threads = [scope.spawn(work), scope.spawn(work)];
        threads.into_iter().map(|thread| thread.join().expect("panics are caught")).collect()
    });
    sums.into_iter().collect()
}

/// A panic is a failure like any other.
pub(crate) fn guarded<T>(run: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(format!("panics: {}", text.unwrap_or_default()))
    })
}

/// The smallest case, of those reached by leaving out one thing after the other, that still fails in the same way,
/// which the first word tells; and why it does.
pub(crate) fn shrink<C: Clone>(
    case: C,
    why: String,
    (smaller, run): (impl Fn(&C) -> Vec<C>, impl Fn(&C) -> Result<(), String>),
) -> (C, String) {
    let (mut case, mut why) = (case, why);
    let kind = why.split(' ').next().map(str::to_owned);
    loop {
        let mut failing = smaller(&case).into_iter().filter_map(|each| {
            let why = guarded(|| run(&each)).err()?;
            (why.split(' ').next() == kind.as_deref()).then_some((each, why))
        });
        match failing.next() {
            Some(found) => (case, why) = found,
            None => return (case, why),
        }
    }
}
