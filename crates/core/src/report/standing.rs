//! How a service stands, in one word for people, who look first at what needs a person.
//!
//! **Invariant:** total, and in the order in which a person should look: what needs a person comes before what only
//! waits, and that before what goes on by itself.
//!
//! [`Sync`](super::status::Sync) and [`Health`] are the field's words and answer two questions. A list of a thousand
//! services is read for a third: must I act?

use std::fmt;

use serde::{Deserialize, Serialize};

use super::health::Health;
use super::status::Status;
use crate::plan::entry::{Entry, Verdict};
use crate::plan::hold::Hold;
use crate::plan::reason::Ending;

/// How a service stands; what needs a person is least.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum Standing {
    /// Something failed or is wrong, and a person must act.
    Broken,
    /// A change or a rollout is held, and nothing is wrong: for its turn, for another service, or by a person's choice.
    Held,
    /// It is to change now.
    ToChange,
    /// A rollout is running, or eastwest is still reading what it must know of it.
    Changing,
    /// It is as wanted, and well.
    InOrder,
    /// It did not opt in, so that nothing is to be said of it.
    NotOptedIn,
}

impl Standing {
    /// Its name in JSON and in queries.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Broken => "broken",
            Self::Held => "held",
            Self::ToChange => "to change",
            Self::Changing => "changing",
            Self::InOrder => "in order",
            Self::NotOptedIn => "not opted in",
        })
    }
}

/// How a service stands that has this status and this entry in the plan.
pub fn standing(status: Option<&Status>, entry: Option<&Entry>) -> Standing {
    let Some(status) = status else { return Standing::NotOptedIn };
    match status.health {
        Health::Degraded => return Standing::Broken,
        Health::Healthy | Health::Progressing | Health::Suspended | Health::Unknown => {}
    }
    match entry.map(|entry| &entry.verdict) {
        Some(Verdict::Step { .. }) => Standing::ToChange,
        Some(Verdict::Hold { hold, .. }) => of_hold(hold),
        Some(Verdict::InSync) | None => at_rest(status),
    }
}

/// A hold of a service that is not degraded. Nobody chose that something cannot be read, so there a person must act.
fn of_hold(hold: &Hold) -> Standing {
    match hold {
        Hold::Rolling => Standing::Changing,
        Hold::NotSeen(_) | Hold::NotLeader(_) if hold.ending() == Ending::ByPerson => {
            Standing::Broken
        }
        _ => Standing::Held,
    }
}

/// A service of which nothing is to change, or one that leaves.
fn at_rest(status: &Status) -> Standing {
    match status.health {
        Health::Healthy => Standing::InOrder,
        // A PAUSE hook holds its rollout.
        Health::Suspended => Standing::Held,
        Health::Unknown if status.ending == Some(Ending::ByPerson) => Standing::Broken,
        Health::Progressing | Health::Unknown => Standing::Changing,
        Health::Degraded => Standing::Broken,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use expect_test::{Expect, expect};
    use strum::VariantArray as _;

    use super::*;
    use crate::guard::writes::Writes;
    use crate::report::status::status;
    use crate::testing::Stage;

    fn check(text: &str, expected: &Expect) {
        let stage = Stage::read(text);
        let plan = stage.guarded(&Writes::default());
        let mut lines = String::new();
        for (key, _) in stage.view.services() {
            let entry = plan.entries.get(key);
            let status = status(&stage.view, key, entry, stage.moment());
            let standing = standing(status.as_ref(), entry);
            writeln!(lines, "{key} {standing}").expect("a String takes all text");
        }
        expected.assert_eq(&lines);
    }

    #[test]
    fn what_runs_and_what_rests() {
        check(
            "a mode=client | in internal.myapp
             b mode=client | in internal.myapp | http=8080 | rolling
             c mode=off | in internal.myapp | http=8080 | rolling
             d - | in internal.myapp",
            &expect![[r#"
                prod/a in order
                prod/b changing
                prod/c changing
                prod/d not opted in
            "#]],
        );
    }

    #[test]
    fn what_waits_or_was_chosen_is_held() {
        check(
            "a mode=client, namespace=internal.myapp
             b mode=client, namespace=internal.myapp
             c mode=off, pause=true | in internal.myapp",
            &expect![[r#"
                prod/a to change
                prod/b held
                prod/c held
            "#]],
        );
        check(
            "policy observe
             a mode=client, namespace=internal.myapp",
            &expect![[r#"
                prod/a held
            "#]],
        );
    }

    #[test]
    fn what_only_a_person_mends_is_broken() {
        check(
            "a mode=clinet | in internal.myapp
             b mode=client | in internal.myapp | http=8080 | failed
             c mode=client, needs=gone | in internal.myapp | http=8080 | deployed=50
             d mode=client | in internal.myapp | !",
            &expect![[r#"
                prod/a broken
                prod/b broken
                prod/c broken
                prod/d broken
            "#]],
        );
    }

    #[test]
    fn what_could_not_be_read_for_a_moment_is_held_and_what_was_not_read_yet_is_no_alarm() {
        check(
            "a mode=client | in internal.myapp | http=8080 | unread
             b mode=client | in internal.myapp | ?",
            &expect![[r#"
                prod/a held
                prod/b changing
            "#]],
        );
    }

    #[test]
    fn a_standing_has_one_name_in_json_and_in_queries() {
        for standing in Standing::VARIANTS {
            let json = serde_json::to_string(standing).expect("a name");
            assert_eq!(json, format!("\"{}\"", standing.name()));
        }
        assert!(Standing::VARIANTS.is_sorted(), "what needs a person comes first");
    }
}
