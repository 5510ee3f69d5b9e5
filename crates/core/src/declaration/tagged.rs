//! What the tags of one service say, as they were read.

use std::sync::Arc;

use super::declared::Declaration;
use super::issue::Issue;

/// What a service's tags say, by themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tagged {
    /// What they declare; none where that cannot be told.
    pub declaration: Option<Arc<Declaration>>,
    /// What of them cannot be honoured.
    pub issues: Vec<Issue>,
    /// What is to be said where nothing else opts the service in: there is no `mode` tag.
    pub no_mode: Option<Issue>,
    /// The tags that declare its endpoints, with their prefix.
    pub(crate) endpoint_tags: Vec<String>,
}
