//! What one counts before and after a change of the house: sizes of files and functions, tuples in signatures, closures
//! with names, imports that run up, circles.
//!
//! Of production code alone. `cargo test -p eastwest-tidy figures -- --nocapture` prints them. Nothing here is a limit;
//! those are in `sizes.rs` and `rooms.rs`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use syn::visit::{self, Visit};
use syn::{Block, Expr, FnArg, Pat, Signature, Type};

use crate::code::Code;
use crate::graph::{circles, crates, imports};
use crate::modules::{Module, ask, has_cfg_test};
use crate::repo;
use crate::rooms::{CORE, Rooms};
use crate::sizes::{file_lines, function_lines};

/// What was counted in one crate, or in all.
#[derive(Default)]
struct Figures {
    files: Vec<usize>,
    functions: Vec<usize>,
    /// Functions that take or answer a tuple.
    tuples: usize,
    /// Of these, the ones that take one.
    tuple_parameters: usize,
    closures: usize,
    upward: usize,
    circles: Vec<usize>,
}

/// Finds a tuple anywhere in a type; `()` is none.
struct Tuples(bool);

impl<'ast> Visit<'ast> for Tuples {
    fn visit_type_tuple(&mut self, tuple: &'ast syn::TypeTuple) {
        self.0 |= !tuple.elems.is_empty();
        visit::visit_type_tuple(self, tuple);
    }
}

fn has_tuple(kind: &Type) -> bool {
    let mut tuples = Tuples(false);
    tuples.visit_type(kind);
    tuples.0
}

impl Figures {
    fn function(&mut self, signature: &Signature, block: &Block) {
        self.functions.push(function_lines(signature, Some(block)));
        let takes = signature.inputs.iter().any(|input| match input {
            FnArg::Typed(input) => has_tuple(&input.ty),
            FnArg::Receiver(_) => false,
        });
        let answers = match &signature.output {
            syn::ReturnType::Type(_, kind) => has_tuple(kind),
            syn::ReturnType::Default => false,
        };
        self.tuples += usize::from(takes || answers);
        self.tuple_parameters += usize::from(takes);
    }

    fn file(&mut self, module: &Module) {
        self.files.push(file_lines(module));
        self.visit_file(&module.syntax);
    }

    fn add(&mut self, other: &Self) {
        self.files.extend(&other.files);
        self.functions.extend(&other.functions);
        self.circles.extend(&other.circles);
        self.tuples += other.tuples;
        self.tuple_parameters += other.tuple_parameters;
        self.closures += other.closures;
        self.upward += other.upward;
    }
}

impl<'ast> Visit<'ast> for Figures {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !has_cfg_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if !has_cfg_test(&item.attrs) {
            visit::visit_item_impl(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !has_cfg_test(&item.attrs) {
            self.function(&item.sig, &item.block);
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !has_cfg_test(&item.attrs) {
            self.function(&item.sig, &item.block);
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }

    /// `let name = |…| …`: a function that hides in another.
    fn visit_local(&mut self, local: &'ast syn::Local) {
        let is_closure = |init: &syn::LocalInit| matches!(init.expr.as_ref(), Expr::Closure(_));
        let is_named = matches!(local.pat, Pat::Ident(_));
        self.closures += usize::from(is_named && local.init.as_ref().is_some_and(is_closure));
        visit::visit_local(self, local);
    }
}

/// The figures of one crate.
fn of(package: &str, modules: &[Module], code: &Code) -> Figures {
    let mut figures = Figures::default();
    let inside = |module: &&Module| repo::shown(&module.path).starts_with(&format!("{package}/"));
    for module in modules.iter().filter(inside).filter(|module| !module.is_test) {
        figures.file(module);
    }
    let circles = circles(code, &imports(code, package));
    figures.circles = circles.iter().map(|circle| circle.members.len()).collect();
    if package == CORE {
        let upward = Rooms::of(code, CORE).upward();
        let pairs: BTreeSet<_> = upward.into_iter().map(|upward| upward.files).collect();
        figures.upward = pairs.len();
    }
    figures
}

/// Number, median, 90th of a hundred and longest.
fn spread(sizes: &[usize]) -> String {
    let mut sizes = sizes.to_vec();
    sizes.sort_unstable();
    let part = |percent: usize| {
        let rank = (sizes.len() * percent).div_ceil(100).max(1);
        sizes.get(rank - 1).copied().unwrap_or_default()
    };
    format!("{:>6} {:>6} {:>5} {:>5}", sizes.len(), part(50), part(90), part(100))
}

fn row(name: &str, figures: &Figures) -> String {
    let circles: Vec<String> = figures.circles.iter().map(ToString::to_string).collect();
    format!(
        "{name:<16} {} {} {:>6} {:>6} {:>8} {:>6}  {}\n",
        spread(&figures.files),
        spread(&figures.functions),
        figures.tuples,
        figures.tuple_parameters,
        figures.closures,
        figures.upward,
        if circles.is_empty() { "none".to_owned() } else { circles.join(" ") },
    )
}

fn table(modules: &[Module], code: &Code) -> String {
    let mut table = String::from(
        "crate             files median  90th  most    fns median  90th  most tuples  taken closures upward  files in circles\n",
    );
    let mut total = Figures::default();
    for package in crates(code) {
        let figures = of(&package, modules, code);
        table.push_str(&row(&package, &figures));
        total.add(&figures);
    }
    let _ = write!(table, "{}", row("all", &total));
    table
}

#[test]
fn the_figures_are_printed() {
    let table = ask(|project| table(&project.modules, &project.code));
    println!("\n{table}");
    let rows: Vec<&str> = table.lines().collect();
    assert!(rows.iter().any(|row| row.starts_with(CORE)), "no row for {CORE}:\n{table}");
}

#[test]
fn figures_are_those_of_the_text() {
    let mut figures = Figures::default();
    let text = "fn f(a: (u8, u8)) {\n    let g = |b| b;\n    let c = g(a.0);\n}\n\
        fn h(a: &[(u8, u8)]) -> Option<(u8, u8)> { None }\nfn i() -> (u8, u8) { (1, 2) }\n\
        fn j(a: Result<(), u8>) {}\n#[cfg(test)]\nmod tests {\n    fn k(a: (u8, u8)) { let l = || 1; }\n}\n";
    figures.file(&Module::of("a.rs", text));
    assert_eq!((figures.tuples, figures.tuple_parameters, figures.closures), (3, 2, 1));
    assert_eq!(figures.functions, [4, 1, 1, 1]);
    assert_eq!(figures.files, [8]);
    assert_eq!(spread(&[4, 1, 3, 2, 5, 6, 7, 8, 9, 10]), "    10      5     9    10");
}
