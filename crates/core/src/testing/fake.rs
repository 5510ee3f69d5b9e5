//! A pretend AWS small enough to be believed, for the engine's tests: it carries out effects at once, rolls
//! services out over pretend time, and fails on demand. The real simulator is a crate of its own; this one
//! only has what a test of a single step needs.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::{Stage, at};
use crate::declaration::settings::Settings;
use crate::ecs::connect::Connect;
use crate::ecs::fault::{Fault, FaultKind};
use crate::ecs::lease::{LeaseItem, LeaseKey, LeaseOutcome, LeaseWrite};
use crate::ecs::name::{Arn, DeploymentId, ParameterName};
use crate::ecs::namespace::NamespaceUse;
use crate::ecs::parameter::Parameter;
use crate::ecs::past::Past;
use crate::ecs::queue::Message;
use crate::ecs::seen::Seen;
use crate::ecs::service::{Deployment, EcsService, Rollout};
use crate::ecs::service_key::ServiceKey;
use crate::ecs::time::{AwsTime, Now};
use crate::engine::Engine;
use crate::engine::effect::{Effect, Event};
use crate::plan::action::{Accepted, Action};
use crate::plan::prerequisite::{NamedPorts, Prerequisite};
use crate::plan::reason::Reason;
use crate::report::news::{Census, News, QueueNews};
use crate::view::reading::{Answer, ClusterReading, Question};

/// What an engine may do at most, in effects and wakes: so much in any case, so much for each service, and so much for
/// each service and for the rest in a second. It is three times what any test needs; an engine that asks again and again
/// runs into it soon.
const DEEDS: u64 = 200;
const DEEDS_FOR_A_SERVICE: u64 = 4;

/// A world with an engine in it.
pub(crate) struct Fake {
    pub(crate) engine: Engine,
    pub(crate) services: BTreeMap<ServiceKey, EcsService>,
    /// What reads show instead, while AWS lags.
    pub(crate) past: Option<BTreeMap<ServiceKey, EcsService>>,
    /// What ECS remembers of their deployments, oldest first.
    pub(crate) pasts: BTreeMap<ServiceKey, Vec<Past>>,
    /// What stands in Parameter Store.
    pub(crate) parameters: BTreeMap<ParameterName, Vec<Parameter>>,
    /// The lease table.
    pub(crate) table: BTreeMap<LeaseKey, LeaseItem>,
    pub(crate) now: Now,
    /// How long a rollout takes.
    pub(crate) rollout: Duration,
    /// How long the service deployment goes on when the deployments say "done".
    pub(crate) bake: Duration,
    /// AWS's own clock at the start of the process.
    started_at: i64,
    /// Services whose next rollout fails, with what they go back to.
    rolls_back: BTreeMap<ServiceKey, Deployment>,
    unreadable: BTreeMap<ServiceKey, FaultKind>,
    /// Faults of the next effects of a kind; with `true`, after it took effect.
    faults: BTreeMap<&'static str, VecDeque<(Fault, bool)>>,
    stage: Stage,
    waiting: VecDeque<Effect>,
    /// The messages in the queue.
    messages: VecDeque<Message>,
    sent: u32,
    /// A call that waits for messages.
    receiving: Option<Effect>,
    deployments: u32,
    /// How much the engine has done, and in how many seconds.
    deeds: u64,
    lived: u64,
    /// Every effect carried out, as `seconds kind target`.
    pub(crate) log: Vec<String>,
    news: Vec<String>,
}

impl Fake {
    /// The world that the text describes, as it is when the process starts.
    pub(crate) fn new(text: &str) -> Self {
        Self::with(text, |_| {})
    }

    /// The same with other settings.
    pub(crate) fn with(text: &str, change: impl FnOnce(&mut Settings)) -> Self {
        let mut stage = Stage::read(text);
        stage.settings.clusters = Some(stage.view.clusters.keys().cloned().collect());
        change(&mut stage.settings);
        Self {
            engine: Engine::new(stage.settings.clone(), at(0)),
            services: stage.services.clone(),
            past: None,
            pasts: stage.services.iter().map(first_of).collect(),
            parameters: stage.parameters.clone(),
            table: BTreeMap::new(),
            now: at(0),
            rollout: Duration::from_secs(30),
            bake: Duration::ZERO,
            started_at: 1_000_000_000,
            rolls_back: BTreeMap::new(),
            unreadable: BTreeMap::new(),
            faults: BTreeMap::new(),
            stage,
            waiting: VecDeque::new(),
            messages: VecDeque::new(),
            sent: 0,
            receiving: None,
            deployments: 1,
            deeds: 0,
            lived: 0,
            log: Vec::new(),
            news: Vec::new(),
        }
    }

    /// The same where no cluster was named, so that all are looked for.
    pub(crate) fn anywhere(text: &str) -> Self {
        Self::with(text, |settings| settings.clusters = None)
    }

    /// The same world after a crash: a new process that remembers nothing.
    pub(crate) fn restart(&mut self) {
        self.engine = Engine::new(self.stage.settings.clone(), at(0));
        self.waiting.clear();
        self.started_at = self.aws_now().0;
        self.now = at(0);
    }

    pub(crate) fn fail(&mut self, kind: &'static str, fault: FaultKind, times: usize) {
        let fault = Fault::new(fault, "aws.Call", "no luck");
        self.faults.entry(kind).or_default().extend(vec![(fault, false); times]);
    }

    /// The next write takes effect, but its answer is lost.
    pub(crate) fn lose_answer(&mut self) {
        let fault = Fault::new(FaultKind::TimedOut, "ecs.UpdateService", "no answer");
        self.faults.entry("apply").or_default().push_back((fault, true));
    }

    /// Lets time pass, doing all that falls due.
    pub(crate) fn run(&mut self, seconds: u64) {
        let end = self.now.plus(Duration::from_secs(seconds));
        self.lived += seconds;
        self.step(Event::Tick);
        loop {
            while let Some(effect) = self.waiting.pop_front() {
                if matches!(effect, Effect::Receive(_)) && self.has_nothing_to_receive() {
                    self.receiving = Some(effect);
                    continue;
                }
                let event = self.carry_out(effect);
                self.step(event);
            }
            self.note_deed();
            match self.engine.next_wake() {
                Some(wake) if wake.since_start < end.since_start => {
                    assert!(wake > self.now, "a wake in the past is a hot loop");
                    self.now = wake;
                }
                _ => {
                    self.now = end;
                    return self.step(Event::Tick);
                }
            }
            self.step(Event::Tick);
        }
    }

    /// An engine that never comes to rest fails its test, in place of keeping it for ever.
    fn note_deed(&mut self) {
        self.deeds += 1;
        let services = u64::try_from(self.services.len()).expect("few services");
        let most = DEEDS + DEEDS_FOR_A_SERVICE * services + (1 + services) * self.lived;
        let last = self.log.len().saturating_sub(20);
        assert!(
            self.deeds <= most,
            "a hot loop: {} effects and wakes in {} s with {services} services; the last of them:\n{}",
            self.deeds,
            self.lived,
            self.log[last..].join("\n")
        );
    }

    fn has_nothing_to_receive(&self) -> bool {
        let fails = self.faults.get("receive").is_some_and(|faults| !faults.is_empty());
        self.messages.is_empty() && !fails
    }

    /// Puts a message into the queue. Its receipt is its number since the start.
    pub(crate) fn send(&mut self, body: &str) {
        self.sent += 1;
        let message = Message { receipt: self.sent.to_string(), body: body.to_owned() };
        self.messages.push_back(message);
        self.waiting.extend(self.receiving.take());
    }

    /// Lets time pass in which the process is stopped: nothing is done, and whatever was on its way comes late.
    pub(crate) fn freeze(&mut self, seconds: u64) {
        self.now = self.now.plus(Duration::from_secs(seconds));
    }

    /// Lets the quiet time after a start pass, and the sweep after it: from now on something may be written.
    pub(crate) fn begin_writing(&mut self) {
        self.run(10);
        let swept = self.next_event();
        self.step(swept);
    }

    /// One event and nothing of what follows from it.
    pub(crate) fn step(&mut self, event: Event) {
        let effects = self.engine.step(self.now, event);
        self.waiting.extend(effects);
        let seconds = self.now.since_start.as_secs();
        let news = self.engine.take_news();
        // What a write changes is told by its own test.
        let news = news.iter().filter(|news| !matches!(news, News::Changing(..)));
        self.news.extend(news.map(|news| format!("{seconds} {}", show(news))));
    }

    /// The effects that wait to be carried out, as text.
    pub(crate) fn pending(&self) -> Vec<String> {
        self.waiting.iter().map(ToString::to_string).collect()
    }

    /// Carries out the first waiting effect and gives its event back, not yet told to the engine.
    pub(crate) fn next_event(&mut self) -> Event {
        let effect = self.waiting.pop_front().expect("an effect waits");
        self.carry_out(effect)
    }

    pub(crate) fn take_news(&mut self) -> String {
        std::mem::take(&mut self.news).join("\n") + "\n"
    }

    /// The writes since the last look, one line each.
    pub(crate) fn take_writes(&mut self) -> String {
        let log = self.take_log();
        let writes = log.lines().filter(|line| line.contains(" apply "));
        writes.map(|line| line.replace("apply ", "") + "\n").collect()
    }

    /// What a service has in force.
    pub(crate) fn in_force(&mut self, name: &str) -> String {
        let connect = self.service(name).primary().and_then(|primary| primary.connect.clone());
        connect.map_or("off".to_owned(), |connect| super::render::connect(&connect))
    }

    /// How often an effect of a kind was carried out.
    pub(crate) fn count(&self, what: &str) -> usize {
        self.log.iter().filter(|line| line.contains(what)).count()
    }

    pub(crate) fn take_log(&mut self) -> String {
        std::mem::take(&mut self.log).join("\n") + "\n"
    }

    pub(crate) fn service(&mut self, name: &str) -> &mut EcsService {
        self.services.get_mut(&super::key(name)).expect("a service")
    }

    pub(crate) fn tag(&mut self, name: &str, tags: &str) {
        self.service(name).tags = super::read_tags(tags);
    }

    /// A service's latest deployment as ECS remembers it.
    pub(crate) fn record(&mut self, name: &str) -> &mut Past {
        self.pasts.get_mut(&super::key(name)).and_then(|pasts| pasts.last_mut()).expect("a record")
    }

    pub(crate) fn unreadable(&mut self, name: &str) {
        self.unreadable_for(name, FaultKind::ServerError);
    }

    pub(crate) fn unreadable_for(&mut self, name: &str, kind: FaultKind) {
        self.unreadable.insert(super::key(name), kind);
    }

    pub(crate) fn readable(&mut self, name: &str) {
        self.unreadable.remove(&super::key(name));
    }

    /// A person deploys a service again, with the same configuration.
    pub(crate) fn redeploy(&mut self, name: &str) {
        self.apply(&Action::Refresh { service: super::key(name) });
    }

    /// The service beyond the watched clusters is deployed with this configuration, at once.
    pub(crate) fn deploy_elsewhere(&mut self, connect: &str) {
        let (now, connect) = (self.aws_now(), super::read_connect(connect));
        let uses = self.stage.view.uses.values_mut();
        let mut elsewhere = uses.filter_map(|(_, seen)| match seen {
            Seen::Known(names) => names.elsewhere.first_mut(),
            Seen::Absent | Seen::Unknown(_) => None,
        });
        let service = elsewhere.next().expect("somebody serves elsewhere");
        let (_, first) = first_of((&service.key, service));
        let primary = &mut service.deployments[0];
        primary.id = DeploymentId::as_read("ecs-svc/elsewhere");
        (primary.connect, primary.created_at, primary.updated_at) = (connect, now, now);
        let record = record(primary, "SUCCESSFUL");
        self.pasts.entry(service.key.clone()).or_insert(first).push(record);
    }

    /// A rollout that was under way from the beginning completes.
    pub(crate) fn complete(&mut self, name: &str) {
        let now = self.aws_now();
        let primary = &mut self.service(name).deployments[0];
        primary.rollout = Rollout::Completed;
        primary.updated_at = now;
    }

    /// The circuit breaker takes the service's next rollout back.
    pub(crate) fn rollback(&mut self, name: &str) {
        let before = self.service(name).deployments[0].clone();
        self.rolls_back.insert(super::key(name), before);
    }

    /// Somebody else deploys the service with this configuration.
    pub(crate) fn deploy(&mut self, name: &str, connect: &str) {
        let connect = super::read_connect(connect);
        let record = self.record(name);
        if record.status == "IN_PROGRESS" {
            "STOPPED".clone_into(&mut record.status);
        }
        self.begin(&super::key(name), |_| connect);
    }

    pub(crate) fn add_namespace(&mut self, name: &str) {
        let Some(Seen::Known(known)) = &mut self.stage.view.namespaces else { panic!("none") };
        known.push(super::namespace(name));
    }

    /// Writes the document again.
    pub(crate) fn write_document(&mut self, version: i64, text: &str) {
        let name = ParameterName::as_read("/eastwest/prod");
        let written = vec![super::parameter(name.as_str(), version, text)];
        self.parameters.insert(name, written);
    }

    /// Carries out one effect.
    pub(crate) fn carry_out(&mut self, effect: Effect) -> Event {
        self.finish_rollouts();
        self.note_deed();
        let kind = effect.to_string();
        self.log.push(format!("{} {kind}", self.now.since_start.as_secs()));
        let kind = kind.split(' ').next().unwrap_or_default();
        let fault = self.faults.get_mut(kind).and_then(VecDeque::pop_front);
        match fault {
            Some((fault, false)) => effect.failed(fault),
            Some((fault, true)) => {
                self.execute(effect.clone());
                effect.failed(fault)
            }
            None => self.execute(effect),
        }
    }

    fn execute(&mut self, effect: Effect) -> Event {
        let shown = self.past.as_ref().unwrap_or(&self.services);
        let see = |key: &ServiceKey| match shown.get(key) {
            Some(service) => match self.unreadable.get(key) {
                Some(kind) => Seen::Unknown(super::fault(*kind)),
                None => Seen::Known(service.clone()),
            },
            None => {
                Seen::Unknown(Fault::new(FaultKind::NotFound, "ecs.DescribeServices", "MISSING"))
            }
        };
        match effect {
            Effect::FindClusters => {
                Event::ClustersFound(Ok(self.stage.view.clusters.keys().cloned().collect()))
            }
            Effect::Receive(_) => {
                let most = self.messages.len().min(10);
                Event::Received(Ok(self.messages.drain(..most).collect()))
            }
            Effect::Delete(..) => Event::Deleted(Ok(())),
            Effect::Sweep(cluster) => {
                let default = self.stage.view.clusters.get(&cluster);
                let keys = shown.keys().filter(|key| key.cluster == cluster);
                Event::Swept(ClusterReading {
                    default_namespace: Seen::Known(
                        default.and_then(|c| c.default_namespace.clone()),
                    ),
                    listing: Ok(()),
                    services: keys.map(|key| (key.clone(), see(key))).collect(),
                    unchanged: BTreeMap::new(),
                    cluster,
                })
            }
            Effect::Refresh(cluster, keys) => {
                let services = keys.iter().map(|key| (key.clone(), see(key))).collect();
                Event::Refreshed(cluster, services)
            }
            Effect::Confirm(key) => {
                let history = self.past_of(&key);
                Event::Confirmed(key.clone(), see(&key), history)
            }
            Effect::Ask(question) => Event::Answered(self.answer(question)),
            Effect::Apply(action) => Event::Applied(action.clone(), Ok(self.apply(&action))),
            Effect::Make(prerequisite) => self.make(prerequisite),
            Effect::ReadLease(key) => {
                let item = self.table.get(&key).cloned();
                Event::LeaseRead(key, Ok(item))
            }
            Effect::WriteLease(write) => {
                let outcome = self.write_lease(&write);
                Event::LeaseWritten(write, Ok(outcome))
            }
        }
    }

    fn write_lease(&mut self, write: &LeaseWrite) -> LeaseOutcome {
        let there = self.table.get(&write.key).cloned();
        if there != write.expected {
            return LeaseOutcome::Differs(there);
        }
        self.table.insert(write.key.clone(), write.item.clone());
        LeaseOutcome::Written
    }

    fn make(&mut self, prerequisite: Prerequisite) -> Event {
        let made = match &prerequisite {
            Prerequisite::Namespace(new) => {
                self.add_namespace(new.name.as_str());
                new.name.to_string()
            }
            Prerequisite::NamedPorts(named) => self.name_ports(named),
        };
        Event::Made(prerequisite, Ok(made))
    }

    /// The next revision of a family; no service runs it yet.
    fn name_ports(&mut self, named: &NamedPorts) -> String {
        let known = self.stage.view.task_definitions.get(&named.task_definition);
        let mut next = (**known.and_then(Seen::known).expect("a revision")).clone();
        let family = named.task_definition.family();
        next.arn = Arn::as_read(&format!("arn:aws:ecs:eu-west-1:1:task-definition/{family}:2"));
        for port in &mut next.ports {
            let found =
                named.ports.iter().find(|new| Some(new.container_port) == port.container_port);
            port.name = port.name.clone().or_else(|| found.map(|new| new.name.clone()));
        }
        let arn = next.arn.clone();
        self.stage.view.latest_revisions.insert(family, (self.now, Seen::Known(Arc::new(next))));
        arn.to_string()
    }

    fn past_of(&self, key: &ServiceKey) -> Seen<Vec<Past>> {
        Seen::Known(self.pasts.get(key).cloned().unwrap_or_default())
    }

    fn answer(&self, question: Question) -> Answer {
        let view = &self.stage.view;
        match question {
            Question::Namespaces => {
                Answer::Namespaces(view.namespaces.clone().expect("the text has namespaces"))
            }
            Question::NamespaceUse(id, ..) => {
                let known = view.uses.get(&id).map(|(_, seen)| seen.clone());
                Answer::NamespaceUse(id, known.unwrap_or(Seen::Known(NamespaceUse::default())))
            }
            Question::TaskDefinition(arn) => {
                let known = view.task_definitions.get(&arn).and_then(Seen::known);
                let seen = known.map_or(Seen::Absent, |found| Seen::Known((**found).clone()));
                Answer::TaskDefinition(arn, seen)
            }
            Question::History(key) => {
                let history = self.past_of(&key);
                Answer::History(key, history)
            }
            Question::LatestRevision(family) => {
                let made = view.latest_revisions.get(&family).map(|(_, seen)| seen.clone());
                let is_of = |(arn, _): &(&Arn, _)| arn.family() == family;
                let only =
                    || view.task_definitions.iter().find(is_of).map(|(_, seen)| seen.clone());
                let seen = made.or_else(only).unwrap_or(Seen::Absent);
                let seen = seen.map(|found| (*found).clone());
                Answer::LatestRevision(family, seen)
            }
            Question::Parameters(name) => {
                let found = self.parameters.get(&name).cloned();
                Answer::Parameters(name, found.map_or(Seen::Absent, Seen::Known))
            }
        }
    }

    fn apply(&mut self, action: &Action) -> Accepted {
        self.begin(action.service(), |deployed| match action {
            Action::Connect { connect, .. } => Some(connect.clone()),
            Action::Disconnect { .. } => None,
            Action::Refresh { .. } => deployed,
        })
    }

    /// Begins a rollout of a service with what becomes of its configuration.
    fn begin(
        &mut self,
        key: &ServiceKey,
        change: impl FnOnce(Option<Connect>) -> Option<Connect>,
    ) -> Accepted {
        self.deployments += 1;
        let deployment = DeploymentId::as_read(&format!("ecs-svc/{}", self.deployments));
        let created_at = self.aws_now();
        let service = self.services.get_mut(key).expect("a service");
        let primary = service.deployments.first_mut().expect("a PRIMARY deployment");
        primary.id = deployment.clone();
        primary.rollout = Rollout::InProgress;
        (primary.created_at, primary.updated_at) = (created_at, created_at);
        primary.connect = change(primary.connect.take());
        self.pasts.entry(key.clone()).or_default().push(record(primary, "IN_PROGRESS"));
        Accepted { deployment, created_at }
    }

    /// A clock of AWS's own, far from ours.
    fn aws_now(&self) -> AwsTime {
        let millis = i64::try_from(self.now.since_start.as_millis()).expect("a short test");
        AwsTime(self.started_at + millis)
    }

    fn finish_rollouts(&mut self) {
        let now = self.aws_now();
        // It ended before anybody saw that it did.
        let end = AwsTime(now.0 - 1);
        let long = i64::try_from(self.rollout.as_millis()).expect("a short rollout");
        for (key, service) in &mut self.services {
            let primary = service.deployments.first_mut().expect("a PRIMARY deployment");
            let over =
                now.0 - primary.created_at.0 >= long && primary.created_at.0 >= 1_000_000_000;
            if primary.rollout == Rollout::InProgress && over {
                primary.rollout = Rollout::Completed;
                primary.updated_at = end;
                let record = self.pasts.get_mut(key).and_then(|pasts| pasts.last_mut());
                let record = record.expect("its beginning was remembered");
                "BAKE_TIME".clone_into(&mut record.stage);
                if let Some(before) = self.rolls_back.remove(key) {
                    "ROLLBACK_SUCCESSFUL".clone_into(&mut record.status);
                    "tasks failed to start".clone_into(&mut record.reason);
                    *primary = Deployment { updated_at: end, ..before };
                }
            }
            let baked = i64::try_from(self.bake.as_millis()).expect("a short bake") + long;
            for record in self.pasts.get_mut(key).into_iter().flatten() {
                if record.stage == "BAKE_TIME" && now.0 - record.created_at.0 >= baked {
                    record.stage.clear();
                    record.finished_at = Some(end);
                    if record.status == "IN_PROGRESS" {
                        "SUCCESSFUL".clone_into(&mut record.status);
                    }
                }
            }
        }
    }
}

fn first_of((key, service): (&ServiceKey, &EcsService)) -> (ServiceKey, Vec<Past>) {
    (key.clone(), service.primary().map(|first| record(first, "SUCCESSFUL")).into_iter().collect())
}

/// What ECS remembers of a deployment.
fn record(deployment: &Deployment, status: &str) -> Past {
    Past {
        connect: deployment.connect.clone(),
        task_definition: deployment.task_definition.clone(),
        status: status.to_owned(),
        reason: String::new(),
        created_at: deployment.created_at,
        finished_at: (status == "SUCCESSFUL").then_some(deployment.updated_at),
        stage: String::new(),
        paused_at: None,
    }
}

fn show(news: &News) -> String {
    match news {
        News::Status(key, None) => format!("{key} is no longer ours"),
        News::Status(key, Some(status)) => {
            let (sync, health): (&str, &str) = (status.sync.into(), status.health.into());
            format!("{key} {sync} {health} {}", status.reason.map_or("-", Reason::name))
        }
        News::Changing(key, changes) => format!("{key} changes {changes}"),
        News::Applied(key, action, Ok(deployment)) => format!("{key} {action} {deployment}"),
        News::Applied(key, action, Err(fault)) => format!("{key} {action} failed: {fault}"),
        News::FirstReading(cluster, census) => {
            let Census { in_order, not_in_order, not_opted_in } = census;
            format!(
                "cluster {cluster}: {in_order} in order, {not_in_order} not, {not_opted_in} not opted in"
            )
        }
        News::Cluster(cluster, None) => format!("cluster {cluster} is well"),
        News::Cluster(cluster, Some(fault)) => format!("cluster {cluster}: {fault}"),
        News::RolledOut(key, took, end) => {
            let end: &str = end.into();
            format!("{key} rolled out in {}s: {end}", took.as_secs())
        }
        News::Made(prerequisite, Ok(made)) => format!("{prerequisite}: {made}"),
        News::Made(prerequisite, Err(fault)) => format!("{prerequisite}: {fault}"),
        News::InForce => "document in force".to_owned(),
        News::Document(None) => "document: well again".to_owned(),
        News::Document(Some(trouble)) => format!("document: {trouble}"),
        News::Adopted(key, adopted) => format!("{key} adopted {adopted}"),
        News::Overtaken(key, after) => format!("{key} overtaken after {}s", after.as_secs()),
        News::Stopped(slept) => format!("was stopped for {}s", slept.as_secs()),
        News::Queue(QueueNews::Message(kind)) => {
            let kind: &str = kind.into();
            format!("message: {kind}")
        }
        News::Queue(QueueNews::Followed(after)) => {
            format!("wrote {}s after the message", after.as_secs())
        }
        News::Queue(QueueNews::Flooded) => "too many messages".to_owned(),
        News::Queue(QueueNews::Trouble(None)) => "queue is well".to_owned(),
        News::Queue(QueueNews::Trouble(Some(fault))) => format!("queue: {fault}"),
        News::Lease(cluster, change) => format!("cluster {cluster}: {change}"),
        News::Breach(key, rule) => format!("{key} breach: {rule}"),
    }
}
