//! What is not sent again.

use expect_test::expect;

use crate::testing::check_guarded;

#[test]
fn what_failed_and_completed_later_may_be_sent() {
    check_guarded(
        "web mode=client-server, alias=b:80 | in internal.myapp http/web@a:80 | http=8080/http | past=0:ROLLBACK_SUCCESSFUL:in_internal.myapp_http/web@b:80 past=100:SUCCESSFUL:in_internal.myapp_http/web@a:80",
        &expect![[r#"
            prod/web: RolledBack: exactly this configuration failed before (ROLLBACK_SUCCESSFUL)
        "#]],
    );
    check_guarded(
        "web mode=client-server, alias=b:80 | in internal.myapp http/web@a:80 | http=8080/http | past=0:ROLLBACK_SUCCESSFUL:in_internal.myapp_http/web@b:80 past=100:SUCCESSFUL:in_internal.myapp_http/web@b:80",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/web@b:80
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
