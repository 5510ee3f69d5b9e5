//! The binary `eastwest-sim`: reads its flags, listens, and ends on Ctrl-C or SIGTERM.
//!
//! **Invariant:** it listens on a loopback address only. The simulator verifies no signature and lets
//! any caller rewrite its world, so it is nothing to put on a network.

use std::io::Write;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use eastwest_sim::model::Population;
use eastwest_sim::wire::iam::Policies;
use eastwest_sim::wire::{Options, Server, serve};
use tokio::net::TcpListener;

/// How long open connections may take to finish after the signal to end.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// A pretend Amazon ECS, AWS Cloud Map, SSM Parameter Store, EventBridge and SQS, for any AWS SDK or CLI.
#[derive(Debug, Parser)]
#[command(name = "eastwest-sim", version)]
struct Flags {
    /// The loopback address and port to listen on; port 0 takes any free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4599", value_parser = loopback)]
    listen: SocketAddr,

    /// Virtual seconds for each real second; 0 stands still until POST /_sim/clock.
    #[arg(long, value_name = "N", default_value_t = 1.0, allow_negative_numbers = true)]
    speed: f64,

    /// Throttle calls as AWS does, by its published rates.
    #[arg(long)]
    quotas: bool,

    /// Start with this many ECS services in every region.
    #[arg(long, value_name = "N")]
    services: Option<usize>,

    /// How many of them in one cluster, of which AWS takes 5,000.
    #[arg(long, value_name = "N", default_value_t = 1000, requires = "services", value_parser = in_a_cluster)]
    services_per_cluster: usize,

    /// How many of a hundred of them opted in, by their tags.
    #[arg(long, value_name = "PERCENT", default_value_t = 40, requires = "services", value_parser = clap::value_parser!(u8).range(0..=100))]
    opted_in: u8,

    /// How many events DescribeServices shows of each, of which AWS shows 100.
    #[arg(long, value_name = "N", default_value_t = 0, requires = "services", value_parser = clap::value_parser!(u32).range(0..=100))]
    events: u32,

    /// An IAM policy, as JSON: callers with the access key of --policy-for may do what it allows, and nothing else. May
    /// be repeated; all policies hold together.
    #[arg(long, value_name = "FILE")]
    policy: Vec<PathBuf>,

    /// The access key that the policies are for. Everybody else may do everything.
    #[arg(long, value_name = "ACCESS_KEY", default_value = "restricted", requires = "policy")]
    policy_for: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Flags::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            drop(writeln!(std::io::stderr(), "eastwest-sim: {message}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(flags: Flags) -> Result<(), String> {
    let listener = TcpListener::bind(flags.listen)
        .await
        .map_err(|error| cannot_listen(flags.listen, &error))?;
    let options = Options {
        speed: flags.speed,
        quotas: flags.quotas,
        population: flags.services.map(|services| population(&flags, services)),
        policies: policies(&flags)?,
        ..Options::default()
    };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = serve(options, listener, async { drop(stopped.await) }).map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        format!("{error}: {}", cause.unwrap_or_default())
    })?;
    greet(&server);
    end_of_run().await;
    drop(stop);
    // A connection that does not finish in time ends with the process.
    tokio::time::timeout(LAST_ANSWERS, server.ended())
        .await
        .unwrap_or(Ok(()))
        .map_err(|error| format!("the server failed: {error}"))
}

fn population(flags: &Flags, services: usize) -> Population {
    Population {
        services,
        services_per_cluster: flags.services_per_cluster,
        opted_in_percent: flags.opted_in.into(),
        events: flags.events,
    }
}

fn policies(flags: &Flags) -> Result<Option<Policies>, String> {
    if flags.policy.is_empty() {
        return Ok(None);
    }
    let read = |path: &PathBuf| {
        let text =
            std::fs::read_to_string(path).map_err(|error| (path.clone(), error.to_string()))?;
        // Each is read by itself first, so that an error can name its file.
        Policies::read(&flags.policy_for, [text.as_str()])
            .map_err(|error| (path.clone(), error))?;
        Ok(text)
    };
    let texts = flags.policy.iter().map(read).collect::<Result<Vec<_>, (PathBuf, String)>>();
    let texts = texts.map_err(|(path, error)| format!("--policy {}: {error}", path.display()))?;
    Policies::read(&flags.policy_for, texts.iter().map(String::as_str)).map(Some)
}

/// One line on standard output: where it listens, and how to call it.
fn greet(server: &Server) {
    let url = server.url();
    let line = format!(
        "eastwest-sim listens on {url}; try: AWS_ENDPOINT_URL={url} AWS_DEFAULT_REGION=eu-central-1 \
         AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any aws ecs list-clusters"
    );
    drop(writeln!(std::io::stdout(), "{line}"));
}

/// Waits for Ctrl-C or SIGTERM; where signals cannot be waited for, for ever.
async fn end_of_run() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => (),
        _ = tokio::signal::ctrl_c() => (),
    }
}

fn in_a_cluster(text: &str) -> Result<usize, String> {
    let fits = |count: &usize| (1..=5000).contains(count);
    text.parse().ok().filter(fits).ok_or_else(|| "a number from 1 to 5000".to_owned())
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let form = "give a loopback address and a port, such as 127.0.0.1:4599";
    let mut found = text.to_socket_addrs().map_err(|error| format!("{error}; {form}"))?;
    let address = found.next().ok_or(form)?;
    if address.ip().is_loopback() {
        return Ok(address);
    }
    Err(format!(
        "{} is not a loopback address, and the simulator lets anyone change its world; {form}",
        address.ip()
    ))
}

fn cannot_listen(address: SocketAddr, error: &std::io::Error) -> String {
    if error.kind() == std::io::ErrorKind::AddrInUse {
        let next = SocketAddr::new(address.ip(), address.port().saturating_add(1));
        return format!(
            "port {} of {} is taken: end the program that listens there, or choose another with --listen {next}",
            address.port(),
            address.ip()
        );
    }
    format!("cannot listen on {address}: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_addresses_are_accepted() {
        assert!(loopback("127.0.0.1:4599").is_ok());
        assert!(loopback("[::1]:0").is_ok());
        assert!(loopback("0.0.0.0:4599").unwrap_err().contains("not a loopback address"));
        assert!(loopback("4599").unwrap_err().contains("127.0.0.1:4599"));
    }

    #[test]
    fn a_taken_port_says_what_to_do() {
        let taken = std::io::Error::from(std::io::ErrorKind::AddrInUse);
        let address = SocketAddr::from(([127, 0, 0, 1], 4599));
        let message = cannot_listen(address, &taken);
        assert!(message.contains("--listen 127.0.0.1:4600"), "{message}");
    }
}
