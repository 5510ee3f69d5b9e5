//! The hosts that a document allows as aliases: one host, or every host below one.

use crate::ecs::host::BadHost;
use crate::ecs::name::{DnsName, Refused};

const ALLOWED: &str = "a host such as db.corp.example, or *. and a host, such as *.corp.example: lower-case letters, digits, '-', '_' and '.'; no address, no localhost, and '*' nowhere else";

/// One host, or with a leading `*.` every host below it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostPattern {
    host: DnsName,
    below: bool,
}

impl HostPattern {
    /// A pattern as a user writes it.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let (host, below) = text.strip_prefix("*.").map_or((text, false), |host| (host, true));
        let refused = || Refused { allowed: ALLOWED, nearest: None };
        let host = DnsName::parse(host).map_err(|_| refused())?;
        if BadHost::of(&host).is_some() { Err(refused()) } else { Ok(Self { host, below }) }
    }

    /// Whether it allows a host.
    pub fn allows(&self, host: &DnsName) -> bool {
        if !self.below {
            return self.host == *host;
        }
        let above = host.as_str().strip_suffix(self.host.as_str());
        above.is_some_and(|above| above.len() > 1 && above.ends_with('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_allows_one_host_or_every_host_below_one() {
        let rows = [
            ("db.corp.example", "db.corp.example", true),
            ("db.corp.example", "x.db.corp.example", false),
            ("*.corp.example", "db.corp.example", true),
            ("*.corp.example", "a.b.corp.example", true),
            ("*.corp.example", "corp.example", false),
            ("*.corp.example", "notcorp.example", false),
            ("*.corp.example", ".corp.example", false),
        ];
        for (pattern, host, allows) in rows {
            let pattern = HostPattern::parse(pattern).expect("a pattern");
            assert_eq!(pattern.allows(&DnsName::as_read(host)), allows, "{pattern:?} {host}");
        }
    }

    #[test]
    fn a_pattern_that_would_allow_anything_or_an_address_is_refused() {
        for text in
            ["*", "*.", "", "a.*", "*a.b", "*.*.b", "127.0.0.1", "*.localhost", "A.b", "a..b"]
        {
            assert!(HostPattern::parse(text).is_err(), "{text}");
        }
    }
}
