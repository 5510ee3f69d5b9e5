//! The code as a tree of names: which module defines what, and what each line names of other modules.
//!
//! It reads syntax, as the compiler does before it knows types. A name is followed through `use` and `pub use` to the
//! file that defines it, so that an import through a re-export is seen for what it is. **What it does not see:** which
//! type's method a call means. Such a call needs no import, and it takes a value whose type somebody imported.

mod interface;
mod read;
mod resolve;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::modules::Module;
use crate::repo;

pub(crate) use resolve::{Found, Target};

/// The place of a module in [`Code::scopes`].
pub(crate) type ScopeId = usize;

/// The segments of a path as they are written.
pub(crate) type Names = Vec<String>;

/// What cargo compiles as one: a library, a program, a test.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    /// The folder of the package, as shown to a person.
    pub(crate) package: String,
    /// The name by which other crates import it.
    pub(crate) name: String,
    /// Whether others can import it.
    pub(crate) is_library: bool,
    /// Its first file.
    pub(crate) file: PathBuf,
}

/// One module: a file, or a `mod name { … }` in one.
#[derive(Debug)]
pub(crate) struct Scope {
    /// Which root it belongs to.
    pub(crate) root: usize,
    /// The names from the root down.
    pub(crate) path: Names,
    /// Where its text is.
    pub(crate) file: PathBuf,
    /// The module around it.
    pub(crate) parent: Option<ScopeId>,
    /// Whether it is compiled for tests alone.
    pub(crate) is_test: bool,
    /// The modules it declares, in the order in which they stand.
    pub(crate) children: Vec<(String, ScopeId)>,
    /// What it defines.
    pub(crate) items: BTreeMap<String, Item>,
    /// What its `use` lines bring in.
    pub(crate) uses: Vec<Use>,
    /// The words in its macro calls that stand for items, any of which such a call may define.
    pub(crate) macro_words: BTreeSet<String>,
}

/// Something with a name.
#[derive(Debug)]
pub(crate) struct Item {
    /// What it is, in Rust's word.
    pub(crate) kind: &'static str,
    /// Where it is defined.
    pub(crate) line: usize,
    /// Whether it is `pub`, without a restriction.
    pub(crate) is_pub: bool,
    /// The paths that whoever uses it needs with it: types of its fields, its parameters, its answer.
    pub(crate) interface: Vec<Names>,
}

/// One name that a `use` brings in; `*` for all of a module.
#[derive(Debug)]
pub(crate) struct Use {
    /// The name in this module.
    pub(crate) name: String,
    /// What it stands for.
    pub(crate) path: Names,
    /// Whether others may take it from here.
    pub(crate) is_shared: bool,
    /// Whether it is `pub`, without a restriction.
    pub(crate) is_pub: bool,
    /// Where it stands.
    pub(crate) line: usize,
}

/// A path that code names.
#[derive(Debug)]
pub(crate) struct Reference {
    /// The module that names it.
    pub(crate) from: ScopeId,
    /// The path as it is written.
    pub(crate) path: Names,
    /// Where.
    pub(crate) line: usize,
    /// Whether that code is compiled for tests alone.
    pub(crate) is_test: bool,
}

/// An `impl`: what its public functions name, and the type that they belong to.
#[derive(Debug)]
pub(crate) struct Impl {
    /// The module it stands in.
    pub(crate) scope: ScopeId,
    /// The type.
    pub(crate) on: Names,
    /// What whoever uses the type needs with it.
    pub(crate) interface: Vec<Names>,
}

/// All that was read.
#[derive(Debug, Default)]
pub(crate) struct Code {
    /// What cargo compiles as one.
    pub(crate) roots: Vec<Root>,
    /// Every module. The first of each root is found through [`Code::first`].
    pub(crate) scopes: Vec<Scope>,
    /// Every path of two names and more, and every `use`.
    pub(crate) references: Vec<Reference>,
    /// Every `impl`.
    pub(crate) impls: Vec<Impl>,
    /// The first module of each root.
    pub(crate) first: Vec<ScopeId>,
}

impl Code {
    /// Reads `roots` out of `modules`.
    pub(crate) fn of(roots: Vec<Root>, modules: &[Module]) -> Self {
        let files: BTreeMap<&Path, &Module> =
            modules.iter().map(|module| (module.path.as_path(), module)).collect();
        let mut code = Self { roots, ..Self::default() };
        for root in 0..code.roots.len() {
            read::root(&mut code, root, &files);
        }
        code
    }

    /// A library in `crates/one/src` that exists only in a test of these tests.
    pub(crate) fn example(files: &[(&str, &str)]) -> Self {
        let folder = Path::new("crates/one/src");
        let modules: Vec<Module> = files
            .iter()
            .map(|(path, text)| Module::of(&folder.join(path).display().to_string(), text))
            .collect();
        let root = Root {
            package: "crates/one".to_owned(),
            name: "one".to_owned(),
            is_library: true,
            file: folder.join("lib.rs"),
        };
        Self::of(vec![root], &modules)
    }

    /// The package of a module.
    pub(crate) fn package(&self, scope: ScopeId) -> &str {
        &self.roots[self.scopes[scope].root].package
    }

    /// The first module of the library of `package`.
    pub(crate) fn library(&self, package: &str) -> Option<ScopeId> {
        let is_it = |root: &Root| root.is_library && root.package == package;
        self.roots.iter().position(is_it).map(|at| self.first[at])
    }

    /// `file:line` of a place in a module.
    pub(crate) fn place(&self, scope: ScopeId, line: usize) -> String {
        format!("{}:{line}", repo::shown(&self.scopes[scope].file))
    }
}

/// A path as one writes it.
pub(crate) fn written(path: &[String]) -> String {
    path.join("::")
}
