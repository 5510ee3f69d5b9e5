//! Who waits for whom at rest, and whether they wait for each other only.

use std::collections::{BTreeMap, BTreeSet};

use eastwest_core::declaration::{EndpointDeclaration, Mode, RefreshWhen};

use super::links::{unoffered, would_offer};
use super::rest::{Truth, Wish, is_granted};
use super::truth::{Effective, Taken};
use crate::model::{EcsServiceKey, EcsServiceState, NamedPort};
use crate::shapes::ecs::RolloutState;

/// Those who wait for a server, where everybody whom they wait for waits too, in the end for them: somebody has to go
/// first.
pub(super) fn circle<'m>(
    truth: &Truth<'_>,
    services: impl Iterator<Item = (&'m EcsServiceKey, &'m EcsServiceState)>,
) -> Vec<String> {
    let waiting: BTreeMap<&EcsServiceKey, BTreeSet<EcsServiceKey>> =
        services.filter_map(|(key, state)| Some((key, truth.only_waits(key, state)?))).collect();
    let mut excused: BTreeSet<&EcsServiceKey> = BTreeSet::new();
    loop {
        let is_excused =
            |server: &EcsServiceKey| !waiting.contains_key(server) || excused.contains(server);
        let found = waiting
            .iter()
            .find(|(key, servers)| !excused.contains(*key) && servers.iter().any(is_excused));
        let Some((key, _)) = found else { break };
        excused.insert(key);
    }
    let stuck = waiting.iter().filter(|(key, _)| !excused.contains(*key));
    stuck
        .map(|(key, servers)| format!("{key}: waits for {servers:?}, and they wait for it"))
        .collect()
}

impl Truth<'_> {
    /// The servers that a service waits for, if it is not as it shall be and nothing else keeps it.
    fn only_waits(
        &self,
        key: &EcsServiceKey,
        state: &EcsServiceState,
    ) -> Option<BTreeSet<EcsServiceKey>> {
        let declaration = self.due(key, state).filter(|each| each.mode != Some(Mode::Off))?;
        let (wish, _) = self.undone(key, state, declaration)?;
        let servers = self.awaited(key, &wish);
        (!servers.is_empty()).then_some(servers)
    }

    /// Those who are to offer a name that it declares to need and that nobody offers yet; and those who offer one and
    /// are to change first, and wait themselves.
    pub(super) fn awaited(&self, key: &EcsServiceKey, wish: &Wish) -> BTreeSet<EcsServiceKey> {
        let missing = unoffered(self.model, key, (&wish.declaration, &wish.namespace));
        let takes = |state: &EcsServiceState, name: &str| {
            let taken = Taken::Discovery(wish.namespace.clone(), name.to_owned());
            let connect = state.connect();
            connect.is_some_and(|c| Effective::of(c).taken().any(|each| each == taken))
        };
        let others = || self.model.services().filter(|(other, _)| *other != key);
        let coming = others().filter(|(_, rival)| missing.iter().any(|name| takes(rival, name)));
        let wanting = self.others(key).filter(|(other, rival, declaration)| {
            missing.iter().any(|name| would_offer((other, rival), declaration, name))
        });
        let needs =
            |name: &str| wish.declaration.needs.iter().flatten().any(|n| n.as_str() == name);
        let changing = self.others(key).filter(|(other, rival, declaration)| {
            let offered = rival.connect().map(|connect| Effective::of(connect));
            offered.is_some_and(|c| c.endpoints.iter().any(|e| needs(&e.discovery_name)))
                && !unoffered(self.model, other, (declaration, &wish.namespace)).is_empty()
        });
        let keys = wanting.chain(changing).map(|(other, ..)| other);
        coming.map(|(other, _)| other).chain(keys).cloned().collect()
    }

    /// Whether an old name is kept only for a client that cannot be rolled out now, or because the new one never came.
    pub(super) fn waits_for_a_client(
        &self,
        (key, state): (&EcsServiceKey, &EcsServiceState),
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
                    // What keeps it from its own change is looked into where it is judged itself.
                    || self.wish(other, client, declaration).is_none_or(|wish| {
                        deployed.is_none_or(|deployed| !self.grants(&wish, &deployed))
                    }))
        })
    }
}
