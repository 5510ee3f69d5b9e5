//! The one table of what the simulator can do: the operation, the method of the model, what must be there.
//!
//! **Invariant:** an operation that has no row does not exist on the wire; a row names exactly one
//! method of [`Model`], whose types say what the request and the answer look like.
//!
//! The required members are those of AWS's service models (botocore `service-2.json`), as far as the
//! model reads them.

use super::api::Api;
use super::request::{self, Ready};
use crate::model::Model;
use crate::shapes::ApiError;

/// One operation of one API.
pub(super) struct Operation {
    /// Such as `ecs.UpdateService`.
    pub(super) name: &'static str,
    /// The members without which AWS refuses the request.
    pub(super) required: &'static [&'static str],
    /// Reads a request's body.
    pub(super) read: fn(&[u8]) -> Result<Ready, ApiError>,
}

macro_rules! operations {
    ($( $kind:ident $name:literal => $method:ident [ $( $required:literal ),* ]; )*) => {
        &[ $( Operation {
            name: $name,
            required: &[ $( $required ),* ],
            read: |body| request::$kind(body, Model::$method),
        } ),* ]
    };
}

/// Every operation; `lagging` reads can be stale, `read`s cannot, `write`s and `act`s change the world.
#[rustfmt::skip]
const OPERATIONS: &[Operation] = operations! {
    lagging "ecs.DescribeServices" => describe_services ["services"];
    lagging "ecs.ListServices" => list_services [];
    write "ecs.UpdateService" => update_service [
        "service",
        "serviceConnectConfiguration.enabled",
        "serviceConnectConfiguration.services[].portName",
        "serviceConnectConfiguration.services[].clientAliases[].port",
        "serviceConnectConfiguration.logConfiguration.logDriver",
        "serviceConnectConfiguration.accessLogConfiguration.format"
    ];
    write "ecs.CreateService" => create_service [
        "serviceName",
        "deploymentController.type",
        "serviceConnectConfiguration.enabled",
        "serviceConnectConfiguration.services[].portName",
        "serviceConnectConfiguration.services[].clientAliases[].port",
        "serviceConnectConfiguration.logConfiguration.logDriver",
        "serviceConnectConfiguration.accessLogConfiguration.format"
    ];
    write "ecs.DeleteService" => delete_service ["service"];
    lagging "ecs.ListServicesByNamespace" => list_services_by_namespace ["namespace"];
    lagging "ecs.ListServiceDeployments" => list_service_deployments ["service"];
    lagging "ecs.DescribeServiceDeployments" => describe_service_deployments ["serviceDeploymentArns"];
    lagging "ecs.DescribeServiceRevisions" => describe_service_revisions ["serviceRevisionArns"];
    write "ecs.StopServiceDeployment" => stop_service_deployment ["serviceDeploymentArn"];
    write "ecs.ContinueServiceDeployment" => continue_service_deployment ["serviceDeploymentArn", "hookId"];
    read "ecs.DescribeTaskDefinition" => describe_task_definition ["taskDefinition"];
    read "ecs.ListTaskDefinitions" => list_task_definitions [];
    write "ecs.RegisterTaskDefinition" => register_task_definition ["family", "containerDefinitions"];
    write "ecs.DeregisterTaskDefinition" => deregister_task_definition ["taskDefinition"];
    read "ecs.DescribeClusters" => describe_clusters [];
    read "ecs.ListClusters" => list_clusters [];
    write "ecs.CreateCluster" => create_cluster ["serviceConnectDefaults.namespace"];
    write "ecs.UpdateCluster" => update_cluster ["cluster", "serviceConnectDefaults.namespace"];
    write "ecs.DeleteCluster" => delete_cluster ["cluster"];
    read "ecs.ListTasks" => list_tasks [];
    read "ecs.DescribeTasks" => describe_tasks ["tasks"];
    read "ecs.ListTagsForResource" => list_tags_for_resource ["resourceArn"];
    write "ecs.TagResource" => tag_resource ["resourceArn", "tags"];
    write "ecs.UntagResource" => untag_resource ["resourceArn", "tagKeys"];

    read "servicediscovery.ListNamespaces" => list_namespaces ["Filters[].Name", "Filters[].Values"];
    read "servicediscovery.GetNamespace" => get_namespace ["Id"];
    write "servicediscovery.CreateHttpNamespace" => create_http_namespace ["Name"];
    write "servicediscovery.CreatePrivateDnsNamespace" => create_private_dns_namespace ["Name", "Vpc"];
    write "servicediscovery.DeleteNamespace" => delete_namespace ["Id"];
    read "servicediscovery.GetOperation" => get_operation ["OperationId"];
    read "servicediscovery.ListOperations" => list_operations ["Filters[].Name", "Filters[].Values"];
    read "servicediscovery.ListServices" => list_cloud_map_services ["Filters[].Name", "Filters[].Values"];
    read "servicediscovery.GetService" => get_cloud_map_service ["Id"];
    write "servicediscovery.CreateService" => create_cloud_map_service ["Name"];
    write "servicediscovery.DeleteService" => delete_cloud_map_service ["Id"];
    write "servicediscovery.UpdateServiceAttributes" => update_service_attributes ["ServiceId", "Attributes"];
    read "servicediscovery.GetServiceAttributes" => get_service_attributes ["ServiceId"];
    write "servicediscovery.DeleteServiceAttributes" => delete_service_attributes ["ServiceId", "Attributes"];
    write "servicediscovery.RegisterInstance" => register_instance ["ServiceId", "InstanceId", "Attributes"];
    write "servicediscovery.DeregisterInstance" => deregister_instance ["ServiceId", "InstanceId"];
    read "servicediscovery.ListInstances" => list_instances ["ServiceId"];
    read "servicediscovery.GetInstance" => get_instance ["ServiceId", "InstanceId"];
    read "servicediscovery.DiscoverInstances" => discover_instances ["NamespaceName", "ServiceName"];
    read "servicediscovery.ListTagsForResource" => list_tags_for_cloud_map_resource ["ResourceARN"];
    write "servicediscovery.TagResource" => tag_cloud_map_resource ["ResourceARN", "Tags", "Tags[].Key", "Tags[].Value"];
    write "servicediscovery.UntagResource" => untag_cloud_map_resource ["ResourceARN", "TagKeys"];

    read "ssm.GetParameter" => get_parameter ["Name"];
    read "ssm.GetParameters" => get_parameters ["Names"];
    read "ssm.GetParametersByPath" => get_parameters_by_path ["Path"];
    read "ssm.GetParameterHistory" => get_parameter_history ["Name"];
    write "ssm.PutParameter" => put_parameter ["Name", "Value"];
    write "ssm.DeleteParameter" => delete_parameter ["Name"];

    write "events.PutRule" => put_rule ["Name"];
    read "events.DescribeRule" => describe_rule ["Name"];
    read "events.ListRules" => list_rules [];
    write "events.DeleteRule" => delete_rule ["Name"];
    write "events.EnableRule" => enable_rule ["Name"];
    write "events.DisableRule" => disable_rule ["Name"];
    write "events.PutTargets" => put_targets ["Rule", "Targets", "Targets[].Id", "Targets[].Arn"];
    write "events.RemoveTargets" => remove_targets ["Rule", "Ids"];
    read "events.ListTargetsByRule" => list_targets_by_rule ["Rule"];
    write "events.PutEvents" => put_events ["Entries"];
    read "events.TestEventPattern" => test_event_pattern ["EventPattern", "Event"];

    write "sqs.CreateQueue" => create_queue ["QueueName"];
    read "sqs.GetQueueUrl" => get_queue_url ["QueueName"];
    read "sqs.ListQueues" => list_queues [];
    read "sqs.GetQueueAttributes" => get_queue_attributes ["QueueUrl"];
    write "sqs.SetQueueAttributes" => set_queue_attributes ["QueueUrl", "Attributes"];
    write "sqs.PurgeQueue" => purge_queue ["QueueUrl"];
    write "sqs.DeleteQueue" => delete_queue ["QueueUrl"];
    write "sqs.SendMessage" => send_message ["QueueUrl", "MessageBody"];
    write "sqs.SendMessageBatch" => send_message_batch ["QueueUrl", "Entries", "Entries[].Id", "Entries[].MessageBody"];
    act "sqs.ReceiveMessage" => receive_message ["QueueUrl"];
    act "sqs.DeleteMessage" => delete_message ["QueueUrl", "ReceiptHandle"];
    write "sqs.DeleteMessageBatch" => delete_message_batch ["QueueUrl", "Entries", "Entries[].Id", "Entries[].ReceiptHandle"];
    act "sqs.ChangeMessageVisibility" => change_message_visibility ["QueueUrl", "ReceiptHandle", "VisibilityTimeout"];
    write "sqs.ChangeMessageVisibilityBatch" => change_message_visibility_batch ["QueueUrl", "Entries", "Entries[].Id", "Entries[].ReceiptHandle"];
};

impl Operation {
    /// The operation that an `X-Amz-Target` header names, if the simulator has it.
    pub(super) fn of_target(target: &str) -> Option<&'static Self> {
        let (api, operation) = Api::of_target(target)?;
        OPERATIONS.iter().find(|row| row.api() == api && row.short_name() == operation)
    }

    /// Whether there is an operation of this name, or `name` is `*` or one API's `ecs.*`.
    pub(super) fn is_known_pattern(name: &str) -> bool {
        match name.strip_suffix('*') {
            Some(prefix) => {
                prefix.is_empty()
                    || Api::ALL
                        .iter()
                        .any(|api| prefix.strip_prefix(api.signing_name()) == Some("."))
            }
            None => OPERATIONS.iter().any(|row| row.name == name),
        }
    }

    /// All names, in the order of the table.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        OPERATIONS.iter().map(|row| row.name)
    }

    /// The API it belongs to.
    pub(super) fn api(&self) -> Api {
        Api::of_op(self.name).expect("every name in the table starts with an API's signing name")
    }

    fn short_name(&self) -> &'static str {
        self.name.split_once('.').map_or(self.name, |(_, short)| short)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::{is_list, lags, names_missing};

    #[test]
    fn every_row_is_found_by_its_target_and_by_nothing_else() {
        for row in OPERATIONS {
            let target = format!("{}.{}", row.api().target_prefix(), row.short_name());
            let found = Operation::of_target(&target).map(|row| row.name);
            assert_eq!(found, Some(row.name));
        }
        assert!(Operation::of_target("AmazonSSM.ListServices").is_none());
        assert!(Operation::of_target("ListServices").is_none());
    }

    #[test]
    fn patterns_are_names_of_the_table_or_stars() {
        for known in ["*", "ecs.*", "servicediscovery.*", "sqs.*", "ecs.UpdateService"] {
            assert!(Operation::is_known_pattern(known), "{known}");
        }
        for unknown in ["", "ecs", "ecs*", "ecs.List*", "ecs.RunTask", "sns.*"] {
            assert!(!Operation::is_known_pattern(unknown), "{unknown}");
        }
    }

    #[test]
    fn what_faults_says_of_calls_is_true_of_the_table() {
        let count = |is: fn(&str) -> bool| Operation::names().filter(|name| is(name)).count();
        assert_eq!(count(lags), 6, "every call that lags has a row");
        assert_eq!(count(names_missing), 5, "every call with failures[] has a row");
        assert_eq!(count(is_list), 15, "every list has a row");
    }
}
