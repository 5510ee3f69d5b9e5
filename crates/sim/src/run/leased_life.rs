//! What a life with leases has besides: a second process, a lease table and what happens to them.

use std::cell::Cell;
use std::rc::Rc;

use eastwest_core::declaration::settings::{LeaseSettings, Settings, Timing};
use eastwest_core::ecs::time::Now;

use super::controller::Controller;
use super::fences::{Meddling, Replica, session};
use super::world::World;
use crate::faults::{Kind, Weather};
use crate::judge::Checker;
use crate::life::outside::Outside;
use crate::life::replicas::{Replicas, Trouble};

/// How long it takes after a long stop until a lease is taken and everything was read again.
const TAKE_OVER_SECONDS: u64 = 45;
/// The ways in which calls to the lease table fail.
const FAILURES: [Kind; 6] = [
    Kind::Throttle,
    Kind::Denied,
    Kind::ErrorBefore,
    Kind::ErrorAfter,
    Kind::TimeoutBefore,
    Kind::TimeoutAfter,
];

/// Makes a controller from its settings.
pub(super) type Make<C> = Rc<dyn Fn(Settings, Now) -> C>;

/// Makes the controllers of one process, each with a session of its own.
pub(super) fn maker<C: 'static>(
    make: &Make<C>,
    settings: &Settings,
    replicas: &Replicas,
    process: usize,
) -> Box<dyn Fn(Now) -> C> {
    let make = Rc::clone(make);
    let rate = replicas.rates[process];
    let mut given = settings.clone();
    if replicas.leased == 0 {
        return Box::new(move |now| make(given.clone(), now));
    }
    given.timing = as_counted(settings.timing, rate);
    let started = Cell::new(0_u64);
    Box::new(move |now| {
        started.set(started.get() + 1);
        let lease = LeaseSettings {
            holder: "eastwest".to_owned(),
            session: format!("{}/{}", session(process), started.get()),
            duration: LeaseSettings::DURATION,
        };
        make(Settings { lease: Some(lease), ..given.clone() }, now)
    })
}

/// The same spans by a clock of another rate: only the lease is to notice that clocks differ.
fn as_counted(timing: Timing, rate: u64) -> Timing {
    let rate = u32::try_from(rate).unwrap_or(100);
    let counted = |span: std::time::Duration| span * rate / 100;
    Timing {
        interval: counted(timing.interval),
        jitter_percent: timing.jitter_percent,
        staleness: counted(timing.staleness),
        rollout_poll: counted(timing.rollout_poll),
        stall: counted(timing.stall),
        refresh_every: counted(timing.refresh_every),
        drop_old_names_after: counted(timing.drop_old_names_after),
        name_quarantine: counted(timing.name_quarantine),
        backoff_min: counted(timing.backoff_min),
        backoff_max: counted(timing.backoff_max),
    }
}

/// Gives a world the second process and the lease table, if the life has them.
pub(super) fn equip<C: Controller + 'static>(
    world: &mut World<C>,
    replicas: &mut Replicas,
    make: &Make<C>,
    settings: &Settings,
) {
    if replicas.leased == 0 {
        return;
    }
    let seed = replicas.weather_seed();
    world.use_leases(Weather::new(seed));
    world.set_rate(replicas.rates[0]);
    if replicas.leased > 1 {
        let make = maker(make, settings, replicas, 1);
        let checker = Checker::new(settings.clone());
        world.add(Replica { make, checker, rate: replicas.rates[1] });
    }
}

/// The second process begins, and calls to the lease table begin to fail.
pub(super) fn begin<C: Controller>(world: &mut World<C>, replicas: &mut Replicas) {
    if replicas.leased == 0 {
        return;
    }
    let at = world.now().plus_seconds(replicas.head_start());
    world.plan(at, Outside::Restart);
    for kind in FAILURES {
        let rate = replicas.rate_of_failures();
        world.with_lease_weather(|weather| weather.set_rate(kind, rate));
    }
}

/// The lease table works and calendars are right from now on. Two processes end, to begin again together: what one remembers of names that were in
/// use and the other does not would make a write hours later, when the other takes over.
pub(super) fn calm<C: Controller>(world: &mut World<C>, replicas: &Replicas) {
    world.with_lease_weather(Weather::clear);
    world.set_calendars_right();
    if replicas.leased == 2 {
        world.crash(true);
        world.end_other(false);
    }
}

/// Something may happen to the processes or the lease table.
pub(super) fn trouble<C: Controller>(world: &mut World<C>, replicas: &mut Replicas) {
    let Some(trouble) = replicas.next() else { return };
    match trouble {
        Trouble::Freeze { process, seconds, in_send } => {
            world.freeze_process(process, seconds, in_send);
        }
        Trouble::SetCalendar { process, seconds } => world.set_calendar(process, seconds),
        Trouble::Replace { hands_over, seconds } => {
            world.end_other(hands_over);
            world.plan(world.now().plus_seconds(seconds), Outside::Restart);
        }
        Trouble::Delete => world.meddle(Meddling::Delete),
        Trouble::Spoil => world.meddle(Meddling::Spoil),
        Trouble::Shorten => world.meddle(Meddling::Shorten),
        Trouble::SetBack => world.meddle(Meddling::SetBack),
        Trouble::Outage(seconds) => {
            let until = world.now().plus_seconds(seconds);
            world.with_lease_weather(|weather| weather.begin_outage("dynamodb.", until));
        }
    }
    world.back_up_leases();
}

/// Every process is stopped for a while. Returns how long it takes afterwards until one may write.
pub(super) fn stop<C: Controller>(world: &mut World<C>, replicas: &Replicas, seconds: u64) -> u64 {
    world.stop_all(seconds);
    if replicas.leased > 0 { TAKE_OVER_SECONDS } else { 0 }
}
