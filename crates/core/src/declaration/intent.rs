//! What a service asks for in total: its entry in the document, then its tags, then the parameter that they name.
//!
//! For each field, the first source that has it counts. If the document overrules a tag, an issue says so, because
//! otherwise a tag without effect is a riddle. Only the document or a tag opts a service in. A parameter does not,
//! because anyone who may write a tag may name it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::declared::Declaration;
use super::issue::Issue;
use super::tag::read;
use super::tag_prefix::TagPrefix;
use super::tagged::Tagged;
use crate::ecs::name::ParameterName;

/// What a service asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Intent {
    /// Nothing opts it in: eastwest never changes the service.
    NotOptedIn,
    /// It opted in, but its declaration is not understood.
    Ambiguous,
    /// It opted in, and the parameter with the rest of its declaration has not been read.
    Unread(ParameterName),
    /// It opted in and this is what it wants.
    Declared(Arc<Declaration>),
}

impl Intent {
    /// What it wants, if that is known.
    pub fn declared(&self) -> Option<&Declaration> {
        match self {
            Self::Declared(declaration) => Some(declaration),
            Self::NotOptedIn | Self::Ambiguous | Self::Unread(_) => None,
        }
    }
}

/// All declarations of one service, in the order of precedence.
#[derive(Debug, Clone, Copy, Default)]
pub struct Layers<'a> {
    /// Its entry in the document in force.
    pub entry: Option<&'a Arc<Declaration>>,
    /// Its tags.
    pub tagged: Option<&'a Tagged>,
    /// The content of the parameter that its `document` tag names.
    pub rest: Option<&'a NamedEntry>,
}

/// What is known of a parameter that a `document` tag names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedEntry {
    /// Its last good content.
    pub declaration: Option<Arc<Declaration>>,
    /// What is wrong with it now.
    pub issues: Vec<Issue>,
}

impl<'a> Layers<'a> {
    /// The declarations there are, in the order of precedence.
    pub fn declarations(&self) -> impl Iterator<Item = &'a Arc<Declaration>> {
        let tags = self.tagged.and_then(|tagged| tagged.declaration.as_ref());
        let rest = self.rest.and_then(|rest| rest.declaration.as_ref());
        [self.entry, tags, rest].into_iter().flatten()
    }
}

/// What a service asks for in total, and the issues.
pub fn declare(prefix: &TagPrefix, layers: &Layers<'_>) -> (Intent, Vec<Issue>) {
    let tags = layers.tagged.and_then(|tagged| tagged.declaration.as_deref());
    let mode = |declaration: Option<&Declaration>| declaration.and_then(|each| each.mode);
    let is_wanted = mode(layers.entry.map(|entry| &**entry)).or(mode(tags)).is_some();
    let Some(tagged) = layers.tagged else {
        return match layers.entry {
            Some(entry) if is_wanted => (Intent::Declared(Arc::clone(entry)), Vec::new()),
            Some(_) | None => (Intent::NotOptedIn, Vec::new()),
        };
    };
    if let Some(no_mode) = tagged.no_mode.as_ref().filter(|_| !is_wanted) {
        return (Intent::NotOptedIn, vec![no_mode.clone()]);
    }
    let mut issues = tagged.issues.clone();
    let Some(tags) = tags else { return (Intent::Ambiguous, issues) };
    if let Some(entry) = layers.entry {
        issues.extend(overruled(prefix, entry, tags, &tagged.endpoint_tags));
    }
    (intent(layers, tags, &mut issues), issues)
}

/// What a service asks for by its tags alone.
pub fn parse(prefix: &TagPrefix, tags: &BTreeMap<String, String>) -> (Intent, Vec<Issue>) {
    let tagged = read(prefix, tags);
    declare(prefix, &Layers { tagged: tagged.as_ref(), ..Layers::default() })
}

fn intent(layers: &Layers<'_>, tags: &Declaration, issues: &mut Vec<Issue>) -> Intent {
    issues.extend(layers.rest.iter().flat_map(|rest| &rest.issues).cloned());
    let known = layers.rest.and_then(|rest| rest.declaration.as_ref());
    if let (Some(name), None) = (&tags.document, known) {
        // The parameter is bad or not read yet. In both cases the rest of the declaration is unknown.
        let is_bad = layers.rest.is_some_and(|rest| !rest.issues.is_empty());
        return if is_bad { Intent::Ambiguous } else { Intent::Unread(name.clone()) };
    }
    let mut declarations = layers.declarations();
    let first = declarations.next();
    let whole = first.map(|first| match declarations.next() {
        None => Arc::clone(first),
        Some(second) => {
            let both = first.over(second);
            Arc::new(declarations.fold(both, |whole, under| whole.over(under)))
        }
    });
    whole.map_or(Intent::NotOptedIn, Intent::Declared)
}

/// An issue for each tag that has no effect because the document has another value.
fn overruled(
    prefix: &TagPrefix,
    entry: &Declaration,
    tags: &Declaration,
    endpoint_tags: &[String],
) -> impl Iterator<Item = Issue> {
    let said = entry.fields();
    let overruled = tags.fields().into_iter().filter_map(move |(field, text)| {
        let (_, other) = said.iter().find(|(name, _)| *name == field)?;
        (*other != text && field != "pause").then(|| (field, text, other.clone()))
    });
    overruled.map(|(field, text, other)| {
        // The endpoints are one field, even if several tags declare them.
        let place = if field == "endpoints" { endpoint_tags.join(", ") } else { prefix.key(field) };
        let allowed = format!(
            "overruled by the document, which says {other}: remove this tag, or change the document"
        );
        Issue::new(&place, &text, allowed).advice()
    })
}

#[cfg(test)]
mod tests;
