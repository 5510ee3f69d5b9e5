//! What stands around every page: its title, where it belongs, who reads it, and what came of a reader's request.

use strum::VariantArray as _;

use super::assets::{ICON, SCRIPT, STYLE};

/// What a reader may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Read, like everybody: no token is configured, so that nobody may do more.
    ReadOnly,
    /// Read, and more once the reader has shown the token.
    SignedOut,
    /// Everything.
    SignedIn,
}

/// The part of the dashboard that a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    /// Services, namespaces.
    Fleet,
    /// The plan.
    Plan,
    /// What happened.
    Events,
    /// None of them.
    None,
}

/// What stands around a page.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// The name of the page.
    pub(crate) title: String,
    /// Where it belongs.
    pub(crate) section: Section,
    /// What the reader may do.
    pub(crate) access: Access,
    /// What came of the reader's last request.
    pub(crate) notice: Option<&'static str>,
    /// Whether the page follows what happens.
    pub(crate) is_live: bool,
}

impl Frame {
    /// The frame of a page that follows what happens.
    pub(crate) fn new(title: impl Into<String>, section: Section, reader: Reader) -> Self {
        let Reader { access, notice } = reader;
        Self { title: title.into(), section, access, notice, is_live: true }
    }

    /// The frame of a page that stays as it is.
    pub(crate) fn still(self) -> Self {
        Self { is_live: false, ..self }
    }

    /// Whether this link of the navigation leads to where the reader is.
    pub(crate) fn is_in(&self, section: Section) -> bool {
        self.section == section
    }

    /// Whether the reader may press buttons.
    pub(crate) fn may_act(&self) -> bool {
        self.access == Access::SignedIn
    }

    /// The name of the style sheet.
    pub(crate) fn style() -> &'static str {
        &STYLE.name
    }

    /// The name of the script.
    pub(crate) fn script() -> &'static str {
        &SCRIPT.name
    }

    /// The name of the mark.
    pub(crate) fn icon() -> &'static str {
        &ICON.name
    }
}

/// Who reads a page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader {
    /// What he may do.
    pub(crate) access: Access,
    /// What came of his last request.
    pub(crate) notice: Option<&'static str>,
}

/// What came of a request. Its name stands in the address of the page that follows, so it is one of a closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum Done {
    /// The reader showed the token.
    SignedIn,
    /// The reader ended the session.
    SignedOut,
    /// A look is on its way.
    Look,
    /// A retry is on its way.
    Retry,
    /// A plan was acknowledged.
    Acknowledged,
    /// Something is paused.
    Paused,
    /// A pause was ended.
    Resumed,
}

impl Done {
    /// Its name in an address.
    pub(crate) fn name(self) -> &'static str {
        self.into()
    }

    /// The one of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::VARIANTS.iter().copied().find(|done| done.name() == name)
    }

    /// What the reader is told.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::SignedIn => "You are signed in for 12 hours.",
            Self::SignedOut => "You are signed out.",
            Self::Look => "eastwest looks now. What it finds shows here within seconds.",
            Self::Retry => {
                "eastwest sends the same configuration once more, as soon as nothing else holds it."
            }
            Self::Acknowledged => {
                "The plan is acknowledged. Its changes go on in waves and within the budget."
            }
            Self::Paused => {
                "Paused. A rollout that runs goes on; eastwest begins no other. A restart of eastwest ends the pause."
            }
            Self::Resumed => "The pause is ended. What waits goes on within the budget.",
        }
    }
}
