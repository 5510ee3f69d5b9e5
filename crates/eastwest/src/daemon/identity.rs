//! How this process is known to the other holders of leases.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

use eastwest_core::declaration::settings::LeaseSettings;

use crate::config::Config;

/// The lease of this process, where a table is given. In ECS its name for people is the id of its task.
pub(crate) fn lease(config: &Config) -> Option<LeaseSettings> {
    let duration = config.lease.as_ref()?.duration;
    let host = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = config.task.clone().or_else(host).map(|name| name.trim().to_owned());
    let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| "eastwest".to_owned());
    let holder = format!("{name}:{}", std::process::id());
    Some(LeaseSettings { holder, session: session(), duration })
}

/// A text that no other process has: 128 bits of the keys that the system gives to hash maps.
fn session() -> String {
    let [one, other] = [0, 1].map(|salt: u8| RandomState::new().hash_one(salt));
    format!("{one:016x}{other:016x}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_processes_have_one_session() {
        let sessions: BTreeSet<String> = (0..1000).map(|_| session()).collect();
        assert_eq!(sessions.len(), 1000);
        assert!(sessions.iter().all(|session| session.len() == 32));
    }
}
