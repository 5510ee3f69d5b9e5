//! Which file of a crate imports which, and the circles among them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;

use petgraph::algo::tarjan_scc;
use petgraph::graph::DiGraph;

use crate::code::{Code, ScopeId, Target, written};
use crate::modules::ask;
use crate::{assert_none, repo};

/// One file imports another.
#[derive(Clone, Debug)]
pub(crate) struct Import {
    /// The module that imports.
    pub(crate) from: ScopeId,
    /// The module that defines what is imported.
    pub(crate) to: ScopeId,
    /// The path as it is written.
    pub(crate) path: String,
    /// Where it is written.
    pub(crate) line: usize,
}

/// The imports of production code inside `package`: for each two files the first line.
pub(crate) fn imports(code: &Code, package: &str) -> Vec<Import> {
    let mut found: BTreeMap<(PathBuf, PathBuf), Import> = BTreeMap::new();
    let production = |scope: ScopeId| !code.scopes[scope].is_test && code.package(scope) == package;
    for reference in code.references.iter().filter(|it| !it.is_test && production(it.from)) {
        for named in code.named(reference) {
            // A module that is only named is a way to its items; they are named as well.
            let Target::Item(to, _) = named.target else { continue };
            let (from, line) = (reference.from, reference.line);
            let files = (code.scopes[from].file.clone(), code.scopes[to].file.clone());
            if !production(to) || files.0 == files.1 {
                continue;
            }
            let import = Import { from, to, path: written(&reference.path), line };
            let first = found.entry(files).or_insert_with(|| import.clone());
            if import.line < first.line {
                *first = import;
            }
        }
    }
    found.into_values().collect()
}

/// Files that import one another, directly or through each other.
#[derive(Debug)]
pub(crate) struct Circle {
    /// The modules of these files, one for each file, in order.
    pub(crate) members: Vec<ScopeId>,
    /// One short way round: the import of each step.
    pub(crate) way: Vec<Import>,
}

/// The circles among `imports`.
pub(crate) fn circles(code: &Code, imports: &[Import]) -> Vec<Circle> {
    let file = |scope: ScopeId| &code.scopes[scope].file;
    let mut names: BTreeMap<&PathBuf, ScopeId> = BTreeMap::new();
    for scope in imports.iter().flat_map(|import| [import.from, import.to]) {
        names.entry(file(scope)).or_insert(scope);
    }
    let node = |scope: ScopeId| names[file(scope)];
    let mut graph: DiGraph<ScopeId, ()> = DiGraph::new();
    let nodes: BTreeMap<ScopeId, _> =
        names.values().map(|scope| (*scope, graph.add_node(*scope))).collect();
    for import in imports {
        graph.add_edge(nodes[&node(import.from)], nodes[&node(import.to)], ());
    }
    let parts = tarjan_scc(&graph).into_iter().filter(|part| part.len() > 1);
    let parts = parts.map(|part| part.iter().map(|at| graph[*at]).collect::<Vec<_>>());
    let mut circles: Vec<Circle> = parts
        .map(|mut members| {
            members.sort_by_key(|scope| file(*scope));
            let inside = |import: &&Import| {
                members.contains(&node(import.from)) && members.contains(&node(import.to))
            };
            let steps: Vec<(ScopeId, ScopeId, &Import)> = imports
                .iter()
                .filter(inside)
                .map(|import| (node(import.from), node(import.to), import))
                .collect();
            let way = shortest(&members, &steps);
            Circle { members, way }
        })
        .collect();
    circles.sort_by_key(|circle| circle.members.first().map(|scope| file(*scope).clone()));
    circles
}

/// The shortest way from some member back to itself.
fn shortest(members: &[ScopeId], steps: &[(ScopeId, ScopeId, &Import)]) -> Vec<Import> {
    let ways = members.iter().filter_map(|start| way_round(*start, steps));
    ways.min_by_key(Vec::len).unwrap_or_default()
}

fn way_round(start: ScopeId, steps: &[(ScopeId, ScopeId, &Import)]) -> Option<Vec<Import>> {
    let mut seen = BTreeSet::new();
    let mut ways = VecDeque::from([(start, Vec::new())]);
    while let Some((at, way)) = ways.pop_front() {
        for (_, to, import) in steps.iter().filter(|(from, _, _)| *from == at) {
            let longer = [way.as_slice(), &[(*import).clone()]].concat();
            if *to == start {
                return Some(longer);
            }
            if seen.insert(*to) {
                ways.push_back((*to, longer));
            }
        }
    }
    None
}

impl Circle {
    /// The files and a way round, as a finding.
    pub(crate) fn told(&self, code: &Code) -> String {
        let files: Vec<String> =
            self.members.iter().map(|scope| repo::shown(&code.scopes[*scope].file)).collect();
        let step = |import: &Import| {
            let to = repo::shown(&code.scopes[import.to].file);
            format!("  {}: {} leads to {to}", code.place(import.from, import.line), import.path)
        };
        let way: Vec<String> = self.way.iter().map(step).collect();
        let count = files.len();
        format!(
            "a circle of {count} files: {}; one way round:\n{}",
            files.join(", "),
            way.join("\n")
        )
    }
}

/// The folders of the crates, whose files are held to these rules.
pub(crate) fn crates(code: &Code) -> BTreeSet<String> {
    let packages = code.roots.iter().map(|root| root.package.clone());
    packages.filter(|package| package.starts_with("crates/")).collect()
}

#[test]
fn no_files_of_a_crate_import_each_other_in_a_circle() {
    let findings: Vec<String> = ask(|project| {
        let code = &project.code;
        // In core a room may have a circle inside; `rooms.rs` holds the rule there.
        let others = crates(code).into_iter().filter(|package| package != crate::rooms::CORE);
        let circles = others.flat_map(|package| circles(code, &imports(code, &package)));
        circles.map(|circle| circle.told(code)).collect()
    });
    assert_none(&findings);
}

#[test]
fn every_path_of_our_own_is_understood() {
    let findings: Vec<String> = ask(|project| not_understood(&project.code));
    assert_none(&findings);
}

/// Paths that begin in their own crate and end at a name that the reader does not find: it would not see such imports.
fn not_understood(code: &Code) -> Vec<String> {
    let mut findings = Vec::new();
    let own = |first: &String| ["crate", "self", "super"].contains(&first.as_str());
    for reference in code.references.iter().filter(|it| it.path.first().is_some_and(own)) {
        let path: Vec<String> =
            reference.path.iter().filter(|name| *name != "*").cloned().collect();
        let understood = code.resolve(reference.from, &path).is_some_and(|found| {
            found.known == path.len() || matches!(found.target, Target::Item(..))
        });
        if !understood {
            let place = code.place(reference.from, reference.line);
            let path = written(&reference.path);
            findings.push(format!("{place}: {path}: not found by the reader in tests/tidy/code"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{circles, imports, not_understood};
    use crate::code::Code;

    /// `from → to`, by the names of the files.
    fn arrows(files: &[(&str, &str)]) -> Vec<String> {
        let code = Code::example(files);
        let stem = |scope: usize| {
            let stem = code.scopes[scope].file.file_stem();
            stem.unwrap_or_default().to_string_lossy().into_owned()
        };
        let imports = imports(&code, "crates/one");
        imports
            .iter()
            .map(|it| format!("{} → {}:{}", stem(it.from), stem(it.to), it.line))
            .collect()
    }

    fn of_a(text: &str) -> Vec<String> {
        arrows(&[
            ("lib.rs", "mod a; mod b; mod c; mod d;"),
            ("a.rs", text),
            ("b.rs", "pub use crate::c::C; pub use crate::d::*; pub struct B; pub enum E { One }"),
            ("c.rs", "pub struct C; pub fn c() {} pub mod inner { pub struct I; }"),
            ("d.rs", "pub struct D; macro_rules! m { () => {} } m!(struct Made);"),
        ])
        .into_iter()
        .filter(|arrow| arrow.starts_with('a'))
        .collect()
    }

    #[test]
    fn an_import_is_found_in_a_nested_use() {
        assert_eq!(of_a("use crate::{b::{self, B}, c::{C as X, c}};"), ["a → b:1", "a → c:1"]);
    }

    #[test]
    fn an_import_through_a_re_export_leads_to_the_file_that_defines_the_name() {
        assert_eq!(of_a("use crate::b::C;"), ["a → c:1"]);
        assert_eq!(of_a("\nuse super::b::D;"), ["a → d:2"]);
        assert_eq!(of_a("use crate::b;\nfn f() -> b::C { b::C }"), ["a → c:2"]);
    }

    #[test]
    fn a_function_may_have_the_name_of_its_module() {
        let code = Code::example(&[
            ("lib.rs", "mod a; mod f; pub use f::f;"),
            ("a.rs", "use crate::f; fn g() { crate::f::h(); super::f() }"),
            ("f.rs", "pub fn f() {} pub fn h() {}"),
        ]);
        let paths: Vec<String> = imports(&code, "crates/one")
            .iter()
            .map(|import| code.scopes[import.to].path.join("/"))
            .collect();
        assert_eq!(paths, ["f", "f"]);
    }

    #[test]
    fn a_glob_leads_to_all_that_the_module_shares() {
        assert_eq!(of_a("use crate::b::*;"), ["a → b:1", "a → c:1", "a → d:1"]);
    }

    #[test]
    fn an_import_is_found_in_types_expressions_patterns_macros_and_attributes() {
        assert_eq!(of_a("struct S(Vec<crate::b::B>);"), ["a → b:1"]);
        assert_eq!(of_a("fn f() { super::c::c() }"), ["a → c:1"]);
        assert_eq!(of_a("fn f(e: E) { match e { crate::b::E::One => {} } }"), ["a → b:1"]);
        assert_eq!(of_a("fn f() { assert!(x == 1, \"{}\", crate::c::c()) }"), ["a → c:1"]);
        assert_eq!(of_a("struct S { #[serde(with = \"crate::c::c\")] t: u8 }"), ["a → c:1"]);
        assert_eq!(
            of_a("impl crate::b::B { fn f() { use crate::c::c; c() } }"),
            ["a → b:1", "a → c:1"]
        );
        assert_eq!(of_a("use crate::d::Made;"), ["a → d:1"]);
    }

    #[test]
    fn an_inline_module_is_part_of_its_file() {
        assert_eq!(of_a("mod x { use super::super::c::inner::I; }"), ["a → c:1"]);
        assert_eq!(of_a("mod x { use super::S; } struct S;"), [""; 0]);
    }

    #[test]
    fn what_is_compiled_for_tests_alone_is_left_out() {
        assert_eq!(of_a("#[cfg(test)] mod tests { use crate::b::B; }"), [""; 0]);
        assert_eq!(
            of_a("#[cfg(test)] use crate::b::B;\n#[test] fn f() { crate::c::c() }"),
            [""; 0]
        );
    }

    #[test]
    fn modules_that_share_all_of_each_other_are_read_to_an_end() {
        let files = [
            ("lib.rs", "mod a; mod b; mod c;"),
            ("a.rs", "pub use crate::b::*; pub struct A;"),
            ("b.rs", "pub use crate::a::*; pub use crate::c::*; pub struct B;"),
            ("c.rs", "use crate::a::{B, gone::Gone}; pub struct C;"),
        ];
        assert_eq!(arrows(&files), ["a → b:1", "a → c:1", "b → a:1", "b → c:1", "c → b:1"]);
    }

    #[test]
    fn a_circle_is_named_with_its_files_and_lines() {
        let code = Code::example(&[
            ("lib.rs", "mod a; mod b; mod c; mod d; mod e;"),
            ("a.rs", "use crate::b::B; pub struct A;"),
            ("b.rs", "\nuse crate::c::C; pub struct B;"),
            ("c.rs", "\n\nuse crate::e::A; use crate::d::D; pub struct C;"),
            ("d.rs", "pub struct D;"),
            ("e.rs", "pub use crate::a::A;"),
        ]);
        let found = circles(&code, &imports(&code, "crates/one"));
        let told: Vec<String> = found.iter().map(|circle| circle.told(&code)).collect();
        let src = "crates/one/src";
        assert_eq!(
            told,
            [format!(
                "a circle of 3 files: {src}/a.rs, {src}/b.rs, {src}/c.rs; one way round:\n  \
                 {src}/a.rs:1: crate::b::B leads to {src}/b.rs\n  \
                 {src}/b.rs:2: crate::c::C leads to {src}/c.rs\n  \
                 {src}/c.rs:3: crate::e::A leads to {src}/a.rs"
            )]
        );
    }

    #[test]
    fn a_path_that_leads_nowhere_is_told() {
        let code = Code::example(&[("lib.rs", "mod a;"), ("a.rs", "use crate::gone::Name;")]);
        let [finding] = &not_understood(&code)[..] else { panic!("one finding") };
        assert!(finding.starts_with("crates/one/src/a.rs:1: crate::gone::Name"), "{finding}");
    }
}
