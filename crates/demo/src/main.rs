//! eastwest and the simulator in one command: a fleet converges before your eyes.
//!
//! The simulator runs in this process and listens on the wire; the daemon is the real one, in a process of
//! its own with an ordinary daemon's environment, and reaches the simulator through the AWS SDK.

mod chaos;
mod daemon;
mod fleet;
mod page;
mod screen;
mod story;
mod table;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Parser;
use eastwest_sim::wire::{self, Server};

use crate::daemon::Daemon;
use crate::fleet::{Fleet, FleetName, REGION};
use crate::page::Page;
use crate::screen::Screen;

/// Shows eastwest converging a cluster, against a simulated AWS on this machine.
#[derive(Debug, Parser)]
#[command(name = "eastwest-demo", version, about, max_term_width = 100)]
struct Demo {
    /// Which fleet: the implementation guide's, the AWS containers retail store's, or one in which things go wrong.
    #[arg(long, value_enum, default_value = "guide")]
    fleet: FleetName,
    /// End as soon as all is converged: with 0, or with 1 and the reason if that takes too long.
    #[arg(long)]
    once: bool,
    /// How many simulated seconds pass in one.
    #[arg(long, default_value = "20", value_parser = clap::value_parser!(u32).range(1..=1000))]
    speed: u32,
    /// Where the simulated AWS listens.
    #[arg(long, default_value = "127.0.0.1:4599")]
    sim: SocketAddr,
    /// Where the daemon serves HTTP.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

/// How often the screen is drawn again.
const FRAME: Duration = Duration::from_millis(250);

fn main() -> ExitCode {
    // The daemon is this same program, started with this first word.
    let mut words = std::env::args_os();
    if words.nth(1).is_some_and(|word| word == daemon::WORD) {
        return daemon::main(words);
    }
    let demo = Demo::parse();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let ended = runtime
        .context("no threads for the runtime")
        .and_then(|runtime| runtime.block_on(show(&demo)));
    ended.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

async fn show(demo: &Demo) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(
        demo.sim.ip().is_loopback() && demo.listen.ip().is_loopback(),
        "--sim and --listen must be addresses of this machine, as 127.0.0.1:4599"
    );
    free(demo.listen, "--listen").await.map(drop)?;
    let server = simulator(demo).await?;
    let fleet = match demo.fleet {
        FleetName::Guide => fleet::guide(),
        FleetName::RetailStore => fleet::retail_store()?,
        FleetName::Chaos => chaos::fleet(),
    };
    fleet.build(&mut wire::lock(&server.world))?;
    if demo.fleet == FleetName::Chaos {
        chaos::prepare(&mut wire::lock(&server.world));
    }
    let mut daemon = Daemon::start(&server.url(), demo.listen, &fleet)?;
    let mut screen = Screen::new();
    screen.print(&story::opening(&fleet, &server.url(), demo.listen, daemon.log()));
    let ended = tokio::select! {
        ended = watch(demo, &server, &fleet, &mut daemon, &mut screen) => ended,
        _ = tokio::signal::ctrl_c() => {
            // Staying up ends this way; waiting for convergence does not.
            Ok(if demo.once { ExitCode::from(130) } else { ExitCode::SUCCESS })
        }
    };
    screen.leave();
    daemon.stop().await;
    ended
}

async fn simulator(demo: &Demo) -> anyhow::Result<Server> {
    let listener = free(demo.sim, "--sim").await?;
    let mut options = wire::Options { speed: f64::from(demo.speed), ..wire::Options::default() };
    REGION.clone_into(&mut options.model.region);
    wire::serve(options, listener, std::future::pending()).context("the simulator did not start")
}

/// A listener on a free port, or an error that says what to do.
async fn free(address: SocketAddr, flag: &str) -> anyhow::Result<tokio::net::TcpListener> {
    tokio::net::TcpListener::bind(address).await.with_context(|| {
        format!(
            "cannot listen on {address}; is another demo running? Stop what uses the port, or choose another with {flag} 127.0.0.1:PORT"
        )
    })
}

/// Shows the fleet until it has converged (`--once`), or for ever.
async fn watch(
    demo: &Demo,
    server: &Server,
    fleet: &Fleet,
    daemon: &mut Daemon,
    screen: &mut Screen,
) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let patience = patience(demo, fleet);
    let mut is_shown = false;
    loop {
        tokio::time::sleep(FRAME).await;
        if let Some(why) = daemon.ended()? {
            anyhow::bail!("the daemon ended by itself ({why}); its log says why: {}", daemon.log());
        }
        let report = page::report(demo.listen);
        if demo.fleet == FleetName::Chaos {
            chaos::act(&mut wire::lock(&server.world));
        }
        let page = Page::new(&report, &mut wire::lock(&server.world), fleet);
        screen.show(&page);
        let converged = page.open_points().is_empty();
        if converged && !is_shown {
            is_shown = true;
            screen.print(&story::converged(&page, started.elapsed()));
            if demo.once {
                return Ok(ExitCode::SUCCESS);
            }
            screen.print(&story::commands(fleet, &server.url(), demo.listen));
        }
        if demo.once && started.elapsed() > patience {
            let points = page.open_points().join("\n  ");
            anyhow::bail!(
                "not converged after {} s:\n  {points}\nthe daemon's log: {}",
                patience.as_secs(),
                daemon.log()
            );
        }
    }
}

/// How long `--once` waits for convergence: a simulated minute for each service, and a real one for all else. A writer
/// that changes a service back takes some rollouts more.
fn patience(demo: &Demo, fleet: &Fleet) -> Duration {
    let services = u32::try_from(fleet.services().len()).unwrap_or(u32::MAX);
    let others = if demo.fleet == FleetName::Chaos { 4 } else { 1 };
    Duration::from_mins(1) * others + Duration::from_mins(1) * services / demo.speed
}
