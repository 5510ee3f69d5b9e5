//! The flags of every command, as they are typed. What they mean is decided in [`super`].
//!
//! Values stay text here. [`Config::read`](super::Config::read) reads them, so that it reports all mistakes at once.
//! Endpoints, credentials and profiles are the AWS SDK's own (`AWS_ENDPOINT_URL`, `AWS_PROFILE`, …).

use clap::Args;

use super::secret::Secret;
use super::token::Token;

/// Flags that every command takes; each is also an environment variable. A help shows those that matter to its command.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Settings, also in the environment")]
pub(crate) struct Flags {
    /// A cluster to watch, by name or ARN; may be repeated. Default: every cluster of the account and Region.
    #[arg(
        long,
        global = true,
        env = "EASTWEST_CLUSTER",
        value_delimiter = ',',
        value_name = "NAME"
    )]
    pub(crate) cluster: Vec<String>,
    /// The AWS Region. Default: the one that the AWS SDK finds.
    #[arg(long, global = true, env = "EASTWEST_REGION")]
    pub(crate) region: Option<String>,
    /// Where to read declarations: `tags`, or `ssm:NAME` or `ssm:PATH/` for a document; may be repeated.
    #[arg(
        long,
        global = true,
        env = "EASTWEST_SOURCE",
        value_delimiter = ',',
        value_name = "tags|ssm:NAME",
        default_value = "tags"
    )]
    pub(crate) source: Vec<String>,
    /// The namespace of services that name no namespace and are in none: a name, an id or an ARN.
    #[arg(long, global = true, env = "EASTWEST_NAMESPACE")]
    pub(crate) namespace: Option<String>,
    /// What eastwest may write: observe, upsert-only or sync. Default: observe. `plan` and `apply` work as with sync,
    /// unless this is upsert-only.
    #[arg(long, global = true, env = "EASTWEST_POLICY")]
    pub(crate) policy: Option<String>,
    /// The time from the end of one sweep to the start of the next, at most, as 30s, 5m or 1h. Default: 60s, and for
    /// `run` with a queue 5m.
    #[arg(long, global = true, env = "EASTWEST_INTERVAL", value_name = "TIME")]
    pub(crate) interval: Option<String>,
    /// The URL of an SQS queue that EventBridge fills: `run` looks at once at what its messages name. Other commands make
    /// no use of it.
    #[arg(long, global = true, env = "EASTWEST_QUEUE_URL", value_name = "URL")]
    pub(crate) queue_url: Option<String>,
    /// A DynamoDB table whose partition key is the text `lease`, by name or ARN. Of several copies of eastwest that share
    /// it, one writes at a time: `run` and `apply` hold a lease for each cluster. Left out, nothing keeps a second copy
    /// from writing.
    #[arg(long, global = true, env = "EASTWEST_LEASE_TABLE", value_name = "TABLE")]
    pub(crate) lease_table: Option<String>,
    /// How long a lease lasts after its last renewal, from 3s to 5m: so long, and two seconds more, a cluster is without a
    /// leader after a crash. All copies should use the same.
    #[arg(
        long,
        global = true,
        env = "EASTWEST_LEASE_DURATION",
        value_name = "TIME",
        default_value = "15s"
    )]
    pub(crate) lease_duration: String,
    /// The prefix of the tags that eastwest reads.
    #[arg(long, global = true, env = "EASTWEST_TAG_PREFIX", default_value = "eastwest/")]
    pub(crate) tag_prefix: String,
    /// What the names of parameters must begin with that services may name in their document tag. May be repeated, or
    /// separated by commas.
    #[arg(
        long,
        global = true,
        env = "EASTWEST_DOCUMENT_PREFIX",
        value_delimiter = ',',
        value_name = "PREFIX",
        default_value = "/eastwest/"
    )]
    pub(crate) document_prefix: Vec<String>,
    /// How many rollouts may run at once in one cluster.
    #[arg(long, global = true, env = "EASTWEST_ROLLOUTS_PER_CLUSTER", default_value = "2")]
    pub(crate) rollouts_per_cluster: String,
    /// How many rollouts may run at once in one namespace.
    #[arg(long, global = true, env = "EASTWEST_ROLLOUTS_PER_NAMESPACE", default_value = "1")]
    pub(crate) rollouts_per_namespace: String,
    /// How much of a namespace may change at once without consent: a percentage, or a number of services. A percentage
    /// always allows ten services.
    #[arg(long, global = true, env = "EASTWEST_MASS_CHANGE", default_value = "20%")]
    pub(crate) mass_change: String,
    /// The ECS service that this eastwest runs as, as CLUSTER/SERVICE: it is never written to. Left out, the task metadata
    /// endpoint tells; `none` lets eastwest roll itself out.
    #[arg(long, global = true, env = "EASTWEST_OWN_SERVICE", value_name = "SERVICE")]
    pub(crate) own_service: Option<String>,
    /// The bearer token for `POST` below `/api/v1`, with which one also signs in to the dashboard; without a token neither
    /// exists. Set it in the environment: other users of the machine can see a command line.
    #[arg(long, global = true, env = "EASTWEST_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<Token>,
    /// Where `run` serves HTTP.
    #[arg(long, global = true, env = "EASTWEST_LISTEN", default_value = "0.0.0.0:8080")]
    pub(crate) listen: String,
    /// A name under which people and programs reach the pages of `run`. Addresses and localhost need not be named. May be
    /// repeated, or separated by commas.
    #[arg(
        long,
        global = true,
        env = "EASTWEST_PUBLIC_HOST",
        value_delimiter = ',',
        value_name = "NAME"
    )]
    pub(crate) public_host: Vec<String>,
    /// An address that `run` sends messages to when something needs a person, or no longer does. It is a secret: set it in
    /// the environment, or name a file that has it, as file:/run/secrets/webhook.
    #[arg(
        long,
        global = true,
        env = "EASTWEST_NOTIFY_WEBHOOK",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub(crate) notify_webhook: Option<Secret>,
    /// What signs these messages with HMAC-SHA-256, 16 characters or more. Set it in the environment, or name a file that
    /// has it, as file:/run/secrets/key.
    #[arg(
        long,
        global = true,
        env = "EASTWEST_NOTIFY_SECRET",
        hide_env_values = true,
        value_name = "KEY"
    )]
    pub(crate) notify_secret: Option<Secret>,
    /// What these messages look like: json, or slack for an incoming webhook of Slack.
    #[arg(
        long,
        global = true,
        env = "EASTWEST_NOTIFY_FORMAT",
        default_value = "json",
        value_name = "json|slack"
    )]
    pub(crate) notify_format: String,
    /// Allow an address that begins with http:// and is not of this machine: everybody on the way can read the messages.
    #[arg(long, global = true, env = "EASTWEST_NOTIFY_PLAIN_HTTP")]
    pub(crate) notify_plain_http: bool,
    /// An EventBridge bus that `run` sends events to when something needs a person, or no longer does: a name or an ARN.
    #[arg(long, global = true, env = "EASTWEST_NOTIFY_BUS", value_name = "BUS")]
    pub(crate) notify_bus: Option<String>,
    /// Tell people of a service that differs from what is declared for so long.
    #[arg(
        long,
        global = true,
        env = "EASTWEST_NOTIFY_DRIFT_AFTER",
        default_value = "30m",
        value_name = "TIME"
    )]
    pub(crate) notify_drift_after: String,
    /// How many times as fast people are told. It is for tests of this program and hidden from the help.
    #[arg(long, global = true, env = "EASTWEST_NOTIFY_SPEED", default_value = "1", hide = true)]
    pub(crate) notify_speed: String,
    /// For how long nothing is written after a start, from 0s to 10s. It is for tests of this program and hidden from
    /// the help: with less than 10s, `run` and `apply` may act on answers of AWS from before the last write of the
    /// eastwest that ran before.
    #[arg(
        long,
        global = true,
        env = "EASTWEST_START_UP_PAUSE",
        default_value = "10s",
        hide = true
    )]
    pub(crate) start_up_pause: String,
    /// How many times AWS's published rates eastwest reckons with, from 1 to 100. It is for measurements against a
    /// simulator without rates, and hidden from the help: AWS would throttle.
    #[arg(long, global = true, env = "EASTWEST_RATES", default_value = "1", hide = true)]
    pub(crate) rates: String,
    /// The format of log lines: json or text.
    #[arg(long, global = true, env = "EASTWEST_LOG_FORMAT", default_value = "json")]
    pub(crate) log_format: String,
}
