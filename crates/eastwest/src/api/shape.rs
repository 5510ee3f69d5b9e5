//! What `core`'s types look like as JSON, for the API's description of itself. Nothing is served through these types:
//! only schemas are made of them.
//!
//! **Invariant:** every member that the pages have is here. The wire tests hold each answer against the description, and
//! look for members that it does not name.

#![expect(dead_code, reason = "only JSON Schemas are made of these types")]

use eastwest_core::declaration::declared::{Mode, RefreshWhen};
use eastwest_core::ecs::change::Field;
use eastwest_core::plan::reason::Reason;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;
use strum::VariantArray as _;

/// Something wrong in a text that a user wrote.
#[derive(JsonSchema)]
pub(crate) struct Issue {
    /// Where it stands: a tag's key, or `<parameter>#<JSON pointer>`.
    place: String,
    /// What was read there.
    #[schemars(skip_serializing_if = "Option::is_none")]
    read: Option<String>,
    /// What is allowed there, and what to do.
    allowed: String,
    /// The nearest spelling that would be accepted.
    #[schemars(skip_serializing_if = "Option::is_none")]
    nearest: Option<String>,
    /// Whether it holds the service.
    weight: Weight,
}

/// Whether an issue holds the service.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Weight {
    /// Every change of the service is held.
    Blocking,
    /// Worth knowing. The declaration counts.
    Advice,
}

/// A name that a service calls.
#[derive(JsonSchema)]
pub(crate) struct Need {
    /// The discovery name.
    name: String,
    /// Whether its environment says so, and nobody else.
    inferred: bool,
}

/// An endpoint that a client's tasks do not know.
#[derive(JsonSchema)]
pub(crate) struct MissingEndpoint {
    /// Its discovery name.
    name: String,
    /// What the client would call.
    alias: String,
    /// Who offers it.
    server: String,
}

/// One difference between what is in force and what is wanted.
#[derive(JsonSchema)]
pub(crate) struct Change {
    /// Which field.
    field: FieldName,
    /// Of which endpoint, as `port/discovery-name`.
    #[schemars(skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    /// What stands there now.
    #[schemars(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// What should stand there.
    #[schemars(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
}

/// The fields that can differ, as `core` names them.
struct FieldName;

impl JsonSchema for FieldName {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Field".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<&str> = Field::VARIANTS.iter().map(Into::into).collect();
        json_schema!({"type": "string", "enum": names})
    }
}

/// A whole Service Connect configuration.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub(crate) struct Connect {
    /// The namespace.
    #[schemars(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    /// What the service offers.
    #[schemars(skip_serializing_if = "Option::is_none")]
    endpoints: Option<Vec<Endpoint>>,
    /// Where the proxy's logs go.
    #[schemars(skip_serializing_if = "Option::is_none")]
    logs: Option<ProxyLogs>,
    /// Whether and how the proxy logs each request.
    #[schemars(skip_serializing_if = "Option::is_none")]
    access_logs: Option<AccessLogs>,
    /// How much the proxy writes into its logs.
    #[schemars(skip_serializing_if = "Option::is_none")]
    log_level: Option<String>,
}

/// One endpoint.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub(crate) struct Endpoint {
    /// The named port mapping it serves.
    port_name: String,
    /// Its name in Cloud Map; absent means the port's name.
    #[schemars(skip_serializing_if = "Option::is_none")]
    discovery_name: Option<String>,
    /// What clients call.
    #[schemars(skip_serializing_if = "Option::is_none")]
    alias: Option<ClientAlias>,
    /// The port its proxy listens on, where that is not the container's.
    #[schemars(skip_serializing_if = "Option::is_none")]
    ingress_port: Option<u16>,
    /// How long the proxy waits.
    #[schemars(skip_serializing_if = "Option::is_none")]
    timeout: Option<Timeout>,
    /// Encryption between the proxies.
    #[schemars(skip_serializing_if = "Option::is_none")]
    tls: Option<Tls>,
}

/// What clients call.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct ClientAlias {
    /// The port the clients' proxies listen on.
    port: u16,
    /// The host; absent means `<discovery-name>.<namespace>`.
    #[schemars(skip_serializing_if = "Option::is_none")]
    dns_name: Option<String>,
    /// The header that marks test traffic.
    #[schemars(skip_serializing_if = "Option::is_none")]
    test_header: Option<TestHeader>,
}

/// A header and its exact value.
#[derive(JsonSchema)]
struct TestHeader {
    /// The header's name.
    name: String,
    /// The value it must have.
    #[schemars(skip_serializing_if = "Option::is_none")]
    exact: Option<String>,
}

/// Time-outs; 0 disables, absent means ECS's default.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct Timeout {
    /// How long a connection may be idle.
    #[schemars(skip_serializing_if = "Option::is_none")]
    idle_seconds: Option<u32>,
    /// How long one request may take.
    #[schemars(skip_serializing_if = "Option::is_none")]
    request_seconds: Option<u32>,
}

/// Encryption between the proxies.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct Tls {
    /// The AWS Private CA that issues the certificates.
    #[schemars(skip_serializing_if = "Option::is_none")]
    authority: Option<String>,
    /// The key that encrypts them.
    #[schemars(skip_serializing_if = "Option::is_none")]
    kms_key: Option<String>,
    /// The role ECS assumes to do so.
    #[schemars(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
}

/// Where the proxy's logs go.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct ProxyLogs {
    /// The log driver's name.
    driver: String,
    /// Its options: name and value. A value that may be a token is `(hidden)`.
    #[schemars(skip_serializing_if = "Option::is_none")]
    options: Option<Vec<(String, String)>>,
    /// Options whose values are secrets: name, and the ARN it is read from.
    #[schemars(skip_serializing_if = "Option::is_none")]
    secret_options: Option<Vec<(String, String)>>,
}

/// How the proxy logs each request.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct AccessLogs {
    /// `TEXT` or `JSON`.
    format: String,
    /// Whether query parameters are logged.
    query_parameters: bool,
}

/// What a service asks for. A field that is not there stays as it is deployed.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub(crate) struct Declaration {
    /// How it takes part.
    #[schemars(skip_serializing_if = "Option::is_none")]
    mode: Option<Mode>,
    /// The namespace.
    #[schemars(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    /// What it offers.
    #[schemars(skip_serializing_if = "Option::is_none")]
    endpoints: Option<Vec<EndpointDeclaration>>,
    /// Where the proxy's logs go; null where they are switched off.
    #[schemars(skip_serializing_if = "Option::is_none")]
    logs: Option<ProxyLogs>,
    /// How the proxy logs each request.
    #[schemars(skip_serializing_if = "Option::is_none")]
    access_logs: Option<AccessLogs>,
    /// The header of test traffic, for every endpoint.
    #[schemars(skip_serializing_if = "Option::is_none")]
    test_header: Option<TestHeader>,
    /// What it calls.
    #[schemars(skip_serializing_if = "Option::is_none")]
    needs: Option<Vec<String>>,
    /// When it is rolled out again for others.
    #[schemars(skip_serializing_if = "Option::is_none")]
    refresh: Option<RefreshWhen>,
    /// Until when it is paused; null where that has no end.
    #[schemars(skip_serializing_if = "Option::is_none")]
    pause: Option<String>,
    /// The path that `eastwest verify` asks.
    #[schemars(skip_serializing_if = "Option::is_none")]
    check: Option<String>,
    /// The parameter with the rest of the declaration.
    #[schemars(skip_serializing_if = "Option::is_none")]
    document: Option<String>,
}

/// An endpoint as it is declared.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct EndpointDeclaration {
    /// Its port, by name or by number.
    #[schemars(skip_serializing_if = "Option::is_none")]
    port: Option<PortSelector>,
    /// Its name in Cloud Map.
    #[schemars(skip_serializing_if = "Option::is_none")]
    discovery_name: Option<String>,
    /// What clients call.
    #[schemars(skip_serializing_if = "Option::is_none")]
    alias: Option<AliasDeclaration>,
    /// How long the proxy waits.
    #[schemars(skip_serializing_if = "Option::is_none")]
    timeout: Option<Timeout>,
    /// The port its proxy listens on.
    #[schemars(skip_serializing_if = "Option::is_none")]
    ingress_port: Option<u16>,
    /// Encryption between the proxies.
    #[schemars(skip_serializing_if = "Option::is_none")]
    tls: Option<Tls>,
}

/// A port, by name or by number.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum PortSelector {
    /// The name.
    Name(String),
    /// The number.
    Number(u16),
}

/// What clients call, as it is declared.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct AliasDeclaration {
    /// The host.
    #[schemars(skip_serializing_if = "Option::is_none")]
    dns_name: Option<String>,
    /// The port.
    #[schemars(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
}

/// A change of one service.
#[derive(JsonSchema)]
#[schemars(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Action {
    /// Sets the configuration.
    Connect {
        /// Which service.
        service: String,
        /// The whole configuration.
        connect: Connect,
    },
    /// Switches Service Connect off.
    Disconnect {
        /// Which service.
        service: String,
    },
    /// Rolls the tasks out again, with the same configuration.
    Refresh {
        /// Which service.
        service: String,
    },
}

/// Why a change is not made now.
#[derive(JsonSchema)]
pub(crate) struct Hold {
    /// In one word.
    reason: Reason,
    /// In one sentence.
    message: String,
    /// What would end it.
    ends: String,
    /// What to paste where, so that another tool leaves the service alone.
    #[schemars(skip_serializing_if = "Option::is_none")]
    snippet: Option<String>,
}

/// What eastwest creates first.
#[derive(JsonSchema)]
pub(crate) struct Missing {
    /// What.
    prerequisite: Prerequisite,
    /// Why that is not done now.
    #[schemars(skip_serializing_if = "Option::is_none")]
    hold: Option<Hold>,
    /// A remark.
    #[schemars(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// Something to make.
#[derive(JsonSchema)]
#[schemars(tag = "kind", rename_all = "kebab-case")]
enum Prerequisite {
    /// A Cloud Map namespace.
    Namespace(NewNamespace),
    /// A revision of a task definition in which ports have the names they lack.
    NamedPorts(NamedPorts),
}

/// A Cloud Map namespace to create.
#[derive(JsonSchema)]
struct NewNamespace {
    /// Its name.
    name: String,
    /// The VPC of a private DNS namespace.
    #[schemars(skip_serializing_if = "Option::is_none")]
    vpc: Option<String>,
}

/// A revision to register.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct NamedPorts {
    /// The revision to begin from.
    task_definition: String,
    /// The names to add.
    #[schemars(skip_serializing_if = "Option::is_none")]
    ports: Option<Vec<NamedPort>>,
}

/// A port mapping and the name to give it.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct NamedPort {
    /// The container it belongs to.
    container: String,
    /// Its container port.
    container_port: u16,
    /// `tcp` or `udp`.
    protocol: String,
    /// The name to give it.
    name: String,
}

/// The server that must complete first.
#[derive(JsonSchema)]
pub(crate) struct Awaited {
    /// The name that is needed.
    name: String,
    /// Who offers it, or is to.
    server: String,
    /// Whether the need is only inferred.
    inferred: bool,
    /// What its server is still to do.
    until: Until,
}

/// What is still to happen to a server.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum Until {
    /// It is to be changed first.
    Changed,
    /// Its rollout is to complete.
    Complete,
    /// All its tasks are to run.
    Filled,
    /// It is held for a reason that somebody must mend.
    Mended(Reason),
}

/// Another writer.
#[derive(JsonSchema)]
pub(crate) struct Contention {
    /// The service.
    service: String,
    /// The fields that it changes back.
    fields: Vec<FieldName>,
    /// How often it did.
    reverts: usize,
    /// The tool that owns the service.
    tool: Tool,
}

/// A tool that deploys services.
#[derive(JsonSchema)]
enum Tool {
    CloudFormation,
    Terraform,
    Pulumi,
    Unknown,
}

/// What a plan costs.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub(crate) struct Cost {
    /// Services that roll out, also those that wait for consent or their turn.
    services: usize,
    /// Tasks that are replaced.
    tasks: u32,
    /// Clients that do not see an endpoint they need until they roll out again.
    #[schemars(skip_serializing_if = "Option::is_none")]
    stale_clients: Option<Vec<String>>,
    /// How many rounds of rollouts the budget makes of it.
    rounds: usize,
    /// How long it will take; none where no service's past tells.
    #[schemars(skip_serializing_if = "Option::is_none")]
    time: Option<Estimate>,
}

/// A time, and how well it is known.
#[derive(JsonSchema)]
struct Estimate {
    /// In seconds.
    seconds: u64,
    /// The services whose past does not tell.
    guessed: usize,
}

/// What eastwest may write.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub(crate) enum Policy {
    Observe,
    UpsertOnly,
    Sync,
}

/// The state of a rollout.
#[derive(JsonSchema)]
pub(crate) enum Rollout {
    InProgress,
    Completed,
    Failed,
}

/// The description of the API: OpenAPI 3.1.
#[derive(JsonSchema)]
pub(crate) struct OpenApi {
    openapi: String,
    info: Value,
    paths: Value,
    components: Value,
}
