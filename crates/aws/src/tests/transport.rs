//! What only real sockets can do: refuse, hang, break off, speak another protocol.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_smithy_http_client::proxy::ProxyConfig;
use eastwest_core::ecs::fault::{Fault, FaultKind};
use eastwest_core::engine::effect::{Effect, Event};
use eastwest_core::plan::action::Action;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{Stage, config, staged, web};
use crate::settings::https_client;
use crate::{NoRegion, Settings, World};

/// What a server does with each connection, after the request came.
#[derive(Clone, Copy)]
enum Manner {
    Hang,
    Close,
    Say(&'static str),
}

/// A server with these manners: its address, and how many connections it saw.
async fn server(manner: Manner) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut socket, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let mut request = vec![0; 16 * 1024];
            let _ = socket.read(&mut request).await;
            match manner {
                Manner::Hang => held.push(socket),
                Manner::Close => drop(socket),
                Manner::Say(words) => {
                    let _ = socket.write_all(words.as_bytes()).await;
                }
            }
        }
    });
    (address, seen)
}

fn stage_at(address: &str) -> Stage {
    let config =
        config().http_client(https_client(ProxyConfig::disabled())).endpoint_url(address).build();
    staged(&config, Arc::default())
}

async fn read_fault(stage: &Stage) -> Fault {
    match stage.execute(Effect::FindClusters).await {
        Event::ClustersFound(Err(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

/// The same for an answer that takes a while.
async fn patient_read_fault(address: &str) -> Fault {
    let client = https_client(ProxyConfig::disabled());
    let config = config().http_client(client).endpoint_url(address).build();
    let settings = Settings { backoff: Duration::from_millis(1), ..Settings::default() };
    let world = World::over(&config, &settings).unwrap();
    match Box::pin(world.execute(Effect::FindClusters)).await {
        Event::ClustersFound(Err(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

async fn write_fault(stage: &Stage) -> Fault {
    match stage.execute(Effect::Apply(Action::Disconnect { service: web() })).await {
        Event::Applied(_, Err(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_refused_connection_is_unreachable_and_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let stage = stage_at(&address);
    for fault in [read_fault(&stage).await, write_fault(&stage).await] {
        assert_eq!(fault.kind, FaultKind::Unreachable, "{fault}");
        assert!(fault.message.contains("refused"), "{fault}");
    }
    assert_eq!(stage.counted().last().unwrap(), "ecs.UpdateService Unreachable");
}

#[tokio::test]
async fn an_endpoint_that_is_no_address_is_unreachable() {
    let fault = read_fault(&stage_at("http://")).await;
    assert_eq!(fault.kind, FaultKind::Unreachable, "{fault}");
}

#[tokio::test]
async fn a_read_that_hangs_times_out_three_times() {
    let (address, seen) = server(Manner::Hang).await;
    let stage = stage_at(&address);
    let fault = read_fault(&stage).await;
    assert_eq!(fault.kind, FaultKind::TimedOut, "{fault}");
    assert_eq!(seen.load(Ordering::SeqCst), 3);
    assert_eq!(stage.counted(), ["ecs.ListClusters TimedOut"; 3]);
}

#[tokio::test]
async fn a_write_that_breaks_off_is_of_unknown_effect_and_is_not_sent_again() {
    let (address, seen) = server(Manner::Close).await;
    let fault = write_fault(&stage_at(&address)).await;
    assert_eq!(fault.kind, FaultKind::TimedOut, "{fault}");
    assert_eq!(seen.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_answer_that_breaks_off_in_its_body_is_of_unknown_effect() {
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"service\":";
    let (address, seen) = server(Manner::Say(half)).await;
    let fault = write_fault(&stage_at(&address)).await;
    assert_eq!(fault.kind, FaultKind::TimedOut, "{fault}");
    assert_eq!(&*fault.message, "HTTP 200, and then the answer broke off before its end");
    assert_eq!(seen.load(Ordering::SeqCst), 1);
}

/// A whole answer that is this long, as ECS lists clusters.
fn clusters(filled_to: usize, clusters: usize) -> &'static str {
    let arns = vec!["\"a\""; clusters].join(",");
    let filling = " ".repeat(filled_to.saturating_sub(arns.len()));
    let body = format!("{{\"clusterArns\":[{arns}]{filling}}}");
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}").leak()
}

#[tokio::test]
async fn an_answer_of_more_than_32_mib_is_a_fault() {
    let (address, _) = server(Manner::Say(clusters(33 << 20, 1))).await;
    let fault = patient_read_fault(&address).await;
    assert_eq!(fault.kind, FaultKind::Unreadable, "{fault}");
    assert!(fault.message.contains("larger than 32 MiB"), "{fault}");
}

#[tokio::test]
async fn an_answer_of_more_than_100_000_values_is_a_fault() {
    let (address, _) = server(Manner::Say(clusters(0, 200_000))).await;
    let fault = patient_read_fault(&address).await;
    assert_eq!(fault.kind, FaultKind::Unreadable, "{fault}");
    assert!(fault.message.contains("more than 100,000 values"), "{fault}");
}

#[tokio::test]
async fn a_status_that_http_does_not_have_is_called_so() {
    let answer = "HTTP/1.1 999 Odd\r\ncontent-length: 2\r\n\r\n{}";
    let (address, _) = server(Manner::Say(answer)).await;
    let fault = write_fault(&stage_at(&address)).await;
    assert_eq!(fault.kind, FaultKind::Unreadable, "{fault}");
    assert!(fault.message.starts_with("HTTP 999, which is no status of HTTP"), "{fault}");
}

#[tokio::test]
async fn a_server_that_does_not_speak_http_is_unreadable() {
    let (address, _) = server(Manner::Say("SSH-2.0-OpenSSH_9.6\r\n\r\n")).await;
    let fault = write_fault(&stage_at(&address)).await;
    assert_eq!(fault.kind, FaultKind::Unreadable, "{fault}");
}

#[tokio::test]
async fn tls_that_fails_is_unreachable() {
    let (address, _) = server(Manner::Say("HTTP/1.1 400 Bad Request\r\n\r\n")).await;
    let fault = write_fault(&stage_at(&address.replace("http:", "https:"))).await;
    assert_eq!(fault.kind, FaultKind::Unreachable, "{fault}");
}

#[tokio::test]
async fn a_whole_answer_over_a_socket_is_read() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 18\r\n\r\n{\"clusterArns\":[]}";
    let (address, _) = server(Manner::Say(answer)).await;
    let event = stage_at(&address).execute(Effect::FindClusters).await;
    assert!(matches!(event, Event::ClustersFound(Ok(found)) if found.is_empty()));
}

#[test]
fn without_a_region_there_is_no_world() {
    let config = config().region(None).build();
    assert_eq!(World::over(&config, &Settings::default()).err(), Some(NoRegion));
}

#[test]
fn a_world_and_its_work_may_move_between_threads() {
    fn moves<T: Send>(thing: T) -> T {
        thing
    }
    let world = World::over(&config().build(), &Settings::default()).unwrap();
    drop(moves(Box::pin(world.execute(Effect::FindClusters))));
}
