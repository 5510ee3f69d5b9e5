//! What becomes of one AWS call: counted, rationed, struck by a fault, or simply done.
//!
//! **Invariant:** everything about one call happens in one stay under the world's lock, so that the
//! counts, the faults and the effects of concurrent calls agree on one order. What is slow (reading
//! the request, writing the answer, keeping silent) happens outside it.

use serde_json::Value;

use super::api::{self, Api};
use super::operation::Operation;
use super::partial;
use super::request::{self, Answer, Ready, Said};
use super::world::World;
use crate::faults::{Kind, Strike};
use crate::model::AsOf;
use crate::shapes::ApiError;

/// The call whose answer can be worth waiting for.
const RECEIVE: &str = "sqs.ReceiveMessage";

fn is_empty(answer: &dyn Answer) -> bool {
    answer.to_json() == b"{}"
}

/// One AWS call as it arrived.
pub(super) struct Call<'a> {
    pub(super) operation: &'static Operation,
    /// From the credential scope.
    pub(super) region: &'a str,
    /// The caller's user agent.
    pub(super) caller: &'a str,
    /// Whose permissions count.
    pub(super) access_key: &'a str,
    pub(super) body: &'a [u8],
}

/// What the caller gets.
pub(super) enum Reply {
    /// An answer.
    Answer(Box<dyn Answer>),
    /// An answer that a fault has changed.
    Edited(Value),
    /// A queue had no message; the caller may want to wait for one.
    NothingYet,
    /// An error in AWS's form.
    Refused(ApiError),
    /// A page of a proxy that is not AWS.
    Page,
    /// Nothing.
    Silence,
}

impl From<Said> for Reply {
    fn from(said: Said) -> Self {
        match said {
            Ok(answer) => Self::Answer(answer),
            Err(error) => Self::Refused(error),
        }
    }
}

impl Call<'_> {
    /// Reads the request; the world need not be locked.
    pub(super) fn read(&self) -> Result<Ready, ApiError> {
        self.read_as(self.body)
    }

    /// Does the call, or what the faults make of it.
    pub(super) fn perform(&self, world: &mut World, ready: Result<Ready, ApiError>) -> Reply {
        let op = self.operation.name;
        world.count(op);
        let now = world.now();
        if !world.quotas.take(op, self.region, now) {
            return Reply::Refused(api::throttled(op));
        }
        if let Some(refusal) = self.not_authorized(world) {
            return Reply::Refused(refusal);
        }
        match world.faults.strike(op) {
            None => match self.run(world, ready, AsOf::Now) {
                Ok(answer) if op == RECEIVE && is_empty(&*answer) => Reply::NothingYet,
                said => said.into(),
            },
            Some(strike) => self.perform_struck(world, ready, strike),
        }
    }

    /// The refusal of IAM, if policies bind this caller and miss what the call needs.
    fn not_authorized(&self, world: &mut World) -> Option<ApiError> {
        let policies = world.policies()?.clone();
        let bound = policies.bind(self.access_key);
        let model = world.model_of(self.region);
        bound.then(|| policies.refusal(self.operation.name, self.body, model)).flatten()
    }

    fn perform_struck(
        &self,
        world: &mut World,
        ready: Result<Ready, ApiError>,
        strike: Strike,
    ) -> Reply {
        let internal = || Reply::Refused(self.api().internal());
        match strike.kind {
            Kind::Throttle => Reply::Refused(api::throttled(self.operation.name)),
            Kind::Denied => Reply::Refused(self.denied(world.account())),
            Kind::Html => Reply::Page,
            Kind::ErrorBefore => internal(),
            Kind::TimeoutBefore => Reply::Silence,
            Kind::ErrorAfter => {
                drop(self.run(world, ready, AsOf::Now));
                internal()
            }
            Kind::TimeoutAfter => {
                drop(self.run(world, ready, AsOf::Now));
                Reply::Silence
            }
            Kind::Stale => {
                let lag_ms = u64::try_from(strike.lag.as_millis()).unwrap_or(u64::MAX);
                let as_of = AsOf::At(world.now().minus_ms(lag_ms));
                self.run(world, ready, as_of).into()
            }
            Kind::Partial => self.perform_partly(world, ready, strike),
        }
    }

    fn perform_partly(
        &self,
        world: &mut World,
        ready: Result<Ready, ApiError>,
        strike: Strike,
    ) -> Reply {
        let op = self.operation.name;
        match partial::cut(op, self.body, strike.count) {
            partial::Cut::Shorter(body) => self.run(world, self.read_as(&body), AsOf::Now).into(),
            partial::Cut::Answer(edit) => match self.run(world, ready, AsOf::Now) {
                Ok(answer) => Reply::Edited(edit(answer.to_value())),
                Err(error) => Reply::Refused(error),
            },
        }
    }

    fn run(&self, world: &mut World, ready: Result<Ready, ApiError>, as_of: AsOf) -> Said {
        let ready = ready?;
        let model = world.model_of(self.region);
        model.set_caller(self.caller);
        ready(model, as_of)
    }

    fn read_as(&self, body: &[u8]) -> Result<Ready, ApiError> {
        let body = partial::original(self.operation.name, request::or_empty(body));
        let ready = (self.operation.read)(&body)?;
        request::check_required(&body, self.operation.required, self.api())?;
        Ok(ready)
    }

    fn api(&self) -> Api {
        self.operation.api()
    }

    /// IAM's refusal, naming the resource as the request does.
    fn denied(&self, account: &str) -> ApiError {
        let body: Value = serde_json::from_slice(self.body).unwrap_or_default();
        let named = |member: &str| body.get(member).and_then(Value::as_str);
        let arn = |path: &str| format!("arn:aws:ecs:{}:{account}:{path}", self.region);
        let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
        if let Some(queue) = named("QueueUrl").or(named("QueueName")) {
            let resource = format!("arn:aws:sqs:{}:{account}:{}", self.region, last(queue));
            return api::denied(self.operation.name, account, &resource);
        }
        let cluster = last(named("cluster").unwrap_or("default"));
        let resource = match (named("service").or(named("serviceName")), named("cluster")) {
            (Some(service), _) if service.starts_with("arn:") => service.to_owned(),
            (Some(service), _) => arn(&format!("service/{cluster}/{}", last(service))),
            (None, Some(_)) => arn(&format!("cluster/{cluster}")),
            (None, None) => named("resourceArn").unwrap_or("*").to_owned(),
        };
        api::denied(self.operation.name, account, &resource)
    }
}
