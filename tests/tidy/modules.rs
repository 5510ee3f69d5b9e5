//! Follows `mod` from every target of the workspace: which files are compiled, and which only for tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use syn::{Attribute, Expr, ExprLit, Item, ItemMod, Lit, Meta};

use crate::{assert_none, repo};

/// One compiled file.
pub(crate) struct Module {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Its syntax.
    pub(crate) syntax: syn::File,
    /// Its text.
    pub(crate) text: String,
    /// Whether it is compiled for tests alone.
    pub(crate) is_test: bool,
}

impl Module {
    /// A file that exists only in a test of these tests.
    pub(crate) fn of(path: &str, text: &str) -> Self {
        let syntax = syn::parse_file(text).expect("an example is Rust");
        Self { path: PathBuf::from(path), syntax, text: text.to_owned(), is_test: false }
    }
}

/// Every file that some target reaches. A file reached both ways counts as production code; what is a workspace of its
/// own exists for tests.
pub(crate) fn reached() -> Vec<Module> {
    let mut found = BTreeMap::new();
    let inside = repo::packages().into_iter().map(|package| (package, false));
    let outside = repo::packages_outside().into_iter().map(|package| (package, true));
    for (package, is_test) in inside.chain(outside) {
        for target in package["targets"].as_array().expect("targets") {
            let kind = target["kind"][0].as_str().expect("a kind");
            let path = PathBuf::from(target["src_path"].as_str().expect("a path"));
            let folder = path.parent().expect("a file lies in a folder").to_path_buf();
            follow(&path, &folder, is_test || kind == "test", &mut found);
        }
    }
    found.into_values().collect()
}

/// Reads `path`, whose submodules lie in `folder`, and all that it declares.
fn follow(path: &Path, folder: &Path, is_test: bool, found: &mut BTreeMap<PathBuf, Module>) {
    if found.get(path).is_some_and(|module| !module.is_test || is_test) {
        return;
    }
    let text = repo::text(path);
    let syntax = syn::parse_file(&text)
        .unwrap_or_else(|error| panic!("{}: cannot be read as Rust: {error}", repo::shown(path)));
    let inner = is_test || has_cfg_test(&syntax.attrs);
    for (child, child_is_test) in children(&syntax.items, path, folder, inner) {
        let own = child.with_extension("");
        let is_mod_file = child.file_name().is_some_and(|name| name == "mod.rs");
        let folder = if is_mod_file { child.parent().unwrap_or(&own) } else { &own };
        follow(&child, folder, child_is_test, found);
    }
    found.insert(
        path.to_path_buf(),
        Module { path: path.to_path_buf(), syntax, text, is_test: inner },
    );
}

/// The files that `items` declare with `mod name;`, also inside `mod name { … }`.
fn children(items: &[Item], file: &Path, folder: &Path, is_test: bool) -> Vec<(PathBuf, bool)> {
    let mut found = Vec::new();
    for item in items {
        let Item::Mod(module) = item else { continue };
        let is_test = is_test || has_cfg_test(&module.attrs);
        let below = folder.join(module.ident.to_string());
        match &module.content {
            Some((_, items)) => found.extend(children(items, file, &below, is_test)),
            None => found.push((declared(module, file, folder), is_test)),
        }
    }
    found
}

fn declared(module: &ItemMod, file: &Path, folder: &Path) -> PathBuf {
    if let Some(path) = module.attrs.iter().find_map(path_attribute) {
        return file.parent().unwrap_or(folder).join(path);
    }
    let flat = folder.join(format!("{}.rs", module.ident));
    if flat.is_file() { flat } else { folder.join(module.ident.to_string()).join("mod.rs") }
}

fn path_attribute(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pair.value else { return None };
    pair.path.is_ident("path").then(|| text.value())
}

/// Whether these attributes say that the item exists in tests only.
pub(crate) fn has_cfg_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        if attribute.path().is_ident("test") {
            return true;
        }
        let Meta::List(list) = &attribute.meta else { return false };
        list.path.is_ident("cfg") && list.tokens.to_string() == "test"
    })
}

#[test]
fn no_file_is_dead() {
    let reached: Vec<PathBuf> = reached().into_iter().map(|module| module.path).collect();
    let all = repo::files(&[".rs"]);
    let dead = all.iter().filter(|path| !reached.contains(path));
    let findings: Vec<String> = dead
        .map(|path| format!("{}:1: no `mod` leads here; declare or delete it", repo::shown(path)))
        .collect();
    assert_none(&findings);
}
