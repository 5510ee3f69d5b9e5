//! Which endpoints exist, which of them a deployment's tasks know, and when a name is given up.
//!
//! Invariants: a client's list is made when its deployment is created, from the endpoints of its namespace
//! that exist at that instant, and never changes (DG:service-connect-concepts-deploy). An endpoint is
//! carried by its server's deployments: it exists while one of them does, whether tasks run or not. ECS
//! removes a Cloud Map service of its own once no deployment refers to it and some time has passed; how
//! much is not documented, hence a switch.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;

use super::records::EndpointOwner;
use super::records::Event;
use super::{
    Connect, Deployment, EcsServiceKey, EndpointExists, EndpointList, Model, SeenEndpoint,
    TaskDefinition,
};

impl Model {
    /// The list that a deployment created now gets; `own` is the service's configuration in it.
    pub(super) fn endpoint_list(&self, connect: Option<&Connect>) -> Arc<EndpointList> {
        let Some(connect) = connect else { return Arc::default() };
        let mut list = EndpointList::new();
        for key in self.members.get(&connect.namespace).into_iter().flatten() {
            let Some(service) = self.service(key) else { continue };
            let existing = service.deployments.iter().filter(|each| self.exists(each));
            list.extend(existing.flat_map(|each| seen(each.connect(), &connect.namespace)));
        }
        if self.switches.own_endpoint_in_first_snapshot {
            list.extend(seen_of(connect));
        }
        Arc::new(list)
    }

    /// Whether a server's deployment brings its endpoints into existence.
    fn exists(&self, deployment: &Deployment) -> bool {
        match self.switches.endpoint_exists {
            EndpointExists::AtCreation => true,
            EndpointExists::AtCompletion => deployment.completed_once,
        }
    }

    /// Makes the Cloud Map services a configuration still lacks, each of type HTTP and tagged as ECS's own.
    pub(super) fn ensure_cloud_map(
        &mut self,
        key: &EcsServiceKey,
        connect: &Arc<Connect>,
        task_definition: &TaskDefinition,
    ) -> Arc<Connect> {
        let mut connect = connect.as_ref().clone();
        let namespace = connect.namespace.clone();
        for endpoint in &mut connect.endpoints {
            if endpoint.cloud_map.is_empty() {
                let port = task_definition.port(&endpoint.port_name);
                let owner = EndpointOwner {
                    key: key.clone(),
                    arn: self.arns.service(key),
                    app_protocol: port.and_then(|port| port.app_protocol.clone()),
                    protocol: port.map_or_else(|| "tcp".to_owned(), |port| port.protocol.clone()),
                };
                let name = endpoint.discovery_name.clone();
                endpoint.cloud_map =
                    self.insert_cloud_map_service(namespace.clone(), name, Some(owner));
                let name = &endpoint.discovery_name;
                let request = || json!({"Name": name, "NamespaceId": namespace, "Type": "HTTP"});
                self.announce_call_by_ecs("servicediscovery.CreateService", request);
            }
        }
        let ids = connect.endpoints.iter().map(|endpoint| endpoint.cloud_map.clone());
        let ids: Vec<String> = ids.collect();
        self.change(key).owned.extend(ids);
        Arc::new(connect)
    }

    /// Brings membership, instances and the names that are given up in line with a service's deployments.
    pub(super) fn settle_connect(&mut self, key: &EcsServiceKey) {
        self.sync_instances(key);
        let Some(service) = self.service(key) else { return };
        let connects = service.deployments.iter().filter_map(Deployment::connect);
        let namespaces: BTreeSet<String> = connects.map(|each| each.namespace.clone()).collect();
        let free: Vec<String> =
            service.owned.iter().filter(|id| !refers(&service.deployments, id)).cloned().collect();
        self.set_membership(key, &namespaces);
        let Some(seconds) = self.switches.leftover_seconds else { return };
        let at = self.now.plus_seconds(seconds);
        for id in free {
            let event = Event::CloudMapGone { id };
            if !self.queue.values().any(|queued| *queued == event) {
                self.schedule(at, event);
            }
        }
    }

    fn set_membership(&mut self, key: &EcsServiceKey, namespaces: &BTreeSet<String>) {
        for (namespace, members) in &mut self.members {
            if !namespaces.contains(namespace) {
                members.remove(key);
            }
        }
        for namespace in namespaces {
            self.members.entry(namespace.clone()).or_default().insert(key.clone());
        }
    }

    /// ECS removes its Cloud Map service, unless a deployment refers to it again.
    pub(super) fn cloud_map_gone(&mut self, id: &str) {
        let owner = self.cloud_map.get(id).and_then(|each| each.owner.clone());
        let Some(owner) = owner else { return };
        let used = self.service(&owner.key).is_some_and(|each| refers(&each.deployments, id));
        if used {
            return;
        }
        self.remove_cloud_map_service(id);
        self.announce_call_by_ecs("servicediscovery.DeleteService", || json!({"Id": id}));
        if self.services.contains_key(&owner.key) {
            self.change(&owner.key).owned.remove(id);
        }
    }
}

fn refers(deployments: &[Deployment], id: &str) -> bool {
    deployments.iter().flat_map(Deployment::endpoints).any(|endpoint| endpoint.cloud_map == id)
}

fn seen<'a>(
    connect: Option<&'a Arc<Connect>>,
    namespace: &'a str,
) -> impl Iterator<Item = SeenEndpoint> + 'a {
    let connect = connect.filter(move |connect| connect.namespace == namespace);
    connect.into_iter().flat_map(|connect| seen_of(connect))
}

fn seen_of(connect: &Connect) -> impl Iterator<Item = SeenEndpoint> + '_ {
    connect.endpoints.iter().map(|endpoint| {
        let (dns_name, port) = endpoint.alias.clone();
        SeenEndpoint {
            dns_name,
            port,
            discovery_name: endpoint.discovery_name.clone(),
            cloud_map: endpoint.cloud_map.clone(),
        }
    })
}
