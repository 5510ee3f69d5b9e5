//! One look against a pretend AWS, with and without faults.

use std::collections::{BTreeSet, VecDeque};

use expect_test::expect;

use super::{Look, Looked};
use crate::declaration::proposed::{Deed, Proposed};
use crate::declaration::settings::Policy;
use crate::ecs::fault::FaultKind;
use crate::ecs::name::{Arn, ClusterName, EcsServiceName};
use crate::engine::effect::{Effect, Event};
use crate::plan::hold::Hold;
use crate::testing::fake::Fake;
use crate::view::overlay::Overlay;

/// Two to connect, one in another cluster, and one that the document alone opts in.
const WORLD: &str = r#"cluster prod default=internal.myapp
     cluster stage default=internal.myapp
     document {"version": 1, "services": {"prod/web": {"mode": "client-server"}}}
     web -
     cron mode=client
     stage/job mode=client"#;

fn look_of(fake: &Fake) -> Look {
    let mut settings = fake.engine.settings().clone();
    settings.policy = Policy::Sync;
    Look::new(settings, fake.now)
}

/// Carries a look out to its end.
fn looked(fake: &mut Fake) -> Looked {
    let look = look_of(fake);
    carried_out(fake, look)
}

fn carried_out(fake: &mut Fake, mut look: Look) -> Looked {
    let mut waiting: VecDeque<Effect> = look.step(fake.now, Event::Tick).into();
    while let Some(effect) = waiting.pop_front() {
        assert!(!look.is_done(), "an effect is still to be answered");
        assert!(!matches!(effect, Effect::Apply(_) | Effect::Make(_)), "a look writes: {effect:?}");
        let event = fake.carry_out(effect);
        waiting.extend(look.step(fake.now, event));
    }
    assert!(look.is_done(), "a look ends when nothing is under way");
    look.into_looked()
}

fn steps(looked: &Looked) -> Vec<String> {
    looked.plan.steps().map(|(key, action)| format!("{} {key}", action.kind())).collect()
}

fn reasons(looked: &Looked) -> Vec<String> {
    let line = |(key, hold): (&crate::ecs::service_key::ServiceKey, &Hold)| {
        format!("{key} {}", hold.reason())
    };
    looked.plan.holds().map(line).collect()
}

#[test]
fn a_look_reads_documents_then_clusters_then_what_the_plan_lacks() {
    let mut fake = Fake::anywhere(WORLD);
    let looked = looked(&mut fake);
    assert_eq!(steps(&looked), ["connect prod/web", "connect prod/cron", "connect stage/job"]);
    expect![[r#"
        0 find-clusters
        0 ask parameters /eastwest/prod
        0 sweep prod
        0 sweep stage
        0 ask namespaces
        0 ask task cron:1
        0 ask task job:1
        0 ask task web:1
        0 ask use ns-internalmyapp
        0 confirm prod/cron
        0 confirm prod/web
        0 confirm stage/job
    "#]]
    .assert_eq(&fake.take_log());
}

#[test]
fn a_person_who_waits_is_told_what_is_still_to_be_read() {
    let mut fake = Fake::anywhere(WORLD);
    let mut look = look_of(&fake);
    let mut waiting: VecDeque<Effect> = look.step(fake.now, Event::Tick).into();
    let mut told = vec![look.progress()];
    while let Some(effect) = waiting.pop_front() {
        let event = fake.carry_out(effect);
        waiting.extend(look.step(fake.now, event));
        told.push(look.progress());
    }
    let first = [0, 1, 2, 4].map(|at| told[at].as_str());
    expect![[r#"
        lists of clusters: 1 still to be read
        documents: 1 still to be read
        clusters: 2 still to be read
        namespaces, task definitions and deployments: 4 still to be read"#]]
    .assert_eq(&first.join("\n"));
}

#[test]
fn clusters_that_are_named_are_not_listed() {
    let mut fake = Fake::new(WORLD);
    assert_eq!(steps(&looked(&mut fake)).len(), 3);
    assert_eq!(fake.count("find-clusters"), 0);
}

#[test]
fn a_failed_sweep_is_not_tried_again_and_its_cluster_is_unknown() {
    let mut fake = Fake::new(WORLD);
    fake.fail("sweep", FaultKind::ServerError, 1);
    let looked = looked(&mut fake);
    assert_eq!(fake.count("sweep"), 2);
    let troubled = looked.view.clusters.iter().filter(|(_, cluster)| cluster.trouble.is_some());
    assert_eq!(troubled.map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["prod"]);
    assert!(steps(&looked).iter().all(|step| step.ends_with("stage/job")), "{:?}", steps(&looked));
}

#[test]
fn a_question_that_fails_is_asked_once_and_holds_what_depends_on_it() {
    let mut fake = Fake::new(WORLD);
    fake.fail("ask", FaultKind::Denied, usize::from(u8::MAX));
    let looked = looked(&mut fake);
    assert_eq!(steps(&looked), [""; 0]);
    assert!(!reasons(&looked).is_empty());
    assert!(
        reasons(&looked).iter().all(|line| line.ends_with("NotSeen")),
        "{:?}",
        reasons(&looked)
    );
    let log = fake.take_log();
    let mut asked: Vec<&str> = log.lines().filter(|line| line.contains(" ask ")).collect();
    let all = asked.len();
    asked.sort_unstable();
    asked.dedup();
    assert_eq!(asked.len(), all, "{log}");
}

#[test]
fn clusters_that_cannot_be_listed_end_the_look_with_the_fault() {
    let mut fake = Fake::anywhere(WORLD);
    fake.fail("find-clusters", FaultKind::Denied, 1);
    let looked = looked(&mut fake);
    assert_eq!(looked.trouble.map(|fault| fault.kind), Some(FaultKind::Denied));
    assert!(looked.view.clusters.is_empty() && looked.plan.entries.is_empty());
    assert_eq!(fake.log.len(), 1, "nothing else is read: {:?}", fake.log);
}

#[test]
fn no_more_than_sixteen_reads_are_under_way() {
    let clusters = (0..20).map(|number| format!("cluster c{number}\n"));
    let world = clusters.collect::<String>();
    let mut fake = Fake::new(&world);
    let clusters = fake.engine.settings().clusters.as_ref().map_or(0, BTreeSet::len);
    let mut look = look_of(&fake);
    let first = look.step(fake.now, Event::Tick);
    assert_eq!(first.len(), 16);
    let mut answers = 0;
    for effect in first {
        let event = fake.carry_out(effect);
        answers += look.step(fake.now, event).len();
    }
    assert_eq!(answers, clusters - 16, "each answer lets one more begin");
    assert!(!look.is_done());
}

#[test]
fn a_thorough_look_reads_what_another_plan_may_need_and_plans_the_same() {
    let world = format!(
        "{WORLD}
     quiet - | off
     elsewhere - | in internal.myapp http/elsewhere@elsewhere:80"
    );
    let plain = looked(&mut Fake::anywhere(&world));
    let mut fake = Fake::anywhere(&world);
    let mut settings = fake.engine.settings().clone();
    settings.policy = Policy::Sync;
    let look = Look::thorough(settings, fake.now);
    let thorough = carried_out(&mut fake, look);
    assert_eq!(thorough.plan, plain.plan);
    let log = fake.take_log();
    let asked: BTreeSet<&str> = log.lines().collect();
    assert_eq!(asked.len(), log.lines().count(), "nothing is asked twice: {log}");
    for read in ["ask task quiet:1", "ask history prod/quiet", "ask history prod/elsewhere"] {
        assert!(asked.contains(format!("0 {read}").as_str()), "{read}: {log}");
    }
}

/// The plan for a world with `web`, once a tool has done this to a service.
fn ahead(deed: Deed, name: &str, tags: &[(&str, &str)]) -> (Looked, String) {
    let mut fake = Fake::new(
        "namespace internal.myapp
         web mode=client-server | in internal.myapp http/web@web:80",
    );
    let mut settings = fake.engine.settings().clone();
    settings.policy = Policy::Sync;
    let tags = tags.iter().map(|(key, value)| (settings.prefix.key(key), (*value).to_owned()));
    let one = Proposed {
        address: format!("aws_ecs_service.{name}"),
        deed,
        cluster: ClusterName::as_read("prod"),
        name: EcsServiceName::as_read(name),
        arn: Arn::as_read(&format!("arn:aws:ecs:::service/prod/{name}")),
        tasks: 2,
        tags: tags.collect(),
        is_complete: true,
        advice: Vec::new(),
    };
    let overlay = Overlay::new(vec![one], settings.prefix.clone());
    let look = Look::ahead(settings, fake.now, overlay);
    let looked = carried_out(&mut fake, look);
    (looked, fake.take_log())
}

#[test]
fn a_look_ahead_plans_for_what_comes_and_asks_aws_nothing_about_it() {
    let wants = [("mode", "client-server"), ("namespace", "internal.myapp")];
    let (looked, log) = ahead(Deed::Create, "new", &wants);
    assert_eq!(steps(&looked), ["connect prod/new"]);
    assert!(!log.contains("new"), "{log}");
    let taken = [wants[0], wants[1], ("discovery-name", "web")];
    assert_eq!(reasons(&ahead(Deed::Create, "new", &taken).0), ["prod/new Conflict"]);
}

#[test]
fn a_look_ahead_sees_other_tags_and_not_what_goes() {
    assert_eq!(steps(&ahead(Deed::Update, "web", &[("mode", "off")]).0), ["disconnect prod/web"]);
    assert!(ahead(Deed::Delete, "web", &[]).0.plan.entries.is_empty());
}
