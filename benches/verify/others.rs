//! The others: xmlsec1, which measures its own work, and a Java program that is kept warm.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::documents::{Signer, Subject};

/// Seconds of processor time of one verification by xmlsec1, with the path to the root: it verifies so many times, parsing
/// anew each time, and says how long that took.
pub(crate) fn xmlsec(signer: &Signer, subject: &Subject, repeats: u32) -> f64 {
    let output = Command::new("xmlsec1")
        .args(["--verify", "--enabled-reference-uris", "empty", "--repeat", &repeats.to_string(), "--trusted-pem"])
        .arg(signer.authority("root"))
        .arg("--untrusted-pem")
        .arg(signer.authority("sub"))
        .arg(&subject.path)
        .output()
        .expect("xmlsec1");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{said}");
    let line = said.lines().find(|line| line.starts_with("Executed")).unwrap_or_else(|| panic!("{said}"));
    let numbers: Vec<f64> = line.split([' ', '(', ')']).filter_map(|word| word.parse().ok()).collect();
    let [times, milliseconds] = numbers[..] else { panic!("{line}") };
    milliseconds / 1e3 / times
}

pub(crate) struct Java {
    child: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Java {
    pub(crate) fn start(file: &Path, certificate: &Path, round: Duration) -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/verify/XmlDsig.java");
        let mut child = Command::new("java")
            .arg(program)
            .arg(file)
            .arg(certificate)
            .arg(round.as_millis().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("java");
        let (ask, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut java = Self { child, ask, answers };
        assert_eq!(java.line(), "ready");
        java
    }

    /// Seconds of processor time of one verification.
    pub(crate) fn round(&mut self) -> f64 {
        self.ask.write_all(b"\n").unwrap();
        self.line().parse::<f64>().unwrap() / 1e9
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }
}

impl Drop for Java {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
