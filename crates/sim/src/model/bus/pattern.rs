//! Whether an event matches a pattern, as EventBridge decides it.
//!
//! **Invariant:** all members of a pattern must match, and of a member's list any one. A list in the event matches if
//! one of its entries does. A test asks about a value that is there; only `exists: false` matches where there is none
//! (EventBridge User Guide: event patterns; comparison operators for use in event patterns).

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::{Map, Value};

/// What a rule wants to see.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pattern(pub(super) Fields);

impl Pattern {
    /// Whether the event is one of those.
    pub(super) fn matches(&self, event: &Value) -> bool {
        event.as_object().is_some_and(|members| self.0.match_members(members))
    }
}

/// The members of an object, all of which must match.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Fields {
    pub(super) members: BTreeMap<String, Node>,
    /// `$or`: one of these must match too; empty: there is none.
    pub(super) any_of: Vec<Fields>,
}

/// What is wanted of one member.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// One of these is true of the value.
    Leaf(Vec<Test>),
    /// The value is an object like this.
    Object(Fields),
}

/// One entry of a list in a pattern.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Test {
    /// The value itself. Numbers are compared as they are written.
    Equals(Value),
    /// A text that starts so.
    Prefix(Words),
    /// A text that ends so.
    Suffix(Words),
    /// The text, in any case.
    IgnoreCase(String),
    /// A text with `*` for anything.
    Wildcard(Vec<Glob>),
    /// Whether there is a value.
    Exists(bool),
    /// A number within these bounds.
    Numeric(Vec<Bound>),
    /// An address of this network.
    Cidr(Network),
    /// None of these is true of the value.
    AnythingBut(Vec<Test>),
}

/// A text to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) text: String,
    pub(super) ignore_case: bool,
}

/// A part of a wildcard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Glob {
    /// This character.
    Is(char),
    /// Any characters, or none.
    Any,
}

/// One bound of a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bound {
    pub(super) operator: Operator,
    pub(super) number: f64,
}

/// How a number compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Less,
    AtMost,
    Equal,
    AtLeast,
    Greater,
}

/// A network of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Network {
    pub(super) address: IpAddr,
    pub(super) bits: u32,
}

impl Fields {
    fn match_members(&self, event: &Map<String, Value>) -> bool {
        self.members.iter().all(|(name, node)| node.matches(event.get(name)))
            && (self.any_of.is_empty() || self.any_of.iter().any(|each| each.match_members(event)))
    }
}

impl Node {
    fn matches(&self, value: Option<&Value>) -> bool {
        match self {
            Self::Leaf(tests) => {
                let mut leaves = Vec::new();
                gather(value, &mut leaves);
                tests.iter().any(|test| test.matches(&leaves))
            }
            Self::Object(fields) => match value {
                Some(Value::Object(members)) => fields.match_members(members),
                Some(Value::Array(entries)) => {
                    entries.iter().any(|entry| self.matches(Some(entry)))
                }
                _ => fields.match_members(&Map::new()),
            },
        }
    }
}

/// The values below a member that tests can be about: a list stands for its entries, an object for none.
fn gather<'a>(value: Option<&'a Value>, leaves: &mut Vec<&'a Value>) {
    match value {
        None | Some(Value::Object(_)) => {}
        Some(Value::Array(entries)) => {
            for entry in entries {
                gather(Some(entry), leaves);
            }
        }
        Some(leaf) => leaves.push(leaf),
    }
}

impl Test {
    fn matches(&self, leaves: &[&Value]) -> bool {
        match self {
            Self::Exists(wanted) => *wanted != leaves.is_empty(),
            _ => leaves.iter().any(|leaf| self.is_true_of(leaf)),
        }
    }

    fn is_true_of(&self, leaf: &Value) -> bool {
        let text = leaf.as_str();
        match self {
            Self::Equals(value) => value == leaf,
            Self::Prefix(words) => text.is_some_and(|text| words.starts(text)),
            Self::Suffix(words) => text.is_some_and(|text| words.ends(text)),
            Self::IgnoreCase(wanted) => text.is_some_and(|text| folded(text) == folded(wanted)),
            Self::Wildcard(parts) => text.is_some_and(|text| fits(parts, text)),
            Self::Exists(wanted) => *wanted,
            Self::Numeric(bounds) => {
                leaf.as_f64().is_some_and(|number| bounds.iter().all(|bound| bound.holds(number)))
            }
            Self::Cidr(network) => text.is_some_and(|text| network.has(text)),
            Self::AnythingBut(tests) => !tests.iter().any(|test| test.is_true_of(leaf)),
        }
    }
}

impl Words {
    fn starts(&self, text: &str) -> bool {
        if self.ignore_case {
            folded(text).starts_with(&folded(&self.text))
        } else {
            text.starts_with(&self.text)
        }
    }

    fn ends(&self, text: &str) -> bool {
        if self.ignore_case {
            folded(text).ends_with(&folded(&self.text))
        } else {
            text.ends_with(&self.text)
        }
    }
}

fn folded(text: &str) -> String {
    text.to_lowercase()
}

/// Whether a text has the form of a wildcard. It walks once, and goes back only to the last `*`.
fn fits(parts: &[Glob], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut part, mut at) = (0, 0);
    let mut last_any: Option<[usize; 2]> = None;
    while at < text.len() {
        match parts.get(part) {
            Some(Glob::Any) => {
                last_any = Some([part, at]);
                part += 1;
            }
            Some(Glob::Is(wanted)) if *wanted == text[at] => {
                part += 1;
                at += 1;
            }
            _ => {
                let Some([any, from]) = last_any else { return false };
                last_any = Some([any, from + 1]);
                part = any + 1;
                at = from + 1;
            }
        }
    }
    parts[part..].iter().all(|rest| *rest == Glob::Any)
}

impl Bound {
    #[expect(clippy::float_cmp, reason = "`=` means the very number")]
    fn holds(self, number: f64) -> bool {
        match self.operator {
            Operator::Less => number < self.number,
            Operator::AtMost => number <= self.number,
            Operator::Equal => number == self.number,
            Operator::AtLeast => number >= self.number,
            Operator::Greater => number > self.number,
        }
    }
}

impl Network {
    fn has(self, text: &str) -> bool {
        let significant = |address: IpAddr| match address {
            IpAddr::V4(v4) => {
                u128::from(u32::from(v4)).checked_shr(32_u32.saturating_sub(self.bits))
            }
            IpAddr::V6(v6) => u128::from(v6).checked_shr(128_u32.saturating_sub(self.bits)),
        };
        text.parse::<IpAddr>().is_ok_and(|address| {
            address.is_ipv4() == self.address.is_ipv4()
                && (self.bits == 0 || significant(address) == significant(self.address))
        })
    }
}
