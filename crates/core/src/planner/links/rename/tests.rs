//! Add, roll the clients, remove; from wherever things stand.

use expect_test::expect;

use crate::guard::acks::Acks;
use crate::guard::waves::Waves;
use crate::guard::writes::Writes;
use crate::guard::{guard, old_names};
use crate::plan::hold::Hold;
use crate::testing::fake::Fake;
use crate::testing::{Stage, check_guarded, check_plan, key};

/// A server and two clients, one of which needs it.
const WORLD: &str = "api mode=client-server, discovery-name=api | in internal.myapp http/api@api.internal.myapp:8080 | http=8080 | deployed=1
     web mode=client, needs=api | in internal.myapp | http=8080 | deployed=50
     cron mode=client, needs=none | in internal.myapp | http=8080 | deployed=50";

#[test]
fn a_discovery_name_changes_in_three_steps() {
    let mut fake = Fake::new(WORLD);
    fake.run(60);
    fake.tag("api", "mode=client-server, discovery-name=backend");
    fake.run(45);
    expect!["in ns-internalmyapp http/backend@backend.internal.myapp:8080 http/api@api.internal.myapp:8080"].assert_eq(&fake.in_force("api"));
    fake.run(600);
    expect!["in ns-internalmyapp http/backend@backend.internal.myapp:8080 http/api@api.internal.myapp:8080"].assert_eq(&fake.in_force("api"));
    // Its needs list the old name, until a person corrects them.
    fake.tag("web", "mode=client, needs=backend");
    fake.run(600);
    expect![[r#"
        70 connect prod/api
        100 refresh prod/web
        730 connect prod/api
    "#]]
    .assert_eq(&fake.take_writes());
    expect!["in ns-internalmyapp http/backend@backend.internal.myapp:8080"]
        .assert_eq(&fake.in_force("api"));
}

#[test]
fn an_alias_changes_in_three_steps() {
    let mut fake = Fake::new(WORLD);
    fake.run(60);
    fake.tag("api", "mode=client-server, discovery-name=api, alias=shop-api:80");
    fake.run(45);
    expect!["in ns-internalmyapp http/api@shop-api:80 http/api-old@api.internal.myapp:8080"]
        .assert_eq(&fake.in_force("api"));
    fake.run(600);
    expect![[r#"
        70 connect prod/api
        100 refresh prod/web
        130 connect prod/api
    "#]]
    .assert_eq(&fake.take_writes());
    expect!["in ns-internalmyapp http/api@shop-api:80"].assert_eq(&fake.in_force("api"));
}

#[test]
fn who_takes_the_name_of_an_old_endpoint_does_not_hurry_the_change_of_an_alias() {
    let taken = "squat mode=client-server | in internal.myapp http/api-old@squat:80 web/api-old-2@squat:81 | http=8080 web=9090";
    let mut fake = Fake::new(&format!("{WORLD}\n{taken}"));
    fake.run(60);
    fake.tag("api", "mode=client-server, discovery-name=api, alias=shop-api:80");
    fake.run(45);
    expect!["in ns-internalmyapp http/api@shop-api:80 http/api-old-3@api.internal.myapp:8080"]
        .assert_eq(&fake.in_force("api"));
    fake.run(600);
    expect!["in ns-internalmyapp http/api@shop-api:80"].assert_eq(&fake.in_force("api"));
}

#[test]
fn the_name_of_an_old_endpoint_is_no_longer_than_a_name_may_be() {
    let name = crate::ecs::name::DiscoveryName::as_read(&"a".repeat(63));
    let names: Vec<usize> = super::old_names(&name).take(12).map(|n| n.as_str().len()).collect();
    assert_eq!(names, [64; 12]);
}

#[test]
fn a_rename_goes_on_after_a_crash_at_any_second() {
    let mut ends = std::collections::BTreeSet::new();
    for second in 0..150 {
        let mut fake = Fake::new(WORLD);
        fake.run(60);
        fake.tag("api", "mode=client-server, discovery-name=backend");
        fake.run(second);
        fake.restart();
        fake.run(300);
        fake.tag("web", "mode=client, needs=backend");
        fake.run(900);
        let writes = fake.take_writes();
        let refreshes = writes.lines().filter(|line| line.contains("refresh")).count();
        assert_eq!(refreshes, 1, "crashed at {second}:\n{writes}");
        ends.insert(fake.in_force("api"));
    }
    assert_eq!(ends.len(), 1, "{ends:?}");
}

#[test]
fn what_nobody_calls_is_renamed_at_once() {
    check_plan(
        "api mode=client-server, discovery-name=backend | in internal.myapp http/api@api.internal.myapp:8080
         web mode=client | in internal.myapp",
        &expect![[r#"
            prod/api: connect in ns-internalmyapp http/backend@backend.internal.myapp:8080
                endpoint http/api: api.internal.myapp:8080 -> -
                endpoint http/backend: - -> backend.internal.myapp:8080
            prod/web: in sync
        "#]],
    );
}

#[test]
fn a_name_that_is_claimed_for_another_that_waits_is_not_kept() {
    let plan = Stage::read(
        "claim api new
         api mode=client-server, discovery-name=backend | in internal.myapp http/api@api.internal.myapp:8080
         new mode=client-server, discovery-name=api, namespace=internal.myapp
         web mode=client, needs=api | in internal.myapp",
    )
    .plan();
    let entry = &plan.entries[&key("api")];
    assert!(entry.changes.iter().any(|change| change.to.is_none()), "{:?}", entry.changes);
}

#[test]
fn a_wish_without_a_claim_does_not_hurry_a_rename() {
    check_plan(
        "api mode=client-server, discovery-name=backend | in internal.myapp http/api@api.internal.myapp:8080
         new mode=client-server, discovery-name=api, namespace=internal.myapp
         web mode=client, needs=api | in internal.myapp",
        &expect![[r#"
            prod/api: connect in ns-internalmyapp http/backend@backend.internal.myapp:8080 http/api@api.internal.myapp:8080
                endpoint http/backend: - -> backend.internal.myapp:8080
                note: renamed in three steps: the new endpoint is added beside api, the clients that need it are rolled out, then api goes
                contested by prod/new
            prod/new: Conflict: discovery name api is held by prod/api
                enabled: off -> on
                namespace: - -> ns-internalmyapp
                endpoint http/api: - -> api.internal.myapp:8080
            prod/web: in sync
        "#]],
    );
}

#[test]
fn the_old_name_stays_while_a_client_cannot_be_rolled_out() {
    check_plan(
        "api mode=client-server, discovery-name=backend | in internal.myapp http/api@api.internal.myapp:8080 http/backend@backend.internal.myapp:8080 | http=8080 | deployed=100
         web mode=client, needs=api, pause=true | in internal.myapp",
        &expect![[r#"
            prod/api: WaitingForClient: the old name is kept for prod/web, which may call it and does not have the new one yet
                endpoint http/api: api.internal.myapp:8080 -> -
                note: renamed in three steps: the new endpoint is added beside api, the clients that need it are rolled out, then api goes
            prod/web: refresh
                note: a forced deployment resolves image tags again: app:1 may be another image by now; name images by digest to rule that out
                lacks: api as api.internal.myapp:8080 of prod/api
                lacks: backend as backend.internal.myapp:8080 of prod/api
        "#]],
    );
}

#[test]
fn the_old_name_stays_while_a_client_that_knows_the_new_one_still_rolls_or_failed() {
    for fact in ["rolling", "failed"] {
        let world = format!(
            "api mode=client-server, discovery-name=backend | in internal.myapp http/api@api.internal.myapp:8080 http/backend@backend.internal.myapp:8080 | http=8080 | deployed=100
             web mode=client, needs=api | in internal.myapp | http=8080 | deployed=200 {fact}"
        );
        let plan = Stage::read(&world).plan();
        let reason = plan.entries[&key("api")].hold().map(Hold::reason);
        assert_eq!(reason, Some(crate::plan::reason::Reason::WaitingForClient), "{fact}");
    }
}

#[test]
fn where_what_stands_is_kept_no_old_endpoint_is_left_behind() {
    let world = |rest: &str| {
        format!(
            "{rest}
             web mode=client, needs=api | in internal.myapp | http=8080 | deployed=50"
        )
    };
    // No endpoint is declared, and the alias follows the namespace.
    check_plan(
        &world(
            "namespace internal.myapp
             namespace other.ns
             api mode=client-server, namespace=other.ns | in internal.myapp http/api@api.internal.myapp:8080",
        ),
        &expect![[r#"
            prod/api: connect in ns-otherns0 http/api@api.other.ns:8080
                namespace: ns-internalmyapp -> ns-otherns0
                alias http/api: api.internal.myapp:8080 -> api.other.ns:8080
                note: api goes, and prod/web can no longer call it
            prod/web: in sync
        "#]],
    );
    check_plan(
        &world(
            "policy upsert-only
             api mode=client-server, discovery-name=backend | in internal.myapp http/api@api.internal.myapp:8080",
        ),
        &expect![[r#"
            prod/api: connect in ns-internalmyapp http/backend@backend.internal.myapp:8080
                endpoint http/api: api.internal.myapp:8080 -> -
                endpoint http/backend: - -> backend.internal.myapp:8080
                note: api goes, and prod/web can no longer call it
            prod/web: in sync
        "#]],
    );
}

#[test]
fn a_client_of_whom_is_not_known_what_it_shall_be_keeps_the_old_name_all_the_same() {
    check_plan(
        "api mode=client-server, discovery-name=new | in internal.myapp http/old@old.internal.myapp:8080
         web mode=client, namespace=nowhere.local, needs=old | in internal.myapp",
        &expect![[r#"
            prod/api: connect in ns-internalmyapp http/new@new.internal.myapp:8080 http/old@old.internal.myapp:8080
                endpoint http/new: - -> new.internal.myapp:8080
                note: renamed in three steps: the new endpoint is added beside old, the clients that need it are rolled out, then old goes
            prod/web: NoNamespace: there is no namespace nowhere.local in this account and region; create it in Cloud Map, or name another
        "#]],
    );
}

const CHECKOUT: &str = "checkout mode=client, needs=backend | in internal.myapp | http=8080 env:ORDERS_URL=http://api.internal.myapp:8080";

fn renamed(client: &str) -> String {
    format!(
        "api mode=client-server, discovery-name=backend | in internal.myapp http/api@api.internal.myapp:8080 http/backend@backend.internal.myapp:8080 | http=8080 | deployed=100
         {client}"
    )
}

#[test]
fn the_old_name_stays_while_the_environment_of_a_client_names_it() {
    check_guarded(
        &renamed(&format!("{CHECKOUT} | deployed=200")),
        &expect![[r#"
            prod/api: WaitingForClient: the old name api is kept for prod/checkout, where ORDERS_URL still names it
            prod/checkout: in sync
        "#]],
    );
}

#[test]
fn the_old_name_stays_while_the_needs_of_a_client_list_it() {
    check_guarded(
        &renamed("web mode=client, needs=api | in internal.myapp | http=8080 | deployed=200"),
        &expect![[r#"
            prod/api: WaitingForClient: the old name api is kept for prod/web, whose needs list it
            prod/web: in sync
        "#]],
    );
}

#[test]
fn the_old_name_goes_after_the_time_that_the_document_gives() {
    let limit = r#"document {"version":1,"limits":{"dropOldNames":"1h"}}"#;
    let client = format!("{CHECKOUT} | deployed=200");
    for (seconds, expected) in [
        (
            "primary=600",
            expect![[r#"
            prod/api: WaitingForClient: the old name api is kept for prod/checkout, where ORDERS_URL still names it
            prod/checkout: in sync
        "#]],
        ),
        (
            "primary=3600",
            expect![[r#"
            prod/api: connect in ns-internalmyapp http/backend@backend.internal.myapp:8080
            prod/checkout: in sync
        "#]],
        ),
    ] {
        let world = renamed(&client).replace("deployed=100", &format!("deployed=100 {seconds}"));
        check_guarded(&format!("{limit}\n{world}"), &expected);
    }
}

#[test]
fn a_person_who_agrees_lets_the_old_name_go() {
    let stage = Stage::read(&renamed(&format!("{CHECKOUT} | deployed=200")));
    let plan = stage.guarded(&Writes::default());
    let ids = plan.consents();
    let id = ids.first().expect("one waits");
    assert_eq!((ids.len(), plan.acknowledged_by(id)), (1, Ok(1)));
    let mut acks = Acks::default();
    acks.give(id.clone());
    old_names::redeem(&stage.plan(), &mut acks);
    let (writes, waves) = (Writes::default(), Waves::default());
    let plan = guard(stage.plan(), &stage.circumstances(&writes, &waves, &acks));
    assert_eq!(plan.entries[&key("api")].hold(), None);
}

#[test]
fn the_old_name_stays_while_it_is_not_read_what_a_client_calls() {
    check_plan(
        &renamed("web mode=client, needs=backend | in internal.myapp | ? | deployed=200"),
        &expect![[r#"
            prod/api: NotSeen: not read yet: task definition web:1
                endpoint http/api: api.internal.myapp:8080 -> -
                note: renamed in three steps: the new endpoint is added beside api, the clients that need it are rolled out, then api goes
            prod/web: in sync
                doubt: not known whether it can call what it needs: not read yet: task definition web:1
        "#]],
    );
}

#[test]
fn the_old_name_stays_while_older_tasks_of_a_client_run() {
    check_plan(
        &renamed(
            "web mode=client, needs=backend | in internal.myapp | http=8080 | deployed=200 before=in_internal.myapp",
        ),
        &expect![[r#"
            prod/api: WaitingForClient: the old name is kept for prod/web, which may call it and does not have the new one yet
                endpoint http/api: api.internal.myapp:8080 -> -
                note: renamed in three steps: the new endpoint is added beside api, the clients that need it are rolled out, then api goes
            prod/web: in sync
        "#]],
    );
}

#[test]
fn under_upsert_only_a_rename_waits_for_the_clients_that_name_the_old_one() {
    let world = |client: &str| {
        format!(
            "policy upsert-only
             api mode=client-server, discovery-name=backend | in internal.myapp http/api@api.internal.myapp:8080
             {client}"
        )
    };
    check_guarded(
        &world(CHECKOUT),
        &expect![[r#"
        prod/api: WaitingForClient: the old name api is kept for prod/checkout, where ORDERS_URL still names it
        prod/checkout: in sync
    "#]],
    );
    check_guarded(
        &world(
            "web mode=client, needs=backend | in internal.myapp | http=8080 env:API=http://backend.internal.myapp:8080",
        ),
        &expect![[r#"
            prod/api: connect in ns-internalmyapp http/backend@backend.internal.myapp:8080
            prod/web: in sync
        "#]],
    );
}

#[test]
fn the_old_name_stays_while_older_tasks_call_it_whatever_the_new_ones_name() {
    let mended = |older: &str| {
        renamed(&format!(
            "web mode=client, refresh=declared | in internal.myapp | http=8080 env:API_URL=http://backend.internal.myapp:8080 | deployed=200 before=in_internal.myapp before-made-with={older}"
        ))
    };
    let calls = "http=8080,env:API_URL=http://api.internal.myapp:8080";
    check_plan(
        &mended(calls),
        &expect![[r#"
        prod/api: WaitingForClient: the old name is kept for prod/web, which may call it and does not have the new one yet
            endpoint http/api: api.internal.myapp:8080 -> -
            note: renamed in three steps: the new endpoint is added beside api, the clients that need it are rolled out, then api goes
        prod/web: in sync
    "#]],
    );
    check_plan(
        &mended("?"),
        &expect![[r#"
        prod/api: NotSeen: not read yet: task definition web:0
            endpoint http/api: api.internal.myapp:8080 -> -
            note: renamed in three steps: the new endpoint is added beside api, the clients that need it are rolled out, then api goes
        prod/web: in sync
    "#]],
    );
    check_plan(
        &mended("http=8080"),
        &expect![[r#"
        prod/api: connect in ns-internalmyapp http/backend@backend.internal.myapp:8080
            endpoint http/api: api.internal.myapp:8080 -> -
        prod/web: in sync
    "#]],
    );
}

#[test]
fn a_move_of_namespace_waits_for_older_tasks_of_a_client_that_has_moved() {
    check_plan(
        "namespace internal.myapp
         namespace other.ns
         api mode=client-server, namespace=other.ns | in internal.myapp http/api@api.internal.myapp:8080
         web mode=client | in other.ns | http=8080 | deployed=200 before=in_internal.myapp before-made-with=http=8080,env:API_URL=http://api.internal.myapp:8080",
        &expect![[r#"
            prod/api: WaitingForClient: the old name is kept for prod/web, which may call it and does not have the new one yet
                namespace: ns-internalmyapp -> ns-otherns0
                alias http/api: api.internal.myapp:8080 -> api.other.ns:8080
            prod/web: in sync
        "#]],
    );
}

#[test]
fn a_rename_waits_for_older_tasks_of_a_client_that_has_moved() {
    let moved = "web mode=client | in other.ns | http=8080 | deployed=200 before=in_internal.myapp before-made-with=http=8080,env:API_URL=http://api.internal.myapp:8080";
    let both = format!("namespace internal.myapp\nnamespace other.ns\n{}", renamed(moved));
    check_plan(
        &both,
        &expect![[r#"
        prod/api: WaitingForClient: the old name is kept for prod/web, which may call it and does not have the new one yet
            endpoint http/api: api.internal.myapp:8080 -> -
            note: renamed in three steps: the new endpoint is added beside api, the clients that need it are rolled out, then api goes
        prod/web: in sync
    "#]],
    );
}

#[test]
fn a_move_of_namespace_waits_for_the_clients_that_stay() {
    let world = |client: &str| {
        format!(
            "namespace internal.myapp
             namespace other.ns
             api mode=client-server, namespace=other.ns | in internal.myapp http/api@api.internal.myapp:8080
             {client}"
        )
    };
    check_guarded(
        &world("web mode=client, needs=api | in internal.myapp | http=8080 | deployed=50"),
        &expect![[r#"
            prod/api: WaitingForClient: the old name api is kept for prod/web, whose needs list it
            prod/web: in sync
        "#]],
    );
    // A client that moves along does not wait for a server that waits for it.
    check_guarded(
        &world(
            "web mode=client, needs=api, namespace=other.ns | in internal.myapp | http=8080 | deployed=50",
        ),
        &expect![[r#"
            prod/api: connect in ns-otherns0 http/api@api.other.ns:8080
            prod/web: WaitingForServer: needs api of prod/api (declared), which changes first
        "#]],
    );
}
