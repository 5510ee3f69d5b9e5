//! When a change may begin.

mod properties;

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use super::*;
use crate::declaration::value;
use crate::testing::namespace;

/// `allow|deny <five fields> <duration> <time zone> [in=<namespace>]… [on=<cluster>]…`
pub(super) fn window(text: &str) -> Window {
    let words: Vec<&str> = text.split_whitespace().collect();
    let kind = if words[0] == "allow" { Kind::Allow } else { Kind::Deny };
    let named = |key: &'static str| words[8..].iter().filter_map(move |w| w.strip_prefix(key));
    Window {
        kind,
        pattern: Pattern::parse(&words[1..6].join(" ")).expect("a pattern"),
        duration: value::open_for(words[6]).ok().expect("a duration"),
        zone: Zone::parse(words[7]).expect("a zone"),
        namespaces: named("in=").map(NamespaceRef::as_read).collect(),
        clusters: named("on=").map(ClusterName::as_read).collect(),
    }
}

fn windows(text: &str) -> Vec<Window> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(window).collect()
}

pub(super) const ANYWHERE: ChangeTarget<'_> =
    ChangeTarget { cluster: None, namespace: TargetNamespace::Nothing };

/// What holds at each of these moments.
fn check(text: &str, moments: &[&str], expected: &Expect) {
    let windows = windows(text);
    let mut shown = String::new();
    for moment in moments {
        let closed = closed(&windows, ANYWHERE, moment.parse().expect("a moment"));
        let closed = closed.map_or("open".to_owned(), |closed| closed.to_string());
        writeln!(shown, "{moment} {closed}").expect("a String takes all text");
    }
    expected.assert_eq(&shown);
}

#[test]
fn without_windows_a_change_may_begin_at_any_time() {
    check(
        "",
        &["2026-11-24T12:00:00Z"],
        &expect![[r#"
            2026-11-24T12:00:00Z open
        "#]],
    );
}

#[test]
fn an_allow_window_across_midnight() {
    check(
        "allow 0 22 * * MON-FRI 4h Europe/Berlin",
        &[
            "2026-11-24T20:59:59.999Z",
            "2026-11-24T21:00:00Z",
            "2026-11-25T00:59:59.999Z",
            "2026-11-25T01:00:00Z",
            "2026-11-28T00:30:00Z",
            "2026-11-28T12:00:00Z",
        ],
        &expect![[r#"
            2026-11-24T20:59:59.999Z outside of its maintenance windows: none of them is open
            2026-11-24T21:00:00Z open
            2026-11-25T00:59:59.999Z open
            2026-11-25T01:00:00Z outside of its maintenance windows: none of them is open
            2026-11-28T00:30:00Z open
            2026-11-28T12:00:00Z outside of its maintenance windows: none of them is open
        "#]],
    );
}

#[test]
fn a_deny_window_across_the_years_end_beats_an_allow_window() {
    check(
        "allow 0 22 * * * 4h Europe/Berlin
         deny 0 0 24 12 * 14d Europe/Berlin",
        &[
            "2026-12-23T22:30:00Z",
            "2026-12-23T23:00:00Z",
            "2026-12-31T23:30:00Z",
            "2027-01-06T23:00:00Z",
        ],
        &expect![[r#"
            2026-12-23T22:30:00Z open
            2026-12-23T23:00:00Z outside of its maintenance windows: the deny window 0 0 24 12 * for 14d, Europe/Berlin is open
            2026-12-31T23:30:00Z outside of its maintenance windows: the deny window 0 0 24 12 * for 14d, Europe/Berlin is open
            2027-01-06T23:00:00Z open
        "#]],
    );
}

#[test]
fn windows_that_open_again_before_they_close_stay_open() {
    check(
        "deny 0 0 * * MON-FRI 36h UTC",
        &[
            "2026-11-23T12:00:00Z",
            "2026-11-28T11:59:00Z",
            "2026-11-28T12:00:00Z",
            "2026-11-29T23:59:59Z",
        ],
        &expect![[r#"
            2026-11-23T12:00:00Z outside of its maintenance windows: the deny window 0 0 * * MON-FRI for 36h, UTC is open
            2026-11-28T11:59:00Z outside of its maintenance windows: the deny window 0 0 * * MON-FRI for 36h, UTC is open
            2026-11-28T12:00:00Z open
            2026-11-29T23:59:59Z open
        "#]],
    );
}

#[test]
fn a_window_of_the_leap_day_opens_in_leap_years_alone() {
    check(
        "allow 0 0 29 2 * 1d UTC",
        &["2026-02-28T12:00:00Z", "2028-02-29T12:00:00Z", "2096-03-01T00:00:00Z"],
        &expect![[r#"
            2026-02-28T12:00:00Z outside of its maintenance windows: none of them is open
            2028-02-29T12:00:00Z open
            2096-03-01T00:00:00Z outside of its maintenance windows: none of them is open
        "#]],
    );
}

#[test]
fn the_day_of_the_month_or_of_the_week_will_do() {
    check(
        "allow 0 12 1 * MON 1h UTC",
        &["2026-11-30T12:30:00Z", "2026-12-01T12:30:00Z", "2026-12-02T12:30:00Z"],
        &expect![[r#"
            2026-11-30T12:30:00Z open
            2026-12-01T12:30:00Z open
            2026-12-02T12:30:00Z outside of its maintenance windows: none of them is open
        "#]],
    );
}

#[test]
fn a_time_that_the_clock_skips_comes_as_if_it_was_not_put_forward() {
    // 2026-03-29, 02:00 to 03:00 in Berlin.
    check(
        "allow 30 2 * * * 1h Europe/Berlin",
        &[
            "2026-03-29T01:00:00Z",
            "2026-03-29T01:29:00Z",
            "2026-03-29T01:30:00Z",
            "2026-03-29T02:29:00Z",
            "2026-03-29T02:30:00Z",
            "2026-03-30T00:30:00Z",
        ],
        &expect![[r#"
            2026-03-29T01:00:00Z outside of its maintenance windows: none of them is open
            2026-03-29T01:29:00Z outside of its maintenance windows: none of them is open
            2026-03-29T01:30:00Z open
            2026-03-29T02:29:00Z open
            2026-03-29T02:30:00Z outside of its maintenance windows: none of them is open
            2026-03-30T00:30:00Z open
        "#]],
    );
}

#[test]
fn a_time_that_comes_twice_opens_twice() {
    // 2026-10-25, 03:00 back to 02:00 in Berlin.
    check(
        "deny 30 2 * * * 20m Europe/Berlin",
        &[
            "2026-10-25T00:29:00Z",
            "2026-10-25T00:30:00Z",
            "2026-10-25T00:50:00Z",
            "2026-10-25T01:30:00Z",
            "2026-10-25T01:50:00Z",
        ],
        &expect![[r#"
            2026-10-25T00:29:00Z open
            2026-10-25T00:30:00Z outside of its maintenance windows: the deny window 30 2 * * * for 20m, Europe/Berlin is open
            2026-10-25T00:50:00Z open
            2026-10-25T01:30:00Z outside of its maintenance windows: the deny window 30 2 * * * for 20m, Europe/Berlin is open
            2026-10-25T01:50:00Z open
        "#]],
    );
}

#[test]
fn a_window_lasts_as_long_as_it_says_over_a_change_of_the_clock() {
    check(
        "allow 0 22 * * * 6h Europe/Berlin",
        &[
            "2026-03-29T02:59:00Z",
            "2026-03-29T03:00:00Z",
            "2026-10-25T01:59:00Z",
            "2026-10-25T02:00:00Z",
        ],
        &expect![[r#"
            2026-03-29T02:59:00Z open
            2026-03-29T03:00:00Z outside of its maintenance windows: none of them is open
            2026-10-25T01:59:00Z open
            2026-10-25T02:00:00Z outside of its maintenance windows: none of them is open
        "#]],
    );
}

#[test]
fn a_zone_may_leave_a_day_out() {
    // There was no 2011-12-30 in Samoa.
    check(
        "allow 0 12 30 12 * 1h Pacific/Apia",
        &["2011-12-30T21:59:00Z", "2011-12-30T22:00:00Z", "2011-12-30T23:00:00Z"],
        &expect![[r#"
            2011-12-30T21:59:00Z outside of its maintenance windows: none of them is open
            2011-12-30T22:00:00Z open
            2011-12-30T23:00:00Z outside of its maintenance windows: none of them is open
        "#]],
    );
}

#[test]
fn what_is_denied_for_ever_never_opens() {
    check(
        "deny * * * * * 1m UTC",
        &["2026-11-24T12:00:00Z"],
        &expect![[r#"
            2026-11-24T12:00:00Z outside of its maintenance windows: the deny window * * * * * for 1m, UTC is open
        "#]],
    );
}

#[test]
fn a_window_applies_where_it_says() {
    let windows = windows("deny * * * * * 1m UTC in=shop in=ns-internalmyapp on=prod");
    let (shop, myapp, other) =
        (namespace("shop"), namespace("internal.myapp"), namespace("other.ns"));
    let (prod, test) = (ClusterName::as_read("prod"), ClusterName::as_read("test"));
    let held = |cluster, namespace| {
        closed(&windows, ChangeTarget { cluster, namespace }, Timestamp::UNIX_EPOCH).is_some()
    };
    assert!(held(Some(&prod), TargetNamespace::Known(&shop)));
    assert!(held(Some(&prod), TargetNamespace::Known(&myapp)));
    assert!(held(Some(&prod), TargetNamespace::New(&shop.name)));
    assert!(!held(Some(&prod), TargetNamespace::Known(&other)));
    assert!(!held(Some(&prod), TargetNamespace::Nothing));
    assert!(!held(Some(&test), TargetNamespace::Known(&shop)));
    assert!(!held(None, TargetNamespace::Known(&shop)));
}

fn contradicting(text: &str) -> Vec<(usize, Vec<usize>)> {
    let windows = windows(text);
    let found = contradictions(&windows.iter().collect::<Vec<_>>());
    found.into_iter().map(|found| (found.allow, found.denies)).collect()
}

#[test]
fn an_allow_window_that_is_always_denied_is_a_contradiction() {
    assert_eq!(
        contradicting(
            "allow 0 22 * * MON-FRI 4h Europe/Berlin
             deny 0 20 * * * 4h Europe/Berlin
             deny 0 23 * * * 6h Europe/Berlin"
        ),
        [(0, vec![1, 2])]
    );
    assert_eq!(contradicting("allow * * * * * 1m UTC\ndeny * * * * * 1m UTC"), [(0, vec![1])]);
    assert_eq!(contradicting("allow 0 0 29 2 * 1d UTC\ndeny 0 0 * 2 * 2d UTC"), [(0, vec![1])]);
}

#[test]
fn an_allow_window_that_is_open_once_in_years_is_none() {
    assert_eq!(
        contradicting(
            "allow 0 22 * * * 1h UTC
             deny 0 22 1-28 * * 1h UTC
             deny 0 22 29-31 1,3-12 * 1h UTC"
        ),
        []
    );
}

#[test]
fn a_deny_window_of_another_place_contradicts_nothing() {
    for (allow, deny, found) in [
        ("", "in=shop", 0),
        ("in=shop in=other", "in=shop", 0),
        ("in=shop", "in=shop in=other", 1),
        ("in=shop", "", 1),
        ("in=shop", "on=prod", 0),
        ("in=shop on=prod", "on=prod", 1),
    ] {
        let text = format!("allow 0 1 * * * 1h UTC {allow}\ndeny * * * * * 1m UTC {deny}");
        assert_eq!(contradicting(&text).len(), found, "{text}");
    }
}

#[test]
fn a_pattern_that_no_year_has_never_opens() {
    for (pattern, is_never) in [
        ("0 0 30 2 *", true),
        ("0 0 31 2,4,6,9,11 *", true),
        ("0 0 29 2 *", false),
        ("0 0 30 2 MON", false),
        ("0 0 31 * *", false),
        ("* * * * *", false),
    ] {
        assert_eq!(Pattern::parse(pattern).expect("a pattern").is_never(), is_never, "{pattern}");
    }
}

#[test]
fn what_is_no_pattern_is_refused_with_the_reason() {
    let refused = |text| Pattern::parse(text).expect_err("no pattern");
    let texts = [
        "",
        "0 22 * *",
        "0 22 * * * *",
        "@daily",
        "60 * * * *",
        "* * L * *",
        "* * 15W * *",
        "* * * * 1#2",
        "* * 1 * +MON",
        "x * * * *",
        "5-1 * * * *",
    ];
    let mut shown = String::new();
    for text in texts {
        writeln!(shown, "{text:?} {}", refused(text)).expect("a String takes all text");
    }
    expect![[r#"
        "" it has 0 fields
        "0 22 * *" it has 4 fields
        "0 22 * * * *" it has 6 fields
        "@daily" it has 1 fields
        "60 * * * *" Component error: Number out of bounds.
        "* * L * *" L, W and # are not supported
        "* * 15W * *" L, W and # are not supported
        "* * * * 1#2" L, W and # are not supported
        "* * 1 * +MON" + is not supported
        "x * * * *" Pattern contains illegal characters: CronPattern contains illegal character 'X' in part 'X'
        "5-1 * * * *" Component error: Range out of bounds.
    "#]].assert_eq(&shown);
}

#[test]
fn a_zone_is_one_of_the_database() {
    let named = |text| Zone::parse(text).map(|zone| zone.name().to_owned());
    assert_eq!(named("europe/berlin").as_deref(), Some("Europe/Berlin"));
    for text in ["Europe/Berln", "CEST", "+02:00", ""] {
        assert_eq!(named(text), None, "{text}");
    }
    assert_eq!(Zone::near("Europe/Berln").as_deref(), Some("Europe/Berlin"));
    assert_eq!(Zone::near("+02:00"), None);
}

#[test]
fn a_window_is_open_from_a_minute_to_a_month() {
    for (text, seconds) in [("1m", 60), ("90m", 5400), ("4h", 14_400), ("31d", 2_678_400)] {
        assert_eq!(value::open_for(text).ok().map(|time| time.as_secs()), Some(seconds));
    }
    for text in
        ["", "m", "0m", "30s", "+5m", "1.5h", "32d", "745h", "5", "5 m", "99999999999999999999d"]
    {
        assert!(value::open_for(text).is_err(), "{text}");
    }
}
