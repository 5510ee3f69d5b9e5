//! Configuration: from what was typed to what is meant.
//!
//! In comes [`Flags`], text as it was typed or stands in the environment; out goes a [`Config`], or every mistake in
//! it at once. In reading order: [`token`], [`secret`], [`flags`], [`reader`], [`notify`].

pub(crate) mod token;

pub(crate) mod secret;

pub(crate) mod flags;

pub(crate) mod reader;

pub(crate) mod notify;

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use eastwest_core::declaration::document::MassChange;
use eastwest_core::declaration::settings::{
    Budget, LeaseSettings, Policy, Settings, Sources, Timing,
};
use eastwest_core::declaration::tag_prefix::TagPrefix;
use eastwest_core::ecs::name::{ClusterName, NamespaceRef, ParameterName, TableName};
use eastwest_core::ecs::queue::QueueUrl;
use eastwest_core::ecs::service_key::ServicePath;

use self::flags::Flags;
use self::notify::Notify;
use self::reader::{Reader, duration};
use self::token::Token;

/// From the end of a sweep to the next, where a queue shows what changed.
const INTERVAL_WITH_QUEUE: Duration = Duration::from_mins(5);

/// Everything the process needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Config {
    /// For the engine.
    pub(crate) settings: Settings,
    /// The policy, if one was given.
    pub(crate) policy: Option<Policy>,
    /// How much of the start-up pause is left out: none, except in tests.
    pub(crate) head_start: Duration,
    /// How many times AWS's published rates there are.
    pub(crate) rates: u8,
    /// The id of the ECS task that this process is, once the task metadata endpoint has told it.
    pub(crate) task: Option<String>,
    /// Whether the task metadata endpoint is to tell which service eastwest runs as.
    pub(crate) asks_for_own_service: bool,
    /// What opens the pages that write.
    pub(crate) token: Option<Token>,
    /// The AWS region, if given.
    pub(crate) region: Option<String>,
    /// From the end of a sweep to the next, if given.
    pub(crate) interval: Option<Duration>,
    /// The queue that brings looks forward, if one was given.
    pub(crate) queue: Option<QueueUrl>,
    /// The lease that a command needs to write, if a table was given.
    pub(crate) lease: Option<Lease>,
    /// Where people are told what needs them, if anywhere.
    pub(crate) notify: Option<Notify>,
    /// Where to serve HTTP.
    pub(crate) listen: SocketAddr,
    /// The names to which the pages answer, beside addresses and localhost.
    pub(crate) public_hosts: BTreeSet<String>,
    /// The format of log lines.
    pub(crate) log_format: LogFormat,
}

/// Where leases are, and how long one lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lease {
    /// The table.
    pub(crate) table: TableName,
    /// How long a lease lasts after its last renewal.
    pub(crate) duration: Duration,
}

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// All mistakes in the flags.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mistakes(Vec<String>);

impl std::error::Error for Mistakes {}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid configuration:")?;
        self.0.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))
    }
}

impl Config {
    /// Reads the flags.
    pub(crate) fn read(flags: &Flags) -> Result<Self, Mistakes> {
        let mut reader = Reader(Vec::new());
        let clusters: BTreeSet<ClusterName> = flags
            .cluster
            .iter()
            .filter_map(|text| reader.name("--cluster", text, ClusterName::parse(text.trim())))
            .collect();
        let sources = reader.sources(&flags.source, &flags.document_prefix);
        let namespace = flags
            .namespace
            .as_deref()
            .and_then(|text| reader.name("--namespace", text, NamespaceRef::parse(text)));
        let prefix = reader.value(
            "--tag-prefix",
            &flags.tag_prefix,
            "1 to 64 letters, digits and + - = . _ : / @, not starting with aws:",
            TagPrefix::parse,
        );
        let policy = flags.policy.as_deref().and_then(|text| {
            let allowed = "observe, upsert-only or sync";
            reader.value("--policy", text, allowed, |text| text.parse::<Policy>().ok())
        });
        let interval = reader.interval(flags.interval.as_deref());
        let queue = reader.queue(flags.queue_url.as_deref());
        let per_cluster = reader.count("--rollouts-per-cluster", &flags.rollouts_per_cluster);
        let per_namespace = reader.count("--rollouts-per-namespace", &flags.rollouts_per_namespace);
        let mass_change = reader.mass_change(&flags.mass_change);
        let own_service = reader.own_service(flags.own_service.as_deref());
        let head_start = reader.head_start(&flags.start_up_pause);
        let token = flags.token.as_ref().and_then(|token| reader.token(token));
        let listen = reader.value(
            "--listen",
            &flags.listen,
            "an address and a port, as 0.0.0.0:8080",
            |text| text.parse().ok(),
        );
        let log_format = reader.log_format(&flags.log_format);
        let usual = Timing::default();
        let timing = Timing { interval: interval.unwrap_or(usual.interval), ..usual };
        let config = Self {
            settings: Settings {
                clusters: (!clusters.is_empty()).then_some(clusters),
                sources,
                prefix: prefix.unwrap_or_default(),
                namespace,
                policy: policy.unwrap_or_default(),
                budget: Budget { per_cluster, per_namespace },
                mass_change,
                own_service,
                queue: None,
                lease: None,
                timing,
            },
            task: None,
            asks_for_own_service: flags.own_service.is_none(),
            policy,
            head_start,
            rates: reader.rates(&flags.rates),
            token,
            region: flags.region.clone(),
            interval,
            queue,
            lease: reader.lease(flags),
            notify: reader.notify(flags),
            listen: listen.unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], 8080))),
            public_hosts: reader.public_hosts(&flags.public_host),
            log_format: log_format.unwrap_or(LogFormat::Json),
        };
        if reader.0.is_empty() { Ok(config) } else { Err(Mistakes(reader.0)) }
    }

    /// The settings of the daemon. With a queue its sweeps are a safety net, and rarer.
    pub(crate) fn of_daemon(&self) -> Settings {
        let mut settings = self.settings.clone();
        settings.queue.clone_from(&self.queue);
        if self.queue.is_some() && self.interval.is_none() {
            settings.timing.interval = INTERVAL_WITH_QUEUE;
        }
        settings
    }
}

impl Reader {
    fn log_format(&mut self, text: &str) -> Option<LogFormat> {
        self.value("--log-format", text, "json or text", |text| match text {
            "json" => Some(LogFormat::Json),
            "text" => Some(LogFormat::Text),
            _ => None,
        })
    }

    fn public_hosts(&mut self, names: &[String]) -> BTreeSet<String> {
        names.iter().filter_map(|name| self.public_host(name)).collect()
    }

    fn public_host(&mut self, text: &str) -> Option<String> {
        let allowed = "a host name without a port, as eastwest.internal.example";
        let fits = |text: &str| {
            let of_a_name = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
            !text.is_empty() && text.bytes().all(of_a_name)
        };
        self.value("--public-host", text, allowed, |text| fits(text).then(|| text.to_owned()))
    }

    fn own_service(&mut self, text: Option<&str>) -> Option<ServicePath> {
        let text = text.filter(|text| text.trim() != "none")?;
        let allowed = "CLUSTER/SERVICE, or none";
        self.value("--own-service", text, allowed, |text| ServicePath::parse(text).ok())
    }

    /// SSM: a parameter's name has letters, digits and `_.-/`, and begins with `/` where it has a path
    /// (API:PutParameter.Name).
    fn document_prefix(&mut self, text: &str) -> Option<String> {
        let allowed = "the beginning of a parameter's name: /, then letters, digits and _ . - /";
        let fits = |text: &str| {
            text.starts_with('/')
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-/".contains(&b))
        };
        self.value("--document-prefix", text, allowed, |text| fits(text).then(|| text.to_owned()))
    }

    fn sources(&mut self, words: &[String], prefixes: &[String]) -> Sources {
        let document_prefixes =
            prefixes.iter().filter_map(|text| self.document_prefix(text.trim())).collect();
        let mut sources = Sources { tags: false, documents: BTreeSet::new(), document_prefixes };
        for word in words {
            match word.trim().strip_prefix("ssm:") {
                None if word.trim() == "tags" => sources.tags = true,
                None => self.0.push(format!("--source {word:?}: tags, or ssm:<parameter or path>")),
                Some(name) => {
                    sources.documents.extend(self.name(
                        "--source",
                        name,
                        ParameterName::parse(name),
                    ));
                }
            }
        }
        sources
    }

    fn mass_change(&mut self, text: &str) -> MassChange {
        let read = MassChange::parse(text.trim());
        self.name("--mass-change", text, read).unwrap_or(MassChange::Percent(20))
    }

    /// How much of the start-up pause a shorter one leaves out.
    fn head_start(&mut self, pause: &str) -> Duration {
        let whole = Timing::default().staleness;
        let read = |text: &str| {
            let pause = if text == "0s" { Some(Duration::ZERO) } else { duration(text) };
            pause.and_then(|pause| whole.checked_sub(pause))
        };
        self.value("--start-up-pause", pause, "a time from 0s to 10s", read).unwrap_or_default()
    }

    fn rates(&mut self, text: &str) -> u8 {
        let read = |text: &str| text.parse::<u8>().ok().filter(|rates| (1..=100).contains(rates));
        self.value("--rates", text, "a number from 1 to 100", read).unwrap_or(1)
    }

    /// No message shows the token.
    fn token(&mut self, token: &Token) -> Option<Token> {
        if !token.is_fit() {
            self.0.push(format!("--token: {}", Token::ALLOWED));
        }
        token.is_fit().then(|| token.clone())
    }

    fn interval(&mut self, text: Option<&str>) -> Option<Duration> {
        self.value("--interval", text?, "a time from 1s to 24h, as 30s, 5m or 1h", duration)
    }

    fn queue(&mut self, text: Option<&str>) -> Option<QueueUrl> {
        self.name("--queue-url", text?, QueueUrl::parse(text?.trim()))
    }

    fn lease(&mut self, flags: &Flags) -> Option<Lease> {
        let read = |text: &str| duration(text).filter(|span| LeaseSettings::may_last(*span));
        let duration =
            self.value("--lease-duration", &flags.lease_duration, "a time from 3s to 5m", read);
        let text = flags.lease_table.as_deref()?.trim();
        let table = self.name("--lease-table", text, TableName::parse(text));
        Some(Lease { table: table?, duration: duration? })
    }

    fn count(&mut self, flag: &str, text: &str) -> usize {
        let read = |text: &str| text.parse().ok().filter(|count| (1..=1000).contains(count));
        self.value(flag, text, "a whole number from 1 to 1000", read).unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::*;

    /// A command line of these flags alone.
    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        flags: Flags,
    }

    fn read(words: &[&str]) -> Result<Config, Mistakes> {
        let words = ["eastwest"].iter().chain(words);
        Config::read(&Line::try_parse_from(words).expect("the flags exist").flags)
    }

    #[test]
    fn every_mistake_is_reported_at_once() {
        let mistakes =
            read(&["--policy", "all", "--interval", "0s", "--listen", "8080", "--cluster", "a b"]);
        let text = mistakes.unwrap_err().to_string();
        for flag in
            ["--policy \"all\"", "--interval \"0s\"", "--listen \"8080\"", "--cluster \"a b\""]
        {
            assert!(text.contains(flag), "{flag} in {text}");
        }
    }

    #[test]
    fn a_budget_of_nothing_is_a_mistake() {
        let text = read(&[
            "--rollouts-per-cluster",
            "0",
            "--rollouts-per-namespace",
            "0",
            "--mass-change",
            "0",
        ]);
        let text = text.unwrap_err().to_string();
        for flag in [
            "--rollouts-per-cluster \"0\"",
            "--rollouts-per-namespace \"0\"",
            "--mass-change \"0\"",
        ] {
            assert!(text.contains(flag), "{flag} in {text}");
        }
        let settings = |text: &str| read(&["--mass-change", text]).unwrap().settings.mass_change;
        assert_eq!(settings("15"), MassChange::Count(15));
        assert_eq!(settings("50%"), MassChange::Percent(50));
    }

    #[test]
    fn a_token_is_shown_nowhere() {
        let text = read(&["--token", "s3cret"]).unwrap_err().to_string();
        assert!(text.contains("--token: 16 to 512") && !text.contains("s3cret"), "{text}");
        let config = read(&["--token", "s3cret-s3cret-s3cret"]).unwrap();
        assert!(config.token.is_some() && !format!("{config:?}").contains("s3cret"));
    }

    #[test]
    fn without_flags_nothing_is_written_and_every_cluster_is_watched() {
        let config = read(&[]).unwrap();
        assert_eq!(config.settings.policy, Policy::Observe);
        assert_eq!(config.settings.clusters, None);
        assert_eq!(config.settings.timing.interval, Duration::from_mins(1));
    }

    #[test]
    fn with_a_queue_the_daemon_sweeps_every_five_minutes_unless_told_otherwise() {
        let url = "https://sqs.eu-west-1.amazonaws.com/123456789012/eastwest";
        let interval = |words: &[&str]| read(words).unwrap().of_daemon().timing.interval;
        assert_eq!(interval(&[]), Duration::from_mins(1));
        assert_eq!(interval(&["--queue-url", url]), Duration::from_mins(5));
        assert_eq!(interval(&["--queue-url", url, "--interval", "30s"]), Duration::from_secs(30));
        let config = read(&["--queue-url", url]).unwrap();
        assert_eq!(config.of_daemon().queue.unwrap().as_str(), url);
        assert_eq!(config.settings.queue, None, "only the daemon receives messages");
    }

    #[test]
    fn a_lease_table_is_named_with_its_duration() {
        assert_eq!(read(&[]).unwrap().lease, None);
        let arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/eastwest";
        let lease = read(&["--lease-table", arn]).unwrap().lease.unwrap();
        assert_eq!((lease.table.region(), lease.duration.as_secs()), (Some("eu-west-1"), 15));
        let text = read(&["--lease-table", "a b", "--lease-duration", "2s"]).unwrap_err();
        let text = text.to_string();
        assert!(text.contains("--lease-table \"a b\": a DynamoDB table's name or ARN"), "{text}");
        assert!(text.contains("--lease-duration \"2s\": a time from 3s to 5m"), "{text}");
    }

    #[test]
    fn a_queue_that_is_no_standard_queue_is_a_mistake_with_the_nearest_url() {
        let text = read(&["--queue-url", "arn:aws:sqs:eu-west-1:123456789012:eastwest"]);
        let text = text.unwrap_err().to_string();
        let nearest = "did you mean https://sqs.eu-west-1.amazonaws.com/123456789012/eastwest?";
        assert!(text.contains("--queue-url") && text.contains(nearest), "{text}");
        let fifo = "https://sqs.eu-west-1.amazonaws.com/123456789012/eastwest.fifo";
        let text = read(&["--queue-url", fifo]).unwrap_err().to_string();
        assert!(text.contains("a standard queue"), "{text}");
    }

    #[test]
    fn the_rates_are_those_that_aws_publishes_unless_a_measurement_raises_them() {
        let rates = |text: &str| read(&["--rates", text]).map(|config| config.rates);
        assert_eq!((read(&[]).unwrap().rates, rates("20")), (1, Ok(20)));
        for bad in ["0", "101", "x"] {
            let text = rates(bad).unwrap_err().to_string();
            assert!(text.contains(&format!("--rates {bad:?}: a number from 1 to 100")), "{text}");
        }
    }

    #[test]
    fn the_pause_after_a_start_is_whole_unless_a_test_shortens_it() {
        assert_eq!(read(&[]).unwrap().head_start, Duration::ZERO);
        let head_start =
            |pause: &str| read(&["--start-up-pause", pause]).map(|config| config.head_start);
        assert_eq!(head_start("10s"), Ok(Duration::ZERO));
        assert_eq!(head_start("3s"), Ok(Duration::from_secs(7)));
        assert_eq!(head_start("0s"), Ok(Duration::from_secs(10)));
        let help = Line::command().render_long_help().to_string();
        assert!(help.contains("--listen") && !help.contains("--start-up-pause"));
        assert!(!help.contains("--rates"));
        for bad in ["11s", "1m", "0", "none"] {
            let text = head_start(bad).unwrap_err().to_string();
            assert!(
                text.contains(&format!("--start-up-pause {bad:?}: a time from 0s to 10s")),
                "{text}"
            );
        }
    }

    #[test]
    fn sources_are_tags_unless_others_are_given() {
        assert_eq!(read(&[]).unwrap().settings.sources, Sources::default());
        let only = read(&["--source", "ssm:/eastwest/prod/"]).unwrap().settings.sources;
        assert!(!only.tags && only.documents.iter().all(ParameterName::is_path));
        let both = read(&["--source", "tags,ssm:/a", "--source", "ssm:/b"]).unwrap();
        assert!(both.settings.sources.tags && both.settings.sources.documents.len() == 2);
        let text = read(&["--source", "file:x,ssm:/a b"]).unwrap_err().to_string();
        assert!(text.contains("file:x") && text.contains("/a b"), "{text}");
    }

    #[test]
    fn a_public_host_is_a_name_without_a_port() {
        let config = read(&["--public-host", "a.example,b.example"]).unwrap();
        assert_eq!(config.public_hosts.len(), 2);
        let text = read(&["--public-host", "a.example:80"]).unwrap_err().to_string();
        assert!(
            text.contains("--public-host \"a.example:80\": a host name without a port"),
            "{text}"
        );
    }

    #[test]
    fn a_cluster_may_be_given_by_its_arn() {
        let config =
            read(&["--cluster", "arn:aws:ecs:eu-west-1:123456789012:cluster/prod"]).unwrap();
        let clusters = config.settings.clusters.unwrap();
        assert_eq!(clusters.first().map(ClusterName::as_str), Some("prod"));
    }
}
