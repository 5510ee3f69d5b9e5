//! `serviceConnectConfiguration`: what is refused and with which text, what is made of it, what is echoed.

use serde_json::{Value, json};

use super::{World, read, serves};
use crate::model::{Echo, Echoes, Effect, EmptyLists, NamespaceEcho, Switches};
use crate::shapes::ApiError;
use crate::shapes::ecs::CreateServiceRequest;

/// What one endpoint with these members is answered with.
fn refusal(entry: &Value) -> ApiError {
    let mut world = World::new();
    let config = json!({"enabled": true, "namespace": "mesh", "services": [entry]});
    world.create("web", json!({"serviceConnectConfiguration": config})).unwrap_err()
}

fn refuses(entry: &Value, text: &str) {
    let error = refusal(entry);
    assert_eq!((error.code, error.message.as_str()), ("InvalidParameterException", text));
}

#[test]
fn a_port_name_must_name_a_mapping() {
    let text =
        "portName(nope) does not refer to any named PortMapping in the container definitions";
    refuses(&json!({"portName": "nope"}), text);
}

#[test]
fn an_endpoint_without_an_alias_is_refused() {
    for entry in [json!({"portName": "web"}), json!({"portName": "web", "clientAliases": []})] {
        refuses(&entry, "clientAliases must have 1 element.");
    }
}

#[test]
fn two_client_aliases_are_too_many() {
    let entry = json!({"portName": "web", "clientAliases": [{"port": 80}, {"port": 81}]});
    assert!(refusal(&entry).message.ends_with("clientAliases exceeds the max limit of 1"));
}

#[test]
fn a_bad_dns_name_is_refused() {
    for name in ["Upper", "-x", "a b", "ü"] {
        let entry = json!({"portName": "web", "clientAliases": [{"port": 80, "dnsName": name}]});
        refuses(&entry, "The DNS name that you provided is invalid");
    }
}

#[test]
fn an_ingress_port_up_to_1024_is_refused() {
    for port in [0, 1024] {
        let entry = json!({"portName": "web", "clientAliases": [{"port": 80}], "ingressPortOverride": port});
        refuses(&entry, "IngressPortOverride cannot use ports <= 1024.");
    }
}

#[test]
fn a_request_timeout_on_tcp_is_refused_even_as_zero() {
    let timeout = json!({"perRequestTimeoutSeconds": 0});
    let entry = json!({"portName": "raw", "clientAliases": [{"port": 80}], "timeout": timeout});
    refuses(&entry, "Per request timeout 0 can't be set for tcp application.");
}

#[test]
fn udp_ports_cannot_be_served() {
    assert_eq!(refusal(&json!({"portName": "dns"})).code, "InvalidParameterException");
}

#[test]
fn what_a_task_definition_must_not_be_is_refused() {
    let sound = json!({
        "family": "odd", "networkMode": "bridge", "cpu": "256", "memory": "512",
        "containerDefinitions": [{"name": "app", "image": "nginx", "memory": 448,
            "portMappings": [{"name": "web", "containerPort": 8080, "appProtocol": "http"}]}],
    });
    let changes = [
        ("", json!(null)),
        ("/memory", json!(null)),
        ("/memory", json!("448")),
        ("/cpu", json!("")),
        ("/containerDefinitions/0/links", json!(["other"])),
        ("/containerDefinitions/0/hostname", json!("app")),
        ("/runtimePlatform", json!({"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"})),
    ];
    for (pointer, value) in changes {
        let mut body = sound.clone();
        let (parent, member) = pointer.rsplit_once('/').unwrap_or(("", "unused"));
        body.pointer_mut(parent).unwrap()[member] = value;
        let mut world = World::new();
        world.model.register_task_definition(read(body)).unwrap();
        let given = json!({"taskDefinition": "odd", "serviceConnectConfiguration": serves("web")});
        let answer = world.create("web", given);
        assert_eq!(answer.is_err(), !pointer.is_empty(), "{pointer}: {answer:?}");
        let mut tls = serves("web");
        tls["services"][0]["tls"] = json!({"issuerCertificateAuthority": {}});
        let given = json!({"taskDefinition": "odd", "serviceConnectConfiguration": tls});
        assert!(world.create("safe", given).is_err(), "no TLS in bridge mode");
    }
}

#[test]
fn access_logs_need_a_log_configuration() {
    let mut world = World::new();
    let config =
        json!({"enabled": true, "namespace": "mesh", "accessLogConfiguration": {"format": "JSON"}});
    assert!(world.create("web", json!({"serviceConnectConfiguration": config})).is_err());
}

#[test]
fn without_a_namespace_anywhere_it_is_missing() {
    let mut world = World::new();
    let error = world.create("web", json!({"serviceConnectConfiguration": {"enabled": true}}));
    assert_eq!(error.unwrap_err().message, "Namespace is missing");
}

#[test]
fn an_unknown_namespace_is_not_found_and_not_made() {
    let mut world = World::new();
    let config = json!({"enabled": true, "namespace": "other"});
    let error = world.create("web", json!({"serviceConnectConfiguration": config})).unwrap_err();
    assert_eq!(error.code, "NamespaceNotFoundException");
    assert_eq!(error.message, "Failed to retrieve namespace for other");
    assert!(world.model.service(&crate::model::EcsServiceKey::parse("prod/web")).is_none());
}

#[test]
fn a_held_name_is_refused_naming_the_namespace_and_not_the_holder() {
    let mut world = World::new();
    world.server("web");
    let error =
        world.create("two", json!({"serviceConnectConfiguration": serves("web")})).unwrap_err();
    let start = "SC service is already used by arn:aws:servicediscovery:eu-central-1:123456789012:namespace/ns-";
    assert!(error.message.starts_with(start), "{error}");
}

#[test]
fn a_refused_update_leaves_the_old_configuration_running() {
    let mut world = World::new();
    world.server("web");
    world.server("api");
    let before = world.describe("api");
    world.connect("api", &serves("web")).unwrap_err();
    assert_eq!(world.describe("api"), before);
    let last = world.model.mutations().last().unwrap();
    assert!(
        matches!(&last.effect, Effect::Refused { code, .. } if code == "InvalidParameterException")
    );
}

#[test]
fn the_application_protocol_of_a_name_never_changes() {
    let mut world = World::new();
    world.server("web");
    world.register("app", &json!("grpc"));
    let error = world.update("web", json!({"taskDefinition": "app"})).unwrap_err();
    let text = "The following config cannot be changed for a SC service. Previous config: ScServiceStableConfig(applicationProtocol=http, transportProtocol=tcp, ecsServiceArn=arn:aws:ecs:eu-central-1:123456789012:service/prod/web), current config: ScServiceStableConfig(applicationProtocol=grpc,";
    assert!(error.message.starts_with(text), "{error}");
}

#[test]
fn a_new_task_definition_must_keep_the_ports_in_use() {
    let mut world = World::new();
    world.server("web");
    let body = json!({"family": "bare", "containerDefinitions": [{"name": "a", "image": "b"}]});
    world.model.register_task_definition(read(body)).unwrap();
    assert!(world.update("web", json!({"taskDefinition": "bare"})).is_err());
}

#[test]
fn other_controllers_and_host_networking_are_refused() {
    let mut world = World::new();
    for kind in ["CODE_DEPLOY", "EXTERNAL"] {
        let more = json!({"deploymentController": {"type": kind}, "serviceConnectConfiguration": serves("web")});
        assert!(world.create("web", more).unwrap_err().message.contains(kind));
    }
    let body = json!({"family": "host", "networkMode": "host", "containerDefinitions": [
        {"name": "a", "image": "b", "portMappings": [{"name": "web", "containerPort": 80}]}]});
    world.model.register_task_definition(read(body)).unwrap();
    let more = json!({"taskDefinition": "host", "serviceConnectConfiguration": serves("web")});
    assert!(world.create("web", more).unwrap_err().message.contains("host"));
}

#[test]
fn a_namespace_takes_300_services() {
    let mut world = World::new();
    let config = json!({"enabled": true, "namespace": "mesh"});
    let more = json!({"serviceConnectConfiguration": config, "desiredCount": 0});
    for number in 0..300 {
        world.create(&format!("s{number}"), more.clone()).unwrap();
    }
    assert_eq!(world.create("one-more", more).unwrap_err().code, "InvalidParameterException");
    world.connect("s7", &config).unwrap();
}

#[test]
fn an_alias_collision_is_refused_only_where_the_switch_says_so() {
    let collides = |switches| {
        let mut world = World::with(switches);
        world.server("web");
        let mut config = serves("two");
        config["services"][0]["clientAliases"][0]["dnsName"] = json!("web");
        world.create("two", json!({"serviceConnectConfiguration": config})).is_err()
    };
    assert!(!collides(Switches::default()));
    assert!(collides(Switches { alias_collision_refused: true, ..Switches::default() }));
}

#[test]
fn create_answers_as_the_real_one_does() {
    let mut world = World::new();
    let default = json!({"cluster": "prod", "serviceConnectDefaults": {"namespace": "mesh"}});
    world.model.update_cluster(read(default)).unwrap();
    let config = json!({
        "enabled": true,
        "services": [{"portName": "web", "clientAliases": [{"port": 80}]}],
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "g"}},
    });
    let service = world.create("web", json!({"serviceConnectConfiguration": config})).unwrap();
    let body = serde_json::to_value(&service).unwrap();
    assert!(body.get("version").is_none());
    assert!(body.get("serviceConnectConfiguration").is_none());
    let deployment = &body["deployments"][0];
    assert_eq!(deployment["platformVersion"], "1.4.0");
    let echoed = &deployment["serviceConnectConfiguration"];
    assert_eq!(echoed["namespace"], "mesh");
    assert_eq!(echoed["services"], json!([{"portName": "web", "clientAliases": [{"port": 80}]}]));
    assert_eq!(echoed["logConfiguration"]["secretOptions"], json!([]));
    let resource = &deployment["serviceConnectResources"][0];
    assert_eq!(resource["discoveryName"], "web");
    assert!(resource["discoveryArn"].as_str().unwrap().contains(":service/srv-"));
    assert!(!body.to_string().contains("null"));
}

#[test]
fn a_namespace_comes_back_in_the_form_it_was_given_in() {
    let mut world = World::new();
    let id = world.model.namespace("mesh").unwrap().arn.clone();
    let mut config = serves("web");
    config["namespace"] = json!(id);
    world.create("web", json!({"serviceConnectConfiguration": config})).unwrap();
    let echoed = world.primary("web").service_connect_configuration.unwrap();
    assert_eq!(echoed.namespace.as_deref(), Some(id.as_str()));
}

#[test]
fn the_echo_of_defaults_is_a_switch() {
    let switches = Switches {
        echo: Echoes { dns_name: Echo::Filled, discovery_name: Echo::Filled, ..Echoes::default() },
        ..Switches::default()
    };
    let mut world = World::with(switches);
    let entry = json!({"portName": "web", "clientAliases": [{"port": 8080}]});
    let config = json!({"enabled": true, "namespace": "mesh", "services": [entry]});
    world.create("web", json!({"serviceConnectConfiguration": config})).unwrap();
    let echoed = world.primary("web").service_connect_configuration.unwrap();
    let entry = &echoed.services.as_ref().unwrap()[0];
    assert_eq!(entry.discovery_name.as_deref(), Some("web"));
    let alias = &entry.client_aliases.as_ref().unwrap()[0];
    assert_eq!((alias.port, alias.dns_name.as_deref()), (8080, Some("web.mesh")));
}

#[test]
fn what_is_its_default_can_be_left_out_of_the_echo() {
    let left_out = Echo::LeftOut;
    let echo = Echoes {
        namespace: NamespaceEcho::HttpName,
        dns_name: left_out,
        discovery_name: left_out,
        default_alias_left_out: true,
        timeout: left_out,
        empty_lists: EmptyLists::All,
        reordered: true,
        ..Echoes::default()
    };
    let mut world = World::with(Switches { echo, ..Switches::default() });
    let config = json!({"enabled": true, "namespace": "mesh", "services": [
        {"portName": "web", "discoveryName": "web", "timeout": {"idleTimeoutSeconds": 300},
         "clientAliases": [{"port": 8080, "dnsName": "web.mesh"}]},
        {"portName": "web", "discoveryName": "other",
         "clientAliases": [{"port": 80, "dnsName": "other.mesh"}]},
    ]});
    world.create("web", json!({"serviceConnectConfiguration": config})).unwrap();
    let echoed = world.primary("web").service_connect_configuration.unwrap();
    let expected = json!({"enabled": true, "namespace": "mesh", "services": [
        {"portName": "web", "discoveryName": "other", "clientAliases": [{"port": 80}]},
        {"portName": "web", "clientAliases": []},
    ]});
    assert_eq!(json!(echoed), expected);
}

#[test]
fn after_it_is_switched_off_primary_says_so_and_where_it_was_never_on_nothing_is_said() {
    let mut world = World::new();
    world.server("web");
    world.connect("web", &json!({"enabled": false})).unwrap();
    let shown = world.primary("web").service_connect_configuration;
    assert_eq!(json!(shown), json!({"enabled": false}));
    world.force("web");
    let shown = world.primary("web").service_connect_configuration;
    assert_eq!(json!(shown), json!({"enabled": false}), "also the deployment after it");
    world.create("never", json!({})).unwrap();
    assert_eq!(world.primary("never").service_connect_configuration, None);
}

#[test]
fn a_deployment_that_switches_off_has_no_names_and_the_one_before_keeps_its_own() {
    let mut world = World::new();
    world.server("web");
    world.connect("web", &json!({"enabled": false})).unwrap();
    assert_eq!(world.primary("web").service_connect_resources, None);
    let old = &world.describe("web").deployments[1];
    assert!(old.service_connect_configuration.is_some());
}

#[test]
fn a_configuration_that_is_omitted_stays() {
    let mut world = World::new();
    world.server("web");
    world.force("web");
    assert!(world.primary("web").service_connect_configuration.is_some());
}

#[test]
fn whether_an_equal_configuration_deploys_is_a_switch() {
    let deploys = |switches| {
        let mut world = World::with(switches);
        world.server("web");
        world.connect("web", &serves("web")).unwrap();
        world.describe("web").deployments.len() > 1
    };
    assert!(deploys(Switches::default()));
    assert!(!deploys(Switches { identical_config_deploys: false, ..Switches::default() }));
}

#[test]
fn whether_an_update_without_namespace_takes_the_clusters_default_is_a_switch() {
    let namespace = |switches| {
        let mut world = World::with(switches);
        world.server("web");
        let other = json!({"cluster": "prod", "serviceConnectDefaults": {"namespace": "other"}});
        world.model.update_cluster(read(other)).unwrap();
        world.pass(10);
        world.connect("web", &json!({"enabled": true})).unwrap();
        world.primary("web").service_connect_configuration.unwrap().namespace.clone().unwrap()
    };
    assert_eq!(namespace(Switches::default()), "other");
    let stays = Switches { update_takes_cluster_default: false, ..Switches::default() };
    assert_eq!(namespace(stays), "mesh");
}

#[test]
fn a_service_that_is_there_is_not_created_twice() {
    let mut world = World::new();
    world.create("web", json!({"clientToken": "t"})).unwrap();
    assert_eq!(
        world.create("web", json!({})).unwrap_err().message,
        "Creation of service was not idempotent."
    );
    assert!(world.create("web", json!({"clientToken": "t"})).is_ok());
}

#[test]
fn missing_clusters_and_task_definitions_are_refused() {
    let mut world = World::new();
    let request: CreateServiceRequest = read(json!({"serviceName": "x", "taskDefinition": "app"}));
    assert_eq!(world.model.create_service(request).unwrap_err().code, "ClusterNotFoundException");
    let error = world.create("x", json!({"taskDefinition": "none"})).unwrap_err();
    assert_eq!(error.code, "ClientException");
    assert_eq!(world.update("x", json!({})).unwrap_err().code, "ServiceNotFoundException");
}
