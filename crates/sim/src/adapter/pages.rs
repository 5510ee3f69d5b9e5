//! Reads every page of a listing.
//!
//! **Invariant:** a listing is complete or a fault, never short without a word.

use eastwest_core::ecs::fault::{Fault, FaultKind};

use super::calls::Aws;
use crate::model::{AsOf, Model};
use crate::shapes::ApiError;

/// One page: its items and the token of the next.
type Page<T> = (Vec<T>, Option<String>);
/// Where a page begins and how much it may hold.
type Turn<'a> = (u32, Option<&'a String>);

impl Aws {
    /// Every page of a listing. If a page fails: the pages before it, and the fault.
    pub(super) async fn pages<T>(
        &self,
        op: &'static str,
        ask: impl Fn(&Model, AsOf, Turn<'_>) -> Result<Page<T>, ApiError>,
    ) -> (Vec<T>, Result<(), Fault>) {
        let (mut found, mut token) = (Vec::new(), None);
        loop {
            let page = self.read(op, |model, reading| match reading.cut {
                // An empty page with a token: its items come on the next page.
                Some(cut) if cut % 2 == 0 => Ok((Vec::new(), token.clone(), true)),
                cut => {
                    let limit = if cut.is_some() { 1 } else { 100 };
                    let (page, next) = ask(model, reading.as_of, (limit, token.as_ref()))?;
                    Ok((page, next, false))
                }
            });
            match page.await {
                Err(fault) => return (found, Err(fault)),
                Ok((_, _, true)) => {}
                Ok((page, next, _)) => {
                    found.extend(page);
                    token = next;
                    if token.is_none() {
                        return (found, Ok(()));
                    }
                }
            }
        }
    }
}

/// The fault of an answer that lacks what it must have.
pub(super) fn unreadable(op: &str, message: &str) -> Fault {
    Fault::new(FaultKind::Unreadable, op, message)
}
