//! How an attack is run, and what is seen of it: second by second, by the model's truth.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use eastwest_core::declaration::settings::{LeaseSettings, Settings};
use eastwest_core::engine::Engine;
use eastwest_core::plan::reason::Reason;
use eastwest_sim::faults::Weather;
use eastwest_sim::judge::{Checker, Effective, Taken, Violation};
use eastwest_sim::life::Outside;
use eastwest_sim::model::{EcsServiceKey, Model, ModelOptions};
use eastwest_sim::run::World;
use eastwest_sim::shapes::cloud_map::ListRequest;

use crate::attacks::attack::Attack;
use crate::attacks::parts::LEADER_DIES;
use crate::matrix::end;
use crate::scenarios::show;
use crate::scenarios::story::Story;
use crate::scenarios::words;

/// How long the world takes until everything stands.
const STANDS_SECONDS: u64 = 300;
/// Under which caller eastwest's own writes are.
const EASTWEST: &str = "eastwest";
const START: &str = "start source tags source ssm:/eastwest/prod";

/// What was seen of a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub(crate) violation: Option<Violation>,
    /// The victim's names that the attacker had at some time, with the second.
    pub(crate) taken: BTreeMap<String, u64>,
    /// The clients whose calls the attacker got, with the second.
    pub(crate) lured: BTreeMap<String, u64>,
    /// For how many seconds each client got through to somebody else than the attacker.
    pub(crate) served: BTreeMap<String, u64>,
    /// eastwest's writes to all others, by service.
    pub(crate) writes: BTreeMap<String, Vec<String>>,
    /// When eastwest wrote to the attacker, in seconds.
    pub(crate) attackers_writes: Vec<u64>,
    /// The truth in the end, without the attacker.
    pub(crate) end: Vec<String>,
    /// What the status of the attacker's first service says in the end.
    pub(crate) reason: Option<Reason>,
    pub(crate) trace: String,
}

/// The world of an attack before its first line.
fn begin(attack: &Attack) -> Result<Story, String> {
    let settings = words::settings(START, &attack.script())?;
    let mut weather = Weather::new(1);
    weather.fix_latency(100);
    let model = Model::new(ModelOptions::default());
    let is_leased = attack.is_leased;
    let make = |process| maker(settings.clone(), is_leased.then_some(process));
    let mut world = World::new(model, weather, Checker::new(settings.clone()), make(0));
    if is_leased {
        world.add_second(make(1), Checker::new(settings.clone()));
    }
    let begin = world.now();
    let (definitions, out) = (BTreeMap::new(), String::new());
    Ok(Story { world, settings, definitions, begin, told: 0, out })
}

/// Makes the engines of one process; with leases, each has a session of its own.
fn maker(
    settings: Settings,
    process: Option<u8>,
) -> Box<dyn Fn(eastwest_core::ecs::time::Now) -> Engine> {
    let begun = Cell::new(0_u32);
    Box::new(move |now| {
        begun.set(begun.get() + 1);
        let lease = process.map(|process| LeaseSettings {
            holder: "eastwest".to_owned(),
            session: format!("process-{process}/{}", begun.get()),
            duration: LeaseSettings::DURATION,
        });
        Engine::new(Settings { lease, ..settings.clone() }, now)
    })
}

/// The engine runs. Of two, the second one leads, so that the first can take over from it.
fn start(story: &mut Story, is_leased: bool) {
    if is_leased {
        story.world.outside(&Outside::Restart);
        story.world.run_for(60);
        story.world.crash(true);
        story.world.run_for(60);
    }
    story.world.start();
    story.world.run_for(STANDS_SECONDS);
}

fn carry_out(story: &mut Story, line: &str) -> Result<(), String> {
    if line == LEADER_DIES {
        story.world.end_other(false);
        return Ok(());
    }
    story.line(line).map_err(|error| format!("{line}: {error}"))
}

/// Runs an attack to its end.
pub(crate) fn run(attack: &Attack) -> Result<Seen, String> {
    let mut story = begin(attack)?;
    for act in &attack.setup {
        carry_out(&mut story, &act.line)?;
    }
    story.world.run_for(60);
    start(&mut story, attack.is_leased);
    let mut watch = Watch::begin(attack, &mut story);
    let mut acts = attack.acts.iter().peekable();
    for second in 0..attack.end {
        while let Some(act) = acts.next_if(|act| act.at <= second) {
            carry_out(&mut story, &act.line)?;
        }
        story.world.run_for(1);
        watch.look(&mut story, second + 1);
    }
    Ok(watch.end(&mut story))
}

/// What is watched in a run.
struct Watch<'a> {
    attack: &'a Attack,
    attackers: BTreeSet<EcsServiceKey>,
    /// The id of the victim's namespace.
    home: String,
    seen: Seen,
    written: usize,
}

impl<'a> Watch<'a> {
    fn begin(attack: &'a Attack, story: &mut Story) -> Self {
        let attackers = attack.attackers.iter().map(|key| EcsServiceKey::parse(key)).collect();
        let all = ListRequest { max_results: Some(100), ..ListRequest::default() };
        let (written, namespaces) =
            story.world.with_model(|model| (model.mutations().len(), model.list_namespaces(&all)));
        let namespaces = namespaces.map(|answer| answer.namespaces).unwrap_or_default();
        let home = namespaces.into_iter().find(|each| each.name == "internal.myapp");
        let home = home.map(|home| home.id).unwrap_or_default();
        Self { attack, attackers, home, seen: Seen::default(), written }
    }

    fn look(&mut self, story: &mut Story, second: u64) {
        story.world.with_model(|model| {
            self.look_at_names(model, second);
            self.look_at_calls(model, second);
            self.look_at_writes(model, second);
        });
    }

    /// Which of the victim's names the attacker has, in the victim's namespace.
    fn look_at_names(&mut self, model: &Model, second: u64) {
        for key in &self.attackers {
            let running = model.service(key).into_iter().flat_map(|state| &state.deployments);
            for taken in running
                .filter_map(|each| each.connect())
                .flat_map(|connect| Effective::of(connect).taken().collect::<Vec<_>>())
            {
                let (namespace, name) = match taken {
                    Taken::Discovery(namespace, name) => (namespace, name),
                    Taken::Alias(namespace, host, port) => (namespace, format!("{host}:{port}")),
                };
                if namespace == self.home && self.attack.guarded.contains(&name) {
                    self.seen.taken.entry(name).or_insert(second);
                }
            }
        }
    }

    /// Who gets the calls of the clients.
    fn look_at_calls(&mut self, model: &Model, second: u64) {
        for (client, called) in &self.attack.clients {
            let Some((name, port)) = called.rsplit_once(':') else { continue };
            let reach = model.reach(client, name, port.parse().unwrap_or_default());
            let by = |key: &EcsServiceKey| reach.why.ends_with(&format!("is served by {key}."));
            if reach.ok && self.attackers.iter().any(by) {
                self.seen.lured.entry((*client).to_owned()).or_insert(second);
            } else if reach.ok {
                *self.seen.served.entry((*client).to_owned()).or_default() += 1;
            }
        }
    }

    fn look_at_writes(&mut self, model: &Model, second: u64) {
        let new = &model.mutations()[self.written..];
        for write in new.iter().filter(|write| write.caller == EASTWEST) {
            let text = |member: &str| write.body[member].as_str().unwrap_or_default();
            let key = format!("{}/{}", text("cluster"), text("service"));
            if self.attackers.contains(&EcsServiceKey::parse(&key)) {
                self.seen.attackers_writes.push(second);
            } else {
                let body = without_chance(&write.body.to_string());
                self.seen.writes.entry(key).or_default().push(body);
            }
        }
        self.written = model.mutations().len();
    }

    fn end(mut self, story: &mut Story) -> Seen {
        let truth = without_chance(&story.world.with_model(|model| end::truth(model)));
        let of_attacker = |line: &str| {
            line.starts_with("  two:")
                || self.attackers.iter().any(|key| line.contains(&key.to_string()))
        };
        self.seen.end =
            truth.lines().filter(|line| !of_attacker(line)).map(str::to_owned).collect();
        self.seen.violation = story.world.checker.violation().cloned();
        let first = self.attack.attackers.first().map(|key| EcsServiceKey::parse(key));
        let engine = story.world.controller();
        self.seen.reason = engine.zip(first).and_then(|(engine, first)| reason(engine, &first));
        self.seen.trace = story.world.trace.lines().collect::<Vec<_>>().join("\n");
        self.seen
    }
}

/// The text without random ids, and with one name for the old endpoint of a changed alias, which takes the first that is
/// free.
fn without_chance(text: &str) -> String {
    ["-old-2", "-old-3"].iter().fold(show::masked(text), |text, name| text.replace(name, "-old"))
}

fn reason(engine: &Engine, service: &EcsServiceKey) -> Option<Reason> {
    let mut services = engine.view().services();
    let (key, _) = services.find(|(key, _)| key.to_string() == service.to_string())?;
    engine.status(key)?.status.reason
}
