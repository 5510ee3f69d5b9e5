//! The wire face: speaks awsJson to any AWS SDK or CLI, and `/_sim/` to tests and demos.
//!
//! In reading order: `respond` (what bytes look like) · `api` (the five APIs and their words) ·
//! `signature` (who calls, from which region) · `iam` (who may) · `query` (services of another
//! protocol) · `operation` (the table) · `request` (bytes to a
//! typed call) · `call` (what becomes of it) · `partial` · `long_poll` (waiting for a message) · `world` (what all connections share) ·
//! `control` (`/_sim/`).
//!
//! **Invariant:** every answer to `POST /` is AWS's JSON, errors included, except where a fault says
//! otherwise, and to the form of another protocol. A content type other than AWS's is let pass, so that a person can use curl.
//!
//! **Invariant:** nothing is awaited while the world is locked.

mod api;
mod call;
pub mod clock;
mod control;
pub mod iam;
mod long_poll;
mod operation;
mod partial;
mod query;
pub mod quotas;
mod request;
mod respond;
mod signature;
mod world;

#[cfg(test)]
mod tests;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Response, StatusCode};
use axum::routing::post;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use world::Shared;
pub use world::{Options, SharedWorld, World, lock};

use crate::shapes::ApiError;
use crate::wire::clock::ClockError;
use api::Api;
use call::{Call, Reply};
use operation::Operation;

/// How long a call is kept without an answer, unless its client gives up before.
pub const SILENCE: Duration = Duration::from_mins(2);

/// The largest request that is read; AWS's own limits lie below it.
const BODY_BYTES_MAX: usize = 4 << 20;

/// Why no simulator could be started.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Virtual time cannot run as asked.
    #[error("virtual time cannot run so")]
    Clock(#[source] ClockError),
    /// The listener has no address.
    #[error("the listener has no address")]
    Listener(#[source] std::io::Error),
}

/// A simulator that is running.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its state, shared with every connection; see [`lock`].
    pub world: SharedWorld,
    task: JoinHandle<std::io::Result<()>>,
}

impl Server {
    /// The URL to point an AWS SDK at.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until it has shut down.
    pub async fn ended(self) -> std::io::Result<()> {
        self.task.await.unwrap_or_else(|error| Err(std::io::Error::other(error)))
    }
}

/// Starts a simulator on `listener` that runs until `shutdown` completes.
///
/// Must be called within a tokio runtime. Calls that are kept without an answer end with the shutdown.
pub fn serve(
    options: Options,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<Server, ServeError> {
    let address = listener.local_addr().map_err(ServeError::Listener)?;
    let mut options = options;
    options.model.queues_at = format!("http://{address}");
    let world = World::new(options).map_err(ServeError::Clock)?;
    let world = Arc::new(Mutex::new(world));
    let (stop, stopped) = watch::channel(false);
    let router = router(world.clone(), stopped);
    // Answers are small and written at once: Nagle's algorithm would only hold them back.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let serving = axum::serve(listener, router).with_graceful_shutdown(async move {
        shutdown.await;
        // Nobody is left to be told if every connection is gone already.
        let _ = stop.send(true);
    });
    let task = tokio::spawn(async move { serving.await });
    Ok(Server { address, world, task })
}

fn router(world: SharedWorld, stopped: watch::Receiver<bool>) -> Router {
    let shared = Shared { world: world.clone(), stopped };
    Router::new()
        .route("/", post(aws_call))
        .fallback(elsewhere)
        .with_state(shared)
        .merge(control::routes().with_state(world))
        .method_not_allowed_fallback(control::wrong_method)
}

/// Some SDKs call SQS at the URL of a queue.
async fn elsewhere(shared: State<Shared>, request: Request) -> Response<Body> {
    let mut parts = request.uri().path().split('/').skip(1);
    let account = parts.next().unwrap_or_default();
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    if request.method() == Method::POST && is_account && parts.count() == 1 {
        return aws_call(shared, request).await;
    }
    control::nowhere(request.uri())
}

async fn aws_call(State(shared): State<Shared>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let target = header(&parts.headers, "x-amz-target");
    let api = target.and_then(Api::of_target).map_or(Api::Ecs, |(api, _)| api);
    let Ok(body) = axum::body::to_bytes(body, BODY_BYTES_MAX).await else {
        let message = format!("the request is cut short or longer than {BODY_BYTES_MAX} bytes");
        let status = StatusCode::PAYLOAD_TOO_LARGE.as_u16();
        return respond::error(api, ApiError { status, ..api::unreadable(&message) });
    };
    if target.is_none()
        && let Some(form) = query::FormCall::of(header(&parts.headers, "authorization"), &body)
    {
        return respond::xml(|id| form.refusal(id));
    }
    match reply_to(&shared.world, &parts.headers, &body) {
        Ok(Reply::Answer(answer)) => respond::answer(api, &*answer),
        Ok(Reply::Edited(value)) => respond::value(api, &value),
        Ok(Reply::Refused(error)) | Err(error) => respond::error(api, error),
        Ok(Reply::Page) => respond::page(),
        Ok(Reply::Silence) => silence(shared.stopped).await,
        Ok(Reply::NothingYet) => {
            let authorization = header(&parts.headers, "authorization");
            match signature::region_of(authorization, api) {
                Ok(region) => long_poll::answer(shared, region, &body).await,
                Err(error) => respond::error(api, error),
            }
        }
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn reply_to(world: &SharedWorld, headers: &HeaderMap, body: &[u8]) -> Result<Reply, ApiError> {
    let header = |name: &str| header(headers, name);
    let target = header("x-amz-target");
    let operation =
        target.and_then(Operation::of_target).ok_or_else(|| api::unknown_operation(target))?;
    let region = signature::region_of(header("authorization"), operation.api())?;
    let caller = caller(header("user-agent"), header("x-amz-user-agent"));
    let access_key = header("authorization").and_then(signature::access_key_of).unwrap_or_default();
    let call = Call { operation, region, caller: &caller, access_key, body };
    let ready = call.read();
    Ok(call.perform(&mut lock(world), ready))
}

/// Who calls, by both headers that SDKs say it with: the second carries the application's name where
/// the first may not.
fn caller(user_agent: Option<&str>, amz_user_agent: Option<&str>) -> String {
    match (user_agent, amz_user_agent) {
        (Some(one), Some(other)) if one != other => format!("{one} {other}"),
        (one, other) => one.or(other).unwrap_or_default().to_owned(),
    }
}

/// Answers nothing for as long as a client can be expected to wait. A client that gives up closes its
/// connection, which drops this future with it.
async fn silence(mut stopped: watch::Receiver<bool>) -> Response<Body> {
    tokio::select! {
        () = tokio::time::sleep(SILENCE) => (),
        // An error means that the server is gone, which ends the silence too.
        _ = stopped.wait_for(|stopped| *stopped) => (),
    }
    let message = "The simulator kept silent, and nobody was left to notice.";
    respond::error(
        Api::Ecs,
        ApiError { status: 503, ..ApiError::new("ServiceUnavailable", message) },
    )
}
