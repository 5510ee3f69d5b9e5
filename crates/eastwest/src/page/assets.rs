//! The files that all pages share. They are part of the program, so that a page never waits for another host.
//!
//! **Invariant:** the name of a file has a hash of its content, so that a browser may keep it for ever, and a new version
//! of the program is never shown with the style of an old one.

use std::hash::{DefaultHasher, Hasher as _};
use std::sync::LazyLock;

/// One file.
#[derive(Debug)]
pub(crate) struct Asset {
    /// Its name, with the hash.
    pub(crate) name: String,
    /// Its version, as browsers compare it.
    pub(crate) etag: String,
    /// Its media type.
    pub(crate) kind: &'static str,
    /// Its content.
    pub(crate) content: &'static str,
}

/// The style sheet.
pub(crate) static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("style", "css", "text/css; charset=utf-8", include_str!("../../assets/style.css"))
});

/// The script that keeps a page up to date.
pub(crate) static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("live", "js", "text/javascript; charset=utf-8", include_str!("../../assets/live.js"))
});

/// The mark in a browser's tab.
pub(crate) static ICON: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("icon", "svg", "image/svg+xml", include_str!("../../assets/icon.svg"))
});

impl Asset {
    fn new(stem: &str, ending: &str, kind: &'static str, content: &'static str) -> Self {
        let mut hash = DefaultHasher::new();
        hash.write(content.as_bytes());
        let hash = format!("{:016x}", hash.finish());
        let (name, etag) = (format!("{stem}-{hash}.{ending}"), format!("\"{hash}\""));
        Self { name, etag, kind, content }
    }
}

/// The file of that name.
pub(crate) fn named(name: &str) -> Option<&'static Asset> {
    let all: [&'static Asset; 3] = [&STYLE, &SCRIPT, &ICON];
    all.into_iter().find(|asset| asset.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_by_the_name_of_its_content_alone() {
        assert_eq!(named(&STYLE.name).map(|asset| asset.content), Some(STYLE.content));
        let changed = Asset::new("style", "css", "text/css", "body {}");
        assert_ne!(changed.name, STYLE.name);
        assert!(named(&changed.name).is_none() && named("style.css").is_none());
    }

    #[test]
    fn no_file_asks_for_anything_of_another_host() {
        for asset in [&STYLE, &SCRIPT] {
            assert!(!asset.content.contains("://"), "{}", asset.name);
        }
    }
}
