//! Follows `mod` from every target of the workspace: which files are compiled, and which only for tests.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock};
use std::thread;

use syn::{Attribute, Expr, ExprLit, Item, ItemMod, Lit, Meta};

use crate::code::{Code, Root};
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

/// Every file that some target reaches, and the code in them as a tree of names.
pub(crate) struct Project {
    /// The files, in order.
    pub(crate) modules: Vec<Module>,
    /// What they define and name.
    pub(crate) code: Code,
}

type Question = Box<dyn FnOnce(&Project) + Send>;

/// Asks what was read. Syntax cannot be shared between threads, and reading it takes longest of all: so one thread
/// reads it once, for all tests, and answers them in turn.
pub(crate) fn ask<Answer: Send + 'static>(
    question: impl FnOnce(&Project) -> Answer + Send + 'static,
) -> Answer {
    static READER: OnceLock<Mutex<Sender<Question>>> = OnceLock::new();
    let reader = READER.get_or_init(|| {
        let (questions, asked) = channel::<Question>();
        thread::spawn(move || {
            let project = read();
            for question in asked {
                question(&project);
            }
        });
        Mutex::new(questions)
    });
    let (answers, answered) = channel();
    let question: Question = Box::new(move |project| {
        let answer = catch_unwind(AssertUnwindSafe(|| question(project)));
        answers.send(answer).expect("who asked waits");
    });
    reader.lock().expect("no test ends while it asks").send(question).expect("the reader lives");
    answered.recv().expect("the reader ended; see above").unwrap_or_else(|why| resume_unwind(why))
}

/// A file reached both ways counts as production code; what is a workspace of its own exists for tests.
fn read() -> Project {
    let mut found = BTreeMap::new();
    let mut roots = Vec::new();
    let inside = repo::packages().into_iter().map(|package| (package, false));
    let outside = repo::packages_outside().into_iter().map(|package| (package, true));
    for (package, is_test) in inside.chain(outside) {
        let manifest = Path::new(package["manifest_path"].as_str().expect("a path"));
        let home = repo::shown(manifest.parent().expect("a file lies in a folder"));
        for target in package["targets"].as_array().expect("targets") {
            let kind = target["kind"][0].as_str().expect("a kind");
            let path = PathBuf::from(target["src_path"].as_str().expect("a path"));
            let folder = path.parent().expect("a file lies in a folder").to_path_buf();
            follow(&path, &folder, is_test || kind == "test", &mut found);
            let name = target["name"].as_str().expect("a name").replace('-', "_");
            let is_library = kind == "lib";
            roots.push(Root { package: home.clone(), name, is_library, file: path });
        }
    }
    let modules: Vec<Module> = found.into_values().collect();
    let code = Code::of(roots, &modules);
    Project { modules, code }
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
        follow(&child, &folder_below(&child), child_is_test, found);
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
            None => found.push((declared(module, file, folder, &Path::is_file), is_test)),
        }
    }
    found
}

/// The file of `mod name;`, which stands in `file`.
pub(crate) fn declared(
    module: &ItemMod,
    file: &Path,
    folder: &Path,
    exists: &dyn Fn(&Path) -> bool,
) -> PathBuf {
    if let Some(path) = module.attrs.iter().find_map(path_attribute) {
        return file.parent().unwrap_or(folder).join(path);
    }
    let flat = folder.join(format!("{}.rs", module.ident));
    if exists(&flat) { flat } else { folder.join(module.ident.to_string()).join("mod.rs") }
}

/// Where the files of the modules lie that `file` declares.
pub(crate) fn folder_below(file: &Path) -> PathBuf {
    let is_mod_file = file.file_name().is_some_and(|name| name == "mod.rs");
    let folder = file.parent().filter(|_| is_mod_file);
    folder.map_or_else(|| file.with_extension(""), Path::to_path_buf)
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
    let reached: Vec<PathBuf> =
        ask(|project| project.modules.iter().map(|module| module.path.clone()).collect());
    let all = repo::files(&[".rs"]);
    let dead = all.iter().filter(|path| !reached.contains(path));
    let findings: Vec<String> = dead
        .map(|path| format!("{}:1: no `mod` leads here; declare or delete it", repo::shown(path)))
        .collect();
    assert_none(&findings);
}
