//! The bare server: the hub's own HTTP stack, a group commit of the raw bytes, and no look inside. What the hub could
//! reach if verifying, deciding, indexing and proving cost nothing.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::post;
use bytes::Bytes;
use tokio::sync::oneshot;

type Job = (Bytes, oneshot::Sender<u64>);

/// The router, with its writer thread behind it.
pub(crate) fn router(folder: &Path) -> Router {
    let file = File::create(folder.join("bare.log")).expect("file");
    let (jobs, waiting) = sync_channel(1_024);
    std::thread::spawn(move || write(file, &waiting));
    Router::new().route("/v1/documents", post(accept)).layer(DefaultBodyLimit::max(200 << 20)).with_state(jobs)
}

async fn accept(State(jobs): State<SyncSender<Job>>, body: Bytes) -> (StatusCode, String) {
    let (done, durable) = oneshot::channel();
    jobs.try_send((body, done)).expect("queue");
    let number = durable.await.expect("writer");
    (StatusCode::CREATED, format!("{{\"seq\":{number}}}"))
}

/// Takes what waits, writes it, syncs once, answers.
fn write(mut file: File, waiting: &Receiver<Job>) {
    let mut number = 0;
    while let Ok(first) = waiting.recv() {
        let mut batch = vec![first];
        batch.extend(waiting.try_iter().take(127));
        for (body, _) in &batch {
            file.write_all(body).expect("write");
        }
        file.sync_data().expect("sync");
        for (_, done) in batch {
            number += 1;
            let _ = done.send(number);
        }
    }
}
