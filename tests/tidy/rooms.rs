//! The rooms of `core`: imports go down alone, no circle crosses a wall, and a room lists its modules in reading order.
//!
//! The order of rooms is written in one place, `crates/core/src/lib.rs`: its `mod` lines from the ground up. A module
//! that is for tests alone is no room. In each `mod.rs` below, the lines stand in the same way: a module imports only
//! modules that are listed before it.

use std::collections::{BTreeMap, BTreeSet};

use crate::code::{Code, Found, ScopeId, written};
use crate::graph::{Circle, Import, circles, imports};
use crate::modules::ask;
use crate::{assert_none, repo};

/// The crate that has rooms.
pub(crate) const CORE: &str = "crates/core";

/// More than a person keeps in mind.
const ROOMS: usize = 9;

/// The rooms of a crate, from the ground up.
pub(crate) struct Rooms<'a> {
    code: &'a Code,
    package: &'a str,
    order: Vec<&'a str>,
}

/// An import of what stands above.
#[derive(Debug)]
pub(crate) struct Upward {
    /// The file that imports, and the file or module that it may not know.
    pub(crate) files: (String, String),
    /// Where, what and why.
    pub(crate) told: String,
}

impl<'a> Rooms<'a> {
    /// Reads the order of rooms of `package`.
    pub(crate) fn of(code: &'a Code, package: &'a str) -> Self {
        let children = code.library(package).map(|first| code.scopes[first].children.as_slice());
        let children = children.unwrap_or_default().iter();
        let rooms = children.filter(|(_, scope)| !code.scopes[*scope].is_test);
        Self { code, package, order: rooms.map(|(name, _)| name.as_str()).collect() }
    }

    /// How high a module stands; nothing for what is in no room.
    pub(crate) fn height(&self, scope: ScopeId) -> Option<usize> {
        let own = self.code.package(scope) == self.package;
        let name = self.code.scopes[scope].path.first().filter(|_| own)?;
        self.order.iter().position(|room| room == name)
    }

    /// Every import that runs up, also one through a re-export: neither may the name be defined above, nor found there.
    pub(crate) fn upward(&self) -> Vec<Upward> {
        let mut found: BTreeMap<(String, usize, String), Upward> = BTreeMap::new();
        for reference in self.code.references.iter().filter(|reference| !reference.is_test) {
            let Some(own) = self.height(reference.from) else { continue };
            for named in self.code.named(reference) {
                let Some((height, scope)) = self.highest(&named) else { continue };
                if height <= own || self.code.scopes[scope].is_test {
                    continue;
                }
                let file = |scope: ScopeId| repo::shown(&self.code.scopes[scope].file);
                let files = (file(reference.from), file(scope));
                let place = self.code.place(reference.from, reference.line);
                let (path, to) = (written(&reference.path), &files.1);
                let (below, above) = (self.order[own], self.order[height]);
                let told = format!(
                    "{place}: {path} leads up to {to}: {above} stands above {below}, by the order of {}/src/lib.rs; \
                     move what both need down, or this up",
                    self.package
                );
                let key = (files.0.clone(), reference.line, files.1.clone());
                found.entry(key).or_insert(Upward { files, told });
            }
        }
        found.into_values().collect()
    }

    /// The highest module among those that define or hand on what was named.
    fn highest(&self, named: &Found) -> Option<(usize, ScopeId)> {
        let passed = named.hops.iter().map(|(scope, _)| *scope);
        let all = passed.chain([named.target.scope()]);
        let heights = all.filter_map(|scope| Some((self.height(scope)?, scope)));
        heights.max_by_key(|(height, _)| *height)
    }

    /// Circles with files of more than one room.
    fn crossing<'c>(&self, circles: &'c [Circle]) -> Vec<&'c Circle> {
        let crosses = |circle: &&Circle| {
            let rooms: BTreeSet<_> =
                circle.members.iter().map(|member| self.height(*member)).collect();
            rooms.len() > 1
        };
        circles.iter().filter(crosses).collect()
    }

    /// Imports of a module that its room lists later. Where files import each other in a circle there is no order.
    fn out_of_order(&self, imports: &[Import], circles: &[Circle]) -> Vec<String> {
        let scopes = &self.code.scopes;
        let file = |scope: ScopeId| &scopes[scope].file;
        let together = |import: &Import| {
            circles.iter().any(|circle| {
                let has = |end| circle.members.iter().any(|member| file(*member) == file(end));
                has(import.from) && has(import.to)
            })
        };
        let mut findings = Vec::new();
        for import in imports.iter().filter(|import| !together(import)) {
            let (from, to) = (&scopes[import.from].path, &scopes[import.to].path);
            let shared = from.iter().zip(to).take_while(|(one, other)| one == other).count();
            let (Some(own), Some(other)) = (from.get(shared), to.get(shared)) else { continue };
            let around = self.ancestor(import.from, shared);
            let place =
                |name: &String| scopes[around].children.iter().position(|(child, _)| child == name);
            if shared > 0 && place(own) < place(other) {
                let list = repo::shown(file(around));
                let line = self.code.place(import.from, import.line);
                findings.push(format!(
                    "{line}: {} leads to {other}, which {list} lists after {own}; list it before",
                    import.path
                ));
            }
        }
        findings
    }

    /// The module around `scope` whose path has `length` names.
    fn ancestor(&self, scope: ScopeId, length: usize) -> ScopeId {
        let scopes = &self.code.scopes;
        let mut at = scope;
        while let (true, Some(parent)) = (scopes[at].path.len() > length, scopes[at].parent) {
            at = parent;
        }
        at
    }

    /// What stands in the first file beside the rooms, and a room that is one file.
    fn loose(&self) -> Vec<String> {
        let Some(first) = self.code.library(self.package) else { return Vec::new() };
        let scope = &self.code.scopes[first];
        let items = scope.items.iter().filter(|(_, item)| item.kind != "mod");
        let items = items.map(|(name, item)| (name.clone(), item.line));
        let uses = scope.uses.iter().map(|import| (written(&import.path), import.line));
        let in_no_room = items.chain(uses).map(|(name, line)| {
            let place = self.code.place(first, line);
            format!(
                "{place}: {name} stands in no room; the first file holds the order of rooms alone"
            )
        });
        let rooms = scope.children.iter().filter(|(_, child)| self.height(*child).is_some());
        let flat = rooms.filter(|(_, child)| !self.code.scopes[*child].file.ends_with("mod.rs"));
        let flat = flat.map(|(name, child)| {
            let place = self.code.place(*child, 1);
            format!("{place}: a room is a folder; move this to {}/src/{name}/mod.rs", self.package)
        });
        in_no_room.chain(flat).collect()
    }
}

#[test]
fn rooms_of_core_import_only_rooms_below_them() {
    let findings: Vec<String> = ask(|project| {
        let upward = Rooms::of(&project.code, CORE).upward();
        upward.into_iter().map(|upward| upward.told).collect()
    });
    assert_none(&findings);
}

#[test]
fn no_circle_of_files_crosses_rooms_of_core() {
    let findings: Vec<String> = ask(|project| {
        let code = &project.code;
        let circles = circles(code, &imports(code, CORE));
        let crossing = Rooms::of(code, CORE).crossing(&circles);
        crossing.into_iter().map(|circle| circle.told(code)).collect()
    });
    assert_none(&findings);
}

#[test]
fn rooms_of_core_list_their_modules_in_reading_order() {
    let findings: Vec<String> = ask(|project| {
        let imports = imports(&project.code, CORE);
        let circles = circles(&project.code, &imports);
        Rooms::of(&project.code, CORE).out_of_order(&imports, &circles)
    });
    assert_none(&findings);
}

#[test]
fn core_is_nothing_but_nine_rooms_at_most() {
    let findings: Vec<String> = ask(|project| {
        let rooms = Rooms::of(&project.code, CORE);
        let count = rooms.order.len();
        let many = format!("crates/core/src/lib.rs:1: {count} rooms, at most {ROOMS}; join some");
        let loose = rooms.loose();
        loose.into_iter().chain((count > ROOMS).then_some(many)).collect()
    });
    assert_none(&findings);
}

#[cfg(test)]
mod tests {
    use super::Rooms;
    use crate::code::Code;
    use crate::graph::{circles, imports};

    const ONE: &str = "crates/one";

    /// A house of three rooms; `more` are files beside.
    fn house(more: &[(&str, &str)]) -> Code {
        let own = [
            ("lib.rs", "pub mod ground; pub mod middle; pub mod top; #[cfg(test)] mod testing;"),
            ("testing.rs", "use crate::top::Top;"),
        ];
        let rooms = [
            ("ground/mod.rs", "pub mod low; pub struct Ground;"),
            ("ground/low.rs", "pub struct Low;"),
            ("middle/mod.rs", "pub mod early; pub mod late; pub use late::Late;"),
            ("middle/early.rs", "pub struct Early;"),
            (
                "middle/late.rs",
                "pub struct Late; use super::early::Early; use crate::ground::low::Low;",
            ),
            ("top/mod.rs", "pub struct Top; pub use crate::ground::Ground as Known;"),
        ];
        let kept = rooms.iter().filter(|(path, _)| !more.iter().any(|(other, _)| other == path));
        Code::example(&own.iter().chain(kept).chain(more).copied().collect::<Vec<_>>())
    }

    fn upward(path: &str, text: &str) -> Vec<String> {
        let code = house(&[(path, text)]);
        let upward = Rooms::of(&code, ONE).upward().into_iter();
        upward.map(|upward| upward.told.split("; ").next().unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn a_house_in_order_has_no_findings() {
        let code = house(&[]);
        let rooms = Rooms::of(&code, ONE);
        let imports = imports(&code, ONE);
        let circles = circles(&code, &imports);
        assert_eq!(rooms.order, ["ground", "middle", "top"]);
        assert!(rooms.upward().is_empty());
        assert!(rooms.crossing(&circles).is_empty());
        assert!(rooms.out_of_order(&imports, &circles).is_empty());
        assert!(rooms.loose().is_empty());
    }

    #[test]
    fn an_upward_import_in_a_nested_use_is_found_with_its_line_and_the_reason() {
        let found =
            upward("ground/low.rs", "\nuse crate::{ground::Ground, middle::{early::Early, late}};");
        let why = "middle stands above ground, by the order of crates/one/src/lib.rs";
        let place = "crates/one/src/ground/low.rs:2: crate::middle";
        let src = "crates/one/src/middle";
        assert_eq!(
            found,
            [
                format!("{place}::early::Early leads up to {src}/early.rs: {why}"),
                format!("{place}::late leads up to {src}/late.rs: {why}"),
            ]
        );
    }

    #[test]
    fn a_re_export_does_not_hide_an_upward_import() {
        // The room below hands on what is defined above; who takes it from there imports upward too.
        let code = house(&[
            ("ground/low.rs", "pub use super::super::top::Top;"),
            ("middle/early.rs", "use crate::ground::low::Top;"),
        ]);
        let upward = Rooms::of(&code, ONE).upward();
        let files: Vec<_> = upward.iter().map(|upward| upward.files.0.as_str()).collect();
        assert_eq!(files, ["crates/one/src/ground/low.rs", "crates/one/src/middle/early.rs"]);
        // What is defined below may not be taken from a room above either.
        assert_eq!(super::tests::upward("middle/early.rs", "use crate::top::Known;").len(), 1);
    }

    #[test]
    fn an_upward_path_in_an_expression_or_a_macro_is_found() {
        assert_eq!(upward("ground/low.rs", "fn f() -> u8 { crate::top::Top::f() }").len(), 1);
        assert_eq!(
            upward("ground/low.rs", "fn f() { println!(\"{}\", super::super::top::Top) }").len(),
            1
        );
        assert_eq!(upward("ground/low.rs", "use crate::top::*;").len(), 1);
    }

    #[test]
    fn tests_may_import_upward() {
        let text = "#[cfg(test)] mod tests { use crate::top::Top; fn f() { crate::top::f() } }";
        assert!(upward("ground/low.rs", text).is_empty());
    }

    #[test]
    fn a_circle_that_crosses_a_wall_is_found_and_one_inside_a_room_is_not() {
        let code = house(&[
            ("middle/early.rs", "pub struct Early; use super::late::Late;"),
            ("ground/low.rs", "pub struct Low; fn f() -> crate::middle::Late { todo!() }"),
        ]);
        let circles = circles(&code, &imports(&code, ONE));
        let crossing = Rooms::of(&code, ONE).crossing(&circles).len();
        assert_eq!((circles.len(), crossing), (1, 1));
        let code = house(&[("middle/early.rs", "pub struct Early; use super::late::Late;")]);
        let circles = super::circles(&code, &imports(&code, ONE));
        let crossing = Rooms::of(&code, ONE).crossing(&circles).len();
        assert_eq!((circles.len(), crossing), (1, 0));
    }

    #[test]
    fn a_module_that_imports_one_listed_later_is_found() {
        let code =
            house(&[("middle/mod.rs", "pub mod late;\npub mod early;\npub use late::Late;")]);
        let imports = imports(&code, ONE);
        let found = Rooms::of(&code, ONE).out_of_order(&imports, &[]);
        let [finding] = &found[..] else { panic!("one finding, not {found:?}") };
        assert_eq!(
            finding,
            "crates/one/src/middle/late.rs:1: super::early::Early leads to early, which \
             crates/one/src/middle/mod.rs lists after late; list it before"
        );
    }

    #[test]
    fn what_stands_in_no_room_is_found() {
        let code = Code::example(&[
            ("lib.rs", "pub mod flat;\npub use flat::f;\npub struct Loose;"),
            ("flat.rs", "pub fn f() {}"),
        ]);
        let places: Vec<String> = Rooms::of(&code, ONE)
            .loose()
            .iter()
            .map(|finding| finding.split(": ").take(2).collect::<Vec<_>>().join(": "))
            .collect();
        assert_eq!(
            places,
            [
                "crates/one/src/lib.rs:3: Loose stands in no room; the first file holds the order of rooms alone",
                "crates/one/src/lib.rs:2: flat::f stands in no room; the first file holds the order of rooms alone",
                "crates/one/src/flat.rs:1: a room is a folder; move this to crates/one/src/flat/mod.rs",
            ]
        );
    }
}
