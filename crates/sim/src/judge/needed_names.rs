//! Names that a service wants and need not get, because clients may call them for who had them before.

use std::collections::BTreeSet;

use super::effective::{Effective, EffectiveEndpoint, Taken};
use super::wanted::{Truth, Wish};
use crate::model::EcsServiceKey;

impl Truth<'_> {
    /// Whether another service in the namespace may need a name that it wants. Then it need not get it: the name may have
    /// been another service's before.
    pub(super) fn is_needed_by_others(&self, key: &EcsServiceKey, wish: &Wish) -> bool {
        let served = wish.served.iter().map(|(name, _)| name.clone());
        let (mut discovery, mut mentioned): (BTreeSet<String>, BTreeSet<String>) =
            served.map(|name| (name.clone(), name)).unzip();
        // A client may name what a former owner had beside it: the discovery name of an alias, or the host of a name. Of
        // one that was deleted only the name itself tells.
        for old in self.once_had(key, wish) {
            discovery.insert(old.discovery_name.clone());
            mentioned.extend([old.discovery_name, old.alias.0]);
        }
        for name in &wish.names {
            let Taken::Alias(_, host, _) = name else { continue };
            discovery.extend(host.split('.').next().map(str::to_owned));
            mentioned.insert(host.clone());
        }
        let mut others = self.model.services().filter(|(other, state)| {
            let connect = state.connect();
            *other != key && connect.is_some_and(|connect| connect.namespace == wish.namespace)
        });
        others.any(|(other, state)| {
            let declared = self.declaration(other, state).and_then(|each| each.needs);
            let json = state.primary().map(|primary| &primary.revision.spec.task_definition.json);
            let text = json.map(ToString::to_string).unwrap_or_default();
            declared.map_or_else(
                || mentioned.iter().any(|name| text.contains(name)),
                |needs| needs.iter().any(|need| discovery.contains(need.as_str())),
            )
        })
    }

    /// The endpoints of other services that ever had a name that it wants.
    fn once_had(&self, key: &EcsServiceKey, wish: &Wish) -> Vec<EffectiveEndpoint> {
        let others = self.model.services().filter(|(other, _)| *other != key);
        let revisions = others.flat_map(|(_, state)| &state.revisions);
        let had = revisions.filter_map(|revision| revision.spec.connect.as_deref());
        let had = had.map(Effective::of).filter(|had| had.namespace == wish.namespace);
        let is_wanted = |old: &EffectiveEndpoint| {
            let (host, number) = old.alias.clone();
            wish.names.contains(&Taken::Alias(wish.namespace.clone(), host, number))
                || wish.served.iter().any(|(name, _)| *name == old.discovery_name)
        };
        had.flat_map(|had| had.endpoints).filter(is_wanted).collect()
    }
}
