//! What people wrote: tags, the document, windows, settings; and what of it cannot be honoured.
//!
//! **In:** texts (tags, parameters, flags). **Out:** a [`declared::Declaration`] or a [`document::Document`], and the
//! [`issue::Issue`]s that say where a text is wrong and what is allowed.

pub mod issue;
pub mod declared;
pub(crate) mod value;
pub mod tag_prefix;
pub mod tagged;
pub mod tag;
pub mod windows;
pub mod document;
pub mod intent;
pub mod settings;
pub mod proposed;
pub mod terraform;
