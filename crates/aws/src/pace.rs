//! How fast we call: one rate limiter for each token bucket that AWS keeps. **Waits happen here and
//! nowhere else.**
//!
//! AWS counts calls for each account and region, the console and every pipeline included
//! (APIREF:request-throttling), so we take only a `share` of each published bucket, burst and refill alike.
//!
//! - *Who goes first.* A sweep asks in the [`Lane::Background`]: at most one of its calls stands in the
//!   queue, so a change waits behind one call, not behind a cluster.
//! - *Sweeps leave some.* A sweep takes every token as it comes, so a change would wait for the next. A
//!   [`Share`] may keep a part of the burst from sweeps. What changes take of it, sweeps pay back.
//! - *Retries are paid for.* The SDK repeats a failed read at once; the next call of that bucket then takes
//!   the tokens that the repetition used.
//! - *When AWS throttles,* each call of that bucket costs [`SLOW_PRICE`] tokens until [`SLOW_FOR`] after
//!   the last such answer; then the pace is nominal again. No state outlives that.
//!
//! Writes have a bucket of their own, so reads can never starve them.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

/// The least share we can be asked to live on; below it a sweep would not end.
const LEAST_SHARE: f64 = 0.01;
/// The largest share that a person may ask for, by a rate of 100 times what AWS publishes.
const MOST_SHARE: f64 = 100.0;
/// How long after a throttled answer calls cost more: long enough for a full bucket of the slowest
/// refill to recover some tokens, and under the minute within which the pace must be nominal again.
const SLOW_FOR: Duration = Duration::from_secs(45);
/// What a call costs then: a third of our share is under a tenth of the bucket.
const SLOW_PRICE: u32 = 3;
/// More debt than this is forgiven: it stands for retries that the SDK's own backoff has spread out.
const MOST_OWED: u32 = 50;

/// A token bucket, named as ECS names its categories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr)]
pub enum Bucket {
    /// Cluster read.
    ClusterRead,
    /// Cluster resource read: tasks.
    ClusterResourceRead,
    /// Service read.
    ServiceRead,
    /// `ListServicesByNamespace`, alone.
    NamespaceRead,
    /// Service deployment actions.
    DeploymentRead,
    /// Service revision read.
    RevisionRead,
    /// Task definition read.
    TaskDefinitionRead,
    /// Service modify.
    ServiceModify,
    /// Cloud Map's lists and its operations. AWS publishes no rate for them.
    CloudMapRead,
    /// Task definition modify.
    TaskDefinitionModify,
    /// What changes Cloud Map. AWS publishes no rate for it.
    CloudMapModify,
    /// Parameter Store's `Get*`.
    ParameterRead,
    /// The messages of a queue. A standard queue takes nearly any number of calls (SQS quotas).
    Queue,
    /// The lease table: a few calls in fifteen seconds for each cluster. A table has a capacity of its own.
    LeaseTable,
    /// The bus on which people are told: a few calls an hour. AWS grants hundreds a second (EventBridge quotas).
    EventBus,
}

impl Bucket {
    /// Each of them.
    pub const ALL: [Self; 15] = [
        Self::ClusterRead,
        Self::ClusterResourceRead,
        Self::ServiceRead,
        Self::NamespaceRead,
        Self::DeploymentRead,
        Self::RevisionRead,
        Self::TaskDefinitionRead,
        Self::ServiceModify,
        Self::CloudMapRead,
        Self::TaskDefinitionModify,
        Self::CloudMapModify,
        Self::ParameterRead,
        Self::Queue,
        Self::LeaseTable,
        Self::EventBus,
    ];

    /// What AWS grants an account: burst, and tokens a second (APIREF:request-throttling; for parameters the
    /// default of GR:ssm, 40 a second over all `Get*`, for which AWS gives no burst). Cloud Map's rows are our own
    /// guess, low because the real ones are not published.
    pub const fn granted(self) -> (u32, u32) {
        match self {
            Self::ClusterResourceRead | Self::ServiceRead => (100, 20),
            Self::NamespaceRead => (10, 1),
            Self::ServiceModify => (50, 5),
            Self::ClusterRead
            | Self::DeploymentRead
            | Self::RevisionRead
            | Self::TaskDefinitionRead => (50, 20),
            Self::TaskDefinitionModify => (20, 1),
            Self::CloudMapRead => (40, 8),
            Self::CloudMapModify => (8, 1),
            Self::ParameterRead => (40, 40),
            Self::Queue | Self::LeaseTable | Self::EventBus => (400, 400),
        }
    }

    /// The tokens a second that AWS grants an account, if AWS publishes them.
    pub const fn published_refill(self) -> Option<u32> {
        match self {
            Self::CloudMapRead
            | Self::CloudMapModify
            | Self::Queue
            | Self::LeaseTable
            | Self::EventBus => None,
            Self::ClusterRead
            | Self::ClusterResourceRead
            | Self::ServiceRead
            | Self::NamespaceRead
            | Self::DeploymentRead
            | Self::RevisionRead
            | Self::TaskDefinitionRead
            | Self::ServiceModify
            | Self::TaskDefinitionModify
            | Self::ParameterRead => Some(self.granted().1),
        }
    }

    fn quota(self, share: f64) -> Quota {
        let (burst, refill) = self.granted();
        let every = Duration::from_secs_f64(1.0 / (f64::from(refill) * share));
        // At most 400 tokens, times MOST_SHARE.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 40,000")]
        let burst = (f64::from(burst) * share) as u32;
        Quota::with_period(every)
            .expect("a share of at least LEAST_SHARE gives a period above zero")
            .allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN))
    }
}

/// Who is waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Something a change waits for.
    Urgent,
    /// The regular look at everything.
    Background,
}

/// How much of each token bucket of the account we take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// Of all tokens; above 1 where there are more than AWS publishes.
    pub of_bucket: f64,
    /// Of our own burst: what sweeps leave to the calls that a change waits for, below 1.
    pub kept_for_changes: f64,
}

impl Share {
    /// What a process takes that goes on and on: a quarter, of which sweeps leave a fifth.
    pub const OF_A_DAEMON: Self = Self { of_bucket: 0.25, kept_for_changes: 0.2 };
    /// What a command takes that looks once: 80 % with its whole burst.
    pub const OF_A_LOOK: Self = Self { of_bucket: 0.8, kept_for_changes: 0.0 };

    /// The same share where there are so many times the tokens that AWS publishes.
    pub fn times(self, rates: u8) -> Self {
        Self { of_bucket: self.of_bucket * f64::from(rates), ..self }
    }

    /// What this share of a bucket grants: burst, and tokens a second.
    fn quota(self, bucket: Bucket) -> Quota {
        let share = self.of_bucket;
        let share = if share.is_nan() { LEAST_SHARE } else { share.clamp(LEAST_SHARE, MOST_SHARE) };
        bucket.quota(share)
    }

    /// The same for sweeps.
    fn quota_of_sweeps(self, bucket: Bucket) -> Quota {
        let whole = self.quota(bucket);
        let left = f64::from(whole.burst_size().get()) * (1.0 - self.kept_for_changes);
        // A conversion from f64 ends at the bounds of u32.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
        let left = NonZeroU32::new(left as u32).unwrap_or(NonZeroU32::MIN);
        whole.allow_burst(left)
    }
}

/// A limiter for each bucket.
type Gates = [Gate<MonotonicClock>; Bucket::ALL.len()];

/// The limiters of all buckets.
pub(crate) struct Pace {
    gates: Gates,
    /// Those of the first look, until it is over.
    first: Option<Gates>,
    is_settled: AtomicBool,
}

impl Pace {
    /// Limiters that take `share` of each bucket, between [`LEAST_SHARE`] and [`MOST_SHARE`], and another share until
    /// [`Self::settle`] if there is one for the first look.
    pub(crate) fn new(share: Share, first_look: Option<Share>) -> Self {
        let gates = |share| Bucket::ALL.map(|bucket| Gate::of(bucket, share, MonotonicClock));
        let is_settled = AtomicBool::new(false);
        Self { gates: gates(share), first: first_look.map(gates), is_settled }
    }

    /// Limiters that limit nothing: for calls that reach no AWS.
    pub(crate) fn unlimited() -> Self {
        let quota = Quota::with_period(Duration::from_nanos(1))
            .expect("a nanosecond is above zero")
            .allow_burst(NonZeroU32::MAX);
        let gates = Bucket::ALL.map(|_| Gate::new(quota, quota, MonotonicClock));
        Self { gates, first: None, is_settled: AtomicBool::new(true) }
    }

    /// The first look is over.
    pub(crate) fn settle(&self) {
        self.is_settled.store(true, Ordering::Relaxed);
    }

    /// Returns when a call of this bucket may be made.
    pub(crate) async fn wait(&self, bucket: Bucket, lane: Lane) {
        self.gate(bucket).wait(lane).await;
    }

    /// Notes that the SDK has repeated a call.
    pub(crate) fn repeated(&self, bucket: Bucket) {
        self.gate(bucket).repeated();
    }

    /// Notes that AWS has asked us to slow down.
    pub(crate) fn throttled(&self, bucket: Bucket) {
        self.gate(bucket).throttled();
    }

    fn gate(&self, bucket: Bucket) -> &Gate<MonotonicClock> {
        let first = self.first.as_ref().filter(|_| !self.is_settled.load(Ordering::Relaxed));
        &first.unwrap_or(&self.gates)[bucket as usize]
    }
}

type Limiter<C> = RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// One bucket's limiter; the clock is a parameter so that tests have no need to sleep.
struct Gate<C: Clock> {
    clock: C,
    limiter: Limiter<C>,
    /// What a sweep passes before it stands in the queue.
    sweeps: Limiter<C>,
    trouble: Mutex<Trouble<C::Instant>>,
    background: tokio::sync::Mutex<()>,
    turn: tokio::sync::Mutex<()>,
}

/// What makes the next call cost more than one token.
struct Trouble<T> {
    owed: u32,
    /// What changes took, and sweeps owe.
    taken_by_changes: u32,
    slow_until: Option<T>,
}

impl<C: Clock + Clone> Gate<C> {
    fn of(bucket: Bucket, share: Share, clock: C) -> Self {
        Self::new(share.quota(bucket), share.quota_of_sweeps(bucket), clock)
    }

    fn new(whole: Quota, of_sweeps: Quota, clock: C) -> Self {
        Self {
            limiter: RateLimiter::direct_with_clock(whole, clock.clone()),
            sweeps: RateLimiter::direct_with_clock(of_sweeps, clock.clone()),
            clock,
            trouble: Mutex::new(Trouble { owed: 0, taken_by_changes: 0, slow_until: None }),
            background: tokio::sync::Mutex::new(()),
            turn: tokio::sync::Mutex::new(()),
        }
    }

    async fn wait(&self, lane: Lane) {
        let _behind = match lane {
            Lane::Background => {
                let behind = self.background.lock().await;
                self.pass(&self.sweeps, 1 + self.owed_to_changes()).await;
                Some(behind)
            }
            Lane::Urgent => None,
        };
        let _turn = self.turn.lock().await;
        let price = self.price();
        if lane == Lane::Urgent {
            self.note_change(price);
        }
        self.pass(&self.limiter, price).await;
    }

    /// Returns when a limiter has granted so many tokens.
    async fn pass(&self, limiter: &Limiter<C>, tokens: u32) {
        for _ in 0..tokens {
            while let Err(after) = self.take(limiter) {
                tokio::time::sleep(after).await;
            }
        }
    }

    /// Takes one token, or returns how long it takes until there is one.
    fn take(&self, limiter: &Limiter<C>) -> Result<(), Duration> {
        limiter.check().map_err(|refused| refused.wait_time_from(self.clock.now()))
    }

    /// What the next call costs; debts are paid by it.
    fn price(&self) -> u32 {
        let mut trouble = self.trouble();
        let now = self.clock.now();
        trouble.slow_until = trouble.slow_until.filter(|until| *until > now);
        let price = if trouble.slow_until.is_some() { SLOW_PRICE } else { 1 };
        price + std::mem::take(&mut trouble.owed)
    }

    fn trouble(&self) -> MutexGuard<'_, Trouble<C::Instant>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_change(&self, price: u32) {
        let mut trouble = self.trouble();
        trouble.taken_by_changes = (trouble.taken_by_changes + price).min(MOST_OWED);
    }

    fn owed_to_changes(&self) -> u32 {
        std::mem::take(&mut self.trouble().taken_by_changes)
    }

    fn repeated(&self) {
        let mut trouble = self.trouble();
        trouble.owed = (trouble.owed + 1).min(MOST_OWED);
    }

    fn throttled(&self) {
        self.trouble().slow_until = Some(self.clock.now() + SLOW_FOR.into());
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn gate(bucket: Bucket, of_bucket: f64) -> (Gate<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        let share = Share { of_bucket, ..Share::OF_A_DAEMON };
        (Gate::of(bucket, share, clock.clone()), clock)
    }

    fn taken_at_once(gate: &Gate<FakeRelativeClock>) -> usize {
        std::iter::from_fn(|| gate.take(&gate.limiter).ok()).count()
    }

    /// Whether a call may be made at once.
    fn is_free(gate: &Gate<FakeRelativeClock>, lane: Lane) -> bool {
        let mut wait = std::pin::pin!(gate.wait(lane));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        wait.as_mut().poll(&mut context).is_ready()
    }

    #[test]
    fn a_quarter_of_service_read_is_a_burst_of_25_and_5_a_second() {
        let (gate, clock) = gate(Bucket::ServiceRead, 0.25);
        assert_eq!(taken_at_once(&gate), 25);
        clock.advance(Duration::from_secs(1));
        assert_eq!(taken_at_once(&gate), 5);
    }

    #[test]
    fn a_burst_is_never_less_than_one() {
        let (gate, clock) = gate(Bucket::NamespaceRead, 0.01);
        assert_eq!(taken_at_once(&gate), 1);
        clock.advance(Duration::from_secs(99));
        assert_eq!(taken_at_once(&gate), 0);
        clock.advance(Duration::from_secs(1));
        assert_eq!(taken_at_once(&gate), 1);
    }

    #[test]
    fn no_share_takes_more_than_the_whole_bucket_or_nothing_at_all() {
        for of_bucket in [0.0, -1.0, f64::NAN, 7.0, f64::INFINITY] {
            for kept_for_changes in [0.0, -1.0, f64::NAN, 7.0, f64::INFINITY] {
                let share = Share { of_bucket, kept_for_changes };
                Pace::new(share, Some(share));
            }
        }
    }

    #[test]
    fn a_first_look_takes_its_own_share_until_it_is_over() {
        let pace = Pace::new(Share::OF_A_DAEMON, Some(Share::OF_A_LOOK));
        let burst = || {
            let gate = pace.gate(Bucket::ServiceRead);
            std::iter::from_fn(|| gate.take(&gate.limiter).ok()).count()
        };
        let first = burst();
        pace.settle();
        let then = burst();
        // Some tokens may come back meanwhile.
        assert!((80..100).contains(&first) && (25..40).contains(&then), "{first}, {then}");
    }

    #[test]
    fn every_bucket_has_its_own_gate() {
        for (index, bucket) in Bucket::ALL.into_iter().enumerate() {
            assert_eq!(bucket as usize, index);
        }
    }

    #[tokio::test]
    async fn a_change_finds_tokens_while_a_sweep_takes_all_it_can_get() {
        let (gate, clock) = gate(Bucket::ServiceRead, 0.25);
        let swept = std::iter::repeat_with(|| is_free(&gate, Lane::Background));
        assert_eq!(swept.take_while(|free| *free).count(), 20);
        let changed = std::iter::repeat_with(|| is_free(&gate, Lane::Urgent));
        assert_eq!(changed.take_while(|free| *free).count(), 5);
        // The sweep waits until what the changes took is there again.
        clock.advance(Duration::from_secs(1));
        assert!(!is_free(&gate, Lane::Background));
        assert!(is_free(&gate, Lane::Urgent));
    }

    #[test]
    fn a_throttled_bucket_is_slow_and_is_back_to_nominal_within_a_minute() {
        let (gate, clock) = gate(Bucket::ServiceRead, 0.25);
        gate.throttled();
        assert_eq!(gate.price(), SLOW_PRICE);
        clock.advance(Duration::from_secs(44));
        assert_eq!(gate.price(), SLOW_PRICE);
        clock.advance(Duration::from_secs(2));
        assert_eq!(gate.price(), 1);
    }

    #[test]
    fn a_repetition_is_paid_for_once_by_the_next_call() {
        let (gate, _) = gate(Bucket::ServiceRead, 0.25);
        gate.repeated();
        gate.repeated();
        assert_eq!(gate.price(), 3);
        assert_eq!(gate.price(), 1);
    }

    #[tokio::test]
    async fn an_urgent_call_waits_behind_one_call_of_a_sweep_not_behind_all() {
        let (gate, _) = gate(Bucket::ServiceRead, 0.25);
        let turn = gate.turn.lock().await;
        let order = Mutex::new(Vec::new());
        let queue = |name, lane| {
            let (gate, order) = (&gate, &order);
            async move {
                gate.wait(lane).await;
                order.lock().unwrap().push(name);
            }
        };
        let sweep = async {
            tokio::join!(
                queue("sweep 1", Lane::Background),
                queue("sweep 2", Lane::Background),
                queue("sweep 3", Lane::Background),
            )
        };
        let release = async { drop(turn) };
        tokio::join!(sweep, queue("urgent", Lane::Urgent), release);
        assert_eq!(*order.lock().unwrap(), ["sweep 1", "urgent", "sweep 2", "sweep 3"]);
    }
}
