//! Whether what somebody else made of a service is left alone for now.

use std::time::Duration;

use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::Now;
use crate::plan::entry::Entry;
use crate::plan::hold::Hold;
use crate::view::View;

/// For so long eastwest leaves the other writer's change alone, on its own clock.
pub(crate) const TRUCE: Duration = Duration::from_hours(1);

/// Whether somebody else keeps changing it back, and their last word has not stood for long. After that one more
/// attempt is made.
pub(crate) fn contended(view: &View, key: &ServiceKey, entry: &Entry, now: Now) -> Option<Hold> {
    let contention = entry.contention.as_ref()?;
    let stands = |until: Now| now.since_start < until.since_start;
    truce_until(view, key).is_none_or(stands).then(|| Hold::Contended(contention.clone()))
}

/// Until when what somebody else made of a service is left alone.
pub(crate) fn truce_until(view: &View, key: &ServiceKey) -> Option<Now> {
    Some(view.service(key)?.primary_since?.plus(TRUCE))
}
