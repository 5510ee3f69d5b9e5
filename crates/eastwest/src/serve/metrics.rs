//! The page that Prometheus reads: what was counted, and gauges read off the engine as the page is rendered, so that they
//! cannot drift from what the API shows.
//!
//! Labels come from closed sets only; services are named on two capped families.

use std::collections::BTreeSet;

use eastwest_core::declaration::issue::{Issue, Weight};
use eastwest_core::engine::Engine;
use eastwest_core::plan::entry::Verdict;
use eastwest_core::plan::hold::Hold;
use eastwest_core::report::health::Health;
use eastwest_core::report::ready::waiting_for;
use eastwest_core::report::status::{Status, Sync};
use prometheus::core::Collector;
use prometheus::{Encoder, GaugeVec, Registry, TextEncoder};

use crate::daemon::metric_labels::NAMED_AT_MOST;
use crate::daemon::metric_table as table;
use crate::daemon::shared::Shared;

/// The page of this moment.
pub(crate) fn page(shared: &Shared) -> Vec<u8> {
    let mut families = shared.metrics.gather();
    let now = Registry::new();
    for gauge in state(shared) {
        now.register(gauge).expect("each name stands here once");
    }
    families.extend(now.gather());
    families.sort_by(|a, b| a.name().cmp(b.name()));
    let mut page = Vec::new();
    TextEncoder::new().encode(&families, &mut page).expect("a Vec takes all bytes");
    page
}

/// The gauges, read off the engine.
fn state(shared: &Shared) -> Vec<Box<dyn Collector>> {
    let engine = shared.engine();
    let depth = table::QUEUE_DEPTH.gauge();
    depth.set(number(engine.queue_depth()));
    let mut gauges: Vec<Box<dyn Collector>> = vec![Box::new(depth)];
    gauges.extend(services(&engine, shared));
    gauges.extend(plans(&engine));
    gauges.push(ready(&engine, shared));
    gauges.push(clusters(&engine, shared));
    gauges.push(settings(&engine));
    gauges.extend(queue(&engine));
    gauges.extend(leaders(&engine, shared));
    gauges.extend(document_age(&engine, shared));
    gauges.extend(tasks());
    gauges
}

fn services(engine: &Engine, shared: &Shared) -> Vec<Box<dyn Collector>> {
    let now = shared.clock.now();
    let by_sync = table::SERVICES.gauges();
    let drift_age = table::DRIFT_AGE.gauges();
    let [issues, advice] = issues(engine);
    let rolling = table::ROLLING.gauges();
    let info = table::SERVICE_INFO.gauges();
    let mut listed = Vec::new();
    for (key, view) in engine.view().services() {
        let cluster = key.cluster.as_str();
        let Some(published) = engine.status(key) else { continue };
        let status = &published.status;
        by_sync.with_label_values(&[cluster, status.sync.into()]).inc();
        rolling
            .with_label_values(&[cluster])
            .add(number(usize::from(view.rolling_since.is_some())));
        let oldest = drift_age.with_label_values(&[cluster]);
        if let Some(age) = published.drift_age(now) {
            oldest.set(oldest.get().max(age.as_secs_f64()));
        }
        listed.push((std::cmp::Reverse(standing(status)), key));
    }
    listed.sort_unstable();
    for (std::cmp::Reverse(standing), key) in listed.into_iter().take(NAMED_AT_MOST) {
        let labels = [key.cluster.as_str(), key.name.as_str()];
        info.with_label_values(&labels).set(standing.into());
    }
    vec![
        Box::new(by_sync),
        Box::new(drift_age),
        Box::new(issues),
        Box::new(advice),
        Box::new(rolling),
        Box::new(info),
    ]
}

/// How far a service is from being in order, as a number: a status as a label would be a new series at each change.
fn standing(status: &Status) -> u8 {
    match status.sync {
        Sync::Synced if status.health == Health::Healthy => 0,
        Sync::Synced => 1,
        Sync::OutOfSync => 2,
        Sync::Unknown => 3,
    }
}

/// Issues of services and of the document, which belongs to no cluster. Advice is counted apart.
fn issues(engine: &Engine) -> [GaugeVec; 2] {
    let [blocking, advice] = [table::ISSUES.gauges(), table::ADVICE.gauges()];
    let count = |cluster: &str, issues: &mut dyn Iterator<Item = &Issue>| {
        // A series that is there at zero can be alerted on.
        let [blocking, advice] = [&blocking, &advice].map(|g| g.with_label_values(&[cluster]));
        for issue in issues {
            match issue.weight {
                Weight::Blocking => blocking.inc(),
                Weight::Advice => advice.inc(),
            }
        }
    };
    let plan = engine.plan();
    for (key, view) in engine.view().services() {
        let advice = plan.advice.get(key).into_iter().flatten();
        count(key.cluster.as_str(), &mut view.issues.iter().chain(advice));
    }
    if !engine.settings().sources.documents.is_empty() {
        count("*", &mut engine.view().in_force.issues.iter());
    }
    [blocking, advice]
}

fn plans(engine: &Engine) -> Vec<Box<dyn Collector>> {
    let holds = table::HOLDS.gauges();
    let conflicts = table::CONFLICTS.gauges();
    let stale = table::STALE_CLIENTS.gauges();
    let drift = table::SERVICE_DRIFT.gauges();
    let adopted = table::UNDECLARED.gauges();
    let managed: BTreeSet<_> = engine.plan().entries.keys().map(|key| &key.cluster).collect();
    for cluster in managed {
        adopted.with_label_values(&[cluster.as_str()]);
    }
    for key in engine.plan().adopted.keys() {
        adopted.with_label_values(&[key.cluster.as_str()]).inc();
    }
    let mut named = 0;
    for (key, entry) in &engine.plan().entries {
        if let Some(namespace) = &entry.namespace {
            let lacks = f64::from(u8::from(!entry.lacks.is_empty()));
            stale.with_label_values(&[namespace.name.as_str()]).add(lacks);
        }
        if let Some(hold) = entry.hold() {
            holds.with_label_values(&[key.cluster.as_str(), hold.reason().name()]).inc();
            if let (Hold::Conflict(..), Some(namespace)) = (hold, &entry.namespace) {
                conflicts.with_label_values(&[namespace.name.as_str()]).inc();
            }
        }
        if matches!(entry.verdict, Verdict::InSync) {
            continue;
        }
        let fields: BTreeSet<_> = entry.changes.iter().map(|change| change.field).collect();
        // All fields of a service, or none: what is shown of one is never a part.
        if named + fields.len() > NAMED_AT_MOST {
            continue;
        }
        named += fields.len();
        for field in fields {
            let labels = [key.cluster.as_str(), key.name.as_str(), field.label()];
            drift.with_label_values(&labels).set(1.0);
        }
    }
    vec![Box::new(holds), Box::new(conflicts), Box::new(stale), Box::new(drift), Box::new(adopted)]
}

/// Only where a document is configured; counted from the start while none was good yet.
fn document_age(engine: &Engine, shared: &Shared) -> Option<Box<dyn Collector>> {
    if engine.settings().sources.documents.is_empty() {
        return None;
    }
    let age = table::DOCUMENT_AGE.gauge();
    let now = shared.clock.now();
    let since = engine.view().in_force.good_at();
    age.set(since.map_or(now.since_start, |at| now.since(at)).as_secs_f64());
    Some(Box::new(age))
}

/// What this process may do: a sibling of `eastwest_build_info`.
fn settings(engine: &Engine) -> Box<dyn Collector> {
    let info = table::SETTINGS_INFO.gauges();
    let policy: &str = engine.settings().policy.into();
    info.with_label_values(&[policy]).set(1.0);
    Box::new(info)
}

/// Whether the queue can be used, where there is one.
fn queue(engine: &Engine) -> Option<Box<dyn Collector>> {
    engine.settings().queue.as_ref()?;
    let up = table::QUEUE_UP.gauge();
    up.set(number(usize::from(engine.queue_trouble().is_none())));
    Some(Box::new(up))
}

/// Whether there is a lease table, and where there is one, which clusters this process leads.
fn leaders(engine: &Engine, shared: &Shared) -> Vec<Box<dyn Collector>> {
    let used = table::LEASE_TABLE.gauge();
    let has_table = engine.settings().lease.is_some();
    used.set(number(usize::from(has_table)));
    let leads = table::LEADER.gauges();
    for cluster in engine.view().clusters.keys() {
        let leader = engine.leader(cluster, shared.clock.now());
        let is_leading = !has_table || leader.is_some_and(|leader| leader.is_us());
        leads.with_label_values(&[cluster.as_str()]).set(number(usize::from(is_leading)));
    }
    vec![Box::new(used), Box::new(leads)]
}

/// What runs at the same time in this process; the page may also be made where nothing runs.
fn tasks() -> Option<Box<dyn Collector>> {
    let runtime = tokio::runtime::Handle::try_current().ok()?;
    let alive = table::TASKS.gauge();
    alive.set(number(runtime.metrics().num_alive_tasks()));
    Some(Box::new(alive))
}

/// As `/readyz` answers.
fn ready(engine: &Engine, shared: &Shared) -> Box<dyn Collector> {
    let ready = table::READY.gauge();
    let missing = waiting_for(engine.view(), &engine.settings().timing, shared.clock.now());
    ready.set(number(usize::from(missing.is_empty())));
    Box::new(ready)
}

fn clusters(engine: &Engine, shared: &Shared) -> Box<dyn Collector> {
    let swept = table::LAST_SWEEP.gauges();
    for (name, cluster) in &engine.view().clusters {
        if let Some(at) = cluster.complete_at {
            let at = shared.clock.calendar(at).as_millisecond();
            #[expect(
                clippy::cast_precision_loss,
                reason = "milliseconds of this century fit a double"
            )]
            swept.with_label_values(&[name.as_str()]).set(at as f64 / 1000.0);
        }
    }
    Box::new(swept)
}

/// A count as a gauge's value.
fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use eastwest_core::declaration::settings::Settings;
    use eastwest_core::ecs::change::Field;
    use eastwest_core::ecs::fault::FaultKind;
    use eastwest_core::ecs::name::{Arn, ClusterName};
    use eastwest_core::ecs::seen::Seen;
    use eastwest_core::ecs::service_key::ServiceKey;
    use eastwest_core::engine::effect::Event;
    use eastwest_core::plan::action::ActionKind;
    use eastwest_core::plan::reason::Reason;
    use eastwest_core::report::news::RolloutEnd;
    use eastwest_core::view::reading::ClusterReading;

    use super::*;
    use crate::daemon::clock::Clock;
    use crate::daemon::meters::Metrics;
    use crate::daemon::metric_labels::ACCEPTED;
    use crate::daemon::metric_table::GROUPS;

    #[test]
    fn every_gauge_and_counter_can_be_registered_and_shown_before_anything_is_known() {
        let metrics = Metrics::new();
        let shared =
            Shared::new(Settings::default(), metrics.clone(), Clock::start(Duration::ZERO));
        let page = String::from_utf8(page(&shared)).unwrap();
        assert!(page.contains("eastwest_build_info{version="), "{page}");
        assert!(page.contains("eastwest_queue_depth 1"), "the listing of clusters is due: {page}");
        assert!(page.contains(r#"eastwest_settings_info{policy="observe"} 1"#), "{page}");
        #[cfg(target_os = "linux")]
        assert!(page.contains("process_resident_memory_bytes "), "{page}");
    }

    #[test]
    fn clusters_in_which_nobody_opted_in_have_few_series() {
        let shared = Shared::new(Settings::default(), Metrics::new(), Clock::start(Duration::ZERO));
        let names: BTreeSet<_> =
            (0..200).map(|number| ClusterName::as_read(&format!("cluster-{number}"))).collect();
        let swept = names.iter().map(|cluster| {
            Event::Swept(ClusterReading {
                cluster: cluster.clone(),
                default_namespace: Seen::Known(None),
                listing: Ok(()),
                services: BTreeMap::new(),
                unchanged: BTreeMap::new(),
            })
        });
        let found = Event::ClustersFound(Ok(names.clone()));
        for event in [Event::Tick, found].into_iter().chain(swept) {
            shared.step(event).expect("no step panics");
        }
        let page = String::from_utf8(page(&shared)).unwrap();
        let series = page.lines().filter(|line| !line.starts_with('#'));
        let of_one = series.clone().filter(|line| line.contains(r#"cluster="cluster-7""#));
        assert_eq!(of_one.count(), 2, "when it was read, and who leads it: {page}");
        assert!(series.count() < 600, "{page}");
    }

    #[tokio::test]
    async fn tasks_that_are_alive_are_counted() {
        let waiting = [0, 1].map(|_| tokio::spawn(std::future::pending::<()>()));
        let shared = Shared::new(Settings::default(), Metrics::new(), Clock::start(Duration::ZERO));
        let page = String::from_utf8(page(&shared)).unwrap();
        assert!(page.contains("eastwest_tasks 2\n"), "{page}");
        drop(waiting);
    }

    #[test]
    fn every_family_that_is_served_is_made_from_its_row() {
        let rows: BTreeMap<_, _> = GROUPS
            .iter()
            .flat_map(|group| group.metrics)
            .map(|row| (row.name, (row.kind.name(), row.help)))
            .collect();
        let metrics = Metrics::new();
        metrics.manages(&key().cluster);
        let shared = Shared::new(Settings::default(), metrics, Clock::start(Duration::ZERO));
        let page = String::from_utf8(page(&shared)).unwrap();
        let types = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
        let mut count = 0;
        for (name, kind) in types {
            let (wanted, help) = rows.get(name).copied().unwrap_or_default();
            assert_eq!(kind, wanted, "{name}: give it a row in metric_table.rs");
            let is_ours = name.starts_with("eastwest_");
            assert!(!is_ours || page.contains(&format!("# HELP {name} {help}\n")), "{name}");
            count += 1;
        }
        assert!(count > 10, "{page}");
    }

    #[test]
    fn the_ends_of_rollouts_are_counted_from_zero_on() {
        let metrics = Metrics::new();
        metrics.manages(&key().cluster);
        metrics.rolled_out(&key(), Duration::from_secs(30), RolloutEnd::RolledBack);
        metrics.rolled_out(&key(), Duration::from_secs(30), RolloutEnd::Superseded);
        let shared = Shared::new(Settings::default(), metrics, Clock::start(Duration::ZERO));
        let page = String::from_utf8(page(&shared)).unwrap();
        for (outcome, count) in
            [("Completed", 0), ("RolledBack", 1), ("Failed", 0), ("Superseded", 1), ("Deleted", 0)]
        {
            let line =
                format!(r#"eastwest_rollouts_total{{cluster="prod",outcome="{outcome}"}} {count}"#);
            assert!(page.contains(&line), "{line}: {page}");
        }
        assert!(page.contains("eastwest_rollout_duration_seconds_count 1"), "{page}");
    }

    #[test]
    fn label_values_of_ours_are_spelt_as_statuses_and_reasons_are() {
        let status: [&str; 2] = [Sync::OutOfSync.into(), Health::Degraded.into()];
        let kinds: [&str; 3] =
            [FaultKind::TimedOut.into(), ActionKind::Refresh.into(), RolloutEnd::RolledBack.into()];
        let others = [Field::AccessLogs.label(), Reason::NotSeen.name(), ACCEPTED];
        for value in status.into_iter().chain(kinds).chain(others) {
            assert!(value.starts_with(|first: char| first.is_ascii_uppercase()), "{value}");
            assert!(value.chars().all(|each| each.is_ascii_alphabetic()), "{value}");
        }
    }

    fn key() -> ServiceKey {
        ServiceKey::of_arn(&Arn::as_read("arn:aws:ecs:eu-west-1:111122223333:service/prod/web"))
            .expect("a key")
    }

    #[test]
    fn a_call_shows_with_its_result_and_its_time() {
        let metrics = Metrics::new();
        let (api, operation, result) = ("ecs", "ListServices", "Throttled");
        let duration = Duration::from_millis(30);
        let bucket = eastwest_aws::Bucket::ServiceRead;
        let denied = None;
        metrics.call(&eastwest_aws::Call { api, operation, bucket, result, duration, denied });
        let shared =
            Shared::new(Settings::default(), metrics.clone(), Clock::start(Duration::ZERO));
        let page = String::from_utf8(page(&shared)).unwrap();
        let counted =
            r#"eastwest_aws_calls_total{api="ecs",operation="ListServices",result="Throttled"} 1"#;
        assert!(page.contains(counted), "{page}");
        assert!(page.contains(
            r#"eastwest_aws_call_duration_seconds_count{api="ecs",operation="ListServices"} 1"#
        ));
        // AWS grants 20 a second of these.
        let used = r#"eastwest_aws_quota_seconds_total{bucket="ServiceRead"} 0.05"#;
        assert!(page.contains(used), "{page}");
    }
}
