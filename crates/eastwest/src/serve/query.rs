//! The query of a request: what each parameter may be, and a clear refusal of everything else.

use std::collections::BTreeSet;
use std::fmt::Display;

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::StatusCode;
use eastwest_core::ecs::text::{did_you_mean, printable};

use super::problem::Refused;
use crate::api::text::{names, one_of, quoted};

/// The longest value of a parameter, in bytes.
pub(crate) const LONGEST: usize = 1024;

/// What a request has as its query.
pub(crate) type Sent = Result<Query<Vec<(String, String)>>, QueryRejection>;

/// The parameters of one request, of which each is taken once.
#[derive(Debug)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// The parameters of a request, if all of them are known and none is there twice.
    pub(crate) fn read(sent: Sent, known: &[&str]) -> Result<Self, Refused> {
        let Query(pairs) = sent.map_err(|_| bad("the query cannot be read: send name=value"))?;
        let mut seen = BTreeSet::new();
        for (name, value) in &pairs {
            if !known.contains(&name.as_str()) {
                return Err(unknown(name, known));
            }
            if value.is_empty() || value.len() > LONGEST {
                let words = format_args!("{name}: send 1 to {LONGEST} bytes, or leave it out");
                return Err(bad(words));
            }
            if !seen.insert(name) {
                return Err(bad(format_args!("the parameter {name} is there twice: send it once")));
            }
        }
        Ok(Self(pairs))
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text of a parameter.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(sent, _)| sent == name).map(|(_, value)| value.as_str())
    }

    /// A whole number in a range, or what stands for none.
    pub(crate) fn number(
        &self,
        name: &str,
        range: std::ops::RangeInclusive<usize>,
        default: usize,
    ) -> Result<usize, Refused> {
        let Some(text) = self.text(name) else { return Ok(default) };
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|number| is_number && range.contains(number));
        number.ok_or_else(|| {
            let (from, to) = range.into_inner();
            bad(format_args!("{name}={}: send a whole number from {from} to {to}", quoted(text)))
        })
    }

    /// Those of some values that a parameter names, separated by commas; none where it is not there.
    pub(crate) fn some_of<T: Copy + Into<&'static str>>(
        &self,
        name: &str,
        all: &[T],
    ) -> Result<Option<Vec<T>>, Refused> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let find = |word: &str| all.iter().copied().find(|value| (*value).into() == word);
        let found: Option<Vec<T>> = text.split(',').map(find).collect();
        found.map(Some).ok_or_else(|| {
            let (sent, words) = (quoted(text), names(all));
            bad(format_args!("{name}={sent}: send some of {words}, separated by commas"))
        })
    }

    /// One of some values, by its name; none where it is not there.
    pub(crate) fn one_of<T: Copy + Into<&'static str>>(
        &self,
        name: &str,
        all: &[T],
    ) -> Result<Option<T>, Refused> {
        let Some(text) = self.text(name) else { return Ok(None) };
        one_of(name, text, all).map(Some).map_err(bad)
    }
}

/// A refusal with these words.
pub(crate) fn bad(words: impl Display) -> Refused {
    (StatusCode::BAD_REQUEST, words.to_string())
}

fn unknown(name: &str, known: &[&str]) -> Refused {
    let near = did_you_mean(&printable(name, 64), known.iter().copied());
    let rest = match known {
        [] => "this page takes none".to_owned(),
        known => format!("the parameters are {}", known.join(", ")),
    };
    bad(format_args!("unknown parameter {}: {rest}{near}", quoted(name)))
}

#[cfg(test)]
mod tests {
    use eastwest_core::report::standing::Standing;
    use strum::VariantArray as _;

    use super::*;

    fn read(query: &str, known: &[&str]) -> Result<Parameters, Refused> {
        let uri = format!("/?{query}").parse().expect("a target");
        Parameters::read(Query::try_from_uri(&uri), known)
    }

    #[test]
    fn what_is_unknown_or_doubled_is_refused_with_what_is_allowed() {
        let why = |query: &str| read(query, &["limit", "q"]).expect_err("refused").1;
        assert_eq!(
            why("limt=1"),
            "unknown parameter \"limt\": the parameters are limit, q; did you mean limit?"
        );
        assert_eq!(why("q=1&q=2"), "the parameter q is there twice: send it once");
        for query in ["q=".to_owned(), format!("q={}", "x".repeat(LONGEST + 1))] {
            assert_eq!(why(&query), "q: send 1 to 1024 bytes, or leave it out");
        }
        let none = read("x", &[]).expect_err("refused").1;
        assert_eq!(none, "unknown parameter \"x\": this page takes none");
    }

    #[test]
    fn a_number_is_in_its_range_or_refused() {
        let limit = |query: &str| {
            let read = read(query, &["limit"]).expect("known names");
            read.number("limit", 1..=1000, 100)
        };
        assert_eq!(limit("").expect("the default"), 100);
        assert_eq!(limit("limit=7").expect("a number"), 7);
        for query in ["limit=0", "limit=1001", "limit=-1", "limit=%2B1", "limit=1e3"] {
            let (status, why) = limit(query).expect_err("refused");
            assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
            assert!(why.ends_with("send a whole number from 1 to 1000"), "{why}");
        }
    }

    #[test]
    fn values_of_a_closed_set_are_found_by_their_names() {
        let of = |query: &str| {
            let read = read(query, &["standing"]).expect("known names");
            read.some_of("standing", Standing::VARIANTS)
        };
        let two = of("standing=broken,toChange").expect("both are there");
        assert_eq!(two, Some(vec![Standing::Broken, Standing::ToChange]));
        assert_eq!(of("").expect("none"), None);
        let (_, why) = of("standing=broken,%1B").expect_err("refused");
        assert!(why.contains("send some of broken, held,") && !why.contains('\u{1b}'), "{why}");
    }
}
