//! Which port a service serves, and what ECS would refuse.

use expect_test::expect;

use crate::testing::check_plan;

#[test]
fn the_only_named_port_is_taken() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server | off | =7000 http=8080/http",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/web@web.internal.myapp:8080
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/web: - -> web.internal.myapp:8080
        "#]],
    );
}

#[test]
fn several_named_ports_need_a_choice() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server | off | http=8080/http grpc=9000/grpc",
        &expect![[r#"
            prod/web: Ineligible: web:1 has several named ports (http (8080), grpc (9000)): name one with the port tag
        "#]],
    );
}

#[test]
fn a_port_is_chosen_by_name() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server, port=grpc | off | http=8080/http grpc=9000/grpc",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp grpc/web@web.internal.myapp:9000
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint grpc/web: - -> web.internal.myapp:9000
        "#]],
    );
}

#[test]
fn a_port_is_chosen_by_number() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server, port=9000 | off | http=8080/http grpc=9000/grpc",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp grpc/web@web.internal.myapp:9000
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint grpc/web: - -> web.internal.myapp:9000
        "#]],
    );
}

#[test]
fn a_port_the_task_definition_does_not_have_is_said_with_those_it_has() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server, port=htp | off | http=8080/http grpc=9000/grpc",
        &expect![[r#"
            prod/web: Ineligible: web:1 has no port htp; its named ports are http (8080), grpc (9000); did you mean "http"?
        "#]],
    );
}

#[test]
fn a_number_the_task_definition_does_not_have_is_said_with_those_it_has() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server, port=80 | off | http=8080/http",
        &expect![[r#"
            prod/web: Ineligible: web:1 has no port 80; its named ports are http (8080)
        "#]],
    );
}

#[test]
fn a_port_without_a_name_is_said_with_the_name_to_give_it() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server | off | =8080",
        &expect![[r#"
            prod/web: Ineligible: the port mapping 8080 of container app in web:1 has no name: register a revision with "name": "app-8080-tcp"
        "#]],
    );
}

#[test]
fn a_number_whose_port_has_no_name_is_said_with_the_name_to_give_it() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server, port=8080 | off | =8080 http=9000/http",
        &expect![[r#"
            prod/web: Ineligible: the port mapping 8080 of container app in web:1 has no name: register a revision with "name": "app-8080-tcp"
        "#]],
    );
}

#[test]
fn a_server_without_ports_is_told_to_be_a_client() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server | off | bridge",
        &expect![[r#"
            prod/web: Ineligible: web:1 has no port mapping: a server needs one with a name; for a client set mode=client
        "#]],
    );
}

#[test]
fn a_standing_port_that_a_new_revision_lost_is_refused_only_when_something_changes() {
    check_plan(
        "web mode=client-server | in internal.myapp old/a@a:80
         api mode=client-server, alias=b:80 | in internal.myapp old/c@c:80",
        &expect![[r#"
            prod/api: Ineligible: api:1 has no port named old: set the port tag to one it has, or name the port in a new revision
                alias old/c: c:80 -> b:80
            prod/web: in sync
        "#]],
    );
}

#[test]
fn several_declared_endpoints_serve_each_its_port() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server, endpoint.http=name=web alias=web:80, endpoint.9000=name=web-grpc idle=1h | off | http=8080/http grpc=9000/grpc",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp grpc/web-grpc@web-grpc.internal.myapp:9000+idle=3600 http/web@web:80
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint grpc/web-grpc: - -> web-grpc.internal.myapp:9000, timeout idle=3600s request=default
                endpoint http/web: - -> web:80
        "#]],
    );
}

#[test]
fn two_endpoints_of_one_name_are_refused() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server, endpoint.http=alias=a:80, endpoint.grpc=alias=b:80 | off | http=8080/http grpc=9000/grpc",
        &expect![[r#"
            prod/web: Ineligible: two of its endpoints are named web: give each a name of its own
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint grpc/web: - -> b:80
                endpoint http/web: - -> a:80
        "#]],
    );
}

#[test]
fn two_endpoints_of_one_alias_are_refused() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server, endpoint.http=name=a alias=x:80, endpoint.grpc=name=b alias=x:80 | off | http=8080/http grpc=9000/grpc",
        &expect![[r#"
            prod/web: Ineligible: its endpoints b and a have the same alias: give each its own host or port
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint grpc/b: - -> x:80
                endpoint http/a: - -> x:80
        "#]],
    );
}

#[test]
fn of_two_endpoints_on_one_port_each_continues_the_one_of_its_name() {
    check_plan(
        "web mode=client-server, endpoint.8080=name=new, endpoint.http=name=old | in internal.myapp http/old@shop:80+idle=60",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/new@new.internal.myapp:8080 http/old@shop:80+idle=60
                endpoint http/new: - -> new.internal.myapp:8080
        "#]],
    );
}

#[test]
fn a_task_definition_not_read_yet_is_asked_for() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server | off | ?",
        &expect![[r#"
            prod/web: NotSeen: not read yet: task definition web:1
        "#]],
    );
}

#[test]
fn a_task_definition_that_cannot_be_read_changes_nothing() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server | off | !",
        &expect![[r#"
            prod/web: NotSeen: could not read task definition web:1: ecs.DescribeServices: no luck; allow this call in the IAM policy of eastwest's task role
        "#]],
    );
}

#[test]
fn a_change_waits_for_the_task_definition_even_where_no_port_is_needed() {
    check_plan(
        "web mode=client-server, alias=b:80 | in internal.myapp http/a@a:80 | ?",
        &expect![[r#"
            prod/web: NotSeen: not read yet: task definition web:1
                alias http/a: a:80 -> b:80
                doubt: not known whether it can call what it needs: not read yet: task definition web:1
        "#]],
    );
}

#[test]
fn plain_tcp_takes_no_request_timeout() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server, timeout=request=0 | off | http=8080",
        &expect![[r#"
            prod/web: Ineligible: port http has no appProtocol, so it is plain TCP and takes no request time-out: remove request=… or set appProtocol in the task definition
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/web: - -> web.internal.myapp:8080, timeout idle=default request=0s
        "#]],
    );
}

#[test]
fn plain_tcp_takes_an_idle_timeout() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server, timeout=idle=0 | off | http=8080",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/web@web.internal.myapp:8080+idle=0
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/web: - -> web.internal.myapp:8080, timeout idle=0s request=default
        "#]],
    );
}

#[test]
fn udp_is_not_carried() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server | off | udp:http=8080",
        &expect![[r#"
            prod/web: Ineligible: port http speaks udp: Service Connect carries tcp only
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/web: - -> web.internal.myapp:8080
        "#]],
    );
}

#[test]
fn bridge_networking_is_fine() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server | off | bridge http=8080/http",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/web@web.internal.myapp:8080
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/web: - -> web.internal.myapp:8080
        "#]],
    );
}

#[test]
fn host_networking_is_refused() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server | off | host http=8080/http",
        &expect![[r#"
            prod/web: Ineligible: the network mode of web:1 is host: Service Connect needs awsvpc or bridge, set in the task definition
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/web: - -> web.internal.myapp:8080
        "#]],
    );
}

#[test]
fn no_network_mode_is_refused() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server | off | nomode http=8080/http",
        &expect![[r#"
            prod/web: Ineligible: the network mode of web:1 is not set: Service Connect needs awsvpc or bridge, set in the task definition
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/web: - -> web.internal.myapp:8080
        "#]],
    );
}

#[test]
fn no_task_memory_is_refused() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client | off | nomemory http=8080/http",
        &expect![[r#"
            prod/web: Ineligible: web:1 sets no memory for the task: Service Connect needs it, with room for its proxy (64 MiB or more)
                enabled: off -> on
                namespace: - -> ns-internalmyapp
        "#]],
    );
}

#[test]
fn windows_is_refused() {
    check_plan(
        "cluster prod default=internal.myapp
         a mode=client | off | windows http=8080
         b mode=client | off | http=8080 | platform=Windows_Server_2022_Core",
        &expect![[r#"
            prod/a: Ineligible: it runs Windows containers, which Service Connect does not support
                enabled: off -> on
                namespace: - -> ns-internalmyapp
            prod/b: Ineligible: it runs Windows containers, which Service Connect does not support
                enabled: off -> on
                namespace: - -> ns-internalmyapp
        "#]],
    );
}

#[test]
fn ecs_anywhere_is_refused() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client | off | http=8080 | launch=EXTERNAL",
        &expect![[r#"
            prod/web: Ineligible: it runs on ECS Anywhere (launch type EXTERNAL), which does not support Service Connect
                enabled: off -> on
                namespace: - -> ns-internalmyapp
        "#]],
    );
}

#[test]
fn an_old_fargate_platform_is_refused() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client | off | http=8080 | version=1.3.0",
        &expect![[r#"
            prod/web: Ineligible: its Fargate platform version 1.3.0 is too old for Service Connect: update the service to 1.4.0 or LATEST
                enabled: off -> on
                namespace: - -> ns-internalmyapp
        "#]],
    );
}

#[test]
fn other_deployment_controllers_are_refused() {
    check_plan(
        "cluster prod default=internal.myapp
         a mode=client | off | http=8080 | code-deploy
         b mode=client | off | http=8080 | external
         c mode=off | in internal.myapp | http=8080 | code-deploy",
        &expect![[r#"
            prod/a: Ineligible: its deployment controller is CODE_DEPLOY, which does not support Service Connect: recreate the service with the ECS controller (rolling, blue/green, linear or canary)
                enabled: off -> on
                namespace: - -> ns-internalmyapp
            prod/b: Ineligible: its deployment controller is EXTERNAL, which does not support Service Connect: recreate the service with the ECS controller (rolling, blue/green, linear or canary)
                enabled: off -> on
                namespace: - -> ns-internalmyapp
            prod/c: Ineligible: its deployment controller is CODE_DEPLOY, which does not support Service Connect: recreate the service with the ECS controller (rolling, blue/green, linear or canary)
                enabled: on -> off
        "#]],
    );
}

#[test]
fn what_runs_as_it_shall_is_never_refused() {
    check_plan(
        "web mode=client-server | in internal.myapp http/a@a:80 | windows host http=8080 | code-deploy",
        &expect![[r#"
            prod/web: in sync
        "#]],
    );
}

#[test]
fn an_ingress_port_that_ecs_filled_in_is_not_sent_back() {
    check_plan(
        "web mode=client-server, discovery-name=shop | in internal.myapp http/web+ingress=80 | http=80/http",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/shop@shop.internal.myapp:80
                endpoint http/web: web.internal.myapp:80 -> -
                endpoint http/shop: - -> shop.internal.myapp:80
        "#]],
    );
}

#[test]
fn a_number_means_the_tcp_port_wherever_it_stands() {
    check_plan(
        "cluster prod default=internal.myapp
         dns mode=client-server, port=53 | off | udp:=53 dns=53
         old mode=client-server, port=53 | off | udp:dns-udp=53 =53",
        &expect![[r#"
            prod/dns: connect in ns-internalmyapp dns/dns@dns.internal.myapp:53
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint dns/dns: - -> dns.internal.myapp:53
            prod/old: Ineligible: the port mapping 53 of container app in old:1 has no name: register a revision with "name": "app-53-tcp"
        "#]],
    );
}

#[test]
fn a_udp_port_leaves_the_only_tcp_port_the_only_one() {
    check_plan(
        "cluster prod default=internal.myapp
         dns mode=client-server | off | udp:dns-udp=53 dns=53
         old mode=client-server | off | udp:=53 =8080
         udp mode=client-server | off | udp:dns-udp=53",
        &expect![[r#"
            prod/dns: connect in ns-internalmyapp dns/dns@dns.internal.myapp:53
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint dns/dns: - -> dns.internal.myapp:53
            prod/old: Ineligible: the port mapping 8080 of container app in old:1 has no name: register a revision with "name": "app-8080-tcp"
            prod/udp: Ineligible: port dns-udp speaks udp: Service Connect carries tcp only
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint dns-udp/udp: - -> udp.internal.myapp:53
        "#]],
    );
}

#[test]
fn several_ports_without_a_name_need_a_choice_too() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server | off | =8080 =9090",
        &expect![[r#"
            prod/web: Ineligible: web:1 has several ports and none has a name: name one with the port tag, by its number
        "#]],
    );
}

#[test]
fn a_port_whose_name_is_digits_is_meant_by_them() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server, port=3000 | off | 3000=8080/http",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp 3000/web@web.internal.myapp:8080
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint 3000/web: - -> web.internal.myapp:8080
        "#]],
    );
}

#[test]
fn digits_that_mean_what_is_served_change_nothing() {
    check_plan(
        "web mode=client-server, endpoint.9000=name=web alias=web:80 | in internal.myapp 9000/web@web:80 | 9000=8080/http http=9000/http
         api mode=client-server, endpoint.9000=name=api alias=api:80 | in internal.myapp http/api@api:80 | 9000=8080/http http=9000/http",
        &expect![[r#"
            prod/api: in sync
            prod/web: in sync
        "#]],
    );
}

#[test]
fn digits_that_mean_two_ports_are_ambiguous() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server, port=9000 | off | 9000=8080/http http=9000/http
         api mode=client-server, port=9000 | off | 9000=8080/http =9000
         app mode=client-server, port=9000 | off | 9000=9000/http",
        &expect![[r#"
            prod/api: Ambiguous: port 9000 means two ports of api:1: the one named 9000 (container port 8080), and a port without a name (container port 9000); for the second, give it a name and write that; for the first, rename it in a new revision, or declare the endpoint in the document, where "9000" in quotes is always a name
            prod/app: connect in ns-internalmyapp 9000/app@app.internal.myapp:9000
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint 9000/app: - -> app.internal.myapp:9000
            prod/web: Ambiguous: port 9000 means two ports of web:1: the one named 9000 (container port 8080), and the port named http (container port 9000); for the second, write http; for the first, rename it in a new revision, or declare the endpoint in the document, where "9000" in quotes is always a name
        "#]],
    );
}

#[test]
fn in_a_document_quotes_tell_a_name_from_a_number() {
    let check = |port: &str, expected: &expect_test::Expect| {
        let entry = format!(
            r#"{{"mode":"client-server","namespace":"internal.myapp","endpoints":[{{"port":{port}}}]}}"#
        );
        check_plan(
            &format!(
                "namespace internal.myapp\ndocument {{\"version\":1,\"services\":{{\"prod/web\":{entry}}}}}\nweb - | off | 9000=8080/http http=9000/http"
            ),
            expected,
        );
    };
    check(
        r#""9000""#,
        &expect![[r#"
        prod/web: connect in ns-internalmyapp 9000/web@web.internal.myapp:8080
            enabled: off -> on
            namespace: - -> ns-internalmyapp
            endpoint 9000/web: - -> web.internal.myapp:8080
    "#]],
    );
    check(
        "9000",
        &expect![[r#"
        prod/web: Ambiguous: port 9000 means two ports of web:1: the one named 9000 (container port 8080), and the port named http (container port 9000); for the second, write http; for the first, rename it in a new revision, or declare the endpoint in the document, where "9000" in quotes is always a name
    "#]],
    );
}

#[test]
fn all_reasons_are_said_at_once() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server | off | host nomemory nocpu http=8080/http | version=1.3.0",
        &expect![[r#"
            prod/web: Ineligible: its Fargate platform version 1.3.0 is too old for Service Connect: update the service to 1.4.0 or LATEST; also, the network mode of web:1 is host: Service Connect needs awsvpc or bridge, set in the task definition; also, web:1 sets no memory for the task: Service Connect needs it, with room for its proxy (64 MiB or more); also, web:1 sets no CPU for the task: Service Connect needs it; its proxy needs 256 CPU units and 64 MiB or more
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/web: - -> web.internal.myapp:8080
        "#]],
    );
}
