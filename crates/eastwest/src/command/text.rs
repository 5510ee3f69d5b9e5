//! What the texts of several commands share.

use anyhow::anyhow;
use eastwest_core::ecs::service_key::ServicePath;
use eastwest_core::ecs::text::did_you_mean;
use eastwest_core::view::View;

use crate::api::text::line;

/// The remarks on where a plan comes from.
pub(crate) fn notes(notes: &[String]) -> String {
    let mut text = String::new();
    for note in notes {
        line(&mut text, format_args!("i {note}"));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// The service that a word of the command line names.
pub(crate) fn service_path(word: &str) -> anyhow::Result<ServicePath> {
    ServicePath::parse(word).map_err(|refused| anyhow!("{word:?}: {}", refused.allowed))
}

/// That a service was not seen, with the nearest one that was.
pub(crate) fn not_seen<'a>(
    service: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> anyhow::Error {
    let near = did_you_mean(service, known);
    anyhow!("{service}: no such service was seen in the clusters that were read{near}")
}

/// The same of all that one look has seen.
pub(crate) fn not_in_view(path: &ServicePath, view: &View) -> anyhow::Error {
    let known: Vec<String> = view.services().map(|(key, _)| key.to_string()).collect();
    not_seen(&path.to_string(), known.iter().map(String::as_str))
}
