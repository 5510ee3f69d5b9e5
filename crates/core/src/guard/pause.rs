//! Whether the pause tag of a service is in force.

use crate::declaration::declared::Pause;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::Now;
use crate::plan::hold::Hold;
use crate::view::View;

/// Whether the service's pause tag is in force.
pub(crate) fn paused(view: &View, key: &ServiceKey, now: Now) -> Option<Hold> {
    let declaration = view.service(key)?.intent.declared()?;
    match declaration.pause? {
        Pause::Open => Some(Hold::Paused(None)),
        Pause::Until(until) => (now.calendar < until).then_some(Hold::Paused(Some(until))),
    }
}
