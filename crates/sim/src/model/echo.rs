//! A configuration as `DescribeServices` shows it.
//!
//! Invariant: whatever [`Echoes`] says, the answer means what was sent, and a member without a default comes back
//! as it was sent. AWS's own tutorial shows an entry without `discoveryName` and `dnsName` where none were sent, and
//! `secretOptions: []` where none was; other captures show defaults filled in.

use serde_json::{Value, json};

use super::{Echo, Echoes, EmptyLists, Endpoint, Model, NamespaceEcho, TaskDefinition};
use crate::shapes::ecs::{
    LogConfiguration, ServiceConnectConfiguration, ServiceConnectService, TimeoutConfiguration,
};

/// What an endpoint's defaults depend on.
struct Defaults<'a> {
    echo: &'a Echoes,
    endpoint: &'a Endpoint,
    /// The namespace's name.
    namespace: &'a str,
    definition: &'a TaskDefinition,
}

impl Model {
    /// The form in which AWS gives a configuration back. `id` is that of its namespace.
    pub(super) fn echo(
        &self,
        sent: &ServiceConnectConfiguration,
        id: &str,
        endpoints: &[Endpoint],
        definition: &TaskDefinition,
    ) -> ServiceConnectConfiguration {
        let echo = &self.switches.echo;
        let mut echoed = sent.clone();
        echoed.namespace = self.echoed_namespace(id).or(echoed.namespace);
        let namespace = self.namespaces.get(id).map_or("", |namespace| namespace.name.as_str());
        for (entry, endpoint) in echoed.services.iter_mut().flatten().zip(endpoints) {
            Defaults { echo, endpoint, namespace, definition }.show(entry);
        }
        if let Some(logs) = &mut echoed.log_configuration {
            show_logs(logs, echo);
        }
        if let Some(logs) = &mut echoed.access_log_configuration {
            let default = || "DISABLED".to_owned();
            show(&mut logs.include_query_parameters, echo.query_parameters, default());
        }
        if echo.empty_lists == EmptyLists::All {
            echoed.services.get_or_insert_default();
        }
        if echo.reordered {
            echoed.services.iter_mut().for_each(|entries| entries.reverse());
        }
        if echo.unknown_members {
            add_unknown(&mut echoed);
        }
        echoed
    }

    /// The form in which the namespace comes back; `None`: the one it was given in.
    fn echoed_namespace(&self, id: &str) -> Option<String> {
        let namespace = self.namespaces.get(id)?;
        match self.switches.echo.namespace {
            NamespaceEcho::AsSent => None,
            NamespaceEcho::Arn => Some(namespace.arn.clone()),
            NamespaceEcho::HttpName => Some(namespace.http_name.clone()),
            NamespaceEcho::Name => {
                let mut others = self.namespaces.values().filter(|other| other.id != id);
                let name = &namespace.name;
                let is_meant = others.all(|other| other.name != *name && other.http_name != *name);
                is_meant.then(|| name.clone())
            }
        }
    }
}

impl Defaults<'_> {
    fn show(&self, entry: &mut ServiceConnectService) {
        let Self { echo, endpoint, .. } = self;
        show(&mut entry.discovery_name, echo.discovery_name, endpoint.port_name.clone());
        self.show_aliases(entry);
        self.show_timeout(entry);
        if self.definition.network_mode.as_deref() == Some("awsvpc") {
            // API:ServiceConnectService: in awsvpc the container's port; else one that nobody knows before.
            show(&mut entry.ingress_port_override, echo.ingress_port, endpoint.container_port);
        }
        if echo.empty_lists == EmptyLists::All {
            entry.client_aliases.get_or_insert_default();
        }
    }

    fn show_aliases(&self, entry: &mut ServiceConnectService) {
        let host = format!("{}.{}", self.endpoint.discovery_name, self.namespace);
        let standing = entry.client_aliases.iter().flatten().next();
        let is_default = standing.is_none_or(|alias| {
            alias.port == self.endpoint.container_port
                && alias.dns_name.as_ref().is_none_or(|name| *name == host)
                && alias.test_traffic_rules.is_none()
        });
        if self.echo.default_alias_left_out && is_default {
            entry.client_aliases = None;
        }
        for alias in entry.client_aliases.iter_mut().flatten() {
            show(&mut alias.dns_name, self.echo.dns_name, host.clone());
        }
    }

    /// API:TimeoutConfiguration: idle 300 s, and 3,600 s for TCP; 15 s for one request, none for TCP.
    fn show_timeout(&self, entry: &mut ServiceConnectService) {
        let port = self.definition.port(&entry.port_name);
        let is_tcp = port.is_some_and(|port| port.app_protocol.is_none());
        let timeout = entry.timeout.get_or_insert_default();
        let idle = if is_tcp { 3600 } else { 300 };
        show(&mut timeout.idle_timeout_seconds, self.echo.timeout, idle);
        if !is_tcp {
            show(&mut timeout.per_request_timeout_seconds, self.echo.timeout, 15);
        }
        if *timeout == TimeoutConfiguration::default() {
            entry.timeout = None;
        }
    }
}

/// One member with a default.
fn show<T: PartialEq>(member: &mut Option<T>, echo: Echo, default: T) {
    match echo {
        Echo::AsSent => {}
        Echo::Filled => drop(member.get_or_insert(default)),
        Echo::LeftOut => *member = member.take().filter(|value| *value != default),
    }
}

fn show_logs(logs: &mut LogConfiguration, echo: &Echoes) {
    if echo.empty_lists != EmptyLists::Absent {
        logs.secret_options.get_or_insert_default();
    }
    if echo.empty_lists == EmptyLists::All {
        logs.options.get_or_insert_with(|| json!({}));
    }
    if echo.reordered {
        logs.secret_options.iter_mut().for_each(|options| options.reverse());
    }
}

/// Members that no model has yet, on every level where one could come.
fn add_unknown(echoed: &mut ServiceConnectConfiguration) {
    echoed.container_configurations = Some(json!([{"containerName": "app"}]));
    for entry in echoed.services.iter_mut().flatten() {
        let aliases = entry.client_aliases.iter_mut().flatten();
        let rules = aliases.filter_map(|alias| alias.test_traffic_rules.as_mut());
        for raw in entry.tls.iter_mut().chain(rules).filter_map(Value::as_object_mut) {
            raw.insert("newer".to_owned(), json!("than its reader"));
        }
    }
}
