//! `POST /api/v1/pause` and `POST /api/v1/resume`: a person holds changes for a time, and lets them go on.
//!
//! They exist only where a bearer token is set, and a page of another site cannot have a browser send them. A pause has an
//! end and is kept in memory: a restart forgets it.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use eastwest_core::plan::asked_pause::{AskedPause, PauseScope, PausedOver};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use super::gate::Gate;
use super::problem::Refused;
use crate::daemon::pauses::{NotPaused, PauseOf};
use crate::daemon::shared::Shared;

/// What is to be paused.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// The cluster; without it and without a service, everything.
    #[serde(default)]
    cluster: Option<String>,
    /// The service, `<cluster>/<service>`.
    #[serde(default)]
    service: Option<String>,
    /// For how long.
    #[serde(default)]
    minutes: Option<Number>,
}

/// What is to go on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedResume {
    #[serde(default)]
    cluster: Option<String>,
    #[serde(default)]
    service: Option<String>,
}

const SHAPE: &str =
    r#"send {"service": "<cluster>/<service>"}, {"cluster": "<cluster>"}, or {} for everything"#;
const MINUTES: &str = r#", with "minutes" from 1 to 1440, else 60"#;

/// What is paused.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct Paused {
    #[serde(flatten)]
    what: What,
    /// When the pause ends.
    until: String,
}

/// What was paused: everything where neither is named.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct What {
    /// The cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster: Option<String>,
    /// The service.
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
}

impl What {
    fn of(scope: &PauseScope) -> Self {
        match scope {
            PauseScope::Everything => Self { cluster: None, service: None },
            PauseScope::Cluster(name) => Self { cluster: Some(name.to_string()), service: None },
            PauseScope::Service(key) => Self { cluster: None, service: Some(key.to_string()) },
        }
    }
}

/// Answers one request to pause.
pub(crate) async fn pause(
    shared: &Shared,
    gate: &Gate,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let paused = async {
        let shape = format!("{SHAPE}{MINUTES}");
        let asked: Asked = object(gate.asked(&headers, body, &shape).await?, &shape)?;
        let of = of(asked.cluster.as_deref(), asked.service.as_deref())?;
        let lasting = lasting(asked.minutes.map(|number| number.to_string()))?;
        let pause = shared.pause(&of, lasting, PausedOver::Api).map_err(refused)?;
        Ok(Paused { what: What::of(&pause.scope), until: format!("{:.0}", pause.until) })
    };
    gate.answer("a pause", paused.await)
}

/// Answers one request to go on.
pub(crate) async fn resume(
    shared: &Shared,
    gate: &Gate,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let resumed = async {
        let asked: AskedResume = object(gate.asked(&headers, body, SHAPE).await?, SHAPE)?;
        let of = of(asked.cluster.as_deref(), asked.service.as_deref())?;
        let scope = shared.resume(&of).map_err(refused)?;
        Ok(What::of(&scope))
    };
    gate.answer("the end of a pause", resumed.await)
}

/// An object as what it is to be. A list is none, although it could be read as one without members: it would pause
/// everything.
fn object<T: DeserializeOwned>(sent: Map<String, Value>, shape: &str) -> Result<T, Refused> {
    let unfit = |_| (StatusCode::BAD_REQUEST, shape.to_owned());
    serde_json::from_value(Value::Object(sent)).map_err(unfit)
}

/// What a request names, or what is wrong with it.
pub(crate) fn of(cluster: Option<&str>, service: Option<&str>) -> Result<PauseOf, Refused> {
    PauseOf::read(cluster, service)
        .map_err(|allowed| (StatusCode::BAD_REQUEST, format!("{SHAPE}: {allowed}")))
}

/// For how long, by its minutes. A number that ends with `.0` is whole, too (JSON Schema, integer).
pub(crate) fn lasting(minutes: Option<String>) -> Result<Duration, Refused> {
    let whole = |text: String| text.strip_suffix(".0").unwrap_or(&text).parse().ok();
    let minutes = minutes.map_or(Some(AskedPause::USUAL), whole);
    minutes
        .and_then(AskedPause::lasting)
        .ok_or_else(|| (StatusCode::BAD_REQUEST, format!("{SHAPE}{MINUTES}")))
}

/// The refusal of what cannot be paused.
pub(crate) fn refused(why: NotPaused) -> Refused {
    match why {
        NotPaused::NotThere(why) => (StatusCode::NOT_FOUND, why),
        NotPaused::LedElsewhere(why) => (StatusCode::CONFLICT, why),
    }
}
