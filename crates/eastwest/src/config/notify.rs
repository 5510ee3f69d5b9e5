//! Where people are told what needs them.
//!
//! The address of a webhook is a secret: who knows Slack's may write into the channel. So it is shown as its origin alone,
//! and a mistake in it is told without it.

use std::net::IpAddr;
use std::time::Duration;

use axum::http::Uri;
use eastwest_core::ecs::name::BusName;
use eastwest_core::report::notifier::ChannelName;
use eastwest_core::report::notifier::pace::Pace;

use super::flags::Flags;
use super::reader::{Reader, duration};
use super::secret::Secret;

/// Where people are told what needs them, and how fast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notify {
    /// The address that messages are sent to, if one was given.
    pub(crate) webhook: Option<Webhook>,
    /// The bus that events are sent to, if one was given.
    pub(crate) bus: Option<BusName>,
    /// For how long a service may differ from what is declared before people are told.
    pub(crate) drift_after: Duration,
    /// How fast people are told.
    pub(crate) pace: Pace,
    /// How many times as fast everything goes: 1, except in tests.
    pub(crate) speed: u32,
}

/// An address that messages are sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Webhook {
    /// The whole address.
    pub(crate) url: Secret,
    /// What of it may be shown: scheme, host and port.
    pub(crate) origin: String,
    /// What messages look like.
    pub(crate) format: MessageFormat,
    /// What signs them, if one was given.
    pub(crate) key: Option<Secret>,
}

/// What a message to a webhook looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MessageFormat {
    /// Our own JSON.
    Json,
    /// What Slack's incoming webhooks take.
    Slack,
}

impl Notify {
    /// The ways to people.
    pub(crate) fn channels(&self) -> Vec<ChannelName> {
        let webhook = self.webhook.is_some().then_some(ChannelName::Webhook);
        let bus = self.bus.is_some().then_some(ChannelName::EventBus);
        webhook.into_iter().chain(bus).collect()
    }
}

impl Reader {
    /// Where people are told; none where no way to them was given.
    pub(super) fn notify(&mut self, flags: &Flags) -> Option<Notify> {
        let format =
            self.value(
                "--notify-format",
                &flags.notify_format,
                "json or slack",
                |text| match text {
                    "json" => Some(MessageFormat::Json),
                    "slack" => Some(MessageFormat::Slack),
                    _ => None,
                },
            );
        let key = flags.notify_secret.as_ref().and_then(|text| self.key(text));
        let drift_after = self.value(
            "--notify-drift-after",
            &flags.notify_drift_after,
            "a time from 1s to 24h, as 30m",
            duration,
        );
        let speed = self.value("--notify-speed", &flags.notify_speed, "a number from 1", |text| {
            text.parse().ok().filter(|speed| *speed > 0)
        });
        let bus = flags
            .notify_bus
            .as_deref()
            .and_then(|text| self.name("--notify-bus", text, BusName::parse(text.trim())));
        let address = flags.notify_webhook.as_ref();
        let address = address.and_then(|text| self.address(text, flags.notify_plain_http));
        if key.is_some() && flags.notify_webhook.is_none() {
            self.0.push(
                "--notify-secret: it signs what goes to --notify-webhook, and none is given"
                    .to_owned(),
            );
        }
        let webhook = address.map(|(url, origin)| Webhook {
            url,
            origin,
            format: format.unwrap_or(MessageFormat::Json),
            key,
        });
        if webhook.is_none() && bus.is_none() {
            return None;
        }
        let speed = speed?;
        Some(Notify {
            webhook,
            bus,
            drift_after: drift_after?,
            pace: Pace::default().faster(speed),
            speed,
        })
    }

    /// No message shows the key.
    fn key(&mut self, text: &Secret) -> Option<Secret> {
        let flag = "--notify-secret";
        let key = text.read().map_err(|why| self.0.push(format!("{flag}: {why}"))).ok()?;
        let fits = (16..=512).contains(&key.text().len());
        if !fits {
            self.0.push(format!(
                "{flag}: 16 to 512 characters, or file: and the path of a file that has them"
            ));
        }
        fits.then_some(key)
    }

    /// No message shows the address.
    fn address(&mut self, text: &Secret, may_be_plain: bool) -> Option<(Secret, String)> {
        let flag = "--notify-webhook";
        let url = text.read().map_err(|why| self.0.push(format!("{flag}: {why}"))).ok()?;
        let origin = origin(url.text(), may_be_plain);
        match origin {
            Ok(origin) => Some((url, origin)),
            Err(why) => {
                self.0.push(format!("{flag}: {why}"));
                None
            }
        }
    }
}

/// What of an address may be shown, or why nothing is sent to it.
fn origin(url: &str, may_be_plain: bool) -> Result<String, &'static str> {
    const SHAPE: &str =
        "an address as https://hooks.example.com/path, or file: and the path of a file that has it";
    let uri: Uri = url.parse().map_err(|_| SHAPE)?;
    let (scheme, authority) = uri.scheme_str().zip(uri.authority()).ok_or(SHAPE)?;
    if authority.as_str().contains('@') || url.contains('#') {
        return Err(
            "an address without a user name and without a fragment; a token stands in its path or query",
        );
    }
    let host = authority.host();
    if host.is_empty() {
        return Err(SHAPE);
    }
    match scheme {
        "https" => {}
        "http" if may_be_plain || is_own_machine(host) => {}
        "http" => {
            return Err(
                "an address that begins with https://; --notify-plain-http allows http, which everybody on the way can read",
            );
        }
        _ => return Err(SHAPE),
    }
    Ok(format!("{scheme}://{authority}"))
}

fn is_own_machine(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_or_of_this_machine_and_is_shown_without_its_path() {
        let of = |url: &str| origin(url, false);
        assert_eq!(
            of("https://hooks.example/T0/s3cret?x=1").as_deref(),
            Ok("https://hooks.example")
        );
        for own in ["http://127.0.0.1:9000/x", "http://localhost/x", "http://[::1]:80/x"] {
            assert!(of(own).is_ok(), "{own}");
        }
        for other in ["http://hooks.example/x", "http://10.0.0.1/x", "http://localhost.evil/x"] {
            assert!(of(other).is_err_and(|why| why.contains("--notify-plain-http")), "{other}");
            assert!(origin(other, true).is_ok(), "{other}");
        }
    }

    #[test]
    fn what_is_no_address_or_has_a_user_name_is_refused() {
        for bad in
            ["", "hooks.example/x", "/x", "ftp://hooks.example/x", "https://", "https:///x", "x y"]
        {
            assert!(origin(bad, true).is_err(), "{bad}");
        }
        for bad in [
            "https://user:pass@hooks.example/x",
            "https://token@hooks.example/",
            "https://a.example/#x",
        ] {
            assert!(origin(bad, true).is_err_and(|why| why.contains("user name")), "{bad}");
        }
    }
}
