//! Who decided each field of what a service shall be, and whom it overruled.
//!
//! The reasons come from the very code that settles the service ([`crate::planner::service::settle`]), so they cannot tell another
//! story than the plan does.

use std::fmt;

use serde::Serialize;

use crate::declaration::declared::Declaration;
use crate::declaration::intent::{Intent, Layers};
use crate::declaration::issue::Issue;
use crate::declaration::settings::Settings;
use crate::declaration::tag::is_of_endpoint;
use crate::declaration::tag_prefix::TagPrefix;
use crate::ecs::fault::Fault;
use crate::ecs::name::{ClusterName, PortName};
use crate::ecs::namespace_names::NamespaceNames;
use crate::ecs::service_key::{ServiceKey, ServicePath};
use crate::ecs::text::nearest;
use crate::plan::Plan;
use crate::plan::entry::Entry;
use crate::plan::need::Need;
use crate::planner::input::terms;
use crate::planner::service::choice::{Choice, Recorder, Source};
use crate::planner::service::settle::settle_observed;
use crate::view::View;

/// Field by field, what a service shall be and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The service.
    pub service: ServiceKey,
    /// Whether anything opts it in.
    pub managed: bool,
    /// Every field that is known so far, those of single endpoints after those of the whole.
    pub fields: Vec<Explained>,
    /// Why not all can be told, or why what is wanted is not done, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<String>,
    /// What cannot be honoured.
    pub issues: Vec<Issue>,
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// Which field, under the name of its tag where it has one.
    pub field: &'static str,
    /// Of which endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<PortName>,
    /// What it is, and who said so; none where nobody says anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
    /// What others said otherwise and was passed over.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overruled: Vec<Said>,
}

impl Explanation {
    /// The same as a person reads it: a namespace by its name. Who said the same in another form overrules nobody.
    #[must_use]
    pub fn named(mut self, names: NamespaceNames<'_>) -> Self {
        for field in self.fields.iter_mut().filter(|field| field.field == "namespace") {
            let said = field.said.take().into_iter().chain(field.overruled.drain(..));
            let said = said.map(|mut said| {
                names.put_into(&mut said.value);
                said
            });
            *field = Explained::new(field.field, field.endpoint.take(), said.collect());
        }
        self
    }
}

impl Explained {
    /// A field of which this was said, in the order of precedence.
    fn new(field: &'static str, endpoint: Option<PortName>, said: Vec<Said>) -> Self {
        let mut said = said.into_iter();
        let first = said.next();
        let value = first.as_ref().map(|said| said.value.clone());
        let overruled = said.filter(|other| Some(&other.value) != value.as_ref()).collect();
        Self { field, endpoint, said: first, overruled }
    }
}

/// A value and who said it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// The value.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// Who said it.
    pub by: Sayer,
    /// Where, if that has a name: the tag, the parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

/// Who said a value, in the order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
pub enum Sayer {
    /// The service's entry in the document.
    #[strum(serialize = "the document's entry")]
    Document,
    /// A tag.
    #[strum(serialize = "tag")]
    Tag,
    /// The parameter that a tag names.
    #[strum(serialize = "parameter")]
    Parameter,
    /// The PRIMARY deployment.
    #[strum(serialize = "kept as deployed")]
    Deployed,
    /// The document's defaults.
    #[strum(serialize = "the document's defaults")]
    DocumentDefault,
    /// A flag.
    #[strum(serialize = "flag --namespace")]
    Flag,
    /// The cluster's Service Connect default.
    #[strum(serialize = "the cluster's default")]
    ClusterDefault,
    /// The values of its task definition's environment: only names that somebody offers are told, never a value.
    #[strum(serialize = "inferred from its environment")]
    Environment,
    /// eastwest or ECS, where nobody says anything.
    #[strum(serialize = "built in")]
    BuiltIn,
}

/// Why there is nothing to explain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unexplained {
    /// The cluster is none of those that are watched.
    NotWatched(ClusterName),
    /// The cluster could not be read.
    Unread(ClusterName, Fault),
    /// The cluster has no such service; it may have one with almost this name.
    NotThere(ServicePath, Option<String>),
}

impl fmt::Display for Unexplained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotWatched(cluster) => write!(f, "cluster {cluster} is not watched"),
            Self::Unread(cluster, fault) => write!(f, "cluster {cluster} cannot be read: {fault}"),
            Self::NotThere(path, near) => {
                write!(f, "there is no ECS service {path}")?;
                let near =
                    near.as_ref().map(|near| format!("; did you mean {}/{near}?", path.cluster));
                f.write_str(&near.unwrap_or_default())
            }
        }
    }
}

/// Explains the service at a path. The plan is the one for the view.
pub fn explain_at(
    view: &View,
    settings: &Settings,
    path: &ServicePath,
    plan: &Plan,
) -> Result<Explanation, Unexplained> {
    if let Some(explanation) = view.at_path(path).and_then(|key| explain(view, settings, key, plan))
    {
        return Ok(explanation);
    }
    let Some(cluster) = view.clusters.get(&path.cluster) else {
        return Err(Unexplained::NotWatched(path.cluster.clone()));
    };
    if let Some(fault) = &cluster.trouble {
        return Err(Unexplained::Unread(path.cluster.clone(), fault.clone()));
    }
    let near = nearest(path.name.as_str(), cluster.services.keys().map(|key| key.name.as_str()));
    Err(Unexplained::NotThere(path.clone(), near))
}

/// Explains a service; nothing where it was never seen. The plan is the one for the view.
pub fn explain(
    view: &View,
    settings: &Settings,
    key: &ServiceKey,
    plan: &Plan,
) -> Option<Explanation> {
    let service = view.service(key)?;
    let teller = Teller { layers: view.layers(key), prefix: &settings.prefix };
    let mut fields = teller.unsettled();
    let needs = plan.needs.get(key).map_or(&[][..], Vec::as_slice);
    fields.extend(inferred(needs, &fields));
    let mut hold = plan.entries.get(key).and_then(Entry::hold).map(ToString::to_string);
    if let (Intent::Declared(declaration), Some(last)) = (&service.intent, &service.last) {
        let recorder = Recorder::default();
        let settled = settle_observed(&recorder, last, declaration, &terms(view, settings, last));
        hold = hold.or_else(|| settled.err().map(|hold| hold.to_string()));
        fields.extend(recorder.choices().iter().map(|choice| teller.settled(choice)));
    }
    fields.sort_by(|a, b| a.endpoint.cmp(&b.endpoint));
    let managed = service.intent != Intent::NotOptedIn;
    let issues = service.issues.iter().chain(plan.advice.get(key).into_iter().flatten());
    Some(Explanation {
        service: key.clone(),
        managed,
        fields,
        hold,
        issues: issues.cloned().collect(),
    })
}

/// The needs that nobody declares, and what becomes of them.
fn inferred(needs: &[Need], declared: &[Explained]) -> Vec<Explained> {
    let names: Vec<&str> =
        needs.iter().filter(|need| need.inferred).map(|need| need.name.as_str()).collect();
    if names.is_empty() {
        return Vec::new();
    }
    let said = |value: &str, by| vec![Said { value: value.to_owned(), by, place: None }];
    let needs = Explained::new("needs", None, said(&names.join(" "), Sayer::Environment));
    let refresh = Explained::new("refresh", None, said("declared", Sayer::BuiltIn));
    let is_said = declared.iter().any(|field| field.field == "refresh");
    [Some(needs), (!is_said).then_some(refresh)].into_iter().flatten().collect()
}

struct Teller<'a> {
    layers: Layers<'a>,
    prefix: &'a TagPrefix,
}

impl Teller<'_> {
    /// Who declares something, in the order of precedence.
    fn declarers(&self) -> impl Iterator<Item = (Sayer, &Declaration)> {
        let tags = self.layers.tagged.and_then(|tagged| tagged.declaration.as_deref());
        let rest = self.layers.rest.and_then(|rest| rest.declaration.as_deref());
        let layers = [
            (Sayer::Document, self.layers.entry.map(|entry| &**entry)),
            (Sayer::Tag, tags),
            (Sayer::Parameter, rest),
        ];
        layers.into_iter().filter_map(|(sayer, declaration)| Some((sayer, declaration?)))
    }

    /// What each of them says of a field.
    fn declared(&self, field: &'static str) -> Vec<Said> {
        let says = |(by, declaration): (Sayer, &Declaration)| {
            let fields = declaration.fields();
            let (_, value) = fields.into_iter().find(|(name, _)| *name == field)?;
            Some(Said { value, by, place: self.place(by, field) })
        };
        self.declarers().filter_map(says).collect()
    }

    fn place(&self, by: Sayer, field: &str) -> Option<String> {
        match by {
            Sayer::Tag => {
                let key = self.prefix.key(field);
                let of_endpoints = &self.layers.tagged?.endpoint_tags;
                // The endpoints as a whole, and what an `endpoint.<port>` tag says, have no tag of their own name.
                let is_part = is_of_endpoint(field) && !of_endpoints.contains(&key);
                Some(if is_part || field == "endpoints" { of_endpoints.join(", ") } else { key })
            }
            Sayer::Parameter => {
                let tags = self.layers.tagged?.declaration.as_ref()?;
                tags.document.as_ref().map(ToString::to_string)
            }
            _ => None,
        }
    }

    /// The fields that nothing but a declaration can say.
    fn unsettled(&self) -> Vec<Explained> {
        let fields = ["mode", "endpoints", "needs", "refresh", "pause", "check", "document"];
        let explained = |field| {
            let said = self.declared(field);
            (!said.is_empty()).then(|| Explained::new(field, None, said))
        };
        fields.into_iter().filter_map(explained).collect()
    }

    /// A field that settling chose; what is declared is traced back to whoever declares it.
    fn settled(&self, choice: &Choice) -> Explained {
        let mut said = Vec::new();
        for (source, value) in &choice.said {
            let by = match source {
                Source::Declared => match self.declared(choice.field) {
                    // A part of an endpoint: the list of endpoints is one declarer's, whole.
                    declared if declared.is_empty() => self.declarer_of_endpoints(),
                    declared => {
                        said.extend(declared);
                        continue;
                    }
                },
                Source::Deployed => Sayer::Deployed,
                Source::DocumentDefault => Sayer::DocumentDefault,
                Source::Flag => Sayer::Flag,
                Source::ClusterDefault => Sayer::ClusterDefault,
                Source::BuiltIn => Sayer::BuiltIn,
            };
            let tag = choice.field.split(' ').next().unwrap_or_default();
            said.push(Said { value: value.clone(), by, place: self.place(by, tag) });
        }
        Explained::new(choice.field, choice.endpoint.clone(), said)
    }

    fn declarer_of_endpoints(&self) -> Sayer {
        let mut declarers = self.declarers();
        let first = declarers.find(|(_, declaration)| !declaration.endpoints.is_empty());
        first.map_or(Sayer::BuiltIn, |(sayer, _)| sayer)
    }
}

#[cfg(test)]
mod tests;
