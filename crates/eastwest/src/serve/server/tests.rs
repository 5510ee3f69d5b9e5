//! Each limit of a connection, on a real socket: what the far end sees of it.

use axum::routing::get;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

const ENDLESS: Duration = Duration::from_hours(1);
const GET: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/// A server of one page of this many bytes: a connection to it. It ends with the runtime of its test.
async fn connect(length: usize, patience: Patience) -> TcpStream {
    let listener = listen(([127, 0, 0, 1], 0).into()).expect("a free port");
    let address = listener.local_addr().expect("bound");
    let page = axum::body::Bytes::from(vec![b'x'; length]);
    let routes = Router::new().route("/", get(async move || page.clone()));
    tokio::spawn(serve(listener, Server { routes, patience, stop: CancellationToken::new() }));
    TcpStream::connect(address).await.expect("it listens")
}

/// What comes until the connection ends, whichever way.
async fn rest(mut stream: TcpStream) -> String {
    let mut all = Vec::new();
    drop(stream.read_to_end(&mut all).await);
    String::from_utf8(all).expect("text")
}

async fn answer_to(request: &str) -> String {
    let mut stream = connect(2, Patience::default()).await;
    stream.write_all(request.as_bytes()).await.expect("sent");
    rest(stream).await
}

#[tokio::test]
async fn http_2_is_not_answered() {
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0";
    assert_eq!(answer_to(preface).await, "");
    let upgrade = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings, close\r\n\
                   Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n";
    assert!(answer_to(upgrade).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn a_header_of_16_kib_is_the_largest() {
    let request = |length: usize| {
        format!("GET / HTTP/1.1\r\nConnection: close\r\nX: {}\r\n\r\n", "a".repeat(length))
    };
    assert!(answer_to(&request(15 * 1024)).await.starts_with("HTTP/1.1 200 "));
    let refused = answer_to(&request(17 * 1024)).await;
    assert!(refused.is_empty() || refused.starts_with("HTTP/1.1 431 "), "{refused}");
}

#[tokio::test]
async fn a_header_that_does_not_end_is_not_waited_for() {
    let patience = Patience { header: Duration::from_millis(50), answer: ENDLESS };
    let mut stream = connect(2, patience).await;
    let (read, mut write) = stream.split();
    let trickle = async move {
        for byte in b"GET / HTTP/1.1\r\nX: ".iter().chain(std::iter::repeat(&b'a')) {
            if write.write_u8(*byte).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let ended = async move {
        let (mut read, mut all) = (read, Vec::new());
        drop(read.read_to_end(&mut all).await);
        all
    };
    assert_eq!(tokio::join!(trickle, ended).1, b"");
}

#[tokio::test]
async fn a_connection_that_asks_nothing_more_is_closed() {
    let patience = Patience { header: Duration::from_millis(50), answer: ENDLESS };
    let mut stream = connect(2, patience).await;
    stream.write_all(GET.as_bytes()).await.expect("sent");
    assert!(rest(stream).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn a_reader_who_does_not_take_the_answer_is_dropped() {
    // More than the kernel holds for both ends.
    let length = 16 << 20;
    let patience = Patience { header: ENDLESS, answer: Duration::from_millis(50) };
    let mut stream = connect(length, patience).await;
    stream.write_all(GET.as_bytes()).await.expect("sent");
    // The connection ends while nothing is read: a word to it then finds nobody.
    while stream.write_all(b"\r\n").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(rest(stream).await.len() < length);
}

#[tokio::test]
async fn who_connects_last_is_answered_whoever_else_is_connected() {
    let first = connect(2, Patience { header: ENDLESS, answer: ENDLESS }).await;
    let address = first.peer_addr().expect("connected");
    let mut idle = vec![first];
    for _ in 0..MOST * 2 {
        idle.push(TcpStream::connect(address).await.expect("it listens"));
    }
    let mut last = TcpStream::connect(address).await.expect("it listens");
    last.write_all(GET.replace("Host", "Connection: close\r\nHost").as_bytes())
        .await
        .expect("sent");
    assert!(rest(last).await.starts_with("HTTP/1.1 200 "));
    // The first came before all others and never asked.
    assert_eq!(rest(idle.swap_remove(0)).await, "");
}
