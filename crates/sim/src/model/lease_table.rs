//! One DynamoDB table of leases: strongly consistent reads and conditional puts (API:PutItem, DynamoDB).
//!
//! A put whose condition fails changes nothing and answers with the item that is there.

use std::collections::BTreeMap;

use eastwest_core::ecs::lease::{LeaseItem, LeaseKey, LeaseOutcome, LeaseWrite};

/// The table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeaseTable {
    items: BTreeMap<LeaseKey, LeaseItem>,
}

impl LeaseTable {
    /// The item of a key.
    pub fn get(&self, key: &LeaseKey) -> Option<&LeaseItem> {
        self.items.get(key)
    }

    /// The keys that have an item.
    pub fn keys(&self) -> impl Iterator<Item = &LeaseKey> {
        self.items.keys()
    }

    /// A conditional put.
    pub fn put(&mut self, write: LeaseWrite) -> LeaseOutcome {
        let there = self.items.get(&write.key);
        if there != write.expected.as_ref() {
            return LeaseOutcome::Differs(there.cloned());
        }
        self.items.insert(write.key, write.item);
        LeaseOutcome::Written
    }

    /// A person writes or deletes an item, under no condition.
    pub fn set(&mut self, key: LeaseKey, item: Option<LeaseItem>) {
        match item {
            Some(item) => self.items.insert(key, item),
            None => self.items.remove(&key),
        };
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use eastwest_core::ecs::lease::LeaseRecord;
    use eastwest_core::ecs::name::ClusterName;
    use eastwest_core::ecs::service_key::Scope;

    fn item(renewal: u64) -> LeaseItem {
        let (holder, session) = ("one".to_owned(), "s1".to_owned());
        LeaseRecord { holder, session, epoch: 1, renewal, duration: Duration::from_secs(15) }.item()
    }

    #[test]
    fn of_two_writes_that_expect_the_same_item_one_takes_effect() {
        let key = LeaseKey::of(&Scope::default(), &ClusterName::as_read("prod"));
        let mut table = LeaseTable::default();
        let put = |expected: Option<u64>, renewal| LeaseWrite {
            key: key.clone(),
            expected: expected.map(item),
            item: item(renewal),
        };
        assert_eq!(table.put(put(Some(1), 2)), LeaseOutcome::Differs(None));
        assert_eq!(table.put(put(None, 1)), LeaseOutcome::Written);
        assert_eq!(table.put(put(None, 2)), LeaseOutcome::Differs(Some(item(1))));
        assert_eq!(table.put(put(Some(1), 2)), LeaseOutcome::Written);
        assert_eq!(table.put(put(Some(1), 3)), LeaseOutcome::Differs(Some(item(2))));
    }
}
