//! What the bus keeps: rules, their targets, and the versions of tags. Data alone.

use std::collections::BTreeMap;

use serde_json::Value;

use super::pattern::Pattern;
use crate::model::ids::Ids;
use crate::shapes::Time;
use crate::shapes::events::Target;

/// The bus `default` of one Region.
#[derive(Debug, Clone)]
pub(in crate::model) struct Bus {
    /// The rules by name.
    pub(super) rules: BTreeMap<String, Rule>,
    /// How often the tags of a resource have changed, by its ARN.
    pub(super) tag_versions: BTreeMap<String, u64>,
    /// What is lost, late or doubled, and the ids of events: apart from the model's own ids.
    pub(super) draws: Ids,
    /// When the last message got to each queue, by the queue's name; kept while messages stay in order.
    pub(super) arrivals: BTreeMap<String, Time>,
}

/// One rule.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) pattern: Option<Pattern>,
    /// The pattern as it was given.
    pub(super) pattern_text: Option<String>,
    pub(super) schedule: Option<String>,
    pub(super) enabled: bool,
    /// The state as it was given.
    pub(super) state: String,
    pub(super) description: Option<String>,
    pub(super) role_arn: Option<String>,
    /// By id.
    pub(super) targets: BTreeMap<String, Target>,
}

impl Bus {
    /// A bus without rules.
    pub(in crate::model) const fn new(seed: u64) -> Self {
        Self {
            rules: BTreeMap::new(),
            tag_versions: BTreeMap::new(),
            draws: Ids::new(seed),
            arrivals: BTreeMap::new(),
        }
    }

    /// Whether any rule could want an event.
    pub(super) fn listens(&self) -> bool {
        self.rules.values().any(|rule| rule.enabled && !rule.targets.is_empty())
    }

    /// The targets that want this event, each with the name of its rule.
    pub(super) fn wanted_by(&self, event: &Value) -> Vec<Wanted> {
        let wants = |rule: &&Rule| {
            rule.enabled && rule.pattern.as_ref().is_some_and(|pattern| pattern.matches(event))
        };
        let matching = self.rules.iter().filter(|(_, rule)| wants(rule));
        let targets = |(name, rule): (&String, &Rule)| {
            let wanted = |target: &Target| Wanted { rule: name.clone(), target: target.clone() };
            rule.targets.values().map(wanted).collect::<Vec<_>>()
        };
        matching.flat_map(targets).collect()
    }
}

/// A target that gets an event, by this rule.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) rule: String,
    pub(super) target: Target,
}
