//! The house rules as tests: a rule that no test holds rots.
//!
//! Each finding says file, line and what to do. There is no list of exceptions: where a limit must
//! give, it is changed for all, here, with a decision page.

mod repo;
mod arrows;
mod pages;
mod code;
mod modules;
mod rust;
mod sizes;
mod graph;
mod rooms;
mod public;
mod code_map;
mod figures;

/// Fails with every finding at once.
#[track_caller]
fn assert_none(findings: &[String]) {
    assert!(findings.is_empty(), "{} finding(s):\n{}\n", findings.len(), findings.join("\n"));
}
