//! Who is stale, and what is done about it.

use expect_test::expect;

use crate::testing::fake::Fake;
use crate::testing::{check_guarded, check_plan};

/// A server and a client that needs it, both in order; the server is deployed at 100 s.
fn pair(client: &str) -> String {
    format!(
        "api mode=client-server | in internal.myapp http/api | http=8080 | deployed=100
         web {client} | in internal.myapp"
    )
}

#[test]
fn a_client_older_than_an_endpoint_that_it_needs_is_redeployed() {
    check_plan(
        &pair("mode=client, needs=api"),
        &expect![[r#"
        prod/api: in sync
        prod/web: refresh
            note: a forced deployment resolves image tags again: app:1 may be another image by now; name images by digest to rule that out
            lacks: api as api.internal.myapp:8080 of prod/api
    "#]],
    );
}

#[test]
fn a_younger_client_knows_the_endpoint() {
    check_plan(
        "api mode=client-server | in internal.myapp http/api | http=8080 | deployed=100
         web mode=client, needs=api | in internal.myapp | http=8080 | deployed=101",
        &expect![[r#"
            prod/api: in sync
            prod/web: in sync
        "#]],
    );
}

#[test]
fn inferred_needs_refresh_only_where_that_is_asked_for() {
    let inferring = |tags: &str| {
        format!(
            "api mode=client-server | in internal.myapp http/api@api:80 | http=8080 | deployed=100
             web {tags} | in internal.myapp | http=8080 env:http://api"
        )
    };
    check_plan(
        &inferring("mode=client"),
        &expect![[r#"
            prod/api: in sync
            prod/web: in sync
                doubt: its tasks began before api of prod/api was there and cannot call it
        "#]],
    );
    check_plan(
        &inferring("mode=client, refresh=inferred"),
        &expect![[r#"
        prod/api: in sync
        prod/web: refresh
            note: a forced deployment resolves image tags again: app:1 may be another image by now; name images by digest to rule that out
            lacks: api as api:80 of prod/api
    "#]],
    );
}

#[test]
fn what_is_to_be_inferred_from_an_environment_not_read_yet_is_asked_for() {
    check_plan(
        "api mode=client-server | in internal.myapp http/api@api:80 | http=8080 | deployed=100
         web mode=client, refresh=inferred | in internal.myapp | ?
         cron mode=client | in internal.myapp | ?",
        &expect![[r#"
            prod/api: in sync
            prod/cron: in sync
                doubt: not known whether it can call what it needs: not read yet: task definition cron:1
            prod/web: NotSeen: not read yet: task definition web:1
                doubt: not known whether it can call what it needs: not read yet: task definition web:1
        "#]],
    );
}

#[test]
fn always_means_every_name_of_the_namespace_and_never_none() {
    check_plan(
        &pair("mode=client, refresh=always"),
        &expect![[r#"
            prod/api: in sync
            prod/web: refresh
                note: a forced deployment resolves image tags again: app:1 may be another image by now; name images by digest to rule that out
                lacks: api as api.internal.myapp:8080 of prod/api
                doubt: nobody knows what it needs, and its tasks began before api of prod/api, the only server here, was there
        "#]],
    );
    check_plan(
        &pair("mode=client, needs=api, refresh=never"),
        &expect![[r#"
            prod/api: in sync
            prod/web: in sync
                doubt: its tasks began before api of prod/api was there and cannot call it
        "#]],
    );
}

#[test]
fn a_server_that_is_not_complete_makes_nobody_stale_yet() {
    check_plan(
        "api mode=client-server | in internal.myapp http/api | http=8080 | deployed=100 rolling
         web mode=client, needs=api | in internal.myapp",
        &expect![[r#"
            prod/api: in sync
            prod/web: in sync
        "#]],
    );
}

#[test]
fn a_client_that_changes_anyway_is_not_redeployed_before() {
    check_plan(
        &pair("mode=client-server, needs=api"),
        &expect![[r#"
            prod/api: in sync
            prod/web: connect in ns-internalmyapp http/web@web.internal.myapp:8080
                endpoint http/web: - -> web.internal.myapp:8080
        "#]],
    );
}

#[test]
fn the_age_of_an_endpoint_whose_server_was_redeployed_since_is_asked_for() {
    check_plan(
        "api mode=client-server | in internal.myapp http/api | http=8080 | deployed=100 history=?
         web mode=client, needs=api | in internal.myapp",
        &expect![[r#"
            prod/api: in sync
            prod/web: NotSeen: not read yet: its recent service deployments
        "#]],
    );
}

#[test]
fn nobody_is_redeployed_for_an_endpoint_that_is_about_to_go() {
    let world = |facts: &str| {
        format!(
            "api mode=off | in internal.myapp http/api | http=8080 | deployed=100 {facts}
             web mode=client, needs=api | in internal.myapp"
        )
    };
    check_plan(
        &world(""),
        &expect![[r#"
        prod/api: disconnect
            enabled: on -> off
            note: api goes, and prod/web can no longer call it
        prod/web: in sync
    "#]],
    );
    check_plan(
        &world("failed-before=off"),
        &expect![[r#"
        prod/api: RolledBack: exactly this configuration failed before (ROLLBACK_SUCCESSFUL: tasks failed to start)
            enabled: on -> off
            note: api goes, and prod/web can no longer call it
        prod/web: refresh
            note: a forced deployment resolves image tags again: app:1 may be another image by now; name images by digest to rule that out
            lacks: api as api.internal.myapp:8080 of prod/api
    "#]],
    );
}

#[test]
fn an_endpoint_that_may_stay_for_ever_though_it_is_to_go_has_its_clients_redeployed() {
    let world = |operator: &str, tags: &str| {
        format!(
            "{operator}
             api mode=off{tags} | in internal.myapp http/api | http=8080 | deployed=100
             web mode=client, needs=api | in internal.myapp | http=8080 image:app@sha256:0a1b"
        )
    };
    check_guarded(
        &world("policy upsert-only", ""),
        &expect![[r#"
        prod/api: Observe: policy upsert-only does not allow this write
        prod/web: refresh
    "#]],
    );
    check_guarded(
        &world("", ", pause=true"),
        &expect![[r#"
        prod/api: Paused: paused by its pause tag or its entry in the document, with no end
        prod/web: refresh
    "#]],
    );
    check_guarded(
        &world("", ", pause=2099-01-01T00:00:00Z"),
        &expect![[r#"
        prod/api: Paused: paused by its pause tag or its entry in the document
        prod/web: in sync
    "#]],
    );
}

#[test]
fn what_another_server_offers_is_no_successor_of_a_name() {
    check_plan(
        "api mode=client-server, discovery-name=cart | in internal.myapp http/api@api:80 | http=8080 | deployed=10
         cart - | in internal.myapp http/cart@cart:80 | http=8080 | deployed=100
         web mode=client, needs=api | in internal.myapp | http=8080 | deployed=50",
        &expect![[r#"
            prod/api: Conflict: discovery name cart is held by prod/cart
                endpoint http/api: api:80 -> -
                endpoint http/cart: - -> api:80
                note: api goes, and prod/web can no longer call it
            prod/web: in sync
        "#]],
    );
}

#[test]
fn an_image_by_digest_is_the_same_after_a_refresh() {
    check_plan(
        "api mode=client-server | in internal.myapp http/api | http=8080 | deployed=100
         web mode=client, needs=api | in internal.myapp | http=8080 image:app@sha256:0a1b",
        &expect![[r#"
            prod/api: in sync
            prod/web: refresh
                lacks: api as api.internal.myapp:8080 of prod/api
        "#]],
    );
}

#[test]
fn a_refresh_that_ecs_took_back_is_not_tried_again() {
    check_plan(
        "api mode=client-server | in internal.myapp http/api | http=8080 | deployed=100
         web mode=client, needs=api | in internal.myapp | http=8080 | failed-before=in_internal.myapp",
        &expect![[r#"
            prod/api: in sync
            prod/web: RolledBack: exactly this configuration failed before (ROLLBACK_SUCCESSFUL: tasks failed to start)
                note: a forced deployment resolves image tags again: app:1 may be another image by now; name images by digest to rule that out
                lacks: api as api.internal.myapp:8080 of prod/api
        "#]],
    );
}

#[test]
fn a_new_endpoint_has_its_clients_redeployed_once_each_in_their_turn() {
    let mut fake = Fake::new(
        "cluster prod default=internal.myapp
         api mode=client | in internal.myapp
         web mode=client, needs=api cart | in internal.myapp
         shop mode=client, needs=api | in internal.myapp
         cart mode=client | in internal.myapp
         other mode=client | in internal.myapp",
    );
    fake.run(60);
    fake.tag("api", "mode=client-server");
    fake.tag("cart", "mode=client-server");
    fake.run(600);
    expect![[r#"
        70 connect prod/api
        100 connect prod/cart
        130 refresh prod/shop
        160 refresh prod/web
    "#]]
    .assert_eq(&fake.take_writes());
    fake.run(3600);
    expect![[r#""#]].assert_eq(&fake.take_writes());
}

#[test]
fn a_server_that_is_redeployed_with_the_same_endpoints_makes_nobody_stale() {
    let mut fake = Fake::new(
        "cluster prod default=internal.myapp
         api mode=client-server
         web mode=client, needs=api",
    );
    fake.run(300);
    expect![[r#"
        10 connect prod/api
        40 connect prod/web
    "#]]
    .assert_eq(&fake.take_writes());
    fake.redeploy("api");
    fake.run(600);
    expect![[r#""#]].assert_eq(&fake.take_writes());
}

#[test]
fn a_circle_of_needs_is_closed_by_one_refresh() {
    let mut fake = Fake::new(
        "cluster prod default=internal.myapp
         a mode=client-server, needs=b
         b mode=client-server, needs=a",
    );
    fake.run(900);
    expect![[r#"
        10 connect prod/a
        40 connect prod/b
        70 refresh prod/a
    "#]]
    .assert_eq(&fake.take_writes());
}

#[test]
fn a_server_beyond_the_watched_clusters_is_looked_at_again_and_its_client_redeployed() {
    let mut fake = Fake::new(
        "web mode=client, needs=api | in internal.myapp | http=8080 | deployed=50
         far/api - | in internal.myapp http/api@api:80 | http=8080 | elsewhere deployed=40",
    );
    fake.run(400);
    expect![[r#""#]].assert_eq(&fake.take_writes());
    fake.deploy_elsewhere("in internal.myapp http/api@api:81");
    fake.run(400);
    expect![[r#"
        610 refresh prod/web
    "#]]
    .assert_eq(&fake.take_writes());
}

#[test]
fn a_client_waits_for_a_server_that_somebody_else_rolls_out() {
    let mut fake = Fake::new(
        "api - | in internal.myapp http/api | http=8080 | rolling
         web mode=client, needs=api, namespace=internal.myapp",
    );
    fake.run(600);
    expect![[r#""#]].assert_eq(&fake.take_writes());
    expect![[r#"
        0 cluster prod: 0 in order, 1 not, 1 not opted in
        0 prod/web OutOfSync Healthy NotSeen
        10 prod/web OutOfSync Healthy WaitingForServer
    "#]]
    .assert_eq(&fake.take_news());
    fake.complete("api");
    fake.run(600);
    expect![[r#"
        610 connect prod/web
    "#]]
    .assert_eq(&fake.take_writes());
}
