//! How long and how much of each connection is borne.
//!
//! HTTP/1.1 alone. A dependency of the AWS SDK switches HTTP/2 of `hyper` on, and `axum::serve` would then answer its
//! streams, which none of these limits counts.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::warn;

use super::connections::{Connections, MOST, Turn};
use super::flood::Flood;
use super::patience::Patient;

/// The largest header of a request, in bytes.
const LARGEST_HEADER: usize = 16 * 1024;
/// How much of each connection the kernel may hold in either direction, in bytes: it counts as the container's memory,
/// and Linux would let one connection grow to megabytes. It doubles what it is told.
const SEND_BUFFER: u32 = 64 * 1024;
const RECEIVE_BUFFER: u32 = 16 * 1024;
/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;
/// How long to wait where the process may open no more descriptors: some connection is closed meanwhile.
const PAUSE: Duration = Duration::from_millis(50);

/// How long the far end of a connection may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// For a header, and so between two requests.
    pub(crate) header: Duration,
    /// For an answer, once it is not taken as fast as it is sent.
    pub(crate) answer: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { header: Duration::from_secs(10), answer: Duration::from_secs(30) }
    }
}

/// What is served, and how.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    /// The pages.
    pub(crate) routes: Router,
    /// How long is waited for whoever reads them.
    pub(crate) patience: Patience,
    /// When to stop.
    pub(crate) stop: CancellationToken,
}

impl Server {
    /// These pages, until `stop`.
    pub(crate) fn new(routes: Router, stop: CancellationToken) -> Self {
        Self { routes, patience: Patience::default(), stop }
    }
}

/// Listens there. The connections inherit the sizes of the buffers.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A restart may take the port while connections of the process before it still end.
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves until it is to stop, then lets the answers under way end.
pub(crate) async fn serve(listener: TcpListener, server: Server) {
    let (connections, crowd) = (Connections::default(), Arc::new(Flood::default()));
    let tasks = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = server.stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let turn = connections.begin();
                let task = tasks.spawn(serve_one(stream, server.clone(), turn.clone()));
                if connections.keep(turn, task.abort_handle()) {
                    crowd.note(say_crowded);
                    // The one that goes has its descriptor until it runs.
                    tokio::task::yield_now().await;
                }
            }
            Err(error) if is_of_one(&error) => {}
            Err(_) => {
                crowd.note(say_crowded);
                connections.make_room();
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    tasks.close();
    tasks.wait().await;
}

fn say_crowded(count: u64) {
    warn!(
        count,
        most = MOST,
        "HTTP connections were closed to make room for others: let only monitoring and people reach --listen"
    );
}

/// Whether accepting failed for that one connection, which its far end gave up.
fn is_of_one(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn serve_one(stream: TcpStream, server: Server, turn: Turn) {
    let Server { routes, patience, stop } = server;
    let routes = TowerToHyperService::new(routes);
    let service = service_fn(move |request: Request<hyper::body::Incoming>| {
        turn.take();
        routes.call(request)
    });
    let stream = TokioIo::new(Patient::new(stream, patience.answer));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience.header)
        .max_buf_size(LARGEST_HEADER)
        .serve_connection(stream, service);
    let mut connection = std::pin::pin!(connection);
    // How a connection ended is its far end's affair.
    tokio::select! {
        ended = connection.as_mut() => drop(ended),
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            drop(connection.await);
        }
    }
}

#[cfg(test)]
mod tests;
