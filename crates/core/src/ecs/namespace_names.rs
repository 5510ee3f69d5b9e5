//! The names by which people know namespaces. What is compared, sent and served as JSON has their ids.

use super::change::{Change, Field};
use super::namespace::Namespace;

/// The names of the namespaces that are known.
#[derive(Debug, Clone, Copy)]
pub struct NamespaceNames<'a>(&'a [Namespace]);

impl<'a> NamespaceNames<'a> {
    /// The names of these.
    pub fn of(namespaces: &'a [Namespace]) -> Self {
        Self(namespaces)
    }

    /// A change as a person reads it: a namespace by its name, everything else as it is.
    pub fn change(self, change: &Change) -> Change {
        let mut change = change.clone();
        if change.field == Field::Namespace {
            for side in [&mut change.from, &mut change.to].into_iter().flatten() {
                self.put_into(side);
            }
        }
        change
    }

    /// Changes as a person reads them.
    pub fn changes(self, changes: &[Change]) -> Vec<Change> {
        changes.iter().map(|change| self.change(change)).collect()
    }

    /// Puts the name in the place of an id or an ARN, if it is that of a known namespace.
    pub fn put_into(self, value: &mut String) {
        // The id is the last part of an ARN.
        let id = value.rsplit_once(":namespace/").map_or(value.as_str(), |(_, id)| id);
        if let Some(namespace) = self.0.iter().find(|namespace| namespace.id.as_str() == id) {
            *value = self.told(namespace);
        }
    }

    /// Two namespaces of one name, of two accounts, are told apart by their ids.
    fn told(self, namespace: &Namespace) -> String {
        let is_same = |other: &&Namespace| other.name == namespace.name;
        if self.0.iter().filter(is_same).count() == 1 {
            namespace.name.to_string()
        } else {
            format!("{} ({})", namespace.name, namespace.id)
        }
    }
}

#[cfg(test)]
mod tests;
