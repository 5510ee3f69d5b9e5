//! A message in words: one line for all of it, and one for each group.

use super::message::{Group, Message};
use crate::report::concern::{ConcernKind, Subject};

/// So many subjects stand in a line.
const IN_A_LINE: usize = 5;

impl Message {
    /// All of it in one line.
    pub fn headline(&self) -> String {
        let of = |is_over: bool| -> usize {
            let groups = self.groups.iter().filter(|group| group.is_over == is_over);
            groups.map(|group| group.count).sum()
        };
        let (begun, over) = (of(false), of(true));
        let needs = match begun {
            0 => None,
            1 => Some("1 thing needs a person".to_owned()),
            many => Some(format!("{many} things need a person")),
        };
        let over = match over {
            0 => None,
            1 => Some("1 is in order again".to_owned()),
            many => Some(format!("{many} are in order again")),
        };
        let before = if self.is_first { "as eastwest starts, " } else { "" };
        let told: Vec<String> = needs.into_iter().chain(over).collect();
        format!("{before}{}", told.join("; "))
    }

    /// What it leaves out, if anything.
    pub fn left_out(&self) -> Option<String> {
        let waiting = match self.waiting {
            0 => None,
            count => Some(format!("{count} more follow in the next message")),
        };
        let dropped = match self.dropped {
            0 => None,
            count => {
                Some(format!("{count} were never told, since this channel failed or they passed"))
            }
        };
        let all: Vec<String> = waiting.into_iter().chain(dropped).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

impl Group {
    /// The group in one line.
    pub fn line(&self) -> String {
        let who = self.who();
        if self.is_over {
            return format!("{who}: in order again, after: {}", title(self.kind));
        }
        let ends = self.ends.as_deref().map(|ends| format!(" It ends {ends}."));
        format!(
            "{who}: {}: {}.{}",
            title(self.kind),
            self.why.trim_end_matches('.'),
            ends.unwrap_or_default()
        )
    }

    fn who(&self) -> String {
        let shown = self.subjects.len().min(IN_A_LINE);
        let names: Vec<String> = self.subjects.iter().take(shown).map(Subject::to_string).collect();
        match self.count.saturating_sub(shown) {
            0 => names.join(", "),
            more => format!("{} and {more} more", names.join(", ")),
        }
    }
}

/// What a kind says, in a few words.
fn title(kind: ConcernKind) -> &'static str {
    match kind {
        ConcernKind::TakenBack => "a rollout failed",
        ConcernKind::Contended => "another writer keeps changing it back",
        ConcernKind::MassChange => "too much would change at once",
        ConcernKind::Conflict => "the name belongs to another service",
        ConcernKind::NeedsPerson => "it needs a person",
        ConcernKind::Unreadable => "it cannot be read",
        ConcernKind::Document => "the latest document is not in force",
        ConcernKind::Drift => "it differs from what is declared for long",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::key;

    fn group(is_over: bool, count: usize) -> Group {
        Group {
            kind: ConcernKind::TakenBack,
            is_over,
            reason: None,
            why: "exactly this configuration failed before.".to_owned(),
            ends: Some("once a later deployment completes".to_owned()),
            since: None,
            subjects: (0..count.min(20)).map(|n| Subject::Service(key(&format!("s{n}")))).collect(),
            count,
        }
    }

    #[test]
    fn a_line_says_who_what_why_and_what_ends_it() {
        assert_eq!(
            group(false, 1).line(),
            "prod/s0: a rollout failed: exactly this configuration failed before. It ends once a later deployment completes."
        );
        assert_eq!(
            group(true, 30).line(),
            "prod/s0, prod/s1, prod/s2, prod/s3, prod/s4 and 25 more: in order again, after: a rollout failed"
        );
    }

    #[test]
    fn a_headline_counts_and_what_is_left_out_is_said() {
        let groups = vec![group(false, 12), group(true, 1)];
        let message = Message { number: 1, groups, waiting: 3, dropped: 0, is_first: true };
        assert_eq!(
            message.headline(),
            "as eastwest starts, 12 things need a person; 1 is in order again"
        );
        assert_eq!(message.left_out().as_deref(), Some("3 more follow in the next message"));
        let whole = Message { waiting: 0, is_first: false, ..message };
        assert_eq!((whole.headline().contains("starts"), whole.left_out()), (false, None));
    }
}
