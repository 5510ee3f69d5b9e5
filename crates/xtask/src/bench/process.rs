//! The programs under measurement, each a child process that ends with its value.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::http::{self, REGION};
use super::kernel::Kernel;
use crate::repo;

/// How long a first complete view may take: that of fifty thousand services takes a third of an hour at eastwest's share
/// of AWS's rates.
const PATIENCE: Duration = Duration::from_mins(40);
/// From one look at a start to the next.
pub(crate) const AT_ONCE: Duration = Duration::from_millis(1);
/// From one look at a short process to the next.
const LOOK: Duration = Duration::from_millis(2);

/// Where the programs under measurement are.
pub(crate) struct Programs {
    eastwest: PathBuf,
    simulator: PathBuf,
    /// How fast eastwest may call.
    pub(crate) rates: Rates,
}

/// How fast eastwest may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rates {
    /// As AWS publishes, and the simulator enforces.
    Published,
    /// So many times as fast, against a simulator without rates.
    Times(u8),
}

/// What services a simulator starts with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fleet {
    /// How many there are.
    pub(crate) services: u32,
    /// How many of a hundred opted in.
    pub(crate) opted_in: u8,
    /// How many events each answers with.
    pub(crate) events: u32,
}

impl Fleet {
    /// So many services, 40 % of them opted in, without events.
    pub(crate) fn of(services: u32) -> Self {
        Self { services, opted_in: 40, events: 0 }
    }

    /// The most that AWS has in a cluster, once there are more than that.
    fn per_cluster(self) -> u32 {
        if self.services > MOST_IN_A_CLUSTER { MOST_IN_A_CLUSTER } else { 1000 }
    }
}

const MOST_IN_A_CLUSTER: u32 = 5000;

impl Programs {
    /// Those that cargo built under `profile`.
    pub(crate) fn built(profile: &str, rates: Rates) -> Result<Self> {
        let [eastwest, simulator] =
            ["eastwest", "eastwest-sim"].map(|name| repo::binary(profile, name));
        Ok(Self { eastwest: eastwest?, simulator: simulator?, rates })
    }

    /// The same programs at other rates.
    pub(crate) fn at(&self, rates: Rates) -> Self {
        Self { eastwest: self.eastwest.clone(), simulator: self.simulator.clone(), rates }
    }

    /// Starts the simulator with these services, and waits until it answers.
    pub(crate) fn simulator(&self, fleet: Fleet) -> Result<Server> {
        let address = free_address()?;
        let mut command = Command::new(&self.simulator);
        command.args(["--listen", &address.to_string()]);
        command.args(["--services", &fleet.services.to_string()]);
        command.args(["--services-per-cluster", &fleet.per_cluster().to_string()]);
        command.args(["--opted-in", &fleet.opted_in.to_string()]);
        command.args(["--events", &fleet.events.to_string()]);
        if self.rates == Rates::Published {
            command.arg("--quotas");
        }
        let server = Server::start(command, address)?;
        server.wait_for("/_sim/calls", AT_ONCE)?;
        Ok(server)
    }

    /// Starts `eastwest run` against a simulator; returns at once.
    pub(crate) fn daemon(&self, simulator: SocketAddr, arguments: &[&str]) -> Result<Server> {
        let address = free_address()?;
        let mut command = Command::new(&self.eastwest);
        command.args(["run", "--listen", &address.to_string()]).args(arguments);
        at(&mut command, simulator);
        self.hurry(&mut command);
        Server::start(command, address)
    }

    /// Runs `eastwest plan` against a simulator.
    pub(crate) fn plan(&self, simulator: SocketAddr) -> Result<Ran> {
        let mut command = Command::new(&self.eastwest);
        command.arg("plan");
        at(&mut command, simulator);
        self.hurry(&mut command);
        to_its_end(command)
    }

    fn hurry(&self, eastwest: &mut Command) {
        if let Rates::Times(times) = self.rates {
            eastwest.env("EASTWEST_RATES", times.to_string());
        }
    }
}

/// Points a program at a simulator, and at nothing else.
pub(crate) fn at(command: &mut Command, simulator: SocketAddr) {
    let ours = |name: &str| name.starts_with("AWS_") || name.starts_with("EASTWEST_");
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(ours) {
            command.env_remove(name);
        }
    }
    command.env("AWS_ENDPOINT_URL", format!("http://{simulator}"));
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    command.env("AWS_REGION", REGION).env("AWS_DEFAULT_REGION", REGION);
    command.env("AWS_EC2_METADATA_DISABLED", "true");
}

/// What a program took that ran to its end.
pub(crate) struct Ran {
    /// From its start to its end.
    pub(crate) took: Duration,
    /// CPU time of all its threads.
    pub(crate) cpu: Duration,
    /// The most memory it held, in KiB.
    pub(crate) memory_kib: u64,
}

/// Runs a program to its end, which must be a good one. What it says on standard error is shown.
pub(crate) fn to_its_end(mut command: Command) -> Result<Ran> {
    let program = command.get_program().to_owned();
    let what = format!("{}", program.display());
    let began = Instant::now();
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().context(what.clone())?;
    let watched = watch(Kernel(child.id()), began);
    if watched.is_err() {
        // Whatever kept us from watching it, it must not outlive the measurement.
        let _ = child.kill();
    }
    let status = child.wait().context(what.clone())?;
    let ran = watched?;
    if !status.success() {
        bail!("{what} ended badly: {status}");
    }
    Ok(ran)
}

/// Until the process has ended; its numbers are still there then, because nobody has waited for it yet.
fn watch(process: Kernel, began: Instant) -> Result<Ran> {
    let mut memory_kib = 0;
    loop {
        let stat = process.stat()?;
        if stat.has_ended {
            return Ok(Ran { took: began.elapsed(), cpu: stat.cpu, memory_kib });
        }
        memory_kib = process.peak_memory_kib().unwrap_or(memory_kib);
        thread::sleep(LOOK);
    }
}

/// A started program and where it listens.
pub(crate) struct Server {
    child: Child,
    /// Its loopback address.
    pub(crate) address: SocketAddr,
    /// When it was started.
    pub(crate) started: Instant,
}

impl Server {
    fn start(mut command: Command, address: SocketAddr) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let started = Instant::now();
        let program = command.get_program().to_owned();
        let child =
            command.spawn().with_context(|| format!("{} does not start", program.display()))?;
        Ok(Self { child, address, started })
    }

    /// Waits until `path` answers 200, and asks again after each `pause`; the time since the start.
    pub(crate) fn wait_for(&self, path: &str, pause: Duration) -> Result<Duration> {
        loop {
            if http::status(self.address, path) == Some(200) {
                return Ok(self.started.elapsed());
            }
            if self.kernel().stat()?.has_ended {
                bail!("the program ended before {path} answered; run it by hand to see why");
            }
            if self.started.elapsed() > PATIENCE {
                bail!("{path} did not answer 200 within {PATIENCE:?}");
            }
            thread::sleep(pause);
        }
    }

    /// What the kernel counts of it.
    pub(crate) fn kernel(&self) -> Kernel {
        Kernel(self.child.id())
    }

    /// The most memory it ever held, in KiB.
    pub(crate) fn peak_memory_kib(&self) -> Result<u64> {
        self.kernel().peak_memory_kib().context("the program has ended")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; there is nobody left to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no free loopback port")?;
    Ok(listener.local_addr()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_runs_to_its_end_is_measured_and_a_bad_end_is_an_error() {
        let shell = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            to_its_end(command)
        };
        let ran = shell("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done").unwrap();
        assert!(ran.memory_kib > 100 && ran.took >= LOOK);
        assert!(shell("exit 3").is_err());
    }
}
