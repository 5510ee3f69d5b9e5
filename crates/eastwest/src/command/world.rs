//! Where a command reads: AWS, or files in its place.

use std::path::PathBuf;
use std::sync::Arc;

use eastwest_aws::{LeaseTable, Share, World};
use eastwest_core::ecs::name::ClusterName;
use eastwest_core::ecs::queue::QueueUrl;
use eastwest_core::ecs::service::EcsService;

use super::offline;
use crate::config::Config;
use crate::daemon::meters::Metrics;
use crate::daemon::shared::Shared;

/// The AWS of a configuration, for a command that writes: each call is counted, and a change that waited for its turn is
/// sent only if the engine still leads. A sweep holds what the engine knows already in place of what says the same.
pub(crate) async fn connect(config: &Config, shared: &Arc<Shared>) -> anyhow::Result<Arc<World>> {
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
    let settings = eastwest_aws::Settings {
        may_write: Arc::new(may_write),
        unchanged: Arc::new(unchanged),
        lease_table,
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
        let settings = settings(config, &Metrics::new());
        // A person waits for it. The daemon, which is always there, takes less.
        let settings =
            eastwest_aws::Settings { share: Share::OF_A_LOOK.times(config.rates), ..settings };
        let world = Arc::new(World::connect(settings).await?);
        return Ok(Origin { world, notes: Vec::new() });
    }
    let offline = offline::world(files, &config.settings)?;
    Ok(Origin { world: Arc::new(offline.world), notes: offline.notes })
}
