//! The oracle of convergence: what every service's tags and its entry ask for, against what is in force.
//!
//! A service may differ from its tags only for a reason that the truth shows. If several services want a name, the
//! first of them must have it.

use std::collections::{BTreeMap, BTreeSet};

use eastwest_core::declaration::declared::{Declaration, EndpointDeclaration, Mode};
use eastwest_core::declaration::settings::{Policy, Settings};

use super::effective::Effective;
use super::needs::unreached;
use super::parameter_history::AtRest;
use super::wanted::{Truth, Wish, is_granted};
use crate::model::{EcsServiceKey, EcsServiceState, Model, NamedPort};
use crate::shapes::ecs::{EcsServiceStatus, RolloutState};

/// Every opted-in service that is not what its tags ask for, without a reason in the truth.
pub fn unsettled(model: &Model, settings: &Settings, asked: &AtRest) -> Vec<String> {
    let document = asked.document.as_deref();
    if asked.is_held || document.is_some_and(|document| document.freeze) {
        return Vec::new();
    }
    let truth = Truth::new(model, settings, document);
    let active = || model.services().filter(|(_, state)| state.status == EcsServiceStatus::Active);
    let watched = || active().filter(|(key, _)| truth.is_watched(key));
    let complaints = watched()
        .filter_map(|(key, state)| Some(format!("{key}: {}", truth.complaint(key, state)?)));
    complaints.chain(circle(&truth, watched())).collect()
}

impl Truth<'_> {
    /// What is wrong with one service.
    fn complaint(&self, key: &EcsServiceKey, state: &EcsServiceState) -> Option<String> {
        let declaration = self.due(key, state)?;
        if declaration.mode == Some(Mode::Off) {
            let rolling = state.primary()?.rollout_state == RolloutState::InProgress;
            let kept = self.settings.policy == Policy::UpsertOnly || rolling;
            let given_up = Self::given_up(state, Option::is_none);
            let is_on = state.connect().is_some() && !kept && !given_up;
            return is_on.then(|| "is not off".to_owned());
        }
        let (wish, text) = self.undone(key, state, declaration)?;
        self.awaited(key, &wish).is_empty().then_some(text)
    }

    /// What a service wants and does not have, if no reason but waiting for a server explains it.
    pub(super) fn undone(
        &self,
        key: &EcsServiceKey,
        state: &EcsServiceState,
        declaration: Declaration,
    ) -> Option<(Wish, String)> {
        let wish = self.wish(key, state, declaration)?;
        if state.primary()?.rollout_state == RolloutState::InProgress {
            return None;
        }
        let now = state.connect().map(|connect| Effective::of(connect));
        let granted = |old: &Option<Effective>| old.as_ref().is_some_and(|o| self.grants(&wish, o));
        if granted(&now) {
            let unreached = unreached(self.model, key, state, &wish.declaration)?;
            // A service whose change ECS rolled back stays as it is until somebody mends it.
            return (!Self::given_up(state, |_| true)).then_some((wish, unreached));
        }
        let outranked = self.is_pinned(&wish)
            || self.is_kept_for_others(key, &wish)
            || self.is_needed_by_others(key, &wish)
            || self.is_outranked(key, state, &wish)
            || self.waits_for_a_client(key, state, &wish, now.as_ref());
        // Or a step on the way there, with an old name beside the new one.
        let leads_there = |old: &Option<Effective>| {
            let is_there = |(wanted, port): &(EndpointDeclaration, NamedPort)| {
                let mut endpoints = old.iter().flat_map(|old| &old.endpoints);
                endpoints.any(|each| is_granted(wanted, port, each))
            };
            granted(old) || (!wish.endpoints.is_empty() && wish.endpoints.iter().all(is_there))
        };
        if Self::given_up(state, leads_there) || outranked {
            return None;
        }
        let text =
            format!("tags {:?} and its entry ask for something else than {now:?}", state.tags);
        Some((wish, text))
    }

    /// The servers that a service waits for, if it is not as declared and nothing else holds it.
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
}

/// The services that wait for each other in a circle. That is wrong: one of them has to go first.
fn circle<'m>(
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
