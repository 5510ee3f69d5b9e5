//! What ECS pinned to a name and never changes.

use expect_test::expect;

use crate::testing::check_plan;

#[test]
fn a_name_does_not_move_to_a_port_of_another_application_protocol() {
    check_plan(
        "web mode=client-server, port=rpc, discovery-name=api | in internal.myapp http/api@api:80 | http=8080/http rpc=9000/grpc",
        &expect![[r#"
            prod/web: Immutable: ECS keeps the protocol a discovery name was made with: api is http and port rpc speaks grpc. Rename in two steps: 1. declare the endpoint under a new discovery name, such as api-grpc, wait until that is rolled out, and redeploy the clients, so that none needs api any more; 2. to get the old name back, declare it again once ECS has removed the Cloud Map service api
                endpoint http/api: api:80 -> -
                endpoint rpc/api: - -> api.internal.myapp:9000
        "#]],
    );
}

#[test]
fn a_name_does_not_move_to_a_plain_tcp_port() {
    check_plan(
        "web mode=client-server, port=raw, discovery-name=api | in internal.myapp http/api@api:80 | http=8080/http raw=9000",
        &expect![[r#"
            prod/web: Immutable: ECS keeps the protocol a discovery name was made with: api is http and port raw speaks tcp. Rename in two steps: 1. declare the endpoint under a new discovery name, such as api-tcp, wait until that is rolled out, and redeploy the clients, so that none needs api any more; 2. to get the old name back, declare it again once ECS has removed the Cloud Map service api
                endpoint http/api: api:80 -> -
                endpoint raw/api: - -> api.internal.myapp:9000
        "#]],
    );
}

#[test]
fn a_name_moves_to_a_port_of_the_same_protocols() {
    check_plan(
        "web mode=client-server, port=admin, discovery-name=api | in internal.myapp http/api@api:80 | http=8080/http admin=9000/http",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp admin/api@api.internal.myapp:9000
                endpoint http/api: api:80 -> -
                endpoint admin/api: - -> api.internal.myapp:9000
        "#]],
    );
}

#[test]
fn a_new_name_on_another_port_is_the_way_around() {
    check_plan(
        "web mode=client-server, endpoint.rpc=name=api-grpc alias=api:80 | in internal.myapp http/api@api:80 | http=8080/http rpc=9000/grpc",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp rpc/api-grpc@api:80
                endpoint http/api: api:80 -> -
                endpoint rpc/api-grpc: - -> api:80
        "#]],
    );
}

#[test]
fn a_port_that_a_new_revision_gave_another_protocol_is_seen_before_the_call() {
    check_plan(
        "web mode=client-server, alias=b:80 | in internal.myapp http/api@api:80 | http=8080/grpc | made-with=http=8080/http",
        &expect![[r#"
            prod/web: Immutable: ECS keeps the protocol a discovery name was made with: api is http and port http speaks grpc. Rename in two steps: 1. declare the endpoint under a new discovery name, such as api-grpc, wait until that is rolled out, and redeploy the clients, so that none needs api any more; 2. to get the old name back, declare it again once ECS has removed the Cloud Map service api
                alias http/api: api:80 -> b:80
        "#]],
    );
}

#[test]
fn a_new_revision_of_the_same_protocol_is_fine() {
    check_plan(
        "web mode=client-server, alias=b:80 | in internal.myapp http/api@api:80 | http=8080/http | made-with=http=8081/http",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/api@b:80
                alias http/api: api:80 -> b:80
        "#]],
    );
}

#[test]
fn the_revision_a_name_was_made_with_is_asked_for() {
    check_plan(
        "web mode=client-server, alias=b:80 | in internal.myapp http/api@api:80 | http=8080/http | made-with=?",
        &expect![[r#"
            prod/web: NotSeen: not read yet: task definition web:0
                alias http/api: api:80 -> b:80
        "#]],
    );
}

#[test]
fn the_revision_a_name_was_made_with_that_cannot_be_read_changes_nothing() {
    check_plan(
        "web mode=client-server, alias=b:80 | in internal.myapp http/api@api:80 | http=8080/http | made-with=!",
        &expect![[r#"
            prod/web: NotSeen: could not read task definition web:0: ecs.DescribeServices: no luck; allow this call in the IAM policy of eastwest's task role
                alias http/api: api:80 -> b:80
        "#]],
    );
}

#[test]
fn a_revision_nobody_needs_to_know_is_not_asked_for() {
    check_plan(
        "web mode=client-server, discovery-name=new | in internal.myapp http/api@api:80 | http=8080/http | made-with=?",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/new@api:80
                endpoint http/api: api:80 -> -
                endpoint http/new: - -> api:80
        "#]],
    );
}

#[test]
fn a_name_of_an_older_deployment_with_tasks_is_pinned_too() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server, discovery-name=api, port=http | off | http=8080/grpc raw=9000 | made-with=http=8080/http before=in_internal.myapp_http/api@api:80",
        &expect![[r#"
            prod/web: Immutable: ECS keeps the protocol a discovery name was made with: api is http and port http speaks grpc. Rename in two steps: 1. declare the endpoint under a new discovery name, such as api-grpc, wait until that is rolled out, and redeploy the clients, so that none needs api any more; 2. to get the old name back, declare it again once ECS has removed the Cloud Map service api
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/api: - -> api.internal.myapp:8080
        "#]],
    );
}

#[test]
fn in_another_namespace_a_name_is_made_anew() {
    check_plan(
        "namespace internal.myapp
         namespace other.ns
         web mode=client-server, port=rpc, namespace=other.ns | in internal.myapp http/api@api:80 | http=8080/http rpc=9000/grpc",
        &expect![[r#"
            prod/web: connect in ns-otherns0 rpc/web@web.other.ns:9000
                namespace: ns-internalmyapp -> ns-otherns0
                endpoint http/api: api:80 -> -
                endpoint rpc/web: - -> web.other.ns:9000
        "#]],
    );
}

#[test]
fn who_cannot_have_a_name_hinders_nobody_who_can() {
    check_plan(
        "cluster prod default=internal.myapp
         old mode=client-server, endpoint.rpc=name=api, endpoint.raw=name=cart | in internal.myapp http/api@api:80 | http=8080/http rpc=9000/grpc raw=1/http | age=1
         new mode=client-server, discovery-name=cart | off | http=8080/http | age=9",
        &expect![[r#"
            prod/new: connect in ns-internalmyapp http/cart@cart.internal.myapp:8080
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/cart: - -> cart.internal.myapp:8080
            prod/old: Immutable: ECS keeps the protocol a discovery name was made with: api is http and port rpc speaks grpc. Rename in two steps: 1. declare the endpoint under a new discovery name, such as api-grpc, wait until that is rolled out, and redeploy the clients, so that none needs api any more; 2. to get the old name back, declare it again once ECS has removed the Cloud Map service api
                endpoint http/api: api:80 -> -
                endpoint raw/cart: - -> cart.internal.myapp:1
                endpoint rpc/api: - -> api.internal.myapp:9000
        "#]],
    );
}
