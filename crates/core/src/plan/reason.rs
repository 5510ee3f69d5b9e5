//! The closed set of reasons: why a change is held, or what is to be said of a rollout.
//!
//! Their names are a contract: metrics bear them as a label, JSON and log lines as a member. No code compares them as
//! text.

use std::fmt;

use serde::Serialize;
use strum::VariantArray as _;

/// Why a service is as it is, in one word.
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
    schemars::JsonSchema,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
pub enum Reason {
    /// Something that the decision rests on could not be seen.
    NotSeen,
    /// What is declared can be read in more than one way.
    Ambiguous,
    /// There is no such namespace, or none was named.
    NoNamespace,
    /// ECS would refuse it, or tasks would not start.
    Ineligible,
    /// ECS never changes the protocol that a name was made with.
    Immutable,
    /// Another service has the name, or the better right to it.
    Conflict,
    /// The document keeps the name for others.
    Claimed,
    /// The configuration in force has members that this version does not know.
    UnknownField,
    /// ECS gave up exactly this configuration before.
    RolledBack,
    /// A server that the service needs is not complete.
    WaitingForServer,
    /// The old name stays until this client knows the new one.
    WaitingForClient,
    /// A rollout of the service is running.
    Rolling,
    /// The document allows no change, at all or at this time.
    Frozen,
    /// The service's owner paused it.
    Paused,
    /// As many rollouts as allowed are running.
    Budget,
    /// Another writer keeps changing the service back.
    Contended,
    /// Too much of a namespace would change at once.
    MassChange,
    /// AWS refused this change, or could not take it.
    Refused,
    /// eastwest found a fault in its own plan.
    Breach,
    /// The policy does not allow the change.
    Observe,
    /// It is eastwest's own service.
    OwnService,
    /// This process does not lead the cluster.
    NotLeader,
    /// A rollout is running, and nothing is wanted of the service.
    Progressing,
    /// The old tasks are kept for the planned time.
    Baking,
    /// A PAUSE lifecycle hook holds the rollout.
    HookPaused,
    /// ECS takes back a rollout that failed.
    RollingBack,
    /// A rollout runs for longer than it should.
    Stalled,
    /// The last rollout failed.
    RolloutFailed,
    /// A rollout failed, and no earlier deployment completed.
    NothingToGoBackTo,
    /// The configuration is in order, and calls of the tasks fail all the same.
    CannotCall,
    /// The service is being deleted, or was.
    Leaving,
}

/// Who ends a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Nobody has to act: something is running, has its turn later, or is tried again.
    ByItself,
    /// Nobody has to act on this service: it goes on after another one. Whether that one needs a person, its own entry
    /// says.
    ByAnother,
    /// A person, now, or at a time that a person set.
    ByPerson,
}

impl Reason {
    /// The reasons to hold a change; they come first.
    pub fn holds() -> impl Iterator<Item = Self> {
        Self::VARIANTS.iter().copied().take_while(|reason| *reason != Self::Progressing)
    }

    /// Whether it says how a rollout goes, and not why a change is held.
    pub fn is_of_rollout(self) -> bool {
        matches!(
            self,
            Self::Rolling
                | Self::Progressing
                | Self::Baking
                | Self::HookPaused
                | Self::RollingBack
                | Self::Stalled
                | Self::RolloutFailed
                | Self::NothingToGoBackTo
        )
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_glossary_lists_every_reason_to_hold() {
        const GLOSSARY: &str = include_str!("../../../../docs/glossary.md");
        let missing: Vec<_> = Reason::holds()
            .filter(|reason| !GLOSSARY.contains(&format!("| `{reason}` |")))
            .collect();
        assert!(missing.is_empty(), "docs/glossary.md lacks {missing:?}");
    }

    #[test]
    fn a_reason_has_one_name_in_text_and_in_json() {
        for reason in Reason::VARIANTS {
            let json = serde_json::to_string(reason).expect("a name");
            assert_eq!(json, format!("\"{reason}\""));
            assert_eq!(format!("{reason:?}"), reason.name());
        }
    }
}
