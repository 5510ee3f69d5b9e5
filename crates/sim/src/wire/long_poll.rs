//! A receiver waits for a message.
//!
//! **Invariant:** it gets a message as soon as one is visible. It wakes when a call may have changed something, when
//! virtual time reaches what is due next, and when its own time is up: by the machine's clock or by the virtual one,
//! whichever is there first. So no SDK's time-out strikes while virtual time is slow or stands still.
//!
//! **Invariant:** a receiver that hangs up receives nothing any more: what it waits in is dropped with its connection.

use std::time::Duration;

use axum::body::Body;
use axum::http::Response;
use tokio::time::{Instant, sleep, sleep_until};

use super::api::{self, Api};
use super::respond;
use super::world::{Shared, lock};
use crate::shapes::sqs::{ReceiveMessageAnswer, ReceiveMessageRequest};
use crate::shapes::{ApiError, Time};

/// The longest sleep; something wakes a receiver before, or it looks again.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);

/// The shortest, so that nothing that is due for ever becomes a loop without a pause.
const SHORTEST_SLEEP: Duration = Duration::from_millis(1);

/// Until when a receiver waits.
#[derive(Debug, Clone, Copy)]
struct Patience {
    real: Instant,
    virtual_time: Time,
}

/// One look into the queue.
enum Look {
    /// There is something to answer.
    Answer(Result<ReceiveMessageAnswer, ApiError>),
    /// There is nothing yet; look again after so long, or when something changes.
    Sleep(Duration),
}

/// The answer to `ReceiveMessage` with this body, once there is one.
pub(super) async fn answer(mut shared: Shared, region: &str, body: &[u8]) -> Response<Body> {
    let request: ReceiveMessageRequest = match serde_json::from_slice(body) {
        Ok(request) => request,
        Err(error) => return respond::error(Api::Sqs, api::unreadable(&error.to_string())),
    };
    let (mut changes, patience) = {
        let mut world = lock(&shared.world);
        let now = world.now();
        let seconds = world.model_for_waiting(region).wait_seconds(&request);
        let real = Instant::now() + Duration::from_secs(seconds);
        (world.changes(), Patience { real, virtual_time: now.plus_seconds(seconds) })
    };
    loop {
        changes.mark_unchanged();
        let pause = match look(&shared, region, &request, patience) {
            Look::Answer(Ok(answer)) => return respond::answer(Api::Sqs, &answer),
            Look::Answer(Err(error)) => return respond::error(Api::Sqs, error),
            Look::Sleep(pause) => pause,
        };
        tokio::select! {
            // An error means that the world is gone, and with it the server.
            _ = changes.changed() => (),
            () = sleep(pause) => (),
            () = sleep_until(patience.real) => (),
            _ = shared.stopped.wait_for(|stopped| *stopped) => {
                return respond::answer(Api::Sqs, &ReceiveMessageAnswer::default());
            }
        }
    }
}

fn look(
    shared: &Shared,
    region: &str,
    request: &ReceiveMessageRequest,
    patience: Patience,
) -> Look {
    let mut world = lock(&shared.world);
    let now = world.now();
    let model = world.model_for_waiting(region);
    let answer = model.receive_message(request);
    let has_answer = answer.as_ref().map_or(true, |answer| answer.messages.is_some());
    if has_answer || now >= patience.virtual_time || Instant::now() >= patience.real {
        return Look::Answer(answer);
    }
    let due = [model.next_visible_at(&request.queue_url), model.next_event()];
    let due = due.into_iter().flatten().chain([patience.virtual_time]).min();
    let pause = due.and_then(|due| world.real_time_until(due)).unwrap_or(LONGEST_SLEEP);
    Look::Sleep(pause.clamp(SHORTEST_SLEEP, LONGEST_SLEEP))
}
