//! Making a Cloud Map namespace: one request, and then a look now and again until the operation it began has ended.
//!
//! **Invariant:** asking again is the same request. `CreatorRequestId` follows from the wish alone
//! (SD:CreateHttpNamespaceRequest), an operation that is under way already is followed in place of a new one
//! (`DuplicateRequest`), and a namespace that is there is success (`NamespaceAlreadyExists`). So the caller may
//! stop listening at any time, and nothing here is ever undone.

use std::error::Error;
use std::time::Duration;

use aws_sdk_servicediscovery::types::error::{
    DuplicateRequest, NamespaceAlreadyExists, ResourceLimitExceeded,
};
use aws_sdk_servicediscovery::types::{
    Operation as Running, OperationStatus, OperationTargetType, OperationType,
};
use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::namespace::NewNamespace;

use crate::fault;
use crate::operation::Operation;
use crate::pace::Lane;
use crate::world::World;

/// How often an operation is looked at. With pauses of half a second, then twice as long each up to eight seconds,
/// the last look comes after two minutes; AWS documents no duration.
const LOOKS: u32 = 19;
/// The longest pause is so many times the first.
const LONGEST_PAUSE: u32 = 16;
/// The description of the namespace, for people.
const DESCRIPTION: &str = "Made by eastwest for ECS Service Connect";

/// What a request for a namespace came to.
enum Begun {
    /// An operation makes it, ours or one that was under way.
    Operation(String),
    /// It is there.
    There(String),
    /// The account has as many as it may have.
    Full,
}

impl World {
    /// The id of a namespace as wanted, made where it is not there.
    pub(crate) async fn create_namespace(&self, new: &NewNamespace) -> Result<String, Fault> {
        let operation = match new.vpc {
            None => Operation::CreateHttpNamespace,
            Some(_) => Operation::CreatePrivateDnsNamespace,
        };
        match self.begin_namespace(operation, new).await? {
            Begun::Operation(id) => self.follow(operation, &id).await,
            Begun::There(namespace) => Ok(namespace),
            Begun::Full => Err(Fault::new(FaultKind::Refused, operation.id(), FULL)),
        }
    }

    async fn begin_namespace(
        &self,
        operation: Operation,
        new: &NewNamespace,
    ) -> Result<Begun, Fault> {
        let (name, request) = (new.name.as_str(), new.request_id());
        let begun = match &new.vpc {
            None => {
                let asked = self.cloud_map_writes.create_http_namespace().name(name);
                let asked = asked.creator_request_id(request).description(DESCRIPTION);
                let sent = async {
                    match asked.send().await {
                        Ok(answer) => Ok(answer.operation_id.map(Begun::Operation)),
                        Err(error) => already(&error).map(Some).ok_or(error),
                    }
                };
                self.call(operation, Lane::Urgent, sent).await?
            }
            Some(vpc) => {
                let asked = self.cloud_map_writes.create_private_dns_namespace().name(name);
                let asked = asked.vpc(vpc).creator_request_id(request).description(DESCRIPTION);
                let sent = async {
                    match asked.send().await {
                        Ok(answer) => Ok(answer.operation_id.map(Begun::Operation)),
                        Err(error) => already(&error).map(Some).ok_or(error),
                    }
                };
                self.call(operation, Lane::Urgent, sent).await?
            }
        };
        begun.ok_or_else(|| unreadable(operation, "the answer names no operation"))
    }

    /// Looks at an operation until it has ended: the id of the namespace it made.
    async fn follow(&self, making: Operation, id: &str) -> Result<String, Fault> {
        for look in 1..=LOOKS {
            let request = self.cloud_map.get_operation().operation_id(id);
            let sent = request.send();
            let answer = self.call(Operation::GetOperation, Lane::Urgent, sent).await?;
            let nothing = "the answer holds no operation";
            let running =
                answer.operation.ok_or_else(|| unreadable(Operation::GetOperation, nothing))?;
            if let Some(ended) = outcome(making, &running) {
                return ended;
            }
            if look < LOOKS {
                tokio::time::sleep(pause(self.first_pause, look)).await;
            }
        }
        let text = format!(
            "Cloud Map's operation {id} has not ended yet; it goes on, and so does the wish"
        );
        Err(Fault::new(FaultKind::TimedOut, making.id(), &text))
    }
}

/// The pause after that look; the first is 1.
fn pause(first: Duration, look: u32) -> Duration {
    first * 2_u32.saturating_pow(look - 1).min(LONGEST_PAUSE)
}

const FULL: &str = "ResourceLimitExceeded: the account has as many Cloud Map namespaces in this Region as its quota allows (50 unless raised): raise \"namespaces per Region\" in Service Quotas, or name one that is there";

/// What a failed request reveals about the namespace: that it is there, being created, or one too many.
fn already(error: &(dyn Error + 'static)) -> Option<Begun> {
    let twin = |twin: &DuplicateRequest| twin.duplicate_operation_id().map(str::to_owned);
    if let Some(id) = fault::find::<DuplicateRequest>(error).and_then(twin) {
        return Some(Begun::Operation(id));
    }
    let there = |there: &NamespaceAlreadyExists| there.namespace_id().map(str::to_owned);
    if let Some(id) = fault::find::<NamespaceAlreadyExists>(error).and_then(there) {
        return Some(Begun::There(id));
    }
    fault::find::<ResourceLimitExceeded>(error).map(|_| Begun::Full)
}

/// How an operation ended, if it has. What is in the way of ours may be a deletion: that one makes nothing.
fn outcome(making: Operation, running: &Running) -> Option<Result<String, Fault>> {
    if let Some(kind) = running.r#type().filter(|kind| **kind != OperationType::CreateNamespace) {
        let text = format!("another operation is under way: {}", kind.as_str());
        return Some(Err(Fault::new(FaultKind::Refused, making.id(), &text)));
    }
    match running.status()? {
        OperationStatus::Success => {
            let made = running.targets().and_then(|all| all.get(&OperationTargetType::Namespace));
            let unnamed = || unreadable(Operation::GetOperation, "the answer names no namespace");
            Some(made.cloned().ok_or_else(unnamed))
        }
        OperationStatus::Fail => {
            let (code, text) = (running.error_code(), running.error_message());
            Some(Err(fault::of_failed_operation(making, code, text)))
        }
        _ => None,
    }
}

fn unreadable(operation: Operation, message: &str) -> Fault {
    Fault::new(FaultKind::Unreadable, operation.id(), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_followed_for_about_two_minutes() {
        let total: Duration = (1..LOOKS).map(|look| pause(Duration::from_millis(500), look)).sum();
        assert_eq!(total, Duration::from_millis(119_500));
    }
}
