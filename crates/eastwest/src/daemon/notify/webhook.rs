//! One message to a webhook: one request, and what its answer means.
//!
//! **Invariant:** the address is a secret: of it only the origin is logged. Nothing of an answer but its status is.

use std::time::Duration;

use eastwest_aws::{Answered, Https};
use eastwest_core::report::notifier::Outcome;
use eastwest_core::report::notifier::message::Message;
use tracing::warn;

use super::shape::{Body, Sender};
use super::{sign, slack};
use crate::config::notify::{MessageFormat, Webhook};

/// How long a message may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends a message.
pub(super) async fn send(
    https: &Https,
    webhook: &Webhook,
    sender: &Sender,
    message: &Message,
) -> Outcome {
    let body = match webhook.format {
        MessageFormat::Json => serde_json::to_vec(&Body::new(sender, message)),
        MessageFormat::Slack => serde_json::to_vec(&slack::Body::new(sender, message)),
    };
    let body = body.expect("every message has a JSON form");
    let mut headers = vec![
        ("content-type", "application/json".to_owned()),
        ("user-agent", concat!("eastwest/", env!("CARGO_PKG_VERSION")).to_owned()),
    ];
    if let Some(key) = &webhook.key {
        let signature = sign::signature(key.text().as_bytes(), sender.at, &body);
        headers.push((sign::HEADER, signature));
    }
    let to = webhook.origin.as_str();
    match https.post(webhook.url.text(), headers, body, PATIENCE).await {
        Ok(answered) => meaning(to, answered),
        Err(unanswered) => {
            warn!(to, why = %unanswered, "a message to people did not arrive; it is tried again");
            Outcome::Failed(None)
        }
    }
}

/// What an answer means.
fn meaning(to: &str, Answered { status, retry_after }: Answered) -> Outcome {
    let why = match status {
        200..=299 => return Outcome::Delivered,
        300..=399 => {
            "it sends us elsewhere, which eastwest does not follow: give the address that it leads to"
        }
        429 => "it asks for fewer messages",
        400..=499 => "it refuses the message: check the address, the key and the format",
        _ => "it fails",
    };
    warn!(to, status, why, "a message to people did not arrive; it is tried again");
    Outcome::Failed(retry_after)
}
