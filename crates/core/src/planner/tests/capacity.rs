//! A namespace takes 300 services.

use expect_test::expect;

use crate::testing::check_plan;

#[test]
fn the_three_hundredth_service_joins_and_the_next_is_held_with_the_numbers() {
    check_plan(
        "members internal.myapp 298
         cluster prod default=internal.myapp
         a mode=client
         b mode=client-server
         c mode=client",
        &expect![[r#"
            prod/a: connect in ns-internalmyapp
                enabled: off -> on
                namespace: - -> ns-internalmyapp
            prod/b: connect in ns-internalmyapp http/b@b.internal.myapp:8080
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/b: - -> b.internal.myapp:8080
            prod/c: Ineligible: namespace internal.myapp has 300 services, those that join before this one included, and ECS allows 300, a quota that cannot be raised: switch Service Connect off for one that does not need it, or put this service into another namespace
                enabled: off -> on
                namespace: - -> ns-internalmyapp
            order: prod/b, prod/a
        "#]],
    );
}

#[test]
fn who_is_in_a_full_namespace_stays_free_to_change() {
    check_plan(
        "members internal.myapp 300
         cluster prod default=internal.myapp
         a mode=client-server, alias=b:80 | in internal.myapp http/a@a:80
         b mode=off | in internal.myapp",
        &expect![[r#"
            prod/a: connect in ns-internalmyapp http/a@b:80
                alias http/a: a:80 -> b:80
            prod/b: disconnect
                enabled: on -> off
            order: prod/a, prod/b
        "#]],
    );
}

#[test]
fn who_comes_from_another_namespace_joins_too() {
    check_plan(
        "namespace internal.myapp
         namespace other.ns
         members internal.myapp 300
         a mode=client, namespace=internal.myapp | in other.ns",
        &expect![[r#"
            prod/a: Ineligible: namespace internal.myapp has 300 services, those that join before this one included, and ECS allows 300, a quota that cannot be raised: switch Service Connect off for one that does not need it, or put this service into another namespace
                namespace: ns-otherns0 -> ns-internalmyapp
        "#]],
    );
}

#[test]
fn who_was_seen_in_it_since_counts() {
    check_plan(
        "members internal.myapp 299
         cluster prod default=internal.myapp
         a - | in internal.myapp
         b mode=client",
        &expect![[r#"
            prod/b: Ineligible: namespace internal.myapp has 300 services, those that join before this one included, and ECS allows 300, a quota that cannot be raised: switch Service Connect off for one that does not need it, or put this service into another namespace
                enabled: off -> on
                namespace: - -> ns-internalmyapp
        "#]],
    );
}

#[test]
fn who_is_no_longer_there_keeps_nobody_out() {
    check_plan(
        "members internal.myapp 299
         cluster prod default=internal.myapp
         a mode=client | in internal.myapp | http=8080/http | unlisted
         b mode=client",
        &expect![[r#"
            prod/a: NotSeen: the last listing of its cluster did not show it
            prod/b: connect in ns-internalmyapp
                enabled: off -> on
                namespace: - -> ns-internalmyapp
        "#]],
    );
}

#[test]
fn a_step_that_is_held_for_another_reason_takes_no_room() {
    check_plan(
        "members internal.myapp 299
         cluster prod default=internal.myapp
         a mode=client | off | http=8080/http | rolling
         b mode=client",
        &expect![[r#"
            prod/a: Rolling: a deployment of this service is running
                enabled: off -> on
                namespace: - -> ns-internalmyapp
            prod/b: connect in ns-internalmyapp
                enabled: off -> on
                namespace: - -> ns-internalmyapp
        "#]],
    );
}

#[test]
fn a_namespace_whose_use_is_not_known_is_joined_by_nobody() {
    check_plan(
        "use internal.myapp ?
         cluster prod default=internal.myapp
         a mode=client",
        &expect![[r#"
            prod/a: NotSeen: not read yet: who uses namespace ns-internalmyapp
                enabled: off -> on
                namespace: - -> ns-internalmyapp
        "#]],
    );
}
