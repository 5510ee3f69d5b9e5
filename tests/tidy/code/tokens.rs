//! Paths in tokens, i.e. in the arguments of macros and attributes, which a visitor of syntax does not enter.

use proc_macro2::{Span, TokenStream, TokenTree};

use super::Names;

/// Every path of two names and more, with its place.
pub(super) fn paths(tokens: TokenStream) -> Vec<(Names, Span)> {
    let mut found = Vec::new();
    gather(tokens, &mut found);
    found
}

fn gather(tokens: TokenStream, found: &mut Vec<(Names, Span)>) {
    let mut path: Names = Vec::new();
    let mut start = Span::call_site();
    let mut colons = 0;
    for token in tokens {
        match token {
            TokenTree::Punct(sign) if sign.as_char() == ':' => colons += 1,
            TokenTree::Ident(name) => {
                if colons != 2 || path.is_empty() {
                    keep(&mut path, start, found);
                    start = name.span();
                }
                path.push(name.to_string());
                colons = 0;
            }
            other => {
                keep(&mut path, start, found);
                colons = 0;
                match other {
                    TokenTree::Group(group) => gather(group.stream(), found),
                    TokenTree::Literal(text) => in_text(&text.to_string(), text.span(), found),
                    _ => {}
                }
            }
        }
    }
    keep(&mut path, start, found);
}

fn keep(path: &mut Names, start: Span, found: &mut Vec<(Names, Span)>) {
    if path.len() > 1 {
        found.push((std::mem::take(path), start));
    }
    path.clear();
}

/// A text that is nothing but a path, as in `#[serde(with = "crate::time")]`.
fn in_text(text: &str, span: Span, found: &mut Vec<(Names, Span)>) {
    let names: Names = text.trim_matches('"').split("::").map(str::to_owned).collect();
    let is_name = |name: &String| {
        let mut letters = name.chars();
        letters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
            && letters.all(|letter| letter.is_alphanumeric() || letter == '_')
    };
    if names.len() > 1 && names.iter().all(is_name) {
        found.push((names, span));
    }
}

/// Every word that may become the name of an item: those inside a path do not.
pub(super) fn words(tokens: TokenStream, found: &mut impl Extend<String>) {
    let is_colon = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(sign)) if sign.as_char() == ':');
    let all: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in all.iter().enumerate() {
        let in_path = |from: usize| is_colon(all.get(from)) && is_colon(all.get(from + 1));
        match token {
            TokenTree::Group(group) => words(group.stream(), found),
            TokenTree::Ident(_) if in_path(at + 1) || (at > 1 && in_path(at - 2)) => {}
            TokenTree::Ident(name) => found.extend([name.to_string()]),
            _ => {}
        }
    }
}
