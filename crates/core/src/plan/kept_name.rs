//! An old name that stays for a client, and who can end that.

use std::fmt;

use super::consent::PlanId;
use crate::ecs::environment::MentionPlace;
use crate::ecs::name::DiscoveryName;
use crate::ecs::service_key::ServiceKey;

/// An old name that stays because a client calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptName {
    /// The name.
    pub name: DiscoveryName,
    /// The client.
    pub client: ServiceKey,
    /// What of the client calls it.
    pub cause: KeptFor,
    /// What to acknowledge, so that the name goes all the same; none while the client is still to be rolled out.
    pub consent: Option<PlanId>,
    /// When the document lets the name go all the same, if it says so.
    pub until: Option<jiff::Timestamp>,
}

/// What of a client calls an old name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeptFor {
    /// Its tasks do not know the new name yet, or tasks of an older deployment still run.
    Rollout,
    /// Its needs list the name.
    Needs,
    /// Its environment or its command names the host.
    Mention(MentionPlace),
}

impl KeptName {
    /// A name that is kept as nobody has agreed to anything.
    pub(crate) fn new(name: DiscoveryName, client: ServiceKey, cause: KeptFor) -> Self {
        Self { name, client, cause, consent: None, until: None }
    }

    /// What would end it.
    pub(crate) fn ends(&self) -> String {
        let Self { name, client, cause, consent, until } = self;
        let mended = match cause {
            KeptFor::Rollout => {
                let latest = until.map(|until| format!(", at the latest at {until}"));
                let latest = latest.unwrap_or_default();
                return format!("once {client} is rolled out and its older tasks are gone{latest}");
            }
            KeptFor::Needs => format!("once the needs of {client} no longer list {name}"),
            KeptFor::Mention(place) => {
                format!("once {client} runs a task definition in which {place} names another host")
            }
        };
        let until = until.map(|until| format!(", at {until}")).unwrap_or_default();
        let agreed = consent.as_ref().map(|id| {
            format!(", or once a person acknowledges it: eastwest apply --ack {id}, or POST /api/v1/ack with {id}")
        });
        format!("{mended}{until}{}", agreed.unwrap_or_default())
    }
}

impl fmt::Display for KeptName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, client, cause, .. } = self;
        match cause {
            KeptFor::Rollout => write!(
                f,
                "the old name is kept for {client}, which may call it and does not have the new one yet"
            ),
            KeptFor::Needs => {
                write!(f, "the old name {name} is kept for {client}, whose needs list it")
            }
            KeptFor::Mention(place) => {
                write!(f, "the old name {name} is kept for {client}, where {place} still names it")
            }
        }
    }
}
