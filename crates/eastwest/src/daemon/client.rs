//! Short questions to endpoints of our own network, over HTTP.

use std::time::Duration;

/// Asks directly, through no proxy, and waits no longer than this for the whole answer.
pub(crate) fn client(patience: Duration) -> ureq::Agent {
    let config = ureq::Agent::config_builder().timeout_global(Some(patience)).proxy(None);
    config.build().new_agent()
}
