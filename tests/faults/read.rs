//! Faults while something is read: told to whoever reads, and to nobody else.

use super::*;

fn read_whole(hub: &Hub, caller: &Caller, id: MessageId) -> Result<Vec<u8>, String> {
    let content = hub.content(caller, id, None).map_err(|refusal| {
        assert!([Code::ContentDamaged, Code::TryLater].contains(&refusal.code), "{refusal}");
        refusal.to_string()
    })?;
    let (mut bytes, mut read) = (vec![0; usize::try_from(content.len).unwrap()], 0);
    while read < bytes.len() {
        let got = content.read_at(u64::try_from(read).unwrap(), &mut bytes[read..]);
        let got = got.map_err(|error| error.to_string())?;
        assert!(got > 0, "what cannot be read is no end");
        read += got;
    }
    Ok(bytes)
}

/// {open, read} x {each time it is asked for}: wrong bytes are never given, the hub goes on writing, and what could not be
/// read is there when the fault is gone.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_told_and_stops_nobody_else() {
    let stage = Stage::new().await;
    let soil = stage.soil.copy();
    let hub = stage.open(&soil).unwrap();
    let mut sent = Vec::new();
    for message in stage.messages.iter().filter(|message| !message.is_status) {
        sent.push((send(&hub, &stage.sender, &message.bytes, false).await.unwrap(), message.bytes.clone()));
    }
    hub.close();
    let mut failed = 0;
    for (step, (id, bytes)) in
        [Step::Open, Step::Read].into_iter().flat_map(|step| sent.iter().map(move |it| (step, it)))
    {
        for skip in 0.. {
            let soil = soil.copy();
            let hub = stage.open(&soil).unwrap();
            soil.disk.arm(step, skip, Fault::Failed);
            let read = read_whole(&hub, &stage.recipient, *id);
            let happened = soil.disk.all_happened();
            soil.disk.disarm();
            let case = format!("{step:?} number {skip}");
            match read {
                Ok(read) => assert!(read == *bytes, "{case}: wrong bytes"),
                Err(_) => failed += 1,
            }
            assert_eq!(read_whole(&hub, &stage.recipient, *id).as_ref(), Ok(bytes), "{case}: it is still there");
            assert!(hub.health().writable, "{case}: others can send");
            rename(&hub, "Tên sau lỗi đọc").await;
            hub.close();
            if !happened {
                break;
            }
        }
    }
    assert!(failed > 2, "{failed} reads failed");
}
