//! Where a command reads: AWS, or files in its place.

use std::path::PathBuf;
use std::sync::Arc;

use eastwest_aws::World;

use super::offline;
use crate::config::Config;
use crate::daemon::meters::Metrics;

/// The AWS of a configuration; each call is counted.
pub(crate) async fn connect(config: &Config, metrics: &Metrics) -> anyhow::Result<Arc<World>> {
    let metrics = metrics.clone();
    let settings = eastwest_aws::Settings {
        region: config.region.clone(),
        on_call: Arc::new(move |call| metrics.call(&call)),
        ..eastwest_aws::Settings::default()
    };
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
        let world = connect(config, &Metrics::new()).await?;
        return Ok(Origin { world, notes: Vec::new() });
    }
    let offline = offline::world(files, &config.settings)?;
    Ok(Origin { world: Arc::new(offline.world), notes: offline.notes })
}
