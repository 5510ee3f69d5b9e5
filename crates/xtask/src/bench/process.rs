//! The two programs under measurement, each a child process that ends with its value.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::http;
use crate::repo;

/// The region every part of a run agrees on.
const REGION: &str = "eu-west-1";

/// A started program and where it listens.
pub(crate) struct Server {
    child: Child,
    /// Its loopback address.
    pub(crate) address: SocketAddr,
    /// When it was started.
    pub(crate) started: Instant,
}

impl Server {
    /// Starts the simulator with `services` services, and waits until it answers.
    pub(crate) fn simulator(services: u32, quotas: bool) -> Result<Self> {
        let address = free_address()?;
        let mut command = Command::new(repo::binary("release", "eastwest-sim")?);
        command.args(["--listen", &address.to_string(), "--services", &services.to_string()]);
        if quotas {
            command.arg("--quotas");
        }
        let mut server = Self::start(command, address)?;
        server.wait_for("/_sim/calls", Duration::from_mins(1))?;
        Ok(server)
    }

    /// Starts `eastwest run` against a simulator; returns at once.
    pub(crate) fn eastwest(simulator: SocketAddr, arguments: &[&str]) -> Result<Self> {
        let address = free_address()?;
        let mut command = Command::new(repo::binary("release", "eastwest")?);
        command.args(["run", "--listen", &address.to_string()]).args(arguments);
        command.env("AWS_ENDPOINT_URL", format!("http://{simulator}"));
        command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
        command.env("AWS_REGION", REGION).env("AWS_EC2_METADATA_DISABLED", "true");
        Self::start(command, address)
    }

    fn start(mut command: Command, address: SocketAddr) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let started = Instant::now();
        let program = command.get_program().to_owned();
        let child =
            command.spawn().with_context(|| format!("{} does not start", program.display()))?;
        Ok(Self { child, address, started })
    }

    /// Waits until `path` answers 200; the time since the start.
    pub(crate) fn wait_for(&mut self, path: &str, patience: Duration) -> Result<Duration> {
        loop {
            if http::status(self.address, path) == Some(200) {
                return Ok(self.started.elapsed());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("the program ended before {path} answered: {status}");
            }
            if self.started.elapsed() > patience {
                bail!("{path} did not answer 200 within {patience:?}");
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// The most memory it ever held, in KiB.
    pub(crate) fn peak_memory_kib(&self) -> Result<u64> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(&path).with_context(|| path.clone())?;
        let row = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = row.and_then(|row| row.trim().trim_end_matches(" kB").parse().ok());
        number.with_context(|| format!("{path} has no VmHWM"))
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
