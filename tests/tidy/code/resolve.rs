//! Follows a path to what it names, through every `use` on the way.

use super::{Code, Reference, Scope, ScopeId, Use};

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    /// A module itself.
    Module(ScopeId),
    /// An item, and the module that defines it.
    Item(ScopeId, String),
}

impl Target {
    /// The module that is named, or that defines what is named.
    pub(crate) fn scope(&self) -> ScopeId {
        match self {
            Self::Module(scope) | Self::Item(scope, _) => *scope,
        }
    }
}

/// What a path names, and by which names it was found.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// What it names.
    pub(crate) target: Target,
    /// Each name on the way, and the module in which it was looked up.
    pub(crate) hops: Vec<(ScopeId, String)>,
    /// How many of the path's names were understood.
    pub(crate) known: usize,
}

/// The names that are being looked up: a `use` may lead back to where it stands.
type Trail = Vec<(ScopeId, String, Wanted)>;

/// A module and a function may have one name: in the middle of a path the module is meant, at its end the function.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Module,
    Any,
}

impl Code {
    /// What `path` names in the module `from`; nothing where it is no code of ours.
    pub(crate) fn resolve(&self, from: ScopeId, path: &[String]) -> Option<Found> {
        self.path(from, path, Wanted::Any, &mut Trail::new())
    }

    /// All that a reference names: one thing, or with `*` all that a module shares.
    pub(crate) fn named(&self, reference: &Reference) -> Vec<Found> {
        let Some((last, before)) = reference.path.split_last() else { return Vec::new() };
        if last != "*" {
            return self.resolve(reference.from, &reference.path).into_iter().collect();
        }
        let start = self.path(reference.from, before, Wanted::Module, &mut Trail::new());
        let Some(found) = start else { return Vec::new() };
        let Target::Module(module) = found.target else { return vec![found] };
        let mut all = Vec::new();
        self.shared(module, &found.hops, &mut Vec::new(), &mut all);
        all
    }

    /// All that `module` shares; `before` is how it was found.
    fn shared(
        &self,
        module: ScopeId,
        before: &[(ScopeId, String)],
        seen: &mut Vec<ScopeId>,
        all: &mut Vec<Found>,
    ) {
        if seen.contains(&module) {
            return;
        }
        seen.push(module);
        let scope = &self.scopes[module];
        let (globs, named): (Vec<&Use>, Vec<&Use>) =
            scope.uses.iter().filter(|import| import.is_shared).partition(|it| it.name == "*");
        let items = scope.items.keys().filter(|name| scope.child(name).is_none());
        for name in items.chain(named.into_iter().map(|import| &import.name)) {
            if let Some(mut found) = self.look(module, name, Wanted::Any, &mut Trail::new()) {
                found.hops.extend_from_slice(before);
                all.push(found);
            }
        }
        for import in globs {
            let path = &import.path[..import.path.len() - 1];
            let found = self.path(module, path, Wanted::Module, &mut Trail::new());
            let Some(found) = found else { continue };
            match found.target {
                Target::Module(next) => self.shared(next, &found.hops, seen, all),
                Target::Item(..) => all.push(found),
            }
        }
    }

    fn path(
        &self,
        from: ScopeId,
        path: &[String],
        end: Wanted,
        trail: &mut Trail,
    ) -> Option<Found> {
        let (first, rest) = path.split_first()?;
        let wanted = |is_last| if is_last { end } else { Wanted::Module };
        let module = |scope| Found { target: Target::Module(scope), hops: Vec::new(), known: 1 };
        let mut found = match first.as_str() {
            "crate" => module(self.first[self.scopes[from].root]),
            "self" => module(from),
            "super" => module(self.scopes[from].parent?),
            name => match self.look(from, name, wanted(rest.is_empty()), trail) {
                Some(found) => found,
                None => module(self.library_named(name)?),
            },
        };
        for (at, name) in rest.iter().enumerate() {
            let Target::Module(scope) = found.target else { break };
            let next = match name.as_str() {
                "super" => Some(module(self.scopes[scope].parent?)),
                name => self.look(scope, name, wanted(at + 1 == rest.len()), trail),
            };
            let Some(next) = next else { break };
            found.hops.extend(next.hops);
            found.target = next.target;
            found.known += 1;
        }
        Some(found)
    }

    /// What `name` stands for in the module `scope`.
    fn look(&self, scope: ScopeId, name: &str, wanted: Wanted, trail: &mut Trail) -> Option<Found> {
        let step = (scope, name.to_owned(), wanted);
        if trail.contains(&step) {
            return None;
        }
        trail.push(step);
        let found = self.look_once(scope, name, wanted, trail);
        trail.pop();
        found
    }

    fn look_once(
        &self,
        scope: ScopeId,
        name: &str,
        wanted: Wanted,
        trail: &mut Trail,
    ) -> Option<Found> {
        let here = &self.scopes[scope];
        let own = |target| Found { target, hops: vec![(scope, name.to_owned())], known: 1 };
        let item = || own(Target::Item(scope, name.to_owned()));
        let child = here.child(name).map(|child| own(Target::Module(child)));
        if child.is_some() && wanted == Wanted::Module {
            return child;
        }
        if here.items.get(name).is_some_and(|item| item.kind != "mod") {
            return Some(item());
        }
        if let Some(mut found) = self.imported(scope, name, wanted, trail) {
            found.hops.extend(own(Target::Module(scope)).hops);
            found.known = 1;
            return Some(found);
        }
        child.or_else(|| here.macro_words.contains(name).then(item))
    }

    /// What a `use` brings in under `name`: one that names it, or else one of all that a module shares.
    fn imported(
        &self,
        scope: ScopeId,
        name: &str,
        wanted: Wanted,
        trail: &mut Trail,
    ) -> Option<Found> {
        let (globs, named): (Vec<&Use>, Vec<&Use>) =
            self.scopes[scope].uses.iter().partition(|import| import.name == "*");
        for import in named.into_iter().filter(|import| import.name == name) {
            let found = self.path(scope, &import.path, wanted, trail);
            let whole = found.filter(|found| found.known == import.path.len());
            if whole.is_some() {
                return whole;
            }
        }
        for import in globs {
            let before = &import.path[..import.path.len() - 1];
            let around = self.path(scope, before, Wanted::Module, trail);
            let Some(Target::Module(module)) = around.map(|found| found.target) else { continue };
            let found = self.look(module, name, wanted, trail);
            if found.is_some() {
                return found;
            }
        }
        None
    }

    fn library_named(&self, name: &str) -> Option<ScopeId> {
        let is_it = |root: &super::Root| root.is_library && root.name == name;
        self.roots.iter().position(is_it).map(|at| self.first[at])
    }
}

impl Scope {
    /// The module that is declared here by this name.
    pub(crate) fn child(&self, name: &str) -> Option<ScopeId> {
        self.children.iter().find(|(own, _)| own == name).map(|(_, id)| *id)
    }
}
