//! The token that a command signs with, and its PIN: from a file, the environment or the terminal, never from the command
//! line, which every process of the machine can read.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::cli::exit::{Exit, Failure};
use crate::cli::files;
use crate::signature::SigningKey;
use crate::token::{self, Pin, TokenError, Wanted};

/// The variable of the environment that may hold the PIN.
const PIN_VARIABLE: &str = "TRUC_PIN";

#[derive(Debug, Args)]
pub(super) struct TokenOptions {
    #[arg(long, value_name = "FILE", conflicts_with = "sign_key")]
    pkcs11: Option<PathBuf>,
    #[arg(long, value_name = "NAME", requires = "pkcs11")]
    token_label: Option<String>,
    #[arg(long, value_name = "NAME", requires = "pkcs11")]
    token_key: Option<String>,
    #[arg(long, value_name = "FILE", requires = "pkcs11")]
    pin_file: Option<PathBuf>,
}

impl TokenOptions {
    pub(super) const fn is_wanted(&self) -> bool {
        self.pkcs11.is_some()
    }

    /// Logs in. Certificates that are given take the place of the token's.
    pub(super) fn open(&self, certificates: Vec<Vec<u8>>) -> Result<(SigningKey, Vec<Vec<u8>>), Failure> {
        let module = self.pkcs11.as_deref().unwrap_or_else(|| Path::new(""));
        let wanted = Wanted { token: self.token_label.as_deref(), key: self.token_key.as_deref() };
        token::open(module, wanted, &self.pin()?, certificates).map_err(|error| failure(&error))
    }

    fn pin(&self) -> Result<Pin, Failure> {
        let text = match (&self.pin_file, super::variable(PIN_VARIABLE)) {
            (Some(path), _) => files::read_text(path)?,
            (None, Some(pin)) => pin,
            (None, None) => asked().map_err(|_| {
                Failure::usage(
                    format!("Cần mã PIN của token: thêm --pin-file hoặc đặt {PIN_VARIABLE}; không có màn hình để hỏi"),
                    format!("The token's PIN is needed: give --pin-file or set {PIN_VARIABLE}; there is no terminal to ask at"),
                )
            })?,
        };
        Ok(Pin::new(text.trim_end_matches(['\r', '\n']).into()))
    }
}

/// Asks at the terminal, without showing what is typed.
fn asked() -> std::io::Result<String> {
    let mut terminal = File::options().read(true).write(true).open("/dev/tty")?;
    let before = tcgetattr(&terminal)?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    // before the question: what is typed as soon as it stands there is not shown, and not thrown away
    tcsetattr(&terminal, OptionalActions::Flush, &silent)?;
    let mut line = String::new();
    let read = terminal.write_all(b"PIN: ").and_then(|()| BufReader::new(&terminal).read_line(&mut line));
    tcsetattr(&terminal, OptionalActions::Now, &before)?;
    terminal.write_all(b"\n")?;
    read.map(|_| line)
}

fn failure(error: &TokenError) -> Failure {
    let exit = match error {
        TokenError::Pin(_) => Exit::NotAllowed,
        TokenError::Token(_) => Exit::Software,
        _ => Exit::NoInput,
    };
    Failure::new(exit, format!("Không ký được bằng token: {error}"), format!("Cannot sign with the token: {error}"))
}
