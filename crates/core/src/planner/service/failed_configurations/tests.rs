//! What is not sent again.

use expect_test::{Expect, expect};

use crate::testing::check_guarded;

/// A service that wants the alias `b:80`, has `a:80`, and has this past.
fn check(past: &str, expected: &Expect) {
    let service =
        "web mode=client-server, alias=b:80 | in internal.myapp http/web@a:80 | http=8080/http";
    check_guarded(&format!("{service} | {past}"), expected);
}

#[test]
fn what_failed_before_a_deployment_completed_is_sent_once_more() {
    let failed = "past=0:ROLLBACK_SUCCESSFUL:in_internal.myapp_http/web@b:80";
    let completed = "past=100:SUCCESSFUL:in_internal.myapp_http/web@a:80";
    let again = "past=200:ROLLBACK_SUCCESSFUL:in_internal.myapp_http/web@b:80";
    check(
        &format!("{failed} {completed}"),
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/web@b:80
        "#]],
    );
    check(
        &format!("{failed} {completed} {again}"),
        &expect![[r#"
            prod/web: RolledBack: exactly this configuration failed before (ROLLBACK_SUCCESSFUL)
        "#]],
    );
}

#[test]
fn switching_off_that_failed_is_not_sent_again_either() {
    check_guarded(
        "web mode=off | in internal.myapp http/web@a:80 | http=8080/http | past=0:ROLLBACK_FAILED:off",
        &expect![[r#"
            prod/web: RolledBack: exactly this configuration failed before (ROLLBACK_FAILED)
        "#]],
    );
}

#[test]
fn one_that_failed_and_is_still_there_is_not_sent_again() {
    check_guarded(
        "web mode=client-server, alias=b:80 | in internal.myapp http/web@a:80 | http=8080/http | before=in_internal.myapp_http/web@b:80 before-failed",
        &expect![[r#"
            prod/web: RolledBack: exactly this configuration failed before (FAILED)
        "#]],
    );
}
