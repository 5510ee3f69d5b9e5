//! Decides whether AWS would throttle a call, by the token buckets that AWS publishes.
//!
//! One bucket for each category and region, as ECS keeps them for each account and region; it
//! refills in virtual time. Every caller of the simulator draws on the same buckets, as every caller
//! in an account does.
//!
//! **Invariant:** a call that no published rate covers is never throttled. Cloud Map publishes rates
//! for the two discovery calls only, so its control plane is unlimited here; `StopServiceDeployment`
//! and `ContinueServiceDeployment` are in none of the ECS categories.
//!
//! **Invariant:** arithmetic is in whole thousandths of a token, so the same calls at the same times
//! always give the same answers.

use std::collections::BTreeMap;

use crate::shapes::Time;

/// A group of calls that share one bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// ECS: changes to services.
    ServiceModify,
    /// ECS: reads of services.
    ServiceRead,
    /// ECS: `ListServicesByNamespace`, alone in its bucket.
    ClusterServiceResourceRead,
    /// ECS: reads of service deployments.
    ServiceDeployment,
    /// ECS: reads of service revisions.
    ServiceRevisionRead,
    /// ECS: changes to clusters.
    ClusterModify,
    /// ECS: reads of clusters.
    ClusterRead,
    /// ECS: changes to tasks and container instances.
    ClusterResourceModify,
    /// ECS: reads of tasks and container instances.
    ClusterResourceRead,
    /// ECS: changes to task definitions.
    TaskDefinitionModify,
    /// ECS: reads of task definitions.
    TaskDefinitionRead,
    /// ECS: deletion of task definitions.
    TaskDefinitionDelete,
    /// ECS: changes of tags.
    TagModify,
    /// ECS: reads of tags.
    TagRead,
    /// Cloud Map: `DiscoverInstances`.
    DiscoverInstances,
    /// Cloud Map: `DiscoverInstancesRevision`.
    DiscoverInstancesRevision,
    /// SSM: `GetParameter`, `GetParameters` and `GetParametersByPath` together.
    GetParameter,
    /// SSM: `PutParameter`, `DescribeParameters` and the like.
    PutParameter,
}

/// How much a bucket holds and how fast it fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Calls that a full bucket allows at once.
    pub burst: u32,
    /// Calls a second that it allows for ever.
    pub per_second: u32,
}

/// The published rates: category, burst, refill a second, the calls in it.
///
/// ECS: "Request throttling for the Amazon ECS API", Amazon ECS API Reference. Cloud Map: "AWS Cloud
/// Map service quotas" (one number for the revisions, taken as both). SSM: "Parameter Store
/// throughput" at the default setting, which names no burst, so the bucket holds one second's worth.
const RATES: &[(Category, Rate, &[&str])] = &[
    (
        Category::ServiceModify,
        Rate { burst: 50, per_second: 5 },
        &["ecs.CreateService", "ecs.UpdateService", "ecs.DeleteService"],
    ),
    (
        Category::ServiceRead,
        Rate { burst: 100, per_second: 20 },
        &["ecs.ListServices", "ecs.DescribeServices"],
    ),
    (
        Category::ClusterServiceResourceRead,
        Rate { burst: 10, per_second: 1 },
        &["ecs.ListServicesByNamespace"],
    ),
    (
        Category::ServiceDeployment,
        Rate { burst: 50, per_second: 20 },
        &["ecs.ListServiceDeployments", "ecs.DescribeServiceDeployments"],
    ),
    (
        Category::ServiceRevisionRead,
        Rate { burst: 50, per_second: 20 },
        &["ecs.DescribeServiceRevisions"],
    ),
    (
        Category::ClusterModify,
        Rate { burst: 20, per_second: 1 },
        &[
            "ecs.CreateCluster",
            "ecs.DeleteCluster",
            "ecs.UpdateCluster",
            "ecs.UpdateClusterSettings",
            "ecs.PutClusterCapacityProviders",
        ],
    ),
    (
        Category::ClusterRead,
        Rate { burst: 50, per_second: 20 },
        &["ecs.ListClusters", "ecs.DescribeClusters"],
    ),
    (
        Category::ClusterResourceModify,
        Rate { burst: 100, per_second: 40 },
        &["ecs.RunTask", "ecs.StartTask", "ecs.StopTask"],
    ),
    (
        Category::ClusterResourceRead,
        Rate { burst: 100, per_second: 20 },
        &["ecs.ListTasks", "ecs.DescribeTasks"],
    ),
    (
        Category::TaskDefinitionModify,
        Rate { burst: 20, per_second: 1 },
        &["ecs.RegisterTaskDefinition", "ecs.DeregisterTaskDefinition"],
    ),
    (
        Category::TaskDefinitionRead,
        Rate { burst: 50, per_second: 20 },
        &[
            "ecs.DescribeTaskDefinition",
            "ecs.ListTaskDefinitions",
            "ecs.ListTaskDefinitionFamilies",
        ],
    ),
    (
        Category::TaskDefinitionDelete,
        Rate { burst: 5, per_second: 1 },
        &["ecs.DeleteTaskDefinitions"],
    ),
    (
        Category::TagModify,
        Rate { burst: 20, per_second: 10 },
        &["ecs.TagResource", "ecs.UntagResource"],
    ),
    (Category::TagRead, Rate { burst: 50, per_second: 20 }, &["ecs.ListTagsForResource"]),
    (
        Category::DiscoverInstances,
        Rate { burst: 2000, per_second: 1000 },
        &["servicediscovery.DiscoverInstances"],
    ),
    (
        Category::DiscoverInstancesRevision,
        Rate { burst: 3000, per_second: 3000 },
        &["servicediscovery.DiscoverInstancesRevision"],
    ),
    (
        Category::GetParameter,
        Rate { burst: 40, per_second: 40 },
        &["ssm.GetParameter", "ssm.GetParameters", "ssm.GetParametersByPath"],
    ),
    (
        Category::PutParameter,
        Rate { burst: 3, per_second: 3 },
        &["ssm.PutParameter", "ssm.DescribeParameters", "ssm.GetParameterHistory"],
    ),
];

impl Category {
    /// The category of a call such as `ecs.UpdateService`, with its rate; `None` if AWS publishes none.
    pub fn of(op: &str) -> Option<(Self, Rate)> {
        RATES
            .iter()
            .find(|(.., ops)| ops.contains(&op))
            .map(|(category, rate, _)| (*category, *rate))
    }
}

/// The buckets of one simulated account.
#[derive(Debug, Clone)]
pub struct Quotas {
    enforced: bool,
    buckets: BTreeMap<(Category, String), Bucket>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Thousandths of a token.
    level: u64,
    /// When `level` was right.
    at: Time,
}

impl Quotas {
    /// Quotas that let every call pass.
    pub fn off() -> Self {
        Self { enforced: false, buckets: BTreeMap::new() }
    }

    /// Quotas with every bucket full.
    pub fn enforced() -> Self {
        Self { enforced: true, buckets: BTreeMap::new() }
    }

    /// Whether a call is let through, at the cost of one token; a refused call costs none.
    pub fn take(&mut self, op: &str, region: &str, now: Time) -> bool {
        if !self.enforced {
            return true;
        }
        let Some((category, rate)) = Category::of(op) else { return true };
        let full = u64::from(rate.burst) * 1000;
        let bucket = self
            .buckets
            .entry((category, region.to_owned()))
            .or_insert(Bucket { level: full, at: now });
        bucket.refill(rate, full, now);
        match bucket.level.checked_sub(1000) {
            Some(left) => {
                bucket.level = left;
                true
            }
            None => false,
        }
    }
}

impl Bucket {
    fn refill(&mut self, rate: Rate, full: u64, now: Time) {
        // A thousandth of a second brings `per_second` thousandths of a token: no rounding.
        let gained = now.since_ms(self.at).saturating_mul(u64::from(rate.per_second));
        self.level = self.level.saturating_add(gained).min(full);
        self.at = self.at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Time = Time(1_700_000_000_000);

    fn later(ms: u64) -> Time {
        Time(START.0 + ms)
    }

    fn passed(quotas: &mut Quotas, op: &str, now: Time, tries: u32) -> u32 {
        (0..tries).map(|_| u32::from(quotas.take(op, "eu-west-1", now))).sum()
    }

    #[test]
    fn the_burst_passes_and_the_next_call_is_throttled() {
        let mut quotas = Quotas::enforced();
        assert_eq!(passed(&mut quotas, "ecs.UpdateService", START, 80), 50);
        assert_eq!(passed(&mut quotas, "ecs.ListServicesByNamespace", START, 80), 10);
        assert_eq!(passed(&mut quotas, "ssm.GetParametersByPath", START, 80), 40);
    }

    #[test]
    fn tokens_come_back_at_the_sustained_rate_in_virtual_time() {
        let mut quotas = Quotas::enforced();
        passed(&mut quotas, "ecs.UpdateService", START, 50);
        assert_eq!(passed(&mut quotas, "ecs.UpdateService", later(199), 1), 0);
        assert_eq!(passed(&mut quotas, "ecs.UpdateService", later(200), 5), 1);
        assert_eq!(passed(&mut quotas, "ecs.UpdateService", later(2_200), 50), 10);
        assert_eq!(passed(&mut quotas, "ecs.UpdateService", later(3_600_000), 99), 50);
    }

    #[test]
    fn calls_of_one_category_share_a_bucket_and_regions_do_not() {
        let mut quotas = Quotas::enforced();
        assert_eq!(passed(&mut quotas, "ecs.ListServices", START, 60), 60);
        assert_eq!(passed(&mut quotas, "ecs.DescribeServices", START, 60), 40);
        assert!(quotas.take("ecs.DescribeServices", "us-east-1", START));
    }

    #[test]
    fn what_aws_publishes_no_rate_for_is_never_throttled() {
        let mut quotas = Quotas::enforced();
        for op in ["servicediscovery.ListServices", "ecs.StopServiceDeployment", "ssm.Other"] {
            assert_eq!(passed(&mut quotas, op, START, 5000), 5000, "{op}");
        }
    }

    #[test]
    fn quotas_that_are_off_throttle_nothing() {
        assert_eq!(passed(&mut Quotas::off(), "ecs.UpdateService", START, 1000), 1000);
    }

    #[test]
    fn no_call_is_in_two_categories_and_none_is_missing_its_service() {
        let mut seen = std::collections::BTreeSet::new();
        for op in RATES.iter().flat_map(|(.., ops)| *ops) {
            assert!(seen.insert(op), "{op} twice");
            assert!(op.split_once('.').is_some(), "{op}");
        }
    }
}
