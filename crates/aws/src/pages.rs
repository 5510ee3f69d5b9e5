//! Walking through the pages of a listing.
//!
//! **Invariant:** a listing is complete or it is a fault, never silently short. An empty page with a token is
//! a page like any other; an answer without its list is not an empty list; a token that comes twice ends the
//! walk as unreadable, because such a listing would never end.

use std::collections::BTreeSet;

use eastwest_core::ecs::fault::{Fault, FaultKind};

use crate::operation::Operation;

/// More pages than any account can have: 10,000 of 100 items.
const MOST_PAGES: usize = 10_000;

/// A walk through one listing.
pub(crate) struct Pages {
    operation: Operation,
    seen: BTreeSet<String>,
    next: Option<Page>,
}

/// A page to ask for.
pub(crate) struct Page {
    /// What the page before it gave; the first has none.
    pub(crate) token: Option<String>,
}

impl Pages {
    /// A walk that has not begun.
    pub(crate) fn of(operation: Operation) -> Self {
        Self { operation, seen: BTreeSet::new(), next: Some(Page { token: None }) }
    }

    /// The next page to ask for, if there is one.
    pub(crate) fn next(&mut self) -> Option<Page> {
        self.next.take()
    }

    /// Takes a page's items and its token.
    pub(crate) fn turn<T>(
        &mut self,
        items: Option<Vec<T>>,
        token: Option<String>,
    ) -> Result<Vec<T>, Fault> {
        let items = items.ok_or_else(|| self.unreadable("the answer holds no list"))?;
        if let Some(token) = token.filter(|token| !token.is_empty()) {
            if self.seen.len() >= MOST_PAGES || !self.seen.insert(token.clone()) {
                return Err(
                    self.unreadable("the listing goes round in circles: a page token came twice")
                );
            }
            self.next = Some(Page { token: Some(token) });
        }
        Ok(items)
    }

    fn unreadable(&self, message: &str) -> Fault {
        Fault::new(FaultKind::Unreadable, self.operation.id(), message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_page_with_a_token_is_not_the_end() {
        let mut pages = Pages::of(Operation::ListServices);
        assert_eq!(pages.next().unwrap().token, None);
        assert_eq!(pages.turn(Some(Vec::<u8>::new()), Some("t".into())), Ok(vec![]));
        assert_eq!(pages.next().unwrap().token.as_deref(), Some("t"));
        assert_eq!(pages.turn(Some(vec![1]), None), Ok(vec![1]));
        assert!(pages.next().is_none());
    }

    #[test]
    fn a_token_that_comes_twice_is_a_fault() {
        let mut pages = Pages::of(Operation::ListServices);
        pages.turn(Some(vec![1]), Some("t".into())).unwrap();
        let fault = pages.turn(Some(vec![1]), Some("t".into())).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Unreadable);
    }

    #[test]
    fn an_answer_without_its_list_is_not_an_empty_list() {
        let mut pages = Pages::of(Operation::ListServices);
        let fault = pages.turn(None::<Vec<u8>>, None).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Unreadable);
    }
}
