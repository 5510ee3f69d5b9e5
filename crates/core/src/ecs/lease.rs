//! The item of a lease table, as DynamoDB has it and as we write it.
//!
//! A table holds one item for each cluster. An item has raw members, because a person may have edited it: what a text
//! means is decided here, and a call only carries it. An item is never deleted by us, so that its epoch stays.
//!
//! **Invariant:** two items are the same only if every member of them is. So a conditional write compares all of them.

use std::fmt;
use std::time::Duration;

use super::name::ClusterName;
use super::service_key::Scope;

/// The shortest lease: several calls fit into a third of it.
pub(crate) const SHORTEST: Duration = Duration::from_secs(1);
/// The longest lease: as long is a cluster without a leader after a crash.
pub const LONGEST: Duration = Duration::from_mins(5);
/// The largest epoch and renewal that we believe. Counting by one, nobody comes near it.
const LARGEST: u64 = 1_000_000_000_000_000;

/// Which lease: the text of the table's partition key `lease`, such as `111122223333/eu-west-1/prod`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseKey(String);

impl LeaseKey {
    /// The key of a cluster. Two accounts or Regions never share one.
    pub fn of(scope: &Scope, cluster: &ClusterName) -> Self {
        Self(format!("{}/{}/{cluster}", scope.account(), scope.region()))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LeaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One member of an item, as DynamoDB types it (API:AttributeValue).
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeaseMember {
    /// The item lacks it.
    #[default]
    Absent,
    /// A text, type `S`.
    Text(String),
    /// A number, type `N`: DynamoDB carries numbers as texts.
    Number(String),
    /// A value of another type. We never write one.
    Other,
}

impl fmt::Display for LeaseMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("nothing"),
            Self::Text(text) => write!(f, "the text {:?}", super::text::printable(text, 40)),
            Self::Number(number) => f.write_str(number),
            Self::Other => f.write_str("neither a text nor a number"),
        }
    }
}

/// An item without its key.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseItem {
    /// A name for people of who wrote it.
    pub holder: LeaseMember,
    /// The random text of the process that wrote it.
    pub session: LeaseMember,
    /// Grows with each taking.
    pub epoch: LeaseMember,
    /// Another one in each write of a process.
    pub renewal: LeaseMember,
    /// For how long the lease is held from this write on, in milliseconds; 0 where it was released.
    pub duration_ms: LeaseMember,
}

/// What an item says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseRecord {
    /// A name for people.
    pub holder: String,
    /// The process: two of one name are two.
    pub session: String,
    /// The number of this taking of the lease.
    pub epoch: u64,
    /// The number of the write within its process.
    pub renewal: u64,
    /// For how long it is held; zero where it was released.
    pub duration: Duration,
}

impl LeaseRecord {
    /// Whether its holder gave it up.
    pub fn is_released(&self) -> bool {
        self.duration.is_zero()
    }

    /// The item that says this.
    pub fn item(&self) -> LeaseItem {
        LeaseItem {
            holder: LeaseMember::Text(self.holder.clone()),
            session: LeaseMember::Text(self.session.clone()),
            epoch: LeaseMember::Number(self.epoch.to_string()),
            renewal: LeaseMember::Number(self.renewal.to_string()),
            duration_ms: LeaseMember::Number(self.duration.as_millis().to_string()),
        }
    }
}

impl LeaseItem {
    /// The names of the members in the table, beside the key `lease`, in the order of [`Self::members`].
    pub const NAMES: [&str; 5] = ["holder", "session", "epoch", "renewal", "durationMs"];

    /// The members with their names in the table.
    pub fn members(&self) -> [(&'static str, &LeaseMember); 5] {
        let Self { holder, session, epoch, renewal, duration_ms } = self;
        let members = [holder, session, epoch, renewal, duration_ms];
        std::array::from_fn(|at| (Self::NAMES[at], members[at]))
    }

    /// The item whose members this finds by their names. Other members of it mean nothing.
    pub fn of(find: impl Fn(&str) -> LeaseMember) -> Self {
        let [holder, session, epoch, renewal, duration_ms] = Self::NAMES.map(find);
        Self { holder, session, epoch, renewal, duration_ms }
    }

    /// What it says, or what is wrong with it: one sentence for people.
    pub fn read(&self) -> Result<LeaseRecord, String> {
        let [holder, session, epoch, renewal, duration] = Self::NAMES;
        let record = LeaseRecord {
            holder: text(holder, &self.holder)?,
            session: text(session, &self.session)?,
            epoch: count(epoch, &self.epoch)?,
            renewal: count(renewal, &self.renewal)?,
            duration: Duration::from_millis(count(duration, &self.duration_ms)?),
        };
        let is_sane = record.is_released() || (SHORTEST..=LONGEST).contains(&record.duration);
        if is_sane { Ok(record) } else { Err(wrong(duration, &self.duration_ms, DURATIONS)) }
    }

    /// Its epoch, even if another member is wrong.
    pub fn epoch(&self) -> Option<u64> {
        count("", &self.epoch).ok()
    }
}

const DURATIONS: &str = "0 (released) or 1000 to 300000";

fn text(name: &str, member: &LeaseMember) -> Result<String, String> {
    match member {
        LeaseMember::Text(text) if !text.is_empty() => Ok(super::text::printable(text, 255)),
        _ => Err(wrong(name, member, "a text of at least one letter")),
    }
}

fn count(name: &str, member: &LeaseMember) -> Result<u64, String> {
    let number = match member {
        LeaseMember::Number(number) => number.parse().ok().filter(|number| *number <= LARGEST),
        _ => None,
    };
    number.ok_or_else(|| wrong(name, member, "a whole number from 0 to 10^15"))
}

fn wrong(name: &str, member: &LeaseMember, allowed: &str) -> String {
    format!("its member {name} is {member}, and allowed is {allowed}")
}

/// The epoch of a taking after one of this epoch.
pub(crate) fn next_epoch(largest: u64) -> u64 {
    largest.saturating_add(1).min(LARGEST)
}

/// One conditional write of an item, tried once: a `PutItem` that takes effect only if the table still has what is
/// expected, and that answers a failed condition with the item that is there (`ReturnValuesOnConditionCheckFailure`,
/// `ALL_OLD`; API:PutItem).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseWrite {
    /// Which lease.
    pub key: LeaseKey,
    /// What must be there: no item, or an item whose five members are all as these. A member of [`LeaseMember::Other`]
    /// must be there with neither type.
    pub expected: Option<LeaseItem>,
    /// The whole item to put in its place.
    pub item: LeaseItem,
}

/// What DynamoDB answered to a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseOutcome {
    /// It took effect.
    Written,
    /// The table has something else: this item, or none.
    Differs(Option<LeaseItem>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use LeaseMember::{Absent, Number, Other, Text};

    fn record() -> LeaseRecord {
        LeaseRecord {
            holder: "one".to_owned(),
            session: "s1".to_owned(),
            epoch: 7,
            renewal: 3,
            duration: Duration::from_secs(15),
        }
    }

    /// What is said of the item with this member.
    fn said(name: &str, member: &LeaseMember) -> String {
        let item = record().item();
        let find = |each: &str| {
            let found = item.members().into_iter().find(|(name, _)| *name == each);
            if each == name { member.clone() } else { found.expect("a member").1.clone() }
        };
        match LeaseItem::of(find).read() {
            Ok(record) => format!("{record:?}"),
            Err(wrong) => wrong,
        }
    }

    #[test]
    fn an_item_that_we_write_reads_as_it_was_meant() {
        assert_eq!(record().item().read(), Ok(record()));
        let released = LeaseRecord { duration: Duration::ZERO, ..record() };
        assert_eq!(released.item().read(), Ok(released));
    }

    #[test]
    fn an_item_that_a_person_edited_says_what_is_wrong_and_what_is_allowed() {
        for (name, member, expected) in [
            (
                "holder",
                Absent,
                "its member holder is nothing, and allowed is a text of at least one letter",
            ),
            (
                "session",
                Text(String::new()),
                "its member session is the text \"\", and allowed is a text of at least one letter",
            ),
            (
                "session",
                Other,
                "its member session is neither a text nor a number, and allowed is a text of at least one letter",
            ),
            (
                "epoch",
                Text("7".to_owned()),
                "its member epoch is the text \"7\", and allowed is a whole number from 0 to 10^15",
            ),
            (
                "epoch",
                Number("-1".to_owned()),
                "its member epoch is -1, and allowed is a whole number from 0 to 10^15",
            ),
            (
                "renewal",
                Number("1.5".to_owned()),
                "its member renewal is 1.5, and allowed is a whole number from 0 to 10^15",
            ),
            (
                "renewal",
                Number("99999999999999999999999".to_owned()),
                "its member renewal is 99999999999999999999999, and allowed is a whole number from 0 to 10^15",
            ),
            (
                "durationMs",
                Number("999".to_owned()),
                "its member durationMs is 999, and allowed is 0 (released) or 1000 to 300000",
            ),
            (
                "durationMs",
                Number("300001".to_owned()),
                "its member durationMs is 300001, and allowed is 0 (released) or 1000 to 300000",
            ),
        ] {
            assert_eq!(said(name, &member), expected);
        }
    }

    #[test]
    fn clusters_of_two_accounts_or_regions_share_no_lease() {
        let keys = [
            "arn:aws:ecs:eu-west-1:1:service/prod/web",
            "arn:aws:ecs:eu-west-1:2:service/prod/web",
            "arn:aws:ecs:eu-west-2:1:service/prod/web",
        ]
        .map(|arn| {
            LeaseKey::of(
                &Scope::of(&crate::ecs::name::Arn::as_read(arn)),
                &ClusterName::as_read("prod"),
            )
        });
        assert_eq!(
            keys.map(|key| key.to_string()),
            ["1/eu-west-1/prod", "2/eu-west-1/prod", "1/eu-west-2/prod"]
        );
    }
}
