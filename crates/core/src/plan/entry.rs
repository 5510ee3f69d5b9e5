//! What to do about one service.

use serde::Serialize;

use super::action::Action;
use super::awaited::Awaited;
use super::contention::Contention;
use super::doubt::CallDoubt;
use super::hold::Hold;
use super::kept_name::KeptName;
use super::need::MissingEndpoint;
use crate::ecs::change::Change;
use crate::ecs::namespace::Namespace;
use crate::ecs::service_key::ServiceKey;

/// What to do about one service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Where what is in force differs from what is wanted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// The namespace it is to be in; for a service to switch off, the one it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Namespace>,
    /// The services that want a name this one has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contested_by: Vec<ServiceKey>,
    /// How many more want one.
    #[serde(skip_serializing_if = "is_none_more")]
    pub contested_by_more: usize,
    /// What else is to be said: that this is one phase of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The server that is to be complete first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub awaits: Option<Box<Awaited>>,
    /// The endpoints that it needs and that its tasks do not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<MissingEndpoint>,
    /// How many more it lacks.
    #[serde(skip_serializing_if = "is_none_more")]
    pub lacks_more: usize,
    /// Why its calls may fail, or why nobody knows. Nothing waits for that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<CallDoubt>,
    /// The old name that the step removes although a client still calls it.
    #[serde(skip)]
    pub keeps: Option<Box<KeptName>>,
    /// Whether somebody else keeps changing it back.
    #[serde(skip)]
    pub contention: Option<Box<Contention>>,
}

/// In order, to change, or wanted but held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// What is in force is what is wanted.
    InSync,
    /// To do now.
    Step {
        /// What to do.
        action: Action,
    },
    /// Not to do now.
    Hold {
        /// Why not.
        hold: Hold,
        /// What would be done; absent where that cannot be told.
        #[serde(skip_serializing_if = "Option::is_none")]
        action: Option<Action>,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_none_more(more: &usize) -> bool {
    *more == 0
}

impl Entry {
    pub(crate) fn held(hold: Hold) -> Self {
        Self {
            verdict: Verdict::Hold { hold, action: None },
            changes: Vec::new(),
            namespace: None,
            contested_by: Vec::new(),
            contested_by_more: 0,
            note: None,
            awaits: None,
            lacks: Vec::new(),
            lacks_more: 0,
            doubts: Vec::new(),
            keeps: None,
            contention: None,
        }
    }

    pub(crate) fn in_sync(namespace: Option<&Namespace>) -> Self {
        let namespace = namespace.cloned();
        Self { verdict: Verdict::InSync, namespace, ..Self::held(Hold::Ambiguous) }
    }

    /// Says something more.
    pub(crate) fn add_note(&mut self, words: &str) {
        let before = self.note.take().map(|note| note + "; ").unwrap_or_default();
        self.note = Some(before + words);
    }

    /// Says something more, unless it was said already.
    pub(crate) fn note_once(&mut self, words: &str) {
        if !self.note.as_ref().is_some_and(|note| note.contains(words)) {
            self.add_note(words);
        }
    }

    /// Turns a step into a hold; leaves everything else.
    pub fn hold_step(&mut self, hold: Hold) {
        if let Verdict::Step { action } = &self.verdict {
            self.verdict = Verdict::Hold { hold, action: Some(action.clone()) };
        }
    }

    /// Turns a hold of a known change into a step.
    pub(crate) fn release(&mut self) {
        if let Verdict::Hold { action: Some(action), .. } = &self.verdict {
            self.verdict = Verdict::Step { action: action.clone() };
        }
    }

    /// What is done without anybody's doing: now, or when what holds it has passed.
    pub(crate) fn pending(&self) -> Option<&Action> {
        match &self.verdict {
            Verdict::Step { action } => Some(action),
            Verdict::Hold { hold, action } if hold.ends_by_itself() => action.as_ref(),
            Verdict::Hold { .. } | Verdict::InSync => None,
        }
    }

    /// Whether it is known what would change, whatever holds it.
    pub(crate) fn is_to_change(&self) -> bool {
        matches!(self.verdict, Verdict::Step { .. } | Verdict::Hold { action: Some(_), .. })
    }

    /// The hold, if it is one.
    pub fn hold(&self) -> Option<&Hold> {
        match &self.verdict {
            Verdict::Hold { hold, .. } => Some(hold),
            Verdict::InSync | Verdict::Step { .. } => None,
        }
    }
}
