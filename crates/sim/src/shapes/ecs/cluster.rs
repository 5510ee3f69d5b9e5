//! Clusters and tags: the shapes that carry no decision of Service Connect but the default namespace.
//!
//! Invariant: `settings`, `configuration` and capacity providers are stored and echoed raw.
#![expect(
    missing_docs,
    reason = "members bear AWS's names and are described in AWS's API reference"
)]

use serde_json::Value;

use crate::shapes::shapes;

shapes! { "camelCase";
    /// A tag; both members are what AWS calls them.
    #[derive(Eq)]
    Tag { key: String, value: String }

    /// A name and a value, as in attachments.
    #[derive(Eq)]
    KeyValuePair { name: String, value: String }

    /// Something that was asked for and is not there.
    #[derive(Eq)]
    Failure { arn: Option<String>, reason: Option<String>, detail: Option<String> }

    /// What hangs on a cluster or a task.
    #[derive(Eq)]
    Attachment { id: String, #[serde(rename = "type")] kind: String, status: String, details: Vec<KeyValuePair> }

    /// The namespace that new services of a cluster get when they name none.
    #[derive(Eq)]
    ClusterServiceConnectDefaults { namespace: Option<String> }

    /// A cluster in answers.
    Cluster {
        cluster_arn: String,
        cluster_name: String,
        configuration: Option<Value>,
        status: String,
        registered_container_instances_count: u32,
        running_tasks_count: u32,
        pending_tasks_count: u32,
        active_services_count: u32,
        statistics: Vec<KeyValuePair>,
        tags: Vec<Tag>,
        settings: Option<Value>,
        capacity_providers: Vec<Value>,
        default_capacity_provider_strategy: Vec<Value>,
        attachments: Option<Vec<Attachment>>,
        attachments_status: Option<String>,
        service_connect_defaults: Option<ClusterServiceConnectDefaults>,
    }

    /// `CreateCluster`.
    CreateClusterRequest {
        cluster_name: Option<String>,
        tags: Option<Vec<Tag>>,
        settings: Option<Value>,
        configuration: Option<Value>,
        capacity_providers: Option<Vec<Value>>,
        default_capacity_provider_strategy: Option<Vec<Value>>,
        service_connect_defaults: Option<ClusterServiceConnectDefaults>,
    }

    /// `UpdateCluster`.
    UpdateClusterRequest {
        cluster: String,
        settings: Option<Value>,
        configuration: Option<Value>,
        service_connect_defaults: Option<ClusterServiceConnectDefaults>,
    }

    /// The answer of `CreateCluster`, `UpdateCluster` and `DeleteCluster`.
    ClusterAnswer { cluster: Cluster }

    /// `DescribeClusters`.
    #[derive(Eq)]
    DescribeClustersRequest { clusters: Option<Vec<String>>, include: Option<Vec<String>> }

    /// The answer of `DescribeClusters`.
    DescribeClustersAnswer { clusters: Vec<Cluster>, failures: Vec<Failure> }

    /// `ListClusters`.
    #[derive(Eq)]
    ListClustersRequest { next_token: Option<String>, max_results: Option<u32> }

    /// The answer of `ListClusters`.
    #[derive(Eq)]
    ListClustersAnswer { cluster_arns: Vec<String>, next_token: Option<String> }

    /// `DeleteCluster`.
    #[derive(Eq)]
    DeleteClusterRequest { cluster: String }

    /// `TagResource`.
    #[derive(Eq)]
    TagResourceRequest { resource_arn: String, tags: Vec<Tag> }

    /// `UntagResource`.
    #[derive(Eq)]
    UntagResourceRequest { resource_arn: String, tag_keys: Vec<String> }

    /// `ListTagsForResource`.
    #[derive(Eq)]
    ListTagsForResourceRequest { resource_arn: String }

    /// The answer of `ListTagsForResource`.
    #[derive(Eq)]
    ListTagsForResourceAnswer { tags: Vec<Tag> }

    /// An answer without members (`TagResource`, `UntagResource`).
    #[derive(Eq)]
    EmptyAnswer {}
}
