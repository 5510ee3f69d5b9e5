//! `eastwest healthcheck`: asks the eastwest beside it whether it lives, for the health check of its container.
//!
//! The image has no shell and no other program, so ECS runs this one in the same container. It asks the port of `--listen`
//! on the loopback interface, and it ends within two seconds, because a check that hangs keeps a container waiting.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::config::Config;
use crate::daemon::client::client;

/// The longest that it may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks once. Exit codes: 0 it lives, 1 it does not answer.
pub(crate) async fn run(config: &Config) -> anyhow::Result<ExitCode> {
    let url = format!("http://{}/livez", reachable(config.listen));
    let asked = tokio::task::spawn_blocking({
        let url = url.clone();
        move || client(PATIENCE).get(&url).call().map(|answer| answer.status())
    });
    let answer = tokio::time::timeout(PATIENCE, asked).await;
    let answer = answer.with_context(|| format!("{url} does not answer within two seconds"))??;
    let status = answer.with_context(|| format!("{url} does not answer"))?;
    if status != 200 {
        bail!("{url} answers {status}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Where an address that is listened on is reached from the same machine.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_listens_everywhere_is_asked_on_the_loopback_interface() {
        for (listen, asked) in [
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:80", "[::1]:80"),
            ("10.0.0.7:8080", "10.0.0.7:8080"),
        ] {
            let listen = listen.parse().expect("an address");
            assert_eq!(reachable(listen).to_string(), asked);
        }
    }
}
