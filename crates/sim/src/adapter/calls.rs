//! One call to the model as the network would carry it: it travels, meets the weather, is tried again.
//!
//! **Invariant:** a read is tried at most three times with a pause between, a write once, as the real adapter does. A
//! read happens at the instant its request arrives, so an effect of many calls sees many instants. A write that is on
//! its way arrives even if its sender has crashed.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::name::ParameterName;

use super::in_flight::{InFlight, Reply, Request, Sender, Written};
use super::virtual_time::VirtualClock;
use crate::faults::mishap::BegunCall;
use crate::faults::{Kind, Weather};
use crate::model::{AsOf, EcsServiceKey, Model};
use crate::shapes::{ApiError, Time};

/// The caller that eastwest's calls are logged under.
pub(crate) const CALLER: &str = "eastwest";
/// How often a read is tried.
const READ_ATTEMPTS: u32 = 3;
/// How long one attempt of a read may take.
pub(crate) const READ_TIMEOUT_MS: u64 = 10_000;
/// How long a call to the lease table may take: a seventh of the duration of a lease.
const LEASE_TIMEOUT_MS: u64 = 2_142;
/// How late a write to the lease table may take effect after its answer was lost.
const LATE_MS_MAX: u64 = 20_000;
/// How long a write may take.
pub(crate) const WRITE_TIMEOUT_MS: u64 = 30_000;

/// When and how completely a read is answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    pub(crate) as_of: AsOf,
    /// For a partial answer: a number that chooses its form.
    pub(crate) cut: Option<u32>,
}

/// AWS as the controller sees it: the model behind a network that delays and fails.
pub(crate) struct Aws {
    pub(crate) model: Rc<RefCell<Model>>,
    pub(crate) clock: Rc<VirtualClock>,
    pub(crate) weather: Rc<RefCell<Weather>>,
    /// What calls to the lease table meet: a random source of its own.
    pub(crate) lease_weather: Rc<RefCell<Weather>>,
    /// Writes on their way, by arrival.
    pub(crate) in_flight: Rc<RefCell<BTreeMap<(Time, u64), InFlight>>>,
    posted: Rc<Cell<u64>>,
    /// Whose calls these are.
    process: usize,
    /// When the last close look at each service was answered.
    pub(crate) looked: RefCell<BTreeMap<EcsServiceKey, Time>>,
    /// When each parameter was last asked for.
    pub(crate) asked: RefCell<BTreeMap<ParameterName, Time>>,
    /// What faults struck, for the trace.
    pub(crate) notes: RefCell<Vec<String>>,
}

impl Aws {
    pub(crate) fn new(model: Model, weather: Weather) -> Rc<Self> {
        let clock = Rc::new(VirtualClock::default());
        clock.set(model.now());
        Rc::new(Self {
            model: Rc::new(RefCell::new(model)),
            clock,
            weather: Rc::new(RefCell::new(weather)),
            lease_weather: Rc::new(RefCell::new(Weather::new(0))),
            in_flight: Rc::default(),
            posted: Rc::default(),
            process: 0,
            looked: RefCell::default(),
            asked: RefCell::default(),
            notes: RefCell::default(),
        })
    }

    /// A copy that is apart from this one; none while a write is on its way to a call that waits for its answer.
    pub(crate) fn at_rest(&self) -> Option<Rc<Self>> {
        let aws = || Self {
            model: Rc::new((*self.model).clone()),
            clock: Rc::new((*self.clock).clone()),
            weather: Rc::new((*self.weather).clone()),
            lease_weather: Rc::new((*self.lease_weather).clone()),
            in_flight: Rc::default(),
            posted: Rc::new((*self.posted).clone()),
            process: self.process,
            looked: self.looked.clone(),
            asked: self.asked.clone(),
            notes: self.notes.clone(),
        };
        self.in_flight.borrow().is_empty().then(|| Rc::new(aws()))
    }

    /// The same AWS, as another process sees it.
    pub(crate) fn beside(&self, process: usize) -> Rc<Self> {
        let clock = Rc::new(VirtualClock::default());
        clock.set(self.clock.now());
        Rc::new(Self {
            model: Rc::clone(&self.model),
            clock,
            weather: Rc::clone(&self.weather),
            lease_weather: Rc::clone(&self.lease_weather),
            in_flight: Rc::clone(&self.in_flight),
            posted: Rc::clone(&self.posted),
            process,
            looked: RefCell::default(),
            asked: RefCell::default(),
            notes: RefCell::default(),
        })
    }

    /// What a call meets.
    fn weather_of(&self, op: &str) -> &RefCell<Weather> {
        if is_of_leases(op) { &self.lease_weather } else { &self.weather }
    }

    /// One read, tried up to three times.
    pub(crate) async fn read<A>(
        &self,
        op: &'static str,
        ask: impl Fn(&Model, Reading) -> Result<A, ApiError>,
    ) -> Result<A, Fault> {
        let call = self.begin(op);
        let mut attempt = 1;
        loop {
            let answer = self.attempt(call, &ask).await;
            match answer {
                Err(fault) if attempt < READ_ATTEMPTS && is_worth_a_retry(fault.kind) => {
                    let pause = self.weather.borrow_mut().draw(1, 500 << (attempt - 1));
                    attempt += 1;
                    self.clock.sleep(pause).await;
                }
                answer => return answer,
            }
        }
    }

    /// One read, tried once.
    pub(crate) async fn read_once<A>(
        &self,
        op: &'static str,
        ask: impl Fn(&Model, Reading) -> Result<A, ApiError>,
    ) -> Result<A, Fault> {
        self.attempt(self.begin(op), ask).await
    }

    async fn attempt<A>(
        &self,
        call: BegunCall,
        ask: impl Fn(&Model, Reading) -> Result<A, ApiError>,
    ) -> Result<A, Fault> {
        let op = call.op;
        let fate = self.weather_of(op).borrow_mut().meet(call, self.clock.now());
        self.clock.sleep(fate.there_ms).await;
        let mut reading = Reading { as_of: AsOf::Now, cut: None };
        if let Some(strike) = fate.strike {
            self.note(op, strike.kind);
            match strike.kind {
                Kind::Stale => {
                    let lag = u64::try_from(strike.lag.as_millis()).unwrap_or(u64::MAX);
                    reading.as_of = AsOf::At(self.clock.now().minus_ms(lag));
                }
                Kind::Partial => reading.cut = Some(strike.count),
                kind => {
                    let silent = matches!(kind, Kind::TimeoutBefore | Kind::TimeoutAfter);
                    let patience =
                        if is_of_leases(op) { LEASE_TIMEOUT_MS } else { READ_TIMEOUT_MS };
                    let wait = if silent { patience - fate.there_ms } else { fate.back_ms };
                    self.clock.sleep(wait).await;
                    return Err(fault_of_kind(op, kind));
                }
            }
        }
        let refused = self.weather_of(op).borrow().refusal(op).cloned();
        let answer = match refused {
            Some(error) => Err(error),
            None => ask(&self.model.borrow(), reading),
        };
        self.clock.sleep(fate.back_ms).await;
        answer.map_err(|error| fault_of(op, &error))
    }

    /// One write, tried once; what AWS refuses is a fault.
    pub(crate) async fn write(&self, request: Request) -> Result<Reply, Fault> {
        let op = request.op();
        self.post(request).await?.map_err(|error| fault_of(op, &error))
    }

    /// One write, tried once. The answer may be a refusal from which the caller learns something.
    pub(crate) async fn post(&self, request: Request) -> Result<Written, Fault> {
        let op = request.op();
        let call = self.begin(op);
        let fate = self.weather_of(op).borrow_mut().meet(call, self.clock.now());
        let kind = fate.strike.map(|strike| strike.kind);
        if let Some(kind) = kind {
            self.note(op, kind);
        }
        let refused = self.weather_of(op).borrow().refusal(op).cloned();
        let takes_effect = match kind {
            _ if refused.is_some() => false,
            None | Some(Kind::ErrorAfter | Kind::TimeoutAfter) => true,
            // A proxy's page says nothing of what lies behind it.
            Some(Kind::Html) => fate.there_ms.is_multiple_of(2),
            Some(_) => false,
        };
        let answer = Rc::new(RefCell::new(None));
        if takes_effect {
            let told = kind.is_none();
            let sender = Sender { process: self.process, sent_at: self.clock.now() };
            let write = InFlight { request, answer: Rc::clone(&answer), told, sender };
            self.posted.set(self.posted.get() + 1);
            // A write to the lease table whose answer is lost may take effect long after.
            let is_late = is_of_leases(op) && kind == Some(Kind::TimeoutAfter);
            let late_ms =
                if is_late { self.weather_of(op).borrow_mut().draw(0, LATE_MS_MAX) } else { 0 };
            let arrival = self.clock.now().plus_ms(fate.there_ms + late_ms);
            self.in_flight.borrow_mut().insert((arrival, self.posted.get()), write);
        }
        let silent = matches!(kind, Some(Kind::TimeoutBefore | Kind::TimeoutAfter));
        let patience = if is_of_leases(op) { LEASE_TIMEOUT_MS } else { WRITE_TIMEOUT_MS };
        let wait = if silent { patience } else { fate.there_ms + fate.back_ms };
        self.clock.sleep(wait).await;
        match (kind, answer.take().or(refused.map(Err))) {
            (Some(kind), _) => Err(fault_of_kind(op, kind)),
            (None, Some(written)) => Ok(written),
            (None, None) => Err(fault_of_kind(op, Kind::TimeoutBefore)),
        }
    }

    fn begin(&self, op: &'static str) -> BegunCall {
        self.weather_of(op).borrow_mut().begin(op, self.clock.now())
    }

    fn note(&self, op: &str, kind: Kind) {
        self.notes.borrow_mut().push(format!("fault {kind:?} {op}"));
    }
}

/// Whether a call goes to the lease table.
fn is_of_leases(op: &str) -> bool {
    op.starts_with("dynamodb.")
}

/// What the SDK's standard retries try again.
fn is_worth_a_retry(kind: FaultKind) -> bool {
    use FaultKind::{ServerError, Throttled, TimedOut, Unreachable, Unreadable};
    matches!(kind, Throttled | ServerError | TimedOut | Unreachable | Unreadable)
}

fn fault_of_kind(op: &str, kind: Kind) -> Fault {
    let (kind, text) = match kind {
        Kind::Throttle => (FaultKind::Throttled, "ThrottlingException: Rate exceeded"),
        Kind::Denied => {
            (FaultKind::Denied, "AccessDeniedException: no identity-based policy allows the action")
        }
        Kind::ErrorBefore | Kind::ErrorAfter => (
            FaultKind::ServerError,
            "ServerException: Service Unavailable. Please try again later.",
        ),
        Kind::TimeoutBefore | Kind::TimeoutAfter | Kind::Stale | Kind::Partial => {
            (FaultKind::TimedOut, "no answer came in time")
        }
        Kind::Html => {
            (FaultKind::Unreadable, "HTTP 502: the answer is HTML, not JSON: Bad Gateway")
        }
    };
    Fault::new(kind, op, text)
}

/// Which fault one of AWS's refusals is.
pub(crate) fn fault_of(op: &str, error: &ApiError) -> Fault {
    let base = error.code.strip_suffix("Exception").unwrap_or(error.code);
    let kind = match base {
        "ClusterNotFound"
        | "NamespaceNotFound"
        | "OperationNotFound"
        | "ParameterNotFound"
        | "ParameterVersionNotFound"
        | "ResourceNotFound"
        | "ServiceNotFound"
        | "ServiceDeploymentNotFound" => FaultKind::NotFound,
        "Throttling" => FaultKind::Throttled,
        "AccessDenied" => FaultKind::Denied,
        _ if error.status >= 500 => FaultKind::ServerError,
        _ => FaultKind::Refused,
    };
    Fault::new(kind, op, &error.to_string())
}
