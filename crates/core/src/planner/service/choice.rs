//! Which source decides each field. Settling makes every choice through this file, so that `explain` can show it.
//!
//! **Invariant:** A caller that wants only the result pays for nothing more: values are made one after the other until
//! the first source has one. A caller that wants the reasons gets all of them, from the code that decides.

use std::cell::RefCell;
use std::fmt;

use serde::Serialize;

use crate::ecs::name::PortName;

/// Where a value comes from, in the order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Source {
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
    /// What eastwest takes, or what ECS does, if no source has a value.
    BuiltIn,
}

/// The field that is chosen, and the port of the endpoint it belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FieldPath<'a> {
    name: &'static str,
    endpoint: Option<&'a PortName>,
}

impl<'a> FieldPath<'a> {
    /// A field of the service as a whole.
    pub(crate) fn service(name: &'static str) -> Self {
        Self { name, endpoint: None }
    }

    /// A field of one endpoint.
    pub(crate) fn endpoint(name: &'static str, port: &'a PortName) -> Self {
        Self { name, endpoint: Some(port) }
    }
}

/// Takes the first value that a source has, and may look at the others.
pub(crate) trait Observer {
    /// The first value that a source has.
    fn first<T: fmt::Display>(
        &self,
        field: FieldPath<'_>,
        values: impl Iterator<Item = (Source, Option<T>)>,
    ) -> Option<T>;
}

/// The caller wants only the result.
impl Observer for () {
    fn first<T: fmt::Display>(
        &self,
        _field: FieldPath<'_>,
        mut values: impl Iterator<Item = (Source, Option<T>)>,
    ) -> Option<T> {
        values.find_map(|(_, value)| value)
    }
}

/// One choice: a field, and the value of each source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) field: &'static str,
    pub(crate) endpoint: Option<PortName>,
    /// The value of each source. The first one counts.
    pub(crate) said: Vec<(Source, String)>,
}

/// Records every choice.
#[derive(Debug, Default)]
pub(crate) struct Recorder(RefCell<Vec<Choice>>);

impl Recorder {
    /// All choices in the order in which they were made.
    pub(crate) fn choices(self) -> Vec<Choice> {
        self.0.into_inner()
    }
}

impl Observer for Recorder {
    fn first<T: fmt::Display>(
        &self,
        field: FieldPath<'_>,
        values: impl Iterator<Item = (Source, Option<T>)>,
    ) -> Option<T> {
        let said: Vec<(Source, T)> =
            values.filter_map(|(source, value)| Some((source, value?))).collect();
        let texts = said.iter().map(|(source, text)| (*source, text.to_string())).collect();
        let FieldPath { name, endpoint } = field;
        let choice = Choice { field: name, endpoint: endpoint.cloned(), said: texts };
        self.0.borrow_mut().push(choice);
        said.into_iter().next().map(|(_, first)| first)
    }
}
