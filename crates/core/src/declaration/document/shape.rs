//! The shape of a document: its members, and of which kind each is.
//!
//! From here come the JSON Schema, with it what [`super::conform`] accepts, and what [`mod@super::write`] writes. Whether a
//! text is a name, an alias or a time is decided by the readers of [`crate::declaration::value`], for tags too. The
//! patterns here only help an editor.

use std::collections::BTreeMap;

use schemars::generate::{Contract, SchemaSettings};
use schemars::transform::{RecursiveTransform, Transform as _};
use schemars::{JsonSchema, Schema, json_schema};
use serde::Serialize;
use serde_json::Value;

use crate::declaration::declared::{Mode, RefreshWhen};

/// The one version of the grammar.
pub(super) const VERSION: u8 = 1;

/// The JSON Schema of a document (draft 2020-12), for editors and for `eastwest schema`.
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.contract = Contract::Serialize;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<Document>();
    RecursiveTransform(tidy).transform(&mut schema);
    schema.insert("$id".to_owned(), "urn:eastwest:document:1".into());
    let mut schema = schema.to_value();
    // One text, however serde_json's maps were built: a feature that any crate may turn on keeps the order of insertion.
    schema.sort_all_objects();
    schema
}

/// Removes `null` where a member may be left out, and makes each description one line.
fn tidy(schema: &mut Schema) {
    let is_null = |value: &Value| *value == "null" || value["type"] == "null";
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| !is_null(name));
        let only = types.pop();
        schema.insert("type".to_owned(), only.unwrap_or_default());
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf")
        && choices.iter().any(is_null)
    {
        let choice = choices.drain(..).find(|choice| !is_null(choice));
        schema.remove("anyOf");
        for (keyword, value) in choice.iter().filter_map(Value::as_object).flatten() {
            schema.ensure_object().entry(keyword.clone()).or_insert(value.clone());
        }
    }
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = description.replace('\n', " ");
    }
}

/// What a platform team declares for many ECS services at once. Several parameters below one path say it together.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "eastwest document")]
pub(super) struct Document {
    /// The version of this grammar.
    #[schemars(schema_with = "version")]
    pub(super) version: u8,
    /// Cloud Map namespaces by name: their kind, whether to create a missing one, and which aliases services in it may
    /// have. eastwest never deletes one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("propertyNames" = {"pattern": "^[!#-.0-;=?-~]{1,1024}$"}))]
    pub(super) namespaces: Option<BTreeMap<String, Namespace>>,
    /// Values for services whose entry and tags do not set them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) defaults: Option<DocumentDefaults>,
    /// The entry of each ECS service, by `<cluster>/<service>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("propertyNames" = {"pattern": "^[A-Za-z0-9_-]{1,255}/[A-Za-z0-9_-]{1,255}$"}))]
    pub(super) services: Option<BTreeMap<String, Entry>>,
    /// Discovery names that only these services, as `<cluster>/<service>`, may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("propertyNames" = {"pattern": "^[a-z0-9_][a-z0-9_-]{0,63}$"}))]
    pub(super) claims: Option<BTreeMap<String, Holders>>,
    /// How much may change at once; the flags give what is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) limits: Option<Limits>,
    /// When a change may begin: in no open deny window and, where allow windows apply, in one of them. The windows of
    /// all parameters count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) windows: Option<Vec<Window>>,
    /// Whether nothing may change at all. If several parameters say it, one true is enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) freeze: Option<bool>,
    /// Whether eastwest may register a task definition revision that names a port. One true is enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name_ports: Option<bool>,
}

fn version(_: &mut schemars::SchemaGenerator) -> Schema {
    json_schema!({ "type": "integer", "const": VERSION })
}

/// A Cloud Map namespace.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Namespace {
    /// Its kind.
    #[serde(rename = "type")]
    pub(super) kind: NamespaceKind,
    /// The VPC of a private DNS namespace; an HTTP namespace has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^vpc-[a-z0-9]{1,60}$"))]
    pub(super) vpc: Option<String>,
    /// Whether to create it where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) create: Option<bool>,
    /// Hosts that services in it may have as aliases, beside one label and what ends with the namespace's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(super) aliases: Option<Vec<HostPattern>>,
}

/// A host, or `*.` and a host for every host below it.
#[derive(Serialize, JsonSchema)]
#[serde(transparent)]
pub(super) struct HostPattern(
    #[schemars(regex(pattern = r"^(\*\.)?[a-z0-9_][a-z0-9_-]*(\.[a-z0-9_][a-z0-9_-]*)*$"))]
    pub(super) String,
);

/// What a namespace can be.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(
    dead_code,
    reason = "documents that declare services alone are written; this says what is read"
)]
pub(super) enum NamespaceKind {
    /// Names are found by Service Connect and by API calls alone.
    Http,
    /// Names are found by DNS inside of one VPC too.
    PrivateDns,
}

/// Values for services that do not set them.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DocumentDefaults {
    /// The namespace to be in: its name, id or ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) namespace: Option<String>,
    /// How an endpoint is named: `{service}`, `{cluster}` and `{port}` stand for the service's, its cluster's and the
    /// port's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(
        pattern = r"^([a-z0-9_]|\{(service|cluster|port)\})([a-z0-9_-]|\{(service|cluster|port)\})*$"
    ))]
    pub(super) discovery_name: Option<String>,
}

/// One ECS service. A member that is left out comes from the service's tags; without a tag it stays as it is deployed.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Entry {
    /// The opt-in. Without it, here or as a tag, eastwest never changes the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mode: Option<Mode>,
    /// The namespace to be in: its name, id or ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) namespace: Option<String>,
    /// All endpoints that it offers. If the list is left out, the deployed endpoints stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(super) endpoints: Option<Vec<Endpoint>>,
    /// Where the proxy's logs go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) logs: Option<Logs>,
    /// One log line for each request; needs logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) access_logs: Option<AccessLogs>,
    /// The header of blue/green test traffic, for every endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) test_header: Option<TestHeader>,
    /// The discovery names that it calls. Their servers are rolled out before it. An empty list: it calls none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) needs: Option<Vec<String>>,
    /// When new endpoints make this service stale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refresh: Option<RefreshWhen>,
    /// Hold every change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pause: Option<Pause>,
    /// What `eastwest verify --connect` asks each instance for: the path of an HTTP request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(
        pattern = "^/([A-Za-z0-9._~!$&'()*+,;=:@?%-][A-Za-z0-9._~!$&'()*+,;=:@?%/-]*)?$"
    ))]
    pub(super) check: Option<String>,
    /// Hosts that it may have as aliases, beside those of its namespace. Only the document can allow them, no parameter
    /// that a tag names.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(super) aliases: Option<Vec<HostPattern>>,
}

/// One endpoint.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Endpoint {
    /// The port to serve. May be left out where there is one endpoint and the task definition has one named port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) port: Option<Port>,
    /// Its name in the namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[a-z0-9_][a-z0-9_-]{0,63}$"))]
    pub(super) discovery_name: Option<String>,
    /// What clients call: `[dns-name][:port]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^([a-z0-9_.][a-z0-9_.-]{0,126}(:[0-9]{1,5})?|:[0-9]{1,5})$"))]
    pub(super) alias: Option<String>,
    /// How long the proxy waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) timeout: Option<Timeout>,
    /// The port that the service's own proxy listens on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1025, max = 65535))]
    pub(super) ingress_port: Option<u16>,
    /// Encryption between the proxies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tls: Option<Tls>,
}

/// A port.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Port {
    /// The name of a port mapping, digits too. Digits that are no such name are a container port.
    Name(#[schemars(regex(pattern = "^[a-z0-9_][a-z0-9_-]{0,63}$"))] String),
    /// A container port, or a port mapping whose name is these digits. If they mean two ports, quotes say the name.
    Number(#[schemars(range(min = 1, max = 65535))] u16),
}

/// Times as `30s`, `5m`, `1h`, or `0` to wait for ever.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("minProperties" = 1))]
pub(super) struct Timeout {
    /// How long a connection may be idle.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^(0|[0-9]{1,10}[smh])$"))]
    pub(super) idle: Option<String>,
    /// How long one request may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^(0|[0-9]{1,10}[smh])$"))]
    pub(super) request: Option<String>,
}

/// Encryption between the proxies.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Tls {
    /// The ARN of the AWS Private CA that issues the certificates.
    #[schemars(regex(pattern = "^arn:"))]
    pub(super) ca: String,
    /// The KMS key that encrypts their private keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub(super) key: Option<String>,
    /// The ARN of the role that ECS assumes to do so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^arn:"))]
    pub(super) role: Option<String>,
}

/// Where the proxy's logs go.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Logs {
    /// Nowhere.
    Off(NoLogs),
    /// To a log driver.
    To(LogDriver),
}

/// No logs.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum NoLogs {
    /// The proxy's logs are dropped.
    None,
}

/// A log driver, as in a task definition.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct LogDriver {
    /// Its name, as `awslogs`, `splunk` or `awsfirelens`.
    #[schemars(length(min = 1, max = 64))]
    pub(super) driver: String,
    /// Its options by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) options: Option<BTreeMap<String, String>>,
    /// Options whose values are secrets: the ARN of each by the option's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) secret_options: Option<BTreeMap<String, String>>,
}

/// How each request is logged.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AccessLogs {
    /// The form of a line.
    #[schemars(with = "LineFormat")]
    pub(super) format: String,
    /// Whether query parameters are logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) query: Option<bool>,
}

/// The form of a log line.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "AWS's own word is written; this says what is read")]
pub(super) enum LineFormat {
    /// Words.
    Text,
    /// A JSON object.
    Json,
}

/// The header of test traffic.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TestHeader {
    /// Its name.
    #[schemars(regex(pattern = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"))]
    pub(super) name: String,
    /// The value that it must have. If it is left out, every value counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(super) value: Option<String>,
}

/// Whether and until when.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Pause {
    /// true: until this is removed; false: not at all.
    Open(bool),
    /// Until a time (RFC 3339), as `2026-12-24T18:00:00Z`.
    Until(#[schemars(extend("format" = "date-time"))] String),
}

/// The services that may have a name.
#[derive(Serialize, JsonSchema)]
#[serde(transparent)]
pub(super) struct Holders(#[schemars(length(min = 1))] pub(super) Vec<String>);

/// How much may change at once.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Limits {
    /// Rollouts at once in one cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub(super) rollouts_per_cluster: Option<u16>,
    /// Rollouts at once in one namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub(super) rollouts_per_namespace: Option<u16>,
    /// How many services of a namespace one pass may change without consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mass_change: Option<MassChange>,
    /// Whose changes `massChange` counts together: those of the whole namespace, or those of each cluster apart.
    /// Default: `namespace`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mass_change_per: Option<MassChangePer>,
    /// How long an endpoint must have stood before the clients that need it are rolled out again: `15m`, `4h` or `1d`,
    /// at most 31 days; `0`: at once, each time. Default: `15m`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^(0|[0-9]{1,7}[smhd])$"))]
    pub(super) refresh_every: Option<String>,
    /// For how long an old name stays beside the new one for clients whose needs or environment still name it. Without
    /// it: until that is mended, or a person acknowledges the plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[0-9]{1,5}[mhd]$"))]
    pub(super) drop_old_names: Option<String>,
    /// For how long a name that was in use is kept from other services, as `1h`; `0`: not at all. Default: an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^(0|[0-9]{1,7}[smhd])$"))]
    pub(super) name_quarantine: Option<String>,
}

/// Whose changes are counted together.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(
    dead_code,
    reason = "documents that declare services alone are written; this says what is read"
)]
pub(super) enum MassChangePer {
    /// Those of all services of a namespace.
    Namespace,
    /// Those of each cluster in a namespace.
    Cluster,
}

/// A number of services.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[expect(
    dead_code,
    reason = "documents that declare services alone are written; this says what is read"
)]
pub(super) enum MassChange {
    /// A share of them, as `20%`.
    Share(#[schemars(regex(pattern = "^([1-9][0-9]?|100)%$"))] String),
    /// So many.
    Count(#[schemars(range(min = 1, max = 1_000_000))] u32),
}

/// A maintenance window: either `allow` or `deny` says when it opens, by a cron pattern of five fields (minute, hour,
/// day of the month, month, day of the week).
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Window {
    /// When the window opens, for a window in which changes may begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) allow: Option<String>,
    /// When the window opens, for a window in which no change may begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) deny: Option<String>,
    /// How long it is open: `30m`, `4h` or `3d`, at most 31 days.
    #[schemars(regex(pattern = "^[0-9]{1,5}[mhd]$"))]
    pub(super) duration: String,
    /// The time zone of the pattern, a name of the IANA database such as `Europe/Berlin`. Default: UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) time_zone: Option<String>,
    /// The namespaces that it applies to, by name, id or ARN. Default: all of them, and services in none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(super) namespaces: Option<Vec<String>>,
    /// The clusters that it applies to. Default: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(super) clusters: Option<Vec<String>>,
}
