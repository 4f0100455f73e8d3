//! Real faults, through the real binary: a full disk, a disk that only reads, a file that may not grow, no file
//! descriptors. The hub answers with a code, or refuses to start with the reason, and is whole when the fault is gone.

use std::io::Write as _;

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

use crate::support::{TestHub, until};

const MEBIBYTE: usize = 1 << 20;

/// Fills the disk of the hub until this much is left.
fn fill(hub: &TestHub, left: u64) {
    let folder = hub.path("");
    let mut ballast = std::fs::File::options().create(true).append(true).open(hub.file("ballast")).unwrap();
    let free = || {
        let room = rustix::fs::statvfs(&folder).unwrap();
        room.f_bavail * room.f_frsize
    };
    while free() > left {
        let bytes = usize::try_from(free() - left).unwrap().min(MEBIBYTE);
        if ballast.write_all(&vec![b'x'; bytes]).is_err() {
            break;
        }
    }
}

fn send(hub: &TestHub, code: &str) -> crate::support::Said {
    send_saved(hub, code, &hub.file(&format!("{}.edxml", code.replace('/', "-"))))
}

/// Keeps what is sent in a file, which may be on another disk than the hub's.
fn send_saved(hub: &TestHub, code: &str, file: &str) -> crate::support::Said {
    hub.by("vpcp", &["send", "--new", "--to", "H41", "--code", code, "--subject", "V/v thử", "--save", file])
}

#[test]
fn a_full_disk_is_told_and_what_must_not_wait_still_works() {
    let Some(mut hub) = TestHub::made_on_small_disk(160) else { return };
    hub.configure("free_bytes_min", "33554432");
    hub.configure("reserve_bytes", "8388608");
    hub.start();
    send(&hub, "1/VPCP-TH").yes();
    until(|| hub.path("journal/reserve").metadata().is_ok_and(|file| file.len() == 8_388_608));
    fill(&hub, 16 << 20);
    send(&hub, "4/VPCP-TH").refused("insufficient_storage", 75);
    hub.by("nghean", &["inbox"]).yes();
    hub.by("operator", &["agency", "add", "H41.77", "Sở thử nghiệm"]).yes();
    // Others take the rest: the reserve is given up for the operator's act.
    fill(&hub, 0);
    hub.by("operator", &["agency", "close", "H41.77"]).yes();
    assert!(!hub.path("journal/reserve").exists(), "the reserve was given up");
    std::fs::remove_file(hub.file("ballast")).unwrap();
    until(|| hub.by("vpcp", &["send", &hub.file("4-VPCP-TH.edxml")]).code == 0);
    until(|| hub.path("journal/reserve").exists());
    hub.stop();
    hub.run(&["doctor", "--deep"]).yes();
}

#[test]
fn a_disk_that_only_reads_is_a_refusal_to_start_with_the_reason() {
    let Some(mut hub) = TestHub::made_on_small_disk(200) else { return };
    hub.start();
    send(&hub, "1/VPCP-TH").yes();
    hub.stop();
    let remount = |how: &str| {
        let folder = hub.path("");
        let folder = folder.parent().unwrap();
        std::process::Command::new("mount").args(["-o", how]).arg(folder).status().unwrap().success()
    };
    assert!(remount("remount,ro"));
    let said = hub.run(&["serve", "--listen", "127.0.0.1:0"]).code_is(69);
    assert!(said.stderr.contains("Read-only file system"), "{said:?}");
    assert!(remount("remount,rw"));
    hub.start();
    send(&hub, "2/VPCP-TH").yes();
}

fn limit(hub: &TestHub, resource: Resource, current: u64) {
    let pid = Pid::from_raw(hub.pid().try_into().unwrap());
    // Of this process, and so of its children.
    let Rlimit { maximum, .. } = getrlimit(resource);
    let limit = Rlimit { current: Some(maximum.map_or(current, |maximum| current.min(maximum))), maximum };
    prlimit(pid, resource, limit).unwrap();
}

/// The journal may not grow: its last record is cut short by the system. The hub poisons itself, goes on reading, and a
/// restart finds everything that was acknowledged.
#[test]
fn a_write_that_is_cut_short_is_answered_and_survived() {
    let mut hub = TestHub::running();
    hub.send("H41", "1/VPCP-TH", &[]);
    let segments = std::fs::read_dir(hub.path("journal")).unwrap().map(|file| file.unwrap().path());
    let written_to = segments.filter(|path| path.extension().is_some_and(|name| name == "segment")).max().unwrap();
    limit(&hub, Resource::Fsize, written_to.metadata().unwrap().len() + 1_000);
    let said = send(&hub, "2/VPCP-TH");
    assert!(said.code == 75 && said.stderr.contains("[storage_failed]"), "{said:?}");
    send(&hub, "3/VPCP-TH").code_is(75);
    let inbox = hub.by("nghean", &["inbox"]).yes();
    assert!(inbox.stdout.contains("1/VPCP-TH") && !inbox.stdout.contains("2/VPCP-TH"), "{inbox:?}");
    limit(&hub, Resource::Fsize, u64::MAX / 2);
    hub.stop();
    hub.start();
    hub.by("vpcp", &["send", &hub.file("2-VPCP-TH.edxml")]).yes();
    let inbox = hub.by("nghean", &["inbox"]).yes();
    assert!(inbox.stdout.contains("1/VPCP-TH") && inbox.stdout.contains("2/VPCP-TH"), "{inbox:?}");
}

#[test]
fn without_file_descriptors_callers_are_told_or_wait_and_nothing_is_lost() {
    let mut hub = TestHub::running();
    hub.send("H41", "1/VPCP-TH", &[]);
    let open = std::fs::read_dir(format!("/proc/{}/fd", hub.pid())).unwrap().count();
    limit(&hub, Resource::Nofile, u64::try_from(open).unwrap() + 1);
    let file = hub.file("large.bin");
    std::fs::write(&file, vec![b'x'; 300_000]).unwrap();
    let args = ["send", "--new", "--to", "H41", "--code", "2/VPCP-TH", "--subject", "Thử", "--attach", &file];
    let saved = hub.file("2.edxml");
    let said = hub.by("vpcp", &[&args[..], &["--save", &saved]].concat());
    assert!([75, 69].contains(&said.code), "{said:?}");
    limit(&hub, Resource::Nofile, 1_024);
    until(|| hub.by("vpcp", &["send", &saved]).code == 0);
    let inbox = hub.by("nghean", &["inbox"]).yes();
    assert!(inbox.stdout.contains("1/VPCP-TH") && inbox.stdout.contains("2/VPCP-TH"), "{inbox:?}");
    hub.stop();
    hub.run(&["doctor"]).yes();
}

/// What must not wait on a full disk: withholding, and making room by destroying what is past its term.
#[test]
fn retention_and_withholding_work_on_a_full_disk_and_make_room() {
    let Some(mut hub) = TestHub::made_on_small_disk(160) else { return };
    hub.configure("free_bytes_min", "8388608");
    hub.configure("reserve_bytes", "8388608");
    hub.start();
    let large = hub.file("large.bin");
    std::fs::write(&large, vec![b'x'; 12 << 20]).unwrap();
    for code in ["1/VPCP-TH", "2/VPCP-TH"] {
        hub.send("H41", code, &["--attach", &large]);
        hub.by("nghean", &["confirm", code]).yes();
    }
    until(|| hub.path("journal/reserve").metadata().is_ok_and(|file| file.len() == 8_388_608));
    fill(&hub, 0);
    let elsewhere = tempfile::tempdir().unwrap();
    let third = elsewhere.path().join("3").display().to_string();
    send_saved(&hub, "3/VPCP-TH", &third).refused("insufficient_storage", 75);
    hub.by("operator", &["retention", "withhold", "2/VPCP-TH", "--reason", "Theo công văn 12/CAT"]).yes();
    hub.by("operator", &["retention", "set", "ngay", "--days", "0", "--basis", "Điều 15"]).yes();
    let run = hub.by("operator", &["--json", "retention", "run", "ngay", "--yes"]).yes().json();
    assert_eq!((run["documents"].as_u64(), run["payloads"].as_u64()), (Some(1), Some(1)), "{run}");
    until(|| hub.by("vpcp", &["send", &third]).code == 0);
    hub.by("nghean", &["fetch", "1/VPCP-TH"]).refused("content_destroyed", 1);
    hub.by("nghean", &["fetch", "2/VPCP-TH"]).refused("content_withheld", 1);
    hub.stop();
    hub.run(&["doctor", "--deep"]).yes();
}

/// ext4 goes read-only by itself when it meets an error; nothing is acknowledged from then on, reading goes on, and after
/// a new mount everything that was acknowledged is there.
#[test]
fn a_file_system_that_turns_read_only_under_a_running_hub_is_told_and_survived() {
    let Some((mut hub, disk)) = TestHub::made_on_ext4(300) else { return };
    hub.start();
    let elsewhere = tempfile::tempdir().unwrap();
    let file = |code: &str| elsewhere.path().join(code).display().to_string();
    let send = |code: &str| send_saved(&hub, &format!("{code}/VPCP-TH"), &file(code));
    send("1").yes();
    disk.fail();
    let said = send("2");
    assert!(said.code == 75 && said.stderr.contains("[storage_failed]"), "{said:?}");
    send("3").code_is(75);
    let inbox = hub.by("nghean", &["inbox"]).yes();
    assert!(inbox.stdout.contains("1/VPCP-TH") && !inbox.stdout.contains("2/VPCP-TH"), "{inbox:?}");
    // A stop in order takes its files away, which it cannot here.
    hub.kill();
    hub.run(&["serve", "--listen", "127.0.0.1:0"]).code_is(69);
    disk.mount_again();
    hub.start();
    hub.by("vpcp", &["send", &file("2")]).yes();
    let inbox = hub.by("nghean", &["inbox"]).yes();
    assert!(inbox.stdout.contains("1/VPCP-TH") && inbox.stdout.contains("2/VPCP-TH"), "{inbox:?}");
    hub.stop();
    hub.run(&["doctor", "--deep"]).yes();
}

/// What the disk has lost is found while it is read again, and told wherever an operator looks.
#[test]
fn a_flipped_byte_in_an_old_payload_is_found_by_the_scrub_and_told() {
    let mut hub = TestHub::made();
    hub.configure("scrub_pause_minutes", "0");
    hub.configure("scrub_bytes_per_second", "1000000000");
    hub.start();
    let large = hub.file("large.bin");
    std::fs::write(&large, vec![b'x'; 300_000]).unwrap();
    hub.send("H41", "1/VPCP-TH", &["--attach", &large]);
    // Sealed by a restart: the scrub reads what is no longer written to.
    hub.stop();
    hub.start();
    hub.send("H41", "2/VPCP-TH", &[]);
    assert_eq!(hub.ready(), "ready\n");
    let folders = std::fs::read_dir(hub.path("payloads")).unwrap().map(|entry| entry.unwrap().path());
    let folder = folders.into_iter().find(|path| path.is_dir()).unwrap();
    let payload = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&payload).unwrap();
    bytes[200_000] ^= 1;
    std::fs::write(&payload, &bytes).unwrap();
    until(|| hub.ready().contains("1 damaged places") && hub.ready().contains("truc doctor"));
    hub.stop();
    let report = hub.run(&["--json", "doctor"]).code_is(1).json();
    let damaged = report["findings"].as_array().unwrap().iter().find(|found| found["code"] == "payload_damaged");
    let damaged = damaged.unwrap();
    assert_eq!(damaged["documents"][0]["code"], "1/VPCP-TH", "{damaged}");
    assert!(damaged["remedy"]["en"].as_str().is_some_and(|remedy| !remedy.is_empty()));
    bytes[200_000] ^= 1;
    std::fs::write(&payload, &bytes).unwrap();
    hub.run(&["doctor"]).yes();
}

/// The log stands on a disk as well: what cannot be written there must not end what wanted to say it.
#[test]
fn a_log_that_cannot_be_written_stops_nothing() {
    let mut hub = TestHub::made();
    hub.start_with_log("/dev/full");
    hub.send("H41", "1/VPCP-TH", &[]);
    hub.by("nghean", &["fetch", "1/VPCP-TH"]).yes();
    hub.by("operator", &["agency", "add", "H41.77", "Sở thử nghiệm"]).yes();
    hub.stop();
    hub.run(&["doctor"]).yes();
}

#[test]
fn too_few_open_files_are_told_by_the_doctor() {
    let hub = TestHub::made();
    let mut command = std::process::Command::new("prlimit");
    command.arg("--nofile=1000:1000").arg(env!("CARGO_BIN_EXE_truc")).args(["--lang", "en", "--data"]);
    let said = crate::support::said(command.arg(hub.path("")).arg("doctor")).code_is(1);
    assert!(said.stdout.contains("Only 1000 files"), "{said:?}");
}

/// The newest segment of the hub's journal, and where the last document in it stands.
fn newest(hub: &TestHub) -> (std::path::PathBuf, Vec<u8>, usize) {
    let files = std::fs::read_dir(hub.path("journal")).unwrap().map(|file| file.unwrap().path());
    let newest = files.filter(|path| path.extension().is_some_and(|name| name == "segment")).max().unwrap();
    let bytes = std::fs::read(&newest).unwrap();
    let mark = b"<edXML:Subject>";
    let at = bytes.windows(mark.len()).rposition(|part| part == mark).unwrap();
    (newest, bytes, at)
}

/// Damage in the last record of all is not taken for what a crash left, if the hub was stopped in order, or if others have
/// been shown a checkpoint over it: nothing is cut off, the document is named, and with the byte all is there again.
#[test]
fn a_flipped_byte_at_the_end_of_the_journal_is_a_refusal_as_well() {
    for is_killed in [false, true] {
        let mut hub = TestHub::running();
        let sent = hub.send("H41", "1/VPCP-TH", &[]);
        let receipt = std::fs::read_to_string(format!("{sent}.tlog-proof")).unwrap();
        let size: u64 = receipt.split("\n\n").nth(1).unwrap().lines().nth(1).unwrap().parse().unwrap();
        // An idle hub has kept what it has shown.
        until(|| {
            let last = std::fs::read_to_string(hub.path("checkpoints/last")).unwrap_or_default();
            last.lines().nth(1).is_some_and(|kept| kept.parse::<u64>().unwrap() >= size)
        });
        if is_killed {
            hub.kill();
        } else {
            hub.stop();
        }
        let (newest, whole, at) = newest(&hub);
        assert_ne!(newest.with_extension("contents").exists(), is_killed, "a stop in order seals what was written to");
        let mut damaged = whole.clone();
        damaged[at + 20] ^= 1;
        std::fs::write(&newest, &damaged).unwrap();
        let said = hub.run(&["--lang", "en", "serve", "--listen", "127.0.0.1:0"]).code_is(69);
        assert!(said.stderr.contains("truc doctor"), "{said:?}");
        assert_eq!(std::fs::read(&newest).unwrap(), damaged, "nothing was changed");
        let report = hub.run(&["--json", "doctor"]).code_is(1).json();
        let found = report["findings"].as_array().unwrap().iter().find(|found| found["code"] == "journal_damaged");
        assert_eq!(found.unwrap()["documents"][0]["size"].as_u64(), Some(std::fs::metadata(&sent).unwrap().len()));
        std::fs::write(&newest, &whole).unwrap();
        hub.start();
        hub.by("nghean", &["fetch", "1/VPCP-TH", "-o", &hub.file("1.edxml")]).yes();
    }
}

/// What was shown to others must be there: a journal without its end is not served.
#[test]
fn a_journal_that_has_lost_its_end_is_a_refusal_to_start() {
    let mut hub = TestHub::running();
    hub.send("H41", "1/VPCP-TH", &[]);
    hub.stop();
    let (newest, whole, _) = newest(&hub);
    std::fs::remove_file(&newest).unwrap();
    for _ in 0..2 {
        let said = hub.run(&["--lang", "en", "serve", "--listen", "127.0.0.1:0"]).code_is(69);
        assert!(said.stderr.contains("was shown to others") && said.stderr.contains("truc doctor"), "{said:?}");
        let said = hub.run(&["serve", "--listen", "127.0.0.1:0"]).code_is(69);
        assert!(said.stderr.contains("đã được đưa ra"), "{said:?}");
    }
    hub.run(&["doctor"]).code_is(1);
    std::fs::write(&newest, &whole).unwrap();
    hub.start();
    hub.by("nghean", &["fetch", "1/VPCP-TH", "-o", &hub.file("1.edxml")]).yes();
}

/// What a crash did leave is cut off, and said to be.
#[test]
fn a_record_that_a_crash_interrupted_is_cut_off_and_told() {
    let mut hub = TestHub::running();
    hub.send("H41", "1/VPCP-TH", &[]);
    hub.kill();
    let (newest, whole, _) = newest(&hub);
    std::fs::write(&newest, [&whole[..], b"half a record"].concat()).unwrap();
    hub.start();
    assert!(hub.log().contains("was cut off") && hub.log().contains("bytes=13"), "{}", hub.log());
    assert_eq!(std::fs::read(&newest).unwrap(), whole);
    hub.by("nghean", &["fetch", "1/VPCP-TH", "-o", &hub.file("1.edxml")]).yes();
}

/// Damage in the middle of the journal is a refusal that changes nothing, never a silent skip.
#[test]
fn a_flipped_byte_in_the_middle_of_the_journal_is_a_refusal_to_start_with_the_remedy() {
    let mut hub = TestHub::running();
    hub.send("H41", "1/VPCP-TH", &[]);
    hub.stop();
    hub.start();
    hub.send("H41", "2/VPCP-TH", &[]);
    hub.stop();
    let first = hub.path("journal/0000000001.segment");
    let whole = std::fs::read(&first).unwrap();
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    std::fs::write(&first, &damaged).unwrap();
    // Read from the start, as whoever builds the index does.
    std::fs::remove_dir_all(hub.path("index")).unwrap();
    let said = hub.run(&["--lang", "en", "serve", "--listen", "127.0.0.1:0"]).code_is(69);
    assert!(said.stderr.contains("truc doctor") && said.stderr.contains("segment 1"), "{said:?}");
    hub.run(&["doctor"]).code_is(1);
    assert_eq!(std::fs::read(&first).unwrap(), damaged, "nothing was changed");
    std::fs::write(&first, &whole).unwrap();
    hub.start();
    let inbox = hub.by("nghean", &["inbox"]).yes();
    assert!(inbox.stdout.contains("1/VPCP-TH") && inbox.stdout.contains("2/VPCP-TH"), "{inbox:?}");
}
