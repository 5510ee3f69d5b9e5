//! Every call this crate can make, in one table: its name, its IAM action, its token bucket, and whether
//! it reads or writes.
//!
//! **Invariant:** there is exactly one write to services, `ecs.UpdateService`. The other writes make what services
//! wait for and nothing else: a namespace, a task definition revision. Nothing is ever deleted.
//!
//! The calls themselves take their [`Operation`] from here, so the pace, the metrics, the faults and the
//! list of permissions cannot differ; a test makes every call fail and compares.

use crate::pace::Bucket;

/// Whether a call looks or changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It looks; it may be repeated.
    Read,
    /// It changes the world; it is made in one attempt.
    Write,
    /// It changes eastwest's own lease, in one attempt under a condition.
    Lead,
    /// It takes messages from eastwest's own queue, in one attempt: what is lost comes again.
    Consume,
    /// It tells people what needs them, in one attempt: what fails is told again by who decides that.
    Tell,
}

/// The IAM action of a call: its own name, unless another one is told.
macro_rules! action {
    ($api:literal $name:literal) => {
        concat!($api, ":", $name)
    };
    ($api:literal $name:literal $action:literal) => {
        concat!($api, ":", $action)
    };
}

macro_rules! operations {
    ($($variant:ident: $api:literal $name:literal $(($action:literal))? $bucket:ident $access:ident;)+) => {
        /// A call to AWS.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Operation {
            $(#[doc = concat!("`", $api, ".", $name, "`")] $variant,)+
        }

        /// The IAM actions that the calls need, and no other.
        pub const ACTIONS: &[&str] = &[$(action!($api $name $($action)?),)+];

        impl Operation {
            /// Every call.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Its API, which is also its IAM prefix: `ecs`.
            pub const fn api(self) -> &'static str {
                match self { $(Self::$variant => $api,)+ }
            }

            /// Its name within the API: `ListServices`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// How faults and logs call it: `ecs.ListServices`.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => concat!($api, ".", $name),)+ }
            }

            /// The IAM action it needs: `ecs:ListServices`.
            pub const fn action(self) -> &'static str {
                match self { $(Self::$variant => action!($api $name $($action)?),)+ }
            }

            /// The token bucket that AWS counts it in.
            pub const fn bucket(self) -> Bucket {
                match self { $(Self::$variant => Bucket::$bucket,)+ }
            }

            /// Whether it looks or changes.
            pub const fn access(self) -> Access {
                match self { $(Self::$variant => Access::$access,)+ }
            }
        }
    };
}

operations! {
    ListClusters:            "ecs" "ListClusters"              ClusterRead        Read;
    DescribeClusters:        "ecs" "DescribeClusters"          ClusterRead        Read;
    ListServices:            "ecs" "ListServices"              ServiceRead        Read;
    DescribeServices:        "ecs" "DescribeServices"          ServiceRead        Read;
    ListServicesByNamespace: "ecs" "ListServicesByNamespace"   NamespaceRead      Read;
    ListServiceDeployments:  "ecs" "ListServiceDeployments"    DeploymentRead     Read;
    DescribeDeployments:     "ecs" "DescribeServiceDeployments" DeploymentRead    Read;
    DescribeRevisions:       "ecs" "DescribeServiceRevisions"  RevisionRead       Read;
    DescribeTaskDefinition:  "ecs" "DescribeTaskDefinition"    TaskDefinitionRead Read;
    ListTasks:               "ecs" "ListTasks"                 ClusterResourceRead Read;
    DescribeTasks:           "ecs" "DescribeTasks"             ClusterResourceRead Read;
    UpdateService:           "ecs" "UpdateService"             ServiceModify      Write;
    RegisterTaskDefinition:  "ecs" "RegisterTaskDefinition"    TaskDefinitionModify Write;
    ListNamespaces:          "servicediscovery" "ListNamespaces" CloudMapRead     Read;
    ListCloudMapServices:    "servicediscovery" "ListServices"   CloudMapRead     Read;
    ListInstances:           "servicediscovery" "ListInstances"  CloudMapRead     Read;
    GetOperation:            "servicediscovery" "GetOperation"   CloudMapRead     Read;
    CreateHttpNamespace:     "servicediscovery" "CreateHttpNamespace" CloudMapModify Write;
    CreatePrivateDnsNamespace:
                             "servicediscovery" "CreatePrivateDnsNamespace" CloudMapModify Write;
    GetParameter:            "ssm" "GetParameter"              ParameterRead      Read;
    GetParametersByPath:     "ssm" "GetParametersByPath"       ParameterRead      Read;
    GetItem:                 "dynamodb" "GetItem"              LeaseTable         Read;
    PutItem:                 "dynamodb" "PutItem"              LeaseTable         Lead;
    ReceiveMessage:          "sqs" "ReceiveMessage"            Queue              Consume;
    DeleteMessages:          "sqs" "DeleteMessageBatch" ("DeleteMessage") Queue Consume;
    PutEvents:               "events" "PutEvents"            EventBus           Tell;
}

impl Operation {
    /// The call an API names so; `None` where it is none of ours.
    pub fn find(api: &str, name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|o| o.api() == api && o.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn all(access: Access) -> impl Iterator<Item = Operation> {
        Operation::ALL.iter().copied().filter(move |o| o.access() == access)
    }

    #[test]
    fn messages_are_received_and_deleted_and_nothing_else_is_consumed() {
        let consumed = [Operation::ReceiveMessage, Operation::DeleteMessages];
        assert_eq!(all(Access::Consume).collect::<Vec<_>>(), consumed);
        let actions = consumed.map(Operation::action);
        assert_eq!(actions, ["sqs:ReceiveMessage", "sqs:DeleteMessage"]);
    }

    #[test]
    fn there_is_exactly_one_write_to_services_and_three_make_what_services_wait_for() {
        let made = [
            Operation::RegisterTaskDefinition,
            Operation::CreateHttpNamespace,
            Operation::CreatePrivateDnsNamespace,
        ];
        let (of_prerequisites, of_services): (Vec<_>, Vec<_>) =
            all(Access::Write).partition(|o| made.contains(o));
        assert_eq!(of_services, [Operation::UpdateService]);
        assert_eq!(of_prerequisites, made);
    }

    #[test]
    fn a_lease_is_written_by_one_conditional_call() {
        assert_eq!(all(Access::Lead).collect::<Vec<_>>(), [Operation::PutItem]);
    }

    #[test]
    fn people_are_told_by_one_call_that_changes_nothing_of_theirs() {
        assert_eq!(all(Access::Tell).collect::<Vec<_>>(), [Operation::PutEvents]);
    }

    #[test]
    fn no_write_shares_its_bucket_with_a_read() {
        for write in all(Access::Write) {
            assert!(all(Access::Read).all(|o| o.bucket() != write.bucket()), "{}", write.id());
        }
    }

    #[test]
    fn the_write_to_services_waits_for_no_other_write() {
        let mut others = all(Access::Write).filter(|o| *o != Operation::UpdateService);
        assert!(others.all(|o| o.bucket() != Operation::UpdateService.bucket()));
    }

    #[test]
    fn actions_are_listed_once_each_in_the_order_of_the_table() {
        let actions: Vec<_> = Operation::ALL.iter().map(|o| o.action()).collect();
        assert_eq!(actions, ACTIONS);
        assert_eq!(ACTIONS.iter().collect::<BTreeSet<_>>().len(), ACTIONS.len());
    }

    #[test]
    fn a_call_is_found_by_api_and_name() {
        for operation in Operation::ALL {
            assert_eq!(Operation::find(operation.api(), operation.name()), Some(*operation));
        }
        assert_eq!(Operation::find("ecs", "DeleteService"), None);
    }
}
