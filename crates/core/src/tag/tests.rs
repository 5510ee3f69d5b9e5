use std::fmt::Write as _;

use super::*;
use expect_test::{Expect, expect};

/// Tags as `key=value` lines without the prefix; the answer is the declaration as JSON-like debug text.
fn check(lines: &str, expected: &Expect) {
    let tags = lines
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| line.split_once('=').expect("a test's line is key=value"))
        .map(|(key, value)| (format!("eastwest/{key}"), value.to_owned()))
        .collect();
    let (intent, issues) = parse(&TagPrefix::default(), &tags);
    let mut shown = match intent {
        Intent::NotOptedIn => "not opted in\n".to_owned(),
        Intent::Ambiguous => "ambiguous\n".to_owned(),
        Intent::Declared(declaration) => {
            let mode: &str = declaration.mode.into();
            format!("{mode}\n")
        }
    };
    for issue in issues {
        writeln!(shown, "{issue}").expect("a String takes all text");
    }
    expected.assert_eq(&shown);
}

#[test]
fn mode_alone_opts_in() {
    check(
        "mode=client-server",
        &expect![["
        client-server
    "]],
    );
}
