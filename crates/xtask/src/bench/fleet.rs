//! The services that the simulator starts with, as AWS's lists show them.

use std::net::SocketAddr;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::http::{self, Api};

/// As many as AWS lists in one answer.
pub(crate) const LIST_PAGE: u32 = 100;

/// Services of one cluster.
pub(crate) struct Fleet {
    /// The cluster's name.
    pub(crate) cluster: String,
    /// The ARNs of its first services, at most a page.
    pub(crate) arns: Vec<String>,
}

/// The first page of the first cluster that has services: few calls, because they count in AWS's rates.
pub(crate) fn some(simulator: SocketAddr) -> Result<Fleet> {
    let clusters = http::aws(simulator, Api::Ecs, "ListClusters", &json!({}))?;
    for cluster in strings(&clusters["clusterArns"]) {
        let asked = json!({ "cluster": cluster, "maxResults": LIST_PAGE });
        let arns = strings(&http::aws(simulator, Api::Ecs, "ListServices", &asked)?["serviceArns"]);
        if !arns.is_empty() {
            let cluster = cluster.rsplit('/').next().unwrap_or_default().to_owned();
            return Ok(Fleet { cluster, arns });
        }
    }
    bail!("the simulator was asked for services and has none")
}

/// The texts of a JSON list.
pub(crate) fn strings(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
}
