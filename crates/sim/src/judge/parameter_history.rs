//! What Parameter Store says over time, and what of it the controller has read.
//!
//! **Invariant:** a text counts from the moment it stood there until another good one did. The controller may know an
//! older one until it has read the newer one. So what a write could rest on begins with the last good reading before
//! the write was decided. Nobody is blamed for what it could not have read, and none is excused for what it has read.

use std::collections::BTreeMap;
use std::sync::Arc;

use eastwest_core::declaration::declared::Declaration;
use eastwest_core::declaration::document;
use eastwest_core::declaration::document::Document;
use eastwest_core::declaration::intent::{Intent, Layers, NamedEntry, declare};
use eastwest_core::declaration::settings::Sources;
use eastwest_core::declaration::tag_prefix::TagPrefix;
use eastwest_core::declaration::tagged::Tagged;
use eastwest_core::ecs::name::ParameterName;
use eastwest_core::ecs::parameter::Parameter;

use super::calendar::{self, Windows};
use super::keys::service_path;
use crate::adapter::convert::other::parameter;
use crate::faults::LAG_MS_MAX;
use crate::model::{EcsServiceKey, Model};
use crate::shapes::Time;
use crate::shapes::ssm::{GetParameterRequest, GetParametersByPathRequest};

/// The good texts, one after another, and what the controller has read of them.
#[derive(Debug, Clone, Default)]
pub(super) struct ParameterHistory {
    sources: Sources,
    /// How many of the model's mutations have been looked at.
    looked_at: usize,
    documents: Vec<(Time, GoodText)>,
    /// Whether what stands there now is good.
    is_good: bool,
    entries: BTreeMap<ParameterName, Vec<(Time, Arc<Declaration>)>>,
    readings: BTreeMap<ParameterName, Reading>,
    known: Known,
}

/// A document that stood there and was good.
#[derive(Debug, Clone)]
struct GoodText {
    document: Arc<Document>,
    windows: Windows,
}

/// A source as it was last read.
#[derive(Debug, Clone, Default)]
struct Reading {
    at: Time,
    parameters: Vec<Parameter>,
    /// Since when a parameter of it is missing.
    missing_since: Option<Time>,
}

/// When the controller last read a good text of each source.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    document: Option<(Time, Arc<Document>)>,
    entries: BTreeMap<ParameterName, Time>,
}

/// What a write could rest on.
pub(super) struct Evidence<'a> {
    /// The documents; one `None` where no source of a document is configured.
    pub(super) documents: Vec<Option<&'a Document>>,
    /// The windows of each document, as the judge reads them.
    pub(super) windows: Vec<&'a Windows>,
    history: &'a ParameterHistory,
    known: &'a Known,
}

/// What services are asked for at rest.
#[derive(Debug, Clone)]
pub struct AtRest {
    /// Whether everything is held, because no good document was there to be read since the start.
    pub is_held: bool,
    /// The document in force.
    pub document: Option<Arc<Document>>,
}

impl ParameterHistory {
    pub(super) fn new(sources: &Sources) -> Self {
        Self { sources: sources.clone(), ..Self::default() }
    }

    /// Looks whether somebody has changed a parameter.
    pub(super) fn observe(&mut self, model: &Model) {
        let mutations = model.mutations();
        let new = mutations.get(self.looked_at..).unwrap_or_default();
        let changed = new.iter().filter(|each| each.operation.starts_with("ssm."));
        let names: Vec<String> =
            changed.filter_map(|each| Some(each.body["Name"].as_str()?.to_owned())).collect();
        self.looked_at = mutations.len();
        if names.is_empty() {
            return;
        }
        for name in names {
            self.observe_entry(model, ParameterName::as_read(&name));
        }
        let sources = self.sources.documents.iter();
        let all: Option<Vec<Vec<Parameter>>> = sources.map(|name| read(model, name)).collect();
        let good = all.and_then(|all| GoodText::read(&all.concat()));
        self.is_good = good.is_some();
        self.documents.extend(good.map(|good| (model.now(), good)));
    }

    fn observe_entry(&mut self, model: &Model, name: ParameterName) {
        let found = read(model, &name).unwrap_or_default();
        let [only] = &found[..] else { return };
        if let (Some(entry), _) = document::read_entry(only) {
            self.entries.entry(name).or_default().push((model.now(), Arc::new(entry)));
        }
    }

    /// The controller gets an answer to a question that it asked then.
    pub(super) fn told(&mut self, name: &ParameterName, at: Time, new: &[Parameter], now: Time) {
        if new.is_empty() {
            return;
        }
        if !self.sources.documents.contains(name) {
            if let [only] = new
                && document::read_entry(only).0.is_some()
            {
                self.known.entries.insert(name.clone(), at);
            }
            return;
        }
        let reading = self.readings.entry(name.clone()).or_default();
        if !reading.accept(new, at, now) {
            return;
        }
        let all = || self.sources.documents.iter().map(|name| self.readings.get(name));
        let Some(all) = all().collect::<Option<Vec<_>>>() else { return };
        let parameters: Vec<Parameter> =
            all.iter().flat_map(|reading| reading.parameters.clone()).collect();
        if let Some(document) = document::read(&parameters).0 {
            let at = all.iter().map(|reading| reading.at).min().unwrap_or(at);
            self.known.document = Some((at, Arc::new(document)));
        }
    }

    /// The controller ends, and the next one knows nothing.
    pub(super) fn crashed(&mut self) {
        self.known = Known::default();
        self.readings.clear();
    }

    /// What the controller has read by now.
    pub(super) fn known(&self) -> &Known {
        &self.known
    }

    /// What a write could rest on that was decided knowing that much.
    pub(super) fn evidence<'a>(&'a self, known: &'a Known) -> Evidence<'a> {
        let read = known.document.as_ref().map(|(at, _)| since(&self.documents, *at));
        let texts = || read.into_iter().flatten().map(|(_, text)| text);
        let documents = if self.sources.documents.is_empty() {
            vec![None]
        } else {
            texts().map(|text| Some(&*text.document)).collect()
        };
        let windows = texts().map(|text| &text.windows).collect();
        Evidence { documents, windows, history: self, known }
    }

    /// What counts at rest: the text that stands there if it is good, else the last good one that was read.
    pub(super) fn at_rest(&self) -> AtRest {
        let known = self.known.document.as_ref().map(|(_, document)| document);
        let standing = self.documents.last().filter(|_| self.is_good);
        let document = standing.map(|(_, text)| &text.document).or(known).map(Arc::clone);
        AtRest { is_held: document.is_none() && !self.sources.documents.is_empty(), document }
    }
}

impl GoodText {
    fn read(parameters: &[Parameter]) -> Option<Self> {
        let document = Arc::new(document::read(parameters).0?);
        let windows = calendar::read(parameters.iter().map(|each| each.text.as_str()));
        Some(Self { document, windows })
    }
}

impl Reading {
    /// Takes in a reading; a parameter that is missing below a path counts as gone only after a while.
    fn accept(&mut self, new: &[Parameter], at: Time, now: Time) -> bool {
        let is_there = |old: &Parameter| new.iter().any(|each| each.name == old.name);
        if !self.parameters.iter().all(is_there) {
            let since = *self.missing_since.get_or_insert(now);
            if now.since_ms(since) < LAG_MS_MAX {
                return false;
            }
        }
        *self = Self { at, parameters: new.to_vec(), missing_since: None };
        true
    }
}

impl Known {
    /// The oldest reading of Parameter Store that it includes.
    pub(super) fn from(&self) -> Option<Time> {
        let document = self.document.as_ref().map(|(at, _)| *at);
        self.entries.values().copied().chain(document).min()
    }
}

impl Evidence<'_> {
    /// The oldest reading of Parameter Store that it includes.
    pub(super) fn from(&self) -> Option<Time> {
        self.known.from()
    }

    /// Whether there is a source, and nothing good was read of it.
    pub(super) fn is_missing(&self) -> bool {
        self.documents.is_empty()
    }

    /// The entries of a service, in all of the documents.
    pub(super) fn entries(&self, key: &EcsServiceKey) -> impl Iterator<Item = &Declaration> {
        let path = service_path(key);
        let documents = self.documents.iter().flatten();
        documents.filter_map(move |document| Some(&**document.services.get(&path)?))
    }

    /// What the parameter that a tag names may say.
    pub(super) fn rests(&self, tagged: Option<&Tagged>) -> Vec<NamedEntry> {
        let named = tagged.and_then(|tagged| tagged.declaration.as_ref()?.document.as_ref());
        let read = named.and_then(|name| {
            let all = self.history.entries.get(name)?;
            Some(since(all, *self.known.entries.get(name)?))
        });
        let rest = |(_, said): &(Time, Arc<Declaration>)| NamedEntry {
            declaration: Some(Arc::clone(said)),
            issues: Vec::new(),
        };
        read.into_iter().flatten().map(rest).collect()
    }

    /// Everything that a service with such tags may be asked for.
    pub(super) fn intents(&self, key: &EcsServiceKey, tagged: Option<&Tagged>) -> Vec<Intent> {
        let tagged = tagged.filter(|_| self.history.sources.tags);
        let rests = self.rests(tagged);
        let path = service_path(key);
        let mut intents = Vec::new();
        for document in &self.documents {
            let entry = document.and_then(|document| document.services.get(&path));
            let rests = rests.iter().map(Some).chain(rests.is_empty().then_some(None));
            intents.extend(rests.map(|rest| intent(&Layers { entry, tagged, rest })));
        }
        intents
    }
}

/// What all layers together ask of a service.
pub(super) fn intent(layers: &Layers<'_>) -> Intent {
    declare(&TagPrefix::default(), layers).0
}

/// What stood there at that instant and later.
fn since<T>(all: &[(Time, T)], from: Time) -> &[(Time, T)] {
    let first = all.iter().rposition(|(at, _)| *at <= from).unwrap_or(0);
    &all[first..]
}

/// The parameters of a name or below a path now; `None` if there are none.
fn read(model: &Model, name: &ParameterName) -> Option<Vec<Parameter>> {
    if !name.is_path() {
        let request = GetParameterRequest { name: name.to_string(), with_decryption: Some(true) };
        return model.get_parameter(&request).ok().map(|answer| vec![parameter(answer.parameter)]);
    }
    let (mut found, mut next_token) = (Vec::new(), None);
    loop {
        let request = GetParametersByPathRequest {
            path: name.as_str().to_owned(),
            recursive: Some(true),
            with_decryption: Some(true),
            max_results: None,
            next_token,
            parameter_filters: None,
        };
        let page = model.get_parameters_by_path(&request).ok()?;
        found.extend(page.parameters.into_iter().map(parameter));
        next_token = page.next_token;
        if next_token.is_none() {
            return (!found.is_empty()).then_some(found);
        }
    }
}
