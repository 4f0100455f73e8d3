//! Running a client as a person would: the command is shown, then what it says; what it must say is checked.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cli::Context;
use crate::cli::exit::{Exit, Failure};
use crate::cli::words::{self, pick};
use crate::config::DataFolder;
use crate::domain::{Code, Lang};

/// Where the day is played.
#[derive(Debug)]
pub(super) struct Stage<'c> {
    context: &'c Context,
    program: PathBuf,
    shown: PathBuf,
}

/// What a command said.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl<'c> Stage<'c> {
    pub(super) fn new(context: &'c Context) -> Result<Self, Failure> {
        let program = std::env::current_exe().map_err(|error| Failure::read("truc", &error))?;
        let here = std::env::current_dir().unwrap_or_default(); // gone: the whole path is shown
        let shown = program.strip_prefix(here).unwrap_or(&program).to_owned();
        Ok(Self { context, program, shown })
    }

    pub(super) fn program(&self) -> &Path {
        &self.program
    }

    /// The program as it is typed from here.
    pub(super) fn typed_program(&self) -> String {
        quoted(&self.shown.display().to_string())
    }

    pub(super) const fn folder(&self) -> &DataFolder {
        &self.context.data
    }

    pub(super) const fn lang(&self) -> Lang {
        self.context.lang
    }

    /// The data folder as it is typed: nothing where it is the usual one.
    pub(super) fn typed_data(&self) -> String {
        let path = self.folder().path();
        if path == Path::new("data") {
            String::new()
        } else {
            format!(" --data {}", quoted(&path.display().to_string()))
        }
    }

    /// Columns for what commands say: two fewer than we have.
    fn width(&self) -> u16 {
        self.context.out.width().unwrap_or(132).saturating_sub(2)
    }

    /// A profile of the demo, as it is typed.
    pub(super) fn profile(&self, name: &str) -> String {
        self.folder().access().join(format!("{name}.toml")).display().to_string()
    }

    pub(super) fn tell(&self, vi: impl AsRef<str>, en: impl AsRef<str>) -> Result<(), Failure> {
        self.context.out.say(vi, en)
    }

    /// A new scene: an empty line and a heading.
    pub(super) fn scene(&self, vi: &str, en: &str) -> Result<(), Failure> {
        self.context.out.line("")?;
        self.context.out.heading(pick(self.lang(), vi, en))
    }

    /// A command that must succeed.
    pub(super) fn passes(&self, args: &[&str]) -> Result<Said, Failure> {
        let said = self.plays(args)?;
        if said.code == Some(0) { Ok(said) } else { Err(differs("exit code 0", &said)) }
    }

    /// A command that must be refused with this code, an exit code and a remedy.
    pub(super) fn is_refused(&self, args: &[&str], code: Code, exit: i32) -> Result<(), Failure> {
        let said = self.plays(args)?;
        let remedy = words::nfc(code.remedy(self.lang()));
        let told = said.stderr.contains(&format!("[{code}]")) && said.stderr.contains(&remedy);
        if told && said.code == Some(exit) {
            Ok(())
        } else {
            Err(differs(&format!("[{code}], exit code {exit}"), &said))
        }
    }

    /// Shows a command, runs it, shows what it says.
    fn plays(&self, args: &[&str]) -> Result<Said, Failure> {
        let typed: Vec<_> = args.iter().map(|arg| quoted(arg)).collect();
        self.context.out.line(format_args!("$ truc{} {}", self.typed_data(), typed.join(" ")))?;
        let data = self.folder().path().display().to_string();
        let all: Vec<String> =
            ["--data".into(), data].into_iter().chain(args.iter().map(|arg| (*arg).to_owned())).collect();
        let output = self.command(&all).output().map_err(|error| Failure::read(&self.program, &error))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let said = Said { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) };
        for line in said.stdout.lines().chain(said.stderr.lines()) {
            self.context.out.line(format_args!("  {line}"))?;
        }
        Ok(said)
    }

    /// This program again, speaking the same language, with nothing else of our own surroundings.
    pub(super) fn command(&self, args: &[String]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(args)
            .env("COLUMNS", self.width().to_string())
            .env("TRUC_LANG", pick(self.lang(), "vi", "en"))
            .env_remove("TRUC_PROFILE")
            .env_remove("TRUC_DATA");
        command.stdin(Stdio::null());
        command
    }
}

/// What a command must have said.
pub(super) fn must_hold(said: &Said, text: &str) -> Result<(), Failure> {
    if said.stdout.contains(text) { Ok(()) } else { Err(differs(text, said)) }
}

/// A command did not say what it must.
pub(super) fn differs(expected: &str, said: &Said) -> Failure {
    let code = said.code.map_or_else(|| "?".to_owned(), |code| code.to_string());
    Failure::new(
        Exit::No,
        format!("Bước này không như phải có. Phải có: {expected}. Mã thoát: {code}."),
        format!("This step is not as it must be. Expected: {expected}. Exit code: {code}."),
    )
}

/// As it must be typed into a shell.
pub(super) fn quoted(arg: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./,:=*".contains(c);
    if !arg.is_empty() && arg.chars().all(plain) { arg.to_owned() } else { format!("'{}'", arg.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_can_be_typed() {
        assert_eq!(quoted("1234/VPCP-TTĐT"), "1234/VPCP-TTĐT");
        assert_eq!(quoted("V/v mưa lũ"), "'V/v mưa lũ'");
        assert_eq!(quoted("it's $HOME"), "'it'\\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }
}
