//! One HTTP request to an address that is not AWS's, through a client that is built as the one for AWS: the same TLS, the
//! system's roots, the proxy of the environment.
//!
//! **Invariant:** one attempt with an end. No redirect is followed: the address is a secret, and another host is not to
//! learn it or what was sent.
//!
//! **Invariant:** of an answer only the status and one header are looked at. Its body is not read, so that it may be
//! endless, and nothing in it, which may quote the address, reaches a log.

use std::time::Duration;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_runtime_api::client::http::{HttpConnector as _, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;

use crate::settings::connector;
use crate::text::{chain, one_line};

/// A client for requests to others.
#[derive(Debug, Clone)]
pub struct Https(SharedHttpConnector);

/// What came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The wait that the receiver asks for, in whole seconds. One that is given as a date is none.
    pub retry_after: Option<Duration>,
}

/// Nothing came back, and why: one line without the address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unanswered(String);

impl Https {
    /// A client that goes through the proxy of the environment.
    pub fn new() -> Self {
        Self(SharedHttpConnector::new(connector(None, None, ProxyConfig::from_env())))
    }

    /// Sends a body, and waits at most so long for the answer.
    pub async fn post(
        &self,
        url: &str,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
        patience: Duration,
    ) -> Result<Answered, Unanswered> {
        let unfit = || Unanswered("the address or a header cannot be sent".to_owned());
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method("POST").map_err(|_| unfit())?;
        request.set_uri(url).map_err(|_| unfit())?;
        for (name, value) in headers {
            request.headers_mut().try_insert(name, value).map_err(|_| unfit())?;
        }
        let answer = tokio::time::timeout(patience, self.0.call(request)).await;
        let late = |_| Unanswered(format!("no answer within {} s", patience.as_secs()));
        let answer = answer.map_err(late)?;
        let answer = answer.map_err(|error| Unanswered(without(url, &chain(&error))))?;
        let seconds = answer.headers().get("retry-after").and_then(|text| text.trim().parse().ok());
        Ok(Answered {
            status: answer.status().as_u16(),
            retry_after: seconds.map(Duration::from_secs),
        })
    }
}

impl Default for Https {
    fn default() -> Self {
        Self::new()
    }
}

/// An error's text without the path of the address, should a library ever put it there.
fn without(url: &str, text: &str) -> String {
    let path = url.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
    let path = path.map(|(_, path)| path).filter(|path| !path.is_empty());
    one_line(&path.map_or_else(|| text.to_owned(), |path| text.replace(path, "(path)")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_error_shows_the_path_of_an_address() {
        let url = "https://hooks.example/services/T0/s3cret";
        let text = without(url, "cannot reach https://hooks.example/services/T0/s3cret: refused");
        assert_eq!(text, "cannot reach https://hooks.example/(path): refused");
        assert_eq!(without("https://hooks.example", "refused"), "refused");
    }
}
