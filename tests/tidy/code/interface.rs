//! What whoever uses an item needs with it: the types of public fields, parameters and answers.
//!
//! The compiler refuses an item whose interface names something more private, so these names must be as public.

use syn::visit::{self, Visit};
use syn::{Fields, ImplItem, Item, ItemImpl, Visibility};

use super::Names;

/// Collects paths, single names too.
#[derive(Default)]
struct Paths(Vec<Names>);

impl<'ast> Visit<'ast> for Paths {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.0.push(names(path));
        visit::visit_path(self, path);
    }

    /// What a function does inside, nobody needs with it.
    fn visit_block(&mut self, _: &'ast syn::Block) {}

    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}
}

/// The segments of a path.
pub(super) fn names(path: &syn::Path) -> Names {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}

/// Whether it is `pub`, without a restriction.
pub(super) fn is_pub(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// What an item's own lines show to whoever uses it.
pub(super) fn of_item(item: &Item) -> Vec<Names> {
    let mut paths = Paths::default();
    match item {
        Item::Fn(item) => paths.visit_signature(&item.sig),
        Item::Struct(item) => {
            paths.visit_generics(&item.generics);
            fields(&item.fields, &mut paths);
        }
        Item::Enum(item) => paths.visit_item_enum(item),
        Item::Trait(item) => paths.visit_item_trait(item),
        Item::Type(item) => paths.visit_item_type(item),
        Item::Const(item) => paths.visit_type(&item.ty),
        Item::Static(item) => paths.visit_type(&item.ty),
        Item::Union(item) => paths.visit_item_union(item),
        _ => {}
    }
    paths.0
}

fn fields(fields: &Fields, paths: &mut Paths) {
    for field in fields.iter().filter(|field| is_pub(&field.vis)) {
        paths.visit_type(&field.ty);
    }
}

/// What the public parts of an `impl` show. All of a trait's are public.
pub(super) fn of_impl(item: &ItemImpl) -> Vec<Names> {
    let mut paths = Paths::default();
    paths.visit_generics(&item.generics);
    if let Some((_, of, _)) = &item.trait_ {
        paths.visit_path(of);
    }
    let all = item.trait_.is_some();
    for part in &item.items {
        match part {
            ImplItem::Fn(part) if all || is_pub(&part.vis) => paths.visit_signature(&part.sig),
            ImplItem::Const(part) if all || is_pub(&part.vis) => paths.visit_type(&part.ty),
            ImplItem::Type(part) => paths.visit_type(&part.ty),
            _ => {}
        }
    }
    paths.0
}
