//! Pages and their tokens.
//!
//! Invariant: a token is good for one operation and one question (`scope`), for a limited time, and only
//! whole: a changed, foreign or stale one is refused, never taken for the first page. A page starts behind
//! a key and not at an index, so a list that changes between two pages loses and doubles nothing else.
//! Tokens hold the key itself, which keeps reads free of state; they are hex so that nobody reads them.

use std::fmt::Write as _;

use crate::shapes::{ApiError, Time};

/// Where a page starts and how long it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    /// The last key of the page before, if there was one.
    pub(super) after: Option<String>,
    /// How many lines at most.
    pub(super) limit: usize,
}

/// What bounds one operation's pages.
#[derive(Debug, Clone, Copy)]
pub(super) struct PageRules<'a> {
    /// The operation and what was asked: a token of another scope is invalid.
    pub(super) scope: &'a str,
    /// Lines on a page when the caller does not say.
    pub(super) default: u32,
    /// The most a caller may ask for.
    pub(super) most: u32,
    /// The error of this API for a bad token or size.
    pub(super) code: &'static str,
    /// The present.
    pub(super) now: Time,
    /// For how long a token is good, in seconds.
    pub(super) token_seconds: u64,
}

impl PageRules<'_> {
    /// Reads a caller's page size and token.
    pub(super) fn page(&self, size: Option<u32>, token: Option<&str>) -> Result<Page, ApiError> {
        let limit = size.unwrap_or(self.default);
        if limit == 0 || limit > self.most {
            let text =
                format!("Invalid parameter: maxResults must be between 1 and {}.", self.most);
            return Err(ApiError::new(self.code, text));
        }
        let after = token.map(|token| self.read(token)).transpose()?;
        Ok(Page { after, limit: limit as usize })
    }

    /// The token for the page behind that key.
    pub(super) fn token(&self, last: &str) -> String {
        let text = format!("{}\n{}\n{last}", self.now.0, self.scope);
        let mut hex = format!("{:016x}", sum(text.as_bytes()));
        for byte in text.bytes() {
            let _ = write!(hex, "{byte:02x}");
        }
        hex
    }

    fn read(&self, token: &str) -> Result<String, ApiError> {
        let invalid = || ApiError::new(self.code, "Invalid token.");
        let text = unsealed(token).ok_or_else(invalid)?;
        let mut parts = text.splitn(3, '\n');
        let made: u64 = parts.next().and_then(|made| made.parse().ok()).ok_or_else(invalid)?;
        let fresh = self.now.since_ms(Time(made)) <= self.token_seconds.saturating_mul(1000);
        if parts.next() != Some(self.scope) || !fresh {
            return Err(invalid());
        }
        parts.next().map(str::to_owned).ok_or_else(invalid)
    }
}

/// Takes one page off lines in order: those behind `after`, and the token if there are more.
pub(super) fn take<T>(
    rules: &PageRules<'_>,
    page: &Page,
    lines: impl Iterator<Item = T>,
    key: impl Fn(&T) -> String,
) -> (Vec<T>, Option<String>) {
    let after = page.after.as_deref();
    let mut lines = lines.skip_while(|line| after.is_some_and(|after| key(line).as_str() <= after));
    let shown: Vec<T> = lines.by_ref().take(page.limit).collect();
    let more = lines.next().is_some();
    let token = shown.last().filter(|_| more).map(|last| rules.token(&key(last)));
    (shown, token)
}

fn unsealed(token: &str) -> Option<String> {
    let (seal, hex) = token.split_at_checked(16)?;
    let bytes: Option<Vec<u8>> = (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok())
        .collect();
    let bytes = bytes?;
    (u64::from_str_radix(seal, 16).ok()? == sum(&bytes)).then_some(())?;
    String::from_utf8(bytes).ok()
}

/// FNV-1a: enough to tell a broken token from a whole one.
fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::{PageRules, take};
    use crate::shapes::Time;

    fn rules(scope: &str, now: u64) -> PageRules<'_> {
        PageRules { scope, default: 2, most: 3, code: "Bad", now: Time(now), token_seconds: 1 }
    }

    #[test]
    fn pages_follow_each_other_without_loss_or_repetition() {
        let lines = ["a", "b", "c"];
        let rules = rules("x", 0);
        let first = rules.page(None, None).unwrap();
        let (page, token) = take(&rules, &first, lines.iter(), |line| (**line).to_owned());
        assert_eq!(page, [&"a", &"b"]);
        let second = rules.page(None, token.as_deref()).unwrap();
        let (page, token) = take(&rules, &second, lines.iter(), |line| (**line).to_owned());
        assert_eq!((page, token), (vec![&"c"], None));
    }

    #[test]
    fn a_broken_foreign_or_stale_token_is_refused() {
        let token = rules("x", 0).token("a");
        assert!(rules("x", 1000).page(None, Some(&token)).is_ok());
        assert!(rules("x", 1001).page(None, Some(&token)).is_err());
        assert!(rules("y", 0).page(None, Some(&token)).is_err());
        assert!(rules("x", 0).page(None, Some(&token[..20])).is_err());
        assert!(rules("x", 0).page(None, Some("nonsense")).is_err());
        assert!(rules("x", 0).page(None, Some("äöü")).is_err());
        assert!(rules("x", 0).page(Some(4), None).is_err());
    }
}
