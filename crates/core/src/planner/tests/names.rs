//! Who may have a name that several want.

use expect_test::expect;

use crate::testing::check_plan;

#[test]
fn the_holder_keeps_a_name_and_both_sides_hear_of_the_other() {
    check_plan(
        "cluster prod default=internal.myapp
         new mode=client-server, discovery-name=api | off | http=8080/http | age=1
         old mode=client-server | in internal.myapp http/api@other:80 | http=8080/http | age=9",
        &expect![[r#"
            prod/new: Conflict: discovery name api is held by prod/old
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/api: - -> api.internal.myapp:8080
            prod/old: in sync
                contested by prod/new
        "#]],
    );
}

#[test]
fn a_holder_that_did_not_opt_in_keeps_its_name() {
    check_plan(
        "cluster prod default=internal.myapp
         old - | in internal.myapp http/api@api:80
         new mode=client-server, discovery-name=api",
        &expect![[r#"
            prod/new: Conflict: discovery name api is held by prod/old
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/api: - -> api.internal.myapp:8080
        "#]],
    );
}

#[test]
fn a_holder_in_another_watched_cluster_keeps_its_name() {
    check_plan(
        "cluster prod default=internal.myapp
         cluster test
         test/old - | in internal.myapp http/api@api:80
         new mode=client-server, discovery-name=api",
        &expect![[r#"
            prod/new: Conflict: discovery name api is held by test/old
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/api: - -> api.internal.myapp:8080
        "#]],
    );
}

#[test]
fn a_holder_in_a_cluster_we_do_not_watch_keeps_its_name() {
    check_plan(
        "cluster prod default=internal.myapp
         far/old - | in internal.myapp http/api@api:80 | http=8080/http | elsewhere
         new mode=client-server, discovery-name=api",
        &expect![[r#"
            prod/new: Conflict: discovery name api is held by far/old
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/api: - -> api.internal.myapp:8080
        "#]],
    );
}

#[test]
fn a_holder_in_another_namespace_is_no_hindrance() {
    check_plan(
        "namespace internal.myapp
         namespace other.ns
         cluster prod default=internal.myapp
         old - | in other.ns http/api@api:80
         new mode=client-server, discovery-name=api",
        &expect![[r#"
            prod/new: connect in ns-internalmyapp http/api@api.internal.myapp:8080
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/api: - -> api.internal.myapp:8080
        "#]],
    );
}

#[test]
fn a_service_that_is_being_deleted_still_holds_its_name() {
    check_plan(
        "cluster prod default=internal.myapp
         old - | in internal.myapp http/api@api:80 | http=8080/http | draining
         new mode=client-server, discovery-name=api",
        &expect![[r#"
            prod/new: Conflict: discovery name api is held by prod/old
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/api: - -> api.internal.myapp:8080
        "#]],
    );
}

#[test]
fn a_deleted_service_holds_nothing() {
    check_plan(
        "cluster prod default=internal.myapp
         old - | in internal.myapp http/api@api:80 | http=8080/http | inactive
         new mode=client-server, discovery-name=api",
        &expect![[r#"
            prod/new: connect in ns-internalmyapp http/api@api.internal.myapp:8080
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/api: - -> api.internal.myapp:8080
        "#]],
    );
}

#[test]
fn an_older_deployment_with_tasks_still_holds_its_name() {
    check_plan(
        "cluster prod default=internal.myapp
         old - | off | http=8080/http | before=in_internal.myapp_http/api@api:80
         new mode=client-server, discovery-name=api",
        &expect![[r#"
            prod/new: Conflict: discovery name api is held by prod/old
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/api: - -> api.internal.myapp:8080
        "#]],
    );
}

#[test]
fn an_unlisted_or_unreadable_service_holds_its_name() {
    check_plan(
        "cluster prod default=internal.myapp
         a - | in internal.myapp http/api@api:80 | http=8080/http | unlisted
         b - | in internal.myapp http/shop@shop:80 | http=8080/http | unread
         c mode=client-server, discovery-name=api
         d mode=client-server, discovery-name=shop",
        &expect![[r#"
            prod/c: Conflict: discovery name api is held by prod/a
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/api: - -> api.internal.myapp:8080
            prod/d: Conflict: discovery name shop is held by prod/b
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/shop: - -> shop.internal.myapp:8080
        "#]],
    );
}

#[test]
fn of_two_that_want_a_name_the_older_gets_it() {
    check_plan(
        "cluster prod default=internal.myapp
         a mode=client-server, discovery-name=api | off | http=8080/http | age=2
         b mode=client-server, discovery-name=api | off | http=8080/http | age=1",
        &expect![[r#"
            prod/a: Conflict: discovery name api goes to prod/b, which comes first by age, then by ARN
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/api: - -> api.internal.myapp:8080
            prod/b: connect in ns-internalmyapp http/api@api.internal.myapp:8080
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/api: - -> api.internal.myapp:8080
                contested by prod/a
        "#]],
    );
}

#[test]
fn of_two_as_old_the_first_arn_gets_it() {
    check_plan(
        "cluster prod default=internal.myapp
         b mode=client-server, discovery-name=api | off | http=8080/http | age=1
         a mode=client-server, discovery-name=api | off | http=8080/http | age=1",
        &expect![[r#"
            prod/a: connect in ns-internalmyapp http/api@api.internal.myapp:8080
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/api: - -> api.internal.myapp:8080
                contested by prod/b
            prod/b: Conflict: discovery name api goes to prod/a, which comes first by age, then by ARN
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/api: - -> api.internal.myapp:8080
        "#]],
    );
}

#[test]
fn the_older_keeps_its_place_while_it_cannot_be_read() {
    check_plan(
        "cluster prod default=internal.myapp
         a mode=client-server, discovery-name=api | off | http=8080/http | age=1 unread
         b mode=client-server, discovery-name=api | off | http=8080/http | age=2",
        &expect![[r#"
            prod/a: NotSeen: the service could not be read: ecs.DescribeServices: no luck
                contested by prod/b
            prod/b: Conflict: discovery name api goes to prod/a, which comes first by age, then by ARN
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/api: - -> api.internal.myapp:8080
        "#]],
    );
}

#[test]
fn one_that_ecs_would_refuse_stands_in_nobodys_way() {
    check_plan(
        "cluster prod default=internal.myapp
         a mode=client-server, discovery-name=api | off | host http=8080/http | age=1
         b mode=client-server, discovery-name=api | off | http=8080/http | age=2",
        &expect![[r#"
            prod/a: Ineligible: the network mode of a:1 is host: Service Connect needs awsvpc or bridge, set in the task definition
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/api: - -> api.internal.myapp:8080
            prod/b: connect in ns-internalmyapp http/api@api.internal.myapp:8080
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/api: - -> api.internal.myapp:8080
        "#]],
    );
}

#[test]
fn an_alias_and_port_belong_to_one_service_only() {
    check_plan(
        "cluster prod default=internal.myapp
         a - | in internal.myapp http/a@shared:80
         b mode=client-server, alias=shared:80",
        &expect![[r#"
            prod/b: Conflict: alias shared:80 is held by prod/a
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/b: - -> shared:80
        "#]],
    );
}

#[test]
fn one_alias_on_two_ports_is_fine() {
    check_plan(
        "cluster prod default=internal.myapp
         a - | in internal.myapp http/a@shared:80
         b mode=client-server, alias=shared:81",
        &expect![[r#"
            prod/b: connect in ns-internalmyapp http/b@shared:81
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/b: - -> shared:81
        "#]],
    );
}

#[test]
fn a_default_alias_collides_with_a_chosen_one() {
    check_plan(
        "cluster prod default=internal.myapp
         a - | in internal.myapp http/a
         b mode=client-server, alias=a.internal.myapp:8080",
        &expect![[r#"
            prod/b: Conflict: alias a.internal.myapp:8080 is held by prod/a
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/b: - -> a.internal.myapp:8080
        "#]],
    );
}

#[test]
fn a_left_over_cloud_map_service_takes_a_name() {
    check_plan(
        "cluster prod default=internal.myapp
         use internal.myapp web=arn:aws:servicediscovery:eu-west-1:1:service/srv-1
         web mode=client-server",
        &expect![[r#"
            prod/web: Conflict: discovery name web is taken by the Cloud Map service arn:aws:servicediscovery:eu-west-1:1:service/srv-1, which no ECS service seen here uses
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/web: - -> web.internal.myapp:8080
        "#]],
    );
}

#[test]
fn a_cloud_map_service_in_use_is_not_left_over() {
    check_plan(
        "cluster prod default=internal.myapp
         use internal.myapp api=arn:srv-1
         old mode=client-server | in internal.myapp http/api@api:80 | http=8080/http | cloud-map=arn:srv-1
         web mode=client-server",
        &expect![[r#"
            prod/old: in sync
            prod/web: connect in ns-internalmyapp http/web@web.internal.myapp:8080
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/web: - -> web.internal.myapp:8080
        "#]],
    );
}

#[test]
fn before_a_new_name_the_whole_namespace_is_looked_at() {
    check_plan(
        "cluster prod default=internal.myapp
         use internal.myapp ?
         web mode=client-server",
        &expect![[r#"
            prod/web: NotSeen: not read yet: who uses namespace ns-internalmyapp
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/web: - -> web.internal.myapp:8080
        "#]],
    );
}

#[test]
fn before_a_new_alias_the_whole_namespace_is_looked_at() {
    check_plan(
        "use internal.myapp ?
         web mode=client-server, alias=new:80 | in internal.myapp http/web@web:80",
        &expect![[r#"
            prod/web: NotSeen: not read yet: who uses namespace ns-internalmyapp
                alias http/web: web:80 -> new:80
        "#]],
    );
}

#[test]
fn a_namespace_whose_use_cannot_be_read_gives_no_new_names() {
    check_plan(
        "cluster prod default=internal.myapp
         use internal.myapp !
         web mode=client-server",
        &expect![[r#"
            prod/web: NotSeen: could not read who uses namespace ns-internalmyapp: ecs.DescribeServices: no luck; allow this call in the IAM policy of eastwest's task role
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/web: - -> web.internal.myapp:8080
        "#]],
    );
}

#[test]
fn a_change_that_takes_no_new_name_needs_no_look_at_the_namespace() {
    check_plan(
        "use internal.myapp ?
         web mode=client-server, timeout=idle=1m | in internal.myapp http/web@web:80
         cron mode=client, logs=awslogs group=g | in internal.myapp",
        &expect![[r#"
            prod/cron: connect in ns-internalmyapp logs=awslogs awslogs-group=g
                logs: - -> awslogs awslogs-group=g
            prod/web: connect in ns-internalmyapp http/web@web:80+idle=60
                timeout http/web: idle=300s request=15s -> idle=60s request=15s
            order: prod/web, prod/cron
        "#]],
    );
}

#[test]
fn of_two_that_have_one_name_already_the_older_may_change() {
    check_plan(
        "a mode=client-server, timeout=idle=1m | in internal.myapp http/a@shared:80 | http=8080/http | age=2
         b mode=client-server, timeout=idle=1m | in internal.myapp http/b@shared:80 | http=8080/http | age=1",
        &expect![[r#"
            prod/a: Conflict: alias shared:80 is held by prod/b
                timeout http/a: idle=300s request=15s -> idle=60s request=15s
            prod/b: connect in ns-internalmyapp http/b@shared:80+idle=60
                timeout http/b: idle=300s request=15s -> idle=60s request=15s
                contested by prod/a
        "#]],
    );
}

#[test]
fn of_two_that_have_one_name_already_each_may_give_it_up() {
    check_plan(
        "a mode=client-server, alias=a:80 | in internal.myapp http/a@shared:80 | http=8080/http | age=2
         b mode=client-server | in internal.myapp http/b@shared:80 | http=8080/http | age=1",
        &expect![[r#"
            prod/a: connect in ns-internalmyapp http/a@a:80
                alias http/a: shared:80 -> a:80
            prod/b: in sync
        "#]],
    );
}

#[test]
fn a_cloud_map_service_of_classic_discovery_is_told_with_who_registers_there() {
    check_plan(
        "cluster prod default=internal.myapp
         use internal.myapp web=arn:aws:servicediscovery:eu-west-1:1:service/srv-1
         web mode=client-server | off | http=8080/http | registry=arn:aws:servicediscovery:eu-west-1:1:service/srv-1",
        &expect![[r#"
            prod/web: Conflict: discovery name web is taken by the Cloud Map service arn:aws:servicediscovery:eu-west-1:1:service/srv-1, where the tasks of prod/web register by serviceRegistries, without Service Connect
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/web: - -> web.internal.myapp:8080
        "#]],
    );
}

#[test]
fn so_is_that_of_another_service() {
    check_plan(
        "cluster prod default=internal.myapp
         use internal.myapp web=arn:aws:servicediscovery:eu-west-1:1:service/srv-1
         web mode=client-server
         old - | off | http=8080/http | registry=arn:aws:servicediscovery:eu-west-1:1:service/srv-1",
        &expect![[r#"
            prod/web: Conflict: discovery name web is taken by the Cloud Map service arn:aws:servicediscovery:eu-west-1:1:service/srv-1, where the tasks of prod/old register by serviceRegistries, without Service Connect
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/web: - -> web.internal.myapp:8080
        "#]],
    );
}
