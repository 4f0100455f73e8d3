//! The index is gone, or its owner was killed: the next start makes it what it was, and says how fast.

use crate::support::TestHub;

/// What each side is told, as it was put.
fn answers(hub: &TestHub) -> Vec<String> {
    let asked: [(&str, &[&str]); 6] = [
        ("nghean", &["--json", "inbox"]),
        ("vpcp", &["--json", "outbox"]),
        ("vpcp", &["--json", "track", "1/VPCP-TH"]),
        ("vpcp", &["--json", "track", "2/VPCP-TH"]),
        ("nghean", &["--json", "trail", "2/VPCP-TH"]),
        ("operator", &["--json", "agency", "list"]),
    ];
    asked.iter().map(|(who, args)| hub.by(who, args).yes().stdout).collect()
}

/// Entries and entries a second in the line that tells of it.
fn told(heard: &str) -> (u64, u64) {
    let line =
        heard.lines().find(|line| line.contains("Đã dựng lại chỉ mục từ nhật ký")).unwrap_or_else(|| panic!("{heard}"));
    let numbers: Vec<u64> = line.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect();
    (numbers[0], *numbers.last().unwrap())
}

#[test]
fn an_index_that_is_gone_is_built_again_at_a_rate_that_is_said_and_all_answers_stay() {
    let mut hub = TestHub::running();
    for code in ["1/VPCP-TH", "2/VPCP-TH", "3/VPCP-TH"] {
        hub.send("H41,H14", code, &[]);
    }
    hub.by("nghean", &["confirm", "1/VPCP-TH"]).yes();
    hub.by("nghean", &["status", "02", "2/VPCP-TH", "--reason", "Sai thể thức"]).yes();
    let before = answers(&hub);
    hub.stop();
    hub.start();
    assert!(!hub.log().contains("Đã dựng lại"), "an index that is there is not built again");
    hub.stop();
    std::fs::remove_dir_all(hub.path("index")).unwrap();
    hub.start();
    let heard = hub.log();
    let (entries, per_second) = told(&heard);
    assert!(entries > 10 && per_second > 0, "{heard}");
    assert!(heard.contains("per_second"), "the log has the rate: {heard}");
    assert_eq!(answers(&hub), before);
}

/// The last applies may not have come into the index's file: they are taken from the journal.
#[test]
fn after_a_kill_the_index_is_brought_up_and_all_answers_stay() {
    let mut hub = TestHub::running();
    hub.send("H41", "1/VPCP-TH", &[]);
    hub.stop();
    hub.start();
    hub.send("H41", "2/VPCP-TH", &[]);
    hub.by("nghean", &["confirm", "1/VPCP-TH"]).yes();
    let before = answers(&hub);
    hub.kill();
    hub.start();
    let heard = hub.log();
    assert!(!heard.contains("Đã dựng lại") && heard.contains("per_second"), "{heard}");
    assert_eq!(answers(&hub), before);
}
