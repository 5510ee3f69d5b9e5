//! `/login`: where a reader shows the token.

use askama::Template;

use super::frame::{Access, Frame, Reader, Section};

/// The page.
#[derive(Template)]
#[template(path = "login.html")]
pub(crate) struct Login {
    frame: Frame,
    refused: Option<&'static str>,
}

impl Login {
    /// The form, with what was wrong at the last attempt.
    pub(crate) fn new(refused: Option<&'static str>, reader: Reader) -> Self {
        Self { frame: Frame::new("Sign in", Section::None, reader).still(), refused }
    }
}
