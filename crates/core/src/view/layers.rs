//! What declares a service: its tags, its entry in the document, the parameter that its tags name.

use std::collections::BTreeMap;

use super::in_force::NamedParameter;
use crate::declaration::document::Document;
use crate::declaration::intent::Layers;
use crate::declaration::tagged::Tagged;
use crate::ecs::name::ParameterName;
use crate::ecs::service_key::ServiceKey;

/// What declares services beside their tags.
#[derive(Clone, Copy)]
pub(crate) struct BesideTags<'a> {
    /// The document in force.
    pub(crate) document: Option<&'a Document>,
    /// The parameters that tags name.
    pub(crate) named: &'a BTreeMap<ParameterName, NamedParameter>,
}

impl<'a> BesideTags<'a> {
    /// All declarations of one service, in the order of precedence.
    pub(crate) fn layers(&self, key: &ServiceKey, tagged: Option<&'a Tagged>) -> Layers<'a> {
        let tags = tagged.and_then(|tagged| tagged.declaration.as_ref());
        let named = tags.and_then(|tags| self.named.get(tags.document.as_ref()?));
        let entry = self.document.and_then(|document| document.services.get(&key.path()));
        Layers { entry, tagged, rest: named.map(|named| &named.rest) }
    }
}
