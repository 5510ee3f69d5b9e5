//! Circles of services that want each other's names.

use expect_test::expect;

use crate::testing::check_plan;

#[test]
fn of_two_that_swap_the_younger_lets_go_first() {
    check_plan(
        "a mode=client-server, discovery-name=y, alias=y:80 | in internal.myapp http/x@x:80 | http=8080/http
         b mode=client-server, discovery-name=x, alias=x:80 | in internal.myapp http/y@y:80 | http=8080/http",
        &expect![[r#"
            prod/a: Conflict: discovery name y is held by prod/b
                endpoint http/x: x:80 -> -
                endpoint http/y: - -> y:80
                note: prod/a, prod/b swap names in phases: first prod/b gives its name up and takes none yet, so no service answers to that name for a while; then the others take their names one by one, and prod/b takes its own last
            prod/b: connect in ns-internalmyapp
                endpoint http/y: y:80 -> -
                note: prod/a, prod/b swap names in phases: first prod/b gives its name up and takes none yet, so no service answers to that name for a while; then the others take their names one by one, and prod/b takes its own last
                contested by prod/a
        "#]],
    );
}

#[test]
fn once_it_has_let_go_the_other_takes_its_name() {
    check_plan(
        "a mode=client-server, discovery-name=y, alias=y:80 | in internal.myapp http/x@x:80 | http=8080/http
         b mode=client-server, discovery-name=x, alias=x:80 | in internal.myapp | http=8080/http",
        &expect![[r#"
            prod/a: connect in ns-internalmyapp http/y@y:80
                endpoint http/x: x:80 -> -
                endpoint http/y: - -> y:80
                contested by prod/b
            prod/b: Conflict: discovery name x is held by prod/a
                endpoint http/x: - -> x:80
        "#]],
    );
}

#[test]
fn and_in_the_end_it_takes_its_own() {
    check_plan(
        "a mode=client-server, discovery-name=y, alias=y:80 | in internal.myapp http/y@y:80
         b mode=client-server, discovery-name=x, alias=x:80 | in internal.myapp | http=8080/http",
        &expect![[r#"
            prod/a: in sync
            prod/b: connect in ns-internalmyapp http/x@x:80
                endpoint http/x: - -> x:80
        "#]],
    );
}

#[test]
fn a_circle_of_three_has_one_beginning() {
    check_plan(
        "a mode=client-server, discovery-name=y, alias=:80 | in internal.myapp http/x@:80
         b mode=client-server, discovery-name=z, alias=:80 | in internal.myapp http/y@:80
         c mode=client-server, discovery-name=x, alias=:80 | in internal.myapp http/z@:80",
        &expect![[r#"
            prod/a: Conflict: discovery name y is held by prod/b
                endpoint http/x: x.internal.myapp:80 -> -
                endpoint http/y: - -> y.internal.myapp:80
                note: prod/a, prod/b, prod/c swap names in phases: first prod/c gives its name up and takes none yet, so no service answers to that name for a while; then the others take their names one by one, and prod/c takes its own last
            prod/b: Conflict: discovery name z is held by prod/c
                endpoint http/y: y.internal.myapp:80 -> -
                endpoint http/z: - -> z.internal.myapp:80
                note: prod/a, prod/b, prod/c swap names in phases: first prod/c gives its name up and takes none yet, so no service answers to that name for a while; then the others take their names one by one, and prod/c takes its own last
                contested by prod/a
            prod/c: connect in ns-internalmyapp
                endpoint http/z: z.internal.myapp:80 -> -
                note: prod/a, prod/b, prod/c swap names in phases: first prod/c gives its name up and takes none yet, so no service answers to that name for a while; then the others take their names one by one, and prod/c takes its own last
                contested by prod/b
        "#]],
    );
}

#[test]
fn only_the_endpoints_that_wait_go() {
    check_plan(
        "a mode=client-server, discovery-name=y, alias=y:80 | in internal.myapp http/x@x:80
         b mode=client-server, endpoint.http=name=x alias=x:80, endpoint.rpc=name=rpc alias=rpc:81 | in internal.myapp http/y@y:80 rpc/rpc@rpc:81 | http=8080/http rpc=81/grpc",
        &expect![[r#"
            prod/a: Conflict: discovery name y is held by prod/b
                endpoint http/x: x:80 -> -
                endpoint http/y: - -> y:80
                note: prod/a, prod/b swap names in phases: first prod/b gives its name up and takes none yet, so no service answers to that name for a while; then the others take their names one by one, and prod/b takes its own last
            prod/b: connect in ns-internalmyapp rpc/rpc@rpc:81
                endpoint http/y: y:80 -> -
                note: prod/a, prod/b swap names in phases: first prod/b gives its name up and takes none yet, so no service answers to that name for a while; then the others take their names one by one, and prod/b takes its own last
                contested by prod/a
        "#]],
    );
}

#[test]
fn under_upsert_only_both_wait_and_are_told_why() {
    check_plan(
        "policy upsert-only
         a mode=client-server, discovery-name=y, alias=y:80 | in internal.myapp http/x@x:80 | http=8080/http
         b mode=client-server, discovery-name=x, alias=x:80 | in internal.myapp http/y@y:80 | http=8080/http",
        &expect![[r#"
            prod/a: Conflict: discovery name y is held by prod/b
                endpoint http/x: x:80 -> -
                endpoint http/y: - -> y:80
                note: prod/a, prod/b want each other's names; to swap them, one must give its name up for a while, which the policy upsert-only does not allow: use the policy sync, or rename one of them by hand first
                contested by prod/b
            prod/b: Conflict: discovery name x is held by prod/a
                endpoint http/y: y:80 -> -
                endpoint http/x: - -> x:80
                note: prod/a, prod/b want each other's names; to swap them, one must give its name up for a while, which the policy upsert-only does not allow: use the policy sync, or rename one of them by hand first
                contested by prod/a
        "#]],
    );
}

#[test]
fn a_paused_member_stops_the_circle() {
    check_plan(
        "a mode=client-server, discovery-name=y, alias=y:80, pause=true | in internal.myapp http/x@x:80 | http=8080/http
         b mode=client-server, discovery-name=x, alias=x:80 | in internal.myapp http/y@y:80 | http=8080/http",
        &expect![[r#"
            prod/a: Conflict: discovery name y is held by prod/b
                endpoint http/x: x:80 -> -
                endpoint http/y: - -> y:80
                contested by prod/b
            prod/b: Conflict: discovery name x is held by prod/a
                endpoint http/y: y:80 -> -
                endpoint http/x: - -> x:80
                contested by prod/a
        "#]],
    );
}

#[test]
fn a_rolling_member_stops_the_circle() {
    check_plan(
        "a mode=client-server, discovery-name=y, alias=y:80 | in internal.myapp http/x@x:80 | http=8080/http | rolling
         b mode=client-server, discovery-name=x, alias=x:80 | in internal.myapp http/y@y:80 | http=8080/http",
        &expect![[r#"
            prod/a: Conflict: discovery name y is held by prod/b
                endpoint http/x: x:80 -> -
                endpoint http/y: - -> y:80
                contested by prod/b
            prod/b: Conflict: discovery name x is held by prod/a
                endpoint http/y: y:80 -> -
                endpoint http/x: - -> x:80
                contested by prod/a
        "#]],
    );
}

#[test]
fn an_ineligible_member_stops_the_circle() {
    check_plan(
        "a mode=client-server, discovery-name=y, alias=y:80 | in internal.myapp http/x@x:80 | host http=8080/http
         b mode=client-server, discovery-name=x, alias=x:80 | in internal.myapp http/y@y:80 | http=8080/http",
        &expect![[r#"
            prod/a: Ineligible: the network mode of a:1 is host: Service Connect needs awsvpc or bridge, set in the task definition
                endpoint http/x: x:80 -> -
                endpoint http/y: - -> y:80
                contested by prod/b
            prod/b: Conflict: discovery name x is held by prod/a
                endpoint http/y: y:80 -> -
                endpoint http/x: - -> x:80
        "#]],
    );
}

#[test]
fn what_was_never_read_is_asked_for_first() {
    check_plan(
        "a mode=client-server, discovery-name=y, alias=y:80 | in internal.myapp http/x@x:80 | http=8080/http | history=?
         b mode=client-server, discovery-name=x, alias=x:80 | in internal.myapp http/y@y:80 | http=8080/http",
        &expect![[r#"
            prod/a: NotSeen: not read yet: its recent service deployments
                endpoint http/x: x:80 -> -
                endpoint http/y: - -> y:80
                note: prod/a, prod/b swap names in phases: first prod/b gives its name up and takes none yet, so no service answers to that name for a while; then the others take their names one by one, and prod/b takes its own last
                contested by prod/b
            prod/b: Conflict: discovery name x is held by prod/a
                endpoint http/y: y:80 -> -
                endpoint http/x: - -> x:80
                note: prod/a, prod/b swap names in phases: first prod/b gives its name up and takes none yet, so no service answers to that name for a while; then the others take their names one by one, and prod/b takes its own last
        "#]],
    );
}

#[test]
fn what_ecs_gave_up_before_is_not_swapped() {
    check_plan(
        "a mode=client-server, discovery-name=y, alias=y:80 | in internal.myapp http/x@x:80 | http=8080/http | failed-before=in_internal.myapp_http/y@y:80
         b mode=client-server, discovery-name=x, alias=x:80 | in internal.myapp http/y@y:80 | http=8080/http",
        &expect![[r#"
            prod/a: Conflict: discovery name y is held by prod/b
                endpoint http/x: x:80 -> -
                endpoint http/y: - -> y:80
                contested by prod/b
            prod/b: Conflict: discovery name x is held by prod/a
                endpoint http/y: y:80 -> -
                endpoint http/x: - -> x:80
                contested by prod/a
        "#]],
    );
}

#[test]
fn nobody_lets_go_where_an_older_outsider_would_take_the_name() {
    check_plan(
        "cluster prod default=internal.myapp
         old mode=client-server, discovery-name=y, alias=other:80 | off | http=8080/http | age=0
         a mode=client-server, discovery-name=y, alias=y:80 | in internal.myapp http/x@x:80 | http=8080/http
         b mode=client-server, discovery-name=x, alias=x:80 | in internal.myapp http/y@y:80 | http=8080/http",
        &expect![[r#"
            prod/a: Conflict: discovery name y is held by prod/b
                endpoint http/x: x:80 -> -
                endpoint http/y: - -> y:80
                contested by prod/b
            prod/b: Conflict: discovery name x is held by prod/a
                endpoint http/y: y:80 -> -
                endpoint http/x: - -> x:80
                contested by prod/a
                contested by prod/old
            prod/old: Conflict: discovery name y is held by prod/b
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/y: - -> other:80
        "#]],
    );
}

#[test]
fn a_younger_outsider_waits_for_its_turn() {
    check_plan(
        "cluster prod default=internal.myapp
         a mode=client-server, discovery-name=y, alias=y:80 | in internal.myapp http/x@x:80 | http=8080/http
         b mode=client-server, discovery-name=x, alias=x:80 | in internal.myapp http/y@y:80 | http=8080/http
         new mode=client-server, discovery-name=y, alias=other:80",
        &expect![[r#"
            prod/a: Conflict: discovery name y is held by prod/b
                endpoint http/x: x:80 -> -
                endpoint http/y: - -> y:80
                note: prod/a, prod/b swap names in phases: first prod/b gives its name up and takes none yet, so no service answers to that name for a while; then the others take their names one by one, and prod/b takes its own last
            prod/b: connect in ns-internalmyapp
                endpoint http/y: y:80 -> -
                note: prod/a, prod/b swap names in phases: first prod/b gives its name up and takes none yet, so no service answers to that name for a while; then the others take their names one by one, and prod/b takes its own last
                contested by prod/a
                contested by prod/new
            prod/new: Conflict: discovery name y is held by prod/b
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/y: - -> other:80
        "#]],
    );
}

#[test]
fn where_something_undeclared_would_be_lost_the_other_lets_go() {
    check_plan(
        "a mode=client-server, discovery-name=y, alias=y:80 | in internal.myapp http/x@x:80 | http=8080/http
         b mode=client-server, discovery-name=x, alias=x:80 | in internal.myapp http/y@y:80+idle=60 | http=8080/http",
        &expect![[r#"
            prod/a: connect in ns-internalmyapp
                endpoint http/x: x:80 -> -
                note: prod/a, prod/b swap names in phases: first prod/a gives its name up and takes none yet, so no service answers to that name for a while; then the others take their names one by one, and prod/a takes its own last
                contested by prod/b
            prod/b: Conflict: discovery name x is held by prod/a
                endpoint http/y: y:80 -> -
                endpoint http/x: - -> x:80, timeout idle=60s request=default
                note: prod/a, prod/b swap names in phases: first prod/a gives its name up and takes none yet, so no service answers to that name for a while; then the others take their names one by one, and prod/a takes its own last
        "#]],
    );
}

#[test]
fn where_it_would_be_lost_with_either_nobody_does() {
    check_plan(
        "a mode=client-server, discovery-name=y, alias=y:80 | in internal.myapp http/x@x:80+idle=60 | http=8080/http
         b mode=client-server, discovery-name=x, alias=x:80 | in internal.myapp http/y@y:80+idle=60 | http=8080/http",
        &expect![[r#"
            prod/a: Conflict: discovery name y is held by prod/b
                endpoint http/x: x:80 -> -
                endpoint http/y: - -> y:80, timeout idle=60s request=default
                note: prod/a, prod/b want each other's names, and undeclared settings of an endpoint would be lost if one gave its name up first: declare its port, alias and time-outs, or rename one by hand first
                contested by prod/b
            prod/b: Conflict: discovery name x is held by prod/a
                endpoint http/y: y:80 -> -
                endpoint http/x: - -> x:80, timeout idle=60s request=default
                note: prod/a, prod/b want each other's names, and undeclared settings of an endpoint would be lost if one gave its name up first: declare its port, alias and time-outs, or rename one by hand first
                contested by prod/a
        "#]],
    );
}

#[test]
fn a_holder_that_keeps_its_name_is_in_no_circle() {
    check_plan(
        "a mode=client-server, discovery-name=y, alias=y:80 | in internal.myapp http/x@x:80
         b mode=client-server, endpoint.http=name=y alias=y:80, endpoint.rpc=name=x alias=x:80 | in internal.myapp http/y@y:80 | http=8080/http rpc=81/http",
        &expect![[r#"
            prod/a: Conflict: discovery name y is held by prod/b
                endpoint http/x: x:80 -> -
                endpoint http/y: - -> y:80
                contested by prod/b
            prod/b: Conflict: discovery name x is held by prod/a
                endpoint rpc/x: - -> x:80
                contested by prod/a
        "#]],
    );
}

#[test]
fn a_chain_begins_at_its_free_end() {
    check_plan(
        "a mode=client-server, discovery-name=y, alias=y:80 | in internal.myapp http/x@x:80
         b mode=client-server, discovery-name=z, alias=z:80 | in internal.myapp http/y@y:80",
        &expect![[r#"
            prod/a: Conflict: discovery name y is held by prod/b
                endpoint http/x: x:80 -> -
                endpoint http/y: - -> y:80
            prod/b: connect in ns-internalmyapp http/z@z:80
                endpoint http/y: y:80 -> -
                endpoint http/z: - -> z:80
                contested by prod/a
        "#]],
    );
}

#[test]
fn who_waits_for_a_circle_waits_on() {
    check_plan(
        "a mode=client-server, discovery-name=y, alias=y:80 | in internal.myapp http/x@x:80
         b mode=client-server, discovery-name=x, alias=x:80 | in internal.myapp http/y@y:80
         c mode=client-server, endpoint.http=name=w alias=x:80 | in internal.myapp http/w@w:80",
        &expect![[r#"
            prod/a: Conflict: discovery name y is held by prod/b
                endpoint http/x: x:80 -> -
                endpoint http/y: - -> y:80
                note: prod/a, prod/b swap names in phases: first prod/b gives its name up and takes none yet, so no service answers to that name for a while; then the others take their names one by one, and prod/b takes its own last
                contested by prod/c
            prod/b: connect in ns-internalmyapp
                endpoint http/y: y:80 -> -
                note: prod/a, prod/b swap names in phases: first prod/b gives its name up and takes none yet, so no service answers to that name for a while; then the others take their names one by one, and prod/b takes its own last
                contested by prod/a
            prod/c: Conflict: alias x:80 is held by prod/a
                alias http/w: w:80 -> x:80
        "#]],
    );
}
