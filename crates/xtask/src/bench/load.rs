//! How many `DescribeServices` of ten the simulator serves in a second, asked over a few kept connections.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use serde_json::json;

use super::http::{Api, Connection, Request};
use super::times::Times;

const CONNECTIONS: usize = 4;
const FOR: Duration = Duration::from_secs(5);
/// As many as AWS accepts in one call.
const NAMES: usize = 10;

/// What the load generator saw.
pub(crate) struct Load {
    /// Answers per second, all connections together.
    pub(crate) per_second: f64,
    /// How long an answer took.
    pub(crate) times: Times,
}

/// Asks for `services` (names or ARNs of `cluster`), ten at a time, for a few seconds.
pub(crate) fn describe(address: SocketAddr, cluster: &str, services: &[String]) -> Result<Load> {
    let requests: Vec<Request> = services
        .chunks_exact(NAMES)
        .map(|names| {
            let body = json!({ "cluster": cluster, "services": names, "include": ["TAGS"] });
            Request::aws(Api::Ecs, "DescribeServices", &body.to_string())
        })
        .collect();
    if requests.is_empty() {
        bail!("the simulator has fewer than {NAMES} services");
    }
    let start = Instant::now();
    let times = all(address, &requests)?;
    summed(times, start.elapsed())
}

fn all(address: SocketAddr, requests: &[Request]) -> Result<Vec<Duration>> {
    thread::scope(|scope| {
        let ask = |first: usize| move || one(address, requests, first);
        let workers: Vec<_> = (0..CONNECTIONS).map(|first| scope.spawn(ask(first))).collect();
        let mut times = Vec::new();
        for worker in workers {
            times.extend(worker.join().map_err(|_| anyhow!("a connection's thread died"))??);
        }
        Ok(times)
    })
}

/// One connection's share: its requests in turn, from its own place in the list.
fn one(address: SocketAddr, requests: &[Request], first: usize) -> Result<Vec<Duration>> {
    let mut connection = Connection::open(address)?;
    let (start, mut times) = (Instant::now(), Vec::new());
    for request in requests.iter().cycle().skip(first) {
        if start.elapsed() > FOR {
            break;
        }
        let asked = Instant::now();
        let answer = connection.send(request)?;
        if answer.status != 200 {
            bail!("DescribeServices: {}", String::from_utf8_lossy(&answer.body));
        }
        times.push(asked.elapsed());
    }
    Ok(times)
}

#[expect(clippy::cast_precision_loss, reason = "a count of calls is far below 2^52")]
fn summed(times: Vec<Duration>, elapsed: Duration) -> Result<Load> {
    let per_second = times.len() as f64 / elapsed.as_secs_f64();
    Ok(Load { per_second, times: Times::of(times)? })
}
