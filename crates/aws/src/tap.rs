//! What every call asked and what AWS answered, whole, for who writes it down.
//!
//! The SDK's types lose members that they do not know, so the JSON itself is handed on. It may hold secrets: nothing here
//! keeps or prints it.

use std::sync::Arc;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, Metadata};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use eastwest_core::ecs::fault::FaultKind;
use serde_json::Value;

use crate::fault;
use crate::operation::Operation;
use crate::text::one_line;

/// What one call asked, and what came of it after all its attempts.
pub struct Heard {
    /// The call.
    pub(crate) operation: Operation,
    /// Its request.
    pub(crate) request: Value,
    /// The whole answer.
    pub(crate) outcome: Result<Value, Refusal>,
}

/// Why a call has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// What kind of fault it is.
    pub(crate) kind: FaultKind,
    /// AWS's error code, if AWS answered.
    pub(crate) code: Option<String>,
    /// AWS's own text, in one line.
    pub(crate) message: String,
}

/// Receives what every call came to.
pub type OnAnswer = Arc<dyn Fn(Heard) + Send + Sync>;

/// An answer may hold secrets.
impl std::fmt::Debug for Heard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Heard").field("operation", &self.operation).finish_non_exhaustive()
    }
}

/// Watches every call of one client.
pub(crate) struct Tap {
    /// The API the client speaks.
    pub(crate) api: &'static str,
    /// Receives what each call came to.
    pub(crate) on_answer: OnAnswer,
}

impl std::fmt::Debug for Tap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tap").field("api", &self.api).finish_non_exhaustive()
    }
}

/// The request of a call under way.
struct Asked(Value);

impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Asked")
    }
}

impl Storable for Asked {
    type Storer = StoreReplace<Self>;
}

#[dyn_dispatch_hint]
impl Intercept for Tap {
    fn name(&self) -> &'static str {
        "Tap"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = json_of(context.request().body().bytes());
        config.interceptor_state().store_put(Asked(request.unwrap_or_default()));
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let name = config.load::<Metadata>().map(Metadata::name);
        let Some(operation) = name.and_then(|name| Operation::find(self.api, name)) else {
            return Ok(());
        };
        let request = config.load::<Asked>().map(|asked| asked.0.clone()).unwrap_or_default();
        (self.on_answer)(Heard { operation, request, outcome: outcome(context) });
        Ok(())
    }
}

fn outcome(context: &FinalizerInterceptorContextRef<'_>) -> Result<Value, Refusal> {
    let answer = context.response();
    match fault::of_attempt(context) {
        Ok(()) => {
            let body = answer.and_then(|answer| json_of(answer.body().bytes()));
            body.ok_or_else(|| Refusal::without_code(FaultKind::Unreadable))
        }
        Err(kind) => Err(answer
            .and_then(|raw| Refusal::of(kind, raw))
            .unwrap_or_else(|| Refusal::without_code(kind))),
    }
}

fn json_of(body: Option<&[u8]>) -> Option<Value> {
    body.and_then(|body| serde_json::from_slice(body).ok())
}

impl Refusal {
    /// A refusal in AWS's words. What AWS says of rejected credentials quotes headers, so of it only the code is kept.
    fn of(kind: FaultKind, raw: &HttpResponse) -> Option<Self> {
        let code = fault::raw_code(raw)?;
        let body = json_of(raw.body().bytes()).unwrap_or_default();
        let text = body.get("message").or_else(|| body.get("Message")).and_then(Value::as_str);
        let text = text.filter(|_| kind != FaultKind::NoCredentials).unwrap_or_default();
        Some(Self { kind, code: Some(code), message: one_line(text) })
    }

    fn without_code(kind: FaultKind) -> Self {
        let words: &'static str = kind.into();
        Self { kind, code: None, message: words.to_owned() }
    }
}
