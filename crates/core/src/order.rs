//! In which order steps are taken: servers before the clients that need them.
//!
//! Tasks see only the endpoints that were there when their deployment began
//! (DG:service-connect-concepts-deploy), so a client rolled out before its server cannot call it. The order
//! of steps, together with a budget of one rollout for a namespace, gives each client its servers. A
//! cycle is cut where it is entered, in the order of keys.

use std::collections::{BTreeMap, BTreeSet};

use crate::name::{DiscoveryName, NamespaceId, ServiceKey};
use crate::plan::Candidate;

/// Every candidate, servers first, otherwise in the order of keys. Who is as it shall be is no candidate: it
/// waits for nobody, and nobody for it.
pub(crate) fn servers_first(candidates: &[Candidate<'_>]) -> Vec<ServiceKey> {
    let mut servers: BTreeMap<(&NamespaceId, &DiscoveryName), usize> = BTreeMap::new();
    for (at, candidate) in candidates.iter().enumerate() {
        let Some((namespace, connect)) = candidate.offers() else { continue };
        for discovery in connect.endpoints.iter().filter_map(|e| e.discovery_name.as_ref()) {
            servers.entry((namespace, discovery)).or_insert(at);
        }
    }
    let mut order = Vec::new();
    let mut visited = BTreeSet::new();
    for start in 0..candidates.len() {
        // Depth first with a stack of our own: a chain of needs may be as long as the fleet.
        let mut stack = vec![(start, false)];
        while let Some((at, servers_done)) = stack.pop() {
            if servers_done {
                order.push(candidates[at].service.key.clone());
                continue;
            }
            if !visited.insert(at) {
                continue;
            }
            stack.push((at, true));
            let candidate = &candidates[at];
            let needs = candidate.declaration.needs.iter().flatten().rev();
            let Some((namespace, _)) = candidate.offers() else { continue };
            stack.extend(
                needs.filter_map(|name| servers.get(&(namespace, name))).map(|&at| (at, false)),
            );
        }
    }
    order
}

#[cfg(test)]
mod tests;
