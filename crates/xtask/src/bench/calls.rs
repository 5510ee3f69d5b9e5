//! What the simulator counted: every call of AWS's API, whoever made it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::Result;

use super::http::{self, Request};

/// What a sweep calls.
pub(crate) const SWEEP: [&str; 2] = ["ecs.ListServices", "ecs.DescribeServices"];

/// Sets the counts back to zero.
pub(crate) fn forget_calls(simulator: SocketAddr) -> Result<()> {
    http::once(simulator, &Request::json("DELETE", "/_sim/calls", ""))?;
    Ok(())
}

/// How often services were listed or described since then.
pub(crate) fn sweep_calls(simulator: SocketAddr) -> Result<u64> {
    let calls = calls(simulator)?;
    Ok(SWEEP.iter().filter_map(|key| calls.get(*key)).sum())
}

/// How often each operation was called since then, by API and operation.
pub(crate) fn calls(simulator: SocketAddr) -> Result<BTreeMap<String, u64>> {
    let calls = http::json(simulator, &Request::json("GET", "/_sim/calls", ""))?;
    let members = calls.as_object().into_iter().flatten();
    Ok(members.filter_map(|(key, count)| Some((key.clone(), count.as_u64()?))).collect())
}
