//! What ECS would refuse or could not start, each with its reason and the fix.

use expect_test::expect;

use crate::ecs::name::Arn;
use crate::ecs::service::DeploymentController;
use crate::testing::{Stage, check_issues, check_plan, key};
use crate::view::reading::Question;

#[test]
fn no_task_cpu_is_refused() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client | off | nocpu http=8080/http",
        &expect![[r#"
            prod/web: Ineligible: web:1 sets no CPU for the task: Service Connect needs it; its proxy needs 256 CPU units and 64 MiB or more
                enabled: off -> on
                namespace: - -> ns-internalmyapp
        "#]],
    );
}

#[test]
fn task_memory_that_the_containers_take_whole_is_refused() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client | off | limits:512 http=8080/http",
        &expect![[r#"
            prod/web: Ineligible: the task memory of web:1 is 512 MiB and its containers' hard limits are 512 MiB together, which leaves none for Service Connect: its proxy needs 256 CPU units and 64 MiB or more; raise the task's memory to 576 MiB or more, or lower the limits
                enabled: off -> on
                namespace: - -> ns-internalmyapp
        "#]],
    );
}

#[test]
fn task_memory_with_room_for_the_proxy_is_fine() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client | off | limits:511 http=8080/http",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp
                enabled: off -> on
                namespace: - -> ns-internalmyapp
        "#]],
    );
}

#[test]
fn links_are_refused() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client | off | bridge links http=8080/http",
        &expect![[r#"
            prod/web: Ineligible: container app in web:1 uses links, which Service Connect does not support: let the containers call each other by their aliases, or put them into one task in awsvpc mode, where they share localhost
                enabled: off -> on
                namespace: - -> ns-internalmyapp
        "#]],
    );
}

#[test]
fn a_wrong_port_is_told_with_what_is_wrong_with_the_task_definition() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server, port=admin | off | bridge hostname http=8080/http",
        &expect![[r#"
            prod/web: Ineligible: web:1 has no port admin; its named ports are http (8080); also, container app in web:1 sets hostname in bridge mode, which Service Connect does not support: remove hostname, or use awsvpc
        "#]],
    );
}

#[test]
fn what_a_service_and_its_task_definition_both_tell_is_told_once_beside_a_wrong_port() {
    let mut stage = Stage::read(
        "cluster prod default=internal.myapp
         web mode=client-server, port=admin | off | windows http=8080/http",
    );
    let family = "WINDOWS_SERVER_2022_CORE".to_owned();
    stage.change(&key("web"), |service| service.platform_family = family);
    let plan = stage.plan();
    let hold = plan.holds().next().map(|(_, hold)| hold.to_string()).unwrap_or_default();
    assert_eq!(hold.matches("; also, ").count(), 1, "{hold}");
}

#[test]
fn a_hostname_is_refused_in_bridge_mode() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client | off | bridge hostname http=8080/http",
        &expect![[r#"
            prod/web: Ineligible: container app in web:1 sets hostname in bridge mode, which Service Connect does not support: remove hostname, or use awsvpc
                enabled: off -> on
                namespace: - -> ns-internalmyapp
        "#]],
    );
}

#[test]
fn a_hostname_is_no_matter_in_awsvpc_mode() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client | off | hostname http=8080/http",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp
                enabled: off -> on
                namespace: - -> ns-internalmyapp
        "#]],
    );
}

#[test]
fn a_range_of_ports_is_refused() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server | off | http=8000-8010/http",
        &expect![[r#"
            prod/web: Ineligible: the port range 8000-8010 of container app cannot be an endpoint: Service Connect needs one port; add a port mapping with a name and a containerPort
        "#]],
    );
}

#[test]
fn a_range_of_ports_is_refused_with_an_alias_too() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server, alias=web:80 | off | http=8000-8010/http",
        &expect![[r#"
            prod/web: Ineligible: the port range 8000-8010 of container app cannot be an endpoint: Service Connect needs one port; add a port mapping with a name and a containerPort
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/web: - -> web:80
        "#]],
    );
}

#[test]
fn a_range_of_ports_without_a_name_is_refused_too() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server | off | =8000-8010/http",
        &expect![[r#"
            prod/web: Ineligible: the port range 8000-8010 of container app cannot be an endpoint: Service Connect needs one port; add a port mapping with a name and a containerPort
        "#]],
    );
}

#[test]
fn tls_is_refused_in_bridge_mode() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server, tls=ca=arn:aws:acm-pca:r:1:ca/x | off | bridge http=8080/http",
        &expect![[r#"
            prod/web: Ineligible: endpoint web has TLS, which Service Connect does not support in bridge mode: use awsvpc, or remove the tls tag
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/web: - -> web.internal.myapp:8080, TLS ca=arn:aws:acm-pca:r:1:ca/x key=none role=none
        "#]],
    );
}

#[test]
fn tls_without_a_role_is_for_ecs_to_judge() {
    check_plan(
        "cluster prod default=internal.myapp
         web mode=client-server, tls=ca=arn:aws:acm-pca:r:1:ca/x | off | http=8080/http",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/web@web.internal.myapp:8080+tls=arn:aws:acm-pca:r:1:ca/x
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/web: - -> web.internal.myapp:8080, TLS ca=arn:aws:acm-pca:r:1:ca/x key=none role=none
        "#]],
    );
}

#[test]
fn tls_with_a_role_of_the_document_is_fine() {
    check_plan(
        "cluster prod default=internal.myapp
         document {\"version\":1,\"services\":{\"prod/web\":{\"endpoints\":[{\"tls\":{\"ca\":\"arn:aws:acm-pca:r:1:ca/x\",\"role\":\"arn:aws:iam::1:role/r\"}}]}}}
         web mode=client-server | off | http=8080/http",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/web@web.internal.myapp:8080+tls=arn:aws:acm-pca:r:1:ca/x+role=arn:aws:iam::1:role/r
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/web: - -> web.internal.myapp:8080, TLS ca=arn:aws:acm-pca:r:1:ca/x key=none role=arn:aws:iam::1:role/r
        "#]],
    );
}

#[test]
fn tls_that_ecs_took_without_a_role_hinders_no_other_change() {
    check_plan(
        "web mode=client-server, alias=b:80 | in internal.myapp http/a@a:80+tls=arn:ca",
        &expect![[r#"
            prod/web: connect in ns-internalmyapp http/a@b:80+tls=arn:ca
                alias http/a: a:80 -> b:80
        "#]],
    );
}

#[test]
fn a_default_alias_that_is_no_host_is_refused() {
    check_plan(
        "namespace Internal.MyApp
         cluster prod default=Internal.MyApp
         web mode=client-server
         api mode=client-server, alias=api",
        &expect![[r#"
            prod/api: connect in ns-InternalMyApp http/api@api:8080
                enabled: off -> on
                namespace: - -> ns-InternalMyApp
                endpoint http/api: - -> api:8080
            prod/web: Ineligible: its alias web.Internal.MyApp is no host name that ECS takes (1 to 127 lower-case letters, digits, '_', '-' and '.', not starting with '-'): set a host in the alias tag
                enabled: off -> on
                namespace: - -> ns-InternalMyApp
                endpoint http/web: - -> web.Internal.MyApp:8080
        "#]],
    );
}

#[test]
fn more_than_a_thousand_tasks_are_refused_for_a_server() {
    check_plan(
        "cluster prod default=internal.myapp
         a mode=client-server | off | http=8080/http | tasks=1001
         b mode=client-server | off | http=8080/http | tasks=1000
         c mode=client | off | http=8080/http | tasks=5000",
        &expect![[r#"
            prod/a: Ineligible: it wants 1001 tasks and Cloud Map takes at most 1000 instances of one endpoint, a quota that cannot be raised: run at most 1000, or split the service
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/a: - -> a.internal.myapp:8080
            prod/b: connect in ns-internalmyapp http/b@b.internal.myapp:8080
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/b: - -> b.internal.myapp:8080
            prod/c: connect in ns-internalmyapp
                enabled: off -> on
                namespace: - -> ns-internalmyapp
            order: prod/b, prod/c
        "#]],
    );
}

#[test]
fn a_log_driver_that_fargate_lacks_is_refused() {
    check_plan(
        "a mode=client-server, alias=b:80 | in internal.myapp http/a@a:80 logs=x+driver=journald
         c mode=client-server, alias=d:80 | in internal.myapp http/c@c:80 logs=x+driver=journald | http=8080/http | launch=EC2
         e mode=client-server, alias=f:80 | in internal.myapp http/e@e:80 logs=x+driver=splunk
         g mode=client-server, alias=h:80 | in internal.myapp http/g@g:80 logs=x+driver=journald | http=8080/http | launch=",
        &expect![[r#"
            prod/a: Ineligible: the proxy's log driver journald does not exist on Fargate: use awslogs, splunk or awsfirelens
                alias http/a: a:80 -> b:80
            prod/c: connect in ns-internalmyapp http/c@d:80 logs=journald awslogs-group=x
                alias http/c: c:80 -> d:80
            prod/e: connect in ns-internalmyapp http/e@f:80 logs=splunk awslogs-group=x
                alias http/e: e:80 -> f:80
            prod/g: Ineligible: the proxy's log driver journald does not exist on Fargate: use awslogs, splunk or awsfirelens
                alias http/g: g:80 -> h:80
            order: prod/c, prod/e
        "#]],
    );
}

#[test]
fn managed_instances_are_advised_against_and_not_held() {
    let world = "cluster prod default=internal.myapp
         web mode=client | off | http=8080/http | launch=MANAGED_INSTANCES
         cron mode=off | off | managed http=8080/http
         job mode=off | off | managed http=8080/http | launch=FARGATE
         api - | off | http=8080/http | launch=MANAGED_INSTANCES";
    check_plan(
        world,
        &expect![[r#"
            prod/cron: in sync
            prod/job: in sync
            prod/web: connect in ns-internalmyapp
                enabled: off -> on
                namespace: - -> ns-internalmyapp
        "#]],
    );
    check_issues(
        world,
        &expect![[r#"
            prod/web: launchType="MANAGED_INSTANCES": older guides say that Service Connect does not run on Managed Instances: try it on one service first, and check that its tasks start. The instance profile must allow ecs:Poll on the task sets of the cluster, or the proxy stays unhealthy
        "#]],
    );
}

#[test]
fn a_service_without_a_task_definition_is_held_in_words_and_nothing_is_asked() {
    let mut stage = Stage::read(
        "cluster prod default=internal.myapp
        sets mode=client-server | off | ?
        bare mode=client-server | off | ?
        quiet mode=client | off | ?",
    );
    for name in ["sets", "bare", "quiet"] {
        stage.change(&key(name), |service| service.task_definition = Arn::as_read(""));
    }
    stage.change(&key("sets"), |service| service.controller = DeploymentController::External);
    let plan = stage.plan();
    let asked = plan.questions().filter(|question| matches!(question, Question::TaskDefinition(_)));
    assert_eq!(asked.count(), 0);
    let holds = plan.holds().map(|(key, hold)| format!("{key}: {}: {hold}\n", hold.reason()));
    expect![[r#"
        prod/bare: Ineligible: AWS names no task definition for it, neither for the service nor for its PRIMARY deployment: deploy it once, and see whether aws ecs describe-services then shows one
        prod/quiet: Ineligible: AWS names no task definition for it, neither for the service nor for its PRIMARY deployment: deploy it once, and see whether aws ecs describe-services then shows one
        prod/sets: Ineligible: its deployment controller is EXTERNAL, which does not support Service Connect: recreate the service with the ECS controller (rolling, blue/green, linear or canary)
    "#]].assert_eq(&holds.collect::<String>());
}
