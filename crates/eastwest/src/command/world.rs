//! Where a command reads: AWS, or files in its place.

use std::path::PathBuf;
use std::sync::Arc;

use eastwest_aws::{LeaseTable, OnAnswer, Share, World};
use eastwest_core::ecs::name::ClusterName;
use eastwest_core::ecs::network::Network;
use eastwest_core::ecs::queue::QueueUrl;
use eastwest_core::ecs::service::EcsService;

use super::offline;
use crate::config::Config;
use crate::daemon::meters::Metrics;
use crate::daemon::shared::Shared;

/// The AWS of a configuration, for a command that writes: each call is counted, and a change that waited for its turn is
/// sent only if the engine still leads. A sweep holds what the engine knows already in place of what says the same. The
/// first look may take another share of AWS's rates.
pub(crate) async fn connect(
    config: &Config,
    shared: &Arc<Shared>,
    first_look: Option<Share>,
) -> anyhow::Result<Arc<World>> {
    let asked = Arc::clone(shared);
    let may_write =
        move |cluster: &ClusterName| asked.engine().may_write(cluster, asked.clock.now());
    let known = Arc::clone(shared);
    let unchanged = move |read: &EcsService| known.engine().view().unchanged(read);
    let held = shared.engine().settings().lease.clone();
    let lease_table = config.lease.as_ref().zip(held);
    let lease_table = lease_table.map(|(lease, settings)| LeaseTable {
        name: lease.table.clone(),
        patience: settings.retry_after(),
    });
    let told = Arc::clone(shared);
    let settings = eastwest_aws::Settings {
        on_call: Arc::new(move |call| told.called(&call)),
        may_write: Arc::new(may_write),
        unchanged: Arc::new(unchanged),
        lease_table,
        first_look: first_look.map(|share| share.times(config.rates)),
        bus: config.notify.as_ref().and_then(|notify| notify.bus.clone()),
        ..settings(config, &shared.metrics)
    };
    Ok(Arc::new(World::connect(settings).await?))
}

fn settings(config: &Config, metrics: &Metrics) -> eastwest_aws::Settings {
    let metrics = metrics.clone();
    eastwest_aws::Settings {
        region: config.region.clone(),
        share: Share::OF_A_DAEMON.times(config.rates),
        queue_region: config.queue.as_ref().and_then(QueueUrl::region).map(str::to_owned),
        on_call: Arc::new(move |call| metrics.call(&call)),
        ..eastwest_aws::Settings::default()
    }
}

/// The AWS of a configuration for one look: `on_answer` receives the JSON of every answer, if somebody writes it down.
pub(crate) async fn looking(
    config: &Config,
    on_answer: Option<OnAnswer>,
) -> anyhow::Result<Arc<World>> {
    let settings = settings(config, &Metrics::new());
    // A person waits for it. The daemon, which is always there, takes less.
    let share = Share::OF_A_LOOK.times(config.rates);
    let settings = eastwest_aws::Settings { share, on_answer, ..settings };
    Ok(Arc::new(World::connect(settings).await?))
}

/// Where a command reads.
pub(crate) struct Origin {
    /// AWS, or files in its place.
    pub(crate) world: Arc<World>,
    /// Remarks on the files.
    pub(crate) notes: Vec<String>,
}

/// Where a command reads: these files, or AWS if there are none.
pub(crate) async fn origin(config: &Config, files: &[PathBuf]) -> anyhow::Result<Origin> {
    if files.is_empty() {
        return Ok(Origin { world: looking(config, None).await?, notes: Vec::new() });
    }
    let offline = offline::world(files, &config.settings)?;
    Ok(Origin { world: Arc::new(offline.world), notes: offline.notes })
}

/// Where `verify` reads.
pub(crate) struct OriginBesideNetwork {
    /// AWS, or files in its place.
    pub(crate) world: Arc<World>,
    /// Whether it is files.
    pub(crate) is_offline: bool,
    /// Remarks on the files.
    pub(crate) notes: Vec<String>,
    /// Network interfaces and security groups, which only files have.
    pub(crate) network: Option<Network>,
}

/// Where `verify` reads: these files; AWS if there are none, or if all they hold is what no call of eastwest reads.
pub(crate) async fn origin_beside_network(
    config: &Config,
    files: &[PathBuf],
) -> anyhow::Result<OriginBesideNetwork> {
    if files.is_empty() {
        let (notes, network) = (Vec::new(), None);
        let world = looking(config, None).await?;
        return Ok(OriginBesideNetwork { world, is_offline: false, notes, network });
    }
    let captures = offline::captures(files)?;
    let network = captures.network().cloned();
    if captures.is_network_alone() {
        let notes = vec!["only answers of EC2 were captured: all else is read from AWS".to_owned()];
        let world = looking(config, None).await?;
        return Ok(OriginBesideNetwork { world, is_offline: false, notes, network });
    }
    let offline = offline::offline(captures, &config.settings);
    let (world, notes) = (Arc::new(offline.world), offline.notes);
    Ok(OriginBesideNetwork { world, is_offline: true, notes, network })
}
