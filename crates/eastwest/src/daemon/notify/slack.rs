//! A message as Slack's incoming webhooks take it.
//!
//! **Invariant:** no text of a user calls people or makes a link: `&`, `<` and `>` are escaped as Slack asks for (Slack API,
//! formatting text for app surfaces), and links are not unfolded.

use eastwest_core::ecs::text::printable;
use eastwest_core::report::notifier::message::Message;
use serde::Serialize;

use super::shape::Sender;

/// The longest line, in characters. Slack cuts a text of more than 40,000.
const LONGEST: usize = 1000;

/// What Slack is sent.
#[derive(Debug, Serialize)]
pub(super) struct Body {
    text: String,
    unfurl_links: bool,
    unfurl_media: bool,
}

impl Body {
    pub(super) fn new(sender: &Sender, message: &Message) -> Self {
        let Sender { account, region, .. } = sender;
        let mut lines = vec![format!("*eastwest: {}* ({account} {region})", message.headline())];
        for group in &message.groups {
            let mark = if group.is_over { ":white_check_mark:" } else { ":warning:" };
            lines.push(format!("{mark} {}", escaped(&printable(&group.line(), LONGEST))));
        }
        lines.extend(message.left_out());
        Self { text: lines.join("\n"), unfurl_links: false, unfurl_media: false }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_of_a_user_calls_people() {
        assert_eq!(
            escaped("<!channel> <https://evil|here> a&b"),
            "&lt;!channel&gt; &lt;https://evil|here&gt; a&amp;b"
        );
    }
}
