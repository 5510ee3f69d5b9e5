//! The shapes of AWS Cloud Map (servicediscovery 2017-03-14).
//!
//! Invariant: `PascalCase` throughout. AWS's `Service` is `CloudMapService` here.
#![expect(
    missing_docs,
    reason = "members bear AWS's names and are described in AWS's API reference"
)]

use std::collections::BTreeMap;

use serde_json::Value;

use crate::shapes::{Time, shapes, words};

words! {
    /// `Namespace.Type`.
    NamespaceType { Http = "HTTP", DnsPrivate = "DNS_PRIVATE", DnsPublic = "DNS_PUBLIC" }

    /// `Service.Type`.
    CloudMapServiceType { Http = "HTTP", DnsHttp = "DNS_HTTP", Dns = "DNS" }

    /// `Operation.Status`.
    OperationStatus { Submitted = "SUBMITTED", Pending = "PENDING", Success = "SUCCESS", Fail = "FAIL" }

    /// `Operation.Type`, as far as the simulator has such operations.
    OperationType { CreateNamespace = "CREATE_NAMESPACE", DeleteNamespace = "DELETE_NAMESPACE", RegisterInstance = "REGISTER_INSTANCE", DeregisterInstance = "DEREGISTER_INSTANCE" }
}

shapes! { "PascalCase";
    /// A tag.
    #[derive(Eq)]
    Tag { key: String, value: String }

    /// `CreateHttpNamespace`.
    #[derive(Eq)]
    CreateHttpNamespaceRequest {
        name: String,
        creator_request_id: Option<String>,
        description: Option<String>,
        tags: Option<Vec<Tag>>,
    }

    /// `CreatePrivateDnsNamespace`.
    CreatePrivateDnsNamespaceRequest {
        name: String,
        creator_request_id: Option<String>,
        description: Option<String>,
        vpc: String,
        tags: Option<Vec<Tag>>,
        properties: Option<Value>,
    }

    /// `DeleteNamespace`.
    #[derive(Eq)]
    DeleteNamespaceRequest { id: String }

    /// The answer of everything asynchronous: what to poll.
    #[derive(Eq)]
    OperationIdAnswer { operation_id: String }

    /// `GetNamespace`: id or ARN.
    #[derive(Eq)]
    GetNamespaceRequest { id: String }

    /// The answer of `GetNamespace`.
    GetNamespaceAnswer { namespace: Namespace }

    /// A namespace, in full or as a line of a list.
    Namespace {
        id: String,
        arn: String,
        resource_owner: Option<String>,
        name: String,
        #[serde(rename = "Type")]
        kind: NamespaceType,
        description: Option<String>,
        service_count: u32,
        properties: NamespaceProperties,
        create_date: Time,
        creator_request_id: Option<String>,
    }

    /// What differs by type.
    NamespaceProperties { dns_properties: Option<Value>, http_properties: HttpProperties }

    /// The name under which `DiscoverInstances` knows the namespace; hashed when the name is reused.
    #[derive(Eq)]
    HttpProperties { http_name: String }

    /// One filter of a list.
    #[derive(Eq)]
    Filter { name: String, values: Vec<String>, condition: Option<String> }

    /// `ListNamespaces`, `ListOperations` and `ListServices`: the same members.
    #[derive(Eq)]
    ListRequest { next_token: Option<String>, max_results: Option<u32>, filters: Option<Vec<Filter>> }

    /// The answer of `ListNamespaces`.
    ListNamespacesAnswer { namespaces: Vec<Namespace>, next_token: Option<String> }

    /// `GetOperation`.
    #[derive(Eq)]
    GetOperationRequest { operation_id: String }

    /// The answer of `GetOperation`.
    #[derive(Eq)]
    GetOperationAnswer { operation: Operation }

    /// One asynchronous operation.
    #[derive(Eq)]
    Operation {
        id: String,
        #[serde(rename = "Type")]
        kind: OperationType,
        status: OperationStatus,
        error_message: Option<String>,
        error_code: Option<String>,
        create_date: Time,
        update_date: Time,
        targets: BTreeMap<String, String>,
    }

    /// The answer of `ListOperations`.
    #[derive(Eq)]
    ListOperationsAnswer { operations: Vec<OperationSummary>, next_token: Option<String> }

    /// One line of `ListOperations`.
    #[derive(Eq)]
    OperationSummary { id: String, status: OperationStatus }

    /// `CreateService`.
    CreateServiceRequest {
        name: String,
        namespace_id: Option<String>,
        creator_request_id: Option<String>,
        description: Option<String>,
        dns_config: Option<Value>,
        health_check_config: Option<Value>,
        health_check_custom_config: Option<Value>,
        tags: Option<Vec<Tag>>,
        #[serde(rename = "Type")]
        kind: Option<String>,
    }

    /// The answer of `CreateService` and `GetService`.
    ServiceAnswer { service: CloudMapService }

    /// A Cloud Map service, in full or as a line of a list.
    CloudMapService {
        id: String,
        arn: String,
        resource_owner: Option<String>,
        name: String,
        namespace_id: Option<String>,
        description: Option<String>,
        instance_count: u32,
        dns_config: Option<Value>,
        #[serde(rename = "Type")]
        kind: CloudMapServiceType,
        health_check_config: Option<Value>,
        health_check_custom_config: Option<Value>,
        create_date: Time,
        creator_request_id: Option<String>,
        created_by_account: Option<String>,
    }

    /// `DeleteService` and `GetService`: id or ARN.
    #[derive(Eq)]
    ServiceIdRequest { id: String }

    /// The answer of `ListServices`.
    ListServicesAnswer { services: Vec<CloudMapService>, next_token: Option<String> }

    /// `ListInstances`.
    #[derive(Eq)]
    ListInstancesRequest { service_id: String, next_token: Option<String>, max_results: Option<u32> }

    /// The answer of `ListInstances`.
    #[derive(Eq)]
    ListInstancesAnswer { resource_owner: Option<String>, instances: Vec<Instance>, next_token: Option<String> }

    /// One instance.
    #[derive(Eq)]
    Instance {
        id: String,
        creator_request_id: Option<String>,
        attributes: BTreeMap<String, String>,
        created_by_account: Option<String>,
    }

    /// `RegisterInstance`; `ServiceId` is an id or an ARN here and below.
    #[derive(Eq)]
    RegisterInstanceRequest {
        service_id: String,
        instance_id: String,
        creator_request_id: Option<String>,
        attributes: BTreeMap<String, String>,
    }

    /// `DeregisterInstance`.
    #[derive(Eq)]
    DeregisterInstanceRequest { service_id: String, instance_id: String }

    /// `UpdateServiceAttributes`.
    #[derive(Eq)]
    UpdateServiceAttributesRequest { service_id: String, attributes: BTreeMap<String, String> }

    /// `GetServiceAttributes`.
    #[derive(Eq)]
    GetServiceAttributesRequest { service_id: String }

    /// The answer of `GetServiceAttributes`.
    #[derive(Eq)]
    GetServiceAttributesAnswer { service_attributes: ServiceAttributes }

    /// The attributes of a Cloud Map service itself.
    #[derive(Eq)]
    ServiceAttributes {
        service_arn: String,
        resource_owner: Option<String>,
        attributes: BTreeMap<String, String>,
    }

    /// `DeleteServiceAttributes`.
    #[derive(Eq)]
    DeleteServiceAttributesRequest { service_id: String, attributes: Vec<String> }

    /// `GetInstance`.
    #[derive(Eq)]
    GetInstanceRequest { service_id: String, instance_id: String }

    /// The answer of `GetInstance`.
    #[derive(Eq)]
    GetInstanceAnswer { resource_owner: Option<String>, instance: Instance }

    /// `DiscoverInstances`; `NamespaceName` is the `HttpName`.
    #[derive(Eq)]
    DiscoverInstancesRequest {
        namespace_name: String,
        service_name: String,
        max_results: Option<u32>,
        query_parameters: Option<BTreeMap<String, String>>,
        optional_parameters: Option<BTreeMap<String, String>>,
        health_status: Option<String>,
        owner_account: Option<String>,
    }

    /// The answer of `DiscoverInstances`.
    #[derive(Eq)]
    DiscoverInstancesAnswer { instances: Vec<HttpInstanceSummary>, instances_revision: u64 }

    /// One instance that was found.
    #[derive(Eq)]
    HttpInstanceSummary {
        instance_id: String,
        namespace_name: String,
        service_name: String,
        health_status: String,
        attributes: BTreeMap<String, String>,
    }

    /// `TagResource`.
    #[derive(Eq)]
    TagResourceRequest { #[serde(rename = "ResourceARN")] resource_arn: String, tags: Vec<Tag> }

    /// `UntagResource`.
    #[derive(Eq)]
    UntagResourceRequest { #[serde(rename = "ResourceARN")] resource_arn: String, tag_keys: Vec<String> }

    /// `ListTagsForResource`.
    #[derive(Eq)]
    ListTagsForResourceRequest { #[serde(rename = "ResourceARN")] resource_arn: String }

    /// The answer of `ListTagsForResource`.
    #[derive(Eq)]
    ListTagsForResourceAnswer { tags: Vec<Tag> }

    /// An answer without members.
    #[derive(Eq)]
    EmptyAnswer {}
}
