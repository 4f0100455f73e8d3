//! What the command line says, pinned: every file in `tests/cmd/` is a transcript of commands (`$ truc …`), their output
//! (both streams) and their exit code (`? 64`, left out where it is 0). `TRUC_BLESS=1` writes the files anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn the_command_line_says_what_it_always_said() {
    let files = transcripts();
    assert!(!files.is_empty(), "no transcripts");
    let changed: Vec<_> = files.iter().filter(|file| !check(file)).collect();
    assert!(changed.is_empty(), "output has changed (TRUC_BLESS=1 accepts it): {changed:?}");
}

fn transcripts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Plays a transcript again and compares; under `TRUC_BLESS` it is replaced.
fn check(file: &Path) -> bool {
    let expected = fs::read_to_string(file).unwrap();
    let commands = expected.lines().filter_map(|line| line.strip_prefix("$ "));
    let actual: String = commands.map(played).collect::<Vec<_>>().join("\n");
    if actual == expected {
        return true;
    }
    if std::env::var_os("TRUC_BLESS").is_some() {
        fs::write(file, actual).unwrap();
        return true;
    }
    eprintln!("{}:\n--- expected\n{expected}\n--- actual\n{actual}", file.display());
    false
}

fn played(command: &str) -> String {
    let mut words = command.split(' ');
    assert_eq!(words.next(), Some("truc"), "{command}");
    let output = Command::new(env!("CARGO_BIN_EXE_truc"))
        .args(words)
        .env_clear()
        .current_dir(std::env::temp_dir())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let said = format!("$ {command}\n{}{}", text(&output.stdout), text(&output.stderr));
    match output.status.code().unwrap() {
        0 => said,
        code => format!("{said}? {code}\n"),
    }
}
