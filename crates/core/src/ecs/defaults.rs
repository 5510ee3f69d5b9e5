//! What the defaults of a configuration depend on.

use super::connect::Connect;
use super::name::{NamespaceId, NamespaceRef, PortName};
use super::namespace::Namespace;
use super::task_definition::{PortMapping, TaskDefinition};

/// What the defaults of a configuration depend on.
#[derive(Debug, Clone, Copy)]
pub struct Defaults<'a> {
    /// The namespaces of the account and region.
    pub namespaces: &'a [Namespace],
    /// The cluster's default namespace.
    pub default_namespace: Option<&'a NamespaceRef>,
    /// The task definition in force, if it has been read.
    pub task_definition: Option<&'a TaskDefinition>,
}

impl<'a> Defaults<'a> {
    /// The namespace that a reference means. ECS reads a name as Cloud Map's `HttpName`. If there is none, it is the
    /// only namespace of that name; two namespaces of one name mean none.
    pub fn resolve(&self, reference: &NamespaceRef) -> Option<&'a Namespace> {
        match reference {
            NamespaceRef::Id(id) | NamespaceRef::Arn(_, id) => {
                self.namespaces.iter().find(|n| n.id == *id)
            }
            NamespaceRef::Name(name) => {
                let by_http_name = self.namespaces.iter().find(|n| n.http_name == *name);
                let mut by_name = self.namespaces.iter().filter(|n| n.name == *name);
                let only = by_name.next().filter(|_| by_name.next().is_none());
                by_http_name.or(only)
            }
        }
    }

    /// The namespace of a configuration, the cluster's default where it names none.
    pub fn namespace_of(&self, connect: &Connect) -> Option<&'a Namespace> {
        self.resolve(connect.namespace.as_ref().or(self.default_namespace)?)
    }

    /// Whether a configuration is one in that namespace.
    pub(crate) fn is_in(&self, connect: &Connect, namespace: &NamespaceId) -> bool {
        self.namespace_of(connect).is_some_and(|found| found.id == *namespace)
    }

    /// The mapping a port name means.
    pub fn port(&self, name: &PortName) -> Option<&'a PortMapping> {
        self.task_definition?.ports.iter().find(|port| port.name.as_ref() == Some(name))
    }
}
