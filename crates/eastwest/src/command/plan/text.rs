//! A plan as text: what would change, field by field, and why not where it would not.

use eastwest_core::ecs::change::Change;
use eastwest_core::ecs::text::first_of;
use eastwest_core::plan::action::Action;
use eastwest_core::plan::need::MissingEndpoint;

use crate::api::plan::{DocumentRow, DoubtRow, HoldRow, PlanPage, StepRow};
use crate::api::text::{line, mark};

/// The plan as a person reads it.
pub(crate) fn plan(page: &PlanPage) -> String {
    let mut text = String::new();
    for fault in &page.faults {
        line(&mut text, format_args!("! cluster {}: {}", fault.cluster, fault.message));
    }
    if let Some(document) = &page.document {
        show_document(&mut text, document);
    }
    for issue in &page.issues {
        let mark = mark(&issue.issue);
        line(&mut text, format_args!("{mark} {}: {}", issue.service, issue.issue));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    for missing in &page.missing {
        let hold = missing.hold.as_ref().map(|hold| format!("held, {}: {hold}: ", hold.reason()));
        let what = &missing.prerequisite;
        line(&mut text, format_args!("+ {}{what}", hold.unwrap_or_default()));
        if let Some(note) = &missing.note {
            line(&mut text, format_args!("    {note}"));
        }
        text.push('\n');
    }
    for step in &page.steps {
        show_step(&mut text, step);
    }
    for hold in &page.holds {
        show_hold(&mut text, hold);
    }
    for doubt in &page.doubts {
        show_doubt(&mut text, doubt);
    }
    text.push_str(&summary(page));
    show_cost(&mut text, page);
    text
}

fn show_document(text: &mut String, document: &DocumentRow) {
    for (source, fault) in document.sources.iter().filter_map(|s| Some((s, s.trouble.as_ref()?))) {
        line(text, format_args!("! document ssm:{}: {fault}", source.name));
    }
    for issue in &document.issues {
        line(text, format_args!("{} document {issue}", mark(issue)));
    }
}

fn show_step(text: &mut String, step: &StepRow) {
    let (mark, verb) = match &step.action {
        Action::Connect { .. } => ('~', "connect"),
        Action::Disconnect { .. } => ('-', "disconnect"),
        Action::Refresh { .. } => ('*', "refresh"),
    };
    let tasks = count(step.tasks, "task");
    let namespace = step.namespace.as_deref().map(|n| format!(" in {n}")).unwrap_or_default();
    line(
        text,
        format_args!("{mark} {}: {verb}{namespace}  # triggers a rollout ({tasks})", step.service),
    );
    if let Some(awaited) = &step.awaits {
        line(text, format_args!("    waits         {awaited}"));
    }
    if let Some(contention) = &step.contention {
        line(text, format_args!("    {contention}; this is one more attempt"));
        show_snippet(text, &contention.snippet());
    }
    show_lacks(text, &step.lacks, step.lacks_more);
    show_note(text, step.note.as_deref());
    show_changes(text, &step.changes);
    text.push('\n');
}

fn show_hold(text: &mut String, hold: &HoldRow) {
    line(text, format_args!("= {}: held, {}", hold.service, hold.hold.reason()));
    line(text, format_args!("    {}", hold.hold));
    line(text, format_args!("    ends {}", hold.hold.ends()));
    if let Some(snippet) = hold.hold.snippet() {
        show_snippet(text, &snippet);
    }
    show_lacks(text, &hold.lacks, hold.lacks_more);
    show_note(text, hold.note.as_deref());
    show_changes(text, &hold.changes);
    text.push('\n');
}

fn show_snippet(text: &mut String, snippet: &str) {
    for each in snippet.lines() {
        line(text, format_args!("    {each}"));
    }
}

fn show_lacks(text: &mut String, lacks: &[MissingEndpoint], more: usize) {
    for MissingEndpoint { name, alias, server, .. } in lacks {
        line(text, format_args!("    lacks         {name} as {alias} of {server}"));
    }
    if more > 0 {
        line(text, format_args!("    lacks         and {more} more"));
    }
}

fn show_doubt(text: &mut String, row: &DoubtRow) {
    line(text, format_args!("? {}: {}", row.service, row.doubt));
    line(text, format_args!("    ends {}", row.ends));
    text.push('\n');
}

fn show_note(text: &mut String, note: Option<&str>) {
    if let Some(note) = note {
        line(text, format_args!("    note: {note}"));
    }
}

fn show_changes(text: &mut String, changes: &[Change]) {
    for change in changes {
        let field: &str = change.field.into();
        let endpoint = change.endpoint.as_deref().map(|e| format!("{e} ")).unwrap_or_default();
        let from = change.from.as_deref().unwrap_or("-");
        let to = change.to.as_deref().unwrap_or("(removed; clients can no longer call it)");
        line(text, format_args!("    {field:<13} {endpoint}{from} -> {to}"));
    }
}

fn summary(page: &PlanPage) -> String {
    let sums = &page.summary;
    let nothing =
        sums.connect + sums.disconnect + sums.refresh + sums.held + page.missing.len() == 0;
    if nothing && page.faults.is_empty() {
        return nothing_to_change(page);
    }
    format!(
        "Plan: {} to connect, {} to disconnect, {} to refresh, {} held, {} in sync. {} would be replaced.\n",
        sums.connect,
        sums.disconnect,
        sums.refresh,
        sums.held,
        sums.in_sync,
        count(sums.tasks, "task")
    )
}

/// A plan without a step may mean that all is well, or that nothing could be decided.
fn nothing_to_change(page: &PlanPage) -> String {
    let sums = &page.summary;
    if page.document.as_ref().is_some_and(|document| !document.in_force) {
        return "No plan: the document could not be read, and it may say anything.\n".to_owned();
    }
    let services = count_usize(sums.in_sync, "service");
    match (sums.in_sync, sums.not_opted_in) {
        (0, 0) => "No plan: no service was found.\n".to_owned(),
        (0, others) => {
            format!("Nothing to change: none of {} opted in.\n", count_usize(others, "service"))
        }
        (_, 0) => format!("Nothing to change: {services} in sync.\n"),
        (_, others) => {
            format!("Nothing to change: {services} in sync, {others} not opted in.\n")
        }
    }
}

/// What the plan costs, its id, and whether another copy may write, too.
fn show_cost(text: &mut String, page: &PlanPage) {
    let cost = &page.cost;
    if cost.services == 0 {
        return;
    }
    let time = match &cost.time {
        None => "duration unknown: there is no past deployment to estimate from".to_owned(),
        Some(estimate) => {
            let guessed = match estimate.guessed {
                0 => String::new(),
                some => format!(", {some} of them guessed"),
            };
            format!("about {} by past deployments{guessed}", span(estimate.seconds))
        }
    };
    let (services, rounds) =
        (count_usize(cost.services, "service"), count_usize(cost.rounds, "round"));
    let tasks = count(cost.tasks, "task");
    line(text, format_args!("Cost: {services} in {rounds} of rollouts, {tasks}; {time}."));
    let stale = &cost.stale_clients;
    if !stale.is_empty() {
        let (clients, names) = (count_usize(stale.len(), "client"), first_of(stale, ", "));
        line(text, format_args!("      {clients} stale until rolled out again: {names}."));
    }
    line(text, format_args!("Id:   {}", page.id));
    if page.relies_on_being_alone {
        text.push_str(
            "Without --lease-table, nothing keeps another copy of eastwest from writing, too.\n",
        );
    }
}

fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

fn count(number: u32, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

fn count_usize(number: usize, noun: &str) -> String {
    count(u32::try_from(number).unwrap_or(u32::MAX), noun)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use eastwest_core::declaration::issue::Issue;
    use eastwest_core::declaration::settings::Policy;
    use eastwest_core::ecs::change::Field;
    use eastwest_core::ecs::fault::{Fault, FaultKind};
    use eastwest_core::ecs::name::{Arn, DiscoveryName, NamespaceName};
    use eastwest_core::ecs::namespace::NewNamespace;
    use eastwest_core::ecs::service_key::ServiceKey;
    use eastwest_core::ecs::tool::Tool;
    use eastwest_core::plan::Missing;
    use eastwest_core::plan::awaited::{Awaited, Until};
    use eastwest_core::plan::consent::PlanId;
    use eastwest_core::plan::contention::Contention;
    use eastwest_core::plan::hold::Hold;
    use eastwest_core::plan::prerequisite::Prerequisite;
    use eastwest_core::report::cost::{Cost, Estimate};
    use expect_test::expect;

    use super::*;
    use crate::api::plan::{FaultRow, IssueRow, Summary};

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

    #[test]
    fn a_plan_says_what_changes_what_is_held_and_what_is_wrong() {
        expect![[r#"
            ! cluster stage: ecs.ListServices: no; allow this call in the IAM policy of eastwest's task role
            ! prod/cron: eastwest/mode="clinet": client, client-server or off; did you mean "client"?

            + create private DNS namespace internal.myapp in vpc-1

            - prod/old: disconnect in internal.myapp  # triggers a rollout (1 task)
                enabled       on -> off
                endpoint      http/web web.internal.myapp:80 -> (removed; clients can no longer call it)

            = prod/web: held, Rolling
                a deployment of this service is running
                ends once that deployment has ended
                note: prod/old goes first

            ? prod/cron: it needs api, which no service offers
                ends once a service offers api

            Plan: 0 to connect, 1 to disconnect, 0 to refresh, 1 held, 3 in sync. 1 task would be replaced.
            Cost: 2 services in 2 rounds of rollouts, 5 tasks; about 3 min by past deployments, 1 of them guessed.
                  1 client stale until rolled out again: prod/shop.
            Id:   0123456789ab
            Without --lease-table, nothing keeps another copy of eastwest from writing, too.
        "#]]
        .assert_eq(&plan(&page()));
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
        let page =
            PlanPage { steps: vec![step], holds, issues, faults, missing, summary, ..page() };
        let page = PlanPage { doubts: Vec::new(), ..page };
        let page = PlanPage { cost: Cost::default(), ..page };
        expect![[r#"
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
        "#]].assert_eq(&plan(&page));
    }

    #[test]
    fn an_empty_plan_is_one_line() {
        let (steps, holds, issues, faults) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let summary = Summary { in_sync: 1, ..Summary::default() };
        let (policy, missing, document) = (Policy::Sync, Vec::new(), None);
        let (cost, needs) = (Cost::default(), BTreeMap::new());
        let page = PlanPage { policy, missing, steps, holds, issues, needs, ..page() };
        let page = PlanPage { document, faults, summary, cost, doubts: Vec::new(), ..page };
        assert_eq!(plan(&page), "Nothing to change: 1 service in sync.\n");
        let said = |in_sync, not_opted_in| {
            nothing_to_change(&PlanPage {
                summary: Summary { in_sync, not_opted_in, ..Summary::default() },
                document: None,
                ..super::tests::page()
            })
        };
        assert_eq!(said(1, 10), "Nothing to change: 1 service in sync, 10 not opted in.\n");
        assert_eq!(said(0, 11), "Nothing to change: none of 11 services opted in.\n");
        assert_eq!(said(0, 0), "No plan: no service was found.\n");
    }
}
