//! The five AWS APIs the simulator speaks: how a caller names them and how each words its refusals.
//!
//! **Invariant:** the texts and codes of refusals that belong to the protocol, not to the model, are
//! here and nowhere else. Every code is modelled for the API in question or is one of AWS's common
//! errors, because SDKs decide by the code whether to try again.
//!
//! Cloud Map's service model gives some errors the status 404, 409 or 429, while its API Reference
//! says 400 of all of them. The simulator says 400; SDKs look at the code.

use crate::shapes::ApiError;

/// One AWS API that speaks awsJson.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Api {
    /// Amazon ECS.
    Ecs,
    /// AWS Cloud Map.
    CloudMap,
    /// AWS Systems Manager, of which Parameter Store.
    Ssm,
    /// Amazon EventBridge.
    Events,
    /// Amazon SQS.
    Sqs,
}

impl Api {
    /// All of them.
    pub(super) const ALL: [Self; 5] =
        [Self::Ecs, Self::CloudMap, Self::Ssm, Self::Events, Self::Sqs];

    /// The content type of its requests and answers: SQS speaks awsJson 1.0, all others 1.1.
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Sqs => "application/x-amz-json-1.0",
            _ => "application/x-amz-json-1.1",
        }
    }

    /// The name that credentials are scoped to, which is also the first part of `ecs.UpdateService`.
    pub(super) const fn signing_name(self) -> &'static str {
        match self {
            Self::Ecs => "ecs",
            Self::CloudMap => "servicediscovery",
            Self::Ssm => "ssm",
            Self::Events => "events",
            Self::Sqs => "sqs",
        }
    }

    /// What stands before the operation in the `X-Amz-Target` header.
    pub(super) const fn target_prefix(self) -> &'static str {
        match self {
            Self::Ecs => "AmazonEC2ContainerServiceV20141113",
            Self::CloudMap => "Route53AutoNaming_v20170314",
            Self::Ssm => "AmazonSSM",
            Self::Events => "AWSEvents",
            Self::Sqs => "AmazonSQS",
        }
    }

    /// The API and the operation that an `X-Amz-Target` header names.
    pub(super) fn of_target(target: &str) -> Option<(Self, &str)> {
        let (prefix, operation) = target.rsplit_once('.')?;
        let api = Self::ALL.into_iter().find(|api| api.target_prefix() == prefix)?;
        Some((api, operation))
    }

    /// The API whose name an operation such as `ecs.UpdateService` starts with.
    pub(super) fn of_op(op: &str) -> Option<Self> {
        let (name, _) = op.split_once('.')?;
        Self::ALL.into_iter().find(|api| api.signing_name() == name)
    }

    /// A member that must be there is not; `path` is the member's, such as `services[0].portName`.
    pub(super) fn missing(self, path: &str) -> ApiError {
        match self {
            Self::Ecs => ApiError::invalid_parameter(format!("{path} can not be blank.")),
            Self::CloudMap => ApiError::invalid_input(null_member(path)),
            Self::Ssm | Self::Events => ApiError::new("ValidationException", null_member(path)),
            Self::Sqs => {
                let text = format!("The request must contain the parameter {path}.");
                ApiError::new("MissingParameter", text)
            }
        }
    }

    /// AWS failed inside. Cloud Map and SQS have only the common error for it, the others model one.
    pub(super) fn internal(self) -> ApiError {
        let (code, message) = match self {
            Self::Ecs => ("ServerException", "Service Unavailable. Please try again later."),
            Self::CloudMap | Self::Sqs => ("InternalFailure", "An internal failure occurred."),
            Self::Events => ("InternalException", "An internal failure occurred."),
            Self::Ssm => ("InternalServerError", "An error occurred on the server side."),
        };
        ApiError { status: 500, ..ApiError::new(code, message) }
    }
}

/// What Coral, the framework under Cloud Map and SSM, says of an absent member.
fn null_member(path: &str) -> String {
    format!(
        "1 validation error detected: Value null at '{path}' failed to satisfy constraint: Member must not be null"
    )
}

/// AWS asks the caller to slow down. The discovery calls of Cloud Map, and SQS, model their own code; everything
/// else uses the common one, which no API models.
pub(super) fn throttled(op: &str) -> ApiError {
    match op {
        "servicediscovery.DiscoverInstances" | "servicediscovery.DiscoverInstancesRevision" => {
            ApiError::new("RequestLimitExceeded", "Rate exceeded")
        }
        _ if op.starts_with("sqs.") => ApiError::new("RequestThrottled", "Rate exceeded"),
        _ => ApiError::new("ThrottlingException", "Rate exceeded"),
    }
}

/// The caller may not call `op` on `resource`, in the words of IAM. SQS has kept the code of its older protocol.
pub(super) fn denied(op: &str, account: &str, resource: &str) -> ApiError {
    not_authorized(op, &op.replacen('.', ":", 1), account, resource)
}

/// The same, where `op` needs another action as well.
pub(super) fn not_authorized(op: &str, action: &str, account: &str, resource: &str) -> ApiError {
    let user = format!("arn:aws:sts::{account}:assumed-role/simulated/simulated");
    let is_sqs = op.starts_with("sqs.");
    let code = if is_sqs { "AccessDenied" } else { "AccessDeniedException" };
    let refusal = ApiError::new(
        code,
        format!(
            "User: {user} is not authorized to perform: {action} on resource: {resource} \
             because no identity-based policy allows the {action} action"
        ),
    );
    ApiError { status: if is_sqs { 403 } else { refusal.status }, ..refusal }
}

/// What SQS writes into the header `x-amzn-query-error`: the code that the same error has in its older protocol, by
/// which its SDKs still know it (AWS SDKs: `awsQueryCompatible`).
pub(super) fn query_error(error: &ApiError) -> String {
    const SAME: [&str; 12] = [
        "AccessDenied",
        "InternalFailure",
        "InvalidAttributeName",
        "InvalidAttributeValue",
        "InvalidMessageContents",
        "InvalidParameterValue",
        "MissingParameter",
        "OverLimit",
        "ReceiptHandleIsInvalid",
        "RequestThrottled",
        "SerializationException",
        "UnknownOperationException",
    ];
    let older = match error.code {
        "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue".to_owned(),
        "QueueNameExists" => "QueueAlreadyExists".to_owned(),
        same if SAME.contains(&same) => same.to_owned(),
        other => format!("AWS.SimpleQueueService.{other}"),
    };
    let fault = if error.status < 500 { "Sender" } else { "Receiver" };
    format!("{older};{fault}")
}

/// No API of the simulator has the operation that was asked for.
pub(super) fn unknown_operation(target: Option<&str>) -> ApiError {
    let message = match target {
        None => "The request has no X-Amz-Target header.".to_owned(),
        Some(target) => format!("The simulator has no operation {target}."),
    };
    ApiError::new("UnknownOperationException", message)
}

/// The body cannot be read as what the operation takes; `place` says where and why.
pub(super) fn unreadable(place: &str) -> ApiError {
    ApiError::new("SerializationException", place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_names_an_api_and_an_operation() {
        let target = "Route53AutoNaming_v20170314.ListServices";
        assert_eq!(Api::of_target(target), Some((Api::CloudMap, "ListServices")));
        assert_eq!(Api::of_target("DynamoDB_20120810.GetItem"), None);
        assert_eq!(Api::of_target("ListServices"), None);
        assert_eq!(Api::of_op("servicediscovery.ListServices"), Some(Api::CloudMap));
    }

    #[test]
    fn a_denial_is_worded_as_iam_words_it() {
        let error = denied("ecs.UpdateService", "123456789012", "arn:x");
        assert_eq!(
            error.message,
            "User: arn:aws:sts::123456789012:assumed-role/simulated/simulated is not authorized to \
             perform: ecs:UpdateService on resource: arn:x because no identity-based policy allows \
             the ecs:UpdateService action"
        );
        assert_eq!((error.code, error.status), ("AccessDeniedException", 400));
    }

    #[test]
    fn an_error_of_sqs_is_told_in_the_words_of_its_older_protocol_too() {
        for (code, older) in [
            ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue;Sender"),
            ("PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress;Sender"),
            ("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid;Sender"),
        ] {
            assert_eq!(query_error(&ApiError::new(code, "")), older);
        }
        assert_eq!(query_error(&Api::Sqs.internal()), "InternalFailure;Receiver");
    }
}
