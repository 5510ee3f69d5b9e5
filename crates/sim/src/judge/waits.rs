//! Who waits for whom at rest.

use std::collections::BTreeSet;

use eastwest_core::declaration::declared::{EndpointDeclaration, RefreshWhen};

use super::effective::{Effective, Taken};
use super::needs::{unoffered, would_offer};
use super::wanted::{Truth, Wish, is_granted};
use crate::model::{EcsServiceKey, EcsServiceState, NamedPort};
use crate::shapes::ecs::RolloutState;

impl Truth<'_> {
    /// The servers that a service waits for: those that are declared to offer a name that it needs and nobody offers
    /// yet, and those that offer one, must change first, and wait themselves.
    pub(super) fn awaited(&self, key: &EcsServiceKey, wish: &Wish) -> BTreeSet<EcsServiceKey> {
        let missing = unoffered(self.model, key, &wish.declaration, &wish.namespace);
        let takes = |state: &EcsServiceState, name: &str| {
            let taken = Taken::Discovery(wish.namespace.clone(), name.to_owned());
            let connect = state.connect();
            connect.is_some_and(|c| Effective::of(c).taken().any(|each| each == taken))
        };
        let others = || self.model.services().filter(|(other, _)| *other != key);
        let coming = others().filter(|(_, rival)| missing.iter().any(|name| takes(rival, name)));
        let wanting = self.others(key).filter(|(other, rival, declaration)| {
            missing.iter().any(|name| would_offer(other, rival, declaration, name))
        });
        let needs =
            |name: &str| wish.declaration.needs.iter().flatten().any(|n| n.as_str() == name);
        let changing = self.others(key).filter(|(other, rival, declaration)| {
            let offered = rival.connect().map(|connect| Effective::of(connect));
            offered.is_some_and(|c| c.endpoints.iter().any(|e| needs(&e.discovery_name)))
                && !unoffered(self.model, other, declaration, &wish.namespace).is_empty()
        });
        let keys = wanting.chain(changing).map(|(other, ..)| other);
        coming.map(|(other, _)| other).chain(keys).cloned().collect()
    }

    /// Whether an old name stays because a client of it cannot be rolled out now, or because the new name never came.
    pub(super) fn waits_for_a_client(
        &self,
        key: &EcsServiceKey,
        state: &EcsServiceState,
        wish: &Wish,
        now: Option<&Effective>,
    ) -> bool {
        let Some(now) = now else { return false };
        let granted = |(wanted, port): &(EndpointDeclaration, NamedPort)| {
            now.endpoints.iter().any(|each| is_granted(wanted, port, each))
        };
        if now.namespace != wish.namespace || !wish.endpoints.iter().all(granted) {
            return false;
        }
        let names: BTreeSet<&str> =
            now.endpoints.iter().map(|each| each.discovery_name.as_str()).collect();
        let incomplete = |state: &EcsServiceState| {
            state.primary().is_some_and(|p| p.rollout_state != RolloutState::Completed)
        };
        self.others(key).any(|(other, client, declaration)| {
            let calls = declaration.refresh == Some(RefreshWhen::Always)
                || declaration.needs.iter().flatten().any(|n| names.contains(n.as_str()));
            let deployed = client.connect().map(|connect| Effective::of(connect));
            calls
                && (incomplete(state)
                    || incomplete(client)
                    || self.is_held_by_people(client, &declaration)
                    || Self::given_up(client, |old| *old == deployed)
                    // Why the client itself does not change is judged where the client is judged.
                    || self.wish(other, client, declaration).is_none_or(|wish| {
                        deployed.is_none_or(|deployed| !self.grants(&wish, &deployed))
                    }))
        })
    }
}
