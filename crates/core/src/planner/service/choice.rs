//! Who decided what, for `explain`: settling goes through here with every choice it makes.
//!
//! **Invariant:** who only wants the result pays for nothing more: candidates are made one after the other until the
//! first says something. Who wants the reasons sees all of them, from the very code that decides.

use std::cell::RefCell;
use std::fmt;

use serde::Serialize;

use crate::ecs::name::PortName;

/// Where a value comes from, in the order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A declaration: the document's entry, a tag, or the parameter that a tag names.
    Declared,
    /// The PRIMARY deployment.
    Deployed,
    /// The document's defaults.
    DocumentDefault,
    /// A flag of the command line.
    Flag,
    /// The cluster's Service Connect default.
    ClusterDefault,
    /// What eastwest takes, or what ECS does, where nobody says anything.
    BuiltIn,
}

/// Which field, and of which endpoint.
pub(crate) type Place<'a> = (&'static str, Option<&'a PortName>);

/// Takes the first candidate that says something, and may look at the others.
pub(crate) trait Witness {
    /// The first candidate that says something.
    fn first<T: fmt::Display>(
        &self,
        place: Place<'_>,
        candidates: impl Iterator<Item = (Source, Option<T>)>,
    ) -> Option<T>;
}

/// Nobody wants to know.
impl Witness for () {
    fn first<T: fmt::Display>(
        &self,
        _place: Place<'_>,
        mut candidates: impl Iterator<Item = (Source, Option<T>)>,
    ) -> Option<T> {
        candidates.find_map(|(_, candidate)| candidate)
    }
}

/// One choice: a field, what it became, and what was passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) field: &'static str,
    pub(crate) endpoint: Option<PortName>,
    /// What each source says, the one that counts first.
    pub(crate) said: Vec<(Source, String)>,
}

/// Writes every choice down.
#[derive(Debug, Default)]
pub(crate) struct Minutes(RefCell<Vec<Choice>>);

impl Minutes {
    /// All choices in the order in which they were made.
    pub(crate) fn choices(self) -> Vec<Choice> {
        self.0.into_inner()
    }
}

impl Witness for Minutes {
    fn first<T: fmt::Display>(
        &self,
        (field, endpoint): Place<'_>,
        candidates: impl Iterator<Item = (Source, Option<T>)>,
    ) -> Option<T> {
        let said: Vec<(Source, T)> =
            candidates.filter_map(|(source, candidate)| Some((source, candidate?))).collect();
        let texts = said.iter().map(|(source, text)| (*source, text.to_string())).collect();
        let choice = Choice { field, endpoint: endpoint.cloned(), said: texts };
        self.0.borrow_mut().push(choice);
        said.into_iter().next().map(|(_, first)| first)
    }
}
