//! Before the hub is open its door answers already: alive, not ready, and how far it is. Then the hub itself answers, on
//! connections that were there before.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use truc::engine::Replayed;
use truc::http::{Door, Listen, Progress, Server};

use crate::fixture::Answer;
use crate::support::TestHub;

/// One connection that stays open.
struct Line(TcpStream);

impl Line {
    async fn ask(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let length = body.len();
        let request = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n{headers}\r\n{body}");
        self.0.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            bytes.push(self.0.read_u8().await.unwrap());
        }
        let mut answer = Answer::parse(&bytes);
        answer.body = vec![0; answer.headers["content-length"].parse().unwrap()];
        self.0.read_exact(&mut answer.body).await.unwrap();
        answer
    }
}

async fn door(progress: Progress) -> (Door, Line) {
    let plain = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    let server = Server::bind(Listen { tls: None, plain }).await.unwrap();
    let address = server.plain_address().unwrap();
    (Door::open(server, progress), Line(TcpStream::connect(address).await.unwrap()))
}

#[tokio::test]
async fn who_comes_while_the_hub_starts_is_told_so_and_reaches_the_hub_later_on_the_same_connection() {
    let progress = Progress::default();
    let (door, mut line) = door(progress.clone()).await;
    assert_eq!(line.ask("GET", "/healthz", "", "").await.status, 200);
    let ready = line.ask("GET", "/readyz", "", "").await;
    assert_eq!((ready.status, ready.code().as_str()), (503, "starting"));
    progress.at(Replayed { before: 0, applied: 25, of: 100, elapsed: Duration::from_secs(5) });
    let ready = line.ask("GET", "/readyz", "", "").await;
    assert!(ready.detail().contains("25 of 100") && ready.detail().contains("15 s"), "{}", ready.detail());

    let test = TestHub::new().await;
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(door.serve(test.hub.clone(), async { stopped.await.unwrap_or_default() }));
    assert_eq!(line.ask("GET", "/readyz", "", "").await.status, 200);
    let inbox = line.ask("GET", "/v1/inbox", "", "").await;
    assert_eq!((inbox.status, inbox.code().as_str()), (401, "unauthenticated"));
    stop.send(()).unwrap();
    served.await.unwrap();
}

#[tokio::test]
async fn every_other_call_is_refused_for_a_while_in_the_callers_language() {
    let (_door, mut line) = door(Progress::default()).await;
    for (method, path) in [
        ("POST", "/v1/documents"),
        ("GET", "/v1/inbox"),
        ("GET", "/metrics"),
        ("GET", "/nothing"),
        ("POST", "/readyz"),
        ("DELETE", "/healthz"),
    ] {
        for (headers, title) in [("", "Trục đang khởi động"), ("Accept-Language: en\r\n", "The hub is starting")]
        {
            let body = if method == "POST" { "<edXML/>" } else { "" };
            let refused = line.ask(method, path, headers, body).await;
            assert_eq!((refused.status, refused.code().as_str()), (503, "starting"), "{method} {path}");
            assert!(refused.problem()["title"].as_str().unwrap().starts_with(title), "{method} {path}");
            assert!(refused.headers["retry-after"].parse::<u32>().unwrap() > 0, "{method} {path}");
        }
    }
}
