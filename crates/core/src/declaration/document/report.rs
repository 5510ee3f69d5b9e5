//! Places in a parameter's tree, and the issues found there.
//!
//! **Invariant:** if a parameter is [`Shown::Hidden`], no value and no name from it reaches an issue: only positions,
//! sizes and words of the grammar. The value of a log option is never shown, because it may be a token.

use std::fmt::Write as _;

use super::tree;
use super::tree::Node;
use crate::declaration::issue::{Issue, Weight};
use crate::declaration::value::Wrong;
use crate::ecs::parameter::Parameter;
use crate::ecs::text::printable;

/// Issues that are listed for one parameter. A text that is no document at all would have one for each member.
const MOST: usize = 100;
/// The longest name of a parameter and the longest pointer that an issue's place shows.
const LONGEST_NAME: usize = 128;
const LONGEST_POINTER: usize = 384;
/// Parameter Store's larger size; anything longer comes from a file (SSM:PutParameterRequest.Value).
const LONGEST_PARAMETER: usize = 8192;
/// The text in place of a hidden one.
const HIDDEN: &str = "(hidden)";

/// A value of the tree and the way to it.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    /// The value.
    pub(super) node: &'a Node,
    from: Option<(&'a At<'a>, Step<'a>)>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Member(&'a str),
    Item(usize),
}

impl<'a> At<'a> {
    /// The whole text's value.
    pub(super) fn root(node: &'a Node) -> Self {
        Self { node, from: None }
    }

    /// The member of this name, the first of several.
    pub(super) fn member(&'a self, name: &str) -> Option<At<'a>> {
        self.members().find(|(known, _)| *known == name).map(|(_, at)| at)
    }

    /// Every member with its name; none where this is no object.
    pub(super) fn members(&'a self) -> impl Iterator<Item = (&'a str, At<'a>)> {
        let step = |(name, node): &'a (String, Node)| {
            (name.as_str(), At { node, from: Some((self, Step::Member(name))) })
        };
        self.node.members().iter().map(step)
    }

    /// Every item; none where this is no list.
    pub(super) fn items(&'a self) -> impl Iterator<Item = At<'a>> {
        let step = |(at, node)| At { node, from: Some((self, Step::Item(at))) };
        self.node.items().iter().enumerate().map(step)
    }

    /// The way here: a member's name, or nothing for an item of a list.
    fn way(&self) -> Vec<Step<'a>> {
        let mut way = self.from.map(|(above, _)| above.way()).unwrap_or_default();
        way.extend(self.from.map(|(_, step)| step));
        way
    }

    /// The JSON pointer (RFC 6901).
    fn pointer(&self, shown: Shown) -> String {
        let mut pointer = String::new();
        let way = self.way();
        for (at, step) in way.iter().enumerate() {
            let _ = match step {
                Step::Item(number) => write!(pointer, "/{number}"),
                Step::Member(name) if shown == Shown::Open || is_plain(&way[..at], name) => {
                    write!(pointer, "/{}", escaped(name))
                }
                Step::Member(_) => write!(pointer, "/*"),
            };
        }
        pointer
    }

    /// Whether it is the value of a log option, or stands where one may have been written by mistake.
    fn is_of_logs(&self) -> bool {
        within_logs(&self.way()).is_some_and(|rest| !matches!(rest, [Step::Member("driver")]))
    }
}

/// The rest of the way inside of an entry's `logs`.
fn within_logs<'s, 'a>(way: &'s [Step<'a>]) -> Option<&'s [Step<'a>]> {
    match way {
        [Step::Member("services"), _, Step::Member("logs"), rest @ ..]
        | [Step::Member("logs"), rest @ ..] => Some(rest),
        _ => None,
    }
}

/// Whether the member `name` at the end of this way is certainly a name of AWS's, or a word of the grammar; a log
/// option's name is neither.
fn is_plain(above: &[Step<'_>], name: &str) -> bool {
    within_logs(above).is_none_or(<[_]>::is_empty)
        && name.len() <= LONGEST_NAME
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b))
}

/// A name as a step of a JSON pointer.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// `<parameter>#<pointer>`, each shortened on its own so that a long name leaves the pointer.
pub(super) fn place(parameter: &str, pointer: &str) -> String {
    format!("{}#{}", printable(parameter, LONGEST_NAME), printable(pointer, LONGEST_POINTER))
}

/// What of a parameter may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// What was read.
    Open,
    /// Positions, sizes and the grammar's own words.
    Hidden,
}

/// What is wrong in one parameter.
pub(super) struct Report<'a> {
    parameter: &'a Parameter,
    shown: Shown,
    issues: Vec<Issue>,
    unlisted: usize,
}

impl<'a> Report<'a> {
    pub(super) fn new(parameter: &'a Parameter, shown: Shown) -> Self {
        Self { parameter, shown, issues: Vec::new(), unlisted: 0 }
    }

    /// From now on what was read is shown.
    pub(super) fn open(&mut self) {
        self.shown = Shown::Open;
    }

    /// Whether its values and names are hidden.
    pub(super) fn is_hidden(&self) -> bool {
        self.shown == Shown::Hidden
    }

    /// The parameter's tree, if it is JSON of a size and depth that is looked at.
    pub(super) fn parse(&mut self) -> Option<Node> {
        let text = &self.parameter.text;
        let size = format!("{} bytes", text.len());
        if (LONGEST_PARAMETER + 1..=tree::LONGEST).contains(&text.len()) {
            let place = place(self.parameter.name.as_str(), "");
            let allowed = "a standard parameter holds at most 4096 bytes and an advanced one 8192: split the document into several parameters below one path";
            self.push(Issue { place, ..Issue::new("", &size, allowed) }.advice());
        }
        tree::parse(text).map_err(|refused| self.refuse_whole(&size, &refused)).ok()
    }

    /// The parameter as a whole is not as it must be.
    pub(super) fn refuse_whole(&mut self, read: &str, allowed: &str) {
        self.say("", read, allowed.to_owned(), None);
    }

    /// The value here is not as it must be.
    pub(super) fn refuse(
        &mut self,
        at: &At<'_>,
        allowed: impl Into<String>,
        nearest: Option<String>,
    ) {
        let is_shown = !self.is_hidden() && !at.is_of_logs();
        let read = if is_shown { at.node.to_string() } else { HIDDEN.to_owned() };
        self.say(&at.pointer(self.shown), &read, allowed.into(), nearest);
    }

    /// The member `name` is missing here.
    pub(super) fn miss(&mut self, at: &At<'_>, name: &str, allowed: String) {
        let pointer = format!("{}/{}", at.pointer(self.shown), escaped(name));
        self.say(&pointer, "", allowed, None);
    }

    /// The name itself of a member here is not as it must be.
    pub(super) fn refuse_name(
        &mut self,
        at: &At<'_>,
        name: &str,
        allowed: impl Into<String>,
        nearest: Option<String>,
    ) {
        let read = if self.is_hidden() { HIDDEN } else { name };
        self.say(&at.pointer(self.shown), read, allowed.into(), nearest);
    }

    /// The text here, read by `read`. If that fails, the issue says what `read` allows, or else `allowed`. A missing
    /// value, or one that is no text, is skipped.
    pub(super) fn text<T>(
        &mut self,
        at: Option<At<'_>>,
        allowed: &str,
        read: impl FnOnce(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        let at = at?;
        match read(at.node.text()?) {
            Ok(value) => Some(value),
            Err(wrong) => {
                // The nearest spelling is made of what was read.
                let nearest = wrong.nearest.filter(|_| !self.is_hidden());
                self.refuse(&at, wrong.allowed.unwrap_or_else(|| allowed.to_owned()), nearest);
                None
            }
        }
    }

    fn say(&mut self, pointer: &str, read: &str, allowed: String, nearest: Option<String>) {
        let place = place(self.parameter.name.as_str(), pointer);
        self.push(Issue { place, nearest, ..Issue::new("", read, allowed) });
    }

    fn push(&mut self, issue: Issue) {
        if self.issues.len() < MOST {
            self.issues.push(issue);
        } else {
            self.unlisted += 1;
        }
    }

    /// Whether an issue blocks the document.
    pub(super) fn is_blocked(&self) -> bool {
        self.issues.iter().any(|issue| issue.weight == Weight::Blocking)
    }

    /// All issues, in the order of places.
    pub(super) fn finish(mut self) -> Vec<Issue> {
        self.issues.sort();
        if self.unlisted > 0 {
            let place = place(self.parameter.name.as_str(), "");
            let more = format!("{} more", self.unlisted);
            let allowed = "fix the listed issues first";
            self.issues.push(Issue { place, ..Issue::new("", &more, allowed) });
        }
        self.issues
    }
}
