//! Round trip: what is written for a declaration, read back in whatever form, asks for nothing more.
//!
//! One case: a service at rest is looked at, a plan is made, its one step is written, the rollout ends, and the
//! service is looked at again, as a process would that starts now and knows nothing. Then the plan must be
//! empty. A valid tag must be understood, what is planned must be taken by ECS, and what is held must say so for a
//! reason of the fixture's. Where the answer has members nobody knows, nothing is written any more: a service that is as
//! declared is in sync, one that is not is held.

use std::collections::BTreeMap;

use eastwest_core::declaration::intent::Intent;
use eastwest_core::declaration::settings::{Settings, Sources};
use eastwest_core::ecs::name::{Arn, DnsName, NamespaceRef, ParameterName};
use eastwest_core::ecs::seen::Seen;
use eastwest_core::ecs::service::EcsService;
use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::ecs::time::Now;
use eastwest_core::engine::effect::{Effect, Event};
use eastwest_core::guard::acks::Acks;
use eastwest_core::guard::guard;
use eastwest_core::guard::input::GuardInput;
use eastwest_core::guard::leases::Leases;
use eastwest_core::guard::pauses::Pauses;
use eastwest_core::guard::refreshes::Refreshes;
use eastwest_core::guard::turns::Turns;
use eastwest_core::guard::waits::Waits;
use eastwest_core::guard::waves::Waves;
use eastwest_core::guard::writes::Writes;
use eastwest_core::plan::action::Action;
use eastwest_core::plan::entry::{Entry, Verdict};
use eastwest_core::plan::hold::Hold;
use eastwest_core::plan::reason::Reason;
use eastwest_core::planner::plan;
use eastwest_core::view::merge::Merger;
use eastwest_core::view::reading::Question;
use eastwest_core::view::{ClusterView, View};
use eastwest_sim::adapter::Bench;
use eastwest_sim::model::EcsServiceKey;
use eastwest_sim::shapes::cloud_map::Namespace;
use eastwest_sim::shapes::ecs::{RolloutState, TagResourceRequest, UntagResourceRequest};

use crate::proof::case::Case;
use crate::proof::fixture::{CLUSTER, tag};

/// A mistake built in on purpose, to see that it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// None.
    None,
    /// Two configurations count as equal only to the letter.
    ComparesToTheLetter,
    /// The merger forgets log options.
    LosesLogs,
    /// The merger takes an alias without a host for one that is called by its bare discovery name.
    InventsHosts,
    /// The merger does not look for members it does not know.
    SeesNothingUnknown,
}

/// What became of a case that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was written and read back.
    Written,
    /// It stood so before.
    AlreadySo,
    /// It is held.
    Held(Reason),
}

/// The holds that a fixture can be the reason of.
const FAIR: [Reason; 3] = [Reason::Ineligible, Reason::NoNamespace, Reason::Immutable];

/// A case under way.
struct Trip<'a> {
    case: &'a Case,
    bench: Bench,
    settings: Settings,
    key: ServiceKey,
    flaw: Flaw,
}

/// Runs one case; the error says what is wrong.
pub(crate) fn round_trip(case: &Case, flaw: Flaw) -> Result<Outcome, String> {
    let mut trip = Trip::begin(case, flaw)?;
    let (view, entry) = trip.look()?;
    trip.understood(&view)?;
    trip.paused(&view, &entry)?;
    let action = match entry.verdict {
        Verdict::InSync => return Ok(Outcome::AlreadySo),
        Verdict::Step { action } => action,
        Verdict::Hold { hold, .. } => return fair(&hold),
    };
    trip.write(action.clone())?;
    let (view, entry) = trip.look()?;
    if !trip.in_sync(&entry, (&view, &action)) {
        return Err(format!("after the write the plan is {entry:?}"));
    }
    if case.fixture.switches.echo.unknown_members {
        trip.nothing_unknown_is_lost()?;
    }
    Ok(Outcome::Written)
}

fn fair(hold: &Hold) -> Result<Outcome, String> {
    let reason = hold.reason();
    if FAIR.contains(&reason) { Ok(Outcome::Held(reason)) } else { Err(format!("held: {hold}")) }
}

impl<'a> Trip<'a> {
    fn begin(case: &'a Case, flaw: Flaw) -> Result<Self, String> {
        let mut fixture = case.fixture.clone();
        fixture.switches.echo.unknown_members = false;
        let speak = |all: &[Namespace]| case.namespace.map(|spoken| spoken.text(all));
        let built = fixture.build(&case.tags, speak);
        let (mut model, namespaces) = built.map_err(|error| format!("fixture: {error}"))?;
        model.set_switches(case.fixture.switches);
        let named = fixture.flag.map(|spoken| NamespaceRef::as_read(&spoken.text(&namespaces)));
        let settings = Settings { policy: fixture.policy, namespace: named, ..Settings::default() };
        let service = model.service(&EcsServiceKey::new(CLUSTER, fixture.service.as_str()));
        let arn = service.map(|service| Arn::as_read(&service.arn));
        let key = arn.and_then(|arn| ServiceKey::of_arn(&arn)).ok_or("fixture: no such service")?;
        Ok(Self { case, bench: Bench::new(model), settings, key, flaw })
    }

    /// What a process sees that starts now, and what it would do about the service.
    fn look(&mut self) -> Result<(View, Entry), String> {
        let mut view = View::default();
        view.clusters.insert(self.key.cluster.clone(), ClusterView::default());
        self.carry_out(&mut view, Effect::Sweep(self.key.cluster.clone()));
        self.carry_out(&mut view, Effect::Ask(Question::Namespaces));
        let named: Vec<ParameterName> = view.named.keys().cloned().collect();
        for name in named {
            self.carry_out(&mut view, Effect::Ask(Question::Parameters(name)));
        }
        self.carry_out(&mut view, Effect::Confirm(self.key.clone()));
        // A question may only be known once another is answered.
        for _ in 0..5 {
            let plan = plan(&view, &self.settings);
            let questions: Vec<Question> = plan.questions().cloned().collect();
            if questions.is_empty() {
                let entry = plan.entries.get(&self.key).cloned();
                return Ok((view, entry.ok_or("the service has no entry in the plan")?));
            }
            for question in questions {
                self.carry_out(&mut view, Effect::Ask(question));
            }
        }
        Err("the questions do not end".to_owned())
    }

    fn carry_out(&mut self, view: &mut View, effect: Effect) {
        let (prefix, staleness) = (self.settings.prefix.clone(), self.settings.timing.staleness);
        // Any name is read back the same; which ones may be named is another matter.
        let sources = Sources { document_prefixes: vec![String::new()], ..Sources::default() };
        let merger = Merger { prefix: &prefix, sources: &sources, staleness, now: now() };
        match self.bench.carry_out(effect) {
            Some(Event::Swept(mut reading)) => {
                reading.services.values_mut().for_each(|seen| spoil(seen, self.flaw));
                merger.swept(view, reading);
            }
            Some(Event::Confirmed(key, mut seen, history)) => {
                spoil(&mut seen, self.flaw);
                merger.confirmed(view, &key, seen, history);
            }
            Some(Event::Answered(answer)) => {
                merger.answered(view, answer);
            }
            other => panic!("a reading ends with {other:?}"),
        }
    }

    /// Every tag that the grammar allows is understood.
    fn understood(&self, view: &View) -> Result<(), String> {
        let service = view.service(&self.key).ok_or("the service is not seen")?;
        match (&service.intent, service.issues.as_slice()) {
            (Intent::Declared(_), []) => Ok(()),
            (intent, issues) => Err(format!("misread as {intent:?} with issues {issues:?}")),
        }
    }

    /// While a pause is in force nothing is done.
    fn paused(&self, view: &View, entry: &Entry) -> Result<(), String> {
        let pause = self.case.tags.iter().find(|(key, _)| key == "pause");
        let in_force = pause.is_some_and(|(_, until)| until == "true" || until.starts_with("2126"));
        if !in_force || !matches!(entry.verdict, Verdict::Step { .. }) {
            return Ok(());
        }
        let plan = plan(view, &self.settings);
        let guarded = guard(
            plan,
            &GuardInput {
                view,
                leases: &Leases::default(),
                writes: &Writes::default(),
                waves: &Waves::default(),
                turns: &Turns::default(),
                refreshes: &Refreshes::default(),
                waits: &Waits::default(),
                pauses: &Pauses::default(),
                acks: &Acks::default(),
                settings: &self.settings,
                now: now(),
            },
        );
        match guarded.entries[&self.key].hold() {
            Some(Hold::Paused(_)) => Ok(()),
            other => Err(format!("paused, yet the guard says {other:?}")),
        }
    }

    /// Writes, and waits for the end of the rollout.
    fn write(&mut self, action: Action) -> Result<(), String> {
        let text = format!("{action:?}");
        match self.bench.carry_out(Effect::Apply(action)) {
            Some(Event::Applied(_, Ok(_))) => {}
            Some(Event::Applied(_, Err(fault))) => return Err(format!("{fault} to {text}")),
            other => return Err(format!("a write ends with {other:?}")),
        }
        self.bench.run_for(60);
        let key = EcsServiceKey::new(CLUSTER, self.case.fixture.service.as_str());
        let state = self.bench.with_model(|model| {
            model.service(&key).and_then(|service| service.primary()).map(|each| each.rollout_state)
        });
        let ended = state == Some(RolloutState::Completed);
        ended.then_some(()).ok_or(format!("the rollout is {state:?}"))
    }

    fn in_sync(&self, entry: &Entry, (view, written): (&View, &Action)) -> bool {
        let last = view.service(&self.key).and_then(|service| service.last.as_ref());
        let read = last.and_then(|last| last.primary()?.connect.as_ref());
        let sent = if let Action::Connect { connect, .. } = written { Some(connect) } else { None };
        let naively = self.flaw != Flaw::ComparesToTheLetter || read == sent;
        naively && matches!(entry.verdict, Verdict::InSync) && entry.changes.is_empty()
    }

    /// Other tags are set: what differs now is held, for the members it would lose, and nothing is a step.
    fn nothing_unknown_is_lost(&mut self) -> Result<(), String> {
        let arn = self.bench.with_model(|model| {
            let (region, account) = (model.region(), model.account());
            format!("arn:aws:ecs:{region}:{account}:service/{}", self.key)
        });
        let gone = self.case.tags.iter().map(|(key, _)| format!("eastwest/{key}")).collect();
        let come = self.case.later.iter().map(|(key, value)| tag(key, value)).collect();
        let retagged = self.bench.with_model(|model| {
            model.untag_resource(UntagResourceRequest {
                resource_arn: arn.clone(),
                tag_keys: gone,
            })?;
            model.tag_resource(TagResourceRequest { resource_arn: arn, tags: come })
        });
        retagged.map_err(|error| error.to_string())?;
        let (view, entry) = self.look()?;
        let unknown = view.service(&self.key).and_then(|each| each.last.as_ref());
        let off = unknown.is_none_or(|last| last.primary().is_none_or(|p| p.connect.is_none()));
        match &entry.verdict {
            Verdict::InSync if entry.changes.is_empty() => Ok(()),
            Verdict::Hold { hold: Hold::UnknownField(_), .. } => Ok(()),
            Verdict::Hold { hold, .. } => fair(hold).map(drop),
            // Nothing stands there that could be lost.
            Verdict::Step { .. } if off => Ok(()),
            other => Err(format!("with unknown members in force: {other:?}")),
        }
    }
}

/// One instant for all readings of a trip: long after the start, in 2023.
fn now() -> Now {
    Now {
        since_start: std::time::Duration::from_hours(1),
        calendar: jiff::Timestamp::from_second(1_700_000_000).expect("a date"),
    }
}

/// Builds the flaw into a reading.
fn spoil(seen: &mut Seen<EcsService>, flaw: Flaw) {
    let Seen::Known(service) = seen else { return };
    if flaw == Flaw::SeesNothingUnknown {
        service.unknown_members.clear();
    }
    let connects = service.deployments.iter_mut().filter_map(|each| each.connect.as_mut());
    for connect in connects {
        if flaw == Flaw::LosesLogs {
            connect.logs.iter_mut().for_each(|logs| logs.options.clear());
        }
        if flaw == Flaw::InventsHosts {
            for endpoint in &mut connect.endpoints {
                let name = endpoint.discovery();
                let bare = DnsName::as_read(name.as_str());
                endpoint.alias.iter_mut().for_each(|alias| {
                    alias.dns_name.get_or_insert_with(|| bare.clone());
                });
            }
        }
    }
}

/// What a case tried, in words that are counted.
pub(crate) fn tried(case: &Case) -> Vec<String> {
    let tag_of = |key: &str| match key.split_once('.') {
        Some(_) => "tag endpoint.<port>".to_owned(),
        None => format!("tag {key}"),
    };
    let mut words: Vec<String> = case.tags.iter().map(|(key, _)| tag_of(key)).collect();
    let mode = case.tags.iter().find(|(key, _)| key == "mode");
    words.extend(mode.map(|(_, mode)| format!("mode {mode}")));
    let fixture = &case.fixture;
    match (case.namespace, fixture.deployed.is_some(), fixture.flag, fixture.cluster_default) {
        (Some(spoken), ..) => words.push(format!("namespace tag by {:?}", spoken.form)),
        (None, true, ..) => words.push("namespace as deployed".to_owned()),
        (None, false, Some(flag), _) => words.push(format!("namespace flag by {:?}", flag.form)),
        (None, false, None, Some(_)) => words.push("namespace by the cluster".to_owned()),
        (None, false, None, None) => {}
    }
    words.extend(case.namespace.map(|_| "tag namespace".to_owned()));
    words.push(if fixture.awsvpc { "awsvpc" } else { "bridge" }.to_owned());
    words.extend(fixture.ports.iter().map(|port| format!("port {}", port.app.unwrap_or("tcp"))));
    words.push(format!("policy {:?}", fixture.policy));
    let echo = format!("{:?}", fixture.switches.echo);
    let echo = echo.trim_start_matches("Echoes { ").trim_end_matches(" }");
    words.extend(echo.split(", ").map(|each| format!("echo {each}")));
    words
}

/// Counts by word.
pub(crate) type Tally = BTreeMap<String, u64>;
