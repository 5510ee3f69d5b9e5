//! Turns the bytes of a request into a typed call that is ready to run, or into AWS's refusal.
//!
//! **Invariant:** nothing here touches the model. A request is read before the world is locked; what
//! is left to do under the lock is one method call.
//!
//! A body that is not JSON, or has a wrong type somewhere, is a `SerializationException` that names
//! the place; a member that must be there and is not is the API's own refusal. The shapes let every
//! member be absent, so the names of the required ones come from the operation's row.

use axum::Json;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::api::{self, Api};
use crate::model::{AsOf, Model};
use crate::shapes::ApiError;

/// An answer of any shape, still to be written as JSON.
pub(super) trait Answer: Send {
    /// The answer's bytes.
    fn to_json(&self) -> Vec<u8>;
    /// The answer as a tree, for the few who edit it.
    fn to_value(&self) -> Value;
}

impl<T: Serialize + Send> Answer for T {
    fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("answers are structs, lists and maps with string keys")
    }

    fn to_value(&self) -> Value {
        serde_json::to_value(self).expect("answers are structs, lists and maps with string keys")
    }
}

/// What the model said.
pub(super) type Said = Result<Box<dyn Answer>, ApiError>;

/// A call that has been read and waits for the model.
pub(super) type Ready = Box<dyn FnOnce(&mut Model, AsOf) -> Said + Send>;

/// A call that changes the world.
pub(super) fn write<Q, A>(
    body: &[u8],
    method: fn(&mut Model, Q) -> Result<A, ApiError>,
) -> Result<Ready, ApiError>
where
    Q: DeserializeOwned + Send + 'static,
    A: Answer + 'static,
{
    let request: Q = read_body(body)?;
    Ok(Box::new(move |model, _| method(model, request).map(boxed)))
}

/// A call that changes the world, and only looks at what was asked.
pub(super) fn act<Q, A>(
    body: &[u8],
    method: fn(&mut Model, &Q) -> Result<A, ApiError>,
) -> Result<Ready, ApiError>
where
    Q: DeserializeOwned + Send + 'static,
    A: Answer + 'static,
{
    let request: Q = read_body(body)?;
    Ok(Box::new(move |model, _| method(model, &request).map(boxed)))
}

/// A read that always sees the newest state.
pub(super) fn read<Q, A>(
    body: &[u8],
    method: fn(&Model, &Q) -> Result<A, ApiError>,
) -> Result<Ready, ApiError>
where
    Q: DeserializeOwned + Send + 'static,
    A: Answer + 'static,
{
    let request: Q = read_body(body)?;
    Ok(Box::new(move |model, _| method(model, &request).map(boxed)))
}

/// A read that can be stale.
pub(super) fn lagging<Q, A>(
    body: &[u8],
    method: fn(&Model, AsOf, &Q) -> Result<A, ApiError>,
) -> Result<Ready, ApiError>
where
    Q: DeserializeOwned + Send + 'static,
    A: Answer + 'static,
{
    let request: Q = read_body(body)?;
    Ok(Box::new(move |model, as_of| method(model, as_of, &request).map(boxed)))
}

fn boxed<A: Answer + 'static>(answer: A) -> Box<dyn Answer> {
    Box::new(answer)
}

/// The body of a call without input: some clients send nothing at all.
pub(super) fn or_empty(body: &[u8]) -> &[u8] {
    if body.trim_ascii().is_empty() { b"{}" } else { body }
}

fn read_body<Q: DeserializeOwned>(body: &[u8]) -> Result<Q, ApiError> {
    // A struct can be read from a JSON list too, which no operation of AWS takes.
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(api::unreadable(
            "invalid type: sequence, expected an object at line 1 column 1",
        ));
    }
    serde_json::from_slice(body).map_err(|error| api::unreadable(&place_of::<Q>(body, &error)))
}

/// Where in `body` reading it as a `Q` fails, and why.
///
/// Reads a second time, with a deserializer that keeps track of the path; the first one does not, and
/// is what every good request pays for.
fn place_of<Q: DeserializeOwned>(body: &[u8], error: &serde_json::Error) -> String {
    let rejection = Json::<Q>::from_bytes(body).err();
    let tracked = rejection.as_ref().and_then(|rejection| {
        let source = std::error::Error::source(rejection)?;
        Some(source.source().unwrap_or(source).to_string())
    });
    tracked.unwrap_or_else(|| error.to_string())
}

/// Whether all `required` members are in `body`; a path such as `a.b[].c` asks for `c` in every entry
/// of `b`, if there is an `a` with a `b`.
pub(super) fn check_required(body: &[u8], required: &[&str], api: Api) -> Result<(), ApiError> {
    if required.is_empty() {
        return Ok(());
    }
    let value: Value =
        serde_json::from_slice(body).map_err(|error| api::unreadable(&error.to_string()))?;
    required.iter().try_for_each(|path| match absent(&value, path, "") {
        Some(path) => Err(api.missing(&path)),
        None => Ok(()),
    })
}

/// The full path of the first place where the last member of `path` is absent below `value`.
fn absent(value: &Value, path: &str, walked: &str) -> Option<String> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(a, b)| (a, Some(b)));
    let member = first.trim_end_matches("[]");
    let here = if walked.is_empty() { member.to_owned() } else { format!("{walked}.{member}") };
    let found = value.get(member).filter(|found| !found.is_null());
    let Some(rest) = rest else {
        return found.is_none().then_some(here);
    };
    match found? {
        Value::Array(entries) => entries
            .iter()
            .enumerate()
            .find_map(|(at, entry)| absent(entry, rest, &format!("{here}[{at}]"))),
        entry => absent(entry, rest, &here),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shapes::ecs::UpdateServiceRequest;

    fn read_update(body: &str) -> ApiError {
        read_body::<UpdateServiceRequest>(body.as_bytes()).unwrap_err()
    }

    #[test]
    fn a_wrong_type_deep_inside_is_named_by_its_path() {
        let error = read_update(
            r#"{"service":"web","serviceConnectConfiguration":{"enabled":true,"services":[
                {"portName":"a"},{"portName":7}]}}"#,
        );
        assert_eq!(error.code, "SerializationException");
        let place = "serviceConnectConfiguration.services[1].portName";
        assert!(error.message.contains(place), "{}", error.message);
        assert!(error.message.contains("integer `7`"), "{}", error.message);
    }

    #[test]
    fn text_that_is_not_json_is_named_by_line_and_column() {
        let error = read_update(r#"{"service": web}"#);
        assert_eq!(error.code, "SerializationException");
        assert!(error.message.contains("line 1 column 13"), "{}", error.message);
    }

    #[test]
    fn required_members_are_asked_for_where_their_parents_are() {
        let required = ["service", "connect.services[].portName", "connect.enabled"];
        let check = |body: &str| check_required(body.as_bytes(), &required, Api::Ecs);
        assert!(check(r#"{"service":"a"}"#).is_ok());
        assert!(check(r#"{"service":"a","connect":{"enabled":false}}"#).is_ok());
        let error = check(r#"{"service":null}"#).unwrap_err();
        assert_eq!(
            (error.code, &*error.message),
            ("InvalidParameterException", "service can not be blank.")
        );
        let error =
            check(r#"{"service":"a","connect":{"enabled":true,"services":[{"portName":"x"},{}]}}"#);
        assert!(error.unwrap_err().message.starts_with("connect.services[1].portName"));
    }

    #[test]
    fn each_api_refuses_an_absent_member_in_its_own_words() {
        let code = |api| check_required(b"{}", &["Id"], api).unwrap_err().code;
        assert_eq!(code(Api::CloudMap), "InvalidInput");
        assert_eq!(code(Api::Ssm), "ValidationException");
    }
}
