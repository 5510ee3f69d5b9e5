//! Names that were in use: who gets them, and when.

use expect_test::expect;

use crate::ecs::time::AwsTime;
use crate::testing::fake::Fake;
use crate::testing::key;

/// A server, the client that needs it, and a squatter of the same namespace in another cluster.
const WORLD: &str = "budget 9 9
     cluster prod default=internal.myapp
     cluster dev default=internal.myapp
     api mode=client-server | in internal.myapp http/api@api.internal.myapp:8080
     web mode=client, needs=api | in internal.myapp
     dev/squat mode=client-server, discovery-name=squat | in internal.myapp http/squat@squat:8080";
const WANTS_API: &str = "mode=client-server, discovery-name=api, alias=api.internal.myapp:8080";

fn held(fake: &Fake, name: &str) -> String {
    let entry = fake.engine.plan().entries.get(&key(name));
    entry.and_then(|entry| entry.hold()).map_or("nothing".to_owned(), ToString::to_string)
}

#[test]
fn a_squatters_wish_does_not_hurry_a_rename() {
    for claims in ["", "claim api api"] {
        let mut fake = Fake::new(&format!("{claims}\n{WORLD}"));
        fake.run(60);
        fake.tag("dev/squat", WANTS_API);
        fake.run(60);
        fake.tag("api", "mode=client-server, discovery-name=api2");
        fake.run(600);
        expect!["in ns-internalmyapp http/api2@api2.internal.myapp:8080 http/api@api.internal.myapp:8080"]
            .assert_eq(&fake.in_force("api"));
        fake.tag("web", "mode=client, needs=api2");
        fake.run(600);
        expect!["in ns-internalmyapp http/api2@api2.internal.myapp:8080"]
            .assert_eq(&fake.in_force("api"));
        expect!["in internal.myapp (not by ARN) http/squat@squat:8080"]
            .assert_eq(&fake.in_force("dev/squat"));
    }
}

#[test]
fn a_name_that_became_free_waits_for_its_clients_and_for_the_quarantine() {
    let mut fake = Fake::new(WORLD);
    fake.run(60);
    fake.tag("dev/squat", WANTS_API);
    fake.tag("api", "mode=client-server, discovery-name=api2");
    fake.tag("web", "mode=client, needs=api2");
    fake.run(600);
    fake.tag("web", "mode=client, needs=api api2");
    fake.run(120);
    expect!["discovery name api was in use by prod/api and is kept for it until 1970-01-01T01:02:10Z, and while prod/web, which needs it, calls it"].assert_eq(&held(&fake, "dev/squat"));
    fake.tag("web", "mode=client, needs=api2");
    fake.run(120);
    expect![
        "discovery name api was in use by prod/api and is kept for it until 1970-01-01T01:02:10Z"
    ]
    .assert_eq(&held(&fake, "dev/squat"));
    fake.run(3600);
    expect!["in ns-internalmyapp http/api@api.internal.myapp:8080"]
        .assert_eq(&fake.in_force("dev/squat"));
}

#[test]
fn after_the_quarantine_a_former_owner_comes_no_sooner_than_its_age_says() {
    let mut fake = Fake::new(WORLD);
    fake.service("dev/squat").created_at = AwsTime(0);
    fake.run(60);
    fake.tag("api", "mode=client-server, discovery-name=api2");
    fake.tag("web", "mode=client, needs=api2");
    fake.run(2 * 3600);
    fake.tag("api", &format!("{WANTS_API}, pause=true"));
    fake.tag("dev/squat", WANTS_API);
    fake.run(120);
    expect!["in ns-internalmyapp http/api@api.internal.myapp:8080"]
        .assert_eq(&fake.in_force("dev/squat"));
}

#[test]
fn a_recreated_service_gets_its_name_back_before_an_older_squatter() {
    let mut fake = Fake::new(WORLD);
    fake.run(60);
    fake.tag("dev/squat", WANTS_API);
    let recreated = fake.services.remove(&key("api")).expect("it is there");
    fake.run(300);
    assert!(
        held(&fake, "dev/squat").contains("was in use by prod/api"),
        "{}",
        held(&fake, "dev/squat")
    );
    fake.services.insert(key("api"), recreated);
    let api = fake.service("api");
    api.arn = crate::ecs::name::Arn::as_read("arn:aws:ecs:eu-west-1:1:service/prod/api-again");
    api.created_at = AwsTime(api.created_at.0 + 1_000_000);
    api.deployments[0].connect = None;
    fake.run(120);
    expect!["in ns-internalmyapp http/api@api.internal.myapp:8080"]
        .assert_eq(&fake.in_force("api"));
    expect!["discovery name api is held by prod/api"].assert_eq(&held(&fake, "dev/squat"));
}

#[test]
fn a_client_is_not_led_to_who_took_the_name_by_itself() {
    let mut fake = Fake::new(WORLD);
    fake.run(60);
    fake.deploy("api", "in internal.myapp http/other@other:8080");
    fake.tag("api", "mode=client-server, discovery-name=other, alias=other:8080");
    fake.run(120);
    fake.take_writes();
    fake.deploy("dev/squat", "in internal.myapp http/api@api.internal.myapp:8080");
    fake.tag("dev/squat", WANTS_API);
    fake.run(300);
    expect![[""]].assert_eq(&fake.take_writes());
    expect![
        "discovery name api was in use by prod/api and is kept for it until 1970-01-01T01:01:10Z"
    ]
    .assert_eq(&held(&fake, "web"));
    fake.run(3600);
    expect![[r#"
        3670 refresh prod/web
    "#]]
    .assert_eq(&fake.take_writes());
}

#[test]
fn who_lets_go_of_a_claimed_name_gets_no_called_one_in_return() {
    let squat = WORLD.replace("http/squat@squat:8080", "http/api2@api2.internal.myapp:8080");
    let mut fake = Fake::new(&format!("claim api2 api\n{}", squat.replace("=squat", "=api2")));
    fake.run(60);
    fake.tag("api", "mode=client-server, discovery-name=api2");
    fake.tag("dev/squat", "mode=client-server, discovery-name=mine");
    fake.run(300);
    // Somebody lets the old name go by hand, though `web` calls it still.
    fake.deploy("api", "in internal.myapp http/api2@api2.internal.myapp:8080");
    fake.tag("dev/squat", WANTS_API);
    fake.run(300);
    expect!["discovery name api was in use by prod/api and is kept for it until 1970-01-01T01:06:10Z, and while prod/web, which needs it, calls it"].assert_eq(&held(&fake, "dev/squat"));
    // Where nobody needs it, it is a swap like any other.
    fake.tag("web", "mode=client, needs=api2");
    fake.run(120);
    expect!["in ns-internalmyapp http/api@api.internal.myapp:8080"]
        .assert_eq(&fake.in_force("dev/squat"));
}

/// Whether `dev/squat` waits for `web` to take the name `api` with this alias, where the environment of `web` names this
/// host.
fn squat_waits_for(host: &str, alias: &str) -> bool {
    let mut fake = Fake::new(&format!(
        "budget 9 9
         cluster prod default=internal.myapp
         cluster dev default=internal.myapp
         api mode=client-server | in internal.myapp http/api@api:80
         web mode=client | in internal.myapp | http=8080 env:http://{host}
         dev/squat mode=client-server, discovery-name=squat | in internal.myapp http/squat@squat:80"
    ));
    fake.run(60);
    fake.deploy("api", "in internal.myapp http/other@other:80");
    fake.tag("api", "mode=client-server, discovery-name=other, alias=other:80");
    fake.tag("dev/squat", &format!("mode=client-server, discovery-name=api, alias={alias}"));
    fake.run(3 * 3600);
    held(&fake, "dev/squat").contains("prod/web, which needs it")
}

#[test]
fn a_name_is_kept_for_clients_of_the_host_it_had_and_not_of_the_host_it_would_get() {
    assert!(squat_waits_for("api", "api:80"));
    assert!(!squat_waits_for("squat", "squat:80"));
    assert!(!squat_waits_for("other", "squat:80"));
}
