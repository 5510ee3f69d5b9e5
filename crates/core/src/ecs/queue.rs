//! A queue of Amazon SQS: its URL, and its messages.

use std::fmt;
use std::sync::Arc;

use super::name::Refused;
use super::text::Shown;

/// The URL of a standard queue. Its Region is known where its host names one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct QueueUrl {
    url: Arc<str>,
    region: Option<Arc<str>>,
}

/// What a queue's URL looks like (SQS:CreateQueue).
const ALLOWED: &str =
    "the URL of a standard SQS queue, as https://sqs.eu-west-1.amazonaws.com/123456789012/eastwest";

impl QueueUrl {
    /// A queue's URL as a person gives it. A FIFO queue is refused: it would keep one service's events back behind
    /// another's, and EventBridge needs a message group for it.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let refused = |allowed| Refused { allowed, nearest: nearest(text) };
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let rest = rest.ok_or_else(|| refused(ALLOWED))?;
        let (host, path) = rest.split_once('/').ok_or_else(|| refused(ALLOWED))?;
        let (account, name) = path.split_once('/').ok_or_else(|| refused(ALLOWED))?;
        if name.strip_suffix(".fifo").is_some_and(is_name) {
            return Err(refused("a standard queue: EventBridge and eastwest use no FIFO queue"));
        }
        let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        if !is_host(host) || !is_account || !is_name(name) {
            return Err(refused(ALLOWED));
        }
        Ok(Self { url: text.into(), region: region(host).map(Arc::from) })
    }

    /// The URL as text.
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// The Region that the queue is in; none if the URL does not name one, and then it is the Region of all other calls.
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// Whether the queue is in the same partition of AWS as a Region. Credentials of one partition mean nothing in
    /// another (IAM User Guide, ARNs: `aws`, `aws-cn`, `aws-us-gov`, …).
    pub fn is_in_partition_of(&self, region: &str) -> bool {
        self.region().is_none_or(|own| partition(own) == partition(region))
    }
}

impl fmt::Display for QueueUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Shown(&self.url).fmt(f)
    }
}

impl fmt::Debug for QueueUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.url)
    }
}

/// SQS:CreateQueue.QueueName: up to 80 letters, digits, hyphens and underscores.
fn is_name(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    (1..=80).contains(&text.len()) && text.bytes().all(fits)
}

fn is_host(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b);
    !text.is_empty() && text.bytes().all(fits)
}

/// What was most likely meant: an ARN has all that the URL needs.
fn nearest(text: &str) -> Option<String> {
    let [region, account, name] =
        text.strip_prefix("arn:aws:sqs:")?.split(':').collect::<Vec<_>>()[..]
    else {
        return None;
    };
    Some(format!("https://sqs.{region}.amazonaws.com/{account}/{name}"))
}

/// The Region in a host name of AWS: `sqs.eu-west-1.amazonaws.com`, `eu-west-1.queue.amazonaws.com`, also of FIPS, dual-stack
/// and VPC endpoints (General Reference, SQS endpoints).
fn region(host: &str) -> Option<&str> {
    if host == "queue.amazonaws.com" {
        return Some("us-east-1");
    }
    let is_of_aws =
        [".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".api.amazonwebservices.com.cn"];
    if !is_of_aws.iter().any(|end| host.ends_with(end)) {
        return None;
    }
    host.split('.').find(|label| is_region(label))
}

/// Whether a label is a Region's name: `eu-west-1`, `us-gov-east-1`.
fn is_region(label: &str) -> bool {
    let mut parts = label.split('-');
    let is_area = parts.next().is_some_and(|area| area.len() == 2);
    let is_numbered = parts
        .next_back()
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()));
    is_area && is_numbered && parts.next().is_some()
}

/// The partition of a Region, by the beginning of its name. Those that have no beginning of their own are `aws`.
fn partition(region: &str) -> &str {
    ["cn-", "us-gov-", "us-isof-", "us-isob-", "us-iso-", "eu-isoe-", "eusc-"]
        .into_iter()
        .find(|beginning| region.starts_with(beginning))
        .unwrap_or_default()
}

/// A message of a queue.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// What deletes it. It is of this delivery alone.
    pub receipt: String,
    /// What it says. Anybody who can write to the queue may have written it.
    pub body: String,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a message of {} bytes", self.body.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_of_a_queue_stands_in_its_host() {
        for (host, region) in [
            ("sqs.eu-west-1.amazonaws.com", Some("eu-west-1")),
            ("eu-west-1.queue.amazonaws.com", Some("eu-west-1")),
            ("queue.amazonaws.com", Some("us-east-1")),
            ("sqs-fips.us-gov-east-1.amazonaws.com", Some("us-gov-east-1")),
            ("sqs.cn-north-1.amazonaws.com.cn", Some("cn-north-1")),
            ("sqs.eu-west-1.api.aws", Some("eu-west-1")),
            ("vpce-0a1b-2c3d.sqs.eu-west-1.vpce.amazonaws.com", Some("eu-west-1")),
            ("127.0.0.1:4599", None),
            ("localhost:4566", None),
        ] {
            let url = QueueUrl::parse(&format!("https://{host}/123456789012/events"));
            assert_eq!(url.expect("a queue's URL").region(), region, "{host}");
        }
    }

    #[test]
    fn what_is_no_queue_of_ours_is_refused_with_what_is_allowed() {
        for (text, allowed) in [
            ("events", "the URL of a standard SQS queue"),
            ("https://sqs.eu-west-1.amazonaws.com/events", "the URL of a standard SQS queue"),
            ("https://sqs.eu-west-1.amazonaws.com/1234/events", "the URL of a standard SQS queue"),
            ("https://user@host/123456789012/events", "the URL of a standard SQS queue"),
            ("https://sqs.eu-west-1.amazonaws.com/123456789012/events.fifo", "a standard queue"),
        ] {
            let refused = QueueUrl::parse(text).expect_err(text);
            assert!(refused.allowed.starts_with(allowed), "{text}: {}", refused.allowed);
        }
        let refused = QueueUrl::parse("arn:aws:sqs:eu-west-1:123456789012:events");
        let nearest = refused.expect_err("an ARN").nearest;
        assert_eq!(
            nearest.as_deref(),
            Some("https://sqs.eu-west-1.amazonaws.com/123456789012/events")
        );
    }

    #[test]
    fn a_queue_of_another_partition_is_told_from_one_of_another_region() {
        let queue = QueueUrl::parse("https://sqs.cn-north-1.amazonaws.com.cn/123456789012/events");
        let queue = queue.expect("a queue's URL");
        assert!(
            queue.is_in_partition_of("cn-northwest-1") && !queue.is_in_partition_of("eu-west-1")
        );
        let local = QueueUrl::parse("http://127.0.0.1:4599/123456789012/events").expect("a URL");
        assert!(local.is_in_partition_of("cn-north-1"));
    }
}
