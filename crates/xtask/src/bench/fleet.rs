//! The services that the simulator starts with, as AWS's lists show them.

use std::net::SocketAddr;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::http::{self, Api};

/// As many as AWS lists in one answer.
pub(crate) const LIST_PAGE: u32 = 100;

/// The fullest cluster.
pub(crate) struct Fleet {
    /// Its name.
    pub(crate) cluster: String,
    /// The ARNs of its services.
    pub(crate) arns: Vec<String>,
}

/// Finds the fullest cluster of the simulator.
pub(crate) fn fullest(simulator: SocketAddr) -> Result<Fleet> {
    let clusters = http::aws(simulator, Api::Ecs, "ListClusters", &json!({}))?;
    let mut largest = Fleet { cluster: String::new(), arns: Vec::new() };
    for cluster in strings(&clusters["clusterArns"]) {
        let arns = services(simulator, &cluster)?;
        if arns.len() > largest.arns.len() {
            largest =
                Fleet { cluster: cluster.rsplit('/').next().unwrap_or_default().to_owned(), arns };
        }
    }
    if largest.arns.is_empty() {
        bail!("the simulator was asked for services and has none");
    }
    Ok(largest)
}

fn services(simulator: SocketAddr, cluster: &str) -> Result<Vec<String>> {
    let (mut arns, mut token) = (Vec::new(), Value::Null);
    loop {
        let mut body = json!({ "cluster": cluster, "maxResults": LIST_PAGE });
        if token.is_string() {
            body["nextToken"] = token;
        }
        let page = http::aws(simulator, Api::Ecs, "ListServices", &body)?;
        arns.extend(strings(&page["serviceArns"]));
        token = page["nextToken"].clone();
        if token.is_null() {
            return Ok(arns);
        }
    }
}

/// The texts of a JSON list.
pub(crate) fn strings(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
}
