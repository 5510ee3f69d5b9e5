//! One queue and its messages: what is visible, what is hidden, what has become too old.
//!
//! **Invariant:** `order` has every message once, at the instant from which it can be received. A receipt is good for the
//! last time its message was received; an older one deletes nothing (SQS Developer Guide: message identifiers).

use std::collections::{BTreeMap, BTreeSet};

use super::settings::Settings;
use crate::shapes::Time;
use crate::shapes::sqs::MessageAttribute;

/// What a receipt handle begins with.
const RECEIPT: &str = "AQEB";

/// One queue.
#[derive(Debug, Clone)]
pub(super) struct Queue {
    pub(super) name: String,
    pub(super) settings: Settings,
    pub(super) created_at: Time,
    pub(super) modified_at: Time,
    /// When it was last emptied by a call.
    pub(super) purged_at: Option<Time>,
    /// Tells its receipts from those of other queues.
    pub(super) mark: u64,
    messages: BTreeMap<u64, Message>,
    order: BTreeSet<(Time, u64)>,
    /// The number of the last message.
    last: u64,
}

/// One message.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) body: String,
    pub(super) attributes: BTreeMap<String, MessageAttribute>,
    pub(super) sent_at: Time,
    /// When it can be received, or received again.
    pub(super) visible_at: Time,
    pub(super) receives: u32,
    pub(super) first_received_at: Option<Time>,
    /// What the receipt of its last reception has.
    pub(super) nonce: u64,
}

/// How messages are received.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reception {
    pub(super) now: Time,
    pub(super) most: usize,
    /// Seconds for which what is received is hidden.
    pub(super) hidden_seconds: u64,
}

/// A message that is handed out, with what to delete it with.
#[derive(Debug, Clone)]
pub(super) struct Received {
    pub(super) handle: String,
    pub(super) message: Message,
}

/// What one reception takes.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) received: Vec<Received>,
    /// What was received too often, and is in this queue no more.
    pub(super) spent: Vec<Message>,
}

/// Visible messages by what becomes of them.
#[derive(Debug, Default)]
struct Sorted {
    old: Vec<u64>,
    spent: Vec<u64>,
    wanted: Vec<u64>,
}

/// How many messages a queue has, as SQS counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) visible: usize,
    pub(super) in_flight: usize,
    pub(super) delayed: usize,
}

/// A receipt handle that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Receipt {
    number: u64,
    nonce: u64,
}

impl Queue {
    pub(super) fn new(name: String, settings: Settings, now: Time, mark: u64) -> Self {
        Self {
            name,
            settings,
            created_at: now,
            modified_at: now,
            purged_at: None,
            mark,
            messages: BTreeMap::new(),
            order: BTreeSet::new(),
            last: 0,
        }
    }

    /// Takes a message in.
    pub(super) fn put(&mut self, message: Message) {
        self.last += 1;
        self.order.insert((message.visible_at, self.last));
        self.messages.insert(self.last, message);
    }

    /// Hands out what is visible, and hides it. What has become too old is dropped on the way, and what was received too
    /// often is taken out, if there is a queue for it (`redrives`). `nonce` makes what tells one reception from another.
    pub(super) fn receive(
        &mut self,
        how: Reception,
        redrives: bool,
        mut nonce: impl FnMut() -> u64,
    ) -> Taken {
        let sorted = self.sort_due(how, redrives);
        for number in sorted.old {
            self.remove(number);
        }
        let spent = sorted.spent.into_iter().filter_map(|number| self.remove(number)).collect();
        let mut taken = Taken { received: Vec::new(), spent };
        for number in sorted.wanted {
            let hidden_until = how.now.plus_seconds(how.hidden_seconds);
            self.reschedule(number, hidden_until);
            let Some(message) = self.messages.get_mut(&number) else { continue };
            message.receives += 1;
            message.first_received_at.get_or_insert(how.now);
            message.nonce = nonce();
            let receipt = Receipt { number, nonce: message.nonce };
            let handle = receipt.handle(self.mark);
            taken.received.push(Received { handle, message: message.clone() });
        }
        taken
    }

    /// What becomes of the visible messages, until as many are found as are wanted.
    fn sort_due(&self, how: Reception, redrives: bool) -> Sorted {
        let most = self.settings.redrive.as_ref().filter(|_| redrives);
        let most = most.map_or(u32::MAX, |redrive| redrive.receives_max);
        let mut sorted = Sorted::default();
        for (_, number) in self.order.range(..=(how.now, u64::MAX)) {
            let Some(message) = self.messages.get(number) else { continue };
            let place = match message {
                message if self.is_old(message, how.now) => &mut sorted.old,
                message if message.receives >= most => &mut sorted.spent,
                _ if sorted.wanted.len() >= how.most => break,
                _ => &mut sorted.wanted,
            };
            place.push(*number);
        }
        sorted
    }

    /// Deletes a message; with an older receipt, nothing.
    pub(super) fn delete(&mut self, receipt: Receipt) {
        if self.current(receipt).is_some() {
            self.remove(receipt.number);
        }
    }

    /// Hides a received message for so long from now; false: it is not in flight.
    pub(super) fn hide(&mut self, receipt: Receipt, now: Time, seconds: u64) -> bool {
        let in_flight = self.current(receipt).is_some_and(|message| message.visible_at > now);
        if in_flight {
            self.reschedule(receipt.number, now.plus_seconds(seconds));
        }
        in_flight
    }

    /// Deletes everything.
    pub(super) fn clear(&mut self) {
        self.messages.clear();
        self.order.clear();
    }

    /// When the next message can be received, if nobody sends one; an instant that is past means now.
    pub(super) fn next_visible(&self) -> Option<Time> {
        self.order.first().map(|(at, _)| *at)
    }

    /// How many messages it has now.
    pub(super) fn counts(&self, now: Time) -> Counts {
        let mut counts = Counts::default();
        for message in self.messages.values().filter(|message| !self.is_old(message, now)) {
            let place = match message {
                message if message.visible_at <= now => &mut counts.visible,
                message if message.receives > 0 => &mut counts.in_flight,
                _ => &mut counts.delayed,
            };
            *place += 1;
        }
        counts
    }

    /// Reads a receipt handle of this queue.
    pub(super) fn receipt(&self, handle: &str) -> Option<Receipt> {
        Receipt::read(handle, self.mark)
    }

    fn current(&self, receipt: Receipt) -> Option<&Message> {
        self.messages.get(&receipt.number).filter(|message| message.nonce == receipt.nonce)
    }

    fn reschedule(&mut self, number: u64, at: Time) {
        let Some(message) = self.messages.get_mut(&number) else { return };
        self.order.remove(&(message.visible_at, number));
        message.visible_at = at;
        self.order.insert((at, number));
    }

    fn remove(&mut self, number: u64) -> Option<Message> {
        let message = self.messages.remove(&number)?;
        self.order.remove(&(message.visible_at, number));
        Some(message)
    }

    fn is_old(&self, message: &Message, now: Time) -> bool {
        message.sent_at.plus_seconds(self.settings.retention_seconds()) <= now
    }
}

impl Receipt {
    fn handle(self, mark: u64) -> String {
        format!("{RECEIPT}{mark:016x}{:016x}{:016x}", self.number, self.nonce)
    }

    fn read(handle: &str, mark: u64) -> Option<Self> {
        let digits = handle.strip_prefix(RECEIPT).filter(|digits| digits.len() == 48)?;
        let part = |from: usize| u64::from_str_radix(digits.get(from..from + 16)?, 16).ok();
        let [queue, number, nonce] = [part(0)?, part(16)?, part(32)?];
        (queue == mark).then_some(Self { number, nonce })
    }
}
