//! Several parameters become one document. The order of the parameters does not matter.
//!
//! Two parameters may say the same. If they give two values for one thing, both places get an issue and there is no
//! document. The two switches, `freeze` and `namePorts`, are on as soon as one parameter turns them on.

use std::collections::BTreeMap;

use super::part::{NamedPart, Part, shown_places};
use super::report::{escaped, place};
use super::{AllowedAliases, Document, DocumentDefaults, Limits, window_entries};
use crate::declaration::issue::Issue;

/// The whole document, and an issue at each place that another place contradicts.
pub(super) fn join(parts: &[NamedPart<'_>]) -> (Document, Vec<Issue>) {
    let mut join = Join { parts, issues: Vec::new() };
    let namespaces = join.map("namespaces", |part| &part.namespaces);
    let of_namespaces = namespaces.iter().filter(|(_, namespace)| !namespace.aliases.is_empty());
    let of_namespaces =
        of_namespaces.map(|(name, namespace)| (name.clone(), namespace.aliases.clone())).collect();
    let create = namespaces.into_iter().filter(|(_, namespace)| namespace.create);
    let (windows, contradictions) = window_entries::join(parts);
    join.issues.extend(contradictions);
    let document = Document {
        namespaces: create.map(|(name, namespace)| (name, namespace.new)).collect(),
        defaults: DocumentDefaults {
            namespace: join.one("defaults", "namespace", |part| part.defaults.namespace.as_ref()),
            discovery_name: join
                .one("defaults", "discoveryName", |part| part.defaults.discovery_name.as_ref()),
        },
        services: join.map("services", |part| &part.services),
        claims: join.map("claims", |part| &part.claims),
        aliases: AllowedAliases {
            namespaces: of_namespaces,
            services: join.map("services", |part| &part.aliases),
        },
        limits: Limits {
            rollouts_per_cluster: join.one("limits", "rolloutsPerCluster", |part| {
                part.limits.rollouts_per_cluster.as_ref()
            }),
            rollouts_per_namespace: join.one("limits", "rolloutsPerNamespace", |part| {
                part.limits.rollouts_per_namespace.as_ref()
            }),
            mass_change: join.one("limits", "massChange", |part| part.limits.mass_change.as_ref()),
            mass_change_per: join
                .one("limits", "massChangePer", |part| part.limits.mass_change_per.as_ref()),
            refresh_every: join
                .one("limits", "refreshEvery", |part| part.limits.refresh_every.as_ref()),
            drop_old_names: join
                .one("limits", "dropOldNames", |part| part.limits.drop_old_names.as_ref()),
            name_quarantine: join
                .one("limits", "nameQuarantine", |part| part.limits.name_quarantine.as_ref()),
        },
        windows,
        freeze: parts.iter().any(|each| each.part.freeze),
        name_ports: parts.iter().any(|each| each.part.name_ports),
    };
    (document, join.issues)
}

struct Join<'a> {
    parts: &'a [NamedPart<'a>],
    issues: Vec<Issue>,
}

impl<'a> Join<'a> {
    fn map<K, V>(
        &mut self,
        member: &str,
        of: impl Fn(&'a Part) -> &'a BTreeMap<K, V>,
    ) -> BTreeMap<K, V>
    where
        K: Ord + Clone + ToString + 'a,
        V: Clone + PartialEq + 'a,
    {
        let mut said: BTreeMap<&K, Vec<(&str, &V)>> = BTreeMap::new();
        for each in self.parts {
            for (key, value) in of(&each.part) {
                said.entry(key).or_default().push((each.name, value));
            }
        }
        let agree = |(key, said): (&K, Vec<(&str, &V)>)| {
            self.agree(member, &key.to_string(), &said);
            let (_, value) = said.first()?;
            Some((key.clone(), (*value).clone()))
        };
        said.into_iter().filter_map(agree).collect()
    }

    fn one<V: Clone + PartialEq + 'a>(
        &mut self,
        object: &str,
        member: &str,
        of: impl Fn(&'a Part) -> Option<&'a V>,
    ) -> Option<V> {
        let said = |each: &'a NamedPart<'a>| Some((each.name, of(&each.part)?));
        let said: Vec<(&str, &V)> = self.parts.iter().filter_map(said).collect();
        self.agree(object, member, &said);
        said.first().map(|(_, value)| (*value).clone())
    }

    /// Adds an issue at each place that another place contradicts.
    fn agree<V: PartialEq>(&mut self, member: &str, key: &str, said: &[(&str, &V)]) {
        if said.windows(2).all(|two| two[0].1 == two[1].1) {
            return;
        }
        let at = |name: &str| place(name, &format!("/{member}/{}", escaped(key)));
        for (name, value) in said {
            let others = said.iter().filter(|(_, other)| other != value);
            let places = shown_places(others.map(|(other, _)| at(other)));
            let allowed = format!(
                "other values stand at {places}: keep one of them, or write the same value in each"
            );
            self.issues.push(Issue { place: at(name), ..Issue::new("", key, allowed) });
        }
    }
}
