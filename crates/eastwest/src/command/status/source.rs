//! Whom `status` asks: AWS, files in its place, or a running eastwest.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use eastwest_core::ecs::service_key::ServicePath;
use eastwest_core::engine::look::shown_policy;

use super::rows::Standings;
use crate::command::look::look;
use crate::command::world;
use crate::config::Config;
use crate::daemon::client::Daemon;

/// How often a running eastwest is asked: it makes the page no more than once a second.
const BETWEEN_QUESTIONS: Duration = Duration::from_secs(2);

/// Flags of `status`.
#[derive(Debug, Args)]
pub(crate) struct StatusFlags {
    /// Show only this ECS service.
    #[arg(value_name = "CLUSTER/SERVICE")]
    pub(crate) service: Option<String>,
    /// Show the services that are in order and those that did not opt in, too.
    #[arg(long)]
    pub(crate) all: bool,
    /// Look again and again until Ctrl-C: every --interval, and a running eastwest every two seconds. Without a
    /// terminal, print a line for each change.
    #[arg(long)]
    pub(crate) watch: bool,
    /// Ask the eastwest that runs at this URL, in place of reading AWS: http://127.0.0.1:8080. With --from, files are
    /// read.
    #[arg(long, visible_alias = "from-daemon", env = "EASTWEST_DAEMON", value_name = "URL")]
    pub(crate) daemon: Option<String>,
    /// Read these captured files or folders instead of AWS, as `plan --from` does.
    #[arg(long, num_args = 1.., value_name = "FILE|DIR", conflicts_with = "watch")]
    pub(crate) from: Vec<PathBuf>,
    /// Print the services as JSON: all of them, and with --watch an object on a line for each look.
    #[arg(long)]
    pub(crate) json: bool,
}

impl StatusFlags {
    /// The running eastwest that is asked, if one is.
    pub(super) fn asked_daemon(&self) -> Option<&String> {
        self.daemon.as_ref().filter(|_| self.from.is_empty())
    }
}

/// Whom to ask, and about what.
pub(super) struct Source<'a> {
    /// The configuration.
    pub(super) config: &'a Config,
    /// The flags.
    pub(super) flags: &'a StatusFlags,
    /// The one service that was asked for.
    pub(super) service: Option<ServicePath>,
}

impl Source<'_> {
    /// How the services stand now.
    pub(super) async fn ask(&self) -> anyhow::Result<Standings> {
        let standings = match self.flags.asked_daemon() {
            Some(url) => Standings::of_daemon(Daemon::at(url)).await?,
            None => self.looked().await?,
        };
        match &self.service {
            None => Ok(standings),
            Some(path) => standings.only(&path.to_string()),
        }
    }

    async fn looked(&self) -> anyhow::Result<Standings> {
        let world = world::origin(self.config, &self.flags.from).await?.world;
        let mut settings = self.config.settings.clone();
        settings.policy = shown_policy(settings.policy);
        let looked = look(world, &settings).await;
        Ok(Standings::of_look(&looked, &settings))
    }

    /// How long to wait between two questions.
    pub(super) fn pause(&self) -> Duration {
        match self.flags.asked_daemon() {
            Some(_) => BETWEEN_QUESTIONS,
            None => self.config.settings.timing.interval,
        }
    }
}
