//! Connections to instances: TCP, and one HTTP request where core asks for it.
//!
//! **Invariant:** each takes a bounded time, only so many run at once, and of an answer nothing but its status is read.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use axum::http::header::{CONNECTION, HOST, USER_AGENT};
use eastwest_core::report::verify::{HttpAnswer, HttpAsk, Probe, Probed};
use futures_util::{StreamExt as _, stream};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// Connections at once.
const AT_ONCE: usize = 32;
/// The longest head of an answer.
const LONGEST_HEAD: usize = 16 * 1024;
const WHO: &str = concat!("eastwest/", env!("CARGO_PKG_VERSION"), " verify");

/// Asks each of these, several at once; each may take this long to accept, and as long again to answer.
pub(super) async fn ask(probes: BTreeSet<Probe>, patience: Duration) -> BTreeMap<Probe, Probed> {
    let asked = probes.into_iter().map(|probe| async move {
        let answer = one(&probe, patience).await;
        (probe, answer)
    });
    stream::iter(asked).buffer_unordered(AT_ONCE).collect().await
}

async fn one(probe: &Probe, patience: Duration) -> Probed {
    let began = Instant::now();
    let stream = match timeout(patience, TcpStream::connect(probe.address)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Probed { tcp: Err(why(&error)), http: None },
        Err(_) => {
            let words = format!("does not accept a connection within {} s", patience.as_secs());
            return Probed { tcp: Err(words), http: None };
        }
    };
    let tcp = Ok(began.elapsed());
    let Some(ask) = &probe.http else { return Probed { tcp, http: None } };
    let asked = Instant::now();
    let http = match timeout(patience, get(stream, ask)).await {
        Ok(Ok(status)) => Ok(HttpAnswer { status, took: asked.elapsed() }),
        Ok(Err(error)) => Err(format!("does not answer HTTP: {error}")),
        Err(_) => Err(format!("does not answer within {} s", patience.as_secs())),
    };
    Probed { tcp, http: Some(http) }
}

fn why(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "refuses the connection".to_owned(),
        _ => format!("cannot be connected to: {error}"),
    }
}

/// The status of the answer to one request. What follows the head is not read.
async fn get(stream: TcpStream, HttpAsk { host, path }: &HttpAsk) -> anyhow::Result<u16> {
    let mut builder = http1::Builder::new();
    builder.max_buf_size(LONGEST_HEAD);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await?;
    let request = Request::get(path.as_str())
        .header(HOST, host)
        .header(USER_AGENT, WHO)
        .header(CONNECTION, "close")
        .body(Body::empty())?;
    // Ends with this function, also where the answer comes too late.
    let mut connections = JoinSet::new();
    connections.spawn(connection);
    Ok(sender.send_request(request).await?.status().as_u16())
}

#[cfg(test)]
mod tests {
    use eastwest_core::ecs::name::HttpPath;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(1);

    /// What is found where a server answers each request with this text, or with nothing, and what it was asked.
    async fn asked(answer: &'static str, keeps_open: bool) -> (Probed, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut request = [0; 1024];
            let length = stream.read(&mut request).await.expect("a request");
            stream.write_all(answer.as_bytes()).await.expect("it is sent");
            if keeps_open {
                tokio::time::sleep(PATIENCE * 3).await;
            }
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        let path = HttpPath::parse("/health?deep=1").expect("a path");
        let http = Some(HttpAsk { host: "api:8080".to_owned(), path });
        let probe = Probe { address, http };
        let answers = ask(BTreeSet::from([probe.clone()]), PATIENCE).await;
        (
            answers[&probe].clone(),
            if keeps_open { String::new() } else { server.await.expect("it ends") },
        )
    }

    fn error(probed: &Probed) -> String {
        probed.http.clone().expect("it was asked").expect_err("an error")
    }

    #[tokio::test]
    async fn the_request_has_the_path_and_the_host_that_clients_call() {
        let (probed, request) =
            asked("HTTP/1.1 503 Busy\r\nContent-Length: 99999\r\n\r\n", false).await;
        assert_eq!(probed.http.expect("asked").expect("an answer").status, 503);
        let request = request.to_ascii_lowercase();
        assert!(request.starts_with("get /health?deep=1 http/1.1\r\n"), "{request}");
        assert!(request.contains("\r\nhost: api:8080\r\n"), "{request}");
        assert!(request.contains("\r\nuser-agent: eastwest/"), "{request}");
    }

    #[tokio::test]
    async fn what_is_no_http_what_says_nothing_and_what_is_closed_is_told_apart() {
        let (probed, _) = asked("SSH-2.0-OpenSSH_9.9\r\n", false).await;
        assert!(error(&probed).starts_with("does not answer HTTP: "), "{probed:?}");
        let (probed, _) = asked("", true).await;
        assert_eq!(error(&probed), "does not answer within 1 s");
        let (probed, _) = asked("", false).await;
        assert!(error(&probed).starts_with("does not answer HTTP: "), "{probed:?}");
        assert!(probed.tcp.is_ok());
    }

    #[tokio::test]
    async fn where_nobody_listens_the_connection_is_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let probe = Probe { address, http: None };
        let answers = ask(BTreeSet::from([probe.clone()]), PATIENCE).await;
        assert_eq!(answers[&probe].tcp, Err("refuses the connection".to_owned()));
    }
}
