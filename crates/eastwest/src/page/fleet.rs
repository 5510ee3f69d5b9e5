//! `/`: the whole fleet. What needs a person comes first.
//!
//! **Invariant:** a page has at most [`PAGE`] services and [`SIDE`] rows of each other list, and says how many more there
//! are. So a fleet of thousands costs the reader no more than one of fifty.

use askama::Template;
use eastwest_core::ecs::service::EcsService;
use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::engine::Engine;
use eastwest_core::report::standing::Standing;
use eastwest_core::view::ServiceView;
use serde::{Deserialize, Serialize};
use strum::VariantArray as _;

use super::changes::Happened;
use super::frame::{Access, Frame, Reader, Section};
use super::pauses::{self, PauseRow};
use super::row::{Row, mark_repeated};
use super::sides::{ClusterSide, NamespaceSide, Tally, clusters, namespaces, problems};
use super::words::count;
use crate::api::listing::{namespace_of, search_text};
use crate::api::services::standing_of;
use crate::api::text::{one_of, quoted};
use crate::daemon::history::History;
use crate::daemon::shared::Shared;

/// How many services a page has.
const PAGE: usize = 50;
/// How many rows each list beside them has.
pub(super) const SIDE: usize = 12;
/// How many of the latest events are shown.
const LATEST: usize = 8;
/// The longest text to search for, in characters.
const LONGEST: usize = 200;

/// What a reader asks for. A part that is left empty asks for everything.
#[derive(Debug, Default, Clone, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// Words that must all be in the names, the reason, or what is offered.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) q: String,
    /// How a service stands.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) standing: String,
    /// The cluster.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) cluster: String,
    /// The namespace, by its name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) namespace: String,
    /// The page, from 1.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) page: String,
    /// What came of the last request; no filter.
    #[serde(skip_serializing)]
    pub(crate) done: String,
}

/// The same, understood.
struct Filter {
    words: Vec<String>,
    standing: Option<Standing>,
    page: usize,
}

/// The page.
#[derive(Template)]
#[template(path = "fleet.html")]
pub(crate) struct Fleet {
    frame: Frame,
    asked: Asked,
    /// In one sentence, what a person should know.
    summary: String,
    /// What is wrong with the whole.
    problems: Vec<String>,
    /// What people paused.
    pauses: Vec<PauseRow>,
    counts: Vec<(Standing, usize)>,
    rows: Vec<Row>,
    /// How many services match what was asked.
    found: usize,
    page: usize,
    pages: usize,
    all: usize,
    clusters: Vec<ClusterSide>,
    more_clusters: usize,
    /// The clusters that can be paused here: those that are shown, and the one that is asked for.
    may_pause: Vec<String>,
    namespaces: Vec<NamespaceSide>,
    more_namespaces: usize,
    latest: Vec<Happened>,
}

impl Fleet {
    /// The page of this moment, or what is wrong with what was asked.
    pub(crate) fn new(shared: &Shared, asked: Asked, reader: Reader) -> Result<Self, String> {
        let filter = Filter::of(&asked)?;
        let now = shared.clock.now().calendar;
        let latest = latest(&shared.history, now);
        let waiting_for = shared.waiting_for();
        let engine = shared.engine();
        let services: Vec<(Standing, &ServiceKey, &ServiceView)> = engine
            .view()
            .services()
            .map(|(key, service)| (standing_of(&engine, key, service), key, service))
            .collect();
        let tally = Tally::of(services.iter().map(|(standing, ..)| *standing));
        let mut found: Vec<_> = services
            .iter()
            .filter(|(standing, key, service)| {
                filter.takes(&asked, &engine, *standing, (key, service))
            })
            .collect();
        // Stable: within one standing they stay in the order of clusters and names.
        found.sort_by_key(|(standing, ..)| *standing);
        let pages = found.len().div_ceil(PAGE).max(1);
        let page = filter.page.min(pages);
        let shown = found.iter().skip((page - 1) * PAGE).take(PAGE);
        let mut rows: Vec<Row> =
            shown.map(|(_, key, service)| Row::new(&engine, shared.clock, key, service)).collect();
        mark_repeated(&mut rows);
        let mut in_namespaces = namespaces(&engine, &services);
        let more_namespaces = in_namespaces.len().saturating_sub(SIDE);
        in_namespaces.truncate(SIDE);
        let mut in_clusters = clusters(&engine, shared.clock, &services);
        let is_asked = in_clusters.iter().position(|cluster| cluster.name == asked.cluster);
        let out_of_sight = is_asked.filter(|at| *at >= SIDE).map(|_| asked.cluster.clone());
        let more_clusters = in_clusters.len().saturating_sub(SIDE);
        in_clusters.truncate(SIDE);
        let shown = in_clusters.iter().map(|cluster| cluster.name.clone());
        Ok(Self {
            may_pause: out_of_sight.into_iter().chain(shown).collect(),
            frame: Frame::new("Fleet", Section::Fleet, reader),
            summary: summary(&tally),
            problems: problems(&engine, waiting_for),
            pauses: pauses::rows(&engine, shared.clock, None),
            counts: tally.shown(),
            rows,
            found: found.len(),
            page,
            pages,
            all: services.len(),
            clusters: in_clusters,
            more_clusters,
            namespaces: in_namespaces,
            more_namespaces,
            latest,
            asked,
        })
    }

    fn standings() -> &'static [Standing] {
        Standing::VARIANTS
    }

    fn is_filtered(&self) -> bool {
        let Asked { q, standing, cluster, namespace, page: _, done: _ } = &self.asked;
        [q, standing, cluster, namespace].iter().any(|text| !text.is_empty())
    }

    /// The address of another page of the same list.
    fn link(&self, page: usize) -> String {
        address(&Asked { page: page.to_string(), ..self.asked.clone() })
    }

    /// The address of all services that stand so.
    fn standing_link(&self, standing: Standing) -> String {
        let is_shown = self.asked.standing == standing.name();
        let standing = if is_shown { String::new() } else { standing.name().to_owned() };
        address(&Asked { standing, page: String::new(), ..self.asked.clone() })
    }
}

fn address(asked: &Asked) -> String {
    match serde_urlencoded::to_string(asked) {
        Ok(query) if !query.is_empty() => format!("/?{query}"),
        Ok(_) | Err(_) => "/".to_owned(),
    }
}

impl Filter {
    fn of(asked: &Asked) -> Result<Self, String> {
        let standing = match asked.standing.as_str() {
            "" => None,
            text => Some(one_of("standing", text, Standing::VARIANTS)?),
        };
        let page = match asked.page.as_str() {
            "" => 1,
            text => text.parse().ok().filter(|page| *page > 0).ok_or_else(|| {
                let text = quoted(text);
                format!("page={text}: a page is a number from 1; leave it out for the first")
            })?,
        };
        if asked.q.chars().count() > LONGEST {
            return Err(format!("q: at most {LONGEST} characters; search for a shorter text"));
        }
        let words = asked.q.split_whitespace().map(str::to_lowercase).collect();
        Ok(Self { words, standing, page })
    }

    fn takes(
        &self,
        asked: &Asked,
        engine: &Engine,
        standing: Standing,
        (key, service): (&ServiceKey, &ServiceView),
    ) -> bool {
        if self.standing.is_some_and(|wanted| wanted != standing)
            || (!asked.cluster.is_empty() && asked.cluster != key.cluster.as_str())
        {
            return false;
        }
        if asked.namespace.is_empty() && self.words.is_empty() {
            return true;
        }
        let namespace = namespace_of(engine, key, service);
        let namespace = namespace.map(|namespace| namespace.name.as_str());
        if !asked.namespace.is_empty() && namespace != Some(asked.namespace.as_str()) {
            return false;
        }
        if self.words.is_empty() {
            return true;
        }
        let status = engine.status(key).map(|published| &published.status);
        let primary = service.last.as_deref().and_then(EcsService::primary);
        let connect = primary.and_then(|primary| primary.connect.as_ref());
        let endpoints = connect.map_or(&[][..], |connect| &connect.endpoints);
        let text = search_text(key, namespace, status, endpoints);
        self.words.iter().all(|word| text.contains(word.as_str()))
    }
}

fn latest(history: &History, now: jiff::Timestamp) -> Vec<Happened> {
    let events = history.latest(LATEST, |_| true);
    events.iter().map(|event| Happened::new(event, now)).collect()
}

/// The first thing to know.
fn summary(tally: &Tally) -> String {
    let [broken, in_order] = [Standing::Broken, Standing::InOrder].map(|of| tally.of_standing(of));
    let opted_in = tally.all() - tally.of_standing(Standing::NotOptedIn);
    if opted_in == 0 {
        return match tally.all() {
            0 => "No service was read yet.".to_owned(),
            all => format!("None of {} opted in.", count(all, "service", "services")),
        };
    }
    let needs = match broken {
        0 => "Nothing needs a person.".to_owned(),
        1 => "1 service needs a person.".to_owned(),
        broken => format!("{broken} services need a person."),
    };
    format!(
        "{needs} {in_order} of {} that opted in are in order.",
        count(opted_in, "service", "services")
    )
}
