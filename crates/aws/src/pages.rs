//! Walking through the pages of a listing.
//!
//! **Invariant:** a listing is complete or it is a fault, never silently short. An empty page with a token is
//! a page like any other; an answer without its list is not an empty list; a token that comes twice ends the
//! walk as unreadable, because such a listing would never end.

use std::collections::BTreeSet;

use eastwest_core::ecs::fault::{Fault, FaultKind};

use crate::operation::Operation;

/// More pages than any account can have, empty ones among them.
const MOST_PAGES: usize = 10_000;
/// More entries than any account can have: 10,000 clusters, and 5,000 services in each, are AWS's own limits
/// (ECS service quotas).
const MOST_ENTRIES: usize = 100_000;
/// More than AWS needs for a token, in bytes: those that came are kept.
const LONGEST_TOKEN: usize = 16 * 1024;

/// A walk through one listing.
pub(crate) struct Pages {
    operation: Operation,
    seen: BTreeSet<String>,
    entries: usize,
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
        Self { operation, seen: BTreeSet::new(), entries: 0, next: Some(Page { token: None }) }
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
        self.entries = self.entries.saturating_add(items.len());
        if self.entries > MOST_ENTRIES {
            return Err(self.unreadable("the listing has more than 100,000 entries"));
        }
        if let Some(token) = token.filter(|token| !token.is_empty()) {
            if token.len() > LONGEST_TOKEN {
                return Err(self.unreadable("a page token is longer than 16 KiB"));
            }
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
    fn a_listing_of_more_than_100_000_entries_is_a_fault() {
        let mut pages = Pages::of(Operation::ListClusters);
        for page in 0..1000 {
            assert!(pages.turn(Some(vec![0; 100]), Some(page.to_string())).is_ok());
        }
        let fault = pages.turn(Some(vec![0]), None).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Unreadable);
        assert!(fault.message.contains("more than 100,000 entries"), "{fault}");
    }

    #[test]
    fn a_token_of_megabytes_is_a_fault() {
        let mut pages = Pages::of(Operation::ListClusters);
        let fault = pages.turn(Some(vec![1]), Some("t".repeat(1 << 20))).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Unreadable);
    }

    #[test]
    fn an_answer_without_its_list_is_not_an_empty_list() {
        let mut pages = Pages::of(Operation::ListServices);
        let fault = pages.turn(None::<Vec<u8>>, None).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Unreadable);
    }
}
