//! Sizes one can live in: a file, a function, a list of parameters.

use proc_macro2::Span;
use syn::visit::{self, Visit};
use syn::{Block, Item, Signature};

use crate::modules::{self, Module, has_cfg_test};
use crate::{assert_none, repo};

/// Lines of a file; test code, in its own file or inline, is not counted.
const FILE: usize = 500;
/// Lines of a function, from `fn` to its closing brace.
const FUNCTION: usize = 70;
/// Parameters of a function, `self` included.
const PARAMETERS: usize = 5;

/// Collects findings about functions of one file.
struct Functions<'a> {
    module: &'a Module,
    long: Vec<String>,
    wide: Vec<String>,
}

impl Functions<'_> {
    fn measure(&mut self, signature: &Signature, block: Option<&Block>) {
        let (name, start) = (&signature.ident, line(signature.fn_token.span));
        let place = format!("{}:{start}: {name}", repo::shown(&self.module.path));
        let lines = function_lines(signature, block);
        if lines > FUNCTION {
            self.long.push(format!("{place} has {lines} lines, at most {FUNCTION}; split it"));
        }
        let parameters = signature.inputs.len();
        if parameters > PARAMETERS {
            let advice = "gather them in a struct";
            self.wide.push(format!(
                "{place} has {parameters} parameters, at most {PARAMETERS}; {advice}"
            ));
        }
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.measure(&item.sig, Some(&item.block));
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.measure(&item.sig, Some(&item.block));
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.measure(&item.sig, item.default.as_ref());
        visit::visit_trait_item_fn(self, item);
    }
}

/// The lines of a function, from `fn` to its closing brace.
pub(crate) fn function_lines(signature: &Signature, block: Option<&Block>) -> usize {
    let start = line(signature.fn_token.span);
    let end = block.map_or(start, |block| line(block.brace_token.span.close()));
    end + 1 - start
}

fn line(span: Span) -> usize {
    span.start().line
}

fn functions(module: &Module) -> Functions<'_> {
    let mut functions = Functions { module, long: Vec::new(), wide: Vec::new() };
    functions.visit_file(&module.syntax);
    functions
}

/// The lines of `#[cfg(test)] mod name { … }` at the top level of a file.
fn inline_tests(module: &Module) -> usize {
    let tests = module.syntax.items.iter().filter_map(|item| match item {
        Item::Mod(inner) if has_cfg_test(&inner.attrs) => Some(inner),
        _ => None,
    });
    tests
        .filter_map(|inner| {
            let (brace, _) = inner.content.as_ref()?;
            Some(line(brace.span.close()) + 1 - line(inner.mod_token.span))
        })
        .sum()
}

/// The lines of a file that are production code.
pub(crate) fn file_lines(module: &Module) -> usize {
    module.text.lines().count() - inline_tests(module)
}

#[test]
fn no_file_is_too_long() {
    let findings: Vec<String> = modules::ask(|project| {
        let production = project.modules.iter().filter(|module| !module.is_test);
        let long = production.filter(|module| file_lines(module) > FILE);
        let finding = |module: &Module| {
            let (place, lines) = (repo::shown(&module.path), file_lines(module));
            let advice = "split it by subject";
            format!("{place}:1: {lines} lines without its tests, at most {FILE}; {advice}")
        };
        long.map(finding).collect()
    });
    assert_none(&findings);
}

#[test]
fn no_function_is_too_long() {
    let all = |module: &Module| functions(module).long;
    let findings: Vec<String> =
        modules::ask(move |project| project.modules.iter().flat_map(all).collect());
    assert_none(&findings);
}

#[test]
fn no_function_takes_too_many_parameters() {
    let all = |module: &Module| functions(module).wide;
    let findings: Vec<String> =
        modules::ask(move |project| project.modules.iter().flat_map(all).collect());
    assert_none(&findings);
}

#[test]
fn one_line_or_one_parameter_too_many_is_found() {
    let body = |lines: usize| format!("fn f() {{\n{}}}\n", "a();\n".repeat(lines - 2));
    assert!(functions(&Module::of("a.rs", &body(FUNCTION))).long.is_empty());
    assert_eq!(functions(&Module::of("a.rs", &body(FUNCTION + 1))).long.len(), 1);
    let wide = "trait T { fn f(&self, a: u8, b: u8, c: u8, d: u8, e: u8); }\n";
    assert_eq!(functions(&Module::of("a.rs", wide)).wide.len(), 1);
}

#[test]
fn inline_tests_do_not_count_as_lines_of_a_file() {
    let text = "fn f() {}\n#[cfg(test)]\nmod tests {\n    fn g() {}\n}\n";
    assert_eq!(inline_tests(&Module::of("a.rs", text)), 3);
}
