//! The wire as a client without an SDK sees it: bytes over a socket, one connection for each call.
//!
//! Invariant: no test sleeps to wait for virtual time; the clock is frozen and moved by hand. What
//! the model itself decides is tested with the model.

mod aws;
mod events;
mod faults;
mod sim;

use std::io;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::{Options, Server, serve};
use crate::model::Population;

/// A simulator on a free port, with its clock frozen.
struct Sim {
    server: Server,
    stop: oneshot::Sender<()>,
}

/// An answer as it came over the socket.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect(&self.text)
    }

    fn code(&self) -> String {
        self.json()["__type"].as_str().unwrap_or_default().to_owned()
    }

    fn message(&self) -> String {
        self.json()["message"].as_str().unwrap_or_default().to_owned()
    }
}

impl Sim {
    async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    async fn start_with(options: Options) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (stop, stopped) = oneshot::channel();
        let options = Options { speed: 0.0, ..options };
        let server = serve(options, listener, async { drop(stopped.await) }).unwrap();
        Self { server, stop }
    }

    /// A simulator with that many services.
    async fn populated(services: usize) -> Self {
        let population = Some(Population::of(services));
        Self::start_with(Options { population, ..Options::default() }).await
    }

    async fn send(&self, request: &str) -> io::Result<Answer> {
        let mut stream = TcpStream::connect(self.server.address).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await?;
        let text = String::from_utf8(bytes).map_err(io::Error::other)?;
        let (head, text) = text.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        let status = head[9..12].parse().map_err(io::Error::other)?;
        Ok(Answer { status, head: head.to_owned(), text: text.to_owned() })
    }

    async fn plain(&self, method: &str, path: &str, body: &str) -> Answer {
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        self.send(&request).await.unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.plain("GET", path, "").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let answer = self.plain("POST", path, &body.to_string()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// An AWS call such as `ecs.ListClusters`, signed for its service in `eu-central-1`.
    async fn aws(&self, op: &str, body: Value) -> Answer {
        self.send(&aws_request(op, "eu-central-1", &body.to_string())).await.unwrap()
    }

    /// An AWS call that must succeed.
    async fn good(&self, op: &str, body: Value) -> Value {
        let answer = self.aws(op, body).await;
        assert_eq!(answer.status, 200, "{op}: {answer:?}");
        answer.json()
    }

    async fn fault(&self, op: &str, kind: &str) {
        self.post("/_sim/faults", json!([{ "op": op, "kind": kind }])).await;
    }

    async fn calls(&self, op: &str) -> u64 {
        self.get("/_sim/calls").await[op].as_u64().unwrap_or_default()
    }
}

fn aws_request(op: &str, region: &str, body: &str) -> String {
    let (service, operation) = op.split_once('.').unwrap();
    let scope = format!("AKIA/20261123/{region}/{service}/aws4_request");
    let signature = format!(
        "authorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=00\r\n"
    );
    request_with(&target(service, operation), &signature, body)
}

fn request_with(target: &str, headers: &str, body: &str) -> String {
    format!(
        "POST / HTTP/1.1\r\nhost: data-127.0.0.1\r\nconnection: close\r\nuser-agent: raw/1\r\n\
         x-amz-user-agent: raw/1 app/story\r\nx-amz-target: {target}\r\n{headers}\
         content-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn target(service: &str, operation: &str) -> String {
    let prefix = match service {
        "ecs" => "AmazonEC2ContainerServiceV20141113",
        "servicediscovery" => "Route53AutoNaming_v20170314",
        "events" => "AWSEvents",
        "sqs" => "AmazonSQS",
        _ => "AmazonSSM",
    };
    format!("{prefix}.{operation}")
}
