//! What is printed of a plan, whole.

use std::collections::BTreeMap;

use eastwest_core::declaration::issue::Issue;
use eastwest_core::declaration::settings::Policy;
use eastwest_core::ecs::change::{Change, Field};
use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::ecs::name::{Arn, DiscoveryName, NamespaceId, NamespaceName};
use eastwest_core::ecs::namespace::{Namespace, NewNamespace};
use eastwest_core::ecs::service_key::ServiceKey;
use eastwest_core::ecs::tool::Tool;
use eastwest_core::plan::Missing;
use eastwest_core::plan::action::Action;
use eastwest_core::plan::awaited::{Awaited, Until};
use eastwest_core::plan::consent::{PlanId, TooMany};
use eastwest_core::plan::contention::Contention;
use eastwest_core::plan::hold::Hold;
use eastwest_core::plan::need::MissingEndpoint;
use eastwest_core::plan::prerequisite::Prerequisite;
use eastwest_core::report::cost::{Cost, Estimate};
use expect_test::expect;

use super::shown::{Only, Shown};
use super::sums::nothing_to_change;
use super::{github, junit, text};
use crate::api::plan::{DoubtRow, FaultRow, HoldRow, IssueRow, PlanPage, StepRow, Summary};
use crate::command::paint::plain;

fn key(name: &str) -> ServiceKey {
    let arn = format!("arn:aws:ecs:eu-west-1:111122223333:service/prod/{name}");
    ServiceKey::of_arn(&Arn::as_read(&arn)).expect("a cluster and a service")
}

fn change(field: Field, from: Option<&str>, to: Option<&str>) -> Change {
    let endpoint = (field == Field::Endpoint).then(|| "http/web".to_owned());
    Change { field, endpoint, from: from.map(str::to_owned), to: to.map(str::to_owned) }
}

fn doubt() -> DoubtRow {
    let doubt = "it needs api, which no service offers".to_owned();
    DoubtRow { service: key("cron"), doubt, ends: "once a service offers api".to_owned() }
}

fn page() -> PlanPage {
    let off = Action::Disconnect { service: key("old") };
    PlanPage {
        id: PlanId::parse("0123456789ab").expect("an id"),
        policy: Policy::Sync,
        steps: vec![StepRow {
            service: key("old"),
            action: off.clone(),
            changes: vec![
                change(Field::Enabled, Some("on"), Some("off")),
                change(Field::Endpoint, Some("web.internal.myapp:80"), None),
            ],
            namespace: Some("internal.myapp".to_owned()),
            tasks: 1,
            note: None,
            awaits: None,
            lacks: Vec::new(),
            lacks_more: 0,
            contention: None,
        }],
        holds: vec![HoldRow {
            service: key("web"),
            hold: Hold::Rolling,
            action: Some(off),
            changes: Vec::new(),
            note: Some("prod/old goes first".to_owned()),
            lacks: Vec::new(),
            lacks_more: 0,
        }],
        needs: BTreeMap::new(),
        doubts: vec![doubt()],
        issues: vec![IssueRow {
            service: key("cron"),
            issue: Issue::new("eastwest/mode", "clinet", "client, client-server or off")
                .nearest_of(["client"]),
        }],
        faults: vec![FaultRow::new(
            "stage",
            &Fault::new(FaultKind::Denied, "ecs.ListServices", "no"),
        )],
        missing: vec![Missing {
            prerequisite: Prerequisite::Namespace(NewNamespace {
                name: NamespaceName::as_read("internal.myapp"),
                vpc: Some("vpc-1".to_owned()),
            }),
            hold: None,
            note: None,
        }],
        document: None,
        summary: Summary {
            connect: 0,
            disconnect: 1,
            refresh: 0,
            held: 1,
            in_sync: 3,
            not_opted_in: 0,
            tasks: 1,
        },
        cost: Cost {
            services: 2,
            tasks: 5,
            stale_clients: [key("shop")].into(),
            rounds: 2,
            time: Some(Estimate { seconds: 150, guessed: 1 }),
        },
        relies_on_being_alone: true,
    }
}

fn shown(page: PlanPage) -> Shown {
    let name = NamespaceName::as_read("internal.myapp");
    let namespace = Namespace {
        id: NamespaceId::as_read("ns-1"),
        arn: Arn::as_read("arn:aws:servicediscovery:eu-west-1:123456789012:namespace/ns-1"),
        name: name.clone(),
        http_name: name,
        kind: "HTTP".to_owned(),
        owner: None,
    };
    Shown { page, namespaces: vec![namespace], in_sync: vec![key("calm")], service: None }
}

fn said(page: PlanPage) -> String {
    plain(&text::plan(&shown(page)))
}

/// Ten services that wait for the same consent, one that waits for another, and one whose declaration is wrong.
fn braked() -> PlanPage {
    let why = TooMany {
        plan: PlanId::parse("0123456789ab").expect("an id"),
        namespace: Some(NamespaceName::as_read("internal.myapp")),
        cluster: None,
        changes: 10,
        of: 12,
        limit: 4,
    };
    let brake = Hold::MassChange(Box::new(why));
    let held = |name: &str, hold: &Hold, changes: Vec<Change>| HoldRow {
        service: key(name),
        hold: hold.clone(),
        action: Some(Action::Disconnect { service: key(name) }),
        changes,
        note: None,
        lacks: Vec::new(),
        lacks_more: 0,
    };
    let mut holds: Vec<HoldRow> = (0..10)
        .map(|at| {
            let into = change(Field::Namespace, None, Some("ns-1"));
            held(
                &format!("s{at}"),
                &brake,
                vec![change(Field::Enabled, Some("off"), Some("on")), into],
            )
        })
        .collect();
    holds.push(held("late", &Hold::Rolling, vec![change(Field::Namespace, None, Some("ns-1"))]));
    holds.push(HoldRow { action: None, ..held("cron", &Hold::Ambiguous, Vec::new()) });
    let (steps, faults, missing, doubts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut issues = page().issues;
    issues.push(IssueRow {
        service: key("calm"),
        issue: Issue::new("eastwest/needs", "nobody", "no service offers it").advice(),
    });
    let summary = Summary { held: 12, in_sync: 1, ..Summary::default() };
    PlanPage { missing, steps, holds, doubts, issues, faults, summary, ..page() }
}

#[test]
fn holds_of_one_reason_are_one_block_and_an_issue_stands_with_its_service() {
    expect![[r#"
        Held, Ambiguous: 1 service
        = prod/cron
            invalid declaration: see its issues
            ends once its issues are fixed
            ! issue: eastwest/mode="clinet": client, client-server or off; did you mean "client"?

        Held, MassChange: 10 services
            10 of 12 services in namespace internal.myapp would change; without an acknowledgement at most 4 may. The plan is 0123456789ab
            ends once a person who has read the plan acknowledges it: eastwest apply --ack 0123456789ab, or POST /api/v1/ack with 0123456789ab
        = prod/s0: disconnect, 2 changes
        = prod/s1: disconnect, 2 changes
        = prod/s2: disconnect, 2 changes
        = prod/s3: disconnect, 2 changes
        = prod/s4: disconnect, 2 changes
        = prod/s5: disconnect, 2 changes
        = prod/s6: disconnect, 2 changes
        = prod/s7: disconnect, 2 changes
        = prod/s8: disconnect, 2 changes
        = prod/s9: disconnect, 2 changes
          the changes of one: eastwest plan --service prod/s0

        Held, Rolling: 1 service
        = prod/late: disconnect
            a deployment of this service is running
            ends once that deployment has ended
            namespace     - -> internal.myapp

        i prod/calm: eastwest/needs="nobody": no service offers it

        Plan: 0 to connect, 0 to disconnect, 0 to refresh, 12 held, 1 in sync. 0 tasks would be replaced.
        Cost: 2 services in 2 rounds of rollouts, 5 tasks; about 3 min by past deployments, 1 of them guessed.
              1 client stale until rolled out again: prod/shop.
        Id:   0123456789ab
        Without --lease-table, nothing keeps another copy of eastwest from writing, too.
    "#]].assert_eq(&said(braked()));
}

#[test]
fn a_part_of_a_plan_is_shown_alone() {
    let mut changes = shown(page());
    changes.keep_only(Only::Changes);
    let text = plain(&text::plan(&changes));
    assert!(text.contains("- prod/old") && !text.contains("Held"), "{text}");
    let mut held = shown(page());
    held.keep_only(Only::Held);
    let text = plain(&text::plan(&held));
    assert!(text.contains("= prod/web") && !text.contains("- prod/old"), "{text}");
    assert!(text.contains("Plan: 0 to connect, 1 to disconnect"), "the sums are of all: {text}");
}

#[test]
fn the_summary_has_a_line_for_each_group() {
    expect![[r#"
        Held, Ambiguous                  1  invalid declaration: see its issues
        Held, MassChange                10  10 of 12 services in namespace internal.myapp would change; without an acknowledgement at most 4 may. The plan is 0123456789ab
        Held, Rolling                    1  a deployment of this service is running
        Plan: 0 to connect, 0 to disconnect, 0 to refresh, 12 held, 1 in sync. 0 tasks would be replaced.
        Cost: 2 services in 2 rounds of rollouts, 5 tasks; about 3 min by past deployments, 1 of them guessed.
              1 client stale until rolled out again: prod/shop.
        Id:   0123456789ab
        Without --lease-table, nothing keeps another copy of eastwest from writing, too.
    "#]].assert_eq(&plain(&text::in_short(&shown(braked()))));
}

#[test]
fn marks_have_the_colours_that_terraform_made_usual() {
    let text = text::plan(&shown(page()));
    for mark in ["\u{1b}[31m-\u{1b}[0m", "\u{1b}[33m=\u{1b}[0m", "\u{1b}[32m+\u{1b}[0m"] {
        assert!(text.contains(mark), "{mark:?} in {text:?}");
    }
}

#[test]
fn a_pull_request_is_annotated_and_text_of_users_cannot_be_a_command() {
    let mut page = page();
    page.issues.push(IssueRow {
        service: key("cron"),
        issue: Issue::new("eastwest/alias", "100%", "no\n::error::stolen"),
    });
    expect![[r#"
        ::error title=cluster stage::ecs.ListServices: no; allow this call in the IAM policy of eastwest's task role
        ::error title=prod/cron::eastwest/mode="clinet": client, client-server or off; did you mean "client"?
        ::error title=prod/cron::eastwest/alias="100%25": no%0A::error::stolen
        ::warning title=prod/cron::it needs api, which no service offers; ends once a service offers api
        ::notice title=eastwest plan::Plan: 0 to connect, 1 to disconnect, 0 to refresh, 1 held, 3 in sync. 1 task would be replaced.
        ::notice title=created first::create private DNS namespace internal.myapp in vpc-1
        ::notice title=prod/old%3A disconnect::enabled: on -> off%0Aendpoint of http/web: web.internal.myapp:80 -> -%0Atriggers a rollout (1 task)
        ::notice title=waits%2C Rolling%3A prod/web::a deployment of this service is running; ends once that deployment has ended
    "#]].assert_eq(&github::annotations(&shown(page)));
    let mut many = braked();
    let issue = many.issues[0].issue.clone();
    many.issues = (0..25)
        .map(|at| IssueRow { service: key(&format!("s{at}")), issue: issue.clone() })
        .collect();
    let text = github::annotations(&shown(many));
    let errors: Vec<_> = text.lines().filter(|line| line.starts_with("::error ")).collect();
    assert_eq!(errors.len(), 10, "GitHub shows ten: {text}");
    assert!(errors[9].ends_with("::and 16 more"), "{text}");
}

#[test]
fn a_pipeline_gets_a_case_for_each_service() {
    expect![[r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites>
          <testsuite name="eastwest" tests="1" failures="0" errors="1" skipped="0">
            <testcase classname="eastwest" name="cluster stage">
              <error message="ecs.ListServices: no; allow this call in the IAM policy of eastwest&apos;s task role">ecs.ListServices: no; allow this call in the IAM policy of eastwest&apos;s task role</error>
            </testcase>
          </testsuite>
          <testsuite name="prod" tests="3" failures="0" errors="0" skipped="1">
            <testcase classname="prod" name="calm"/>
            <testcase classname="prod" name="old">
              <system-out>disconnect: triggers a rollout (1 task)
        enabled: on -&gt; off
        endpoint of http/web: web.internal.myapp:80 -&gt; -</system-out>
            </testcase>
            <testcase classname="prod" name="web">
              <skipped message="Rolling: a deployment of this service is running">Rolling: a deployment of this service is running
        ends once that deployment has ended</skipped>
            </testcase>
          </testsuite>
        </testsuites>
    "#]].assert_eq(&junit::report(&shown(page())).expect("a report"));
}

#[test]
fn a_plan_says_what_changes_what_is_held_and_what_is_wrong() {
    expect![[r#"
        ! cluster stage: ecs.ListServices: no; allow this call in the IAM policy of eastwest's task role

        + create private DNS namespace internal.myapp in vpc-1

        To disconnect: 1 service
        - prod/old: disconnect in internal.myapp  # triggers a rollout (1 task)
            enabled       on -> off
            endpoint      http/web web.internal.myapp:80 -> (removed; clients can no longer call it)

        Held, Rolling: 1 service
        = prod/web: disconnect
            a deployment of this service is running
            ends once that deployment has ended
            note: prod/old goes first

        ! prod/cron: eastwest/mode="clinet": client, client-server or off; did you mean "client"?
        ? prod/cron: it needs api, which no service offers
            ends once a service offers api

        Plan: 0 to connect, 1 to disconnect, 0 to refresh, 1 held, 3 in sync. 1 task would be replaced.
        Cost: 2 services in 2 rounds of rollouts, 5 tasks; about 3 min by past deployments, 1 of them guessed.
              1 client stale until rolled out again: prod/shop.
        Id:   0123456789ab
        Without --lease-table, nothing keeps another copy of eastwest from writing, too.
    "#]]
    .assert_eq(&said(page()));
}

#[test]
fn a_refresh_says_what_is_lacking_and_a_step_that_waits_says_for_whom() {
    let (api, web) = (key("api"), key("web"));
    let name = DiscoveryName::as_read("api");
    let mut step = page().steps.remove(0);
    step.action = Action::Refresh { service: web.clone() };
    step.service = web;
    step.changes.clear();
    step.tasks = 2;
    let alias = "api.internal.myapp:8080".to_owned();
    step.lacks =
        vec![MissingEndpoint { name: name.clone(), alias, server: api.clone(), since: None }];
    step.lacks_more = 880;
    let until = Until::Complete;
    step.awaits = Some(Box::new(Awaited { name, server: api, inferred: true, until }));
    step.contention = Some(Box::new(Contention {
        service: key("web"),
        fields: [Field::Enabled].into(),
        reverts: 3,
        tool: Tool::Terraform,
    }));
    let (holds, issues, faults, missing) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let summary = Summary { refresh: 1, tasks: 2, ..Summary::default() };
    let page = PlanPage { steps: vec![step], holds, issues, faults, missing, summary, ..page() };
    let page = PlanPage { doubts: Vec::new(), ..page };
    let page = PlanPage { cost: Cost::default(), ..page };
    expect![[r#"
        To refresh: 1 service
        * prod/web: refresh in internal.myapp  # triggers a rollout (2 tasks)
            waits         needs api of prod/api (inferred from its environment), whose deployment has not completed
            another writer changed enabled back 3 times within an hour; this is one more attempt
            # Terraform, in the aws_ecs_service resource with name = "web":
            lifecycle {
              ignore_changes = [service_connect_configuration]
            }
            lacks         api as api.internal.myapp:8080 of prod/api
            lacks         and 880 more

        Plan: 0 to connect, 0 to disconnect, 1 to refresh, 0 held, 0 in sync. 2 tasks would be replaced.
    "#]].assert_eq(&said(page));
}

#[test]
fn an_empty_plan_is_one_line() {
    let (steps, holds, issues, faults) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let summary = Summary { in_sync: 1, ..Summary::default() };
    let (policy, missing, document) = (Policy::Sync, Vec::new(), None);
    let (cost, needs) = (Cost::default(), BTreeMap::new());
    let empty = PlanPage { policy, missing, steps, holds, issues, needs, ..page() };
    let empty = PlanPage { document, faults, summary, cost, doubts: Vec::new(), ..empty };
    assert_eq!(said(empty), "Nothing to change: 1 service in sync.\n");
    let nothing = |in_sync, not_opted_in| {
        nothing_to_change(&PlanPage {
            summary: Summary { in_sync, not_opted_in, ..Summary::default() },
            document: None,
            ..page()
        })
    };
    assert_eq!(nothing(1, 10), "Nothing to change: 1 service in sync, 10 not opted in.\n");
    assert_eq!(nothing(0, 11), "Nothing to change: none of 11 services opted in.\n");
    assert_eq!(nothing(0, 0), "No plan: no service was found.\n");
}
