//! The queue of a life: what comes into it, what is lost, and what others put there.

use eastwest_core::ecs::queue::QueueUrl;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::model::{EventOptions, Model};
use crate::shapes::ApiError;
use crate::shapes::sqs::{CreateQueueRequest, SendMessageRequest};

/// The queue's name.
const QUEUE: &str = "nudges";
/// Its URL.
const URL: &str = "https://sqs.eu-central-1.amazonaws.com/123456789012/nudges";

/// What comes into the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coming {
    /// There is no queue: only sweeps show what changed.
    NoQueue,
    /// There is one, and nothing comes.
    Nothing,
    /// AWS's events, as well as AWS promises.
    Events(EventOptions),
}

/// The queue of a life.
#[derive(Debug)]
pub(crate) struct Messages {
    coming: Coming,
    dice: SmallRng,
}

impl Messages {
    /// The queue of this seed. Its random source is its own, so that it changes nothing that is drawn elsewhere.
    pub(crate) fn drawn(seed: u64) -> Self {
        let mut dice = SmallRng::seed_from_u64(seed ^ 0xE4E4);
        let options = EventOptions {
            lost_per_mille: [10, 300, 900][dice.random_range(0..3)],
            doubled_per_mille: [10, 300][dice.random_range(0..2)],
            tag_change: dice.random_bool(0.5),
            deployment_names_cluster: dice.random_bool(0.5),
            ..EventOptions::default()
        };
        let coming = match dice.random_range(0..10) {
            0..5 => Coming::NoQueue,
            5 => Coming::Nothing,
            _ => Coming::Events(options),
        };
        Self { coming, dice }
    }

    /// The queue's URL, if there is one.
    pub(crate) fn queue(&self) -> Option<QueueUrl> {
        (self.coming != Coming::NoQueue).then(|| QueueUrl::parse(URL).ok()).flatten()
    }

    /// Makes the queue. Which kind of life it is.
    pub(crate) fn begin(&self, model: &mut Model) -> Result<Option<&'static str>, ApiError> {
        match self.coming {
            Coming::NoQueue => Ok(None),
            Coming::Nothing => {
                let queue_name = QUEUE.to_owned();
                model.create_queue(CreateQueueRequest { queue_name, ..Default::default() })?;
                Ok(Some("no event comes"))
            }
            Coming::Events(options) => {
                model.set_event_options(options);
                model.queue_all_events(QUEUE)?;
                Ok(Some("events are lost, doubled and late"))
            }
        }
    }

    /// Somebody may put a message into the queue that no event of AWS is behind, or that is none.
    pub(crate) fn forge(&mut self, model: &mut Model) -> Option<&'static str> {
        if self.coming == Coming::NoQueue || !self.dice.random_bool(0.1) {
            return None;
        }
        let keys: Vec<_> = model.services().map(|(key, _)| key.to_string()).collect();
        let named = keys.get(self.dice.random_range(0..keys.len().max(1)));
        let service = named.map_or("prod/nobody", String::as_str);
        let body = match self.dice.random_range(0..4) {
            0 => "{".to_owned(),
            1 => "[".repeat(1000),
            2 => tag_change(&format!("arn:aws:ecs:eu-central-1:999999999999:service/{service}")),
            _ => tag_change(&format!("arn:aws:ecs:eu-central-1:123456789012:service/{service}")),
        };
        let request = SendMessageRequest {
            queue_url: URL.to_owned(),
            message_body: body,
            ..Default::default()
        };
        model.send_message(request).is_ok().then_some("forged message")
    }
}

fn tag_change(arn: &str) -> String {
    format!(
        r#"{{"source":"aws.tag","detail-type":"Tag Change on Resource","resources":["{arn}"],"detail":{{}}}}"#
    )
}
