//! Starts of the binary on a hub with a backlog: after a kill under load, with what the system still holds of its files
//! and without; and with the index gone.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use truc::config::DataFolder;

use crate::figures::{forget, median, memory_mib};
use crate::people::{DEAD, People, SENDER};
use crate::process::Process;
use crate::site::token;

const KILLS: usize = 5;
/// Documents on their way when it is killed.
const LOAD: usize = 6_000;
const CLIENTS: usize = 16;

/// Kills it under load, starts it again.
pub(crate) async fn after_kills(folder: &Path, people: &People) {
    let log = people.beside("serve.log");
    let mut times: [Vec<Duration>; 2] = Default::default();
    let mut process = Process::start(folder, &log);
    println!("start after a closing: {:.2} s", process.ready.as_secs_f64());
    for round in 0..2 * KILLS {
        let series = format!("k-{}-{round}", std::process::id());
        let messages = Arc::new(people.signed(&series, 0..LOAD, DEAD));
        let taken = load(&process, folder, messages).await;
        process.kill();
        let is_cold = round % 2 == 1;
        if is_cold {
            forget(folder);
        }
        process = Process::start(folder, &log);
        times[usize::from(is_cold)].push(process.ready);
        let (now, most) = memory_mib(&process.id());
        let how = if is_cold { "files not in the page cache" } else { "files in the page cache" };
        println!(
            "killed after {taken} documents under load, {how}: ready in {:.2} s (processor {:.2} s); memory {now} MiB, {most} MiB at most",
            process.ready.as_secs_f64(),
            process.processor.as_secs_f64()
        );
    }
    process.kill();
    let [warm, cold] = times.map(|times| median(&times).as_secs_f64());
    println!("ready after a kill, median of {KILLS}: {warm:.2} s, and {cold:.2} s with nothing in the page cache");
}

/// Starts it without an index, twice: by itself, and without anything in the page cache.
pub(crate) fn rebuild(folder: &Path) {
    let data = DataFolder::new(folder);
    for is_cold in [false, true] {
        std::fs::remove_dir_all(data.index()).unwrap();
        if is_cold {
            forget(folder);
        }
        let log = folder.with_extension("log");
        let process = Process::start(folder, &log);
        let (now, most) = memory_mib(&process.id());
        println!(
            "the index built again{}: ready in {:.2} s (processor {:.2} s); memory {now} MiB, {most} MiB at most",
            if is_cold { ", files not in the page cache" } else { "" },
            process.ready.as_secs_f64(),
            process.processor.as_secs_f64()
        );
        for line in std::fs::read_to_string(log).unwrap().lines().filter(|line| line.contains("index")) {
            println!("  {line}");
        }
    }
}

/// Posts documents until half of them are acknowledged; the rest is on its way. Gives how many were.
async fn load(process: &Process, folder: &Path, messages: Arc<Vec<Vec<u8>>>) -> usize {
    let (token, address) = (token(&DataFolder::new(folder), SENDER), process.plain);
    let (acknowledged, mut seen) = tokio::sync::watch::channel(0);
    let acknowledged = Arc::new(acknowledged);
    for client in 0..CLIENTS {
        let (token, messages, acknowledged) = (token.clone(), Arc::clone(&messages), Arc::clone(&acknowledged));
        tokio::spawn(async move {
            let mut stream = TcpStream::connect(address).await?;
            for message in messages.iter().skip(client).step_by(CLIENTS) {
                post(&mut stream, &token, message).await?;
                acknowledged.send_modify(|count| *count += 1);
            }
            std::io::Result::Ok(())
        });
    }
    *seen.wait_for(|count| *count >= messages.len() / 2).await.unwrap()
}

/// One request and its whole answer, on a connection that stays.
async fn post(stream: &mut TcpStream, token: &str, message: &[u8]) -> std::io::Result<()> {
    let head = format!(
        "POST /v1/documents HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n",
        message.len()
    );
    stream.write_all(&[head.as_bytes(), message].concat()).await?;
    let mut answer = Vec::new();
    loop {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if is_whole(&answer) {
            assert!(answer.starts_with(b"HTTP/1.1 201"), "{}", String::from_utf8_lossy(&answer));
            return Ok(());
        }
    }
}

fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).unwrap();
    answer.len() >= end + 4 + length.trim().parse::<usize>().unwrap()
}
