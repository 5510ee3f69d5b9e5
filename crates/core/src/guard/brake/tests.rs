//! How many may change, and what a plan is known by.

use expect_test::{Expect, expect};

use super::*;
use crate::guard::writes::Writes;
use crate::testing::Stage;

/// So many services of a namespace that want something, among so many that are as they shall be.
fn world(stage: &str, wanting: usize, resting: usize) -> Stage {
    let wanting = (0..wanting).map(|n| format!("w{n:02} mode=client, namespace=internal.myapp"));
    let resting = (0..resting).map(|n| format!("r{n:02} - | in internal.myapp"));
    let lines: Vec<String> = [stage.to_owned()].into_iter().chain(wanting).chain(resting).collect();
    Stage::read(&lines.join("\n"))
}

/// The hold of the last of those that want something.
fn check(stage: &Stage, expected: &Expect) {
    let plan = stage.guarded(&Writes::default());
    let (_, last) =
        plan.entries.iter().rfind(|(key, _)| key.name.as_str().starts_with('w')).unwrap();
    expected.assert_eq(&last.hold().map(|h| format!("{}: {h}", h.reason())).unwrap_or_default());
}

#[test]
fn more_than_a_share_of_the_namespace_waits_and_ten_never_do() {
    check(
        &world("budget 99 99", 11, 0),
        &expect![
            "MassChange: 11 of 11 services in namespace internal.myapp would change; without an acknowledgement at most 10 may. The plan is f665142ad3de"
        ],
    );
    check(
        &world("budget 99 99", 10, 0),
        &expect![
            "Budget: waiting for prod/w00: the wave in namespace internal.myapp starts with one rollout, and the others follow once it has completed"
        ],
    );
    check(
        &world("budget 99 99", 12, 48),
        &expect![
            "Budget: waiting for prod/w00: the wave in namespace internal.myapp starts with one rollout, and the others follow once it has completed"
        ],
    );
    check(
        &world("budget 99 99", 13, 48),
        &expect![
            "MassChange: 13 of 61 services in namespace internal.myapp would change; without an acknowledgement at most 12 may. The plan is dc3cd939ad8a"
        ],
    );
}

#[test]
fn the_document_says_another_share_or_a_number() {
    let limit = |text: &str| {
        format!("budget 99 99\ndocument {{\"version\": 1, \"limits\": {{\"massChange\": {text}}}}}")
    };
    check(
        &world(&limit("1"), 2, 0),
        &expect![
            "MassChange: 2 of 2 services in namespace internal.myapp would change; without an acknowledgement at most 1 may. The plan is 8c86e6d606bc"
        ],
    );
    check(&world(&limit("1"), 1, 0), &expect![[r#""#]]);
    check(
        &world(&limit("\"50%\""), 15, 15),
        &expect![
            "Budget: waiting for prod/w00: the wave in namespace internal.myapp starts with one rollout, and the others follow once it has completed"
        ],
    );
    check(
        &world(&limit("\"100%\""), 40, 0),
        &expect![
            "Budget: waiting for prod/w00: the wave in namespace internal.myapp starts with one rollout, and the others follow once it has completed"
        ],
    );
}

#[test]
fn observe_shows_that_too_much_would_change() {
    check(
        &world("policy observe", 11, 0),
        &expect![
            "MassChange: 11 of 11 services in namespace internal.myapp would change; without an acknowledgement at most 10 may. The plan is f665142ad3de"
        ],
    );
    check(
        &world("policy observe", 10, 0),
        &expect!["Observe: policy observe does not allow this write"],
    );
}

#[test]
fn namespaces_are_counted_apart_and_a_move_counts_in_both() {
    let half = |from: usize, namespace: &str| {
        let line = |n| format!("w{n:02} mode=client, namespace={namespace} | in other.ns\n");
        (from..from + 6).map(line).collect::<String>()
    };
    let text = format!(
        "budget 99 99\nnamespace internal.myapp\nnamespace other.ns\nnamespace third.ns\n{}{}",
        half(0, "internal.myapp"),
        half(6, "third.ns")
    );
    check(
        &Stage::read(&text),
        &expect![
            "MassChange: 12 of 12 services in namespace other.ns would change; without an acknowledgement at most 10 may. The plan is 029375268c2f"
        ],
    );
    check(
        &Stage::read(&text.replace(" | in other.ns", "")),
        &expect![
            "Budget: waiting for prod/w06: the wave in namespace third.ns starts with one rollout, and the others follow once it has completed"
        ],
    );
}

#[test]
fn what_its_owner_holds_is_not_counted() {
    let paused =
        (0..5).map(|n| format!("p{n} mode=client, namespace=internal.myapp, pause=true\n"));
    check(
        &world(&paused.collect::<String>(), 7, 0),
        &expect![
            "Budget: waiting for its turn: 1 of 1 allowed rollouts is running in namespace internal.myapp (prod/w00)"
        ],
    );
}

#[test]
fn what_is_not_read_yet_counts_until_it_is() {
    let unread =
        |n: usize| format!("u{n} mode=client-server, namespace=internal.myapp | off | ?\n");
    check(
        &world(&(0..5).map(unread).collect::<String>(), 7, 0),
        &expect![[
            r#"NotSeen: 5 more services of the namespace must be read before eastwest knows how much would change at once"#
        ]],
    );
    check(
        &world(&(0..3).map(unread).collect::<String>(), 7, 0),
        &expect![
            "Budget: waiting for its turn: 1 of 1 allowed rollouts is running in namespace internal.myapp (prod/w00)"
        ],
    );
}

#[test]
fn what_is_not_read_yet_counts_where_it_is_to_be_although_it_is_elsewhere() {
    let unread =
        |n: usize| format!("u{n} mode=client-server, namespace=internal.myapp | in other.ns | ?\n");
    let away = (0..5).map(unread).collect::<String>();
    check(
        &world(&format!("namespace internal.myapp\nnamespace other.ns\n{away}"), 7, 0),
        &expect![
            "NotSeen: 5 more services of the namespace must be read before eastwest knows how much would change at once"
        ],
    );
}

#[test]
fn an_acknowledgement_stands_for_what_waits_for_its_id_or_for_the_whole_plan() {
    let stage = world("", 11, 0);
    let plan = stage.guarded(&Writes::default());
    let waiting: Vec<PlanId> = plan.awaiting_consent().into_keys().cloned().collect();
    assert_eq!(plan.acknowledged_by(&waiting[0]), Ok(11));
    assert_eq!(plan.acknowledged_by(&plan.id()), Ok(11));
    let other = PlanId::parse("0123456789ab").expect("an id");
    assert_eq!(plan.acknowledged_by(&other), Err(waiting));
    let nothing_waits = world("", 10, 0).guarded(&Writes::default());
    assert_eq!(nothing_waits.acknowledged_by(&nothing_waits.id()), Err(Vec::new()));
}

#[test]
fn one_plan_has_one_id_and_another_another() {
    let id = |stage: &Stage| stage.plan().id().to_string();
    let plan = id(&world("", 11, 0));
    expect!["f665142ad3de"].assert_eq(&plan);
    assert_eq!(
        id(&world("now 4000", 11, 7)),
        plan,
        "when and beside whom it is made is nothing to it"
    );
    assert_ne!(id(&world("", 10, 0)), plan);
    assert_eq!(PlanId::parse(&plan).map(|id| id.to_string()), Some(plan.clone()));
    for text in ["", "0123", "0123456789AB", "0123456789ag", &format!("{plan}0")] {
        assert_eq!(PlanId::parse(text), None, "{text}");
    }
}

#[test]
fn where_clusters_are_counted_apart_a_tenant_holds_only_itself() {
    let world = |limits: &str| {
        let flapping =
            (0..11).map(|n| format!("prod/f{n:02} mode=client, namespace=internal.myapp"));
        let head = [
            format!("document {{\"version\": 1, \"limits\": {{{limits}}}}}"),
            "budget 99 99\ncluster prod\ncluster test".to_owned(),
            "test/tenant mode=client, namespace=internal.myapp".to_owned(),
        ];
        let lines: Vec<String> = head.into_iter().chain(flapping).collect();
        let plan = Stage::read(&lines.join("\n")).guarded(&Writes::default());
        let mut holds = plan.holds().filter(|(key, _)| key.name.as_str() != "tenant");
        let (_, hold) = holds.next().expect("the others wait");
        let tenant = plan.holds().find(|(key, _)| key.name.as_str() == "tenant");
        format!("{hold}\ntenant: {:?}\n", tenant.map(|(_, hold)| hold.reason()))
    };
    expect![[r#"
        12 of 12 services in namespace internal.myapp would change; without an acknowledgement at most 10 may. The plan is 4eca45ff7872
        tenant: Some(MassChange)
    "#]].assert_eq(&world("\"massChangePer\": \"namespace\""));
    expect![[r#"
        11 of 11 services in namespace internal.myapp and cluster prod would change; without an acknowledgement at most 10 may. The plan is c08d487d1c51
        tenant: None
    "#]].assert_eq(&world("\"massChangePer\": \"cluster\""));
}
