//! Somebody else keeps changing a service back.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use crate::ecs::change::Field;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::tool::Tool;

/// A fight over some fields of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contention {
    /// The service.
    pub service: ServiceKey,
    /// What is changed back.
    pub fields: BTreeSet<Field>,
    /// How often, that which was changed back most.
    pub reverts: usize,
    /// What seems to own the service.
    pub tool: Tool,
}

impl Contention {
    /// What makes the tool that owns the service leave the fields alone; of several tools where that is not known.
    pub fn snippet(&self) -> String {
        self.tool.snippet(self.service.name.as_str())
    }
}

impl fmt::Display for Contention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields: Vec<&str> = self.fields.iter().map(Into::into).collect();
        let times = self.reverts;
        write!(f, "another writer changed {} back {times} times within an hour", fields.join(", "))
    }
}
