//! A world out of files: what the AWS CLI printed takes the place of AWS.
//!
//! The calls, the conversion and all that follows are those of the real world; only the transport is another
//! one, which looks an answer up instead of sending the request. So a plan for captures is the plan that a look
//! at the same moment would have given, as far as the captures go. **Nothing leaves the machine,** and neither
//! credentials nor a region are needed.
//!
//! [`capture`] reads files, with [`tasks`] and [`network`] for what only `verify` reads, and [`manifest`] what a folder's
//! manifest tells of [`refused`] calls; [`namespaces`] makes up what no file lists, [`answer`] answers. The way there:
//! [`heard`] takes in the calls of a look, [`keep`] and [`redact`] leave out what must not be written, [`files`] writes.

mod answer;
mod capture;
mod files;
mod heard;
mod keep;
mod manifest;
mod namespaces;
mod network;
mod redact;
mod refused;
mod tasks;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod verify_tests;

use std::sync::Arc;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;

use crate::pace::Pace;
use crate::settings::Settings;
use crate::world::World;

pub use capture::{Captures, NotACapture};
pub use files::CapturedFile;

use answer::Answers;

/// What faults call the place where the calls go.
const PLACE: &str = "the captures";

impl World {
    /// A world that is what was captured, and nothing else.
    pub fn captured(captures: Captures) -> Self {
        let made_up = Credentials::new("captured", "captured", None, None, "captured");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("captured"))
            .endpoint_url("http://captured.invalid")
            .credentials_provider(SharedCredentialsProvider::new(made_up))
            .http_client(client(Answers::of(captures)))
            .build();
        let world = Self::over(&config, &Settings::default()).expect("a region is set");
        Self { pace: Arc::new(Pace::unlimited()), region: PLACE.to_owned(), ..world }
    }
}

fn client(answers: Answers) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(Shelf(Arc::new(answers)));
    http_client_fn(move |_, _| connector.clone())
}

/// The transport: looks answers up.
#[derive(Debug)]
struct Shelf(Arc<Answers>);

impl HttpConnector for Shelf {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(Ok(self.answer(&request)))
    }
}

impl Shelf {
    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let body = request.body().bytes().and_then(|body| serde_json::from_slice(body).ok());
        let (status, answer) = match self.0.to(target, &body.unwrap_or(Value::Null)) {
            Ok(answer) => (200, answer),
            Err(refusal) => (400, refusal),
        };
        let status = StatusCode::try_from(status).expect("200 and 400 are statuses");
        HttpResponse::new(status, SdkBody::from(answer.to_string()))
    }
}
