//! One row of the table: eastwest and the simulator started afresh, and what was seen of them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::http::{self, Request};
use super::load::{self, Load};
use super::process::Server;

/// Sizes of AWS's pages, and the bucket of its "service read" category.
const LIST_PAGE: u32 = 100;
const DESCRIBE_PAGE: u32 = 10;
const BUCKET_BURST: f64 = 100.0;
const BUCKET_PER_SECOND: f64 = 20.0;
/// eastwest's default share of a bucket (design section 8).
const SHARE: f64 = 0.25;
/// What a sweep calls.
pub(crate) const SWEEP: [&str; 2] = ["ecs.ListServices", "ecs.DescribeServices"];
const PATIENCE: Duration = Duration::from_mins(15);

/// What was measured with one number of services.
pub(crate) struct Row {
    /// How many services the simulator held.
    pub(crate) services: u32,
    /// Start to the first byte over HTTP.
    pub(crate) listening: Duration,
    /// Start to `/readyz` 200, simulator without quotas.
    pub(crate) ready: Duration,
    /// The same with AWS's token buckets in force.
    pub(crate) ready_quotas: Duration,
    /// Calls that were refused for their rate while the buckets were in force.
    pub(crate) throttled: u64,
    /// Every call made up to the first complete view.
    pub(crate) calls: BTreeMap<String, u64>,
    /// The mean of `eastwest_pass_duration_seconds`.
    pub(crate) pass: Option<Duration>,
    /// The most memory eastwest held, in KiB.
    pub(crate) memory_kib: u64,
    /// The simulator under a load of `DescribeServices`.
    pub(crate) load: Load,
}

impl Row {
    /// The calls of the sweep itself: `ListServices`, `DescribeServices`.
    pub(crate) fn sweep_calls(&self) -> [u64; 2] {
        SWEEP.map(|key| self.calls.get(key).copied().unwrap_or_default())
    }

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

/// Measures with `services` services.
pub(crate) fn row(services: u32) -> Result<Row> {
    eprintln!("==> {services} services, quotas off");
    let simulator = Server::simulator(services, false)?;
    let (cluster, arns) = fleet(simulator.address)?;
    let load = load::describe(simulator.address, &cluster, &arns)?;
    let first = first_view(&simulator)?;
    drop(simulator);

    eprintln!("==> {services} services, quotas on");
    let simulator = Server::simulator(services, true)?;
    let second = first_view(&simulator)?;
    Ok(Row {
        services,
        listening: first.listening,
        ready: first.ready,
        ready_quotas: second.ready,
        throttled: second.throttled,
        calls: first.calls,
        pass: first.pass,
        memory_kib: first.memory_kib.max(second.memory_kib),
        load,
    })
}

struct FirstView {
    listening: Duration,
    ready: Duration,
    calls: BTreeMap<String, u64>,
    throttled: u64,
    pass: Option<Duration>,
    memory_kib: u64,
}

/// Starts eastwest for all clusters, waits for its first complete view, and reads what both programs tell.
fn first_view(simulator: &Server) -> Result<FirstView> {
    http::once(simulator.address, &Request::json("DELETE", "/_sim/calls", ""))?;
    let arguments = ["--policy", "observe", "--interval", "1h"];
    let mut eastwest = Server::eastwest(simulator.address, &arguments)?;
    let listening = eastwest.wait_for("/livez", PATIENCE)?;
    let ready = eastwest.wait_for("/readyz", PATIENCE)?;
    let calls = http::json(simulator.address, &Request::json("GET", "/_sim/calls", ""))?;
    let metrics = http::once(eastwest.address, &Request::json("GET", "/metrics", ""))?;
    let metrics = String::from_utf8(metrics).context("/metrics is not text")?;
    Ok(FirstView {
        listening,
        ready,
        calls: counts(&calls),
        throttled: throttled(&metrics),
        pass: mean(&metrics, "eastwest_pass_duration_seconds"),
        memory_kib: eastwest.peak_memory_kib()?,
    })
}

/// The fullest cluster of the simulator, and its services' ARNs.
fn fleet(simulator: SocketAddr) -> Result<(String, Vec<String>)> {
    let clusters = http::json(simulator, &Request::ecs("ListClusters", "{}"))?;
    let mut largest = (String::new(), Vec::new());
    for cluster in strings(&clusters["clusterArns"]) {
        let arns = services(simulator, &cluster)?;
        if arns.len() > largest.1.len() {
            largest = (cluster.rsplit('/').next().unwrap_or_default().to_owned(), arns);
        }
    }
    if largest.1.is_empty() {
        bail!("the simulator was asked for services and has none");
    }
    Ok(largest)
}

fn services(simulator: SocketAddr, cluster: &str) -> Result<Vec<String>> {
    let (mut arns, mut token) = (Vec::new(), Value::Null);
    loop {
        let mut body = json!({ "cluster": cluster, "maxResults": LIST_PAGE });
        if token.is_string() {
            body["nextToken"] = token;
        }
        let page = http::json(simulator, &Request::ecs("ListServices", &body.to_string()))?;
        arns.extend(strings(&page["serviceArns"]));
        token = page["nextToken"].clone();
        if token.is_null() {
            return Ok(arns);
        }
    }
}

fn strings(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

fn counts(calls: &Value) -> BTreeMap<String, u64> {
    let members = calls.as_object().into_iter().flatten();
    members.filter_map(|(key, count)| Some((key.clone(), count.as_u64()?))).collect()
}

/// The sum of every sample of `name` in the Prometheus text format whose labels contain `label`.
fn total(metrics: &str, name: &str, label: &str) -> Option<f64> {
    let samples = metrics.lines().filter_map(|line| {
        let (key, value) = line.rsplit_once(' ')?;
        let (found, labels) = key.split_once('{').unwrap_or((key, ""));
        (found == name && labels.to_lowercase().contains(label))
            .then(|| value.parse::<f64>().ok())?
    });
    let samples: Vec<f64> = samples.collect();
    (!samples.is_empty()).then(|| samples.iter().sum())
}

fn mean(metrics: &str, histogram: &str) -> Option<Duration> {
    let sum = total(metrics, &format!("{histogram}_sum"), "")?;
    let count = total(metrics, &format!("{histogram}_count"), "")?;
    (count > 0.0).then(|| Duration::from_secs_f64(sum / count))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a counter's value")]
fn throttled(metrics: &str) -> u64 {
    total(metrics, "eastwest_aws_calls_total", "throttled").unwrap_or(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::{mean, total};
    use std::time::Duration;

    const METRICS: &str = "# HELP x y\nx_sum{a=\"1\"} 3\nx_sum{a=\"2\"} 1\nx_count{a=\"1\"} 1\nx_count{a=\"2\"} 1\nxy 9\n";

    #[test]
    fn samples_are_summed_over_their_labels() {
        assert_eq!(total(METRICS, "x_sum", ""), Some(4.0));
        assert_eq!(total(METRICS, "x_sum", "a=\"2\""), Some(1.0));
        assert_eq!(total(METRICS, "nothing", ""), None);
        assert_eq!(mean(METRICS, "x"), Some(Duration::from_secs(2)));
    }
}
