//! Maintenance windows: what a document may say of them.

use expect_test::expect;

use super::{check, check_one, listed, parameter, secret};
use crate::declaration::document::read;

#[test]
fn windows_of_all_parameters_add_up_in_any_order() {
    let one = r#"{"version":1,"windows":[{"deny":"0 0 24 12 *","duration":"3d"},
        {"allow":"0  22 * * mon-fri","duration":"4h","timeZone":"Europe/Berlin"}]}"#;
    let other = r#"{"version":1,"windows":[{"allow":"0 2 * * *","duration":"90m","clusters":["prod"]},
        {"deny":"0 0 24 12 *","duration":"72h","timeZone":"UTC"}]}"#;
    check(
        &[parameter("/p/a", one), parameter("/p/b", other)],
        &expect![[r#"
        allow 0 2 * * * for 90m, UTC in {} on {"prod"}
        allow 0 22 * * MON-FRI for 4h, Europe/Berlin in {} on {}
        deny 0 0 24 12 * for 3d, UTC in {} on {}
        freeze false, name ports false
    "#]],
    );
    let said = |one, other| read(&[parameter("/p/a", one), parameter("/p/b", other)]);
    assert_eq!(said(one, other), said(other, one));
}

#[test]
fn what_is_wrong_with_a_window_is_said() {
    check_one(
        r#"{"version":1,"windows":[
            {"duration":"4h"},
            {"allow":"0 22 * * *","deny":"0 22 * * *","duration":"4h"},
            {"allow":"0 22 * *","duration":"4h"},
            {"allow":"0 25 * * *","duration":"4h"},
            {"allow":"0 0 L * *","duration":"4h"},
            {"deny":"0 0 30 2 *","duration":"4h"},
            {"deny":"0 0 * * *","duration":"30s","timeZone":"Europe/Berln"},
            {"deny":"0 0 * * *","duration":"32d","timeZone":"+02:00"},
            {"deny":"0 0 * * *","namespaces":[],"clusters":["arn:aws:ecs:eu-west-1:1:cluster/prod"]},
            {"deny":7,"duration":"1h","timezone":"UTC","namespaces":["a b"]}
        ]}"#,
        &expect![[r#"
            none
            /p#/windows/0/allow="": required: allow or deny, which says when the window opens
            /p#/windows/1/deny="0 22 * * *": either allow or deny: this window has both, make two windows of it
            /p#/windows/2/allow="0 22 * *": five fields (minute, hour, day of the month, month, day of the week), such as 0 22 * * MON-FRI; it has 4 fields
            /p#/windows/3/allow="0 25 * * *": five fields (minute, hour, day of the month, month, day of the week), such as 0 22 * * MON-FRI; Component error: Number out of bounds.
            /p#/windows/4/allow="0 0 L * *": five fields (minute, hour, day of the month, month, day of the week), such as 0 22 * * MON-FRI; L, W and # are not supported
            /p#/windows/5/deny="0 0 30 2 *": a day that exists: no year has this one
            /p#/windows/6/duration="30s": a time such as 30m, 4h or 3d, from 1m to 31d
            /p#/windows/6/timeZone="Europe/Berln": a name of the IANA time zone database, such as Europe/Berlin or UTC; did you mean "Europe/Berlin"?
            /p#/windows/7/duration="32d": a time such as 30m, 4h or 3d, from 1m to 31d
            /p#/windows/7/timeZone="+02:00": a name of the IANA time zone database, such as Europe/Berlin or UTC
            /p#/windows/8/clusters/0="arn:aws:ecs:eu-west-1:1:cluster/prod": a cluster's name: 1 to 255 letters, digits, '-' and '_'; did you mean "prod"?
            /p#/windows/8/duration="": required: a text
            /p#/windows/8/namespaces="a list of 0": at least one item: add one, or leave the member out
            /p#/windows/9/deny="7": a text
            /p#/windows/9/namespaces/0="a b": a namespace's name, id (ns-…) or ARN; a name has no spaces, '<', '>', '"' or '/'
            /p#/windows/9/timezone="timezone": no such member; the members here are allow, clusters, deny, duration, namespaces and timeZone; did you mean "timeZone"?
        "#]],
    );
}

#[test]
fn an_allow_window_that_is_always_denied_is_refused() {
    let allow = r#"{"version":1,"windows":[{"deny":"0 0 1 1 *","duration":"1d"},
        {"allow":"0 22 * * MON-FRI","duration":"4h","timeZone":"Europe/Berlin","clusters":["prod"]}]}"#;
    let deny = r#"{"version":1,"windows":[{"deny":"0 20 * * *","duration":"9h","timeZone":"Europe/Berlin"}]}"#;
    check(
        &[parameter("/p/a", allow), parameter("/p/b", deny)],
        &expect![[r#"
            none
            /p/a#/windows/1="allow": a time that no deny window covers: a deny window is open whenever this window is open (/p/b#/windows/0), so nothing could ever change; change one of them, or remove this one
        "#]],
    );
}

#[test]
fn nothing_of_a_secret_window_is_shown() {
    let text = r#"{"version":1,"windows":[{"allow":"hush 1","duration":"hush 2","timeZone":"Hush/Berlin",
        "namespaces":["hush 3"],"clusters":["hush 4"]},{"deny":"* * * * HUSH","duration":"4h"},
        {"allow":"0 1 2 3 *","duration":"4h"},{"deny":"0 1 2 3 *","duration":"4h"}]}"#;
    let (_, issues) = read(&[secret("/p", text)]);
    let listed = listed(&issues);
    assert!(!listed.to_lowercase().contains("hush"), "{listed}");
    expect![[r#"
        /p#/windows/0/allow="(hidden)": five fields (minute, hour, day of the month, month, day of the week), such as 0 22 * * MON-FRI
        /p#/windows/0/clusters/0="(hidden)": a cluster's name: 1 to 255 letters, digits, '-' and '_'
        /p#/windows/0/duration="(hidden)": a time such as 30m, 4h or 3d, from 1m to 31d
        /p#/windows/0/namespaces/0="(hidden)": a namespace's name, id (ns-…) or ARN; a name has no spaces, '<', '>', '"' or '/'
        /p#/windows/0/timeZone="(hidden)": a name of the IANA time zone database, such as Europe/Berlin or UTC
        /p#/windows/1/deny="(hidden)": five fields (minute, hour, day of the month, month, day of the week), such as 0 22 * * MON-FRI
    "#]].assert_eq(&listed);
}

#[test]
fn there_are_not_more_windows_than_can_be_looked_at() {
    let text = |windows: usize| {
        let window = r#"{"deny":"* * * * *","duration":"1m"}"#;
        format!(r#"{{"version":1,"windows":[{}]}}"#, vec![window; windows].join(","))
    };
    check(
        &[parameter("/p/a", &text(128)), parameter("/p/b", &text(129))],
        &expect![[r#"
            none
            /p/a#/windows="128": at most 256 windows in all parameters together: there are 257, remove some
            /p/b#/windows="129": at most 256 windows in all parameters together: there are 257, remove some
        "#]],
    );
    let (_, issues) = read(&[parameter("/p", &text(257))]);
    expect![[r#"
        advice: /p#="9534 bytes": a standard parameter holds at most 4096 bytes and an advanced one 8192: split the document into several parameters below one path
        /p#/windows="a list of 257": at most 256 windows
    "#]].assert_eq(&listed(&issues));
}
