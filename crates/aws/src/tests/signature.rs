//! That a request is signed as it is sent: the signature is made again from what arrived, and compared.

use std::time::SystemTime;

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_types::DateTime;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::date_time::Format;

/// Fails unless the signature is that of this very request.
pub(super) fn check(request: &http::Request<SdkBody>, service: &str) {
    let header = |name: &str| request.headers()[name].to_str().unwrap();
    let part = |name: &str| {
        let mut parts = header("authorization").split([',', ' ']);
        parts.find_map(|part| part.strip_prefix(name)).unwrap()
    };
    // The signer adds the host and the date itself.
    let signed =
        part("SignedHeaders=").split(';').filter(|name| !["host", "x-amz-date"].contains(name));
    let signed: Vec<_> = signed.map(|name| (name, header(name))).collect();
    let identity = super::credentials().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-west-1")
        .name(service)
        .time(moment(header("x-amz-date")))
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let body = SignableBody::Bytes(request.body().bytes().unwrap());
    let uri = request.uri().to_string();
    let sent = SignableRequest::new("POST", uri, signed.into_iter(), body).unwrap();
    let (_, signature) = sign(sent, &parameters).unwrap().into_parts();
    assert_eq!(part("Signature="), signature, "the request was changed after it was signed");
}

/// The moment behind `20261124T184759Z`.
fn moment(date: &str) -> SystemTime {
    let [year, month, day, hour, minute, second] =
        [&date[..4], &date[4..6], &date[6..8], &date[9..11], &date[11..13], &date[13..15]];
    let text = format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z");
    DateTime::from_str(&text, Format::DateTime).unwrap().try_into().unwrap()
}
