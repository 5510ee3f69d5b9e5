//! What the tags of one service say.

use std::sync::Arc;

use super::declared::Declaration;
use super::issue::Issue;

/// What a service's tags say, without the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tagged {
    /// What they declare; none if one of them is wrong.
    pub declaration: Option<Arc<Declaration>>,
    /// What is wrong in them.
    pub issues: Vec<Issue>,
    /// The issue that there is no `mode` tag. It is shown if the document does not opt the service in either.
    pub no_mode: Option<Issue>,
    /// The tags that declare its endpoints, with their prefix.
    pub(crate) endpoint_tags: Vec<String>,
}
