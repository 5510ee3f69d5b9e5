//! Worlds as text, for tests: what is deployed, what is tagged, and what follows.
//!
//! A test knows this text and no type of the crate, so that a change of the types changes this file and no
//! test. One line is one service, its parts separated by `|`:
//!
//! ```text
//! [cluster/]name  key=value, key=value | deployed | task definition | facts
//! ```
//!
//! * tags: without the prefix, separated by `,`; `-` for none.
//! * deployed: `off`, or `in <namespace> port/discovery@host:port+idle=60+request=5+ingress=9000+tls=ca …`, where
//!   all after `port` may be left out, and `?` is a namespace that is not given.
//! * task definition: `name=port/app …`, `=port` for a mapping without a name, `udp:name=port`, `name=1-9` for a
//!   range; the words `bridge`, `host`, `nomode`, `windows`, `nomemory`, `nocpu`, `links`, `hostname`, `limits:512`
//!   for the containers' memory, `image:app:1`, and `env:http://catalog;ORDERS_HOST=orders` for its
//!   environment, `cmd:--host_orders` for its command; `?` for one not read, `!` for one that cannot be.
//! * facts: the words of [`fact`].
//!
//! Other lines set the stage: `namespace`, `namespaces`, `cluster`, `use`, `members`, `claim`, `aliases`, `document` (JSON on
//! one line), `flag`, `policy`, `budget`, `now`.

mod facts;
pub(crate) mod fake;
pub(crate) mod generate;
mod read;
mod render;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use expect_test::Expect;
use proptest::test_runner::Config;

use crate::declaration::document::HostPattern;
use crate::declaration::settings::{Moment, Policy, Settings, Timing};
use crate::ecs::fault::{Fault, FaultKind};
use crate::ecs::name::{
    Arn, ClusterName, DeploymentId, DiscoveryName, NamespaceId, NamespaceName, NamespaceRef,
    ParameterName,
};
use crate::ecs::namespace::{CloudMapService, Namespace, NamespaceUse};
use crate::ecs::parameter::Parameter;
use crate::ecs::seen::Seen;
use crate::ecs::service::{
    Deployment, DeploymentController, DeploymentStatus, EcsService, Rollout, ServiceStatus,
    Strategy,
};
use crate::ecs::service_key::{ServiceKey, ServicePath};
use crate::ecs::time::{AwsTime, Now};
use crate::guard::acks::Acks;
use crate::guard::input::GuardInput;
use crate::guard::leases::Leases;
use crate::guard::waves::Waves;
use crate::guard::writes::Writes;
use crate::guard::{guard, guard_shown};
use crate::plan::Plan;
use crate::planner::plan;
use crate::report::status::status;
use crate::view::merge::Merger;
use crate::view::reading::Answer;
use crate::view::{ClusterView, View};

use facts::fact;
use read::read_task_definition;
pub(crate) use read::{read_connect, read_tags, task_definition};

/// A world made from text.
#[derive(Debug, Clone)]
pub(crate) struct Stage {
    /// The services of watched clusters as AWS would show them, tags included.
    pub(crate) services: BTreeMap<ServiceKey, EcsService>,
    pub(crate) view: View,
    /// What stands in Parameter Store.
    pub(crate) parameters: BTreeMap<ParameterName, Vec<Parameter>>,
    pub(crate) settings: Settings,
    /// Which clusters we lead; without a lease table, all.
    pub(crate) leases: Leases,
    pub(crate) now: Now,
}

/// The plan for a world, before the guard.
pub(crate) fn check_plan(text: &str, expected: &Expect) {
    let stage = Stage::read(text);
    let plan = stage.plan();
    assert_eq!(stage.breaches(&plan), [], "a plan must break no rule");
    expected.assert_eq(&render::plan(&plan));
}

/// The plan for a world, guarded.
pub(crate) fn check_guarded(text: &str, expected: &Expect) {
    let stage = Stage::read(text);
    let plan = stage.guarded(&Writes::default());
    assert_eq!(stage.breaches(&plan), [], "a plan must break no rule");
    expected.assert_eq(&render::verdicts(&plan));
}

/// The statuses that follow, one line each.
pub(crate) fn check_status(text: &str, expected: &Expect) {
    let stage = Stage::read(text);
    let plan = stage.guarded(&Writes::default());
    expected.assert_eq(&render::statuses(&stage.view, &plan, stage.moment()));
}

/// Whether the only service of a world waits, and no person has to act.
pub(crate) fn waiting(text: &str) -> bool {
    let stage = Stage::read(text);
    let plan = stage.guarded(&Writes::default());
    let (key, entry) = plan.entries.first_key_value().expect("a service");
    let status = status(&stage.view, key, Some(entry), stage.moment());
    status.expect("one that opted in").is_waiting()
}

/// The verdicts as they are carried out and as they are shown, where these differ: of those that hold for a reason
/// that only the moment decides, the second tells nothing.
pub(crate) fn check_guarded_and_shown(text: &str, expected: &Expect) {
    let stage = Stage::read(text);
    let carried_out = stage.guarded(&Writes::default());
    let shown = guard_shown(stage.plan(), &stage.view, &stage.settings, stage.now);
    expected.assert_eq(&format!(
        "carried out:\n{}shown:\n{}",
        render::verdicts(&carried_out),
        render::verdicts(&shown)
    ));
}

/// The issues of all services, one line each; those that only the plan finds come last.
pub(crate) fn check_issues(text: &str, expected: &Expect) {
    let stage = Stage::read(text);
    let plan = stage.plan();
    let lines = stage.view.services().flat_map(|(key, service)| {
        let advice = plan.advice.get(key).into_iter().flatten();
        service.issues.iter().chain(advice).map(move |issue| format!("{key}: {issue}\n"))
    });
    expected.assert_eq(&lines.collect::<String>());
}

/// A cluster that has been seen whole.
fn swept() -> ClusterView {
    let (complete_at, complete_from) = (Some(at(0)), Some(at(60)));
    ClusterView { complete_at, complete_from, ..ClusterView::default() }
}

/// A property that is tried so often. A failure is made smaller in as many tries, and not in four times as many: what
/// fails may take far longer than what passes, and a test that fails has to end.
pub(crate) fn cases(cases: u32) -> Config {
    Config { cases, max_shrink_iters: cases, ..Config::default() }
}

/// Our clock, so many seconds after the start.
pub(crate) fn at(seconds: u64) -> Now {
    let start = jiff::Timestamp::UNIX_EPOCH;
    Now { since_start: Duration::ZERO, calendar: start }.plus(Duration::from_secs(seconds))
}

pub(crate) fn fault(kind: FaultKind) -> Fault {
    Fault::new(kind, "ecs.DescribeServices", "no luck")
}

pub(crate) fn key(text: &str) -> ServiceKey {
    let path = if text.contains('/') { text.to_owned() } else { format!("prod/{text}") };
    let arn = format!("arn:aws:ecs:eu-west-1:111122223333:service/{path}");
    ServiceKey::of_arn(&Arn::as_read(&arn)).expect("a cluster and a service")
}

/// A service as a person writes it.
pub(crate) fn path(text: &str) -> ServicePath {
    key(text).path()
}

/// A parameter as it was last written at second `version`.
pub(crate) fn parameter(name: &str, version: i64, text: &str) -> Parameter {
    Parameter {
        name: ParameterName::as_read(name),
        version,
        modified_at: AwsTime(version * 1000),
        is_secret: false,
        text: text.to_owned(),
    }
}

pub(crate) fn namespace(name: &str) -> Namespace {
    let id = format!("ns-{:0<8}", name.replace(['.', '-'], ""));
    let arn = format!("arn:aws:servicediscovery:eu-west-1:123456789012:namespace/{id}");
    Namespace {
        id: NamespaceId::as_read(&id),
        arn: Arn::as_read(&arn),
        name: NamespaceName::as_read(name),
        http_name: NamespaceName::as_read(name),
        kind: "HTTP".to_owned(),
        owner: None,
    }
}

impl Stage {
    pub(crate) fn read(text: &str) -> Self {
        let mut stage = Self::empty();
        let lines = text.lines().map(str::trim);
        for (number, line) in lines.filter(|line| !line.is_empty()).enumerate() {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            if !stage.set(word, rest.trim()) {
                stage.service(line, number);
            }
        }
        stage.fill_in();
        stage
    }

    fn empty() -> Self {
        let mut view = View::default();
        view.clusters.insert(ClusterName::as_read("prod"), swept());
        view.namespaces = Some(Seen::Known(Vec::new()));
        // Only the tests of that wait see it.
        let timing =
            Timing { refresh_every: Duration::ZERO, jitter_percent: 0, ..Timing::default() };
        let settings = Settings { policy: Policy::Sync, timing, ..Settings::default() };
        let (services, parameters) = (BTreeMap::new(), BTreeMap::new());
        let leases = Leases::default();
        Self { services, view, parameters, settings, leases, now: at(3600) }
    }

    pub(crate) fn plan(&self) -> Plan {
        plan(&self.view, &self.settings)
    }

    pub(crate) fn guarded(&self, writes: &Writes) -> Plan {
        let (waves, acks) = (Waves::default(), Acks::default());
        guard(self.plan(), &self.circumstances(writes, &waves, &acks))
    }

    pub(crate) fn circumstances<'a>(
        &'a self,
        writes: &'a Writes,
        waves: &'a Waves,
        acks: &'a Acks,
    ) -> GuardInput<'a> {
        let Self { view, settings, now, leases, .. } = self;
        let nothing = GuardInput::of_nothing(view, settings, *now);
        GuardInput { leases, writes, waves, acks, ..nothing }
    }

    /// The breaches of a plan; what only concerns the policy observe is left to the guard.
    pub(crate) fn breaches(&self, plan: &Plan) -> Vec<crate::guard::check::Breach> {
        crate::guard::check::check(plan, &self.view, &self.settings)
    }

    pub(crate) fn change(&mut self, key: &ServiceKey, change: impl FnOnce(&mut EcsService)) {
        let cluster = self.view.clusters.get_mut(&key.cluster).expect("a cluster");
        let view = cluster.services.get_mut(key).expect("a service");
        change(Arc::make_mut(view.last.as_mut().expect("a reading")));
    }

    /// Gives a service other tags.
    pub(crate) fn retag(&mut self, name: &str, tags: &BTreeMap<String, String>) {
        let key = key(name);
        let cluster = self.view.clusters.get_mut(&key.cluster).expect("a cluster");
        let view = cluster.services.get_mut(&key).expect("a service");
        (view.intent, view.issues) = crate::declaration::intent::parse(&self.settings.prefix, tags);
    }

    /// A line that sets the stage; false if it is a service.
    fn set(&mut self, word: &str, rest: &str) -> bool {
        match word {
            "namespace" => self.namespace(rest),
            "namespaces" => self.view.namespaces = trouble(rest),
            "cluster" => self.cluster(rest),
            "use" => self.in_use(rest),
            "claim" => self.claim(rest),
            "aliases" => self.aliases(rest),
            "members" => self.members(rest),
            "flag" => self.settings.namespace = Some(NamespaceRef::as_read(rest)),
            "policy" => self.settings.policy = rest.parse().expect("a policy"),
            "budget" => {
                let (cluster, namespace) = rest.split_once(' ').expect("two numbers");
                self.settings.budget.per_cluster = cluster.parse().expect("a number");
                self.settings.budget.per_namespace = namespace.parse().expect("a number");
            }
            "document" => self.document("/eastwest/prod", rest),
            "now" => self.now = at(rest.parse().expect("seconds")),
            _ => return false,
        }
        true
    }

    /// A source of the document, and the parameter in it.
    fn document(&mut self, name: &str, text: &str) {
        let name = ParameterName::as_read(name);
        let parameters = vec![parameter(name.as_str(), 1, text)];
        self.settings.sources.documents.insert(name.clone());
        self.parameters.insert(name.clone(), parameters.clone());
        self.reads(|merger, view| {
            merger.answered(view, Answer::Parameters(name, Seen::Known(parameters)));
        });
    }

    /// Now, with the stage's timing.
    pub(crate) fn moment(&self) -> Moment<'_> {
        Moment { timing: &self.settings.timing, now: self.now }
    }

    /// Lets a merger take something in.
    fn reads(&mut self, take_in: impl FnOnce(&Merger<'_>, &mut View)) {
        let Settings { prefix, sources, timing, .. } = self.settings.clone();
        let staleness = timing.staleness;
        let merger = Merger { prefix: &prefix, sources: &sources, staleness, now: self.now };
        take_in(&merger, &mut self.view);
    }

    /// `name [id=…] [http=…] [kind=…] [owner=…]`
    fn namespace(&mut self, rest: &str) {
        let mut words = rest.split_whitespace();
        let mut new = namespace(words.next().expect("a name"));
        for word in words {
            match word.split_once('=').expect("a key and a value") {
                ("id", id) => {
                    new.id = NamespaceId::as_read(id);
                    new.arn = Arn::as_read(&format!("arn:aws:servicediscovery:x:1:namespace/{id}"));
                }
                ("owner", account) => new.owner = Some(account.to_owned()),
                ("kind", kind) => kind.clone_into(&mut new.kind),
                ("http", name) => new.http_name = NamespaceName::as_read(name),
                (other, _) => panic!("no such member of a namespace: {other}"),
            }
        }
        let Some(Seen::Known(known)) = &mut self.view.namespaces else { panic!("none readable") };
        known.push(new);
    }

    /// `name [default=namespace]`
    fn cluster(&mut self, rest: &str) {
        let (name, default) = rest.split_once(" default=").unwrap_or((rest, ""));
        let cluster = self.view.clusters.entry(ClusterName::as_read(name)).or_insert_with(swept);
        cluster.default_namespace = (!default.is_empty()).then(|| NamespaceRef::as_read(default));
    }

    /// `namespace ?`, `namespace !`, or `namespace name=arn …` for Cloud Map services.
    fn in_use(&mut self, rest: &str) {
        let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let id = namespace(name).id;
        if let Some(seen) = trouble(rest) {
            self.view.uses.insert(id, (self.now, seen));
            return;
        }
        if rest == "?" {
            self.view.uses.insert(id, (self.now, Seen::Absent));
            return;
        }
        let cloud_map = rest.split_whitespace().map(|word| {
            let (name, arn) = word.split_once('=').expect("a name and an ARN");
            let name = DiscoveryName::as_read(name);
            CloudMapService { arn: Arn::as_read(arn), name, created_at: AwsTime(0) }
        });
        let names = NamespaceUse { cloud_map: cloud_map.collect(), ..NamespaceUse::default() };
        self.view.uses.insert(id, (self.now, Seen::Known(names)));
    }

    /// `name service …`: the document keeps the name for them.
    fn claim(&mut self, rest: &str) {
        let mut words = rest.split_whitespace();
        let name = DiscoveryName::as_read(words.next().expect("a name"));
        let document = Arc::make_mut(self.view.document.get_or_insert_default());
        document.claims.entry(name).or_default().extend(words.map(path));
    }

    /// `namespace pattern …`: the document allows these aliases there.
    fn aliases(&mut self, rest: &str) {
        let mut words = rest.split_whitespace();
        let name = NamespaceName::as_read(words.next().expect("a namespace"));
        let document = Arc::make_mut(self.view.document.get_or_insert_default());
        let patterns = words.map(|word| HostPattern::parse(word).expect("a pattern"));
        document.aliases.namespaces.entry(name).or_default().extend(patterns);
    }

    /// `namespace 299`: so many services that we do not know otherwise are in it.
    fn members(&mut self, rest: &str) {
        let (name, count) = rest.split_once(' ').expect("a namespace and a number");
        let count: usize = count.parse().expect("a number");
        let members = (0..count).map(|n| Arn::as_read(&format!("arn:member/{n}"))).collect();
        let names = NamespaceUse { members, ..NamespaceUse::default() };
        self.view.uses.insert(namespace(name).id, (self.now, Seen::Known(names)));
    }

    fn service(&mut self, line: &str, number: usize) {
        let mut parts = line.split('|').map(str::trim);
        let first = parts.next().unwrap_or_default();
        let (name, tags) = first.split_once(' ').unwrap_or((first, ""));
        let deployed = parts.next().unwrap_or("off");
        let mappings = parts.next().unwrap_or("http=8080/http");
        let facts: Vec<&str> = parts.next().unwrap_or("").split_whitespace().collect();
        let mut service = service(&key(name), number);
        service.tags = read_tags(tags);
        service.deployments[0].connect = read_connect(deployed);
        let arn = Arn::as_read(&format!(
            "arn:aws:ecs:eu-west-1:1:task-definition/{}:1",
            service.key.name
        ));
        service.task_definition = arn.clone();
        service.deployments[0].task_definition = arn.clone();
        match read_task_definition(&arn, mappings) {
            Seen::Absent => {}
            seen => drop(self.view.task_definitions.insert(arn, seen)),
        }
        for word in &facts {
            fact(&mut service, word);
        }
        if let Some(mappings) = facts.iter().find_map(|word| word.strip_prefix("made-with=")) {
            self.made_with(&mut service, mappings);
        }
        let before = facts.iter().find_map(|word| word.strip_prefix("before-made-with="));
        if let (Some(mappings), Some(old)) = (before, service.deployments.last_mut()) {
            old.task_definition = self.earlier_definition(&service.key, mappings);
        }
        if facts.contains(&"elsewhere") {
            return self.elsewhere(service);
        }
        let key = service.key.clone();
        self.services.insert(key.clone(), service.clone());
        self.take_in(service);
        self.facts(&key, &facts);
    }

    /// What is in force runs an earlier task definition than the service's.
    fn made_with(&mut self, service: &mut EcsService, mappings: &str) {
        let arn = self.earlier_definition(&service.key, mappings);
        for deployment in &mut service.deployments {
            deployment.task_definition = arn.clone();
        }
    }

    /// An earlier task definition of a service, with commas for spaces.
    fn earlier_definition(&mut self, key: &ServiceKey, mappings: &str) -> Arn {
        let arn = format!("arn:aws:ecs:eu-west-1:1:task-definition/{}:0", key.name);
        let arn = Arn::as_read(&arn);
        match read_task_definition(&arn, &mappings.replace(',', " ")) {
            Seen::Absent => {}
            seen => drop(self.view.task_definitions.insert(arn.clone(), seen)),
        }
        arn
    }

    fn take_in(&mut self, service: EcsService) {
        let cluster = service.key.cluster.clone();
        let reading = crate::view::reading::ClusterReading {
            default_namespace: Seen::Absent,
            listing: Err(fault(FaultKind::Throttled)),
            services: BTreeMap::from([(service.key.clone(), Seen::Known(service))]),
            unchanged: BTreeMap::new(),
            cluster,
        };
        self.reads(|merger, view| _ = merger.swept(view, reading));
    }

    /// A service in a cluster we do not watch.
    fn elsewhere(&mut self, service: EcsService) {
        let connect = service.deployments[0].connect.as_ref().expect("it uses a namespace");
        let Some(NamespaceRef::Name(name)) = &connect.namespace else { panic!("named by name") };
        let id = namespace(name.as_str()).id;
        let none = (self.now, Seen::Known(NamespaceUse::default()));
        let (_, seen) = self.view.uses.entry(id).or_insert(none);
        let Seen::Known(names) = seen else { panic!("the namespace's use is known") };
        names.elsewhere.push(service);
    }

    /// Where the text says nothing: one namespace, and nobody but those in view uses it.
    fn fill_in(&mut self) {
        if self.view.namespaces == Some(Seen::Known(Vec::new())) {
            self.view.namespaces = Some(Seen::Known(vec![namespace("internal.myapp")]));
        }
        let known = self.view.namespaces.iter().filter_map(Seen::known).flatten();
        for id in known.map(|namespace| namespace.id.clone()).collect::<Vec<_>>() {
            let none = (self.now, Seen::Known(NamespaceUse::default()));
            self.view.uses.entry(id).or_insert(none);
        }
        self.view.uses.retain(|_, (_, seen)| *seen != Seen::Absent);
    }
}

/// `?` for what was not read, `!` for what cannot be.
fn trouble<T>(text: &str) -> Option<Seen<T>> {
    (text == "!").then(|| Seen::Unknown(fault(FaultKind::Denied)))
}

/// A service as new as its number, off, with one completed deployment.
pub(crate) fn service(key: &ServiceKey, number: usize) -> EcsService {
    let created_at = AwsTime(i64::try_from(number).expect("a small number") * 1000);
    EcsService {
        arn: Arn::as_read(&format!("arn:aws:ecs:eu-west-1:1:service/{key}")),
        key: key.clone(),
        created_at,
        status: ServiceStatus::Active,
        tags: BTreeMap::new(),
        controller: DeploymentController::Ecs,
        strategy: Strategy::default(),
        events: Vec::new(),
        launch_type: "FARGATE".to_owned(),
        platform_family: "Linux".to_owned(),
        platform_version: "1.4.0".to_owned(),
        desired_count: 1,
        task_definition: Arn::as_read("arn:td"),
        registries: Vec::new(),
        deployments: vec![Deployment {
            id: DeploymentId::as_read("ecs-svc/1"),
            status: DeploymentStatus::Primary,
            rollout: Rollout::Completed,
            rollout_reason: String::new(),
            running_count: 1,
            created_at,
            updated_at: created_at,
            task_definition: Arn::as_read("arn:td"),
            connect: None,
            cloud_map: Vec::new(),
        }],
        unknown_members: Vec::new(),
    }
}
