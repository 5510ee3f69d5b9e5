//! Failed calls become [`Fault`]s here: one table for AWS's error codes, one for statuses, one for what the
//! transport does. **No text of an error is matched anywhere else.**
//!
//! **Invariant:** a fault's message is one line, has at most 300 characters, and holds neither headers nor
//! credentials, nor anything of an answer that may hold secrets but AWS's own error text. AWS's own text about a rejected signature quotes the signed headers, session token included,
//! so of rejected credentials only the code is kept.
//!
//! What decides between the kinds is what a *write* that ended so may have done: where nothing was sent it is
//! `Unreachable`, and where something was sent and nothing readable came back it is `TimedOut`, `ServerError`
//! or `Unreadable`, because the call may have taken effect.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::interceptors::context::FinalizerInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use eastwest_core::ecs::fault::{Fault, FaultKind};

use crate::bounded::TooMuch;
use crate::credentials;
use crate::operation::Operation;
use crate::text::{chain, excerpt, one_line, status};

/// Error codes, without their `Exception`, by what they mean for us. Those in capitals are Cloud Map's, of
/// operations that failed after they had begun (SD:Operation.ErrorCode).
const CODES: &[(FaultKind, &[&str])] = &[
    (
        FaultKind::Throttled,
        &[
            "BandwidthLimitExceeded",
            "EC2Throttled",
            "KmsThrottled",
            "OverLimit",
            "PriorRequestNotComplete",
            "ProvisionedThroughputExceeded",
            "RequestLimitExceeded",
            "RequestThrottled",
            "SlowDown",
            "THROTTLED_REQUEST",
            "Throttled",
            "Throttling",
            "TooManyRequests",
        ],
    ),
    (
        FaultKind::Denied,
        &[
            "ACCESS_DENIED",
            "AccessDenied",
            "AuthorizationError",
            "KmsAccessDenied",
            "NotAuthorized",
            "OptInRequired",
            "Unauthorized",
            "UnauthorizedOperation",
        ],
    ),
    (
        FaultKind::NoCredentials,
        &[
            "AuthFailure",
            "EXPIRED_TOKEN",
            "ExpiredToken",
            "IncompleteSignature",
            "InvalidAccessKeyId",
            "InvalidClientTokenId",
            "InvalidSignature",
            "InvalidToken",
            "MissingAuthenticationToken",
            "RequestExpired",
            "RequestInTheFuture",
            "RequestTimeTooSkewed",
            "SignatureDoesNotMatch",
            "UnrecognizedClient",
        ],
    ),
    (
        FaultKind::NotFound,
        &[
            "ClusterNotFound",
            "NamespaceNotFound",
            "OperationNotFound",
            "ParameterNotFound",
            "NonExistentQueue",
            "ParameterVersionNotFound",
            "QueueDoesNotExist",
            "ResourceNotFound",
            "ServiceDeploymentNotFound",
            "ServiceNotFound",
        ],
    ),
    (
        FaultKind::Refused,
        &[
            "Client",
            "Conflict",
            "InvalidAction",
            "InvalidInput",
            "InvalidParameter",
            "InvalidParameterCombination",
            "InvalidParameterValue",
            "LimitExceeded",
            "PlatformTaskDefinitionIncompatibility",
            "PlatformUnknown",
            "ResourceInUse",
            "ResourceLimitExceeded",
            "ServiceNotActive",
            "UnknownOperation",
            "UnsupportedFeature",
            "UnsupportedOperation",
            "Validation",
            "ValidationError",
        ],
    ),
    (FaultKind::TimedOut, &["RequestTimeout"]),
    (
        FaultKind::ServerError,
        &[
            "INTERNAL_FAILURE",
            "InternalError",
            "InternalFailure",
            "InternalServer",
            "InternalServerError",
            "Server",
            "ServiceUnavailable",
        ],
    ),
];

/// The fault that a failed call is.
pub(crate) fn of<E>(operation: Operation, error: &SdkError<E, HttpResponse>) -> Fault
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let (kind, message) = match error {
        SdkError::ServiceError(answer) => {
            let (raw, error) = (answer.raw(), answer.err());
            answered(operation, raw, error.code(), error.message())
        }
        SdkError::ResponseError(answer) => {
            let raw = answer.raw();
            (of_unread(raw, error), unread(operation, raw, error))
        }
        SdkError::TimeoutError(_) => (FaultKind::TimedOut, "no answer came in time".to_owned()),
        SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
            // What stands above the source is the SDK's own words for "it failed".
            Some(cause) => {
                (of_transport(cause), cause.source().map_or_else(|| chain(error), chain))
            }
            None => (FaultKind::Unreachable, chain(error)),
        },
        _ => (not_sent(error), chain(error)),
    };
    Fault::new(kind, operation.id(), &one_line(&message))
}

/// What one attempt ended with, as a metric's label: `ok` or a fault's kind.
pub(crate) fn of_attempt(attempt: &FinalizerInterceptorContextRef<'_>) -> Result<(), FaultKind> {
    let error = match attempt.output_or_error() {
        None | Some(Ok(_)) => return Ok(()),
        Some(Err(error)) => error,
    };
    if let Some(cause) = error.as_connector_error() {
        return Err(of_transport(cause));
    }
    if error.is_timeout_error() {
        return Err(FaultKind::TimedOut);
    }
    match attempt.response() {
        Some(raw) => match raw_code(raw) {
            Some(code) => Err(of_answer(raw, Some(&code))),
            None => Err(of_unread(raw, error)),
        },
        None => Err(not_sent(error)),
    }
}

/// An action that AWS denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// The action as IAM writes it. It need not be that of the call: decrypting a parameter is `kms:Decrypt`.
    pub action: String,
    /// What AWS said.
    pub fault: Fault,
}

/// Which action one attempt lacks, if AWS denied it, in AWS's words.
pub(crate) fn denied(
    operation: Operation,
    attempt: &FinalizerInterceptorContextRef<'_>,
) -> Option<Denied> {
    let raw = attempt.response()?;
    let code = raw_code(raw).filter(|code| of_code(code) == Some(FaultKind::Denied))?;
    let text = raw_text(raw);
    let (kind, message) = answered(operation, raw, Some(&code), text.as_deref());
    let action = text.as_deref().and_then(lacking).unwrap_or(operation.action()).to_owned();
    Some(Denied { action, fault: Fault::new(kind, operation.id(), &one_line(&message)) })
}

/// The action that IAM names where it denies: it may be another one than that of the call. Only what looks like an action
/// is taken.
fn lacking(text: &str) -> Option<&str> {
    let (_, named) = text.split_once("not authorized to perform: ")?;
    let action = named.split_whitespace().next()?;
    let (service, name) = action.split_once(':')?;
    let is_word = |word: &str| {
        let is_letter = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
        (1..=64).contains(&word.len()) && word.bytes().all(is_letter)
    };
    (is_word(service) && is_word(name)).then_some(action)
}

/// The fault of a call that was accepted and whose work failed later (SD:Operation). A code that is in no table
/// names what is wrong with the request: a hosted zone that is in the way, for one.
pub(crate) fn of_failed_operation(
    operation: Operation,
    code: Option<&str>,
    text: Option<&str>,
) -> Fault {
    let code = code.unwrap_or("no error code");
    let kind = of_code(code).unwrap_or(FaultKind::Refused);
    Fault::new(kind, operation.id(), &one_line(&coded(kind, code, text)))
}

/// Whether a fault of `DescribeTaskDefinition` means that there is no such revision. ECS has no code for that, only
/// these words.
pub(crate) fn is_no_task_definition(fault: &Fault) -> bool {
    fault.kind == FaultKind::Refused && fault.message.contains("Unable to describe task definition")
}

/// An answer that is an error: by its code, else by its status.
fn answered(
    operation: Operation,
    raw: &HttpResponse,
    code: Option<&str>,
    text: Option<&str>,
) -> (FaultKind, String) {
    let kind = of_answer(raw, code);
    let message = match code {
        Some(code) if kind == FaultKind::NoCredentials => credentials::not_accepted(code, raw),
        Some(code) => coded(kind, code, text),
        None => shown(operation, raw),
    };
    (kind, message)
}

fn coded(kind: FaultKind, code: &str, text: Option<&str>) -> String {
    match text.filter(|text| !text.is_empty()) {
        _ if kind == FaultKind::NoCredentials => {
            format!("{code}: AWS does not accept the credentials")
        }
        Some(text) => format!("{code}: {text}"),
        None => code.to_owned(),
    }
}

/// Whether what the call answers may hold secrets: parameters, and the environment of containers. Of such an
/// answer nothing is shown, even where it is no answer of AWS.
fn answers_with_secrets(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::GetParameter
            | Operation::GetParametersByPath
            | Operation::DescribeTaskDefinition
            | Operation::RegisterTaskDefinition
    )
}

/// What came in place of an answer, as far as it may be shown.
fn shown(operation: Operation, raw: &HttpResponse) -> String {
    let (status, body) = (status(raw.status().as_u16()), raw.body().bytes());
    if let Some(coding) = coding(raw) {
        return format!(
            "{status}: the answer is compressed ({coding}), which eastwest did not ask for"
        );
    }
    if answers_with_secrets(operation) {
        return format!(
            "{status}: the answer could not be read; it is not shown, for it may hold secrets"
        );
    }
    excerpt(&status, body)
}

/// How an answer is compressed, as it says itself or as its first bytes do (RFC 1952, 2.3.1).
fn coding(raw: &HttpResponse) -> Option<String> {
    let said = raw.headers().get("content-encoding").map(str::trim);
    let said = said.filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity"));
    let is_gzip = raw.body().bytes().is_some_and(|body| body.starts_with(&[0x1f, 0x8b]));
    said.map(str::to_ascii_lowercase).or_else(|| is_gzip.then(|| "gzip".to_owned()))
}

/// Whether an answer did not come to its end: then the SDK has kept nothing of it.
fn is_cut(raw: &HttpResponse) -> bool {
    raw.body().bytes().is_none()
}

/// The kind of an answer that is none: too large, broken off, or not what AWS says.
fn of_unread(raw: &HttpResponse, error: &(dyn Error + 'static)) -> FaultKind {
    if find::<TooMuch>(error).is_some() {
        return FaultKind::Unreadable;
    }
    // As where it breaks off before its first byte.
    if is_cut(raw) { FaultKind::TimedOut } else { of_status(raw) }
}

/// The words for it.
fn unread(operation: Operation, raw: &HttpResponse, error: &(dyn Error + 'static)) -> String {
    if let Some(too_much) = find::<TooMuch>(error) {
        return too_much.to_string();
    }
    if is_cut(raw) {
        let status = status(raw.status().as_u16());
        return format!("{status}, and then the answer broke off before its end");
    }
    let body = raw.body().bytes();
    let is_json = body.is_some_and(|body| body.trim_ascii_start().first() == Some(&b'{'));
    if is_json && raw.status().is_success() && !answers_with_secrets(operation) {
        return chain(error);
    }
    shown(operation, raw)
}

fn of_answer(raw: &HttpResponse, code: Option<&str>) -> FaultKind {
    match code {
        Some(code) => of_code(code).unwrap_or_else(|| match of_status(raw) {
            FaultKind::Unreadable => FaultKind::Refused,
            kind => kind,
        }),
        None => of_status(raw),
    }
}

fn of_code(code: &str) -> Option<FaultKind> {
    // SQS tells its older codes, which have a name space: `AWS.SimpleQueueService.NonExistentQueue`.
    let code = code.strip_prefix("AWS.SimpleQueueService.").unwrap_or(code);
    let base = code.strip_suffix("Exception").unwrap_or(code);
    CODES.iter().find(|(_, codes)| codes.contains(&base)).map(|(kind, _)| *kind)
}

/// Where there is no code to go by, the answer does not come from AWS, or not whole.
fn of_status(raw: &HttpResponse) -> FaultKind {
    match raw.status().as_u16() {
        429 => FaultKind::Throttled,
        408 => FaultKind::TimedOut,
        // A "bad gateway" page of a proxy means that we do not talk to AWS.
        500..=599 if !is_page(raw) => FaultKind::ServerError,
        _ => FaultKind::Unreadable,
    }
}

/// Whether an answer is a page for people: HTML or XML.
fn is_page(raw: &HttpResponse) -> bool {
    raw.body().bytes().is_some_and(|body| body.trim_ascii_start().first() == Some(&b'<'))
}

/// A failure before any answer. Only what failed while connecting has certainly not been sent.
///
/// The search for credentials comes first: it makes calls of its own, whose failures are no failures of ours.
fn of_transport(cause: &ConnectorError) -> FaultKind {
    if find::<CredentialsError>(cause).is_some() {
        return FaultKind::NoCredentials;
    }
    let connecting = find::<hyper_util::client::legacy::Error>(cause);
    if connecting.is_some_and(hyper_util::client::legacy::Error::is_connect) || cause.is_user() {
        return FaultKind::Unreachable;
    }
    match find::<hyper::Error>(cause) {
        Some(error) if error.is_parse() => FaultKind::Unreadable,
        Some(_) => FaultKind::TimedOut,
        None if cause.is_timeout() || cause.is_io() => FaultKind::TimedOut,
        None => not_sent(cause),
    }
}

/// A failure before the transport: no credentials, or a request that could not be built. Where nobody even
/// looks for credentials, or the search takes too long, the SDK says so with private types, so here the word
/// must do.
fn not_sent(error: &(dyn Error + 'static)) -> FaultKind {
    let no_identity = || chain(error).contains("identity resolver");
    if find::<CredentialsError>(error).is_some() || no_identity() {
        FaultKind::NoCredentials
    } else {
        FaultKind::Unreachable
    }
}

/// The error code of a raw awsJson answer: `x-amzn-errortype`, `__type` or `code`, without its name space.
pub(crate) fn raw_code(raw: &HttpResponse) -> Option<String> {
    let header = raw.headers().get("x-amzn-errortype").map(str::to_owned);
    let body = || serde_json::from_slice::<serde_json::Value>(raw.body().bytes()?).ok();
    let code = header.or_else(|| {
        let body = body()?;
        let code = body.get("__type").or_else(|| body.get("code"))?;
        code.as_str().map(str::to_owned)
    })?;
    let code = code.rsplit('#').next().unwrap_or(&code);
    Some(code.split(':').next().unwrap_or(code).to_owned())
}

/// AWS's own words in a raw awsJson answer.
fn raw_text(raw: &HttpResponse) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(raw.body().bytes()?).ok()?;
    let text = body.get("message").or_else(|| body.get("Message"))?;
    text.as_str().map(str::to_owned)
}

/// The first `T` among an error and its sources.
pub(crate) fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
