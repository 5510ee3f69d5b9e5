//! `eastwest explain` and `GET /api/v1/services/<cluster>/<service>`: where each field of a service comes from.

use eastwest_core::report::explain::{Explained, Explanation, Said};

use super::text::{line, mark};

/// The media type of the explanation as a person reads it, which is asked for in `Accept`.
pub(crate) const TEXT: &str = "text/plain";
/// That of the same as JSON.
pub(crate) const JSON: &str = "application/json";

/// The explanation as a person reads it.
pub(crate) fn text(explanation: &Explanation) -> String {
    let mut text = String::new();
    line(&mut text, format_args!("{}", explanation.service));
    if !explanation.managed {
        line(&mut text, format_args!("  not opted in: eastwest never changes it"));
    }
    let mut endpoint = None;
    for field in &explanation.fields {
        if field.endpoint != endpoint {
            endpoint.clone_from(&field.endpoint);
            let port = endpoint.as_ref().map(ToString::to_string).unwrap_or_default();
            line(&mut text, format_args!("  endpoint on port {port}"));
        }
        show_field(&mut text, field);
    }
    if let Some(hold) = &explanation.hold {
        line(&mut text, format_args!("  held: {hold}"));
    }
    for issue in &explanation.issues {
        line(&mut text, format_args!("  {} {issue}", mark(issue)));
    }
    text
}

fn show_field(text: &mut String, field: &Explained) {
    let indent = if field.endpoint.is_some() { 4 } else { 2 };
    let (value, by) = match &field.said {
        Some(said) => (said.value.as_str(), who(said)),
        None => ("-", "not set by any source".to_owned()),
    };
    let name = field.field;
    line(text, format_args!("{:indent$}{name:<16} {value:<40} {by}", ""));
    for said in &field.overruled {
        let value = &said.value;
        let mark = "over";
        line(text, format_args!("{:indent$}{mark:>16} {value:<40} {}", "", who(said)));
    }
}

fn who(said: &Said) -> String {
    let by: &str = said.by.into();
    match &said.place {
        Some(place) => format!("{by} {place}"),
        None => by.to_owned(),
    }
}
