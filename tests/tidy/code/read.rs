//! Reads the modules of one root: their items, their `use` lines and every path in them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use proc_macro2::{Span, TokenStream};
use syn::visit::{self, Visit};
use syn::{Attribute, Ident, ItemMacro, ItemMod, ItemUse, UseTree, Visibility};

use super::interface::{self, is_pub, names};
use super::{Code, Impl, Item, Names, Reference, Scope, ScopeId, Use, tokens};
use crate::modules::{self, Module, has_cfg_test};

/// Reads root number `root`.
pub(super) fn root(code: &mut Code, root: usize, files: &BTreeMap<&Path, &Module>) {
    let path = code.roots[root].file.clone();
    let module = files.get(path.as_path()).expect("the files of every root were read");
    let first = code.add(Scope::of(root, Vec::new(), &path, None, module.is_test));
    code.first.push(first);
    let folder = path.parent().unwrap_or(&path).to_path_buf();
    let mut reader =
        Reader { code, files, scope: first, is_test: module.is_test, file: path, folder };
    reader.items(&module.syntax.items);
}

impl Scope {
    fn of(root: usize, path: Names, file: &Path, parent: Option<ScopeId>, is_test: bool) -> Self {
        Self {
            root,
            path,
            file: file.to_path_buf(),
            parent,
            is_test,
            children: Vec::new(),
            items: BTreeMap::new(),
            uses: Vec::new(),
            macro_words: std::collections::BTreeSet::new(),
        }
    }
}

impl Code {
    fn add(&mut self, scope: Scope) -> ScopeId {
        self.scopes.push(scope);
        self.scopes.len() - 1
    }
}

/// Where the reading stands.
struct Reader<'a> {
    code: &'a mut Code,
    files: &'a BTreeMap<&'a Path, &'a Module>,
    scope: ScopeId,
    is_test: bool,
    file: PathBuf,
    /// Where the files of the modules lie that are declared here.
    folder: PathBuf,
}

impl Reader<'_> {
    fn items(&mut self, items: &[syn::Item]) {
        for item in items {
            self.as_test(attributes(item), |reader| {
                reader.define(item);
                reader.visit_item(item);
            });
        }
    }

    fn define(&mut self, item: &syn::Item) {
        use syn::Item as Any;
        let (kind, name, visibility) = match item {
            Any::Fn(item) => ("fn", &item.sig.ident, &item.vis),
            Any::Struct(item) => ("struct", &item.ident, &item.vis),
            Any::Enum(item) => ("enum", &item.ident, &item.vis),
            Any::Trait(item) => ("trait", &item.ident, &item.vis),
            Any::Type(item) => ("type", &item.ident, &item.vis),
            Any::Const(item) => ("const", &item.ident, &item.vis),
            Any::Static(item) => ("static", &item.ident, &item.vis),
            Any::Union(item) => ("union", &item.ident, &item.vis),
            Any::Mod(item) => return self.module(item),
            Any::Macro(item) => return self.macro_item(item),
            _ => return,
        };
        self.name(kind, name, is_pub(visibility), interface::of_item(item));
    }

    fn name(&mut self, kind: &'static str, name: &Ident, is_pub: bool, interface: Vec<Names>) {
        let is_pub = is_pub && !self.is_test;
        let item = Item { kind, line: line(name.span()), is_pub, interface };
        let items = &mut self.code.scopes[self.scope].items;
        // A module and a function may have one name.
        if kind == "mod" {
            items.entry(name.to_string()).or_insert(item);
        } else {
            items.insert(name.to_string(), item);
        }
    }

    /// A macro may define items of any name that it is given or that stands in its rules.
    fn macro_item(&mut self, item: &ItemMacro) {
        if let Some(name) = &item.ident {
            self.name("macro", name, false, Vec::new());
        }
        let words = &mut self.code.scopes[self.scope].macro_words;
        tokens::words(item.mac.tokens.clone(), words);
    }

    fn module(&mut self, item: &ItemMod) {
        let name = item.ident.to_string();
        let is_test = self.is_test || has_cfg_test(&item.attrs);
        let below = self.folder.join(&name);
        let (file, folder, items) = if let Some((_, items)) = &item.content {
            (self.file.clone(), below, items)
        } else {
            let exists = |path: &Path| self.files.contains_key(path);
            let path = modules::declared(item, &self.file, &self.folder, &exists);
            let Some(module) = self.files.get(path.as_path()) else { return };
            let folder = modules::folder_below(&path);
            (path, folder, &module.syntax.items)
        };
        let around = &self.code.scopes[self.scope];
        let path = [around.path.as_slice(), std::slice::from_ref(&name)].concat();
        let scope = Scope::of(around.root, path, &file, Some(self.scope), is_test);
        let id = self.code.add(scope);
        self.code.scopes[self.scope].children.push((name, id));
        if !is_test {
            self.name("mod", &item.ident, is_pub(&item.vis), Vec::new());
        }
        let (code, files) = (&mut *self.code, self.files);
        Reader { code, files, scope: id, is_test, file, folder }.items(items);
    }

    fn refer(&mut self, path: Names, span: Span) {
        let (from, line, is_test) = (self.scope, line(span), self.is_test);
        self.code.references.push(Reference { from, path, line, is_test });
    }

    fn refer_all(&mut self, tokens: TokenStream) {
        for (path, span) in tokens::paths(tokens) {
            self.refer(path, span);
        }
    }

    fn tree(&mut self, tree: &UseTree, before: &[String], visibility: &Visibility) {
        let with = |name: &Ident| [before, &[name.to_string()]].concat();
        let (name, path, span) = match tree {
            UseTree::Path(part) => return self.tree(&part.tree, &with(&part.ident), visibility),
            UseTree::Group(group) => {
                return group.items.iter().for_each(|part| self.tree(part, before, visibility));
            }
            UseTree::Name(part) if part.ident == "self" => {
                let last = before.last().cloned().unwrap_or_default();
                (last, before.to_vec(), part.ident.span())
            }
            UseTree::Name(part) => (part.ident.to_string(), with(&part.ident), part.ident.span()),
            UseTree::Rename(part) => {
                let path = if part.ident == "self" { before.to_vec() } else { with(&part.ident) };
                (part.rename.to_string(), path, part.ident.span())
            }
            UseTree::Glob(part) => {
                let path = [before, &["*".to_owned()]].concat();
                ("*".to_owned(), path, part.star_token.spans[0])
            }
        };
        let line = line(span);
        let is_shared = !matches!(visibility, Visibility::Inherited);
        let own = Use { name, path: path.clone(), is_shared, is_pub: is_pub(visibility), line };
        self.code.scopes[self.scope].uses.push(own);
        self.refer(path, span);
    }

    /// Whether the attributes say that what follows is for tests alone: then it is read as such.
    fn as_test(&mut self, attributes: &[Attribute], read: impl FnOnce(&mut Self)) {
        let before = self.is_test;
        self.is_test = before || has_cfg_test(attributes);
        read(self);
        self.is_test = before;
    }
}

fn attributes(item: &syn::Item) -> &[Attribute] {
    use syn::Item as Any;
    match item {
        Any::Fn(item) => &item.attrs,
        Any::Struct(item) => &item.attrs,
        Any::Enum(item) => &item.attrs,
        Any::Trait(item) => &item.attrs,
        Any::Type(item) => &item.attrs,
        Any::Const(item) => &item.attrs,
        Any::Static(item) => &item.attrs,
        Any::Impl(item) => &item.attrs,
        Any::Use(item) => &item.attrs,
        Any::Macro(item) => &item.attrs,
        Any::Mod(item) => &item.attrs,
        _ => &[],
    }
}

fn line(span: Span) -> usize {
    span.start().line
}

impl<'ast> Visit<'ast> for Reader<'_> {
    /// Read in [`Reader::module`], as a module of its own.
    fn visit_item_mod(&mut self, _: &'ast ItemMod) {}

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.tree(&item.tree, &[], &item.vis);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.as_test(&item.attrs, |reader| visit::visit_impl_item_fn(reader, item));
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if let syn::Type::Path(on) = item.self_ty.as_ref() {
            let (scope, on) = (self.scope, names(&on.path));
            self.code.impls.push(Impl { scope, on, interface: interface::of_impl(item) });
        }
        visit::visit_item_impl(self, item);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            let first = path.segments.first().map(|segment| segment.ident.span());
            self.refer(names(path), first.unwrap_or_else(Span::call_site));
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.refer_all(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let (false, syn::Meta::List(list)) = (attribute.path().is_ident("doc"), &attribute.meta)
        {
            self.refer_all(list.tokens.clone());
        }
    }
}
