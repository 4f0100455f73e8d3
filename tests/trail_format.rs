//! The trail's bytes as the world sees them: the committed example stays what the code writes, and the commands that
//! docs/trail-format.md tells an auditor to type accept it and refuse a spoilt one.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use truc::trail::{LogKey, MemoryTiles, Tree, VerifierKey, leaf_hash, proof, verify};

/// A test key: it signs nothing but the example.
const TEST_KEY: &str = "PRIVATE+KEY+hub.example/test-only+ee6cccff+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
const INDEX: u64 = 5;
const SIZE: u64 = 11;

fn entry(seq: u64) -> Vec<u8> {
    format!(r#"{{"seq":{seq},"type":"example","salt":"{seq:032x}"}}"#).into_bytes()
}

/// The proof of one entry of a log with a few.
fn example() -> (String, LogKey) {
    let key = LogKey::parse(TEST_KEY).unwrap();
    let leaves = |range: Range<u64>| Ok(range.map(|seq| leaf_hash(&entry(seq))).collect());
    let tree = Tree::open(Arc::new(MemoryTiles::default()), Arc::new(leaves), SIZE, None).unwrap();
    let head = tree.view().head().unwrap();
    let checkpoint = key.checkpoint(head.size(), head.root());
    (proof::write(&entry(INDEX), INDEX, &head.inclusion(INDEX).unwrap(), &checkpoint), key)
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn fixture(name: &str) -> String {
    fs::read_to_string(repository().join("fixtures/trail").join(name)).unwrap()
}

#[test]
fn law_5_the_committed_example_is_what_the_code_writes_and_verifies() {
    let (proof, key) = example();
    assert_eq!(fixture("example.tlog-proof"), proof);
    assert_eq!(fixture("example.vkey"), format!("{}\n", key.verifier()));
    let trusted: VerifierKey = fixture("example.vkey").trim_end().parse().unwrap();
    let verified = verify::proof(&proof, &[trusted]).unwrap();
    assert_eq!((verified.index(), verified.size(), verified.entry()), (INDEX, SIZE, entry(INDEX).as_slice()));
}

/// The shell commands of the document, in their order.
fn commands() -> String {
    let document = fs::read_to_string(repository().join("docs/trail-format.md")).unwrap();
    let blocks = document.split("```sh\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap()).collect()
}

fn by_hand(proof: &str, vkey: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("example.tlog-proof"), proof).unwrap();
    fs::write(folder.path().join("example.vkey"), vkey).unwrap();
    Command::new("sh").args(["-eu", "-c", &commands()]).current_dir(folder.path()).output().unwrap()
}

fn tools_are_there() -> bool {
    let runs = |tool, argument| Command::new(tool).arg(argument).output().is_ok_and(|output| output.status.success());
    let there = runs("openssl", "version") && runs("python3", "--version");
    if !there {
        println!("SKIPPED: openssl or python3 is missing (make test installs them)");
    }
    there
}

#[test]
fn law_5_the_commands_of_the_document_verify_the_example() {
    if !tools_are_there() {
        return;
    }
    let output = by_hand(&fixture("example.tlog-proof"), &fixture("example.vkey"));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said, "Signature Verified Successfully\nentry 5 is in the log of 11 entries\n");
}

#[test]
fn law_5_the_commands_of_the_document_refuse_a_spoilt_example() {
    if !tools_are_there() {
        return;
    }
    let (proof, vkey) = (fixture("example.tlog-proof"), fixture("example.vkey"));
    let other = LogKey::generate("hub.example/test-only", &ring::rand::SystemRandom::new()).unwrap();
    let extra = proof.lines().nth(1).unwrap();
    let spoilt = [
        (proof.replace("index 5", "index 4"), vkey.clone()),
        (proof.replace("\n11\n", "\n12\n"), vkey.clone()),
        (proof.replace(extra, "extra eyJzZXEiOjV9"), vkey.clone()),
        (proof.clone(), format!("{}\n", other.verifier())),
    ];
    for (proof, vkey) in spoilt {
        assert!(!by_hand(&proof, &vkey).status.success(), "{proof}{vkey}");
    }
}
