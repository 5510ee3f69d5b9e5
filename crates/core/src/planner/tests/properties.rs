//! What holds of every plan, over worlds at random.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::declaration::intent::Intent;
use crate::declaration::settings::Policy;
use crate::ecs::connect::{Connect, Endpoint, Timeout};
use crate::ecs::defaults::Defaults;
use crate::ecs::name::{DiscoveryName, DnsName, NamespaceRef};
use crate::ecs::namespace::Namespace;
use crate::ecs::seen::Seen;
use crate::ecs::service::ServiceStatus;
use crate::ecs::service_key::ServiceKey;
use crate::ecs::task_definition::TaskDefinition;
use crate::ecs::time::AwsTime;
use crate::guard::acks::Acks;
use crate::guard::guard;
use crate::guard::waves::Waves;
use crate::guard::writes::Writes;
use crate::plan::Plan;
use crate::plan::action::Action;
use crate::plan::entry::{Entry, Verdict};
use crate::planner::plan;
use crate::testing::{Stage, generate};

/// How ECS may echo a configuration that it was sent.
#[derive(Debug, Clone, Copy)]
struct Echo {
    namespace: usize,
    drops_defaults: bool,
    fills_defaults: bool,
    reverses: bool,
}

fn echoes() -> impl Strategy<Value = Echo> {
    (0..4_usize, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(namespace, drops_defaults, fills_defaults, reverses)| Echo {
            namespace,
            drops_defaults,
            fills_defaults,
            reverses,
        },
    )
}

impl Echo {
    fn connect(self, sent: &Connect, namespace: &Namespace, defaults: &Defaults<'_>) -> Connect {
        let mut connect = sent.clone();
        let forms = [
            Some(NamespaceRef::Arn(namespace.arn.clone(), namespace.id.clone())),
            Some(NamespaceRef::Name(namespace.http_name.clone())),
            Some(NamespaceRef::Id(namespace.id.clone())),
            Some(NamespaceRef::Name(namespace.name.clone())),
        ];
        connect.namespace.clone_from(&forms[self.namespace]);
        for endpoint in &mut connect.endpoints {
            self.endpoint(endpoint, namespace, defaults);
        }
        if self.reverses {
            connect.endpoints.reverse();
            connect.logs.iter_mut().for_each(|logs| logs.options.reverse());
        }
        connect
    }

    fn endpoint(self, endpoint: &mut Endpoint, namespace: &Namespace, defaults: &Defaults<'_>) {
        let mapping = defaults.port(&endpoint.port_name);
        if self.fills_defaults
            && let Some(mapping) = mapping
        {
            let tcp = mapping.app_protocol.is_none();
            let Timeout { idle_s, request_s } = &mut endpoint.timeout;
            *idle_s = idle_s.or(Some(if tcp { 3600 } else { 300 }));
            *request_s = request_s.or((!tcp).then_some(15));
            let awsvpc = defaults.task_definition.is_some_and(|td| td.network_mode == "awsvpc");
            endpoint.ingress_port =
                endpoint.ingress_port.or(mapping.container_port.filter(|_| awsvpc));
        }
        if self.drops_defaults {
            let discovery = endpoint.discovery();
            let default = DnsName::of_endpoint(&discovery, &namespace.name);
            if let Some(alias) = &mut endpoint.alias {
                alias.dns_name = alias.dns_name.take().filter(|host| *host != default);
            }
            let port = DiscoveryName::as_read(endpoint.port_name.as_str());
            endpoint.discovery_name = endpoint.discovery_name.take().filter(|name| *name != port);
        }
    }
}

fn check_is_in_sync_after(stage: &Stage, key: &ServiceKey, action: &Action, echo: Echo) {
    let view = &stage.view;
    let namespaces = view.namespaces.as_ref().and_then(Seen::known).expect("namespaces");
    let task_definition = task_definition(stage, key);
    let cluster = &view.clusters[&key.cluster];
    let default_namespace = cluster.default_namespace.as_ref();
    let defaults =
        Defaults { namespaces, default_namespace, task_definition: task_definition.as_ref() };
    let echoed = match action {
        Action::Disconnect { .. } => None,
        Action::Refresh { .. } => return,
        Action::Connect { connect, .. } => {
            let namespace = defaults.namespace_of(connect).expect("a step has a namespace");
            Some(echo.connect(connect, namespace, &defaults))
        }
    };
    let mut after = stage.clone();
    after.change(key, |service| {
        let primary = &mut service.deployments[0];
        primary.connect = echoed;
        // Younger than all others, so it knows all endpoints.
        primary.created_at = AwsTime(i64::MAX);
    });
    let entry = after.plan().entries[key].clone();
    if adds_beside(&stage.plan().entries[key]) {
        // The first step of a rename: what is left is that the old one goes.
        assert!(entry.changes.iter().all(|change| change.to.is_none()), "{key} after {action:?}");
    } else {
        assert_eq!(entry.verdict, Verdict::InSync, "{key} after {action:?}");
    }
}

/// Whether a step adds new endpoints beside those that they replace.
fn adds_beside(entry: &Entry) -> bool {
    entry.note.as_ref().is_some_and(|note| note.starts_with("renamed in three steps"))
}

fn task_definition(stage: &Stage, key: &ServiceKey) -> Option<TaskDefinition> {
    let service = stage.view.service(key)?.last.as_ref()?;
    let seen = stage.view.task_definitions.get(&service.task_definition)?;
    seen.known().map(|found| (**found).clone())
}

/// The rollouts that a plan's steps add to a cluster and to a namespace, and those that run there.
fn load(stage: &Stage, plan: &Plan) -> (BTreeMap<String, usize>, BTreeMap<String, usize>) {
    let (mut clusters, mut namespaces) = (BTreeMap::new(), BTreeMap::new());
    for (key, entry) in &plan.entries {
        let rolling = stage.view.service(key).is_some_and(|view| view.rolling_since.is_some());
        if rolling || matches!(entry.verdict, Verdict::Step { .. }) {
            *clusters.entry(key.cluster.to_string()).or_default() += 1;
            if let Some(namespace) = &entry.namespace {
                *namespaces.entry(namespace.id.to_string()).or_default() += 1;
            }
        }
    }
    (clusters, namespaces)
}

proptest! {
    #![proptest_config(crate::testing::cases(512))]

    #[test]
    fn what_was_applied_is_in_sync_however_ecs_echoes_it(world in generate::world(), echo in echoes()) {
        let stage = Stage::read(&world);
        for (key, action) in stage.plan().steps() {
            check_is_in_sync_after(&stage, key, action, echo);
        }
    }

    #[test]
    fn the_order_of_what_is_read_is_irrelevant(world in generate::world()) {
        let stage = Stage::read(&world);
        let mut shuffled = stage.clone();
        for key in stage.services.keys() {
            shuffled.change(key, |service| {
                service.deployments.reverse();
                for deployment in &mut service.deployments {
                    deployment.cloud_map.reverse();
                }
            });
        }
        let namespaces = stage.view.namespaces.as_ref().and_then(Seen::known).cloned();
        shuffled.view.namespaces = namespaces.map(|mut all| {
            all.reverse();
            Seen::Known(all)
        });
        prop_assert_eq!(stage.plan(), shuffled.plan());
    }

    #[test]
    fn what_cannot_be_read_is_never_changed(world in generate::world()) {
        let stage = Stage::read(&world);
        for (key, _) in stage.plan().steps() {
            let view = stage.view.service(key).expect("a step has a service");
            prop_assert!(view.trouble.is_none(), "{}", key);
            prop_assert!(view.missing_since.is_none(), "{}", key);
            prop_assert!(view.stale_since.is_none(), "{}", key);
            prop_assert!(task_definition(&stage, key).is_some() || is_disconnect(&stage, key), "{}", key);
            let past = stage.view.histories.get(key).map(|(_, seen)| seen);
            prop_assert!(matches!(past, Some(Seen::Known(history)) if history.ongoing.is_none()), "{}", key);
        }
    }

    #[test]
    fn every_active_service_that_opted_in_has_one_verdict_and_no_other_has_any(world in generate::world()) {
        let stage = Stage::read(&world);
        let plan = stage.plan();
        for (key, view) in stage.view.services() {
            let active = view.last.as_ref().is_some_and(|last| last.status == ServiceStatus::Active);
            let readable = view.trouble.is_none() && view.missing_since.is_none();
            let ours = view.intent != Intent::NotOptedIn;
            let due = ours && (active || !readable || view.intent == Intent::Ambiguous);
            prop_assert_eq!(plan.entries.contains_key(key), due, "{}", key);
        }
        for (key, entry) in &plan.entries {
            let differs = !entry.changes.is_empty() || !entry.lacks.is_empty();
            let unsure = matches!(&entry.verdict, Verdict::Hold { action: Some(Action::Refresh { .. }), .. });
            let silent = matches!(entry.verdict, Verdict::InSync) == differs && !unsure;
            let untold = matches!(&entry.verdict, Verdict::Hold { action: None, .. });
            prop_assert!(!silent || untold, "{}: {:?}", key, entry);
        }
    }

    #[test]
    fn a_guarded_plan_breaks_no_rule_and_no_budget(world in generate::world()) {
        let stage = Stage::read(&world);
        let plan = stage.guarded(&Writes::default());
        prop_assert_eq!(stage.breaches(&plan), []);
        if stage.settings.policy == Policy::Observe {
            prop_assert_eq!(plan.steps().count(), 0);
        }
        let (clusters, namespaces) = load(&stage, &plan);
        for (key, _) in plan.steps() {
            prop_assert!(clusters[key.cluster.as_str()] <= stage.settings.budget.per_cluster);
            if let Some(namespace) = &plan.entries[key].namespace {
                prop_assert!(namespaces[namespace.id.as_str()] <= stage.settings.budget.per_namespace);
            }
        }
    }

    #[test]
    fn the_guard_turns_steps_into_holds_and_touches_nothing_else(world in generate::world()) {
        let stage = Stage::read(&world);
        let before = stage.plan();
        let writes = Writes::default();
        let (waves, acks) = (Waves::default(), Acks::default());
        let circumstances = stage.circumstances(&writes, &waves, &acks);
        let after = guard(before.clone(), &circumstances);
        prop_assert_eq!(&before.order, &after.order);
        for (key, entry) in &before.entries {
            let mut guarded = after.entries[key].clone();
            if let (Verdict::Step { action }, Verdict::Hold { action: Some(held), .. }) =
                (&entry.verdict, &guarded.verdict)
            {
                prop_assert_eq!(action, held);
                guarded.verdict = entry.verdict.clone();
            }
            prop_assert_eq!(entry, &guarded);
        }
    }

    #[test]
    fn planning_twice_gives_one_answer(world in generate::world()) {
        let stage = Stage::read(&world);
        prop_assert_eq!(plan(&stage.view, &stage.settings), plan(&stage.view, &stage.settings));
    }

    /// Bad tags take a wish away and nothing more: whoever holds a name by what is deployed still does.
    #[test]
    fn bad_tags_of_one_service_change_no_others_entry(world in generate::world(), bad in "[ -~]{0,20}") {
        let good = Stage::read(&format!("{world}\nprod/zz -"));
        let mut broken = good.clone();
        let tags = BTreeMap::from([
            ("eastwest/mode".to_owned(), format!("client {bad}")),
            (format!("eastwest/{bad}"), bad),
        ]);
        broken.retag("zz", &tags);
        let (mut with, without) = (broken.plan(), good.plan());
        prop_assert!(with.entries.remove(&crate::testing::key("zz")).is_some());
        prop_assert_eq!(with, without);
    }
}

fn is_disconnect(stage: &Stage, key: &ServiceKey) -> bool {
    stage
        .plan()
        .steps()
        .any(|(step, action)| step == key && matches!(action, Action::Disconnect { .. }))
}
