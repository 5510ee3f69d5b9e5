//! What a service shall be: carried over, declared, or a default.

use expect_test::expect;

use crate::testing::check_plan;

#[test]
fn mode_alone_leaves_a_client_as_it_is() {
    check_plan(
        "web mode=client | in internal.myapp",
        &expect![[r#"
            prod/web: in sync
        "#]],
    );
}

#[test]
fn mode_alone_leaves_one_endpoint_as_it_is() {
    check_plan(
        "web mode=client-server | in internal.myapp http/backend@backend:80",
        &expect![[r#"
            prod/web: in sync
        "#]],
    );
}

#[test]
fn mode_alone_leaves_several_endpoints_as_they_are() {
    check_plan(
        "web mode=client-server | in internal.myapp http/a@a:80 grpc/b@b:81 http/c@c:82 | http=8080/http grpc=9000/grpc",
        &expect![[r#"
            prod/web: in sync
        "#]],
    );
}

#[test]
fn mode_alone_leaves_logs_tls_and_timeouts_as_they_are() {
    check_plan(
        "web mode=client-server | in internal.myapp http/a@a:80+idle=60+request=5+ingress=9000+tls=arn:ca+key=k+role=arn:r+test=x logs=g access=TEXT",
        &expect![[r#"
            prod/web: in sync
        "#]],
    );
}

#[test]
fn mode_alone_needs_no_task_definition_where_aliases_are_explicit() {
    check_plan(
        "web mode=client-server | in internal.myapp http/a@a:80 | ?",
        &expect![[r#"
            prod/web: in sync
                doubt: not known whether it can call what it needs: not read yet: task definition web:1
        "#]],
    );
}

#[test]
fn a_default_that_ecs_does_not_echo_is_no_difference() {
    check_plan(
        "web mode=client-server | in internal.myapp http",
        &expect![[r#"
            prod/web: in sync
        "#]],
    );
}

#[test]
fn switched_off_is_absent() {
    check_plan(
        "web mode=off | off",
        &expect![[r#"
            prod/web: in sync
        "#]],
    );
}

#[test]
fn off_switches_off() {
    check_plan(
        "web mode=off | in internal.myapp http/a@a:80",
        &expect![[r#"
            prod/web: disconnect
                enabled: on -> off
        "#]],
    );
}

#[test]
fn a_new_client_joins_the_namespace_with_nothing_to_offer() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp
                enabled: off -> on
                namespace: - -> ns-internalmyapp
        "#]],
    );
}

#[test]
fn a_new_server_is_named_after_its_service_not_after_its_port() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/web@web.internal.myapp:8080
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/web: - -> web.internal.myapp:8080
        "#]],
    );
}

#[test]
fn several_services_with_one_port_name_do_not_collide() {
    check_plan(
        "cluster prod default=internal.myapp
         ui mode=client-server | off | application=8080/http
         cart mode=client-server | off | application=8080/http",
        &expect![[r#"
            prod/cart: connect in ns-internalmyapp application/cart@cart.internal.myapp:8080
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint application/cart: - -> cart.internal.myapp:8080
            prod/ui: connect in ns-internalmyapp application/ui@ui.internal.myapp:8080
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint application/ui: - -> ui.internal.myapp:8080
            order: prod/cart, prod/ui
        "#]],
    );
}

#[test]
fn a_service_whose_name_is_no_discovery_name_is_asked_for_one() {
    check_plan(
        "cluster prod default=internal.myapp
         WebApp mode=client-server",
        &expect![[r#"
            prod/WebApp: Ineligible: the service's name WebApp cannot be its discovery name (1 to 64 lower-case letters, digits, '_' and '-', not starting with '-'): set the discovery-name tag, such as "webapp"
        "#]],
    );
}

#[test]
fn a_declared_name_port_and_alias_are_taken() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server, port=http, discovery-name=backend, alias=backend:80",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/backend@backend:80
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/backend: - -> backend:80
        "#]],
    );
}

#[test]
fn an_alias_without_a_host_gets_the_default_host() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server, alias=:80",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/web@web.internal.myapp:80
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/web: - -> web.internal.myapp:80
        "#]],
    );
}

#[test]
fn an_alias_without_a_port_gets_the_containers_port() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server, alias=backend",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/web@backend:8080
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/web: - -> backend:8080
        "#]],
    );
}

#[test]
fn an_alias_that_was_the_default_follows_a_changed_discovery_name() {
    check_plan(
        "web mode=client-server, discovery-name=new | in internal.myapp http/old@old.internal.myapp:80",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/new@new.internal.myapp:80
                endpoint http/old: old.internal.myapp:80 -> -
                endpoint http/new: - -> new.internal.myapp:80
        "#]],
    );
}

#[test]
fn an_alias_that_is_not_echoed_follows_too() {
    check_plan(
        "web mode=client-server, discovery-name=new | in internal.myapp http/old",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/new@new.internal.myapp:8080
                endpoint http/old: old.internal.myapp:8080 -> -
                endpoint http/new: - -> new.internal.myapp:8080
        "#]],
    );
}

#[test]
fn a_chosen_alias_stays_when_the_discovery_name_changes() {
    check_plan(
        "web mode=client-server, discovery-name=new | in internal.myapp http/old@shop:80",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/new@shop:80
                endpoint http/old: shop:80 -> -
                endpoint http/new: - -> shop:80
        "#]],
    );
}

#[test]
fn a_default_alias_follows_to_another_namespace() {
    check_plan(
        "namespace internal.myapp
         namespace other.ns
         web mode=client-server, namespace=other.ns | in internal.myapp http/a@a.internal.myapp:80",
        &expect![[r#"
            prod/web: connect in ns-otherns0 http/a@a.other.ns:80
                namespace: ns-internalmyapp -> ns-otherns0
                alias http/a: a.internal.myapp:80 -> a.other.ns:80
        "#]],
    );
}

#[test]
fn a_declared_member_leaves_the_others_as_they_are() {
    check_plan(
        "web mode=client-server, timeout=idle=5m | in internal.myapp http/a@a:80+idle=60+request=5+ingress=9000+tls=arn:ca+key=k+role=arn:r+test=x logs=g access=TEXT",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/a@a:80+idle=300+request=5+ingress=9000+tls=arn:ca+key=k+role=arn:r+test=x logs=awslogs awslogs-group=g access=TEXT
                timeout http/a: idle=60s request=5s -> idle=300s request=5s
        "#]],
    );
}

#[test]
fn a_declared_alias_leaves_the_discovery_name_as_it_is() {
    check_plan(
        "web mode=client-server, alias=shop:81 | in internal.myapp http/a@a:80+test=x",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/a@shop:81+test=x
                alias http/a: a:80 -> shop:81
        "#]],
    );
}

#[test]
fn a_declared_alias_port_leaves_the_host_as_it_is() {
    check_plan(
        "web mode=client-server, alias=:81 | in internal.myapp http/a@shop:80",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/a@shop:81
                alias http/a: shop:80 -> shop:81
        "#]],
    );
}

#[test]
fn a_declared_ingress_port_leaves_the_rest() {
    check_plan(
        "web mode=client-server, ingress-port=9001 | in internal.myapp http/a@a:80+ingress=9000+idle=60",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/a@a:80+idle=60+ingress=9001
                ingress-port http/a: 9000 -> 9001
        "#]],
    );
}

#[test]
fn a_declared_authority_leaves_key_and_role_as_they_are() {
    check_plan(
        "web mode=client-server, endpoint.http=tls-ca=arn:aws:acm-pca:eu-west-1:1:ca/x | in internal.myapp http/a@a:80+tls=arn:ca+key=k+role=arn:r",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/a@a:80+tls=arn:aws:acm-pca:eu-west-1:1:ca/x+key=k+role=arn:r
                tls http/a: ca=arn:ca key=k role=arn:r -> ca=arn:aws:acm-pca:eu-west-1:1:ca/x key=k role=arn:r
        "#]],
    );
}

#[test]
fn a_declared_test_header_is_set_on_every_endpoint() {
    check_plan(
        "web mode=client-server, test-header=x-test=1 | in internal.myapp http/a@a:80 grpc/b@b:81 | http=8080/http grpc=9000/grpc",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/a@a:80+test=x-test grpc/b@b:81+test=x-test
                test-header grpc/b: - -> x-test=1
                test-header http/a: - -> x-test=1
        "#]],
    );
}

#[test]
fn declared_logs_replace_the_logs() {
    check_plan(
        "web mode=client, logs=awslogs group=new region=eu-west-1 prefix=p | in internal.myapp logs=old access=TEXT",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp logs=awslogs awslogs-group=new awslogs-region=eu-west-1 awslogs-stream-prefix=p access=TEXT
                logs: awslogs awslogs-group=old -> awslogs awslogs-group=new awslogs-region=eu-west-1 awslogs-stream-prefix=p
        "#]],
    );
}

#[test]
fn logs_none_removes_the_access_logs_with_the_logs() {
    check_plan(
        "web mode=client, logs=none | in internal.myapp logs=g access=TEXT",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp
                logs: awslogs awslogs-group=g -> -
                access-logs: TEXT -> -
        "#]],
    );
}

#[test]
fn access_logs_without_logs_are_refused_with_the_fix() {
    check_plan(
        "web mode=client, access-logs=json | in internal.myapp",
        &expect![[r#"
            prod/web: Ineligible: access logs need the proxy's logs: set the logs tag too
                access-logs: - -> JSON
        "#]],
    );
}

#[test]
fn access_logs_are_added_to_logs_that_stand() {
    check_plan(
        "web mode=client, access-logs=json query | in internal.myapp logs=g",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp logs=awslogs awslogs-group=g access=JSON query
                access-logs: - -> JSON query
        "#]],
    );
}

#[test]
fn the_proxys_log_level_is_carried_over_whatever_else_changes() {
    check_plan(
        "web mode=client, logs=none | in internal.myapp logs=g level=debug",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp level=debug
                logs: awslogs awslogs-group=g -> -
        "#]],
    );
}

#[test]
fn under_sync_a_client_offers_nothing() {
    check_plan(
        "web mode=client | in internal.myapp http/a@a:80 logs=g",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp logs=awslogs awslogs-group=g
                endpoint http/a: a:80 -> -
                doubt: nobody knows what it needs, and its tasks began before a of prod/web, the only server here, was there
        "#]],
    );
}

#[test]
fn under_upsert_only_a_client_keeps_what_it_offers() {
    check_plan(
        "policy upsert-only
         web mode=client | in internal.myapp http/a@a:80",
        &expect![[r#"
            prod/web: in sync
                doubt: nobody knows what it needs, and its tasks began before a of prod/web, the only server here, was there
        "#]],
    );
}

#[test]
fn under_sync_declared_endpoints_are_the_whole_list() {
    check_plan(
        "web mode=client-server, endpoint.http=name=a alias=a2:80 | in internal.myapp http/a@a:80 grpc/b@b:81 | http=8080/http grpc=9000/grpc",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/a@a2:80
                endpoint grpc/b: b:81 -> -
                alias http/a: a:80 -> a2:80
        "#]],
    );
}

#[test]
fn under_upsert_only_undeclared_endpoints_stay() {
    check_plan(
        "policy upsert-only
         web mode=client-server, endpoint.http=name=a alias=a2:80 | in internal.myapp http/a@a:80 grpc/b@b:81 | http=8080/http grpc=9000/grpc",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/a@a2:80 grpc/b@b:81
                alias http/a: a:80 -> a2:80
        "#]],
    );
}

#[test]
fn the_order_in_which_endpoints_are_listed_says_nothing() {
    let both = ["http/a@a:80 http/b@b:80", "http/b@b:80 http/a@a:80"];
    for standing in both {
        check_plan(
            &format!(
                "web mode=client-server, port=http, alias=c:80 | in internal.myapp {standing}"
            ),
            &expect![[r#"
                prod/web: connect in ns-internalmyapp http/a@c:80
                    endpoint http/b: b:80 -> -
                    alias http/a: a:80 -> c:80
            "#]],
        );
    }
}

#[test]
fn a_new_endpoint_shows_all_that_is_sent_with_it() {
    check_plan(
        "web mode=client-server, namespace=internal.myapp, discovery-name=web, alias=web:80, timeout=idle=60s request=5s, ingress-port=9000, tls=ca=arn:aws:acm-pca:eu-west-1:1:ca/x | off | http=8080/http",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/web@web:80+idle=60+request=5+ingress=9000+tls=arn:aws:acm-pca:eu-west-1:1:ca/x
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/web: - -> web:80, timeout idle=60s request=5s, ingress port 9000, TLS ca=arn:aws:acm-pca:eu-west-1:1:ca/x key=none role=none
        "#]],
    );
    check_plan(
        "web mode=client-server, namespace=internal.myapp, discovery-name=web, alias=web:80 | off | http=8080/http",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/web@web:80
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/web: - -> web:80
        "#]],
    );
}

#[test]
fn logs_to_the_same_group_keep_the_options_that_are_not_named() {
    for (declared, changes) in [
        ("awslogs group=g", false),
        ("awslogs group=g region=other", true),
        ("awslogs group=other", true),
    ] {
        let stage = crate::testing::Stage::read(&format!(
            "web mode=client, logs={declared} | in internal.myapp logs=awslogs-group:g,awslogs-region:r,mode:non-blocking"
        ));
        let plan = stage.plan();
        let entry = plan.entries.values().next().expect("a service");
        assert_eq!(!entry.changes.is_empty(), changes, "{declared}");
        let to = entry.changes.first().and_then(|change| change.to.as_deref());
        match declared {
            "awslogs group=g" => assert_eq!(to, None),
            "awslogs group=other" => assert_eq!(to, Some("awslogs awslogs-group=other")),
            _ => assert_eq!(to, Some("awslogs awslogs-group=g awslogs-region=other mode=(hidden)")),
        }
    }
}

#[test]
fn logs_of_a_document_are_all_that_is_wanted() {
    let stage = crate::testing::Stage::read(
        r#"document {"version": 1, "services": {"prod/web": {"mode": "client", "logs": {"driver": "awslogs", "options": {"awslogs-group": "g"}}}}}
        web - | in internal.myapp logs=awslogs-group:g,awslogs-region:r"#,
    );
    let plan = stage.plan();
    let entry = plan.entries.values().next().expect("a service");
    let to = entry.changes.first().and_then(|change| change.to.as_deref());
    assert_eq!(to, Some("awslogs awslogs-group=g"));
}
