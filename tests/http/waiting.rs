//! Long polling.

use std::time::{Duration, Instant};

use truc::client::{EventQuery, ListQuery, Upload};

use crate::fixture::Door;

const LONG: Option<Duration> = Some(Duration::from_secs(30));

#[tokio::test]
async fn a_waiting_call_answers_when_something_happens() {
    let door = Door::open().await;
    let (inbox, events) = (door.client("h41"), door.client("h41"));
    let after = events.events(&EventQuery::default()).await.unwrap().last().map(|event| event.seq);
    let started = Instant::now();
    let inbox = tokio::spawn(async move { inbox.inbox(&ListQuery { wait: LONG, ..ListQuery::default() }).await });
    let query = EventQuery { after, wait: LONG, ..EventQuery::default() };
    let events = tokio::spawn(async move { events.events(&query).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let message = Upload::bytes(door.signed("1", "aGVsbG8="));
    let receipt = door.client("g22").send_document(&message).await.unwrap();
    assert_eq!(inbox.await.unwrap().unwrap().items[0].id, receipt.id);
    assert_eq!(events.await.unwrap().unwrap()[0].message, Some(receipt.id));
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn other_agencies_traffic_does_not_end_the_wait_and_its_time_does() {
    let door = Door::open().await;
    let other = door.client("h14");
    let started = Instant::now();
    let query = ListQuery { wait: Some(Duration::from_secs(1)), ..ListQuery::default() };
    let waiting = tokio::spawn(async move { other.inbox(&query).await });
    for number in ["1", "2", "3"] {
        door.client("g22").send_document(&Upload::bytes(door.signed(number, "aGVsbG8="))).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(waiting.await.unwrap().unwrap().items.is_empty());
    assert!((900..10_000).contains(&started.elapsed().as_millis()));
}

#[tokio::test]
async fn waiting_calls_end_when_the_hub_stops() {
    let mut door = Door::open().await;
    let client = door.client("h41");
    let waiting = tokio::spawn(async move { client.inbox(&ListQuery { wait: LONG, ..ListQuery::default() }).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let started = Instant::now();
    door.stop().await;
    assert!(waiting.await.unwrap().unwrap().items.is_empty());
    assert!(started.elapsed() < Duration::from_secs(5));
}
