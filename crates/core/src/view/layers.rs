//! What declares a service: its tags, its entry in the document, the parameter that its tags name.

use std::collections::BTreeMap;

use super::in_force::Named;
use crate::declaration::document::Document;
use crate::declaration::intent::Layers;
use crate::declaration::tagged::Tagged;
use crate::ecs::name::{ParameterName, ServiceKey};

/// All declarations of one service, from its tags and what stands beside them.
pub(crate) fn layers<'a>(
    key: &ServiceKey,
    tagged: Option<&'a Tagged>,
    (document, named): (Option<&'a Document>, &'a BTreeMap<ParameterName, Named>),
) -> Layers<'a> {
    let tags = tagged.and_then(|tagged| tagged.declaration.as_ref());
    let named = tags.and_then(|tags| named.get(tags.document.as_ref()?));
    let entry = document.and_then(|document| document.services.get(key));
    Layers { entry, tagged, rest: named.map(|named| &named.rest) }
}
