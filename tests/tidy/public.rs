//! `pub` in `core` only for what another room or another crate uses.
//!
//! Used is what somebody outside the room names, what it is found through, and every type that these show: of their
//! public fields, parameters and answers. **Not held:** functions of types, fields and variants; who calls them cannot
//! be told from the text.

use std::collections::{BTreeMap, BTreeSet};

use crate::code::{Code, Names, ScopeId, Target};
use crate::modules::ask;
use crate::rooms::CORE;
use crate::{assert_none, repo};

/// A name and the module in which it stands.
type Named = (ScopeId, String);

/// Where somebody stands: the crate and the room in it.
#[derive(PartialEq, Eq)]
struct Place<'a> {
    root: usize,
    room: Option<&'a String>,
}

fn place(code: &Code, scope: ScopeId) -> Place<'_> {
    let scope = &code.scopes[scope];
    Place { root: scope.root, room: scope.path.first() }
}

/// All that somebody outside its room uses.
fn used(code: &Code, package: &str) -> BTreeSet<Named> {
    let mut used = BTreeSet::new();
    let mut open: Vec<Named> = Vec::new();
    let ours = |scope: ScopeId| code.package(scope) == package;
    for reference in &code.references {
        // Test code of the crate itself sees what is `pub(crate)`.
        if reference.is_test
            && ours(reference.from)
            && code.roots[code.scopes[reference.from].root].is_library
        {
            continue;
        }
        let here = place(code, reference.from);
        for found in code.named(reference) {
            // The name where it is defined is one of the hops.
            let outside = found
                .hops
                .into_iter()
                .filter(|(scope, name)| ours(*scope) && room_of(code, *scope, name) != here);
            open.extend(outside);
        }
    }
    let shown = shown(code, &ours);
    while let Some(named) = open.pop() {
        if used.insert(named.clone()) {
            open.extend(shown.get(&named).into_iter().flatten().cloned());
        }
    }
    used
}

/// The room of a name: a room itself stands in itself.
fn room_of<'a>(code: &'a Code, scope: ScopeId, name: &str) -> Place<'a> {
    let own = &code.scopes[scope];
    match own.child(name) {
        Some(child) if own.path.is_empty() => place(code, child),
        _ => place(code, scope),
    }
}

/// What each item shows to whoever uses it.
fn shown(code: &Code, ours: &dyn Fn(ScopeId) -> bool) -> BTreeMap<Named, Vec<Named>> {
    let target = |scope: ScopeId, path: &Names| match code.resolve(scope, path)?.target {
        Target::Item(scope, name) if ours(scope) => Some((scope, name)),
        _ => None,
    };
    let mut shown: BTreeMap<Named, Vec<Named>> = BTreeMap::new();
    let scopes = code.scopes.iter().enumerate().filter(|(scope, _)| ours(*scope));
    for (scope, own) in scopes {
        for (name, item) in &own.items {
            let targets = item.interface.iter().filter_map(|path| target(scope, path));
            shown.entry((scope, name.clone())).or_default().extend(targets);
        }
    }
    for part in code.impls.iter().filter(|part| ours(part.scope)) {
        let Some(on) = target(part.scope, &part.on) else { continue };
        let targets = part.interface.iter().filter_map(|path| target(part.scope, path));
        shown.entry(on).or_default().extend(targets);
    }
    shown
}

/// Every `pub` of `package` that nobody outside its room uses.
fn needless(code: &Code, package: &str) -> Vec<String> {
    let used = used(code, package);
    let is_used = |scope: ScopeId, name: &String| used.contains(&(scope, name.clone()));
    let mut findings = BTreeSet::new();
    for (scope, own) in code.scopes.iter().enumerate() {
        let is_library = code.roots[own.root].is_library;
        if own.is_test || !is_library || code.package(scope) != package {
            continue;
        }
        let items = own.items.iter().filter(|(_, item)| item.is_pub);
        let items = items.map(|(name, item)| (name, item.kind, item.line));
        let imports = own.uses.iter().filter(|import| import.is_pub && import.name != "*");
        let imports = imports.map(|import| (&import.name, "use", import.line));
        for (name, kind, line) in items.chain(imports).filter(|(name, ..)| !is_used(scope, name)) {
            let advice =
                if own.path.is_empty() { "make it private" } else { "pub(crate), or less" };
            findings.insert((
                repo::shown(&own.file),
                line,
                format!("pub {kind} {name}: no other room or crate uses it; {advice}"),
            ));
        }
    }
    findings.into_iter().map(|(file, line, what)| format!("{file}:{line}: {what}")).collect()
}

#[test]
fn pub_in_core_is_only_what_another_room_or_crate_uses() {
    let findings: Vec<String> = ask(|project| needless(&project.code, CORE));
    assert_none(&findings);
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::needless;
    use crate::code::{Code, Root};
    use crate::modules::Module;

    /// The names of what is `pub` for nobody in room `a`, when room `b` has `text`.
    fn found(a: &str, b: &str) -> Vec<String> {
        let file = |name: &str| format!("crates/one/src/{name}");
        let modules = [
            Module::of(&file("lib.rs"), "pub mod a; pub mod b;"),
            Module::of(&file("a/mod.rs"), a),
            Module::of(&file("b/mod.rs"), b),
            Module::of("crates/two/src/lib.rs", "use one::a::ByTwo; use one::b;"),
        ];
        let root = |package: &str, name: &str| Root {
            package: package.to_owned(),
            name: name.to_owned(),
            is_library: true,
            file: PathBuf::from(package).join("src/lib.rs"),
        };
        let code = Code::of(vec![root("crates/one", "one"), root("crates/two", "two")], &modules);
        let findings = needless(&code, "crates/one");
        let name = |finding: &String| finding.split(": ").nth(1).map(str::to_owned);
        findings.iter().filter_map(name).collect()
    }

    const BY_TWO: &str = "pub struct ByTwo;";

    #[test]
    fn what_only_its_own_room_uses_need_not_be_pub() {
        let a = format!(
            "{BY_TWO} pub struct Own; pub fn f() -> u8 {{ self::g() }} pub fn g() {{}} pub(crate) fn h() {{}}"
        );
        assert_eq!(found(&a, ""), ["pub fn f", "pub fn g", "pub struct Own"]);
        let a = format!(
            "{BY_TWO} pub mod inner {{ pub const C: u8 = 1; }} fn f() -> u8 {{ inner::C }}"
        );
        assert_eq!(found(&a, ""), ["pub const C", "pub mod inner"]);
    }

    #[test]
    fn what_another_room_or_crate_names_is_used() {
        let a = format!("{BY_TWO} pub struct Own; pub mod inner {{ pub enum E {{ One }} }}");
        assert_eq!(found(&a, "use crate::a::{Own, inner}; fn f() { inner::E::One; }"), [""; 0]);
    }

    #[test]
    fn what_used_things_show_is_used() {
        let a = format!(
            "{BY_TWO} pub struct P; pub struct Q; pub struct R; pub struct Hidden; pub struct S {{ pub q: Vec<Q>, h: Hidden }} \
             impl ByTwo {{ pub fn f(&self, p: P) -> S {{}} fn own(&self) -> R {{}} }}"
        );
        assert_eq!(found(&a, ""), ["pub struct Hidden", "pub struct R"]);
    }

    #[test]
    fn a_re_export_is_used_by_who_imports_through_it() {
        let a = format!(
            "{BY_TWO} mod inner {{ pub struct I; pub struct J; }} pub use inner::I;\npub use inner::J;"
        );
        assert_eq!(found(&a, "use crate::a::I;"), ["pub struct J", "pub use J"]);
    }

    #[test]
    fn tests_of_the_crate_itself_need_no_pub() {
        let a = format!("{BY_TWO} pub fn f() {{}}");
        assert_eq!(found(&a, "#[cfg(test)] mod tests { use crate::a::f; }"), ["pub fn f"]);
    }
}
