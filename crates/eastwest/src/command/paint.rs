//! Colours of texts for people: the marks and colours that Terraform made usual.
//!
//! A text is always made with colours. Where it is printed, `anstream` takes them away: if standard output is no
//! terminal, or with `NO_COLOR`; `CLICOLOR_FORCE` keeps them.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

/// What comes into being.
pub(crate) const ADD: Style = AnsiColor::Green.on_default();
/// What changes.
pub(crate) const CHANGE: Style = AnsiColor::Yellow.on_default();
/// What goes away.
pub(crate) const REMOVE: Style = AnsiColor::Red.on_default();
/// What is done once more.
pub(crate) const AGAIN: Style = AnsiColor::Cyan.on_default();
/// What is wrong.
pub(crate) const WRONG: Style = AnsiColor::Red.on_default().bold();
/// What may be wrong.
pub(crate) const DOUBT: Style = AnsiColor::Magenta.on_default();
/// A heading.
pub(crate) const HEADING: Style = Style::new().bold();
/// A remark.
pub(crate) const REMARK: Style = Style::new().dimmed();

/// The text in a style.
pub(crate) fn painted(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// The text without colours.
#[cfg(test)]
pub(crate) fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}
