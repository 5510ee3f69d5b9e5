//! Creates a namespace as the real adapter does: one request, then reads of the operation until it ends.

use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::namespace::NewNamespace;
use serde_json::Value;

use super::calls::{Aws, fault_of};
use super::in_flight::{Reply, Request};
use super::pages::unreadable;
use crate::shapes::ApiError;
use crate::shapes::cloud_map::{
    CreateHttpNamespaceRequest, CreatePrivateDnsNamespaceRequest, GetOperationRequest, Operation,
    OperationStatus, OperationType,
};

/// How often an operation is read, and the pauses between: two minutes in all.
const LOOKS: u32 = 19;
const FIRST_PAUSE_MS: u64 = 500;
const LONGEST_PAUSE_MS: u64 = 8_000;

/// The outcome of a request for a namespace.
enum Begun {
    Operation(String),
    There(String),
}

impl Aws {
    pub(super) async fn create_namespace(&self, new: &NewNamespace) -> Result<String, Fault> {
        let request = request(new);
        let op = request.op();
        let begun = match self.post(request).await? {
            Ok(Reply::Operation(answer)) => Begun::Operation(answer.operation_id),
            Ok(_) => return Err(unreadable(op, "the answer names no operation")),
            Err(error) => told(&error).ok_or_else(|| fault_of(op, &error))?,
        };
        match begun {
            Begun::Operation(id) => self.follow(op, &id).await,
            Begun::There(namespace) => Ok(namespace),
        }
    }

    async fn follow(&self, making: &'static str, id: &str) -> Result<String, Fault> {
        let request = GetOperationRequest { operation_id: id.to_owned() };
        let mut pause = FIRST_PAUSE_MS;
        for look in 1..=LOOKS {
            let read = self
                .read("servicediscovery.GetOperation", |model, _| model.get_operation(&request));
            if let Some(ended) = outcome(making, read.await?.operation) {
                return ended;
            }
            if look < LOOKS {
                self.clock.sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE_MS);
            }
        }
        let text = format!(
            "Cloud Map's operation {id} has not ended yet; it goes on, and so does the wish"
        );
        Err(Fault::new(FaultKind::TimedOut, making, &text))
    }
}

fn request(new: &NewNamespace) -> Request {
    let (name, id) = (new.name.to_string(), Some(new.request_id()));
    let description = Some("Made by eastwest for ECS Service Connect".to_owned());
    match &new.vpc {
        None => Request::CreateHttpNamespace(CreateHttpNamespaceRequest {
            name,
            creator_request_id: id,
            description,
            ..CreateHttpNamespaceRequest::default()
        }),
        Some(vpc) => Request::CreatePrivateDnsNamespace(CreatePrivateDnsNamespaceRequest {
            name,
            creator_request_id: id,
            description,
            vpc: vpc.clone(),
            ..CreatePrivateDnsNamespaceRequest::default()
        }),
    }
}

/// What a refusal says of the namespace, if it says something.
fn told(error: &ApiError) -> Option<Begun> {
    let member = |name: &str| error.members.get(name).and_then(Value::as_str).map(str::to_owned);
    match error.code {
        "DuplicateRequest" => member("DuplicateOperationId").map(Begun::Operation),
        "NamespaceAlreadyExists" => member("NamespaceId").map(Begun::There),
        _ => None,
    }
}

fn outcome(making: &str, mut operation: Operation) -> Option<Result<String, Fault>> {
    if operation.kind != OperationType::CreateNamespace {
        let text = format!("another operation is under way: {}", operation.kind.as_str());
        return Some(Err(Fault::new(FaultKind::Refused, making, &text)));
    }
    match operation.status {
        OperationStatus::Success => {
            let unnamed =
                || unreadable("servicediscovery.GetOperation", "the answer names no namespace");
            Some(operation.targets.remove("NAMESPACE").ok_or_else(unnamed))
        }
        OperationStatus::Fail => {
            let code = operation.error_code.unwrap_or_else(|| "no error code".to_owned());
            let kind = match code.as_str() {
                "ACCESS_DENIED" => FaultKind::Denied,
                "THROTTLED_REQUEST" => FaultKind::Throttled,
                "EXPIRED_TOKEN" => FaultKind::NoCredentials,
                "INTERNAL_FAILURE" => FaultKind::ServerError,
                _ => FaultKind::Refused,
            };
            let text = operation.error_message.unwrap_or_default();
            Some(Err(Fault::new(kind, making, &format!("{code}: {text}"))))
        }
        OperationStatus::Submitted | OperationStatus::Pending => None,
    }
}
