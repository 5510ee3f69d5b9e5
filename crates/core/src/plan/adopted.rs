//! What somebody else deployed and nobody declared: it is kept.

use std::fmt;

use serde::Serialize;

use crate::declaration::issue::Issue;
use crate::ecs::change::Change;
use crate::ecs::text::first_of;
use crate::ecs::time::AwsTime;

/// Changes of fields that are not declared, by deployments that eastwest did not begin. They are kept as deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Adopted {
    /// What was wanted before, and what is wanted now because it stands.
    pub changes: Vec<Change>,
    /// When AWS created the deployment of the latest.
    pub at: AwsTime,
}

impl Adopted {
    /// The advice about each change.
    pub(crate) fn issues(&self) -> impl Iterator<Item = Issue> {
        self.changes.iter().map(|change| {
            let field: &str = change.field.into();
            let place = match &change.endpoint {
                Some(endpoint) => format!("{field} of {endpoint}"),
                None => field.to_owned(),
            };
            let words = format!(
                "deployed, not declared: changed at {} from {}, and kept. Declare it, for which eastwest import --all prints the tags, or change it back",
                self.at,
                change.from.as_deref().unwrap_or("nothing")
            );
            Issue::new(&place, change.to.as_deref().unwrap_or("nothing"), words).advice()
        })
    }
}

impl fmt::Display for Adopted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, deployed at {} and not declared", first_of(&self.changes, "; "), self.at)
    }
}
