//! The truth a test asks for: can the running tasks of one service call a name, and if not, what would help.
//!
//! Invariants: the answer follows from what tasks really know (the endpoint list of their deployment), not
//! from what configurations say now. It is `ok` only when every running task of the caller gets through.
//! A name that was given up and made again is a new endpoint: tasks know the Cloud Map service, not its name.

use std::collections::BTreeSet;

use super::{Connect, Deployment, EcsServiceKey, EndpointList, Model, SeenEndpoint};
use crate::model::records::Reach;

/// What a client calls.
#[derive(Debug, Clone, Copy)]
struct Target<'a> {
    name: &'a str,
    port: u32,
}

impl Model {
    /// Whether the running tasks of `from` (`cluster/service`) can call that name on that port.
    pub fn reach(&self, from: &str, name: &str, port: u32) -> Reach {
        match self.try_reach(from, name, port) {
            Ok(why) => Reach { ok: true, why },
            Err(why) => Reach { ok: false, why },
        }
    }

    fn try_reach(&self, from: &str, name: &str, port: u32) -> Result<String, String> {
        let key = EcsServiceKey::parse(from);
        let service = self.service(&key).ok_or_else(|| format!("{key} does not exist."))?;
        if service.running() == 0 {
            return Err(format!(
                "{key} has no running tasks: scale it out, or wait for its rollout."
            ));
        }
        let mut way = String::new();
        for deployment in &service.deployments {
            let running = deployment.tasks.iter().filter(|task| task.started_at.is_some());
            let lists: BTreeSet<usize> = running.map(|task| task.list).collect();
            for list in lists {
                way = self.reach_from(&key, deployment, list, Target { name, port })?;
            }
        }
        Ok(way)
    }

    fn reach_from(
        &self,
        key: &EcsServiceKey,
        deployment: &Deployment,
        list: usize,
        target: Target<'_>,
    ) -> Result<String, String> {
        let Target { name, port } = target;
        let id = &deployment.id;
        let connect = deployment
            .connect()
            .ok_or_else(|| format!("Service Connect is off in {key} ({id}): switch it on."))?;
        let empty = EndpointList::new();
        let list = deployment.lists.get(list).map_or(&empty, |list| list.as_ref());
        let known = list.iter().filter(|seen| seen.dns_name == name && seen.port == port);
        let known: Vec<&SeenEndpoint> = known.collect();
        if known.is_empty() {
            return Err(self.why_unknown(key, deployment, connect, target));
        }
        let served = known.iter().find_map(|seen| self.server_of(seen));
        served.map(|server| format!("{name}:{port} is served by {server}.")).ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|seen| seen.discovery_name.as_str()).collect();
            format!(
                "{key} ({id}) knows {name}:{port} as {}, which no running task serves any more: if it was created again, redeploy {key}; else start its server.",
                names.join(", ")
            )
        })
    }

    /// The ECS service whose running tasks serve that endpoint.
    fn server_of(&self, seen: &SeenEndpoint) -> Option<&EcsServiceKey> {
        let owner = self.cloud_map.get(&seen.cloud_map)?.owner.as_ref()?;
        let service = self.service(&owner.key)?;
        let serves = |each: &Deployment| {
            each.running() > 0
                && each.endpoints().iter().any(|endpoint| {
                    endpoint.cloud_map == seen.cloud_map
                        && endpoint.alias.0 == seen.dns_name
                        && endpoint.alias.1 == seen.port
                })
        };
        service.deployments.iter().any(serves).then_some(&owner.key)
    }

    /// Why a deployment does not know a name: no service serves it, or it was added later.
    fn why_unknown(
        &self,
        key: &EcsServiceKey,
        deployment: &Deployment,
        connect: &Connect,
        target: Target<'_>,
    ) -> String {
        let Target { name, port } = target;
        let offers = |each: &&Deployment| {
            let mut aliases = each.endpoints().iter().map(|endpoint| &endpoint.alias);
            aliases.any(|alias| alias.0 == name && alias.1 == port)
        };
        let here = self.members.get(&connect.namespace).into_iter().flatten();
        let server = here.filter_map(|other| {
            let service = self.service(other)?;
            service.deployments.iter().find(offers).map(|found| (other, found))
        });
        let id = &deployment.id;
        match server.into_iter().next() {
            Some((server, found)) if !found.completed_once => format!(
                "{server} is still rolling out {name}:{port}, and {key} ({id}) began before it exists: redeploy {key} once {server} has completed."
            ),
            Some((server, _)) => format!(
                "{key} ({id}) was deployed before {server} offered {name}:{port}: redeploy {key}."
            ),
            None => format!(
                "No service in the namespace of {key} offers {name}:{port}: give a server that alias, or put both into one namespace."
            ),
        }
    }
}
