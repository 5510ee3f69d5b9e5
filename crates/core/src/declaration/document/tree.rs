//! Strict JSON: a text becomes a small tree, or one sentence that says where it is not JSON.
//!
//! The text may be hostile, so its size, its depth and the number of its values are limited before anything is kept.
//! Nothing is dropped: a repeated member is kept twice, so that the reader can refuse it. **Invariant:** the sentence
//! has positions and no text from the document.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Bytes of a text that is looked at: twice what Parameter Store holds (SSM:PutParameterRequest.Value), and little
/// enough that reading it grows memory by less than a mebibyte.
pub(super) const LONGEST: usize = 16 * 1024;
/// How deep lists and objects may nest; the grammar needs seven levels.
const DEEPEST: usize = 8;
/// Values in one text, lists and objects included; 8,192 bytes hold no more where they say something.
const MOST: usize = 2048;

/// One JSON value.
#[derive(Clone, PartialEq)]
pub(super) enum Node {
    Null,
    Flag(bool),
    Whole(i128),
    Fraction(f64),
    Text(String),
    List(Vec<Node>),
    Members(Vec<(String, Node)>),
}

/// Reads one JSON value and nothing after it.
pub(super) fn parse(text: &str) -> Result<Node, String> {
    if text.len() > LONGEST {
        return Err(format!("at most {LONGEST} bytes"));
    }
    if text.starts_with('\u{feff}') {
        return Err("JSON without a byte order mark (U+FEFF) before it".to_owned());
    }
    let left = Cell::new(MOST);
    let mut reader = serde_json::Deserializer::from_str(text);
    let node = Seed { left: &left, depth: 0 }.deserialize(&mut reader);
    node.and_then(|node| reader.end().map(|()| node)).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => error.to_string(),
        _ => format!("valid JSON; this is not: {error}"),
    })
}

impl Node {
    /// The text, where it is one.
    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The whole number, where it is one.
    pub(super) fn whole(&self) -> Option<i128> {
        if let Self::Whole(number) = self { Some(*number) } else { None }
    }

    /// Yes or no, where it is that.
    pub(super) fn flag(&self) -> Option<bool> {
        if let Self::Flag(flag) = self { Some(*flag) } else { None }
    }

    /// The members, none where it is no object.
    pub(super) fn members(&self) -> &[(String, Node)] {
        if let Self::Members(members) = self { members } else { &[] }
    }

    /// The items, none where it is no list.
    pub(super) fn items(&self) -> &[Node] {
        if let Self::List(items) = self { items } else { &[] }
    }
}

/// A value as a user would recognise it; lists and objects by their size.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Flag(flag) => flag.fmt(f),
            Self::Whole(number) => number.fmt(f),
            // It must not look like a whole number: `1000.0` for `1e3`.
            Self::Fraction(number) => write!(f, "{number:?}"),
            Self::Text(text) => f.write_str(text),
            Self::List(items) => write!(f, "a list of {}", items.len()),
            Self::Members(members) => write!(f, "an object of {}", members.len()),
        }
    }
}

/// What reading needs to know at one place: how much may still come, and how deep it is.
#[derive(Clone, Copy)]
struct Seed<'c> {
    left: &'c Cell<usize>,
    depth: usize,
}

impl Seed<'_> {
    /// The seed of what lies inside of a list or an object here.
    fn inside<E: Error>(self) -> Result<Self, E> {
        if self.depth == DEEPEST {
            return Err(E::custom(format!(
                "at most {DEEPEST} levels of lists and objects; another begins"
            )));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Node, D::Error> {
        let left = self.left.get().checked_sub(1);
        self.left.set(
            left.ok_or_else(|| D::Error::custom(format!("at most {MOST} values; another begins")))?,
        );
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Node, E> {
        Ok(Node::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Whole(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Whole(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
        Ok(Node::Fraction(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let inside = self.inside()?;
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(inside)? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Node, A::Error> {
        let inside = self.inside()?;
        let mut members = Vec::new();
        while let Some(name) = object.next_key()? {
            members.push((name, object.next_value_seed(inside)?));
        }
        Ok(Node::Members(members))
    }
}
