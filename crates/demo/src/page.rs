//! What the screen shows: the daemon's own report beside the simulator's truth.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use eastwest_sim::wire::World;
use serde_json::Value;

use crate::fleet::{Fleet, Member, Target, Trouble};
use crate::table::Line;

/// One look at everything.
pub(crate) struct Page {
    rows: Vec<Row>,
    /// Updates that the simulator has seen, by service name.
    updates: BTreeMap<String, usize>,
}

struct Row {
    member: Member,
    running: String,
    rollout: String,
    sync: String,
    health: String,
    reason: String,
    why: String,
    alias: String,
    reaches: Vec<Reached>,
}

/// Whether a call gets through.
pub(crate) struct Reached {
    /// Who calls.
    pub(crate) from: String,
    /// What it calls.
    pub(crate) target: Target,
    /// Whether it gets there.
    pub(crate) ok: bool,
    /// How, or why not.
    pub(crate) why: String,
}

impl Page {
    /// Puts the daemon's page of services and the truth side by side.
    pub(crate) fn new(report: &Value, world: &mut World, fleet: &Fleet) -> Self {
        let reported: BTreeMap<&str, &Value> = report["services"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
            .iter()
            .filter_map(|row| Some((row["service"].as_str()?, row)))
            .collect();
        let mut updates: BTreeMap<String, usize> = BTreeMap::new();
        for mutation in world.mutations() {
            if let ("ecs.UpdateService", Some(name)) =
                (mutation.operation, mutation.body["service"].as_str())
            {
                *updates.entry(name.to_owned()).or_default() += 1;
            }
        }
        let rows = fleet.services().iter().map(|member| {
            let key = format!("{}/{}", fleet.cluster(), member.name);
            Row::read(member, &key, reported.get(key.as_str()).copied(), world)
        });
        Self { rows: rows.collect(), updates }
    }

    /// What has not converged yet; empty when everything has.
    pub(crate) fn open_points(&self) -> Vec<String> {
        let mut points = Vec::new();
        for row in &self.rows {
            let name = &row.member.name;
            let is_there = match row.member.trouble {
                Some(trouble) => row.reason == trouble.reason,
                None => (row.sync.as_str(), row.health.as_str()) == ("Synced", "Healthy"),
            };
            if row.member.opted_in() && !is_there {
                points.push(format!("{name} is {} and {} {}", row.sync, row.health, row.why));
            }
            if !row.member.opted_in() && self.updates.contains_key(name) {
                points.push(format!("{name} never opted in and was changed"));
            }
            let missed = row.reaches.iter().filter(|reached| !reached.ok);
            points.extend(missed.map(|r| {
                format!("{name} cannot call {}:{}: {}", r.target.host, r.target.port, r.why)
            }));
        }
        points
    }

    /// Every call that the fleet's services make.
    pub(crate) fn reaches(&self) -> impl Iterator<Item = &Reached> {
        self.rows.iter().flat_map(|row| &row.reaches)
    }

    /// The services that are in trouble on purpose: name, reason and cause.
    pub(crate) fn troubles(&self) -> impl Iterator<Item = (&str, Trouble)> {
        self.rows.iter().filter_map(|row| Some((row.member.name.as_str(), row.member.trouble?)))
    }

    /// How many updates were sent in all.
    pub(crate) fn updates(&self) -> usize {
        self.updates.values().sum()
    }

    /// The services that never opted in.
    pub(crate) fn untouched(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().filter(|row| !row.member.opted_in()).map(|row| row.member.name.as_str())
    }

    /// The same as sentences, one for each service.
    pub(crate) fn sentences(&self) -> Vec<String> {
        self.rows.iter().map(Row::sentence).collect()
    }

    /// The services as lines of the table.
    pub(crate) fn lines(&self) -> Vec<Line> {
        self.rows.iter().map(Row::line).collect()
    }
}

impl Row {
    /// The row in words, for where there is no terminal.
    fn sentence(&self) -> String {
        let words =
            [&self.running, &self.rollout, &self.sync, &self.health, &self.alias, &self.why];
        let words: Vec<&str> =
            words.into_iter().map(String::as_str).filter(|w| !w.is_empty()).collect();
        format!("{}: {}", self.member.name, words.join(", "))
    }

    fn read(member: &Member, key: &str, reported: Option<&Value>, world: &mut World) -> Self {
        let text = |path: &str| {
            reported
                .and_then(|row| row.pointer(path))
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let alias = reported
            .and_then(|row| row.pointer("/deployed/endpoints/0/alias"))
            .and_then(|alias| Some(format!("{}:{}", alias["dnsName"].as_str()?, alias["port"])))
            .unwrap_or_default();
        let reaches = member.calls.iter().map(|target| {
            let reach = world.model().reach(key, &target.host, u32::from(target.port));
            let (from, target) = (member.name.clone(), target.clone());
            Reached { from, target, ok: reach.ok, why: reach.why }
        });
        let reaches = reaches.collect();
        let Truth { running, rollout } = truth(world, key);
        let (sync, health, why) = if member.opted_in() {
            (text("/sync"), text("/health"), text("/message"))
        } else {
            ("-".to_owned(), "-".to_owned(), "did not opt in".to_owned())
        };
        let (member, reason) = (member.clone(), text("/reason"));
        Self { member, running, rollout, sync, health, reason, why, alias, reaches }
    }

    fn line(&self) -> Line {
        let ok = self.reaches.iter().filter(|reached| reached.ok).count();
        let calls = match self.reaches.len() {
            0 => String::new(),
            all => format!("{ok} of {all} get through"),
        };
        let Self { running, rollout, sync, health, alias, why, .. } = self;
        let texts = [&self.member.name, running, rollout, sync, health, alias, &calls];
        Line { cells: texts.map(Clone::clone), why: why.clone() }
    }
}

/// A service as the simulator has it.
#[derive(Default)]
struct Truth {
    /// Running and desired tasks.
    running: String,
    rollout: String,
}

/// A service, from the simulator itself.
fn truth(world: &mut World, key: &str) -> Truth {
    let Some((cluster, name)) = key.split_once('/') else { return Truth::default() };
    let request = eastwest_sim::shapes::ecs::DescribeServicesRequest {
        cluster: Some(cluster.to_owned()),
        services: vec![name.to_owned()],
        include: None,
    };
    let answer = world.model().describe_services(eastwest_sim::model::AsOf::Now, &request);
    let Some(service) = answer.ok().and_then(|answer| answer.services.into_iter().next()) else {
        return Truth::default();
    };
    let rollout = service.deployments.first().and_then(|d| d.rollout_state);
    let rollout = rollout.map(|state| state.as_str().to_lowercase().replace('_', " "));
    let running = format!("{}/{}", service.running_count, service.desired_count);
    Truth { running, rollout: rollout.unwrap_or_default() }
}

/// The daemon's page of services; nothing while it does not answer.
pub(crate) fn report(listen: SocketAddr) -> Value {
    // The call blocks; `block_in_place` lets the simulator serve meanwhile.
    tokio::task::block_in_place(|| fetch(listen)).unwrap_or_default()
}

fn fetch(listen: SocketAddr) -> Option<Value> {
    let agent = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(1)))
        .proxy(None)
        .build()
        .new_agent();
    let url = format!("http://{listen}/api/v1/services");
    let body = agent.get(url).call().ok()?.body_mut().read_to_string().ok()?;
    serde_json::from_str(&body).ok()
}
