//! Whether every link in the book leads to a file in it, and to an anchor in that file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};

/// Pages of mdBook's own: the first has the links of all others, the second is served at any address.
const OF_MDBOOK: [&str; 3] = ["print.html", "404.html", "toc.html"];
/// What links begin with that lead out of the book.
const OUTSIDE: [&str; 5] = ["http:", "https:", "mailto:", "data:", "javascript:"];

/// The links that lead nowhere, a line for each.
pub(super) fn broken(book: &Path) -> Result<Vec<String>> {
    let mut pages = BTreeMap::new();
    read(book, book, &mut pages)?;
    let mut broken = BTreeSet::new();
    for (page, text) in &pages {
        for link in links(text) {
            if let Some(why) = trouble(book, &pages, page, &link) {
                broken.insert(format!("{}: {link} {why}", page.display()));
            }
        }
    }
    Ok(broken.into_iter().collect())
}

/// The pages of a folder, by their paths in the book.
fn read(book: &Path, folder: &Path, pages: &mut BTreeMap<PathBuf, String>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry.context("a folder cannot be read")?.path();
        let place = path.strip_prefix(book).unwrap_or(&path).to_owned();
        if path.is_dir() {
            read(book, &path, pages)?;
        } else if path.extension().is_some_and(|kind| kind == "html")
            && !OF_MDBOOK.iter().any(|name| place == Path::new(name))
        {
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            pages.insert(place, text);
        }
    }
    Ok(())
}

/// The links of a page that stay in the book.
fn links(page: &str) -> BTreeSet<String> {
    let values = ["href=\"", "src=\""].into_iter().flat_map(|start| {
        page.split(start).skip(1).filter_map(|rest| rest.split_once('"')).map(|(link, _)| link)
    });
    let inside = values.filter(|link| !OUTSIDE.iter().any(|start| link.starts_with(start)));
    inside.map(|link| link.replace("&amp;", "&")).collect()
}

/// Why a link leads nowhere.
fn trouble(
    book: &Path,
    pages: &BTreeMap<PathBuf, String>,
    page: &Path,
    link: &str,
) -> Option<&'static str> {
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = match path {
        "" => Some(page.to_owned()),
        path => within(&page.parent().unwrap_or(Path::new("")).join(path)),
    };
    let Some(target) = target.filter(|target| book.join(target).is_file()) else {
        return Some("leads to no file of the book");
    };
    let text = pages.get(&target)?;
    let has_anchor = anchor.is_empty() || text.contains(&format!("id=\"{anchor}\""));
    (!has_anchor).then_some("leads to no anchor of that page")
}

/// The path without its steps up; `None` where they lead out of the book.
fn within(path: &Path) -> Option<PathBuf> {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                if !clean.pop() {
                    return None;
                }
            }
            Component::CurDir => {}
            other => clean.push(other),
        }
    }
    Some(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_followed_to_its_file_and_its_anchor() {
        let book = std::env::temp_dir().join(format!("eastwest-book-{}", std::process::id()));
        drop(fs::remove_dir_all(&book));
        fs::create_dir_all(book.join("a")).expect("a folder");
        let page = r##"<a href="../b.html#here">good</a><a href="#own"></a><i id="own"></i>
            <a href="https://example.com/x">far</a><img src="c.png">
            <a href="../b.html#gone">no</a><a href="../../c.html">no</a><a href="d.md">no</a>"##;
        fs::write(book.join("a/a.html"), page).expect("a file");
        fs::write(book.join("a/c.png"), "").expect("a file");
        fs::write(book.join("b.html"), r#"<h1 id="here"></h1>"#).expect("a file");
        let found = broken(&book).expect("it can be read");
        assert_eq!(
            found,
            [
                "a/a.html: ../../c.html leads to no file of the book",
                "a/a.html: ../b.html#gone leads to no anchor of that page",
                "a/a.html: d.md leads to no file of the book",
            ]
        );
        fs::remove_dir_all(book).expect("removed");
    }
}
