//! What the tags of one service say.

use std::sync::Arc;

use super::declared::Declaration;
use super::issue::Issue;
use super::settings::Sources;
use super::tag_prefix::TagPrefix;

/// What a service's tags say, without the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tagged {
    /// What they declare; none if one of them is wrong.
    pub declaration: Option<Arc<Declaration>>,
    /// What is wrong in them.
    pub issues: Vec<Issue>,
    /// The issue that there is no `mode` tag. It is shown if the document does not opt the service in either.
    pub no_mode: Option<Issue>,
    /// The value of its `retry` tag: a new one asks for one more attempt.
    pub retry: Option<String>,
    /// The tags that declare its endpoints, with their prefix.
    pub(crate) endpoint_tags: Vec<String>,
}

impl Tagged {
    /// The same, with a blocking issue where the `document` tag names a parameter that it may not.
    pub(crate) fn within(mut self, sources: &Sources, prefix: &TagPrefix) -> Self {
        let named = self.declaration.as_ref().and_then(|declared| declared.document.as_ref());
        if let Some(name) = named.filter(|name| !sources.allow(name)) {
            let allowed = format!(
                "a parameter whose name begins with {}, as the operator of eastwest allows (--document-prefix): move the parameter there",
                sources.document_prefixes.join(" or ")
            );
            self.issues.push(Issue::new(&prefix.key("document"), name.as_str(), allowed));
            self.declaration = None;
        }
        self
    }
}
