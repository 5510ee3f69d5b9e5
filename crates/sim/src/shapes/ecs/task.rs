//! Task definitions and tasks.
//!
//! Invariant: a task definition is the JSON its author sent, whole; a typed copy would lose members newer
//! than this program, which is the very mistake CI tools make with `name` and `appProtocol`.
#![expect(
    missing_docs,
    reason = "members bear AWS's names and are described in AWS's API reference"
)]

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Attachment, Failure, Tag};
use crate::shapes::{Time, shapes};

/// `RegisterTaskDefinition`: the request as sent, with nothing dropped.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct RegisterTaskDefinitionRequest(pub Map<String, Value>);

shapes! { "camelCase";
    /// The answer of `RegisterTaskDefinition` and `DescribeTaskDefinition`.
    TaskDefinitionAnswer { task_definition: Option<Arc<Value>>, tags: Option<Vec<Tag>> }

    /// `DescribeTaskDefinition`.
    #[derive(Eq)]
    DescribeTaskDefinitionRequest { task_definition: String, include: Option<Vec<String>> }

    /// `ListTaskDefinitions`.
    #[derive(Eq)]
    ListTaskDefinitionsRequest {
        family_prefix: Option<String>,
        status: Option<String>,
        sort: Option<String>,
        next_token: Option<String>,
        max_results: Option<u32>,
    }

    /// The answer of `ListTaskDefinitions`.
    #[derive(Eq)]
    ListTaskDefinitionsAnswer { task_definition_arns: Vec<String>, next_token: Option<String> }

    /// `DeregisterTaskDefinition`.
    #[derive(Eq)]
    DeregisterTaskDefinitionRequest { task_definition: String }

    /// `ListTasks`.
    #[derive(Eq)]
    ListTasksRequest {
        cluster: Option<String>,
        family: Option<String>,
        next_token: Option<String>,
        max_results: Option<u32>,
        started_by: Option<String>,
        service_name: Option<String>,
        desired_status: Option<String>,
        launch_type: Option<String>,
    }

    /// The answer of `ListTasks`.
    #[derive(Eq)]
    ListTasksAnswer { task_arns: Vec<String>, next_token: Option<String> }

    /// `DescribeTasks`.
    #[derive(Eq)]
    DescribeTasksRequest { cluster: Option<String>, tasks: Vec<String>, include: Option<Vec<String>> }

    /// The answer of `DescribeTasks`.
    DescribeTasksAnswer { tasks: Vec<Task>, failures: Vec<Failure> }

    /// One task.
    Task {
        attachments: Vec<Attachment>,
        availability_zone: String,
        cluster_arn: String,
        connectivity: Option<String>,
        containers: Vec<Container>,
        cpu: Option<String>,
        created_at: Time,
        enable_execute_command: bool,
        desired_status: String,
        group: String,
        health_status: String,
        last_status: String,
        launch_type: Option<String>,
        memory: Option<String>,
        platform_version: Option<String>,
        started_at: Option<Time>,
        started_by: String,
        stop_code: Option<String>,
        stopped_at: Option<Time>,
        stopped_reason: Option<String>,
        tags: Option<Vec<Tag>>,
        task_arn: String,
        task_definition_arn: String,
        version: u64,
    }

    /// One container of a task; the proxy of Service Connect is one of them, without an image.
    #[derive(Eq)]
    Container {
        container_arn: String,
        task_arn: String,
        name: String,
        image: Option<String>,
        last_status: String,
        health_status: String,
        network_interfaces: Vec<NetworkInterface>,
    }

    /// Where a container is reached.
    #[derive(Eq)]
    NetworkInterface { attachment_id: String, private_ipv4_address: String }
}
