//! HTTP/1.1 by hand: what a client of any manners can put on a connection.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

/// Who calls, from which address of this machine, and where.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) hub: SocketAddr,
    pub(crate) from: [u8; 4],
    pub(crate) token: String,
}

/// A connection.
pub(crate) struct Wire {
    stream: TcpStream,
    caller: Caller,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Seconds.
    pub(crate) retry_after: Option<u64>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Of a problem.
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap().to_owned()
    }
}

impl Caller {
    pub(crate) async fn connect(&self) -> std::io::Result<Wire> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((self.from, 0)))?;
        let stream = socket.connect(self.hub).await?;
        stream.set_nodelay(true)?;
        Ok(Wire { stream, caller: self.clone() })
    }

    /// One call on a connection of its own.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.connect().await.unwrap().get(path).await.unwrap()
    }
}

impl Wire {
    pub(crate) async fn post(&mut self, path: &str, body: &[u8]) -> std::io::Result<Answer> {
        self.begin(path, body.len()).await?;
        self.stream.write_all(body).await?;
        self.answer().await
    }

    pub(crate) async fn get(&mut self, path: &str) -> std::io::Result<Answer> {
        self.ask(path).await?;
        self.answer().await
    }

    /// Asks, and does not read the answer.
    pub(crate) async fn ask(&mut self, path: &str) -> std::io::Result<()> {
        let token = &self.caller.token;
        let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
        self.stream.write_all(head.as_bytes()).await
    }

    /// The head of a call whose body is so long.
    pub(crate) async fn begin(&mut self, path: &str, length: usize) -> std::io::Result<()> {
        let token = &self.caller.token;
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: {length}\r\n\r\n"
        );
        self.stream.write_all(head.as_bytes()).await
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Reads one answer whole; an error where the connection ends before it.
    pub(crate) async fn answer(&mut self) -> std::io::Result<Answer> {
        let mut bytes = Vec::new();
        let head_end = loop {
            if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if self.stream.read_buf(&mut bytes).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        };
        let head = String::from_utf8_lossy(&bytes[..head_end]).to_ascii_lowercase();
        let field =
            |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned());
        let length: usize = field("content-length:").map_or(0, |length| length.parse().unwrap());
        while bytes.len() < head_end + length {
            if self.stream.read_buf(&mut bytes).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
        let body = String::from_utf8(bytes[head_end..head_end + length].to_vec()).unwrap();
        let retry_after = field("retry-after:").map(|seconds| seconds.parse().unwrap());
        Ok(Answer { status: head[9..12].parse().unwrap(), retry_after, body })
    }
}

/// A figure of `/metrics`, over all its labels.
pub(crate) fn figure(metrics: &str, name: &str) -> f64 {
    let of_name = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{']));
    let number = |line: &str| -> f64 { line.rsplit(' ').next().map_or(0.0, |number| number.parse().unwrap()) };
    metrics.lines().filter(of_name).map(number).sum()
}

/// The figure of one label.
pub(crate) fn labelled(metrics: &str, line: &str) -> f64 {
    let found = metrics.lines().find_map(|found| found.strip_prefix(line));
    found.map_or(0.0, |number| number.trim().parse().unwrap())
}

/// Asks until there is something; a minute and a half is only there so that a fault does not hang.
pub(crate) async fn until<T>(ask: impl AsyncFn() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(found) = ask().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(90), asking).await.expect("it never came to that")
}
