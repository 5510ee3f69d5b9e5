//! From a changed tag to the change that follows from it, through EventBridge and SQS as the simulator has them.
//!
//! Both times are the simulator's: when `TagResource` came, and when `UpdateService` did, in `GET /_sim/log`. Events take
//! no time on their way, so what lies between is eastwest's own part and the few calls that it makes meanwhile: it
//! receives the message, reads the service, asks for its deployments, reads it again, and writes.

use std::net::SocketAddr;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::calls::sweep_calls;
use super::fleet::{Fleet, strings};
use super::http::{self, Api, REGION, Request};
use super::scrape::Metrics;
use super::times::Times;
use crate::repo;

/// What eastwest says itself, and two bounds of its buckets, in seconds.
const HISTOGRAM: &str = "eastwest_event_to_write_seconds";
const BOUNDS: [&str; 2] = ["0.005", "0.025"];
/// The rules and the queue as `deploy/` ships them.
const FOLDER: &str = "deploy/events";
const RULES: [&str; 5] = ["deployments", "calls", "tags", "namespaces", "parameters"];
const QUEUE: &str = "eastwest";
const ACCOUNT: &str = "123456789012";
/// How long a rollout takes: each change comes when the one before is in order.
const ROLLOUT_SECONDS: u32 = 1;
const PATIENCE: Duration = Duration::from_mins(2);
const LOOK: Duration = Duration::from_millis(20);
/// A sweep reads five times a second.
const A_FEW_READS: Duration = Duration::from_millis(600);

/// Makes the shipped rules, and the queue that they fill at once, once and in order. Its URL.
pub(crate) fn wire(simulator: SocketAddr) -> Result<String> {
    let folder = repo::root()?.join(FOLDER);
    let prompt = json!({ "lost_per_mille": 0, "doubled_per_mille": 0, "delay_ms": [0, 0], "reordered": false });
    http::once(simulator, &Request::json("POST", "/_sim/events", &prompt.to_string()))?;
    let dead = json!({ "QueueName": format!("{QUEUE}-dead") });
    http::aws(simulator, Api::Sqs, "CreateQueue", &dead)?;
    let attributes = read(&folder.join("queue.json"))?;
    let attributes =
        attributes.replace("REPLACE_REGION", REGION).replace("REPLACE_ACCOUNT_ID", ACCOUNT);
    let attributes: Value = serde_json::from_str(&attributes).context("queue.json")?;
    let queue = json!({ "QueueName": QUEUE, "Attributes": attributes });
    let made = http::aws(simulator, Api::Sqs, "CreateQueue", &queue)?;
    for rule in RULES {
        let name = format!("eastwest-{rule}");
        let pattern = read(&folder.join(format!("{rule}.json")))?;
        http::aws(
            simulator,
            Api::Events,
            "PutRule",
            &json!({ "Name": name, "EventPattern": pattern }),
        )?;
        let target =
            json!({ "Id": "queue", "Arn": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{QUEUE}") });
        let targets = json!({ "Rule": name, "Targets": [target] });
        http::aws(simulator, Api::Events, "PutTargets", &targets)?;
    }
    Ok(made["QueueUrl"].as_str().context("CreateQueue answers no QueueUrl")?.to_owned())
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// What was seen of the changes.
pub(crate) struct Followed {
    /// From `TagResource` to `UpdateService` where no sweep was under way; none if one always was.
    pub(crate) at_rest: Option<Times>,
    /// The same beside a sweep, which leaves no tokens of the bucket: each reading waits for its turn.
    pub(crate) beside_a_sweep: Option<Times>,
    /// What eastwest itself says of the same changes: the mean of `eastwest_event_to_write_seconds`.
    pub(crate) told: Option<Duration>,
    /// Of them, the share within 5 ms and within 25 ms, from 0 to 1.
    pub(crate) told_within: [f64; 2],
}

/// Changes a tag of one service after the other, each once the rollout of the one before is over.
pub(crate) fn followed(
    simulator: SocketAddr,
    eastwest: SocketAddr,
    fleet: &Fleet,
    changes: usize,
) -> Result<Followed> {
    let services = opted_in(simulator, fleet)?;
    for service in &services {
        let order = json!({ "service": format!("{}/{}", fleet.cluster, name(service)), "seconds": ROLLOUT_SECONDS });
        http::once(simulator, &Request::json("POST", "/_sim/rollout", &order.to_string()))?;
    }
    let (mut at_rest, mut beside_a_sweep) = (Vec::new(), Vec::new());
    for (number, service) in services.iter().cycle().take(changes).enumerate() {
        // In each round another value, so that each change is one.
        let minutes = 1 + number / services.len();
        let times = if is_swept(simulator)? { &mut beside_a_sweep } else { &mut at_rest };
        times.push(one(simulator, service, minutes)?);
        settle(simulator, eastwest, &Named { cluster: &fleet.cluster, service })?;
    }
    let metrics = Metrics::read(eastwest)?;
    let count = metrics.total(&format!("{HISTOGRAM}_count"), "").unwrap_or_default();
    ensure!(count > 0.0, "eastwest followed no message: it found the changes in another way");
    let share = |bound| metrics.within(HISTOGRAM, bound).unwrap_or_default() / count;
    let told_within = BOUNDS.map(share);
    let [at_rest, beside_a_sweep] = [at_rest, beside_a_sweep].map(|times| Times::of(times).ok());
    Ok(Followed { at_rest, beside_a_sweep, told: metrics.mean(HISTOGRAM), told_within })
}

/// Whether eastwest reads services although nothing has changed.
fn is_swept(simulator: SocketAddr) -> Result<bool> {
    let before = sweep_calls(simulator)?;
    thread::sleep(A_FEW_READS);
    Ok(sweep_calls(simulator)? != before)
}

/// The services among the first hundred of the cluster that have eastwest's tags.
fn opted_in(simulator: SocketAddr, fleet: &Fleet) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for arns in fleet.arns.chunks(10).take(10) {
        let asked = json!({ "cluster": fleet.cluster, "services": arns, "include": ["TAGS"] });
        let answer = http::aws(simulator, Api::Ecs, "DescribeServices", &asked)?;
        for service in answer["services"].as_array().into_iter().flatten() {
            let tags = service["tags"].as_array().into_iter().flatten();
            if tags.into_iter().any(|tag| tag["key"] == "eastwest/mode") {
                found.extend(strings(&json!([service["serviceArn"]])));
            }
        }
    }
    ensure!(!found.is_empty(), "no service of the simulator opted in");
    Ok(found)
}

fn name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// Changes a tag, waits for the change that follows, and tells how much later it came.
fn one(simulator: SocketAddr, service: &str, minutes: usize) -> Result<Duration> {
    http::once(simulator, &Request::json("DELETE", "/_sim/log", ""))?;
    let tag = json!({ "key": "eastwest/timeout", "value": format!("idle={minutes}m") });
    http::aws(
        simulator,
        Api::Ecs,
        "TagResource",
        &json!({ "resourceArn": service, "tags": [tag] }),
    )?;
    let began = Instant::now();
    loop {
        let log = http::json(simulator, &Request::json("GET", "/_sim/log", ""))?;
        let at = |operation: &str| {
            let mut entries = log.as_array().into_iter().flatten();
            entries.find(|entry| entry["operation"] == operation)?["time"].as_f64()
        };
        if let (Some(tagged), Some(written)) = (at("ecs.TagResource"), at("ecs.UpdateService")) {
            return Ok(Duration::try_from_secs_f64(written - tagged).unwrap_or_default());
        }
        if began.elapsed() > PATIENCE {
            bail!("no UpdateService followed the tag of {service} within {PATIENCE:?}");
        }
        thread::sleep(LOOK);
    }
}

struct Named<'a> {
    cluster: &'a str,
    service: &'a str,
}

/// Waits until the rollout is over and eastwest knows it, so that nothing is in the way of the next change.
fn settle(simulator: SocketAddr, eastwest: SocketAddr, named: &Named) -> Result<()> {
    let began = Instant::now();
    let asked = json!({ "cluster": named.cluster, "services": [named.service] });
    loop {
        let answer = http::aws(simulator, Api::Ecs, "DescribeServices", &asked)?;
        let deployments = answer["services"][0]["deployments"].as_array().map_or(0, Vec::len);
        if deployments == 1 {
            let running = Metrics::read(eastwest)?.total("eastwest_rollouts_in_progress", "");
            if running == Some(0.0) {
                return Ok(());
            }
        }
        if began.elapsed() > PATIENCE {
            bail!("the rollout of {} is not over within {PATIENCE:?}", named.service);
        }
        thread::sleep(Duration::from_millis(250));
    }
}
