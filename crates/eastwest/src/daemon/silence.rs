//! A start at which AWS answers nothing is said in the log long before the first call has failed for good.

use std::sync::Arc;

use eastwest_core::report::ready::SILENCE;
use tracing::warn;

use super::shared::Shared;

/// Logs that AWS is silent, if it is so after the start: one line.
pub(crate) async fn tell(shared: Arc<Shared>) {
    tokio::time::sleep(SILENCE).await;
    if let Some(why) = shared.silence() {
        warn!(why, "AWS does not answer");
    }
}
