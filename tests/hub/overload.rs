//! Who waits for whom, and what becomes of a message whose client has gone.

use std::future::poll_fn;
use std::path::Path;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use truc::api::Policy;
use truc::delivery::standing::Caller;
use truc::domain::Seq;

use crate::support::{Document, TestHub};

fn message(from: &str, number: usize, file: &str) -> Vec<u8> {
    let id = format!("{from},2026/11/22,{number}/VPCP-TH");
    Document { from, to: &["H41"], id: &id, file, ..Document::default() }.text().into_bytes()
}

/// Everybody sends at once, on one thread: who comes first would be served first, but for the turns.
#[tokio::test]
async fn a_system_waits_for_its_own_messages_and_not_for_those_of_others() {
    let test = TestHub::new().await;
    let noisy = test.system("noisy", &["G22"], Policy::Record, &[]).await;
    let quiet = test.system("quiet", &["H14"], Policy::Record, &[]).await;
    let send = |caller: &Caller, message: Vec<u8>| {
        let (hub, caller) = (test.hub.clone(), caller.clone());
        tokio::spawn(async move {
            let mut incoming = hub.receive(None).unwrap();
            incoming.write(&message).unwrap();
            hub.submit_document(&caller, incoming).await.unwrap().seq
        })
    };
    let noise: Vec<_> = (0..200).map(|number| send(&noisy, message("G22", number, "aGVsbG8="))).collect();
    let own: Seq = send(&quiet, message("H14", 1, "aGVsbG8=")).await.unwrap();
    let mut before = 0;
    for sent in noise {
        before += usize::from(sent.await.unwrap() < own);
    }
    assert!(before < 100, "{before} messages of the other system went before");
}

#[tokio::test]
async fn what_is_refused_leaves_no_file_though_its_client_has_gone() {
    let test = TestHub::new().await;
    let caller = test.system("bulky", &["G22"], Policy::Record, &[]).await;
    test.send(&caller, &message("G22", 1, "aGVsbG8=")).await.unwrap();
    let other = message("G22", 1, &"QUJD".repeat(50_000));
    for polls in 1..6 {
        {
            let mut sending = pin!(test.send(&caller, &other));
            for _ in 0..polls {
                if poll_fn(|context| Poll::Ready(sending.as_mut().poll(context).is_ready())).await {
                    break;
                }
            }
        }
        while test.hub.load().large.running > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(files(&test.folder.path().join("payloads")), 0, "gone after {polls} polls");
    }
}

fn files(folder: &Path) -> usize {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}
