//! The table of services, and the lines of a watch.

use std::collections::BTreeMap;

use eastwest_core::ecs::fault::{Fault, FaultKind};
use expect_test::expect;
use serde_json::json;

use super::rows::{Row, Standings};
use super::table::{Layout, text};
use super::watch::changes;
use crate::api::plan::FaultRow;
use crate::command::paint::plain;

fn row(service: &str, standing: &str, why: Option<(&str, &str, &str)>) -> Row {
    let mut row =
        json!({"service": service, "standing": standing, "sync": "Synced", "health": "Healthy"});
    if let Some((reason, message, ends)) = why {
        row["reason"] = json!(reason);
        row["message"] = json!(message);
        row["ends"] = json!(ends);
    }
    serde_json::from_value(row).expect("a row")
}

fn standings() -> Standings {
    let brake = "130 of 300 services in namespace internal.myapp would change; without an acknowledgement at most 60 may";
    let rows = vec![
        row("prod/calm", "inOrder", None),
        row("prod/other", "notOptedIn", None),
        row("stage/web", "inOrder", None),
        row(
            "prod/web",
            "changing",
            Some(("Rolling", "a deployment of this service is running", "once it has ended")),
        ),
        row("prod/api", "broken", Some(("MassChange", brake, "once a person acknowledges it"))),
    ];
    Standings::new(Vec::new(), rows)
}

fn shown(all: bool, width: Option<u16>, height: Option<usize>) -> String {
    plain(&text(&standings(), all, Layout { width, height }))
}

#[test]
fn what_needs_a_person_comes_first_and_what_is_in_order_is_only_counted() {
    expect![[r#"
         stands    service   reason      why, and what ends it
         broken    prod/api  MassChange  130 of 300 services in namespace internal.myapp would change; without an acknowledgement at most 60 may; ends once a person acknowledges it
         changing  prod/web  Rolling     a deployment of this service is running; ends once it has ended
        1 broken, 1 changing, 2 in order, 1 not opted in, --all shows every service
    "#]].assert_eq(&shown(false, None, None));
}

#[test]
fn on_a_terminal_no_line_is_longer_than_it_is_wide() {
    for width in [40, 60, 80, 120, 200] {
        let text = shown(true, Some(width), None);
        for line in text.lines() {
            assert!(line.chars().count() <= usize::from(width), "{width}: {line:?}");
        }
        assert!(text.contains("prod/api") && text.contains("1 broken"), "{text}");
    }
    expect![[r#"
         stands    service   reason      why, and what ends it
         broken    prod/api  MassChange  130 of 300 services in namespace
                                         internal.myapp would change; without an
                                         acknowledgement at most 60 may; ends once a
                                         person acknowledges it
         changing  prod/web  Rolling     a deployment of this service is running; ends
                                         once it has ended
        1 broken, 1 changing, 2 in order, 1 not opted in, --all shows every service
    "#]]
    .assert_eq(&shown(false, Some(80), None));
}

#[test]
fn a_page_is_no_longer_than_the_terminal_and_says_what_it_leaves_out() {
    let text = shown(true, Some(60), Some(8));
    assert!(text.lines().count() < 8, "{text}");
    assert!(text.contains("more lines") && text.contains("broken"), "{text}");
}

#[test]
fn a_service_that_stands_otherwise_is_one_line_and_one_that_does_not_is_none() {
    let at = "2026-07-01T12:00:00Z".parse().expect("a time");
    let (mut before, mut trouble) = (BTreeMap::new(), Vec::new());
    let mut said = |answer| changes(at, &answer, false, &mut before, &mut trouble);
    assert_eq!(said(Ok(standings())).lines().count(), 2, "those that are not in order");
    assert_eq!(said(Ok(standings())), "");
    let calm = row("prod/api", "inOrder", None);
    let fault = FaultRow::new("stage", &Fault::new(FaultKind::Denied, "ecs.ListServices", "no"));
    let next = vec![calm, row("prod/new", "toChange", None)];
    let later =
        [said(Ok(Standings::new(vec![fault], next))), said(Err(anyhow::anyhow!("it is away")))];
    expect![[r#"
        2026-07-01T12:00:00Z ! cluster stage: ecs.ListServices: no; allow this call in the IAM policy of eastwest's task role
        2026-07-01T12:00:00Z prod/new: to change
        2026-07-01T12:00:00Z prod/api: in order
        2026-07-01T12:00:00Z prod/calm: is gone
        2026-07-01T12:00:00Z prod/other: is gone
        2026-07-01T12:00:00Z prod/web: is gone
        2026-07-01T12:00:00Z ! it is away
    "#]].assert_eq(&later.concat());
}

#[test]
fn on_a_terminal_a_text_that_many_services_share_comes_once() {
    let brake = Some(("MassChange", "130 of 300 services would change", "once acknowledged"));
    let rows = (0..130).map(|at| row(&format!("prod/s{at}"), "broken", brake)).collect();
    let standings = Standings::new(Vec::new(), rows);
    let count = |width| {
        let text = text(&standings, false, Layout { width, height: None });
        plain(&text).matches("would change").count()
    };
    assert_eq!((count(Some(80)), count(None)), (1, 130));
}
