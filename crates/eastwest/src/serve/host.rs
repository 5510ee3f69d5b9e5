//! To which hosts the pages answer, and a header that all of them send.
//!
//! A page of another site may give its own name our address once it has been loaded, and a browser then lets it read our
//! pages ("DNS rebinding"). Such a request names that site in `Host`. An address in `Host`, or `localhost`, cannot be
//! anybody's site, so health checks by address need no setting. Nobody but a browser can be misled so, and a browser always
//! sends `Host`: a request without one is answered.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use super::problem::Problem;

/// The one page that says nothing of the fleet, so that whoever checks it may do so by any name.
const UNCHECKED: &str = "/livez";

const REFUSED: &str = "the header Host names a host that this eastwest does not answer to; call it by address, or \
                       start it with --public-host and the name";

/// The names to which the pages answer, in small letters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Hosts(BTreeSet<String>);

impl Hosts {
    /// These names, beside addresses and `localhost`.
    pub(crate) fn named(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().map(|name| name.to_ascii_lowercase()).collect())
    }

    /// Whether `host` may be answered: a name or an address, with or without a port.
    fn allow(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else { return false };
        let host = authority.host().to_ascii_lowercase();
        let host = host.strip_suffix('.').unwrap_or(&host);
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        host == "localhost"
            || host.parse::<Ipv4Addr>().is_ok()
            || bracketed.is_some_and(|host| host.parse::<Ipv6Addr>().is_ok())
            || self.0.contains(host)
    }

    /// Whether every host that a request names may be answered.
    fn allow_request(&self, request: &Request) -> bool {
        let named = request.headers().get_all(header::HOST).iter();
        let mut named = named.map(|host| host.to_str().unwrap_or_default());
        let target = request.uri().authority().map(Authority::as_str);
        named.all(|host| self.allow(host)) && target.is_none_or(|host| self.allow(host))
    }
}

/// Answers a request if its host may be answered.
pub(crate) async fn check(hosts: Hosts, request: Request, next: Next) -> Response {
    let mut response = if request.uri().path() == UNCHECKED || hosts.allow_request(&request) {
        next.run(request).await
    } else {
        Problem::answer((StatusCode::MISDIRECTED_REQUEST, REFUSED.to_owned()))
    };
    let no_guess = HeaderValue::from_static("nosniff");
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, no_guess);
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn addresses_and_localhost_are_answered_without_a_setting() {
        let hosts = Hosts::default();
        for host in [
            "10.0.3.7:8080",
            "127.0.0.1",
            "[::1]:8080",
            "[fd00::7]",
            "localhost",
            "LocalHost:8080",
            "localhost.:1",
        ] {
            assert!(hosts.allow(host), "{host}");
        }
    }

    #[test]
    fn a_name_is_answered_only_if_it_was_given() {
        let hosts = Hosts::named(["Eastwest.Internal.example".to_owned()]);
        for host in ["eastwest.internal.example", "EASTWEST.internal.example:8080"] {
            assert!(hosts.allow(host), "{host}");
        }
        for host in [
            "evil.example",
            "eastwest.internal.example.evil.example",
            "eastwest",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "0x7f.1",
            "::1",
            "",
            "a b",
        ] {
            assert!(!hosts.allow(host), "{host}");
        }
    }

    #[test]
    fn every_host_that_a_request_names_must_be_allowed() {
        let request = |target: &str, hosts: &[&str]| {
            let request = Request::builder().uri(target);
            let named =
                |request: axum::http::request::Builder, host: &&str| request.header("host", *host);
            hosts.iter().fold(request, named).body(Body::empty()).expect("a request")
        };
        let hosts = Hosts::default();
        assert!(hosts.allow_request(&request("/metrics", &[])));
        assert!(hosts.allow_request(&request("/metrics", &["127.0.0.1:8080"])));
        assert!(!hosts.allow_request(&request("/metrics", &["127.0.0.1", "evil.example"])));
        assert!(!hosts.allow_request(&request("http://evil.example/metrics", &["127.0.0.1"])));
    }
}
