//! Task definitions and Cloud Map as AWS answers them: each member that AWS may leave out is left out once.

use eastwest_core::ecs::environment::EnvironmentHosts;

use super::*;

/// The ARN by which the revision was asked for.
fn asked() -> Arn {
    Arn::as_read("arn:aws:ecs:eu-west-1:111122223333:task-definition/web:7")
}

fn read(definition: sdk::builders::TaskDefinitionBuilder) -> TaskDefinition {
    task_definition(&asked(), &definition.build())
}

fn container(name: &str) -> sdk::builders::ContainerDefinitionBuilder {
    sdk::ContainerDefinition::builder().name(name)
}

#[test]
fn a_task_definition_of_which_aws_says_nothing_promises_nothing() {
    let nothing = TaskDefinition {
        arn: asked(),
        network_mode: String::new(),
        windows: false,
        memory_mib: None,
        container_memory_mib: 0,
        has_cpu: false,
        links: Vec::new(),
        hostnames: Vec::new(),
        managed_instances: false,
        ports: Vec::new(),
        images: Vec::new(),
        environment_hosts: EnvironmentHosts::default(),
    };
    assert_eq!(read(sdk::TaskDefinition::builder()), nothing);
    // `TaskDefinition` has no name either where a container has none.
    let bare = sdk::ContainerDefinition::builder().build();
    assert_eq!(read(sdk::TaskDefinition::builder().container_definitions(bare)), nothing);
}

#[test]
fn managed_instances_are_one_of_the_compatibilities_that_a_revision_requires() {
    let requires = |all: &[&str]| {
        let all = all.iter().map(|each| sdk::Compatibility::from(*each));
        let definition = sdk::TaskDefinition::builder();
        read(definition.set_requires_compatibilities(Some(all.collect()))).managed_instances
    };
    assert!(requires(&["MANAGED_INSTANCES"]));
    assert!(requires(&["FARGATE", "MANAGED_INSTANCES"]));
    assert!(!requires(&["FARGATE", "EC2", "EXTERNAL"]));
    assert!(!requires(&[]));
}

#[test]
fn memory_and_cpu_that_are_absent_zero_or_no_number_are_none() {
    let sizes = |memory: &str, cpu: &str| {
        let definition = read(sdk::TaskDefinition::builder().memory(memory).cpu(cpu));
        (definition.memory_mib, definition.has_cpu)
    };
    assert_eq!(sizes("1024", "512"), (Some(1024), true));
    assert_eq!(sizes(" 512 ", "1"), (Some(512), true));
    assert_eq!(sizes("", ""), (None, false));
    assert_eq!(sizes("1 GB", "0"), (None, false));
    let containers = [Some(256), None, Some(128), Some(-1)]
        .map(|memory| container("app").set_memory(memory).build());
    let definition =
        sdk::TaskDefinition::builder().set_container_definitions(Some(containers.into()));
    assert_eq!(
        read(definition).container_memory_mib,
        384,
        "the limits of the containers that have one"
    );
}

#[test]
fn only_containers_with_links_or_a_hostname_of_their_own_are_named() {
    let definition = sdk::TaskDefinition::builder()
        .container_definitions(container("plain").build())
        .container_definitions(container("empty").hostname("").build())
        .container_definitions(container("linked").links("db").build())
        .container_definitions(container("hosted").hostname("web").build());
    let definition = read(definition);
    assert_eq!(
        (definition.links, definition.hostnames),
        (vec!["linked".to_owned()], vec!["hosted".to_owned()])
    );
}

#[test]
fn a_port_mapping_without_a_protocol_is_tcp_and_without_a_name_or_port_has_none() {
    let mapping =
        |make: fn(sdk::builders::PortMappingBuilder) -> sdk::builders::PortMappingBuilder| {
            let container =
                container("app").port_mappings(make(sdk::PortMapping::builder()).build());
            read(sdk::TaskDefinition::builder().container_definitions(container.build()))
                .ports
                .remove(0)
        };
    let bare = mapping(|mapping| mapping);
    let nothing = PortMapping {
        container: "app".to_owned(),
        name: None,
        container_port: None,
        range: None,
        protocol: "tcp".to_owned(),
        app_protocol: None,
    };
    assert_eq!(bare, nothing);
    assert_eq!(mapping(|mapping| mapping.name("").container_port_range("")), nothing);
    assert_eq!(mapping(|mapping| mapping.container_port(70_000)), nothing, "no port is as large");
    let named =
        mapping(|mapping| mapping.name("http").container_port(8080).app_protocol("http2".into()));
    assert_eq!(named.name, Some(PortName::as_read("http")));
    assert_eq!(
        (named.container_port, named.app_protocol.as_deref()),
        (Port::from_i32(8080), Some("http2"))
    );
    let ranged =
        mapping(|mapping| mapping.container_port_range("9000-9010").protocol("udp".into()));
    assert_eq!((ranged.range.as_deref(), ranged.protocol.as_str()), (Some("9000-9010"), "udp"));
}

#[test]
fn only_windows_is_windows() {
    let family = |family: &str| {
        let platform =
            sdk::RuntimePlatform::builder().operating_system_family(family.into()).build();
        read(sdk::TaskDefinition::builder().runtime_platform(platform)).windows
    };
    assert!(family("WINDOWS_SERVER_2022_CORE"));
    assert!(!family("LINUX"));
    let silent = sdk::RuntimePlatform::builder().build();
    assert!(!read(sdk::TaskDefinition::builder().runtime_platform(silent)).windows);
}

#[test]
fn a_variable_without_a_value_says_nothing_and_one_without_a_name_is_read() {
    let of = |pair: sdk::KeyValuePair| {
        let container = container("app").environment(pair).build();
        read(sdk::TaskDefinition::builder().container_definitions(container)).environment_hosts
    };
    let pair = sdk::KeyValuePair::builder;
    assert_eq!(of(pair().name("CATALOG_URL").build()), EnvironmentHosts::default());
    let named = of(pair().name("CATALOG_URL").value("http://catalog:80").build());
    let unnamed = of(pair().value("http://catalog:80").build());
    assert_ne!(named, EnvironmentHosts::default());
    assert_ne!(unnamed, EnvironmentHosts::default());
}

/// A namespace as `ListNamespaces` shows it, without what AWS may leave out.
fn listed() -> cloud_map::builders::NamespaceSummaryBuilder {
    cloud_map::NamespaceSummary::builder().id("ns-1").arn("arn:ns-1").name("internal.myapp")
}

#[test]
fn a_namespace_needs_an_id_an_arn_and_a_name_and_nothing_else() {
    let bare = namespace(&listed().build()).expect("a namespace");
    assert_eq!(
        bare.http_name,
        NamespaceName::as_read("internal.myapp"),
        "its name, where it has no other"
    );
    assert_eq!((bare.kind.as_str(), bare.owner), ("", None));
    for lacking in [listed().set_id(None), listed().set_arn(None), listed().set_name(None)] {
        assert_eq!(namespace(&lacking.build()), None);
    }
    let silent = cloud_map::NamespaceProperties::builder().build();
    let silent = namespace(&listed().properties(silent).build()).expect("a namespace");
    assert_eq!(silent.http_name, NamespaceName::as_read("internal.myapp"));
    let http = cloud_map::HttpProperties::builder().http_name("other").build();
    let properties = cloud_map::NamespaceProperties::builder().http_properties(http).build();
    let shared =
        listed().r#type("HTTP".into()).resource_owner("222233334444").properties(properties);
    let shared = namespace(&shared.build()).expect("a namespace");
    assert_eq!(shared.http_name, NamespaceName::as_read("other"));
    assert_eq!((shared.kind.as_str(), shared.owner.as_deref()), ("HTTP", Some("222233334444")));
}

#[test]
fn a_cloud_map_service_of_unknown_age_is_the_youngest() {
    let listed = || cloud_map::ServiceSummary::builder().arn("arn:srv-1").name("api");
    let read = cloud_map_service(&listed().build()).expect("a service");
    assert_eq!(read.created_at, AwsTime(i64::MAX));
    for lacking in [listed().set_arn(None), listed().set_name(None)] {
        assert_eq!(cloud_map_service(&lacking.build()), None);
    }
}
