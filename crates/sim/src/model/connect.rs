//! From a `serviceConnectConfiguration` as sent to what ECS makes of it: namespace, names, aliases.
//!
//! Invariants: a service never makes a namespace; a name that another ECS service holds is refused at once
//! and the old configuration keeps running (copilot#4337); the application protocol, the transport and the
//! owner of a name never change (roadmap#2378). Nothing is written here: an endpoint whose Cloud Map
//! service is yet to be made has an empty id until its deployment starts.

use std::sync::Arc;

use super::connect_rules::{check_configuration, discovery_name, the_alias};
use super::{Connect, EcsServiceKey, Endpoint, Model, NamedPort, TaskDefinition};
use crate::shapes::ApiError;
use crate::shapes::ecs::{ServiceConnectConfiguration, ServiceConnectService};

/// GR:ecs-service: Service Connect services in one namespace; not adjustable.
const SERVICES_PER_NAMESPACE: usize = 300;

/// What a service asks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) key: &'a EcsServiceKey,
    pub(super) config: &'a ServiceConnectConfiguration,
    pub(super) task_definition: &'a TaskDefinition,
    /// What the service has now, if it is in a namespace.
    pub(super) current: Option<&'a Arc<Connect>>,
    /// Whether the configuration is the service's own, unchanged: then its namespace stays.
    pub(super) unchanged: bool,
}

impl Model {
    /// Resolves a configuration; `None` when it switches Service Connect off.
    pub(super) fn resolve(&self, asked: &Asked<'_>) -> Result<Option<Arc<Connect>>, ApiError> {
        // `enabled:false` needs no other member and makes everything else meaningless.
        if !asked.config.enabled {
            return Ok(None);
        }
        let (namespace, given) = self.connect_namespace(asked)?;
        check_configuration(asked.config, asked.task_definition)?;
        let members = self.members.get(&namespace);
        let full = members.is_some_and(|members| {
            members.len() >= SERVICES_PER_NAMESPACE && !members.contains(asked.key)
        });
        if full {
            let text = format!(
                "The namespace {given} has reached the limit of {SERVICES_PER_NAMESPACE} services."
            );
            return Err(ApiError::invalid_parameter(text));
        }
        let mut endpoints = Vec::new();
        for entry in asked.config.services.iter().flatten() {
            endpoints.push(self.endpoint(asked, &namespace, entry)?);
        }
        let sent = ServiceConnectConfiguration { namespace: Some(given), ..asked.config.clone() };
        let echoed = self.echo(&sent, &namespace, &endpoints, asked.task_definition);
        let (echoed, sent) = (Arc::new(echoed), Arc::new(sent));
        Ok(Some(Arc::new(Connect { namespace, echoed, sent, endpoints })))
    }

    /// The namespace's id, and the form in which it is echoed: the one given.
    fn connect_namespace(&self, asked: &Asked<'_>) -> Result<(String, String), ApiError> {
        let stays = asked.unchanged || !self.switches.update_takes_cluster_default;
        let keeps = asked.unchanged || asked.config.namespace.is_none();
        if let Some(current) = asked.current.filter(|_| stays && keeps) {
            let given = current.sent.namespace.clone().unwrap_or_default();
            return Ok((current.namespace.clone(), given));
        }
        let named = asked.config.namespace.clone().filter(|name| !name.is_empty());
        let default = || self.default_namespace(asked.key);
        // DG: the cluster's default is used when the service names none; neither: refused (preflight).
        let given = named.or_else(|| default().map(|default| default.given.clone()));
        let given = given.ok_or_else(|| ApiError::invalid_parameter("Namespace is missing"))?;
        let by_default = asked.config.namespace.is_none();
        let found = match default().filter(|_| by_default) {
            Some(default) => self.namespaces.get(&default.id).filter(|each| each.is_there()),
            None => self.namespace(&given),
        };
        let Some(namespace) = found else {
            let text = format!("Failed to retrieve namespace for {given}");
            return Err(ApiError::new("NamespaceNotFoundException", text));
        };
        namespace.check_permission(&self.arns.account)?;
        Ok((namespace.id.clone(), given))
    }

    fn endpoint(
        &self,
        asked: &Asked<'_>,
        namespace: &str,
        entry: &ServiceConnectService,
    ) -> Result<Endpoint, ApiError> {
        let name = discovery_name(entry).to_owned();
        let port = asked.task_definition.port(&entry.port_name);
        let port = port.expect("the configuration was checked against this task definition");
        let cloud_map = self.holder(asked.key, namespace, &name, port)?;
        let alias = self.alias(entry, namespace, &name)?;
        if self.switches.alias_collision_refused {
            self.check_collision(asked.key, namespace, &name, &alias)?;
        }
        Ok(Endpoint {
            port_name: entry.port_name.clone(),
            discovery_name: name,
            cloud_map: cloud_map.unwrap_or_default(),
            alias,
            container_port: port.container_port,
        })
    }

    /// What clients will call: the alias, with `<discoveryName>.<namespace>` where it names nothing
    /// (API:ServiceConnectClientAlias).
    fn alias(
        &self,
        entry: &ServiceConnectService,
        namespace: &str,
        discovery_name: &str,
    ) -> Result<(String, u32), ApiError> {
        let name = self.namespaces.get(namespace).map_or("", |each| each.name.as_str());
        let default = || format!("{discovery_name}.{name}");
        let alias = the_alias(entry)?;
        Ok((alias.dns_name.clone().unwrap_or_else(default), alias.port))
    }

    /// The Cloud Map service of that name, if it is this ECS service's own.
    fn holder(
        &self,
        key: &EcsServiceKey,
        namespace: &str,
        name: &str,
        port: &NamedPort,
    ) -> Result<Option<String>, ApiError> {
        let place = (namespace.to_owned(), name.to_owned());
        let found = self.cloud_map_names.get(&place).and_then(|id| self.cloud_map.get(id));
        let Some(found) = found else { return Ok(None) };
        let Some(owner) = found.owner.as_ref().filter(|owner| owner.key == *key) else {
            // The text names the namespace and not the holder (copilot#4337).
            let text = format!("SC service is already used by {}", self.namespace_arn(namespace));
            return Err(ApiError::invalid_parameter(text));
        };
        if owner.app_protocol == port.app_protocol && owner.protocol == port.protocol {
            return Ok(Some(found.id.clone()));
        }
        let stable = |app: Option<&str>, transport: &str| {
            let app = app.unwrap_or("tcp");
            let arn = &owner.arn;
            format!(
                "ScServiceStableConfig(applicationProtocol={app}, transportProtocol={transport}, ecsServiceArn={arn})"
            )
        };
        let text = format!(
            "The following config cannot be changed for a SC service. Previous config: {}, current config: {}",
            stable(owner.app_protocol.as_deref(), &owner.protocol),
            stable(port.app_protocol.as_deref(), &port.protocol),
        );
        Err(ApiError::invalid_parameter(text))
    }

    fn check_collision(
        &self,
        key: &EcsServiceKey,
        namespace: &str,
        name: &str,
        alias: &(String, u32),
    ) -> Result<(), ApiError> {
        let others =
            self.members.get(namespace).into_iter().flatten().filter(|other| *other != key);
        let deployments =
            others.filter_map(|other| self.service(other)).flat_map(|each| &each.deployments);
        let mut endpoints = deployments.flat_map(super::Deployment::endpoints);
        let taken = endpoints.any(|each| each.alias == *alias && each.discovery_name != name);
        if taken {
            let (dns_name, port) = alias;
            let text =
                format!("The client alias {dns_name}:{port} is already used in the namespace.");
            return Err(ApiError::invalid_parameter(text));
        }
        Ok(())
    }
}
