//! A data folder with a journal of small documents, made of real entries, without an index.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use truc::clock::SetClock;
use truc::config::{Config, DataFolder, template};
use truc::domain::{BusinessType, Digest, DocumentId, MessageId, OrganId, Priority, Timestamp};
use truc::engine::{Hub, RandomIds};
use truc::hub::content::{DocumentHeader, body, header};
use truc::hub::entry::Verdict;
use truc::hub::stamp::Stamped;
use truc::hub::{Draft, Entry, Event, Ids as _, Rows, Stamper, apply};
use truc::index::{Durability, Index as _, Memory};
use truc::journal::disk::Real;
use truc::journal::{Appended, Batch, Body, Content, FileJournal, Journal as _, Options};
use truc::trail::LogKey;

/// As many as a ministry with its provinces and units writes to.
pub const AGENCIES: u64 = 2_000;
/// Documents of one record.
pub const BATCH: u64 = 64;
const BODY_OCTETS: usize = 2_000;
const NOW_MS: i64 = 1_795_000_000_000;

pub fn agency(number: u64) -> OrganId {
    format!("H{:02}.{:02}", number / 100 % 100, number % 100).parse().unwrap()
}

pub fn clock() -> Arc<SetClock> {
    Arc::new(SetClock::at(Timestamp::from_millis(NOW_MS + 86_400_000)))
}

pub fn config() -> Config {
    let mut config = Config::new("hub.example/bench");
    config.journal.reserve_bytes = 0;
    config.journal.scrub_bytes_per_second = 0;
    config
}

/// Writes it; afterwards the hub has opened it once, so that the tree is there.
pub fn write(path: &Path, documents: u64) {
    let (data, config) = (DataFolder::new(path), config());
    for folder in data.folders() {
        std::fs::create_dir_all(folder).unwrap();
    }
    std::fs::write(data.config(), template(&config)).unwrap();
    LogKey::generate(&config.hub.origin, &ring::rand::SystemRandom::new()).unwrap().save(&data.log_key()).unwrap();
    Hub::open(&config, &data, clock()).unwrap().close();
    let options = Options { segment_bytes: u32::try_from(config.journal.segment_bytes).unwrap() };
    let mut journal = FileJournal::open(Arc::new(Real), &data.journal(), options).unwrap();
    let rows = head(&journal);
    let view = rows.reader().unwrap();
    let mut stamper = Stamper::new(Rows(view.as_ref()), Timestamp::from_millis(NOW_MS)).unwrap();
    let mut ids = RandomIds::default();
    for first in (0..documents).step_by(BATCH as usize) {
        let drafts = (first..documents.min(first + BATCH)).flat_map(|number| drafts(number, &mut ids)).collect();
        let stamped = stamper.stamp(drafts, &mut ids).unwrap();
        let answer = journal.append(journal.head().seq, &batch(stamped)).unwrap();
        assert!(matches!(answer, Appended::At(_)));
    }
    journal.close();
    let hub = Hub::open(&config, &data, clock()).unwrap();
    assert!(hub.health().head > documents * 3);
    hub.close();
    drop(hub);
    std::fs::remove_dir_all(data.index()).unwrap();
}

/// The rows after entry 0.
fn head(journal: &FileJournal) -> Memory {
    let reader = journal.reader();
    let record = reader.record_at(reader.find(0).unwrap().unwrap()).unwrap();
    let rows = Memory::new();
    for entry in &record.batch.entries {
        let writes = apply(&Entry::from_bytes(entry).unwrap(), &[], rows.reader().unwrap().as_ref()).unwrap();
        rows.apply(&writes, Durability::Relaxed).unwrap();
    }
    assert_eq!(journal.head().seq, record.batch.entries.len() as u64);
    rows
}

fn batch(stamped: Vec<Stamped>) -> Batch {
    let time = Timestamp::from_millis(NOW_MS);
    let mut batch = Batch { time, checkpoint: None, entries: Vec::new(), contents: Vec::new() };
    for (entry, stamped) in (0_u32..).zip(stamped) {
        batch.entries.push(stamped.bytes);
        batch.contents.extend(stamped.contents.into_iter().map(|content| Content { entry, ..content }));
    }
    batch
}

/// One document: accepted, addressed to two, confirmed by one of them.
fn drafts(number: u64, ids: &mut RandomIds) -> Vec<Draft> {
    let message = ids.message(Timestamp::from_millis(NOW_MS + i64::try_from(number).unwrap()));
    let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    let [from, first, second] = [0, 7, 13].map(|step| agency((spread + step) % AGENCIES));
    let mut octets = vec![b'x'; BODY_OCTETS];
    octets[..16].copy_from_slice(&message.0.into_bytes());
    let sha256 = Digest::of(&octets);
    let header = header(&DocumentHeader {
        salt: ids.salt(),
        code_number: number.to_string(),
        code_notation: "UBND-VP".to_owned(),
        subject: "V/v triển khai nhiệm vụ trọng tâm những tháng cuối năm".to_owned(),
        type_name: "Công văn".to_owned(),
        promulgation_date: "2026/11/22".to_owned(),
        due_date: String::new(),
        signer: String::new(),
        reason: String::new(),
    })
    .unwrap();
    let accepted = Event::Accepted {
        message,
        from: from.clone(),
        document: DocumentId::try_from(format!("{from},2026/11/22,{number}/UBND-VP")).unwrap(),
        business: BusinessType::New,
        priority: Priority::Ordinary,
        recipients: 2,
        sha256,
        size: BODY_OCTETS as u64,
        verdict: Verdict {
            policy: truc::api::Policy::Envelope,
            indication: "TOTAL-PASSED".to_owned(),
            sub_indication: None,
            signer: Some(Digest([7; 32])),
            evidence: vec![Digest([8; 32]), Digest([9; 32])],
        },
        header: header.key,
        by: "he-thong".to_owned(),
        target: None,
        remarks: Vec::new(),
    };
    let contents = vec![header, body(sha256, Body::Inline(Bytes::from(octets)))];
    let mut drafts = vec![Draft { parties: vec![from.clone()], event: accepted, contents }];
    for (place, to) in (1..).zip([&first, &second]) {
        let event = Event::Addressed { message, from: from.clone(), to: to.clone(), number: place };
        drafts.push(Draft { parties: vec![from.clone(), to.clone()], event, contents: Vec::new() });
    }
    drafts.push(confirmed(message, &from, &first));
    drafts
}

fn confirmed(message: MessageId, from: &OrganId, agency: &OrganId) -> Draft {
    let event = Event::Confirmed { message, agency: agency.clone(), by: "he-thong".to_owned() };
    Draft { parties: vec![from.clone(), agency.clone()], event, contents: Vec::new() }
}
