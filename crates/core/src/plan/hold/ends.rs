//! What would end each hold. Every one says so, or this does not compile.

use super::claim::{Had, Holder};
use super::{Frozen, Hold, Naming, Unseen};
use crate::declaration::settings::Policy;
use crate::plan::awaited::Until;
use crate::plan::kept_name::KeptFor;
use crate::plan::prerequisite::NamedPorts;
use crate::plan::reason::Ending;

impl Hold {
    /// What would end it, in one short sentence that begins with a small letter.
    pub fn ends(&self) -> String {
        let said = match self {
            Self::NotSeen(unseen) => unseen.ends(),
            Self::Ambiguous => "once its issues are fixed",
            Self::AmbiguousPort(_) => "once the port is declared in one of these ways",
            Self::NoNamespace(_) => "once that namespace exists, or another one is declared",
            Self::Ineligible(_) => {
                "once the service, its task definition or its declaration is fixed"
            }
            Self::UnnamedPort(named, naming) => return unnamed_port(named, naming),
            Self::Immutable(_) => "once the endpoint is declared under another discovery name",
            Self::Conflict(_, holder) => return holder.ends(),
            Self::Claimed { .. } => {
                "once another name is declared, or the claim lists this service too"
            }
            Self::UnknownField(_) => {
                "once eastwest is updated to a version that knows them, or the service is changed by hand"
            }
            Self::RolledBack { .. } => {
                "once the declaration or the task definition changes, a later deployment of the service completes, or a person asks for one more attempt: eastwest retry, POST /api/v1/retry, or a new value of its retry tag"
            }
            Self::Rolling => "once that deployment has ended",
            Self::WaitingForServer(awaited) => return awaited.ends(),
            Self::WaitingForClient(kept) => return kept.ends(),
            Self::Frozen(Frozen::Document) => "once the document no longer sets freeze",
            Self::Frozen(Frozen::Window(closed)) => return closed.ends(),
            Self::Paused(None) => "once the pause is removed",
            Self::Paused(Some(until)) => {
                return format!("at {until}, or once the pause is removed");
            }
            Self::PausedByPerson(pause) => return pause.ends(),
            Self::Budget(turn) => return turn.ends(),
            Self::MassChange(why) => {
                return format!(
                    "once a person who has read the plan acknowledges it: eastwest apply --ack {0}, or POST /api/v1/ack with {0}",
                    why.plan
                );
            }
            Self::Contended(_) => {
                "once the other writer stops changing it (see the snippet); eastwest tries once more when the last change is an hour old"
            }
            Self::Refused(_) => "once AWS accepts it; eastwest retries with growing pauses",
            Self::Breach(_) => {
                "once eastwest is updated to a version without this fault; please report it"
            }
            Self::Observe(Policy::Observe) => "with --policy upsert-only or sync",
            Self::Observe(Policy::UpsertOnly | Policy::Sync) => "with --policy sync",
            Self::OwnService => "with --own-service none",
            Self::NotLeader(why) => return why.ends(),
        };
        said.to_owned()
    }

    /// Who ends it, as far as this hold alone tells.
    pub fn ending(&self) -> Ending {
        match self {
            Self::Rolling | Self::Budget(_) => Ending::ByItself,
            Self::NotSeen(unseen) => by_itself(unseen.ends_by_itself()),
            Self::NotLeader(why) => by_itself(why.ends_by_itself()),
            Self::Refused(fault) => by_itself(fault.kind.is_transient()),
            Self::WaitingForServer(awaited) => match awaited.until {
                Until::Changed | Until::Complete | Until::Filled => Ending::ByItself,
                Until::Mended(_) => Ending::ByPerson,
            },
            Self::WaitingForClient(kept) => match kept.cause {
                KeptFor::Rollout => Ending::ByAnother,
                KeptFor::Needs | KeptFor::Mention(_) => Ending::ByPerson,
            },
            Self::Ambiguous
            | Self::AmbiguousPort(_)
            | Self::NoNamespace(_)
            | Self::Ineligible(_)
            | Self::UnnamedPort(..)
            | Self::Immutable(_)
            | Self::Conflict(..)
            | Self::Claimed { .. }
            | Self::UnknownField(_)
            | Self::RolledBack { .. }
            | Self::Frozen(_)
            | Self::Paused(_)
            | Self::PausedByPerson(_)
            | Self::MassChange(_)
            | Self::Contended(_)
            | Self::Breach(_)
            | Self::Observe(_)
            | Self::OwnService => Ending::ByPerson,
        }
    }

    /// Whether it ends and nobody has to act anywhere.
    pub fn ends_by_itself(&self) -> bool {
        self.ending() == Ending::ByItself
    }

    /// Whether what is declared or deployed is wrong and must be changed. Every other hold is only for a time, or
    /// waits for a person who decides, and nothing is wrong with what was written.
    pub fn is_mistake(&self) -> bool {
        match self {
            Self::Ambiguous
            | Self::AmbiguousPort(_)
            | Self::NoNamespace(_)
            | Self::Ineligible(_)
            | Self::UnnamedPort(..)
            | Self::Immutable(_)
            | Self::Claimed { .. }
            | Self::UnknownField(_) => true,
            Self::Conflict(_, holder) => !matches!(holder, Holder::Had(_)),
            Self::NotSeen(_)
            | Self::RolledBack { .. }
            | Self::WaitingForServer(_)
            | Self::WaitingForClient(..)
            | Self::Rolling
            | Self::Frozen(_)
            | Self::Paused(_)
            | Self::PausedByPerson(_)
            | Self::Budget(_)
            | Self::MassChange(_)
            | Self::Contended(_)
            | Self::Refused(_)
            | Self::Breach(_)
            | Self::Observe(_)
            | Self::OwnService
            | Self::NotLeader(_) => false,
        }
    }

    /// What to paste where, if that is what it takes.
    pub fn snippet(&self) -> Option<String> {
        match self {
            Self::Contended(contention) => Some(contention.snippet()),
            _ => None,
        }
    }
}

fn by_itself(ends: bool) -> Ending {
    if ends { Ending::ByItself } else { Ending::ByPerson }
}

impl Unseen {
    /// Whether it will be seen and nobody has to act.
    pub fn ends_by_itself(&self) -> bool {
        match self {
            Self::Service(fault) | Self::Answer(_, Some(fault)) => fault.kind.is_transient(),
            Self::BadDocument => false,
            Self::Unlisted
            | Self::Lagging
            | Self::JustMade
            | Self::Partly
            | Self::Answer(_, None)
            | Self::JustStarted
            | Self::Extent(_)
            | Self::Rollouts(..)
            | Self::LastWrite => true,
        }
    }

    fn ends(&self) -> &'static str {
        match self {
            Self::Service(_) => "once it can be read again",
            Self::Unlisted => {
                "once a listing shows it; if the next one does not, eastwest forgets it"
            }
            Self::Lagging => "once AWS answers with a state as new as the newest seen",
            Self::BadDocument => "once the document's issues are fixed",
            Self::JustMade => "once a read shows it",
            Self::Partly => "once it is read again",
            Self::Answer(_, None) => "once it has been read",
            Self::Answer(_, Some(_)) => "once AWS answers; eastwest retries with growing pauses",
            Self::JustStarted => "once eastwest has read the cluster again, 10 s after its start",
            Self::Extent(_) => "once they are read",
            Self::Rollouts(..) => {
                "once it is read, at the latest after the time in which a rollout counts as stalled"
            }
            Self::LastWrite => "once a read shows whether it took effect",
        }
    }
}

impl Holder {
    fn ends(&self) -> String {
        match self {
            Self::Has(key, _) | Self::Precedes(key, _) => {
                format!("once another name is declared, here or for {key}")
            }
            Self::Had(had) => had.ends(),
            Self::Leftover(_) => "once ECS or a person deletes it (it must have no instances), or another discovery name is declared".to_owned(),
            Self::Registry(_, key) => format!(
                "once another discovery name is declared, or serviceRegistries is removed from {key} and then that Cloud Map service"
            ),
        }
    }
}

impl Had {
    fn ends(&self) -> String {
        let free = match (&self.free_at, &self.needed_by) {
            (Some(at), None) => format!("at {at:.0}"),
            (Some(at), Some(client)) => {
                format!("after {at:.0}, once {client} needs the name no longer")
            }
            (None, Some(client)) => format!("once {client} needs the name no longer"),
            (None, None) => "soon".to_owned(),
        };
        format!("{free}; at once if the document's claims give the name to this service")
    }
}

/// There may be several ports; the message names them.
fn unnamed_port(NamedPorts { task_definition, ports }: &NamedPorts, naming: &Naming) -> String {
    let names = if ports.len() == 1 { "names it" } else { "names them" };
    match naming {
        Naming::ByHand | Naming::ByUs => {
            format!("once the service runs a revision of {} that {names}", task_definition.family())
        }
        Naming::In(_) => "once the service runs that revision".to_owned(),
    }
}
