//! What a policy says, in the grammar of IAM's policy language as far as it is known here.

use std::collections::BTreeMap;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::asked::Asked;
use super::condition::{self, Condition};

/// A policy as it is written.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Document {
    #[serde(rename = "Version")]
    _version: Option<String>,
    #[serde(rename = "Id")]
    _id: Option<String>,
    statement: OneOrMany<Written>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum Effect {
    Allow,
    Deny,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Written {
    #[serde(rename = "Sid")]
    _sid: Option<String>,
    effect: Effect,
    action: OneOrMany<String>,
    resource: OneOrMany<String>,
    #[serde(default)]
    condition: BTreeMap<String, BTreeMap<String, OneOrMany<String>>>,
}

/// Where IAM takes one value or a list of them. Not an untagged enum: those lose what is wrong with the value.
#[derive(Debug)]
pub(super) struct OneOrMany<T>(Vec<T>);

impl<'de, T: DeserializeOwned> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = match Value::deserialize(deserializer)? {
            Value::Array(many) => many,
            one => vec![one],
        };
        let read = values.into_iter().map(serde_json::from_value).collect::<Result<_, _>>();
        read.map(Self).map_err(D::Error::custom)
    }
}

/// A statement that was understood.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    effect: Effect,
    actions: Vec<String>,
    resources: Vec<String>,
    conditions: Vec<Condition>,
}

impl Document {
    /// Its statements; what is not understood is an error that names it.
    pub(super) fn statements(self) -> Result<Vec<Statement>, String> {
        self.statement.0.into_iter().map(Written::understood).collect()
    }
}

impl Written {
    fn understood(self) -> Result<Statement, String> {
        let mut conditions = Vec::new();
        for (operator, keys) in self.condition {
            for (key, values) in keys {
                conditions.push(Condition::of(&operator, key, values.0)?);
            }
        }
        let actions = self.action.0.iter().map(|action| action.to_ascii_lowercase()).collect();
        Ok(Statement { effect: self.effect, actions, resources: self.resource.0, conditions })
    }
}

impl Statement {
    pub(super) fn effect(&self) -> Effect {
        self.effect
    }

    /// Whether it is about this permission. An unknown key counts as what is safer.
    pub(super) fn matches(&self, asked: &Asked) -> bool {
        let action = asked.action.to_ascii_lowercase();
        self.actions.iter().any(|pattern| condition::like(pattern, &action))
            && self.resources.iter().any(|pattern| condition::like(pattern, &asked.resource))
            && self.conditions.iter().all(|condition| {
                condition.holds(&asked.keys).unwrap_or(self.effect == Effect::Deny)
            })
    }
}
