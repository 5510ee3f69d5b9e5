//! `eastwest run`: the daemon.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use eastwest_core::declaration::settings::{Policy, Settings};
use tracing::{info, warn};

use super::world;
use crate::config::Config;
use crate::daemon::clock::Clock;
use crate::daemon::driver::{self, Until};
use crate::daemon::identity;
use crate::daemon::meters::Metrics;
use crate::daemon::notify;
use crate::daemon::own_service;
use crate::daemon::shared::Shared;
use crate::daemon::signals::stop_signals;
use crate::daemon::silence;
use crate::serve::host::Hosts;
use crate::serve::http;
use crate::serve::server::{self, Server};

/// Runs until a signal stops it.
pub(crate) async fn run(mut config: Config) -> anyhow::Result<ExitCode> {
    let stop = stop_signals().context("cannot listen for signals")?;
    let listen = config.listen;
    let listener = server::listen(listen).with_context(|| {
        format!("cannot listen on {listen}: free the port, or choose another with --listen")
    })?;
    // Which port it is, if any free one was asked for.
    let listen = listener.local_addr().context("cannot tell which port was taken")?;
    own_service::settle(&mut config).await;
    let metrics = Metrics::new();
    let clock = Clock::start(config.head_start);
    let lease = identity::lease(&config);
    let settings = Settings { lease, ..config.of_daemon() };
    let shared = Arc::new(Shared::new(settings, metrics.clone(), clock));
    let policy: &str = config.settings.policy.into();
    info!(%listen, policy, version = env!("CARGO_PKG_VERSION"), "listening");
    if config.lease.is_none() && config.settings.policy != Policy::Observe {
        info!("no lease table is given: eastwest relies on being the only copy that writes");
    }
    if !config.head_start.is_zero() {
        warn!(
            "the start-up pause is shortened, which is for tests: changes may rest on stale answers"
        );
    }
    let hosts = Hosts::named(config.public_hosts.clone());
    let routes = http::router(Arc::clone(&shared), config.token.clone(), hosts, stop.clone());
    let pages = tokio::spawn(server::serve(listener, Server::new(routes, stop.clone())));
    tokio::spawn(silence::tell(Arc::clone(&shared)));
    let world = world::connect(&config, &shared, None).await?;
    if let Some(queue) =
        config.queue.as_ref().filter(|queue| !queue.is_in_partition_of(world.region()))
    {
        bail!(
            "--queue-url {queue}: this queue is in another partition of AWS than Region {}, and the credentials of one \
             partition mean nothing in another: name a queue of this partition",
            world.region()
        );
    }
    if let Some(to) = config.notify.clone() {
        let (shared, world) = (Arc::clone(&shared), Arc::clone(&world));
        tokio::spawn(notify::run(shared, world, to, stop.clone()));
    }
    driver::drive(world, shared, stop, Until::Stopped).await;
    pages.abort();
    Ok(ExitCode::SUCCESS)
}
