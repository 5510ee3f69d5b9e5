//! One size: two copies of eastwest, one with a queue and one without, each with a simulator of its own; then a one-shot
//! look by eastwest and one by a plain poller at the same services.
//!
//! The two copies run side by side, because a first look at fifty thousand services takes a third of an hour, and what is
//! counted of them is CPU time. Whatever is measured in seconds runs alone.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use super::calls::{SWEEP, calls, forget_calls, sweep_calls};
use super::events::{self, Followed};
use super::fleet::{self, LIST_PAGE};
use super::load::{self, Load};
use super::process::{self, AT_ONCE, Fleet, Programs, Ran, Rates, Server};
use super::scrape::{self, Metrics};
use super::times::Times;
use crate::{repo, requirements};

/// As many as AWS describes in one call, and the bucket of its "service read" category.
const DESCRIBE_PAGE: u32 = 10;
const BUCKET_BURST: f64 = 100.0;
const BUCKET_PER_SECOND: f64 = 20.0;
/// eastwest's default share of a bucket (design section 8).
const SHARE: f64 = 0.25;
/// So rare that the questions do not show in eastwest's CPU time.
const NOW_AND_THEN: Duration = Duration::from_millis(250);
/// The rest begins when eastwest has read no service for so long, or after so long if it never pauses.
const PAUSE: Duration = Duration::from_secs(12);
const NO_PAUSE: Duration = Duration::from_mins(3);
const POLLER: &str = "tests/poller.py";
const OBSERVING: &[&str] = &["--policy", "observe"];
/// Each change of a tag may be followed at once.
const WRITING: [&str; 6] =
    ["--policy", "sync", "--rollouts-per-cluster", "1000", "--rollouts-per-namespace", "1000"];

/// What was measured with one number of services.
pub(crate) struct Row {
    /// How many services each simulator held.
    pub(crate) services: u32,
    /// How fast eastwest might call.
    pub(crate) rates: Rates,
    /// eastwest without a queue.
    pub(crate) alone: Watched,
    /// eastwest with a queue.
    pub(crate) with_queue: Watched,
    /// From a message to a write, with a queue.
    pub(crate) followed: Followed,
    /// Time series on `/metrics`.
    pub(crate) series: usize,
    /// How long reading `/metrics` took.
    pub(crate) readings: Times,
    /// How long reading the first page of the dashboard took.
    pub(crate) dashboard: Times,
    /// The most memory that eastwest held where a tenth as many services opted in, and every answer had a hundred events
    /// for each service, in KiB.
    pub(crate) few_opted_in_kib: u64,
    /// The mean of `eastwest_pass_duration_seconds` of the copy without a queue.
    pub(crate) pass: Option<Duration>,
    /// `eastwest plan`.
    pub(crate) plan: Look,
    /// One round of the poller, from its start to its end.
    pub(crate) poller: Look,
    /// What the poller takes that goes on.
    pub(crate) poller_rest: Rest,
    /// The simulator under a load of `DescribeServices`.
    pub(crate) load: Load,
}

/// A running eastwest, from its start to the end of its rest.
pub(crate) struct Watched {
    /// From the start to the first byte over HTTP.
    pub(crate) listening: Duration,
    /// The first complete view: from the start to `/readyz` 200.
    pub(crate) first: Look,
    /// Calls that were refused for their rate, by the end.
    pub(crate) throttled: f64,
    /// What followed while nothing changed.
    pub(crate) rest: Rest,
    /// The most memory it held by the end, in KiB.
    pub(crate) memory_kib: u64,
}

/// One look at all services.
pub(crate) struct Look {
    /// Every call, by API and operation.
    pub(crate) calls: BTreeMap<String, u64>,
    /// What the program took.
    pub(crate) ran: Ran,
}

/// A time in which nothing changed.
pub(crate) struct Rest {
    /// How long it was.
    pub(crate) lasted: Duration,
    /// CPU time that eastwest took.
    pub(crate) cpu: Duration,
    /// Calls to AWS that it made.
    pub(crate) calls: u64,
}

impl Look {
    /// The calls of the sweep itself: `ListServices`, `DescribeServices`.
    pub(crate) fn sweep_calls(&self) -> [u64; 2] {
        SWEEP.map(|key| self.calls.get(key).copied().unwrap_or_default())
    }

    /// Every call.
    pub(crate) fn all_calls(&self) -> u64 {
        self.calls.values().sum()
    }

    /// What a program comes to that looks each minute, or one look after the other where one takes longer: without its
    /// start, which is in this look and in the longer run of `two` looks.
    fn each_minute(&self, two: &Self) -> Rest {
        Rest {
            lasted: two.ran.took.saturating_sub(self.ran.took).max(Duration::from_mins(1)),
            cpu: two.ran.cpu.saturating_sub(self.ran.cpu),
            calls: two.all_calls().saturating_sub(self.all_calls()),
        }
    }
}

impl Rest {
    /// CPU time in percent of one core.
    pub(crate) fn percent(&self) -> f64 {
        100.0 * self.cpu.as_secs_f64() / self.lasted.as_secs_f64()
    }

    /// The same as if eastwest called all the time as fast as AWS allows it to.
    #[expect(clippy::cast_precision_loss, reason = "a count of calls is far below 2^52")]
    pub(crate) fn percent_at_published_rates(&self) -> f64 {
        100.0 * SHARE * BUCKET_PER_SECOND * self.cpu.as_secs_f64() / self.calls.max(1) as f64
    }

    /// Calls in a minute.
    #[expect(clippy::cast_precision_loss, reason = "a count of calls is far below 2^52")]
    pub(crate) fn calls_a_minute(&self) -> f64 {
        60.0 * self.calls as f64 / self.lasted.as_secs_f64()
    }
}

impl Row {
    /// The fewest calls that can see every service.
    pub(crate) fn fewest_calls(&self) -> u64 {
        u64::from(self.services.div_ceil(LIST_PAGE) + self.services.div_ceil(DESCRIBE_PAGE))
    }

    /// The least time in which eastwest's share of the bucket lets the fewest calls through.
    #[expect(clippy::cast_precision_loss, reason = "a count of calls is far below 2^52")]
    pub(crate) fn floor(&self) -> Duration {
        let waiting = self.fewest_calls() as f64 - SHARE * BUCKET_BURST;
        Duration::from_secs_f64(waiting.max(0.0) / (SHARE * BUCKET_PER_SECOND))
    }
}

/// What to measure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    /// With how many services.
    pub(crate) services: u32,
    /// How long nothing changes.
    pub(crate) rest: Duration,
    /// How many tags are changed.
    pub(crate) changes: usize,
}

/// Measures with one number of services.
pub(crate) fn row(programs: &Programs, asked: &Asked) -> Result<Row> {
    let Asked { services, rest, changes } = *asked;
    let say = |what: &str| eprintln!("==> {services} services: {what}");
    say("the simulators start");
    let fleet = Fleet::of(services);
    let [first, second] = [programs.simulator(fleet)?, programs.simulator(fleet)?];
    let third = programs.simulator(Fleet { opted_in: 4, events: 100, ..fleet })?;
    let queue = events::wire(second.address)?;
    say("eastwest without a queue and with one, first view and rest");
    let few = Copy::start(programs, &third, OBSERVING)?;
    let alone = Copy::start(programs, &first, OBSERVING)?;
    let with_queue =
        Copy::start(programs, &second, &[&WRITING[..], &["--queue-url", &queue]].concat())?;
    let [seen_alone, seen_with_queue] = both([&alone, &with_queue], rest)?;
    few.server.wait_for("/readyz", NOW_AND_THEN)?;
    let few_opted_in_kib = few.server.peak_memory_kib()?;
    drop(few);
    drop(third);
    say("/metrics, the dashboard, and changed tags");
    let readings = scrape::readings(alone.server.address, "/metrics")?;
    let dashboard = scrape::readings(alone.server.address, "/")?;
    let metrics = Metrics::read(alone.server.address)?;
    let fleet = fleet::some(second.address)?;
    let followed = events::followed(second.address, with_queue.server.address, &fleet, changes)?;
    let [alone, with_queue] = [alone.end(seen_alone)?, with_queue.end(seen_with_queue)?];
    drop(second);
    say("one look by `eastwest plan`, one by the poller");
    let plan = look(first.address, || programs.plan(first.address))?;
    let poller = look(first.address, || poll(first.address, "1"))?;
    let two_rounds = look(first.address, || poll(first.address, "2"))?;
    drop(first);
    say("the simulator under load");
    Ok(Row {
        services,
        rates: programs.rates,
        alone,
        with_queue,
        followed,
        series: metrics.series(),
        readings,
        dashboard,
        few_opted_in_kib,
        pass: metrics.mean("eastwest_pass_duration_seconds"),
        plan,
        poller_rest: poller.each_minute(&two_rounds),
        poller,
        load: under_load(programs, services)?,
    })
}

/// `eastwest plan` over this many services.
pub(crate) fn plan_over(programs: &Programs, services: u32) -> Result<Look> {
    eprintln!("==> {services} services: one look by `eastwest plan`");
    let simulator = programs.simulator(Fleet::of(services))?;
    look(simulator.address, || programs.plan(simulator.address))
}

/// How much the simulator itself can serve, which bounds what can be measured against it.
fn under_load(programs: &Programs, services: u32) -> Result<Load> {
    let simulator = programs.at(Rates::Times(1)).simulator(Fleet::of(services))?;
    let fleet = fleet::some(simulator.address)?;
    load::describe(simulator.address, &fleet.cluster, &fleet.arns)
}

/// A copy of eastwest and its simulator.
struct Copy<'a> {
    simulator: SocketAddr,
    server: Server,
    listening: Duration,
    /// It ends after the copy.
    _world: &'a Server,
}

/// What was seen of a copy before anything changed.
struct Seen {
    first: Look,
    rest: Rest,
}

impl<'a> Copy<'a> {
    fn start(programs: &Programs, world: &'a Server, arguments: &[&str]) -> Result<Self> {
        forget_calls(world.address)?;
        let server = programs.daemon(world.address, arguments)?;
        let listening = server.wait_for("/livez", AT_ONCE)?;
        Ok(Self { simulator: world.address, server, listening, _world: world })
    }

    /// The first complete view, and then a time in which nobody asks anything.
    fn watch(&self, lasts: Duration) -> Result<Seen> {
        let took = self.server.wait_for("/readyz", NOW_AND_THEN)?;
        let cpu = self.cpu()?;
        let memory_kib = self.server.peak_memory_kib()?;
        let first = Look { calls: calls(self.simulator)?, ran: Ran { took, cpu, memory_kib } };
        self.wait_for_a_pause()?;
        let (began, cpu, before) = (Instant::now(), self.cpu()?, self.all_calls()?);
        thread::sleep(lasts);
        let cpu = self.cpu()?.saturating_sub(cpu);
        let calls = self.all_calls()?.saturating_sub(before);
        Ok(Seen { first, rest: Rest { lasted: began.elapsed(), cpu, calls } })
    }

    /// After a start eastwest reads once more what it read in its first ten seconds: that is no rest yet.
    fn wait_for_a_pause(&self) -> Result<()> {
        let (began, mut since, mut seen) = (Instant::now(), Instant::now(), 0);
        while since.elapsed() < PAUSE && began.elapsed() < NO_PAUSE {
            thread::sleep(Duration::from_secs(1));
            let now = sweep_calls(self.simulator)?;
            if now != seen {
                (since, seen) = (Instant::now(), now);
            }
        }
        Ok(())
    }

    fn cpu(&self) -> Result<Duration> {
        Ok(self.server.kernel().stat()?.cpu)
    }

    fn all_calls(&self) -> Result<u64> {
        Ok(calls(self.simulator)?.values().sum())
    }

    fn end(self, seen: Seen) -> Result<Watched> {
        Ok(Watched {
            listening: self.listening,
            first: seen.first,
            throttled: Metrics::read(self.server.address)?.throttled(),
            rest: seen.rest,
            memory_kib: self.server.peak_memory_kib()?,
        })
    }
}

fn both(copies: [&Copy; 2], rest: Duration) -> Result<[Seen; 2]> {
    let [one, two] = copies;
    thread::scope(|scope| {
        let two = scope.spawn(|| two.watch(rest));
        let one = one.watch(rest);
        let two = two.join().map_err(|_| anyhow!("the thread of a copy died"));
        Ok([one?, two??])
    })
}

/// What one program calls and takes.
fn look(simulator: SocketAddr, run: impl FnOnce() -> Result<Ran>) -> Result<Look> {
    forget_calls(simulator)?;
    let ran = run()?;
    Ok(Look { calls: calls(simulator)?, ran })
}

/// Rounds of the poller, one right after the other.
fn poll(simulator: SocketAddr, rounds: &str) -> Result<Ran> {
    let root = repo::root()?;
    let mut command = Command::new(requirements::python(&root)?);
    command.args([POLLER, "--interval", "0", "--rounds", rounds]).current_dir(root);
    process::at(&mut command, simulator);
    process::to_its_end(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_each_minute_is_told_without_its_start_as_a_share_of_a_core_and_calls_a_minute() {
        let look = |took, cpu, calls| {
            let calls = BTreeMap::from([("ecs.ListServices".to_owned(), calls)]);
            let (took, cpu) = (Duration::from_secs(took), Duration::from_secs(cpu));
            Look { calls, ran: Ran { took, cpu, memory_kib: 0 } }
        };
        let told = [12, 125].map(|took| {
            let rest = look(5, 2, 20).each_minute(&look(took, 8, 40));
            format!("{:.1} % {:.1}", rest.percent(), rest.calls_a_minute())
        });
        assert_eq!(told, ["10.0 % 20.0", "5.0 % 10.0"]);
    }
}
