//! The daemon's process: this program again, as `eastwest run`, with the environment of a task.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::net::SocketAddr;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use tokio::process::{Child, Command};

use crate::fleet::{Fleet, REGION};

/// The first word that makes this program the daemon.
pub(crate) const WORD: &str = "__eastwest";

/// What would lead the daemon to another AWS, or give it other settings.
const FOREIGN: [&str; 9] = [
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_ENDPOINT_URL_ECS",
    "AWS_ENDPOINT_URL_SERVICEDISCOVERY",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
];

/// The daemon's own `main`, in its process. It ends with the process that started it: then its standard input closes.
pub(crate) fn main(words: impl Iterator<Item = OsString>) -> ExitCode {
    std::thread::spawn(|| {
        let mut rest = Vec::new();
        // Nothing is ever written there; any end of it is the end.
        drop(std::io::stdin().read_to_end(&mut rest));
        std::process::exit(0);
    });
    eastwest::main(std::iter::once(OsString::from("eastwest")).chain(words))
}

/// A running daemon.
pub(crate) struct Daemon {
    child: Child,
    log: String,
}

impl Daemon {
    /// Starts it against the simulator at `url`.
    pub(crate) fn start(url: &str, listen: SocketAddr, fleet: &Fleet) -> anyhow::Result<Self> {
        let log = std::env::temp_dir().join(format!("eastwest-demo-{}.log", std::process::id()));
        let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = Command::new(std::env::current_exe().context("this program's path")?);
        command
            .args([WORD, "run", "--policy", "sync", "--interval", "1s", "--log-format", "text"])
            .args(["--cluster", fleet.cluster(), "--listen", &listen.to_string()])
            .args(&fleet.flags)
            .envs([
                ("AWS_ENDPOINT_URL", url),
                ("AWS_REGION", REGION),
                ("AWS_ACCESS_KEY_ID", "demo"),
                ("AWS_SECRET_ACCESS_KEY", "demo"),
                ("AWS_EC2_METADATA_DISABLED", "true"),
                ("NO_PROXY", "127.0.0.1,localhost"),
                ("no_proxy", "127.0.0.1,localhost"),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(file)
            .kill_on_drop(true);
        let ours = std::env::vars_os().map(|(name, _)| name);
        for name in ours.filter(|name| name.to_string_lossy().starts_with("EASTWEST_")) {
            command.env_remove(name);
        }
        for name in FOREIGN {
            command.env_remove(name);
        }
        let child = command.spawn().context("the daemon did not start")?;
        Ok(Self { child, log: log.display().to_string() })
    }

    /// Where its log lines go.
    pub(crate) fn log(&self) -> &str {
        &self.log
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> anyhow::Result<Option<String>> {
        let status = self.child.try_wait().context("cannot look after the daemon")?;
        Ok(status.map(|status| status.to_string()))
    }

    /// Ends it: it sees its standard input close.
    pub(crate) async fn stop(mut self) {
        drop(self.child.stdin.take());
        let ended = tokio::time::timeout(Duration::from_secs(2), self.child.wait()).await;
        if ended.is_err() {
            drop(self.child.kill().await);
        }
    }
}
