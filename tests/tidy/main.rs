//! The house rules as tests: a rule that no test holds rots.
//!
//! Each finding says file, line and what to do. There is no list of exceptions: where a limit must
//! give, it is changed for all, here, with a decision page.

mod arrows;
mod modules;
mod pages;
mod repo;
mod rust;
mod sizes;

/// Fails with every finding at once.
#[track_caller]
fn assert_none(findings: &[String]) {
    assert!(findings.is_empty(), "{} finding(s):\n{}\n", findings.len(), findings.join("\n"));
}
