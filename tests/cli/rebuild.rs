//! The index is gone, or its owner was killed: the next start makes it what it was, and says how fast.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use truc::config::Config;

use crate::support::{TestHub, said};

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

/// Puts a pipe in place of a file: whoever reads it waits until somebody has written. Gives what stood there.
fn pipe_in_place_of(file: &Path) -> Vec<u8> {
    let before = std::fs::read(file).unwrap();
    std::fs::remove_file(file).unwrap();
    assert!(Command::new("mkfifo").arg(file).status().unwrap().success());
    before
}

/// The file is the first that is read once the index has everything: there the hub waits for the test.
#[test]
fn a_hub_that_is_not_open_yet_lives_and_says_how_far_it_is() {
    let mut hub = TestHub::running();
    hub.send("H41,H14", "1/VPCP-TH", &[]);
    hub.stop();
    std::fs::remove_dir_all(hub.path("index")).unwrap();
    let address = format!("https://{}", Config::read(&hub.path("truc.toml")).unwrap().listen.tls);
    let pipe = hub.path("trust/crl-floors.json");
    let floors = pipe_in_place_of(&pipe);
    let mut asked = ["/healthz", "/readyz", "/v1/inbox"].map(|call| {
        let mut curl = hub.curl(&address, call);
        curl.arg("--include");
        curl
    });
    let asking = std::thread::spawn(move || {
        let [health, ready, inbox] = &mut asked;
        let started = Instant::now();
        // Until the index is built: if that never comes, what has come is judged below.
        while !said(ready).stdout.contains("entries") && started.elapsed() < Duration::from_mins(1) {
            std::thread::sleep(Duration::from_millis(10));
        }
        let heard = [health, ready, inbox].map(|curl| said(curl).stdout);
        std::fs::write(pipe, floors).unwrap();
        heard
    });
    hub.start();
    let [health, ready, inbox] = asking.join().unwrap();
    assert!(health.starts_with("HTTP/2 200"), "{health}");
    let entries = told(&hub.log()).0;
    let progress = format!("the index has {entries} of {entries} entries");
    assert!(ready.starts_with("HTTP/2 503") && ready.contains(&progress), "{ready}");
    for refused in [ready, inbox] {
        assert!(refused.contains("\nretry-after: ") && refused.contains(r#""code":"starting""#), "{refused}");
    }
    assert_eq!(hub.ready(), "ready\n");
}

#[test]
fn a_second_hub_on_a_folder_is_told_so_whether_or_not_the_address_is_taken() {
    let hub = TestHub::running();
    for listen in [&[][..], &["--listen", "127.0.0.1:0"]] {
        let said = hub.run(&[&["serve"], listen].concat()).code_is(69);
        assert!(said.stderr.contains("Một trục khác đang chạy"), "{said:?}");
    }
    assert_eq!(hub.ready(), "ready\n", "where the first one answers is still known");
}
