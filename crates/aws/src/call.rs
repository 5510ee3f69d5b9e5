//! One call: wait for its turn, make it, classify what came. All calls go through here.
//!
//! The [`Meter`] sits inside the SDK and sees every attempt, the repeated ones too: each is reported to
//! the counter of calls, and repetitions and throttled answers to the pace.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, Metadata};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use eastwest_core::ecs::fault::{Fault, FaultKind};

use crate::fault::{self, Denied};
use crate::operation::Operation;
use crate::pace::{Bucket, Lane, Pace};
use crate::world::World;

/// One attempt of a call to AWS. Every text that a metric wants is of a closed set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The API: `ecs`, `servicediscovery`, `ssm`, `sqs` or `dynamodb`.
    pub api: &'static str,
    /// The operation: `ListServices`.
    pub operation: &'static str,
    /// The token bucket that AWS counts it in.
    pub bucket: Bucket,
    /// `ok`, or the name of a [`FaultKind`].
    pub result: &'static str,
    /// How long the attempt took, waiting for its turn not included.
    pub duration: Duration,
    /// What AWS denied, if it did.
    pub denied: Option<Denied>,
}

impl Call {
    /// How faults call the operation: `ecs.ListServices`.
    pub fn id(&self) -> Option<&'static str> {
        Some(Operation::find(self.api, self.operation)?.id())
    }
}

/// Receives each [`Call`].
pub type OnCall = Arc<dyn Fn(Call) + Send + Sync>;

impl World {
    /// Makes one call when its turn comes. `sent` must be the call that `operation` names.
    ///
    /// The SDK's futures are some 16 KiB each; boxed here, none of ours is larger than it looks.
    pub(crate) fn call<T, E>(
        &self,
        operation: Operation,
        lane: Lane,
        sent: impl Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    ) -> impl Future<Output = Result<T, Fault>> + Send
    where
        E: ProvideErrorMetadata + Error + Send + 'static,
    {
        let sent = self.turn(operation, lane, sent);
        async move { sent.await.map_err(|error| fault::of(operation, &error)) }
    }

    /// Waits for the turn of a call, and then carries it out: for a call whose errors are answers too, or that depends on
    /// what is so when its turn comes.
    pub(crate) fn turn<T>(
        &self,
        operation: Operation,
        lane: Lane,
        sent: impl Future<Output = T> + Send,
    ) -> impl Future<Output = T> + Send {
        let sent = Box::pin(sent);
        async move {
            self.pace.wait(operation.bucket(), lane).await;
            sent.await
        }
    }
}

/// Watches every attempt of one client.
pub(crate) struct Meter {
    /// The API the client speaks.
    pub(crate) api: &'static str,
    /// Learns of repetitions and of throttling.
    pub(crate) pace: Arc<Pace>,
    /// Receives every attempt.
    pub(crate) on_call: OnCall,
}

/// An attempt under way.
#[derive(Debug)]
struct Attempt {
    number: u32,
    started: Instant,
}

impl Storable for Attempt {
    type Storer = StoreReplace<Self>;
}

impl Meter {
    fn operation(&self, config: &ConfigBag) -> Option<Operation> {
        Operation::find(self.api, config.load::<Metadata>()?.name())
    }
}

#[dyn_dispatch_hint]
impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "Meter"
    }

    fn read_before_attempt(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let number = config.load::<Attempt>().map_or(1, |earlier| earlier.number + 1);
        if let Some(operation) = self.operation(config).filter(|_| number > 1) {
            self.pace.repeated(operation.bucket());
        }
        config.interceptor_state().store_put(Attempt { number, started: Instant::now() });
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let (Some(operation), Some(attempt)) = (self.operation(config), config.load::<Attempt>())
        else {
            return Ok(());
        };
        let outcome = fault::of_attempt(context);
        if outcome == Err(FaultKind::Throttled) {
            self.pace.throttled(operation.bucket());
        }
        // Only an answer that denies is read once more: most are large, and say yes.
        let is_denied = outcome == Err(FaultKind::Denied);
        let denied = is_denied.then(|| fault::denied(operation, context)).flatten();
        (self.on_call)(Call {
            api: operation.api(),
            operation: operation.name(),
            bucket: operation.bucket(),
            result: outcome.map_or_else(Into::into, |()| "Ok"),
            duration: attempt.started.elapsed(),
            denied,
        });
        Ok(())
    }
}

impl std::fmt::Debug for Meter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meter").field("api", &self.api).finish_non_exhaustive()
    }
}
