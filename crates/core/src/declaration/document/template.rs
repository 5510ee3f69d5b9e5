//! Two small texts of a document: how endpoints are named, and how much may change at once.

use std::fmt;

use super::{MassChange, Template};
use crate::ecs::name::{PortName, Refused};
use crate::ecs::service_key::ServicePath;
use crate::ecs::text::nearest;

/// What may stand between braces.
const PLACEHOLDERS: [&str; 3] = ["service", "cluster", "port"];
const ALLOWED: &str = "a discovery name with {service} or {port} in it, or both, and {cluster} if you want; around them lower-case letters, digits, '_' and '-', not starting with '-'";

/// A template's text, cut where it changes.
enum Piece<'a> {
    Plain(&'a str),
    Placeholder(&'a str),
}

impl Template {
    /// A template as a user writes it. It must have `{service}` or `{port}`, so that two services or ports get
    /// different names.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let refused = |nearest| Refused { allowed: ALLOWED, nearest };
        let pieces = cut(text).ok_or_else(|| refused(None))?;
        let mut tells_apart = false;
        let mut plain = 0;
        for piece in &pieces {
            match piece {
                Piece::Plain(part) => {
                    plain += part.len();
                    if !part.bytes().all(is_plain) {
                        return Err(refused(None));
                    }
                }
                Piece::Placeholder(name) if PLACEHOLDERS.contains(name) => {
                    tells_apart |= *name != "cluster";
                }
                Piece::Placeholder(name) => return Err(refused(mended(text, name))),
            }
        }
        let fits = tells_apart && plain < 64 && !text.starts_with('-');
        if fits { Ok(Self(text.to_owned())) } else { Err(refused(None)) }
    }

    /// The name it makes. The caller checks that it is a discovery name.
    pub fn render(&self, service: &ServicePath, port: &PortName) -> String {
        let text = |piece: &Piece<'_>| match *piece {
            Piece::Placeholder("service") => service.name.to_string(),
            Piece::Placeholder("cluster") => service.cluster.to_string(),
            Piece::Placeholder(_) => port.to_string(),
            Piece::Plain(plain) => plain.to_owned(),
        };
        cut(&self.0).iter().flatten().map(text).collect()
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-'
}

/// The pieces; nothing where a brace is left over.
fn cut(text: &str) -> Option<Vec<Piece<'_>>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((plain, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        pieces.extend([Piece::Plain(plain), Piece::Placeholder(name)]);
        rest = after;
    }
    pieces.push(Piece::Plain(rest));
    Some(pieces)
}

/// The text with the known placeholder that is nearest to `name` in its place.
fn mended(text: &str, name: &str) -> Option<String> {
    let near = nearest(&name.trim().to_ascii_lowercase(), PLACEHOLDERS)?;
    let whole = text.replace(&format!("{{{name}}}"), &format!("{{{near}}}"));
    Template::parse(&whole).is_ok().then_some(whole)
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl MassChange {
    /// The largest number of services.
    pub const MOST: usize = 1_000_000;

    /// A share as `20%` or a number of services as `15`.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let refused = Refused {
            allowed: "a share of a namespace's services from 1% to 100%, or a number of services from 1 to 1000000",
            nearest: None,
        };
        let (digits, most) = match text.strip_suffix('%') {
            Some(digits) => (digits, 100),
            None => (text, Self::MOST),
        };
        let is_number = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
        let number = digits.parse::<usize>().ok().filter(|n| is_number && (1..=most).contains(n));
        match (number, text.ends_with('%')) {
            (None, _) => Err(refused),
            (Some(count), false) => Ok(Self::Count(count)),
            (Some(share), true) => u8::try_from(share).map(Self::Percent).map_err(|_| refused),
        }
    }
}

impl fmt::Display for MassChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(share) => write!(f, "{share}%"),
            Self::Count(count) => count.fmt(f),
        }
    }
}
