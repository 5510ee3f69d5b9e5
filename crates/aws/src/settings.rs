//! How we connect: every retry, time-out and protection of the SDK is set here, none is inherited.
//!
//! **Invariant:** a read is tried at most three times, a write exactly once. A write whose outcome is unknown
//! is read back by the engine; a second sending could start a second rollout.

use std::sync::Arc;
use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Builder, Connector, tls};
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpClient};
use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::retry::{ReconnectMode, RetryConfig};
use aws_smithy_types::timeout::TimeoutConfig;
use eastwest_core::ecs::name::BusName;

use crate::bounded::bounded;
use crate::call::{Meter, OnCall};
use crate::pace::{Pace, Share};
use crate::tap::{OnAnswer, Tap};
use crate::world::{Bus, LeaseTable, Leases, MayWrite, Unchanged, WAIT_SECONDS, World};

/// Reads are tried so often: one throttled and one broken answer in a row are weather, three are a fault.
const READ_ATTEMPTS: u32 = 3;
/// The longest pause between two attempts; past it the next sweep is the better retry.
const LONGEST_BACKOFF: Duration = Duration::from_secs(5);
/// A TCP and TLS handshake within a region takes milliseconds; a lost SYN is sent again after one and three
/// seconds.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(3100);
/// UpdateService answers in a second or two; the longer we wait, the less often the outcome is unknown.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// What an operation may take on top of its attempts: its backoffs.
const SLACK: Duration = Duration::from_secs(10);
/// An answer that stops flowing for so long will not go on; whole answers take well under a second.
const STALL_GRACE: Duration = Duration::from_secs(5);
/// What a long poll may take beyond its wait.
const LONG_POLL_SLACK: Duration = Duration::from_secs(5);
/// Idle connections are kept between two looks at a rolling service, yet closed before the far end does it.
const IDLE_CONNECTION: Duration = Duration::from_secs(20);

/// What the process decides about its calls.
pub struct Settings {
    /// The AWS region; `None` asks the environment, the profile and the instance, in this order.
    pub region: Option<String>,
    /// The share of each of the account's token buckets that we may use.
    pub share: Share,
    /// Another share until [`World::first_look_is_over`] is called, if a person waits for the first look.
    pub first_look: Option<Share>,
    /// How long one attempt of a read may take.
    pub attempt_timeout: Duration,
    /// The longest first pause between two attempts of a read, and the first between two looks at an operation
    /// of Cloud Map under way; the next may be twice as long.
    pub backoff: Duration,
    /// Receives every attempt of every call.
    pub on_call: OnCall,
    /// Receives the JSON of every call to ECS and Cloud Map, if somebody writes it down.
    pub on_answer: Option<OnAnswer>,
    /// The Region of the queue, if it is not the Region of all else.
    pub queue_region: Option<String>,
    /// The table of leases, if there is one.
    pub lease_table: Option<LeaseTable>,
    /// The bus on which people are told, if there is one.
    pub bus: Option<BusName>,
    /// Whether a change to a cluster may be sent at this very moment: asked after it has waited for its turn.
    pub may_write: MayWrite,
    /// What is known of a service that a sweep has just read, if the reading says the same.
    pub unchanged: Unchanged,
    /// A simulator's URL: every call goes there, signed with made-up credentials. `None`: AWS, as the
    /// environment has it.
    pub simulator: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            region: None,
            share: Share::OF_A_DAEMON,
            first_look: None,
            attempt_timeout: Duration::from_secs(10),
            backoff: Duration::from_millis(500),
            on_call: Arc::new(|_| ()),
            on_answer: None,
            queue_region: None,
            lease_table: None,
            bus: None,
            may_write: Arc::new(|_| true),
            unchanged: Arc::new(|_| None),
            simulator: None,
        }
    }
}

/// No region is configured, so there is no AWS to talk to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no AWS region is configured: give --region, or set AWS_REGION or a region in the profile")]
pub struct NoRegion;

impl World {
    /// Prepares the calls of one account and region. Nothing is sent yet: credentials are looked for when
    /// the first call needs them, and their absence is a fault of that call.
    ///
    /// The search for credentials must end before the attempt that needs them does, or their absence would
    /// look like a slow AWS.
    pub async fn connect(settings: Settings) -> Result<Self, NoRegion> {
        let name = AppName::new("eastwest").expect("letters only");
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(https_client(ProxyConfig::from_env()))
            .identity_cache(
                IdentityCache::lazy().load_timeout(settings.attempt_timeout / 2).build(),
            )
            .app_name(name);
        if let Some(region) = &settings.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(url) = &settings.simulator {
            let made_up = Credentials::new("simulator", "simulator", None, None, "simulator");
            loader = loader.endpoint_url(url).credentials_provider(made_up);
        }
        Self::over(&loader.load().await, &settings)
    }

    /// The same over a configuration that is already there.
    pub(crate) fn over(shared: &SdkConfig, settings: &Settings) -> Result<Self, NoRegion> {
        let region = shared.region().ok_or(NoRegion)?.to_string();
        let pace = Arc::new(Pace::new(settings.share, settings.first_look));
        let meter = |api| {
            let (pace, on_call) = (Arc::clone(&pace), Arc::clone(&settings.on_call));
            Meter { api, pace, on_call }
        };
        let read = |attempt: Duration| {
            shared
                .to_builder()
                .retry_config(read_retries(settings.backoff))
                .timeout_config(timeouts(attempt, attempt * READ_ATTEMPTS + SLACK))
                .stalled_stream_protection(stall_protection())
                .build()
        };
        let reads = read(settings.attempt_timeout);
        let writes = shared
            .to_builder()
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts(WRITE_TIMEOUT, WRITE_TIMEOUT + SLACK))
            .stalled_stream_protection(stall_protection())
            .build();
        let ecs = |config: &SdkConfig| {
            let mut config = aws_sdk_ecs::config::Builder::from(config).interceptor(meter("ecs"));
            if let Some(tap) = tap("ecs", settings) {
                config.push_interceptor(tap);
            }
            aws_sdk_ecs::Client::from_conf(config.build())
        };
        let cloud_map = |config: &SdkConfig| {
            let mut config = aws_sdk_servicediscovery::config::Builder::from(config)
                .interceptor(meter("servicediscovery"));
            if let Some(tap) = tap("servicediscovery", settings) {
                config.push_interceptor(tap);
            }
            aws_sdk_servicediscovery::Client::from_conf(config.build())
        };
        let ssm = aws_sdk_ssm::config::Builder::from(&reads).interceptor(meter("ssm"));
        let sqs = aws_sdk_sqs::config::Builder::from(&long_polls(shared)).interceptor(meter("sqs"));
        let sqs = match &settings.queue_region {
            Some(region) => sqs.region(Region::new(region.clone())),
            None => sqs,
        };
        let leases = settings.lease_table.clone().map(|table| {
            let shared = impatient(shared, table.patience);
            let config =
                aws_sdk_dynamodb::config::Builder::from(&shared).interceptor(meter("dynamodb"));
            let config = match table.name.region() {
                Some(region) => config.region(Region::new(region.to_owned())),
                None => config,
            };
            Leases { client: aws_sdk_dynamodb::Client::from_conf(config.build()), table }
        });
        Ok(Self {
            ecs: ecs(&reads),
            ecs_writes: ecs(&writes),
            cloud_map: cloud_map(&reads),
            cloud_map_writes: cloud_map(&writes),
            ssm: aws_sdk_ssm::Client::from_conf(ssm.build()),
            sqs: aws_sdk_sqs::Client::from_conf(sqs.build()),
            leases,
            bus: bus(shared, settings, meter("events")),
            may_write: Arc::clone(&settings.may_write),
            unchanged: Arc::clone(&settings.unchanged),
            pace: Arc::clone(&pace),
            first_pause: settings.backoff,
            region,
        })
    }
}

/// The bus on which people are told, if there is one. A call is tried once.
fn bus(shared: &SdkConfig, settings: &Settings, meter: Meter) -> Option<Bus> {
    let name = settings.bus.clone()?;
    let shared = impatient(shared, settings.attempt_timeout);
    let config = aws_sdk_eventbridge::config::Builder::from(&shared).interceptor(meter);
    let config = match name.region() {
        Some(region) => config.region(Region::new(region.to_owned())),
        None => config,
    };
    Some(Bus { client: aws_sdk_eventbridge::Client::from_conf(config.build()), name })
}

/// What hands on every call of an API, if somebody writes it down.
fn tap(api: &'static str, settings: &Settings) -> Option<SharedInterceptor> {
    let on_answer = settings.on_answer.clone()?;
    Some(SharedInterceptor::new(Tap { api, on_answer }))
}

/// Calls that are tried once and given up soon: a late answer about a lease is worth nothing.
fn impatient(shared: &SdkConfig, patience: Duration) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(patience)
        .read_timeout(patience)
        .operation_attempt_timeout(patience)
        .operation_timeout(patience)
        .build();
    shared.to_builder().retry_config(RetryConfig::disabled()).timeout_config(timeouts).build()
}

/// Calls that wait for messages on the far side. One that hangs longer than that is given up: such polls have hung for
/// ever (aws-sdk-rust 1094).
fn long_polls(shared: &SdkConfig) -> SdkConfig {
    let wait = Duration::from_secs(WAIT_SECONDS.unsigned_abs().into()) + LONG_POLL_SLACK;
    shared
        .to_builder()
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts(wait, wait + SLACK))
        .stalled_stream_protection(stall_protection())
        .build()
}

fn read_retries(backoff: Duration) -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(READ_ATTEMPTS)
        .with_initial_backoff(backoff)
        .with_max_backoff(LONGEST_BACKOFF)
        .with_reconnect_mode(ReconnectMode::ReconnectOnTransientError)
}

fn timeouts(attempt: Duration, operation: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(attempt)
        .operation_attempt_timeout(attempt)
        .operation_timeout(operation)
        .build()
}

fn stall_protection() -> StalledStreamProtectionConfig {
    StalledStreamProtectionConfig::enabled()
        .upload_enabled(true)
        .download_enabled(true)
        .grace_period(STALL_GRACE)
        .build()
}

/// One HTTPS client for all: connections are shared, and trusted roots are read once. It speaks plain HTTP
/// where the endpoint asks for it, and goes through `HTTPS_PROXY` where that is set; the SDK's own default client
/// is built the same way, through the same (hidden) method, but with a TLS library we do not ship.
/// Its answers have a largest size.
pub(crate) fn https_client(proxy: ProxyConfig) -> SharedHttpClient {
    let client = Builder::new().build_with_connector_fn(move |settings, components| {
        connector(settings, components, proxy.clone())
    });
    bounded(client)
}

/// What connects: TLS by ring, and the system's roots.
pub(crate) fn connector(
    settings: Option<&HttpConnectorSettings>,
    components: Option<&RuntimeComponents>,
    proxy: ProxyConfig,
) -> Connector {
    let ring = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    let mut connector = Connector::builder().tls_provider(ring);
    connector.set_connector_settings(settings.cloned());
    connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
    connector.pool_idle_timeout(IDLE_CONNECTION).proxy_config(proxy).build()
}
