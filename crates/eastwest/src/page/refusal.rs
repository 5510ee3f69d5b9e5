//! The page for a request that cannot be answered as it was asked: what is wrong, and what to do.

use askama::Template;

use super::frame::{Access, Frame, Reader, Section};

/// The page.
#[derive(Template)]
#[template(path = "refusal.html")]
pub(crate) struct Refusal {
    frame: Frame,
    why: String,
}

impl Refusal {
    /// A page under this title that says why.
    pub(crate) fn new(title: &'static str, why: String, reader: Reader) -> Self {
        Self { frame: Frame::new(title, Section::None, reader).still(), why }
    }
}
