//! What of a plan may be done now: steps in, steps and holds out.
//!
//! Dry run is a policy here and nowhere else, so what is shown and what would be executed are one value.

pub mod writes;
pub mod waves;
pub mod turns;
pub mod refreshes;
pub mod waits;
pub(crate) mod client_waits;
pub mod acks;
pub mod pauses;
pub(crate) mod sight;
pub mod lease;
pub mod leases;
pub mod input;
pub(crate) mod pause;
pub(crate) mod budget;
pub(crate) mod unseen;
pub(crate) mod truce;
pub(crate) mod windows;
pub(crate) mod old_names;
pub mod brake;
pub mod check;

use crate::declaration::settings::{Moment, Policy, Settings};
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::Now;
use crate::plan::Plan;
use crate::plan::action::Action;
use crate::plan::entry::{Entry, Verdict};
use crate::plan::hold::{Frozen, Hold, Unseen};
use crate::plan::prerequisite::Prerequisite;
use crate::view::View;
use crate::view::rollout::has_stalled;
use brake::Brake;
use budget::Ledger;
use input::GuardInput;
use pause::paused;
use refreshes::Standing;
use truce::contended;
use unseen::{is_unseen, never_read, unread_document};
use windows::Windows;

/// One question: may this be done now? Every guard is one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Check {
    /// Does this process lead the cluster?
    Leader,
    /// Has its owner paused the service, or another person for a time?
    Paused,
    /// Does the policy allow it? That too much would change is worth knowing before anybody allows it: there the brake
    /// answers.
    Policy,
    /// Does the document stop everything, or is none in force?
    Document,
    /// Is anything read before our predecessor's last write?
    StartUp,
    /// Is a maintenance window open?
    Windows,
    /// Is there a service that may be rolling and was never read?
    Unread,
    /// Is it the service that eastwest itself runs as?
    OwnService,
    /// Would too much of a namespace change at once?
    Brake,
    /// Does a client still name what goes?
    OldName,
    /// What became of our last write?
    Writes,
    /// Is the server complete that it needs?
    Server,
    /// Does another writer keep changing the service back?
    Contended,
    /// Has the endpoint stood for long enough for which a client is rolled out again?
    Refresh,
    /// Is there budget left for one more rollout?
    Budget,
}

/// All guards, in the order in which they are asked: the first that holds gives the reason, of a plan that is shown as
/// of one that is carried out. The budget comes last, for asking it spends it.
const ORDER: [Check; 15] = [
    Check::Leader,
    Check::OwnService,
    Check::Paused,
    Check::Policy,
    Check::Document,
    Check::StartUp,
    Check::Windows,
    Check::Unread,
    Check::Brake,
    Check::OldName,
    Check::Writes,
    Check::Server,
    Check::Contended,
    Check::Refresh,
    Check::Budget,
];

impl Check {
    /// Whether it is about what somebody asked for, whenever one looks; the others are about the process that writes
    /// and the moment at which it does.
    fn is_lasting(self) -> bool {
        match self {
            Self::OwnService
            | Self::Paused
            | Self::Document
            | Self::Windows
            | Self::Brake
            | Self::OldName
            | Self::Contended => true,
            Self::Leader
            | Self::Policy
            | Self::StartUp
            | Self::Unread
            | Self::Writes
            | Self::Server
            | Self::Refresh
            | Self::Budget => false,
        }
    }
}

/// What is said of a client that goes on.
const WAITED: &str = "waited long enough for a server that it only seems to need, and goes on";

/// Holds every step that must not be taken at this moment.
pub fn guard(plan: Plan, input: &GuardInput<'_>) -> Plan {
    Guards::new(&plan, input).hold(plan, &ORDER)
}

/// Holds only what somebody asked to hold, whenever one looks: for a plan that is shown and not carried out.
pub fn guard_shown(plan: Plan, view: &View, settings: &Settings, now: Now) -> Plan {
    let input = GuardInput::of_nothing(view, settings, now);
    let lasting: Vec<Check> = ORDER.into_iter().filter(|check| check.is_lasting()).collect();
    Guards::new(&plan, &input).hold(plan, &lasting)
}

/// What the guards look at, and what is the same for every step and worked out once.
struct Guards<'a> {
    input: GuardInput<'a>,
    document: Option<Hold>,
    start_up: Option<Hold>,
    unread: Option<Hold>,
    windows: Windows<'a>,
    brake: Brake,
    standing: Standing<'a>,
    budget: Ledger<'a>,
}

impl<'a> Guards<'a> {
    fn new(plan: &Plan, input: &GuardInput<'a>) -> Self {
        let GuardInput { view, refreshes, settings, now, .. } = *input;
        Self {
            input: *input,
            document: stopped(view, settings),
            start_up: starting(view, settings, now),
            unread: never_read(view, settings, now).map(Hold::NotSeen),
            windows: Windows::new(view, now),
            brake: Brake::new(plan, input),
            standing: Standing::new(plan, view, settings, refreshes, now),
            budget: Ledger::new(plan, input),
        }
    }

    /// Asks these guards about every step and everything to be made first.
    fn hold(mut self, mut plan: Plan, checks: &[Check]) -> Plan {
        for missing in &mut plan.missing {
            let making = &missing.prerequisite;
            missing.hold = checks.iter().find_map(|check| self.ask_about_making(*check, making));
        }
        let (budget, others): (Vec<Check>, Vec<Check>) =
            checks.iter().partition(|check| **check == Check::Budget);
        let order = std::mem::take(&mut plan.order);
        self.hold_steps(&mut plan, &order, &others);
        // Who is left waits for nothing but its turn, and for no server: any order is safe now.
        let mut waiting: Vec<ServiceKey> = plan.steps_of(&order).cloned().collect();
        self.input.turns.sort(&mut waiting, self.input.now);
        self.hold_steps(&mut plan, &waiting, &budget);
        plan.order = order;
        plan
    }

    /// Asks these guards about the steps of these services, in this order.
    fn hold_steps(&mut self, plan: &mut Plan, keys: &[ServiceKey], checks: &[Check]) {
        for key in keys {
            let Some(entry) = plan.entries.get_mut(key) else { continue };
            let Verdict::Step { action } = &entry.verdict else { continue };
            let hold = checks.iter().find_map(|check| self.ask(*check, key, entry, action));
            match hold {
                Some(hold) => entry.hold_step(hold),
                None if self.has_waited(key, entry) => entry.note_once(WAITED),
                None => {}
            }
        }
    }

    /// Whether a client goes on although a server that it seems to need is not complete.
    fn has_waited(&self, key: &ServiceKey, entry: &Entry) -> bool {
        let GuardInput { waits, settings, now, .. } = self.input;
        let moment = Moment { timing: &settings.timing, now };
        entry.awaits.is_some() && waits.is_over(key, moment)
    }

    /// Why this guard holds a step, if it does.
    fn ask(
        &mut self,
        check: Check,
        key: &ServiceKey,
        entry: &Entry,
        action: &Action,
    ) -> Option<Hold> {
        let GuardInput { view, leases, writes, pauses, settings, now, .. } = self.input;
        let namespace = entry.namespace.as_ref();
        match check {
            Check::Leader => leases.hold(&key.cluster, now),
            Check::OwnService => {
                let own = settings.own_service.as_ref();
                own.is_some_and(|own| *own == key.path()).then_some(Hold::OwnService)
            }
            Check::Paused => paused(view, key, now).or_else(|| pauses.hold(key, now)),
            Check::Policy => {
                observed(settings.policy, action).filter(|_| self.brake.hold(key).is_none())
            }
            Check::Document => self.document.clone(),
            Check::StartUp => self.start_up.clone(),
            Check::Windows => self.windows.hold(key, namespace),
            Check::Unread => self.unread.clone(),
            Check::Brake => self.brake.hold(key),
            Check::OldName => old_names::kept(key, entry, action, &self.input),
            Check::Writes => writes.hold(action, now),
            Check::Server => awaited(key, entry, &self.input),
            Check::Contended => contended(view, key, entry, now),
            Check::Refresh => self.standing.hold(key, entry),
            Check::Budget => self.budget.spend(key, namespace),
        }
    }

    /// Why this guard holds the making of what services wait for, if it does. That starts no rollout and belongs to no
    /// service.
    fn ask_about_making(&self, check: Check, making: &Prerequisite) -> Option<Hold> {
        let GuardInput { view, leases, writes, pauses, settings, now, .. } = self.input;
        match check {
            Check::Leader => leases.hold_making(view, now),
            Check::Policy => {
                let policy = settings.policy;
                (!policy.allows_making()).then_some(Hold::Observe(policy))
            }
            Check::Document => self.document.clone(),
            Check::StartUp => self.start_up.clone(),
            Check::Windows => self.windows.hold_making(making),
            Check::Writes => writes.hold_making(making),
            Check::Paused => pauses.hold_making(now),
            Check::OwnService
            | Check::Unread
            | Check::Brake
            | Check::OldName
            | Check::Server
            | Check::Contended
            | Check::Refresh
            | Check::Budget => None,
        }
    }
}

/// Why nothing at all may be done, if so.
fn stopped(view: &View, settings: &Settings) -> Option<Hold> {
    let is_frozen = view.document.as_ref().is_some_and(|document| document.freeze);
    let frozen = is_frozen.then_some(Hold::Frozen(Frozen::Document));
    frozen.or_else(|| unread_document(view, settings).map(Hold::NotSeen))
}

/// Whether what was read may be older than what this or an earlier process wrote.
fn starting(view: &View, settings: &Settings, now: Now) -> Option<Hold> {
    let staleness = settings.timing.staleness;
    let just_started = view.awake_for(now) < staleness || is_unseen(view, staleness);
    just_started.then_some(Hold::NotSeen(Unseen::JustStarted))
}

/// The server that a step waits for. What only the environment hints at is not waited for beyond a stall.
fn awaited(key: &ServiceKey, entry: &Entry, input: &GuardInput<'_>) -> Option<Hold> {
    let GuardInput { view, waits, settings, now, .. } = *input;
    let awaited = entry.awaits.as_ref()?;
    let server = view.service(&awaited.server);
    let stalled = || server.is_some_and(|server| has_stalled(server, &settings.timing, now));
    let over = || waits.is_over(key, Moment { timing: &settings.timing, now });
    (!(awaited.inferred && (stalled() || over()))).then(|| Hold::WaitingForServer(awaited.clone()))
}

fn observed(policy: Policy, action: &Action) -> Option<Hold> {
    (!policy.allows(action)).then_some(Hold::Observe(policy))
}

#[cfg(test)]
mod tests;
