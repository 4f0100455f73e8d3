//! Retention and spills from the operator's command line.

use crate::support::TestHub;

#[test]
fn a_rule_is_previewed_and_carried_out_and_what_is_destroyed_is_said_to_be() {
    let mut hub = TestHub::running();
    let sent = hub.send("H41", "1/VPCP-TH", &[]);
    hub.send("H41", "2/VPCP-TH", &[]);
    hub.by("nghean", &["confirm", "1/VPCP-TH"]).yes();
    hub.by("nghean", &["retention", "list"]).refused("not_allowed", 77);
    let set = ["retention", "set", "ngay", "--days", "0", "--basis", "Luật Lưu trữ"];
    hub.by("operator", &set).yes();
    hub.by("operator", &["retention", "set", "khong", "--basis", "x"]).code_is(64);
    let listed = hub.by("operator", &["retention", "list"]).yes();
    assert!(listed.stdout.contains("Luật Lưu trữ"), "{listed:?}");
    let seen = hub.by("operator", &["--json", "retention", "preview", "ngay"]).yes().json();
    assert_eq!((seen["documents"].as_u64(), seen["unconfirmed"].as_u64()), (Some(1), Some(1)));
    hub.by("operator", &["retention", "run", "ngay"]).code_is(64);
    hub.by("vpcp", &["fetch", "1/VPCP-TH", "-o", "-"]).yes();
    let run = hub.by("operator", &["--json", "retention", "run", "ngay", "--yes"]).yes().json();
    assert_eq!((run["documents"].as_u64(), run["more"].as_bool()), (Some(1), Some(false)));
    let refused = hub.by("vpcp", &["fetch", "1/VPCP-TH", "-o", "-"]).refused("content_destroyed", 1);
    assert!(refused.stderr.contains("under the rule ngay"), "{refused:?}");
    hub.by("nghean", &["fetch", "2/VPCP-TH", "-o", &hub.file("2.edxml")]).yes();
    let trail = hub.by("nghean", &["trail", "1/VPCP-TH"]).yes();
    assert!(trail.stdout.contains("nội dung bị hủy theo quy tắc ngay"), "{trail:?}");
    hub.stop();
    hub.run(&["receipt", "verify", &format!("{sent}.tlog-proof"), "--message", &sent]).yes();
}

/// An older copy of a segment, put back against damage, would bring back what was destroyed: the doctor says which copy is
/// right, and finds the older one.
#[test]
fn an_older_copy_of_a_segment_is_found_by_the_doctor() {
    let mut hub = TestHub::running();
    hub.send("H41", "1/VPCP-TH", &[]);
    hub.by("nghean", &["confirm", "1/VPCP-TH"]).yes();
    hub.stop();
    let folder = hub.path("journal");
    let segments = || {
        let files = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
        let segments = files.filter(|path| path.extension().is_some_and(|name| name == "segment"));
        segments.map(|path| (std::fs::read(&path).unwrap(), path)).collect::<Vec<_>>()
    };
    let before = segments();
    hub.start();
    hub.by("operator", &["retention", "set", "ngay", "--days", "0", "--basis", "Điều 15"]).yes();
    hub.by("operator", &["retention", "run", "ngay", "--yes"]).yes();
    hub.stop();
    hub.run(&["doctor"]).yes();
    let now = segments();
    let (old, path) = before.iter().find(|it| !now.contains(it)).unwrap();
    let (new, _) = now.iter().find(|(_, at)| at == path).unwrap();
    let finding = |code: &str| {
        let report = hub.run(&["--json", "doctor"]).code_is(1).json();
        let findings = report["findings"].as_array().unwrap().clone();
        findings.into_iter().find(|found| found["code"] == code).unwrap()
    };
    std::fs::write(path, old).unwrap();
    assert!(finding("segment_older")["remedy"]["en"].as_str().unwrap().contains("-1-*.segment"));
    let mut damaged = new.clone();
    damaged[300] ^= 1;
    std::fs::write(path, damaged).unwrap();
    let remedy = finding("journal_damaged")["remedy"]["en"].as_str().unwrap().to_owned();
    assert!(remedy.contains(&format!("-1-{}.segment", new.len())), "{remedy}");
    std::fs::write(path, new).unwrap();
    hub.run(&["doctor"]).yes();
}

#[test]
fn a_spill_is_found_destroyed_and_whoever_still_holds_it_is_named() {
    let hub = TestHub::running();
    let sent = hub.send("H41,H14", "9/VPCP-TH", &[]);
    hub.by("nghean", &["fetch", "9/VPCP-TH", "-o", &hub.file("9.edxml")]).yes();
    hub.by("nghean", &["spill", "find", "9/VPCP-TH"]).refused("not_allowed", 77);
    let digest = truc::domain::Digest::of(&std::fs::read(&sent).unwrap()).to_string();
    let found = hub.by("operator", &["--json", "spill", "find", &digest]).yes().json();
    let id = found[0]["id"].as_str().unwrap();
    hub.by("operator", &["retention", "withhold", id, "--reason", "Chờ xác minh"]).yes();
    hub.by("nghean", &["fetch", "9/VPCP-TH", "-o", "-"]).refused("content_withheld", 1);
    let destroy = ["spill", "destroy", "9/VPCP-TH", "--reason", "Gửi nhầm"];
    hub.by("operator", &destroy).code_is(64);
    let told = hub.by("operator", &[&destroy[..], &["--yes"]].concat()).yes();
    for said in ["CÒN GIỮ BẢN SAO", "H41", "Không bản sao lưu nào"] {
        assert!(told.stdout.contains(said), "{told:?}");
    }
    hub.by("vpcp", &["fetch", id, "-o", "-"]).refused("content_destroyed", 1);
    let again = hub.by("vpcp", &["--json", "send", &sent]).yes().json();
    assert_eq!(again["repeat"], true, "the same bytes get the first answer and are not kept");
    hub.by("nghean", &["spill", "find", "9/VPCP-TH"]).refused("not_allowed", 77);
    hub.by("operator", &["spill", "find", "9/VPCP-TH"]).refused("not_found", 1);
}

#[test]
fn a_backup_is_made_while_the_hub_runs_read_back_and_grows_by_what_is_new() {
    let hub = TestHub::running();
    let attachment = hub.file("lon.docx");
    std::fs::write(&attachment, vec![7; 200_000]).unwrap();
    hub.send("H41", "1/VPCP-TH", &["--attach", &attachment]);
    let folder = hub.file("sao-luu");
    let first = hub.by("operator", &["--json", "backup", &folder]).yes().json();
    assert_eq!((first["made"]["payloads"].as_u64(), first["told"].as_bool()), (Some(1), Some(true)));
    let read = hub.run(&["--json", "backup", &folder, "--verify"]).yes().json();
    assert_eq!(read["verified"]["entries"], first["size"]);
    let paths = std::fs::read_to_string(format!("{folder}/manifest.json")).unwrap();
    assert!(paths.contains("keys/tls/server.key"));
    assert!(!paths.contains("keys/log.key"), "who holds a backup cannot sign for the hub");

    hub.send("H41", "2/VPCP-TH", &[]);
    hub.by("nghean", &["confirm", "1/VPCP-TH"]).yes();
    hub.by("operator", &["retention", "set", "ngay", "--days", "0", "--basis", "x"]).yes();
    hub.by("operator", &["retention", "run", "ngay", "--yes"]).yes();
    let spilled =
        hub.by("operator", &["--json", "spill", "destroy", "2/VPCP-TH", "--reason", "x", "--yes"]).yes().json();
    assert_eq!(spilled["backups"].as_array().unwrap().len(), 0, "the backup was made before it was sent");
    hub.send("H41", "3/VPCP-TH", &[]);
    let second = hub.by("operator", &["--json", "backup", &folder]).yes().json();
    assert!(second["size"].as_u64() > first["size"].as_u64());
    assert_eq!((second["made"]["rewritten"].as_u64(), second["made"]["removed"].as_u64()), (Some(1), Some(1)));
    hub.run(&["backup", &folder, "--verify"]).yes();
    hub.by("nghean", &["backup", &hub.file("other")]).refused("not_allowed", 77);

    let manifest: serde_json::Value =
        serde_json::from_slice(&std::fs::read(format!("{folder}/manifest.json")).unwrap()).unwrap();
    let segment = &manifest["segments"][0];
    let name = format!("{folder}/journal/{:010}-{}-{}.segment", 1, segment["generation"], segment["bytes"]);
    let mut bytes = std::fs::read(&name).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&name, bytes).unwrap();
    let altered = hub.run(&["--lang", "en", "backup", &folder, "--verify"]).code_is(1);
    assert!(altered.stderr.contains("is not as it was backed up"), "{altered:?}");
}

#[test]
fn nothing_missing_and_the_key_at_hand_the_log_goes_on() {
    let mut hub = TestHub::running();
    hub.send("H41", "1/VPCP-TH", &[]);
    hub.send("H41", "2/VPCP-TH", &[]);
    hub.stop();
    let folder = hub.file("backup");
    hub.run(&["backup", &folder]).yes();
    let (last, key) =
        (hub.path("checkpoints/last").display().to_string(), hub.path("keys/log.key").display().to_string());
    hub.move_to(&hub.file("new"));
    hub.run(&["restore", &folder, "--log-key", &key]).code_is(64);
    let restored = hub.run(&["--json", "restore", &folder, "--log-key", &key, "--checkpoint", &last]).yes().json();
    assert_eq!((restored["missing"].as_u64(), restored["epoch"].is_null()), (Some(0), true));
    hub.run(&["restore", &folder]).code_is(73);
    hub.start();
    hub.by("nghean", &["fetch", "2/VPCP-TH", "-o", &hub.file("2.edxml")]).yes();
    hub.send("H41", "3/VPCP-TH", &[]);
}

#[test]
fn where_entries_are_missing_a_new_epoch_begins_and_says_so() {
    let mut hub = TestHub::running();
    hub.send("H41", "1/VPCP-TH", &[]);
    let folder = hub.file("backup");
    hub.by("operator", &["backup", &folder]).yes();
    let old = format!("{}.tlog-proof", hub.file("1-VPCP-TH.edxml"));
    let lost = hub.send("H41", "2/VPCP-TH", &[]);
    hub.stop();
    let key = hub.path("keys/log.key").display().to_string();
    hub.move_to(&hub.file("new"));
    let receipt = format!("{lost}.tlog-proof");
    let args = ["--lang", "en", "restore", &folder, "--log-key", &key, "--checkpoint", &receipt];
    let told = hub.run(&args).yes();
    assert!(told.stdout.contains("ENTRIES ARE MISSING") && told.stdout.contains("A new epoch"), "{told:?}");
    hub.start();
    hub.by("nghean", &["fetch", "1/VPCP-TH", "-o", &hub.file("1.edxml")]).yes();
    hub.by("vpcp", &["track", "2/VPCP-TH"]).refused("not_found", 1);
    let again = hub.by("vpcp", &["--json", "send", &lost]).yes().json();
    assert_eq!(again["repeat"], false, "what was lost is sent again");
    // Its old receipt shows what the hub had accepted, and is not overwritten; a repeat leaves nothing more behind.
    hub.run(&["receipt", "verify", &format!("{receipt}.1"), "--message", &lost]).yes();
    hub.by("vpcp", &["send", &lost]).yes();
    assert!(!std::path::Path::new(&format!("{receipt}.2")).exists());
    hub.run(&["receipt", "verify", &format!("{lost}.tlog-proof"), "--message", &lost]).yes();
    hub.run(&["receipt", "verify", &old]).yes();
    let export = hub.file("trail.jsonl");
    hub.by("vpcp", &["trail", "1/VPCP-TH", "--export", &export]).yes();
    hub.run(&["trail", "verify", &export]).yes();
    hub.stop();
    assert!(!hub.path("checkpoints/epoch.json").exists() && hub.path("checkpoints/epoch.told").exists());
    hub.start();
    hub.by("vpcp", &["track", "2/VPCP-TH"]).yes();
    hub.stop();
    // Another key without a restore is a refusal.
    std::fs::remove_file(hub.path("checkpoints/last")).unwrap();
    std::fs::copy(&key, hub.path("keys/log.key")).unwrap();
    let refused = hub.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(refused.code, 69, "{refused:?}");
}
