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

use super::in_flight::{InFlight, Reply, Request, Written};
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
    pub(crate) model: RefCell<Model>,
    pub(crate) clock: Rc<VirtualClock>,
    pub(crate) weather: RefCell<Weather>,
    /// Writes on their way, by arrival.
    pub(crate) in_flight: RefCell<BTreeMap<(Time, u64), InFlight>>,
    posted: Cell<u64>,
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
            model: RefCell::new(model),
            clock,
            weather: RefCell::new(weather),
            in_flight: RefCell::default(),
            posted: Cell::new(0),
            looked: RefCell::default(),
            asked: RefCell::default(),
            notes: RefCell::default(),
        })
    }

    /// A copy that is apart from this one; none while a write is on its way to a call that waits for its answer.
    pub(crate) fn at_rest(&self) -> Option<Rc<Self>> {
        let aws = || Self {
            model: self.model.clone(),
            clock: Rc::new((*self.clock).clone()),
            weather: self.weather.clone(),
            in_flight: RefCell::default(),
            posted: self.posted.clone(),
            looked: self.looked.clone(),
            asked: self.asked.clone(),
            notes: self.notes.clone(),
        };
        self.in_flight.borrow().is_empty().then(|| Rc::new(aws()))
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
        let fate = self.weather.borrow_mut().meet(call, self.clock.now());
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
                    let wait = if silent { READ_TIMEOUT_MS - fate.there_ms } else { fate.back_ms };
                    self.clock.sleep(wait).await;
                    return Err(fault_of_kind(op, kind));
                }
            }
        }
        let refused = self.weather.borrow().refusal(op).cloned();
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
        let fate = self.weather.borrow_mut().meet(call, self.clock.now());
        let kind = fate.strike.map(|strike| strike.kind);
        if let Some(kind) = kind {
            self.note(op, kind);
        }
        let refused = self.weather.borrow().refusal(op).cloned();
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
            let write = InFlight { request, answer: Rc::clone(&answer), told };
            self.posted.set(self.posted.get() + 1);
            let arrival = self.clock.now().plus_ms(fate.there_ms);
            self.in_flight.borrow_mut().insert((arrival, self.posted.get()), write);
        }
        let silent = matches!(kind, Some(Kind::TimeoutBefore | Kind::TimeoutAfter));
        let wait = if silent { WRITE_TIMEOUT_MS } else { fate.there_ms + fate.back_ms };
        self.clock.sleep(wait).await;
        match (kind, answer.take().or(refused.map(Err))) {
            (Some(kind), _) => Err(fault_of_kind(op, kind)),
            (None, Some(written)) => Ok(written),
            (None, None) => Err(fault_of_kind(op, Kind::TimeoutBefore)),
        }
    }

    fn begin(&self, op: &'static str) -> BegunCall {
        self.weather.borrow_mut().begin(op, self.clock.now())
    }

    fn note(&self, op: &str, kind: Kind) {
        self.notes.borrow_mut().push(format!("fault {kind:?} {op}"));
    }
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
