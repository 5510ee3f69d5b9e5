//! One AWS account in one region: the clients that its calls go through.
//!
//! Each verb adds what it can do in its own file; [`settings`](crate::settings) makes one.

use std::sync::Arc;
use std::time::Duration;

use eastwest_core::ecs::name::{BusName, ClusterName, TableName};
use eastwest_core::ecs::service::EcsService;

use crate::pace::Pace;

/// The longest that a call may wait for messages (SQS:ReceiveMessageRequest.WaitTimeSeconds), in seconds.
pub(crate) const WAIT_SECONDS: i32 = 20;

/// Says whether a change to a cluster may be sent now.
pub type MayWrite = Arc<dyn Fn(&ClusterName) -> bool + Send + Sync>;

/// Answers what is known of a service, if a reading of it says the same: a sweep then holds that in place of the reading.
pub type Unchanged = Arc<dyn Fn(&EcsService) -> Option<Arc<EcsService>> + Send + Sync>;

/// The table of leases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseTable {
    /// Its name or ARN.
    pub name: TableName,
    /// How long a call may take at most.
    pub patience: Duration,
}

/// The table of leases, and what its calls go through.
pub(crate) struct Leases {
    pub(crate) client: aws_sdk_dynamodb::Client,
    pub(crate) table: LeaseTable,
}

/// The bus on which people are told, and what its calls go through.
pub(crate) struct Bus {
    pub(crate) client: aws_sdk_eventbridge::Client,
    pub(crate) name: BusName,
}

/// One AWS account in one region.
pub struct World {
    pub(crate) ecs: aws_sdk_ecs::Client,
    /// The same API without a second attempt.
    pub(crate) ecs_writes: aws_sdk_ecs::Client,
    pub(crate) cloud_map: aws_sdk_servicediscovery::Client,
    /// The same API without a second attempt.
    pub(crate) cloud_map_writes: aws_sdk_servicediscovery::Client,
    pub(crate) ssm: aws_sdk_ssm::Client,
    /// Without a second attempt, and patient enough for a long poll.
    pub(crate) sqs: aws_sdk_sqs::Client,
    /// The table of leases, if there is one.
    pub(crate) leases: Option<Leases>,
    /// The bus on which people are told, if there is one.
    pub(crate) bus: Option<Bus>,
    /// Whether a change to a cluster may be sent now.
    pub(crate) may_write: MayWrite,
    /// What is known of a service, if a reading says the same.
    pub(crate) unchanged: Unchanged,
    /// The first pause while an operation is followed.
    pub(crate) first_pause: Duration,
    pub(crate) pace: Arc<Pace>,
    pub(crate) region: String,
}

impl World {
    /// The region all calls go to.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// From now on calls take the usual share of AWS's rates.
    pub fn first_look_is_over(&self) {
        self.pace.settle();
    }
}
