//! `truc sign` with a key in a token: SoftHSM2, which is a PKCS#11 module like those of real tokens.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};
use truc::clock::{Clock as _, SystemClock};
use truc::trust::pki::{Holder, Key, Layout, Standing, Subject};

use crate::support::{Said, TestHub, said};

const PIN: &str = "271828";

/// Where Debian puts the module.
const MODULES: [&str; 2] = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so"];

const MESSAGE: &str = "<edXML xmlns='http://www.mic.gov.vn/TBT/QCVN_102_2016'><edXMLEnvelope><edXMLHeader>\
    <MessageHeader><From><OrganId>G22</OrganId></From><To><OrganId>H41</OrganId></To></MessageHeader>\
    </edXMLHeader><edXMLBody/></edXMLEnvelope></edXML>";

/// A hub's folder with a signer of the test PKI whose key is in a token.
struct Desk {
    hub: TestHub,
    module: &'static str,
    configuration: PathBuf,
}

impl Desk {
    /// None, said loudly, where there is no SoftHSM2.
    fn new() -> Option<Self> {
        let Some(module) = MODULES.into_iter().find(|module| Path::new(module).exists()) else {
            eprintln!("SKIPPED: SoftHSM2 is not installed (apt-get install softhsm2 opensc): NO token was tested");
            return None;
        };
        let hub = TestHub::made();
        let (tokens, configuration) = (PathBuf::from(hub.file("tokens")), PathBuf::from(hub.file("softhsm2.conf")));
        std::fs::create_dir(&tokens).unwrap();
        std::fs::write(&configuration, format!("directories.tokendir = {}\n", tokens.display())).unwrap();
        let desk = Self { hub, module, configuration };
        desk.tool(
            "softhsm2-util",
            &["--init-token", "--free", "--label", "cơ quan", "--so-pin", "27182818", "--pin", PIN],
        );
        Some(desk)
    }

    fn tool(&self, program: &str, args: &[&str]) {
        let output = Command::new(program).args(args).env("SOFTHSM2_CONF", &self.configuration).output();
        let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Puts a key and its certificate into the token.
    fn put(&self, label: &str, id: &str, key: &Path, certificate: &Path) {
        let (key, der) = (key.to_str().unwrap(), self.hub.file("certificate.der"));
        self.tool(
            "softhsm2-util",
            &["--import", key, "--token", "cơ quan", "--label", label, "--id", id, "--pin", PIN],
        );
        self.tool("openssl", &["x509", "-in", certificate.to_str().unwrap(), "-outform", "DER", "-out", &der]);
        let login = ["--module", self.module, "--token-label", "cơ quan", "--login", "--pin", PIN];
        let write = ["--write-object", &der, "--type", "cert", "--id", id, "--label", label];
        self.tool("pkcs11-tool", &[&login[..], &write[..]].concat());
    }

    /// `truc sign` with the token.
    fn command(&self, file: &str, more: &[&str]) -> Command {
        let signed = format!("{file}.signed");
        let args = [&["sign", file, "--output", &signed, "--pkcs11", self.module], more].concat();
        let mut command = self.hub.command_by("vpcp", &args);
        command.env("SOFTHSM2_CONF", &self.configuration);
        command
    }

    /// The PIN by the environment unless it is said otherwise.
    fn sign(&self, file: &str, pin: Option<&str>, more: &[&str]) -> Said {
        let mut command = self.command(file, more);
        if let Some(pin) = pin {
            command.env("TRUC_PIN", pin);
        }
        said(&mut command)
    }

    fn passes(&self, file: &str) -> String {
        let passed = self.hub.run(&["--json", "verify", &format!("{file}.signed")]).yes().json();
        passed["algorithms"]["signature"].as_str().unwrap().to_owned()
    }
}

/// A system certificate of the test PKI for a key made by openssl.
fn holder(hub: &TestHub, file: &str, algorithm: &[&str]) -> (PathBuf, PathBuf) {
    let pem = Command::new("openssl").args(["genpkey", "-algorithm"]).args(algorithm).output().unwrap().stdout;
    let key = Key::from_pkcs8_pem(&String::from_utf8(pem).unwrap()).unwrap();
    let layout = Layout::new(hub.path("test-pki"));
    let subject = Subject::named("VĂN PHÒNG CHÍNH PHỦ");
    let holder = Holder { file: file.to_owned(), subject, standing: Standing::Good, key: Some(key) };
    layout.add_holder(&holder, SystemClock.now()).unwrap();
    (layout.key(file), layout.certificate(file))
}

fn unsigned(hub: &TestHub) -> String {
    let file = hub.file("unsigned.edxml");
    std::fs::write(&file, MESSAGE).unwrap();
    file
}

#[test]
fn a_key_in_a_token_signs_by_the_profile() {
    let Some(desk) = Desk::new() else { return };
    let file = unsigned(&desk.hub);
    let rsa = holder(&desk.hub, "rsa", &["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
    desk.put("seal", "01", &rsa.0, &rsa.1);
    desk.sign(&file, Some(PIN), &[]).yes();
    assert_eq!(desk.passes(&file), "rsa-sha256");

    let ec = holder(&desk.hub, "ec", &["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    desk.put("hệ thống", "0a", &ec.0, &ec.1);
    let several = desk.sign(&file, Some(PIN), &[]).code_is(66);
    assert!(several.stderr.contains("seal (01)") && several.stderr.contains("hệ thống (0a)"), "{several:?}");
    for key in ["hệ thống", "0A"] {
        desk.sign(&file, Some(PIN), &["--token-label", "cơ quan", "--token-key", key]).yes();
        assert_eq!(desk.passes(&file), "ecdsa-sha256");
    }
    desk.sign(&file, Some(PIN), &["--token-key", "01", "--sign-cert", ec.1.to_str().unwrap()]).code_is(1);
}

#[test]
fn the_pin_comes_from_a_file_or_the_environment_and_is_never_said() {
    let Some(desk) = Desk::new() else { return };
    let file = unsigned(&desk.hub);
    let ec = holder(&desk.hub, "ec", &["EC", "-pkeyopt", "ec_paramgen_curve:P-384"]);
    desk.put("seal", "01", &ec.0, &ec.1);
    let pin_file = desk.hub.file("pin");
    std::fs::write(&pin_file, format!("{PIN}\n")).unwrap();
    desk.sign(&file, None, &["--pin-file", &pin_file]).yes();
    assert_eq!(desk.passes(&file), "ecdsa-sha384");
    let wrong = desk.sign(&file, Some("314159"), &[]).code_is(77);
    assert!(wrong.stderr.contains("PIN") && !wrong.stderr.contains("314159"), "{wrong:?}");
    desk.sign(&file, Some(PIN), &["--token-label", "another"]).code_is(66);
    desk.sign(&file, Some(PIN), &["--token-key", "another"]).code_is(66);
    desk.sign(&file, Some(PIN), &["--pin", PIN]).code_is(64);
}

/// What was shown at a terminal.
struct Shown {
    text: String,
    code: i32,
    /// Whether typed letters were shown while the question stood there, and afterwards.
    echo: (bool, bool),
}

/// Runs a command in front of a terminal of its own, and types this when it asks for the PIN.
fn at_terminal(command: &Command, typed: &str) -> Shown {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
    let mut terminal: File = openpt(flags).unwrap().into();
    grantpt(&terminal).and_then(|()| unlockpt(&terminal)).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
    let front = File::options().read(true).write(true).open(name).unwrap();
    let mut run = Command::new("setsid");
    run.args(["--ctty", "--wait"]).arg(command.get_program()).args(command.get_args()).env_clear();
    run.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut child = run.stdin(front).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    drop(run); // the test holds the terminal's other side alone: when the command ends, reading ends
    let echoes = |terminal: &File| tcgetattr(terminal).unwrap().local_modes.contains(LocalModes::ECHO);
    let mut text = Vec::new();
    let mut octet = [0];
    while !text.ends_with(b"PIN: ") && terminal.read(&mut octet).is_ok_and(|read| read == 1) {
        text.push(octet[0]);
    }
    let asking = echoes(&terminal);
    terminal.write_all(format!("{typed}\n").as_bytes()).unwrap();
    let code = child.wait().unwrap().code().unwrap();
    let after = echoes(&terminal);
    while terminal.read(&mut octet).is_ok_and(|read| read == 1) {
        text.push(octet[0]);
    }
    Shown { text: String::from_utf8(text).unwrap(), code, echo: (asking, after) }
}

#[test]
fn the_pin_is_asked_for_at_the_terminal_and_not_shown() {
    let Some(desk) = Desk::new() else { return };
    let file = unsigned(&desk.hub);
    let ec = holder(&desk.hub, "ec", &["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    desk.put("seal", "01", &ec.0, &ec.1);
    let shown = at_terminal(&desk.command(&file, &[]), PIN);
    assert_eq!((shown.text.trim_end(), shown.code, shown.echo), ("PIN:", 0, (false, true)));
    assert_eq!(desk.passes(&file), "ecdsa-sha256");
    let wrong = at_terminal(&desk.command(&file, &[]), "314159");
    assert_eq!((wrong.text.trim_end(), wrong.code, wrong.echo), ("PIN:", 77, (false, true)));
}

#[test]
fn without_a_terminal_nobody_is_asked() {
    let Some(desk) = Desk::new() else { return };
    let mut run = Command::new("setsid");
    let command = desk.command(&unsigned(&desk.hub), &[]);
    run.arg("--wait").arg(command.get_program()).args(command.get_args()).env_clear().stdin(Stdio::null());
    run.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let refused = said(&mut run).code_is(64);
    assert!(refused.stderr.contains("--pin-file"), "{refused:?}");
}
