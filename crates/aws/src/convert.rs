//! The SDK's types to core's and back: total, both ways, no decision.
//!
//! An answer that lacks a member is read in the way that makes us do least; each such choice is explained
//! where it is made. An empty list is an absent one, as ECS itself treats them.

pub(crate) mod connect;
pub(crate) mod other;
pub(crate) mod service;
pub(crate) mod task;

use aws_smithy_types::DateTime;
use eastwest_core::ecs::time::AwsTime;

/// A moment as AWS wrote it, `absent` where it wrote none. On the wire it is seconds with a fraction, which as a
/// double falls a little short of its milliseconds: it is rounded, not cut off.
pub(crate) fn time(moment: Option<DateTime>, absent: AwsTime) -> AwsTime {
    moment.map_or(absent, |moment| {
        let fraction = (moment.subsec_nanos() + 500_000) / 1_000_000;
        AwsTime(moment.secs().saturating_mul(1000).saturating_add(fraction.into()))
    })
}
