//! The SDK's types to core's and back: total, both ways, no decision.
//!
//! An answer that lacks a member is read in the way that makes us do least; each such choice is explained
//! where it is made. An empty list is an absent one, as ECS itself treats them.

pub(crate) mod connect;
pub(crate) mod other;
pub(crate) mod service;

use aws_smithy_types::DateTime;
use eastwest_core::time::AwsTime;

/// A moment as AWS wrote it; `absent` where it wrote none.
pub(crate) fn time(moment: Option<DateTime>, absent: AwsTime) -> AwsTime {
    moment.map_or(absent, |moment| {
        let beyond = if moment.secs() < 0 { i64::MIN } else { i64::MAX };
        AwsTime(moment.to_millis().unwrap_or(beyond))
    })
}
