//! The simulator's own calls under `/_sim/`: look at the truth, move time, script rollouts and faults.
//!
//! **Invariant:** bad input changes nothing and is answered with status 400 and a JSON `message` that
//! says what is allowed. These calls are neither counted, nor rationed, nor struck by faults.

use axum::Router;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{Response, StatusCode, Uri};
use axum::response::IntoResponse;
use axum::routing::get;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::operation::Operation;
use super::respond;
use super::signature::is_region;
use super::world::{SharedWorld, World, lock};
use crate::faults::Rule;
use crate::model::{EventOptions, ProxyHealth, RolloutOutcome, RolloutScript, Share, Timings};

const CLOCK: &str = r#"POST /_sim/clock takes {"advance_s": seconds}, {"speed": virtual seconds per second}, or both"#;
const ROLLOUT: &str = r#"POST /_sim/rollout takes {"service": "<cluster>/<service>", "seconds": 30, "outcome": "complete|fail|stall", "region": optional}"#;
const TASKS: &str = r#"POST /_sim/tasks takes {"service": "<cluster>/<service>", "proxies": "healthy|unhealthy|unknown", "region": optional}, {"network": "private|loopback", "region": optional}, or both"#;
const SHARES: &str = r#"POST /_sim/shares takes {"name": "<namespace>", "account": "<twelve digits, another account>", "share": "full|without-permission|withdrawn", "region": optional}"#;
const FAULTS: &str = r#"POST /_sim/faults takes a list of {"op": "ecs.DescribeServices", "nth": 1, "kind": "throttle|error-before|error-after|timeout-before|timeout-after|stale|partial|denied|html", "times": 1, "lag_s": only for stale}; op may be "*" or "ecs.*""#;
const EVENTS: &str = r#"POST /_sim/events takes {"lost_per_mille": 0 to 1000, "doubled_per_mille": 0 to 1000, "delay_ms": [shortest, longest, at most 900000], "reordered": true|false, "tag_change": true|false, "deployment_names_cluster": true|false}, or some of them"#;
const REACH: &str = "GET /_sim/reach takes ?from=<cluster>/<service>&name=<dns name>&port=<number>&region=<optional>";
const REGION: &str =
    "takes ?region=<region> or nothing, which means the region that was called first";

/// A call that was refused: the status and what is allowed.
struct Refused(StatusCode, String);

type Answered = Result<Response<Body>, Refused>;

impl IntoResponse for Refused {
    fn into_response(self) -> Response<Body> {
        respond::json(self.0, json!({ "message": self.1 }).to_string().into_bytes())
    }
}

/// The routes, without state.
pub(super) fn routes() -> Router<SharedWorld> {
    Router::new()
        .route("/_sim/calls", get(calls).delete(reset_calls))
        .route("/_sim/log", get(log).delete(clear_log))
        .route("/_sim/clock", get(clock).post(pace))
        .route("/_sim/rollout", axum::routing::post(rollout))
        .route("/_sim/tasks", axum::routing::post(set_tasks))
        .route("/_sim/shares", axum::routing::post(share))
        .route("/_sim/faults", get(faults).post(post_faults).delete(clear_faults))
        .route("/_sim/events", get(events).post(set_events))
        .route("/_sim/state", get(state))
        .route("/_sim/reach", get(reach))
}

/// What is answered where there is nothing.
pub(super) fn nowhere(uri: &Uri) -> Response<Body> {
    let message = format!(
        "There is nothing at {}. AWS calls are POST /; the simulator's own are GET|DELETE /_sim/calls, \
         GET|DELETE /_sim/log, GET|POST /_sim/clock, POST /_sim/rollout, POST /_sim/tasks, POST /_sim/shares, \
         GET|POST|DELETE /_sim/faults, GET|POST /_sim/events, \
         GET /_sim/state and GET /_sim/reach.",
        uri.path()
    );
    Refused(StatusCode::NOT_FOUND, message).into_response()
}

/// What is answered to a method that a path does not know.
pub(super) async fn wrong_method(uri: Uri) -> Response<Body> {
    let mut response = nowhere(&uri);
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response
}

async fn calls(State(world): State<SharedWorld>) -> Answered {
    let calls = lock(&world).calls().clone();
    shown(&calls)
}

async fn reset_calls(State(world): State<SharedWorld>) -> Answered {
    lock(&world).reset_calls();
    shown(&json!({}))
}

async fn log(State(world): State<SharedWorld>) -> Answered {
    let log: Vec<_> = lock(&world).mutations().into_iter().cloned().collect();
    shown(&log)
}

async fn clear_log(State(world): State<SharedWorld>) -> Answered {
    lock(&world).clear_mutations();
    shown(&json!([]))
}

async fn clock(State(world): State<SharedWorld>) -> Answered {
    let reading = lock(&world).reading();
    shown(&reading)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PaceOrder {
    advance_s: Option<f64>,
    speed: Option<f64>,
}

async fn pace(State(world): State<SharedWorld>, body: Bytes) -> Answered {
    let order: PaceOrder = read(&body, CLOCK)?;
    if order.advance_s.is_none() && order.speed.is_none() {
        return Err(bad(CLOCK));
    }
    let mut world = lock(&world);
    world.pace(order.speed, order.advance_s).map_err(|error| bad(&error.to_string()))?;
    shown(&world.reading())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RolloutOrder {
    service: String,
    seconds: Option<u64>,
    outcome: Option<String>,
    region: Option<String>,
}

async fn rollout(State(world): State<SharedWorld>, body: Bytes) -> Answered {
    let order: RolloutOrder = read(&body, ROLLOUT)?;
    let ending = order.outcome.unwrap_or_else(|| "complete".to_owned());
    let outcome = RolloutOutcome::parse(&ending).ok_or_else(|| bad(ROLLOUT))?;
    let seconds = order.seconds.unwrap_or(Timings::default().rollout_seconds);
    if !is_cluster_and_service(&order.service) {
        return Err(bad(&format!("{:?} is not <cluster>/<service>. {ROLLOUT}", order.service)));
    }
    // The service need not exist yet: its first deployment is a rollout too.
    with_model(&world, order.region.as_deref(), ROLLOUT, |world, region| {
        world.model_of(region).set_rollout(&order.service, RolloutScript { seconds, outcome });
    })?;
    shown(&json!({ "service": order.service, "seconds": seconds, "outcome": ending }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TasksOrder {
    service: Option<String>,
    proxies: Option<String>,
    network: Option<String>,
    region: Option<String>,
}

/// How the proxies of a service's running tasks fare, and in which network all tasks are, from now on.
async fn set_tasks(State(world): State<SharedWorld>, body: Bytes) -> Answered {
    let TasksOrder { service, proxies, network, region } = read(&body, TASKS)?;
    let health = match (&service, &proxies) {
        (Some(service), Some(told)) if is_cluster_and_service(service) => {
            Some((service.clone(), ProxyHealth::parse(told).ok_or_else(|| bad(TASKS))?))
        }
        (None, None) if network.is_some() => None,
        _ => return Err(bad(TASKS)),
    };
    let on_loopback = match network.as_deref() {
        None => None,
        Some("private") => Some(false),
        Some("loopback") => Some(true),
        Some(_) => return Err(bad(TASKS)),
    };
    with_model(&world, region.as_deref(), TASKS, |world, region| {
        let model = world.model_of(region);
        if let Some((service, health)) = &health {
            model.set_proxies(service, *health);
        }
        if let Some(on_loopback) = on_loopback {
            model.set_on_loopback(on_loopback);
        }
    })?;
    let mut set = serde_json::Map::new();
    for (name, word) in [("service", service), ("proxies", proxies), ("network", network)] {
        set.extend(word.map(|word| (name.to_owned(), Value::from(word))));
    }
    shown(&set)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShareOrder {
    name: String,
    account: String,
    share: Option<String>,
    region: Option<String>,
}

/// A namespace of another account is shared with this one.
async fn share(State(world): State<SharedWorld>, body: Bytes) -> Answered {
    let order: ShareOrder = read(&body, SHARES)?;
    let permitted = order.share.unwrap_or_else(|| "full".to_owned());
    let share = Share::parse(&permitted).ok_or_else(|| bad(SHARES))?;
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
    if order.name.is_empty()
        || !is_account(&order.account)
        || order.account == lock(&world).account()
    {
        return Err(bad(SHARES));
    }
    let arn = with_model(&world, order.region.as_deref(), SHARES, |world, region| {
        world.model_of(region).share_namespace(&order.name, &order.account, share)
    })?;
    shown(&json!({ "arn": arn, "share": permitted }))
}

fn is_cluster_and_service(text: &str) -> bool {
    matches!(text.split_once('/'), Some((cluster, service))
        if !cluster.is_empty() && !service.is_empty() && !service.contains('/'))
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    More(Vec<Value>),
    One(Value),
}

async fn faults(State(world): State<SharedWorld>) -> Answered {
    shown(&posted(&lock(&world)))
}

async fn post_faults(State(world): State<SharedWorld>, body: Bytes) -> Answered {
    let rules = match read(&body, FAULTS)? {
        OneOrMore::More(rules) => rules,
        OneOrMore::One(rule) => vec![rule],
    };
    // Read one by one, so that what is wrong with a rule is said of the rule.
    let rules: Result<Vec<Rule>, _> = rules.into_iter().map(serde_json::from_value).collect();
    let rules = rules.map_err(|error| bad(&format!("{error}. {FAULTS}")))?;
    if let Some(rule) = rules.iter().find(|rule| !Operation::is_known_pattern(&rule.op)) {
        let names: Vec<_> = Operation::names().collect();
        let message =
            format!("There is no op {:?}: use *, ecs.* or one of {}", rule.op, names.join(", "));
        return Err(bad(&message));
    }
    let mut world = lock(&world);
    world.faults.post(rules).map_err(|error| bad(&error.to_string()))?;
    shown(&posted(&world))
}

async fn clear_faults(State(world): State<SharedWorld>) -> Answered {
    let mut world = lock(&world);
    world.faults.clear();
    shown(&posted(&world))
}

/// The rules that are not spent, and how often each kind has struck.
fn posted(world: &World) -> Value {
    json!({ "rules": world.faults.live(), "struck": world.faults.struck() })
}

async fn events(State(world): State<SharedWorld>) -> Answered {
    let events = lock(&world).event_options();
    shown(&events)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventsOrder {
    lost_per_mille: Option<u32>,
    doubled_per_mille: Option<u32>,
    delay_ms: Option<[u64; 2]>,
    reordered: Option<bool>,
    tag_change: Option<bool>,
    deployment_names_cluster: Option<bool>,
}

/// How events are sent from now on, in every region; what is left out stays.
async fn set_events(State(world): State<SharedWorld>, body: Bytes) -> Answered {
    /// As long as SQS lets a sender delay a message.
    const DELAY_MS_MAX: u64 = 900_000;
    let order: EventsOrder = read(&body, EVENTS)?;
    let mut world = lock(&world);
    let old = world.event_options();
    let new = EventOptions {
        lost_per_mille: order.lost_per_mille.unwrap_or(old.lost_per_mille),
        doubled_per_mille: order.doubled_per_mille.unwrap_or(old.doubled_per_mille),
        delay_ms: order.delay_ms.unwrap_or(old.delay_ms),
        reordered: order.reordered.unwrap_or(old.reordered),
        tag_change: order.tag_change.unwrap_or(old.tag_change),
        deployment_names_cluster: order
            .deployment_names_cluster
            .unwrap_or(old.deployment_names_cluster),
    };
    let [shortest, longest] = new.delay_ms;
    if new.lost_per_mille.max(new.doubled_per_mille) > 1000
        || shortest > longest
        || longest > DELAY_MS_MAX
    {
        return Err(bad(EVENTS));
    }
    world.set_event_options(new);
    shown(&new)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Where {
    region: Option<String>,
}

async fn state(State(world): State<SharedWorld>, uri: Uri) -> Answered {
    let asked: Where = query(&uri, REGION)?;
    let state = with_model(&world, asked.region.as_deref(), REGION, |world, region| {
        world.model_of(region).state()
    })?;
    shown(&state)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReachQuestion {
    from: String,
    name: String,
    port: u32,
    region: Option<String>,
}

async fn reach(State(world): State<SharedWorld>, uri: Uri) -> Answered {
    let asked: ReachQuestion = query(&uri, REACH)?;
    let reach = with_model(&world, asked.region.as_deref(), REACH, |world, region| {
        world.model_of(region).reach(&asked.from, &asked.name, asked.port)
    })?;
    shown(&reach)
}

/// Asks the model of `region`, or of the home if none is named.
fn with_model<T>(
    world: &SharedWorld,
    region: Option<&str>,
    allowed: &str,
    ask: impl FnOnce(&mut World, &str) -> T,
) -> Result<T, Refused> {
    let mut world = lock(world);
    let region = region.map_or_else(|| world.home().to_owned(), str::to_owned);
    if !is_region(&region) {
        return Err(bad(&format!("{region:?} is not a region. {allowed}")));
    }
    Ok(ask(&mut world, &region))
}

fn read<T: DeserializeOwned>(body: &[u8], allowed: &str) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| bad(&format!("{error}. {allowed}")))
}

fn query<T: DeserializeOwned>(uri: &Uri, allowed: &str) -> Result<T, Refused> {
    match Query::try_from_uri(uri) {
        Ok(Query(asked)) => Ok(asked),
        Err(error) => Err(bad(&format!("{}. {allowed}", error.body_text()))),
    }
}

fn bad(message: &str) -> Refused {
    Refused(StatusCode::BAD_REQUEST, message.to_owned())
}

fn shown<T: Serialize>(answer: &T) -> Answered {
    let body = serde_json::to_vec(answer)
        .map_err(|error| Refused(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    Ok(respond::json(StatusCode::OK, body))
}
