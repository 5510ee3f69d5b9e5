//! Turns a reply into the bytes AWS would send: awsJson, with a request id on everything.
//!
//! **Invariant:** an answer is written in one pass and without a lock held; an error is
//! `{"__type", "message"}` and the further members of its shape, never a null.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Map, Value};

use super::api::{self, Api};
use super::request::Answer;
use crate::shapes::ApiError;

/// What a load balancer's own page looks like when what is behind it does not answer.
const PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
                    <center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";

/// An answer of the model.
pub(super) fn answer(api: Api, answer: &dyn Answer) -> Response<Body> {
    aws_json(api, StatusCode::OK, answer.to_json())
}

/// An answer that was edited on its way.
pub(super) fn value(api: Api, answer: &Value) -> Response<Body> {
    aws_json(api, StatusCode::OK, answer.to_string().into_bytes())
}

/// A refusal in AWS's form.
pub(super) fn error(api: Api, error: ApiError) -> Response<Body> {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
    let is_sqs = api == Api::Sqs;
    let older = HeaderValue::try_from(api::query_error(&error));
    let mut body = Map::new();
    let kind = if is_sqs { format!("com.amazonaws.sqs#{}", error.code) } else { error.code.into() };
    body.insert("__type".to_owned(), kind.into());
    body.insert("message".to_owned(), error.message.into());
    body.extend(error.members);
    let mut response = aws_json(api, status, Value::Object(body).to_string().into_bytes());
    if is_sqs && let Ok(older) = older {
        response.headers_mut().insert("x-amzn-query-error", older);
    }
    response
}

/// A refusal in the XML of another protocol, made for the request's id.
pub(super) fn xml(body: impl FnOnce(&str) -> String) -> Response<Body> {
    let id = request_id();
    let mut response = response(StatusCode::BAD_REQUEST, "text/xml", body(&id).into());
    let id = HeaderValue::try_from(id).expect("hexadecimal digits and dashes");
    response.headers_mut().insert("x-amzn-requestid", id);
    response
}

/// What a broken proxy sends: no JSON, no request id.
pub(super) fn page() -> Response<Body> {
    response(StatusCode::BAD_GATEWAY, "text/html", PAGE.into())
}

/// A body of plain JSON with this status.
pub(super) fn json(status: StatusCode, body: Vec<u8>) -> Response<Body> {
    response(status, "application/json", body.into())
}

fn aws_json(api: Api, status: StatusCode, body: Vec<u8>) -> Response<Body> {
    let mut response = response(status, api.content_type(), body.into());
    let id = HeaderValue::try_from(request_id()).expect("hexadecimal digits and dashes");
    response.headers_mut().insert("x-amzn-requestid", id);
    response
}

fn response(status: StatusCode, content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// An id in the form of a random UUID, new with every call.
fn request_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let count = NEXT.fetch_add(1, Ordering::Relaxed);
    let (high, low) = (scrambled(count), scrambled(!count));
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}

/// `SplitMix64`'s output function: neighbours come out far apart, and no two inputs alike.
fn scrambled(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_ids_look_like_uuids_and_differ() {
        let (first, second) = (request_id(), request_id());
        assert_ne!(first, second);
        let lengths: Vec<usize> = first.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert!(first.split('-').nth(2).unwrap().starts_with('4'));
    }

    #[test]
    fn an_error_carries_its_status_and_its_own_members() {
        let refused =
            ApiError::new("NamespaceAlreadyExists", "There is one.").with("NamespaceId", "ns-1");
        let response = error(Api::CloudMap, refused);
        assert_eq!(response.status(), 400);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/x-amz-json-1.1");
        assert!(response.headers().contains_key("x-amzn-requestid"));
    }

    #[test]
    fn sqs_speaks_the_older_json_and_names_its_errors_twice() {
        let response = error(Api::Sqs, ApiError::new("QueueDoesNotExist", "There is none."));
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/x-amz-json-1.0");
        let older = "AWS.SimpleQueueService.NonExistentQueue;Sender";
        assert_eq!(response.headers()["x-amzn-query-error"], older);
    }
}
