//! Which deployed endpoint a declared one continues.

use crate::declaration::declared::EndpointDeclaration;
use crate::ecs::connect::Endpoint;
use crate::ecs::name::PortName;

/// The deployed endpoints that no declared one continues so far.
pub(super) struct Remaining<'e> {
    pub(super) endpoints: Vec<&'e Endpoint>,
    pub(super) declared: &'e [EndpointDeclaration],
}

impl<'e> Remaining<'e> {
    /// The deployed endpoint that a declared one continues: the one with the same port and the same name, else the first
    /// by name on the same port that no other declaration names.
    pub(super) fn take(
        &mut self,
        port: &PortName,
        wanted: &EndpointDeclaration,
    ) -> Option<&'e Endpoint> {
        let on_port = |at: &usize| self.endpoints[*at].port_name == *port;
        let named = |by: &EndpointDeclaration, at: usize| {
            by.discovery_name.as_ref() == Some(&self.endpoints[at].discovery())
        };
        let unnamed = |at: &usize| !self.declared.iter().any(|by| named(by, *at));
        let all = 0..self.endpoints.len();
        let same_name = all.clone().filter(on_port).find(|at| named(wanted, *at));
        // By name, not by position: the order in which ECS lists endpoints means nothing.
        let others = all.filter(on_port).filter(unnamed);
        let found = same_name.or_else(|| others.min_by_key(|at| self.endpoints[*at].discovery()));
        found.map(|at| self.endpoints.remove(at))
    }
}
