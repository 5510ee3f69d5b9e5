//! What every Rust file has, and what none outside of tests may do.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};

use crate::modules::{self, Module, has_cfg_test};
use crate::{assert_none, repo};

/// Macros that end the process or were meant for an afternoon.
const BANNED_MACROS: [&str; 4] = ["panic", "todo", "unimplemented", "dbg"];

/// Collects what production code must not contain.
struct Calls<'a> {
    module: &'a Module,
    findings: Vec<String>,
}

impl Calls<'_> {
    fn found(&mut self, span: Span, what: &str) {
        let place = format!("{}:{}", repo::shown(&self.module.path), span.start().line);
        self.findings.push(format!("{place}: {what} outside of tests; handle the case"));
    }

    /// The arguments of a macro are tokens, which the visitor does not enter.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut after_dot = false;
        for token in tokens {
            match &token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(name) if after_dot && name == "unwrap" => {
                    self.found(name.span(), ".unwrap()");
                }
                _ => {}
            }
            after_dot = matches!(&token, TokenTree::Punct(dot) if dot.as_char() == '.');
        }
    }
}

impl<'ast> Visit<'ast> for Calls<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !has_cfg_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !has_cfg_test(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if !has_cfg_test(&item.attrs) {
            visit::visit_item_impl(self, item);
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if call.method == "unwrap" && call.args.is_empty() {
            self.found(call.method.span(), ".unwrap()");
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let name = call.path.segments.last().map(|segment| &segment.ident);
        if let Some(name) = name.filter(|name| BANNED_MACROS.iter().any(|banned| name == banned)) {
            self.found(name.span(), &format!("{name}!"));
        }
        self.tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }
}

fn given_up(module: &Module) -> Vec<String> {
    let mut calls = Calls { module, findings: Vec::new() };
    calls.visit_file(&module.syntax);
    calls.findings
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    let findings: Vec<String> = modules::ask(|project| {
        let modules = project.modules.iter();
        let without = modules.filter(|module| !module.text.starts_with("//! "));
        let finding = |module: &Module| {
            let place = repo::shown(&module.path);
            format!("{place}:1: open with `//!` and a sentence: what it decides or does")
        };
        without.map(finding).collect()
    });
    assert_none(&findings);
}

#[test]
fn production_code_does_not_give_up() {
    let findings: Vec<String> = modules::ask(|project| {
        let production = project.modules.iter().filter(|module| !module.is_test);
        production.flat_map(given_up).collect()
    });
    assert_none(&findings);
}

#[test]
fn giving_up_is_found_where_it_hides_and_allowed_in_tests() {
    let text = "fn a() { x.unwrap(); }\n\
        fn b() { log!(\"{}\", y.unwrap()); todo!() }\n\
        #[cfg(test)] mod tests { fn c() { z.unwrap(); panic!() } }\n";
    let lines = |finding: &String| finding.split(':').nth(1).map(str::to_owned);
    let found: Vec<_> = given_up(&Module::of("a.rs", text)).iter().filter_map(lines).collect();
    assert_eq!(found, ["1", "2", "2"]);
}
