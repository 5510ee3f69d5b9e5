//! I1: no write takes a name that another ACTIVE service of the namespace has, or that the document keeps for others.

use eastwest_core::ecs::name::DiscoveryName;

use super::effective::Taken;
use super::keys::service_path;
use super::sent_write::{Broken, SentWrite};
use crate::shapes::ecs::EcsServiceStatus;

/// I1: the write takes no name that another service had throughout the window, or that we gave to it.
pub(super) fn unique(sent: &SentWrite<'_>) -> Broken {
    let own = &sent.history.now()?.taken;
    for taken in sent.after?.taken().filter(|taken| !own.contains(taken)) {
        for (other, history) in sent.others() {
            let window = history.since(sent.from);
            let Some(now) = window.last() else { continue };
            if now.status != EcsServiceStatus::Active || !now.taken.contains(&taken) {
                continue;
            }
            let all_along = window.iter().all(|moment| moment.taken.contains(&taken));
            let by_us = history.ours.contains(&now.primary)
                && now.effective.as_ref().is_some_and(|e| e.taken().any(|t| t == taken));
            if all_along || by_us {
                return sent.says(true, "I1", &format!("takes {taken:?}, which {other} has"));
            }
        }
    }
    None
}

/// I1: the write takes no name that every document it may rest on keeps for others.
pub(super) fn claimed(sent: &SentWrite<'_>) -> Broken {
    let own = &sent.history.now()?.taken;
    let path = service_path(sent.key);
    let mut new = sent.after?.endpoints.iter().map(|each| &each.discovery_name).filter(|name| {
        !own.iter().any(|taken| matches!(taken, Taken::Discovery(_, own) if own == *name))
    });
    let kept = |name: &String| {
        sent.in_every_document(|document| {
            let by = document.claims.get(&DiscoveryName::as_read(name));
            by.is_some_and(|by| !by.contains(&path))
        })
    };
    let name = new.find(|name| !sent.evidence.is_missing() && kept(name))?;
    sent.says(true, "I1", &format!("takes {name}, which the document keeps for others"))
}
