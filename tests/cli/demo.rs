//! The main job, as `make run` plays it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use crate::support::{free_address, said, terminate, truc, until};

const REFUSALS: [&str; 5] = [
    "[digest_mismatch]",
    "[no_certificate_chain_found]",
    "[certificate_revoked]",
    "[sender_not_caller]",
    "[state_secret]",
];

#[test]
fn the_day_is_played_in_both_languages_on_one_folder() {
    let folder = tempfile::tempdir().unwrap();
    let play = |lang| {
        let mut command = truc();
        command.args(["--lang", lang, "--data"]).arg(folder.path().join("data"));
        said(command.args(["demo", "--once", "--listen", &free_address()])).yes()
    };
    let first = play("vi");
    assert!(first.stdout.contains("3 nơi nhận: 1 hoàn thành · 1 từ chối · 1 chưa nhận"));
    assert!(first.stdout.contains("PKI THỬ NGHIỆM"));
    assert!(first.stdout.contains("1234/VPCP-TH"));
    for code in REFUSALS {
        assert!(first.stdout.contains(code), "{code}");
    }
    let second = play("en");
    assert!(second.stdout.contains("3 recipients: 1 finished · 1 rejected · 1 not yet received"));
    assert!(second.stdout.contains("1235/VPCP-TH"));
    assert!(!second.stdout.contains("TEST PKI"), "the folder is kept");
    assert!(!folder.path().join("data/run/address").exists(), "no hub is left running");
}

#[test]
fn without_once_the_hub_runs_on_until_told_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let by = |args: &[&str]| said(truc().arg("--profile").arg(data.join("access/haiphong.toml")).args(args));
    let mut child = demo(&data);
    let mut story = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(story.any(|line| line.ends_with("Ctrl-C để dừng.")));
    by(&["inbox"]).yes();
    terminate(&child);
    assert!(child.wait().unwrap().success());
    assert!(story.any(|line| line == "Trục đã dừng."));
    assert_eq!(by(&["inbox"]).code, 69, "nobody listens any more");
}

#[test]
fn a_demo_that_is_killed_leaves_no_hub_behind() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut child = demo(&data);
    until(|| data.join("run/address").exists());
    child.kill().unwrap();
    child.wait().unwrap();
    until(|| !data.join("run/address").exists());
}

fn demo(data: &Path) -> Child {
    let mut command = truc();
    command.arg("--data").arg(data).args(["demo", "--listen", &free_address()]);
    command.stdout(Stdio::piped()).spawn().unwrap()
}

#[test]
fn a_real_data_folder_is_not_played_with() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    said(truc().arg("--data").arg(&data).args(["init", "--listen", &free_address()])).yes();
    let refused = said(truc().arg("--data").arg(&data).args(["demo", "--once"]));
    assert_eq!(refused.code, 64, "{refused:?}");
}
