//! People are told what needs them. What, when and in how many messages is decided in core; here messages are sent.
//!
//! **Invariant:** the loop waits for none of this. It is a task of its own, which looks at the engine as a page does, and
//! each message is a task of its own with an end.
//!
//! In reading order: [`shape`], [`slack`], [`sign`], [`webhook`], [`bus`].

mod shape;

mod slack;

mod sign;

mod webhook;

mod bus;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use eastwest_aws::{Https, World};
use eastwest_core::report::notifier::message::Message;
use eastwest_core::report::notifier::{ChannelName, Notifier, Outcome};
use futures_util::FutureExt as _;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use self::shape::Sender;
use super::panics::panic_text;
use super::shared::Shared;
use crate::config::notify::Notify;

/// From one look to the next.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long it waits after a bug before it begins again.
const AFTER_PANIC: Duration = Duration::from_secs(10);

/// Sends messages.
struct Teller {
    shared: Arc<Shared>,
    world: Arc<World>,
    https: Https,
    notify: Notify,
}

/// Tells people until the process stops. A bug ends one try of it; the next begins as after a start.
pub(crate) async fn run(
    shared: Arc<Shared>,
    world: Arc<World>,
    notify: Notify,
    stop: CancellationToken,
) {
    let channels: Vec<&str> = notify.channels().into_iter().map(Into::into).collect();
    let to = notify.webhook.as_ref().map(|webhook| webhook.origin.as_str());
    info!(channels = channels.join(" "), to, "people are told what needs them");
    let teller = Arc::new(Teller { shared, world, https: Https::new(), notify });
    loop {
        match AssertUnwindSafe(tell(Arc::clone(&teller), &stop)).catch_unwind().await {
            Ok(()) => return,
            Err(panic) => {
                teller.shared.metrics.panicked();
                let what = panic_text(panic.as_ref());
                error!(what, "a bug: telling people panicked; it begins again");
                tokio::time::sleep(AFTER_PANIC).await;
            }
        }
    }
}

async fn tell(teller: Arc<Teller>, stop: &CancellationToken) {
    let Teller { shared, notify, .. } = &*teller;
    let mut notifier = Notifier::new(notify.channels(), notify.pace, shared.clock.now());
    let mut ticks = interval(LOOK_EVERY / notify.speed);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut under_way = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            Some(ended) = under_way.join_next() => {
                // `send` catches panics, and nothing cancels it: a task that was lost cannot be.
                let Ok((name, outcome)) = ended else { continue };
                notifier.ended(name, &outcome, shared.clock.now());
            }
            _ = ticks.tick() => {
                let now = shared.clock.now();
                let concerns = shared.engine().concerns(notify.drift_after, now);
                notifier.look(&concerns, now);
                for (name, message) in notifier.due(now) {
                    under_way.spawn(Arc::clone(&teller).send(name, message));
                }
            }
        }
        shared.metrics.notified(notifier.counts());
    }
}

impl Teller {
    /// Sends one message. A panic is the failure of that message alone.
    async fn send(self: Arc<Self>, name: ChannelName, message: Message) -> (ChannelName, Outcome) {
        let sent = AssertUnwindSafe(self.carry_out(name, &message)).catch_unwind().await;
        let outcome = sent.unwrap_or_else(|panic| {
            self.shared.metrics.panicked();
            error!(what = panic_text(panic.as_ref()), "a bug: a message to people panicked");
            Outcome::Failed(None)
        });
        let (channel, number): (&str, u64) = (name.into(), message.number);
        if outcome == Outcome::Delivered {
            let (groups, what) = (message.groups.len(), message.headline());
            info!(channel, number, groups, what, "people were told");
        }
        if message.dropped > 0 && outcome == Outcome::Delivered {
            let dropped = message.dropped;
            warn!(
                channel,
                dropped, "things were never told: the channel had failed, or they passed"
            );
        }
        (name, outcome)
    }

    async fn carry_out(&self, name: ChannelName, message: &Message) -> Outcome {
        let sender = self.sender();
        match (name, &self.notify.webhook) {
            (ChannelName::Webhook, Some(webhook)) => {
                webhook::send(&self.https, webhook, &sender, message).await
            }
            (ChannelName::Webhook, None) => Outcome::Failed(None),
            (ChannelName::EventBus, _) => bus::send(&self.world, &sender, message).await,
        }
    }

    /// Who sends it: the account is that of the services.
    fn sender(&self) -> Sender {
        let engine = self.shared.engine();
        let account =
            engine.view().services().next().map(|(key, _)| key.scope.account().to_owned());
        Sender {
            run: self.shared.clock.began().calendar.as_second(),
            at: self.shared.clock.now().calendar,
            account: account.unwrap_or_default(),
            region: self.world.region().to_owned(),
        }
    }
}
