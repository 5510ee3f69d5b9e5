//! Servers before the clients that need them.

use expect_test::expect;

use crate::testing::fake::Fake;
use crate::testing::{Stage, check_guarded, check_plan};

#[test]
fn servers_come_before_the_clients_that_need_them() {
    check_plan(
        "a mode=client, namespace=internal.myapp, needs=m z
         m mode=client-server, namespace=internal.myapp, needs=z
         z mode=client-server, namespace=internal.myapp",
        &expect![[r#"
            prod/a: connect in ns-internalmyapp
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                waits: needs m of prod/m (declared), which changes first
            prod/m: connect in ns-internalmyapp http/m@m.internal.myapp:8080
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/m: - -> m.internal.myapp:8080
                waits: needs z of prod/z (declared), which changes first
            prod/z: connect in ns-internalmyapp http/z@z.internal.myapp:8080
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/z: - -> z.internal.myapp:8080
            order: prod/z, prod/m, prod/a
        "#]],
    );
}

#[test]
fn without_needs_the_order_is_that_of_names() {
    check_plan(
        "b mode=client, namespace=internal.myapp
         a mode=client, namespace=internal.myapp
         c mode=client, namespace=internal.myapp",
        &expect![[r#"
            prod/a: connect in ns-internalmyapp
                enabled: off -> on
                namespace: - -> ns-internalmyapp
            prod/b: connect in ns-internalmyapp
                enabled: off -> on
                namespace: - -> ns-internalmyapp
            prod/c: connect in ns-internalmyapp
                enabled: off -> on
                namespace: - -> ns-internalmyapp
            order: prod/a, prod/b, prod/c
        "#]],
    );
}

#[test]
fn a_cycle_is_cut_where_it_is_entered() {
    check_plan(
        "a mode=client-server, namespace=internal.myapp, needs=b
         b mode=client-server, namespace=internal.myapp, needs=c
         c mode=client-server, namespace=internal.myapp, needs=a",
        &expect![[r#"
            prod/a: connect in ns-internalmyapp http/a@a.internal.myapp:8080
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/a: - -> a.internal.myapp:8080
                note: prod/a, prod/b, prod/c need each other: prod/a goes first, and is refreshed once the others are complete
            prod/b: connect in ns-internalmyapp http/b@b.internal.myapp:8080
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/b: - -> b.internal.myapp:8080
                note: prod/a, prod/b, prod/c need each other: prod/a goes first, and is refreshed once the others are complete
            prod/c: connect in ns-internalmyapp http/c@c.internal.myapp:8080
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/c: - -> c.internal.myapp:8080
                note: prod/a, prod/b, prod/c need each other: prod/a goes first, and is refreshed once the others are complete
                waits: needs a of prod/a (declared), which changes first
            order: prod/a, prod/b, prod/c
        "#]],
    );
}

#[test]
fn a_service_may_need_itself() {
    check_plan(
        "a mode=client-server, namespace=internal.myapp, needs=a
         b mode=client, namespace=internal.myapp",
        &expect![[r#"
            prod/a: connect in ns-internalmyapp http/a@a.internal.myapp:8080
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/a: - -> a.internal.myapp:8080
            prod/b: connect in ns-internalmyapp
                enabled: off -> on
                namespace: - -> ns-internalmyapp
            order: prod/a, prod/b
        "#]],
    );
}

#[test]
fn a_need_that_nobody_offers_is_no_hindrance() {
    check_plan(
        "a mode=client, namespace=internal.myapp, needs=nobody
         b mode=client, namespace=internal.myapp",
        &expect![[r#"
            prod/a: connect in ns-internalmyapp
                enabled: off -> on
                namespace: - -> ns-internalmyapp
            prod/b: connect in ns-internalmyapp
                enabled: off -> on
                namespace: - -> ns-internalmyapp
            order: prod/a, prod/b
        "#]],
    );
}

#[test]
fn a_name_of_another_namespace_is_another_name() {
    check_plan(
        "namespace internal.myapp
         namespace other.ns
         a mode=client, namespace=internal.myapp, needs=z
         z mode=client-server, namespace=other.ns",
        &expect![[r#"
            prod/a: connect in ns-internalmyapp
                enabled: off -> on
                namespace: - -> ns-internalmyapp
            prod/z: connect in ns-otherns0 http/z@z.other.ns:8080
                enabled: off -> on
                namespace: - -> ns-otherns0
                endpoint http/z: - -> z.other.ns:8080
            order: prod/a, prod/z
        "#]],
    );
}

#[test]
fn a_server_to_switch_off_is_nobodys_server() {
    check_plan(
        "a mode=client, namespace=internal.myapp, needs=z
         z mode=off | in internal.myapp http/z@z:80",
        &expect![[r#"
            prod/a: connect in ns-internalmyapp
                enabled: off -> on
                namespace: - -> ns-internalmyapp
            prod/z: disconnect
                enabled: on -> off
                note: z goes, and prod/a can no longer call it
            order: prod/a, prod/z
        "#]],
    );
}

/// What a client waits for, before the guard has looked.
fn check_waits(text: &str, expected: &expect_test::Expect) {
    let plan = Stage::read(text).plan();
    let waits = plan.entries.iter().map(|(key, entry)| {
        let awaited = entry.awaits.as_ref();
        format!("{key}: {}\n", awaited.map_or("waits for nobody".to_owned(), ToString::to_string))
    });
    expected.assert_eq(&waits.collect::<String>());
}

#[test]
fn a_declared_need_waits_even_for_a_server_that_a_person_must_mend() {
    check_waits(
        "a mode=client, namespace=internal.myapp, needs=z
         z mode=client-server, namespace=internal.myapp | off | http=8080/http windows",
        &expect![[r#"
            prod/a: needs z of prod/z (declared), which is held: Ineligible
            prod/z: waits for nobody
        "#]],
    );
}

#[test]
fn what_is_only_inferred_waits_for_nobody_who_must_be_mended() {
    check_waits(
        "a mode=client, namespace=internal.myapp | off | http=8080 env:http://z.internal.myapp:8080
         z mode=client-server, namespace=internal.myapp | off | http=8080/http windows",
        &expect![[r#"
            prod/a: waits for nobody
            prod/z: waits for nobody
        "#]],
    );
}

#[test]
fn a_server_whose_older_deployment_completed_can_be_called_while_it_rolls() {
    check_waits(
        "a mode=client, namespace=internal.myapp, needs=z
         z - | in internal.myapp http/z@z:80 | http=8080 | before=in_internal.myapp_http/z@z:80 rolling",
        &expect![[r#"
            prod/a: waits for nobody
        "#]],
    );
    check_waits(
        "a mode=client, namespace=internal.myapp, needs=z
         z - | in internal.myapp http/z@z:80 | http=8080 | before=off rolling",
        &expect![[r#"
            prod/a: needs z of prod/z (declared), whose deployment has not completed
        "#]],
    );
}

#[test]
fn a_server_that_bakes_is_not_complete_though_its_deployments_say_so() {
    let world = |facts: &str| {
        format!(
            "a mode=client, namespace=internal.myapp, needs=z
             z - | in internal.myapp http/z@z:80 | http=8080 | {facts}"
        )
    };
    check_waits(
        &world("shifts history=rolling"),
        &expect![[r#"
        prod/a: needs z of prod/z (declared), whose deployment has not completed
    "#]],
    );
    check_waits(
        &world("shifts"),
        &expect![[r#"
        prod/a: waits for nobody
    "#]],
    );
    // Where tasks are only cleaned up later, the service deployment goes on as well.
    check_waits(
        &world("history=rolling"),
        &expect![[r#"
        prod/a: waits for nobody
    "#]],
    );
}

#[test]
fn a_server_of_no_tasks_that_completed_is_complete() {
    check_waits(
        "a mode=client, namespace=internal.myapp, needs=z
         z - | in internal.myapp http/z@z:80 | http=8080 | tasks=0",
        &expect![[r#"
            prod/a: waits for nobody
        "#]],
    );
}

#[test]
fn a_server_that_is_to_get_another_alias_is_changed_before_its_clients() {
    check_waits(
        "a mode=client, namespace=internal.myapp, needs=z
         z mode=client-server, alias=z:81 | in internal.myapp http/z@z:80",
        &expect![[r#"
            prod/a: needs z of prod/z (declared), which changes first
            prod/z: waits for nobody
        "#]],
    );
}

#[test]
fn a_change_that_leaves_a_name_as_it_is_is_not_waited_for() {
    check_waits(
        "a mode=client, namespace=internal.myapp, needs=z
         z mode=client-server, timeout=idle=6m | in internal.myapp http/z@z:80",
        &expect![[r#"
            prod/a: waits for nobody
            prod/z: waits for nobody
        "#]],
    );
}

#[test]
fn a_server_that_is_paused_without_an_end_is_one_that_a_person_must_mend() {
    check_waits(
        "a mode=client, namespace=internal.myapp, needs=z
         b mode=client, namespace=internal.myapp | off | http=8080 env:http://z.internal.myapp:8080
         z mode=client-server, namespace=internal.myapp, pause=true",
        &expect![[r#"
            prod/a: needs z of prod/z (declared), which is held: Paused
            prod/b: waits for nobody
            prod/z: waits for nobody
        "#]],
    );
}

#[test]
fn a_successor_that_cannot_come_is_not_waited_for_as_long_as_the_old_name_is_there() {
    let world = |facts: &str| {
        format!(
            "a mode=client, namespace=internal.myapp, needs=z
             z mode=client-server, discovery-name=y | in internal.myapp http/z@z:80 | http=8080 | {facts}"
        )
    };
    check_waits(
        &world(""),
        &expect![[r#"
        prod/a: needs y of prod/z (declared), which changes first
        prod/z: waits for nobody
    "#]],
    );
    check_waits(
        &world("unknown=newThing"),
        &expect![[r#"
        prod/a: waits for nobody
        prod/z: waits for nobody
    "#]],
    );
}

#[test]
fn a_name_that_the_client_has_itself_is_not_waited_for_where_somebody_else_cannot_get_it() {
    check_waits(
        "a mode=client-server, discovery-name=z, timeout=idle=6m, needs=z | in internal.myapp http/z@z:80
         b mode=client-server, discovery-name=z, namespace=internal.myapp",
        &expect![[r#"
            prod/a: waits for nobody
            prod/b: waits for nobody
        "#]],
    );
}

#[test]
fn who_is_to_have_a_name_itself_does_not_wait_for_another_who_cannot_get_it() {
    check_waits(
        "a mode=client-server, discovery-name=z, namespace=internal.myapp, needs=z
         b mode=client-server, discovery-name=z, namespace=internal.myapp",
        &expect![[r#"
            prod/a: waits for nobody
            prod/b: waits for nobody
        "#]],
    );
}

#[test]
fn behind_a_server_that_waits_for_a_person_only_a_declared_need_waits() {
    let world = |client: &str| {
        format!(
            "a mode=client, namespace=internal.myapp{client}
             y mode=client-server, namespace=internal.myapp, needs=z
             z mode=client-server, namespace=internal.myapp, pause=true"
        )
    };
    check_waits(
        &world(", needs=y"),
        &expect![[r#"
        prod/a: needs y of prod/y (declared), which is held: WaitingForServer
        prod/y: needs z of prod/z (declared), which is held: Paused
        prod/z: waits for nobody
    "#]],
    );
    check_waits(
        &world(" | off | http=8080 env:http://y.internal.myapp:8080"),
        &expect![[r#"
        prod/a: waits for nobody
        prod/y: needs z of prod/z (declared), which is held: Paused
        prod/z: waits for nobody
    "#]],
    );
}

#[test]
fn of_several_servers_of_a_name_the_one_that_is_waited_for_is_named() {
    check_waits(
        "a mode=client, namespace=internal.myapp, needs=z
         y - | in internal.myapp http/z@z:80 | http=8080 | before=off rolling
         z mode=client-server, namespace=internal.myapp, alias=z:81",
        &expect![[r#"
            prod/a: needs z of prod/y (declared), whose deployment has not completed
            prod/z: waits for nobody
        "#]],
    );
}

#[test]
fn who_may_offer_a_name_beyond_the_watched_clusters_is_looked_for_before_a_client_goes_on_without()
{
    let mut fake = Fake::new(
        "web mode=client-server, timeout=idle=6m, needs=api | in internal.myapp http/web@web:80
         far/api - | in internal.myapp http/api@api:80 | http=8080 | elsewhere before=off rolling",
    );
    fake.run(600);
    expect![[r#""#]].assert_eq(&fake.take_writes());
    expect![[r#"
        0 cluster prod: 0 in order, 1 not, 0 not opted in
        0 prod/web OutOfSync Healthy NotSeen
        10 prod/web OutOfSync Healthy WaitingForServer
    "#]]
    .assert_eq(&fake.take_news());
}

#[test]
fn beyond_a_stall_only_a_declared_need_waits() {
    let world = |client: &str| {
        format!(
            "a mode=client, namespace=internal.myapp{client}
             z - | in internal.myapp http/z@z:80 | http=8080 | rolling rolling=1900"
        )
    };
    check_guarded(
        &world(", needs=z"),
        &expect![[r#"
        prod/a: WaitingForServer: needs z of prod/z (declared), whose deployment has not completed
    "#]],
    );
    check_guarded(
        &world(" | off | http=8080 env:http://z"),
        &expect![[r#"
        prod/a: connect in ns-internalmyapp
    "#]],
    );
}

/// A client of a server of four tasks, of which so many run, with these facts about it.
fn filling(running: u32, facts: &str) -> String {
    format!(
        "a mode=client, namespace=internal.myapp, needs=z
         z - | in internal.myapp http/z@z:80 | http=8080 | tasks=4 runs={running} {facts}"
    )
}

#[test]
fn a_server_that_completed_early_is_complete_once_primary_runs_all_its_tasks() {
    check_guarded(
        &filling(2, "early"),
        &expect![[r#"
        prod/a: WaitingForServer: needs z of prod/z (declared), whose deployment completed early and does not run all its tasks yet
    "#]],
    );
    check_guarded(
        &filling(4, "early"),
        &expect![[r#"
        prod/a: connect in ns-internalmyapp
    "#]],
    );
}

#[test]
fn without_early_success_a_completed_deployment_is_complete_whatever_runs() {
    check_guarded(
        &filling(2, ""),
        &expect![[r#"
        prod/a: connect in ns-internalmyapp
    "#]],
    );
}

#[test]
fn what_the_deployment_before_an_early_success_offers_can_be_called_meanwhile() {
    check_guarded(
        &filling(2, "early before=in_internal.myapp_http/z@z:80"),
        &expect![[r#"
        prod/a: connect in ns-internalmyapp
    "#]],
    );
}

#[test]
fn what_a_strategy_waits_by_plan_is_no_stall_of_a_server_either() {
    let world = |seconds: u32| {
        format!(
            "a mode=client, namespace=internal.myapp | off | http=8080 env:http://z
             z - | in internal.myapp http/z@z:80 | http=8080 | rolling rolling={seconds} shifts bakes=10"
        )
    };
    check_guarded(
        &world(2399),
        &expect![[r#"
        prod/a: WaitingForServer: needs z of prod/z (inferred from its environment), whose deployment has not completed
    "#]],
    );
    check_guarded(
        &world(2400),
        &expect![[r#"
        prod/a: connect in ns-internalmyapp
    "#]],
    );
}

#[test]
fn a_client_whose_needs_nobody_knows_goes_after_all_servers() {
    check_plan(
        "a-worker mode=client, namespace=internal.myapp | off | http=8080
         b-worker mode=client, needs=none, namespace=internal.myapp | off | http=8080
         z-master mode=client-server, alias=locust-master:5557, namespace=internal.myapp | off | http=5557",
        &expect![[r#"
            prod/a-worker: connect in ns-internalmyapp
                enabled: off -> on
                namespace: - -> ns-internalmyapp
            prod/b-worker: connect in ns-internalmyapp
                enabled: off -> on
                namespace: - -> ns-internalmyapp
            prod/z-master: connect in ns-internalmyapp http/z-master@locust-master:5557
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/z-master: - -> locust-master:5557
            order: prod/b-worker, prod/z-master, prod/a-worker
        "#]],
    );
}

#[test]
fn a_client_whose_command_names_its_server_waits_for_it() {
    check_plan(
        "a-worker mode=client, namespace=internal.myapp | off | http=8080 cmd:--worker_--master-host_locust-master
         z-master mode=client-server, alias=locust-master:5557, namespace=internal.myapp | off | http=5557",
        &expect![[r#"
            prod/a-worker: connect in ns-internalmyapp
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                waits: needs z-master of prod/z-master (inferred from its environment), which changes first
            prod/z-master: connect in ns-internalmyapp http/z-master@locust-master:5557
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/z-master: - -> locust-master:5557
            order: prod/z-master, prod/a-worker
        "#]],
    );
}

#[test]
fn a_word_that_is_no_host_makes_nobody_wait() {
    check_plan(
        "a-victim mode=client, namespace=internal.myapp | off | http=8080 env:LOG_LEVEL=info
         z-attacker mode=client-server, alias=info:8000, namespace=internal.myapp | off | http=8000",
        &expect![[r#"
            prod/a-victim: connect in ns-internalmyapp
                enabled: off -> on
                namespace: - -> ns-internalmyapp
            prod/z-attacker: connect in ns-internalmyapp http/z-attacker@info:8000
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/z-attacker: - -> info:8000
            order: prod/z-attacker, prod/a-victim
        "#]],
    );
}

#[test]
fn an_inferred_need_does_not_wait_again_for_what_can_be_called() {
    check_plan(
        "a-client mode=client, namespace=internal.myapp | off | http=8080 env:Z_HOST=z
         z mode=client-server, alias=z:90, discovery-name=z | in internal.myapp http/z@z:80 | http=8080 | deployed=10",
        &expect![[r#"
            prod/a-client: connect in ns-internalmyapp
                enabled: off -> on
                namespace: - -> ns-internalmyapp
            prod/z: connect in ns-internalmyapp http/z@z:90
                alias http/z: z:80 -> z:90
            order: prod/z, prod/a-client
        "#]],
    );
}
