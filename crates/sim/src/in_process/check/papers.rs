//! What Parameter Store says over time, and what of it the controller has read.
//!
//! Invariant: a text counts from the moment it stood there until another good one did. The controller may know an older
//! one until it has read the newer one, so what a write could rest on begins with the last good reading before the
//! write was decided: nobody is blamed for what it could not have read, and none is excused for what it has read.

use std::collections::BTreeMap;
use std::sync::Arc;

use eastwest_core::declaration::Declaration;
use eastwest_core::declare::{Intent, Layers, Rest, declare};
use eastwest_core::document::{self, Document};
use eastwest_core::effect::Parameter;
use eastwest_core::name::{ClusterName, EcsServiceName, ParameterName, ServiceKey};
use eastwest_core::settings::Sources;
use eastwest_core::tag::{TagPrefix, Tagged};

use super::super::convert::other::parameter;
use super::super::weather::LAG_MS_MAX;
use crate::model::{EcsServiceKey, Model};
use crate::shapes::Time;
use crate::shapes::ssm::{GetParameterRequest, GetParametersByPathRequest};

/// The good texts, one after another, and the controller's knowledge of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Papers {
    sources: Sources,
    /// How many of the model's mutations have been looked at.
    looked_at: usize,
    documents: Vec<(Time, Arc<Document>)>,
    /// Whether what stands there now is good.
    is_good: bool,
    entries: BTreeMap<ParameterName, Vec<(Time, Arc<Declaration>)>>,
    readings: BTreeMap<ParameterName, Reading>,
    known: Known,
}

/// A source as it was last read.
#[derive(Debug, Clone, Default)]
struct Reading {
    at: Time,
    parameters: Vec<Parameter>,
    /// Since when a parameter of it is missing.
    missing_since: Option<Time>,
}

/// When the controller that runs now last read something good, or when one did that decided on a write.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    document: Option<(Time, Arc<Document>)>,
    entries: BTreeMap<ParameterName, Time>,
}

/// What a write could rest on.
pub(super) struct Evidence<'a> {
    /// The documents; one `None` where no source of a document is configured.
    pub(super) documents: Vec<Option<&'a Document>>,
    papers: &'a Papers,
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

impl Papers {
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
        let document = all.and_then(|all| document::read(&all.concat()).0);
        self.is_good = document.is_some();
        if let Some(document) = document {
            self.documents.push((model.now(), Arc::new(document)));
        }
    }

    fn observe_entry(&mut self, model: &Model, name: ParameterName) {
        let found = read(model, &name).unwrap_or_default();
        let [only] = &found[..] else { return };
        if let (Some(entry), _) = document::read_entry(only) {
            self.entries.entry(name).or_default().push((model.now(), Arc::new(entry)));
        }
    }

    /// The controller gets an answer to a question that it asked then.
    pub(super) fn told(
        &mut self,
        (name, at): (&ParameterName, Time),
        new: &[Parameter],
        now: Time,
    ) {
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
        if !reading.accept(new, (at, now)) {
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

    /// What the controller knows now.
    pub(super) fn known(&self) -> &Known {
        &self.known
    }

    /// What a write could rest on that was decided knowing that much.
    pub(super) fn evidence<'a>(&'a self, known: &'a Known) -> Evidence<'a> {
        let read = known.document.as_ref().map(|(at, _)| since(&self.documents, *at));
        let documents = if self.sources.documents.is_empty() {
            vec![None]
        } else {
            read.into_iter().flatten().map(|(_, document)| Some(&**document)).collect()
        };
        Evidence { documents, papers: self, known }
    }

    /// What counts once everything is as it shall be: what stands there, or the last good one that was read.
    pub(super) fn at_rest(&self) -> AtRest {
        let known = self.known.document.as_ref();
        let standing = self.documents.last().filter(|_| self.is_good);
        let document = standing.or(known).map(|(_, document)| Arc::clone(document));
        AtRest { is_held: document.is_none() && !self.sources.documents.is_empty(), document }
    }
}

impl Reading {
    /// What is missing below a path is believed gone only after a while.
    fn accept(&mut self, new: &[Parameter], (at, now): (Time, Time)) -> bool {
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

impl Evidence<'_> {
    /// How far back it reaches, where it is of Parameter Store.
    pub(super) fn from(&self) -> Option<Time> {
        let document = self.known.document.as_ref().map(|(at, _)| *at);
        self.known.entries.values().copied().chain(document).min()
    }

    /// Whether nothing good was read though there is a source to read.
    pub(super) fn is_missing(&self) -> bool {
        self.documents.is_empty()
    }

    /// The entries of a service, in all of the documents.
    pub(super) fn entries(&self, key: &EcsServiceKey) -> impl Iterator<Item = &Declaration> {
        let key = service_key(key);
        let documents = self.documents.iter().flatten();
        documents.filter_map(move |document| Some(&**document.services.get(&key)?))
    }

    /// What the parameter that a tag names may say.
    pub(super) fn rests(&self, tagged: Option<&Tagged>) -> Vec<Rest> {
        let named = tagged.and_then(|tagged| tagged.declaration.as_ref()?.document.as_ref());
        let read = named.and_then(|name| {
            let all = self.papers.entries.get(name)?;
            Some(since(all, *self.known.entries.get(name)?))
        });
        let rest = |(_, said): &(Time, Arc<Declaration>)| Rest {
            declaration: Some(Arc::clone(said)),
            issues: Vec::new(),
        };
        read.into_iter().flatten().map(rest).collect()
    }

    /// Everything that a service with such tags may be asked for.
    pub(super) fn intents(&self, key: &EcsServiceKey, tagged: Option<&Tagged>) -> Vec<Intent> {
        let tagged = tagged.filter(|_| self.papers.sources.tags);
        let rests = self.rests(tagged);
        let key = service_key(key);
        let mut intents = Vec::new();
        for document in &self.documents {
            let entry = document.and_then(|document| document.services.get(&key));
            let rests = rests.iter().map(Some).chain(rests.is_empty().then_some(None));
            intents.extend(rests.map(|rest| intent(&Layers { entry, tagged, rest })));
        }
        intents
    }
}

/// What a service is asked for in all.
pub(super) fn intent(layers: &Layers<'_>) -> Intent {
    declare(&TagPrefix::default(), layers).0
}

/// The name under which a document speaks of a service.
pub(in crate::in_process) fn service_key(key: &EcsServiceKey) -> ServiceKey {
    ServiceKey::new(&ClusterName::as_read(&key.cluster), &EcsServiceName::as_read(&key.name))
}

/// What stood there from that instant on.
fn since<T>(all: &[(Time, T)], from: Time) -> &[(Time, T)] {
    let first = all.iter().rposition(|(at, _)| *at <= from).unwrap_or(0);
    &all[first..]
}

/// What stands there now, below a path or under a name; `None` where nothing does.
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
