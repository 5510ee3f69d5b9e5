//! A function in place of the network.
//!
//! The SDK has one of its own, but behind a feature that brings forty more crates and other features of those that
//! ship: the tests would be built with another JSON library than the programs, and nearly everything twice.

use std::fmt;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;

type Answer = dyn Fn(http::Request<SdkBody>) -> http::Response<SdkBody> + Send + Sync;

/// A client whose every request is answered by `answer`, at once.
pub(super) fn client<B: Into<SdkBody>>(
    answer: impl Fn(http::Request<SdkBody>) -> http::Response<B> + Send + Sync + 'static,
) -> SharedHttpClient {
    let network = Network(Box::new(move |request| answer(request).map(Into::into)));
    let connector = SharedHttpConnector::new(network);
    http_client_fn(move |_, _| connector.clone())
}

struct Network(Box<Answer>);

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Network")
    }
}

impl HttpConnector for Network {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let request = request.try_into_http1x().expect("the SDK writes valid requests");
        let response = (self.0)(request).try_into().expect("tests write valid answers");
        HttpConnectorFuture::ready(Ok(response))
    }
}
