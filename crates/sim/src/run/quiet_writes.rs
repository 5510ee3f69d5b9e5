//! Which of the controller's writes count in the quiet hours.
//!
//! What ECS refuses is tried again now and then, for nobody says when that ends. Such a write counts for nothing if the
//! controller itself says that the change is refused.

use std::collections::BTreeSet;

use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::engine::Engine;
use eastwest_core::plan::reason::Reason;

use crate::adapter::calls::CALLER;
use crate::model::{EcsServiceKey, Effect, Model, Mutation};

/// The services of which an engine says that ECS refuses their change.
pub(super) fn refused(engine: &Engine) -> BTreeSet<EcsServiceKey> {
    let is_refused = |key: &&ServiceKey| {
        engine.status(key).is_some_and(|it| it.status.reason == Some(Reason::Refused))
    };
    let keys = engine.view().services().map(|(key, _)| key).filter(is_refused);
    keys.map(|key| EcsServiceKey::new(key.cluster.as_str(), key.name.as_str())).collect()
}

/// How many writes the controller has made, but for those to these services that ECS refused.
pub(super) fn count(model: &Model, refused: &BTreeSet<EcsServiceKey>) -> usize {
    let ours = model.mutations().iter().filter(|each| each.caller == CALLER);
    let counts = |each: &&Mutation| {
        let name = |member: &str| each.body[member].as_str().unwrap_or_default();
        let key = EcsServiceKey::new(name("cluster"), name("service"));
        !(matches!(each.effect, Effect::Refused { .. }) && refused.contains(&key))
    };
    ours.filter(counts).count()
}
