//! What a story shows: plans, statuses, the truth, writes and news, with random ids left out.

use std::fmt::Write as _;

use eastwest_core::ecs::time::Now;
use eastwest_core::engine::Engine;
use eastwest_core::plan::entry::Verdict;
use eastwest_core::plan::need::{MissingEndpoint, Need};
use eastwest_core::plan::reason::Reason;
use eastwest_core::report::news::{News, QueueNews, RolloutEnd};
use eastwest_core::report::status::Status;
use eastwest_sim::judge::Effective;
use eastwest_sim::model::{EcsServiceState, Effect, Model, Mutation};

/// A document is read about once a minute.
const CONFIRMED_SECONDS: u64 = 90;

macro_rules! line {
    ($text:expr, $($what:tt)*) => { writeln!($text, $($what)*).expect("a String takes everything") };
}

/// The plan, every service that opted in.
pub(crate) fn plan(engine: &Engine) -> String {
    let mut text = String::new();
    for (key, entry) in &engine.plan().entries {
        match &entry.verdict {
            Verdict::InSync => line!(text, "  {key}: in sync"),
            Verdict::Step { action } => line!(text, "  {key}: {}", action.kind()),
            Verdict::Hold { hold, .. } => {
                line!(text, "  {key}: held, {}: {hold}", hold.reason());
            }
        }
        for MissingEndpoint { name, alias, server, .. } in &entry.lacks {
            line!(text, "      lacks {name} as {alias} of {server}");
        }
        if let Some(note) = &entry.note {
            line!(text, "      note: {note}");
        }
        for change in &entry.changes {
            let field: &str = change.field.into();
            let endpoint =
                change.endpoint.as_deref().map(|each| format!(" of {each}")).unwrap_or_default();
            let from = change.from.as_deref().unwrap_or("-");
            let to = change.to.as_deref().unwrap_or("-");
            line!(text, "      {field}{endpoint}: {from} -> {to}");
        }
        let issues = engine.view().service(key).into_iter().flat_map(|view| &view.issues);
        for issue in issues.chain(engine.plan().advice.get(key).into_iter().flatten()) {
            line!(text, "      issue: {issue}");
        }
        if !entry.contested_by.is_empty() {
            let all: Vec<String> = entry.contested_by.iter().map(ToString::to_string).collect();
            line!(text, "      wanted by {} too", all.join(", "));
        }
    }
    if text.is_empty() { "  nobody opted in\n".to_owned() } else { text }
}

/// Which document is in force, since when nothing has confirmed it, and what is wrong with the latest reading.
pub(crate) fn document(engine: &Engine, now: Now) -> String {
    let view = engine.view();
    let mut text = String::new();
    match view.in_force.good_at().filter(|_| view.document.is_some()) {
        Some(at) if now.since(at).as_secs() < CONFIRMED_SECONDS => line!(text, "  in force"),
        Some(at) => {
            line!(text, "  in force, and not confirmed for {} s", now.since(at).as_secs());
        }
        None => line!(text, "  none in force"),
    }
    for (name, fault) in view.in_force.troubles() {
        line!(text, "  {name}: {fault}");
    }
    for issue in &view.in_force.issues {
        line!(text, "  {issue}");
    }
    text
}

/// The status of every service that opted in.
pub(crate) fn status(engine: &Engine) -> String {
    let mut text = String::new();
    for (key, _) in engine.view().services() {
        if let Some(status) = engine.status(key).map(|published| &published.status) {
            line!(text, "  {key}: {}", of(status));
            let rest = [("ends", &status.ends), ("ECS says:", &status.event)];
            for (what, said) in
                rest.into_iter().filter_map(|(what, said)| Some((what, said.as_ref()?)))
            {
                line!(text, "      {what} {said}");
            }
            for line in status.snippet.iter().flat_map(|snippet| snippet.lines()) {
                line!(text, "      | {line}");
            }
        }
    }
    text
}

/// What every service calls, and who says so.
pub(crate) fn needs(engine: &Engine) -> String {
    let mut text = String::new();
    for (key, needs) in &engine.plan().needs {
        let need = |need: &Need| {
            let inferred = if need.inferred { " (inferred)" } else { "" };
            format!("{}{inferred}", need.name)
        };
        let needs: Vec<String> = needs.iter().map(need).collect();
        line!(text, "  {key}: {}", needs.join(", "));
    }
    text
}

fn of(status: &Status) -> String {
    let (sync, health): (&str, &str) = (status.sync.into(), status.health.into());
    let reason = status.reason.map(Reason::name).filter(|reason| *reason != health);
    let reason = reason.map(|reason| format!(", {reason}")).unwrap_or_default();
    let message = status.message.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
    format!("{sync} {health}{reason}{message}")
}

/// What is in force, whoever put it there.
pub(crate) fn truth(model: &Model) -> String {
    let mut text = String::new();
    for (key, state) in model.services() {
        line!(text, "  {key}: {}", in_force(state));
    }
    text
}

/// What one service runs with.
pub(crate) fn in_force(state: &EcsServiceState) -> String {
    let Some(primary) = state.primary() else { return state.status.as_str().to_owned() };
    let rollout = primary.rollout_state.as_str();
    let running = format!("{rollout} {}/{}", state.running(), state.desired);
    let Some(connect) = primary.connect() else { return format!("{running}, off") };
    let effective = Effective::of(connect);
    let given = connect.echoed.namespace.clone().unwrap_or_default();
    let logs = if effective.logs[0].is_null() { "" } else { ", logs" };
    let endpoints: Vec<String> = effective.endpoints.iter().map(endpoint).collect();
    let endpoints = if endpoints.is_empty() { "client".to_owned() } else { endpoints.join("; ") };
    format!("{running}, in {given}: {endpoints}{logs}")
}

fn endpoint(each: &eastwest_sim::judge::EffectiveEndpoint) -> String {
    let (host, port) = &each.alias;
    format!("{} is {} as {host}:{port}", each.port_name, each.discovery_name)
}

/// What AWS refused to people.
pub(crate) fn refusal(mutation: &Mutation) -> Option<String> {
    match &mutation.effect {
        Effect::Refused { code, message } => Some(format!("{code}: {message}")),
        Effect::Started { .. } | Effect::Changed => None,
    }
}

/// A write, and what came of it.
pub(crate) fn write(mutation: &Mutation) -> String {
    let text = |member: &str| mutation.body[member].as_str();
    let service = || Some(format!("{}/{}", text("cluster")?, text("service")?));
    let made = || text("name").or(text("Name")).or(text("family")).map(str::to_owned);
    let service = service().or_else(made).unwrap_or_default();
    let outcome = match &mutation.effect {
        Effect::Started { .. } => "a rollout begins".to_owned(),
        Effect::Changed => "done".to_owned(),
        Effect::Refused { code, message } => format!("refused: {code}: {message}"),
    };
    format!("{} {} {service}: {outcome}", mutation.caller, mutation.operation)
}

/// One line of news.
pub(crate) fn news(news: &News) -> String {
    match news {
        News::Status(key, Some(status)) => format!("{key}: {}", of(status)),
        News::Status(key, None) => format!("{key}: no longer ours"),
        News::Changing(key, changes) => format!("{key}: changes {changes}"),
        News::Applied(key, action, Ok(_)) => format!("{key}: {action} accepted"),
        News::Applied(key, action, Err(fault)) => format!("{key}: {action} failed: {fault}"),
        News::FirstReading(cluster, census) => format!(
            "cluster {cluster}: {} in order, {} not, {} not opted in",
            census.in_order, census.not_in_order, census.not_opted_in
        ),
        News::Cluster(name, Some(fault)) => format!("cluster {name}: {fault}"),
        News::Cluster(name, None) => format!("cluster {name}: all right again"),
        News::RolledOut(key, _, RolloutEnd::Completed) => format!("{key}: rolled out"),
        News::RolledOut(key, _, end) => format!("{key}: {end}"),
        News::Made(prerequisite, Ok(_)) => format!("{prerequisite}: made"),
        News::Made(prerequisite, Err(fault)) => format!("{prerequisite}: {fault}"),
        News::Adopted(key, adopted) => format!("{key}: kept {adopted}"),
        News::Overtaken(key, _) => format!("{key}: a deployment of others right after ours"),
        News::InForce => "a document is in force".to_owned(),
        News::Document(None) => "the document is well again".to_owned(),
        News::Document(Some(trouble)) => format!("document: {trouble}"),
        News::Stopped(slept) => format!("was stopped for {} s", slept.as_secs()),
        News::Lease(cluster, change) => format!("cluster {cluster}: {change}"),
        News::Queue(QueueNews::Message(kind)) => {
            let kind: &str = kind.into();
            format!("a message: {kind}")
        }
        News::Queue(QueueNews::Followed(after)) => {
            format!("written {} s after a message", after.as_secs())
        }
        News::Queue(QueueNews::Flooded) => "too many messages".to_owned(),
        News::Queue(QueueNews::Trouble(Some(fault))) => format!("queue: {fault}"),
        News::Queue(QueueNews::Trouble(None)) => "queue: all right again".to_owned(),
        News::Breach(key, rule) => format!("{key}: BREACH {rule}"),
    }
}

/// The text without random ids, which say nothing and change with every change of the simulator.
pub(crate) fn masked(text: &str) -> String {
    let mut masked = text.to_owned();
    for prefix in ["/ns-", " ns-", "/srv-", "ecs-svc/", "The plan is "] {
        let mut parts = masked.split(prefix);
        let mut next = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            next.push_str(prefix);
            next.push('…');
            next.push_str(part.trim_start_matches(|c: char| c.is_ascii_alphanumeric()));
        }
        masked = next;
    }
    masked
}
