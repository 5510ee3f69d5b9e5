//! A small HTTP/1.1 client over one kept connection: enough for loopback, and nothing in the way of
//! what is measured.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The Region that every part of a run agrees on.
pub(crate) const REGION: &str = "eu-west-1";

/// One connection to a server on this machine.
pub(crate) struct Connection {
    address: SocketAddr,
    reader: BufReader<TcpStream>,
}

/// An answer: its status and its body.
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    /// The whole body.
    pub(crate) body: Vec<u8>,
}

impl Connection {
    /// Connects; fails at once where nobody listens.
    pub(crate) fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_mins(1)))?;
        Ok(Self { address, reader: BufReader::new(stream) })
    }

    /// Sends one request and reads its answer whole.
    pub(crate) fn send(&mut self, request: &Request) -> Result<Answer> {
        let head = format!(
            "{} {} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n{}\r\n",
            request.method,
            request.path,
            self.address,
            request.body.len(),
            request.headers,
        );
        let bytes = [head.as_bytes(), request.body.as_bytes()].concat();
        self.reader.get_mut().write_all(&bytes).context("the request cannot be sent")?;
        self.answer()
    }

    fn answer(&mut self) -> Result<Answer> {
        let status_line = self.line()?;
        let Some(status) = status_line.split(' ').nth(1).and_then(|code| code.parse().ok()) else {
            bail!("not an HTTP answer: {status_line:?}");
        };
        let mut length = Some(0);
        loop {
            let line = self.line()?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().ok();
            } else if line.starts_with("transfer-encoding:") {
                length = None;
            }
        }
        let body = match length {
            Some(length) => self.exactly(length)?,
            None => self.chunks()?,
        };
        Ok(Answer { status, body })
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.reader.read_line(&mut line).context("the answer cannot be read")? == 0 {
            bail!("the connection was closed");
        }
        Ok(line.trim_end().to_owned())
    }

    fn exactly(&mut self, length: usize) -> Result<Vec<u8>> {
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body).context("the answer ends early")?;
        Ok(body)
    }

    fn chunks(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let size = usize::from_str_radix(&self.line()?, 16).context("not a chunk size")?;
            body.extend(self.exactly(size)?);
            self.line()?;
            if size == 0 {
                return Ok(body);
            }
        }
    }
}

/// A request: `headers` is text in which every line ends with `\r\n`.
pub(crate) struct Request {
    /// `GET`, `POST`, `DELETE`.
    pub(crate) method: &'static str,
    /// The path with its query.
    pub(crate) path: String,
    /// Further header lines.
    pub(crate) headers: String,
    /// The body, empty for none.
    pub(crate) body: String,
}

impl Request {
    /// A request for JSON, with a JSON body or none.
    pub(crate) fn json(method: &'static str, path: &str, body: &str) -> Self {
        let headers = "Content-Type: application/json\r\n".to_owned();
        Self { method, path: path.to_owned(), headers, body: body.to_owned() }
    }

    /// One call of the AWS JSON protocol, with a signature nobody checks.
    pub(crate) fn aws(api: Api, operation: &str, body: &str) -> Self {
        let Protocol { name, version, target } = api.protocol();
        let headers = format!(
            "Content-Type: application/x-amz-json-{version}\r\n\
             X-Amz-Target: {target}.{operation}\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/{name}/aws4_request, \
             SignedHeaders=host, Signature=0\r\n"
        );
        Self { method: "POST", path: "/".to_owned(), headers, body: body.to_owned() }
    }
}

/// The APIs of AWS that a measurement calls itself.
#[derive(Clone, Copy)]
pub(crate) enum Api {
    /// Amazon ECS.
    Ecs,
    /// Amazon EventBridge.
    Events,
    /// Amazon SQS.
    Sqs,
}

struct Protocol {
    /// The service that a request is signed for.
    name: &'static str,
    /// Of the JSON protocol.
    version: &'static str,
    /// What the header that names the operation begins with.
    target: &'static str,
}

impl Api {
    fn protocol(self) -> Protocol {
        let (name, version, target) = match self {
            Self::Ecs => ("ecs", "1.1", "AmazonEC2ContainerServiceV20141113"),
            Self::Events => ("events", "1.1", "AWSEvents"),
            Self::Sqs => ("sqs", "1.0", "AmazonSQS"),
        };
        Protocol { name, version, target }
    }
}

/// One request on a connection of its own; anything but 200 is an error.
pub(crate) fn once(address: SocketAddr, request: &Request) -> Result<Vec<u8>> {
    let what = format!("{} {}", request.method, request.path);
    let answer = Connection::open(address)?.send(request).context(what.clone())?;
    if answer.status != 200 {
        bail!("{what}: status {}: {}", answer.status, String::from_utf8_lossy(&answer.body));
    }
    Ok(answer.body)
}

/// One request whose answer is JSON.
pub(crate) fn json(address: SocketAddr, request: &Request) -> Result<Value> {
    serde_json::from_slice(&once(address, request)?).context("the answer is not JSON")
}

/// One call of AWS's API whose answer is JSON.
pub(crate) fn aws(address: SocketAddr, api: Api, operation: &str, body: &Value) -> Result<Value> {
    json(address, &Request::aws(api, operation, &body.to_string())).context(operation.to_owned())
}

/// The status of a `GET`, or nothing where nobody answers.
pub(crate) fn status(address: SocketAddr, path: &str) -> Option<u16> {
    let answer = Connection::open(address).ok()?.send(&Request::json("GET", path, "")).ok()?;
    Some(answer.status)
}

#[cfg(test)]
mod tests {
    use super::{Connection, Request};
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    #[test]
    fn plain_and_chunked_answers_are_read_from_one_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let answers: [&[u8]; 2] = [
                b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi",
                b"HTTP/1.1 503 No\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n",
            ];
            for answer in answers {
                let mut buffer = [0; 1024];
                assert!(stream.read(&mut buffer).unwrap() > 0);
                stream.write_all(answer).unwrap();
            }
        });
        let mut connection = Connection::open(address).unwrap();
        let first = connection.send(&Request::json("GET", "/a", "")).unwrap();
        let second = connection.send(&Request::json("GET", "/b", "")).unwrap();
        assert_eq!((first.status, first.body.as_slice()), (200, b"hi".as_slice()));
        assert_eq!((second.status, second.body.as_slice()), (503, b"abcd".as_slice()));
        server.join().unwrap();
    }
}
