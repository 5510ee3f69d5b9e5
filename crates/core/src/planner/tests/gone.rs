//! An endpoint that goes is named with those who call it.

use expect_test::expect;

use crate::testing::check_plan;

const CLIENTS: &str = "web mode=client, needs=api admin | in internal.myapp | http=8080 | deployed=50
     cron mode=client | in internal.myapp | http=8080 env:http://admin.internal.myapp:9000 | deployed=50
     other mode=client, needs=none | in internal.myapp | http=8080 | deployed=50";

fn with(server: &str) -> String {
    format!(
        "namespace internal.myapp\nnamespace other.ns\n{server} | in internal.myapp http/api@api.internal.myapp:8080 admin/admin@admin.internal.myapp:9000 | http=8080 admin=9000\n{CLIENTS}"
    )
}

#[test]
fn an_endpoint_that_is_declared_no_more_names_its_clients() {
    check_plan(
        &with("api mode=client-server, port=http, discovery-name=api, namespace=internal.myapp"),
        &expect![[r#"
            prod/api: connect in ns-internalmyapp http/api@api.internal.myapp:8080
                endpoint admin/admin: admin.internal.myapp:9000 -> -
                note: admin goes, and prod/cron (as its environment says), prod/web can no longer call it
            prod/cron: in sync
            prod/other: in sync
            prod/web: in sync
        "#]],
    );
}

#[test]
fn a_service_that_is_switched_off_names_the_clients_of_every_endpoint() {
    check_plan(
        &with("api mode=off"),
        &expect![[r#"
            prod/api: disconnect
                enabled: on -> off
                note: api goes, and prod/web can no longer call it; admin goes, and prod/cron (as its environment says), prod/web can no longer call it
            prod/cron: in sync
            prod/other: in sync
            prod/web: in sync
        "#]],
    );
}

#[test]
fn a_service_that_moves_names_the_clients_that_it_leaves() {
    check_plan(
        &with("api mode=client-server, namespace=other.ns"),
        &expect![[r#"
        prod/api: connect in ns-otherns0 http/api@api.other.ns:8080 admin/admin@admin.other.ns:9000
            namespace: ns-internalmyapp -> ns-otherns0
            alias admin/admin: admin.internal.myapp:9000 -> admin.other.ns:9000
            alias http/api: api.internal.myapp:8080 -> api.other.ns:8080
            note: api goes, and prod/web can no longer call it; admin goes, and prod/cron (as its environment says), prod/web can no longer call it
        prod/cron: in sync
        prod/other: in sync
        prod/web: in sync
    "#]],
    );
}

#[test]
fn what_somebody_else_offers_as_well_can_still_be_called() {
    check_plan(
        &format!(
            "{}\nspare - | in internal.myapp http/admin@spare.internal.myapp:9000 | http=8080",
            with("api mode=client-server, port=http, discovery-name=api, namespace=internal.myapp")
        ),
        &expect![[r#"
            prod/api: connect in ns-internalmyapp http/api@api.internal.myapp:8080
                endpoint admin/admin: admin.internal.myapp:9000 -> -
            prod/cron: in sync
            prod/other: in sync
            prod/web: in sync
        "#]],
    );
}
