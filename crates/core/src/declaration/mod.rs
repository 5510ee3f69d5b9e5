//! What people wrote: tags, the document, windows, settings; and what of it cannot be honoured.
//!
//! **In:** texts (tags, parameters, flags). **Out:** a [`declared::Declaration`] or a [`document::Document`], and the
//! [`issue::Issue`]s that say where a text is wrong and what is allowed.

pub mod declared;
pub mod document;
pub mod intent;
pub mod issue;
pub mod settings;
pub mod tag;
pub(crate) mod value;
pub mod windows;
