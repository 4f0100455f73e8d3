//! How a command ends: exit codes after sysexits, and the one failure type of the command line.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::api::Problem;
use crate::domain::{Code, Lang, Refusal};

/// Exit codes. They are part of the contract with scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// A negative answer: refused, invalid, not found.
    No = 1,
    /// `EX_USAGE`: the command line is not right.
    Usage = 64,
    /// `EX_NOINPUT`: a file that was named cannot be read.
    NoInput = 66,
    /// `EX_UNAVAILABLE`: the hub cannot be reached.
    Unavailable = 69,
    /// `EX_SOFTWARE`: a fault of this program or of the hub.
    Software = 70,
    /// `EX_CANTCREAT`: a file cannot be written.
    CannotCreate = 73,
    /// `EX_TEMPFAIL`: the very same may pass later.
    TryAgain = 75,
    /// `EX_NOPERM`: not allowed.
    NotAllowed = 77,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::No => 1,
            Exit::Usage => 64,
            Exit::NoInput => 66,
            Exit::Unavailable => 69,
            Exit::Software => 70,
            Exit::CannotCreate => 73,
            Exit::TryAgain => 75,
            Exit::NotAllowed => 77,
        })
    }
}

/// Why a command did not succeed.
#[derive(Debug)]
pub(super) enum Failure {
    /// Refused, with code, place and remedy: by the hub, or by the same rules on this machine.
    Refused(Box<Problem>),
    /// The answer is no, and has been printed already.
    Negative,
    /// Anything else: an exit code, and what to say in Vietnamese and in English.
    Other(Exit, Says),
    /// The reader of our output has gone away: nothing to say.
    Closed,
}

/// One sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Says {
    pub(super) vi: String,
    pub(super) en: String,
}

impl Says {
    pub(super) fn new(vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self { vi: vi.into(), en: en.into() }
    }
}

impl Failure {
    pub(super) fn new(exit: Exit, vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Other(exit, Says::new(vi, en))
    }

    pub(super) fn usage(vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(Exit::Usage, vi, en)
    }

    /// A file that was named cannot be read.
    pub(super) fn read(path: impl Into<PathBuf>, error: &std::io::Error) -> Self {
        let path = path.into();
        let path = path.display();
        let reason = in_vietnamese(error);
        Self::new(Exit::NoInput, format!("Không đọc được {path}: {reason}"), format!("Cannot read {path}: {error}"))
    }

    /// A file cannot be written.
    pub(super) fn write(path: impl Into<PathBuf>, error: &std::io::Error) -> Self {
        let path = path.into();
        let path = path.display();
        let reason = in_vietnamese(error);
        Self::new(
            Exit::CannotCreate,
            format!("Không ghi được {path}: {reason}"),
            format!("Cannot write {path}: {error}"),
        )
    }

    /// A refusal that was decided on this machine, in the hub's words.
    pub(super) fn refused(refusal: &Refusal, lang: Lang) -> Self {
        Self::Refused(Box::new(problem(refusal, lang)))
    }

    /// The exit code; `None` where the command ends well although nobody reads it any more.
    pub(super) fn exit(&self) -> Option<Exit> {
        match self {
            Self::Refused(problem) => Some(exit_of(problem.code)),
            Self::Negative => Some(Exit::No),
            Self::Other(exit, _) => Some(*exit),
            Self::Closed => None,
        }
    }
}

/// What happens every day in Vietnamese, the rest as the system says it.
pub(super) fn in_vietnamese(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "không có tệp hoặc thư mục này".into(),
        ErrorKind::PermissionDenied => "không có quyền".into(),
        ErrorKind::AlreadyExists => "đã có".into(),
        ErrorKind::StorageFull => "hết chỗ trên đĩa".into(),
        ErrorKind::IsADirectory => "đây là thư mục".into(),
        _ => error.to_string(),
    }
}

/// 75 where the same may pass later, 77 where the caller may not do it, else 1.
fn exit_of(code: Code) -> Exit {
    match code.http_status() {
        _ if code.is_temporary() => Exit::TryAgain,
        401 | 403 => Exit::NotAllowed,
        _ => Exit::No,
    }
}

/// The same shape as the hub's answer.
pub(super) fn problem(refusal: &Refusal, lang: Lang) -> Problem {
    Problem {
        kind: format!("https://truc.invalid/errors#{}", refusal.code),
        title: refusal.code.title(lang).to_owned(),
        status: refusal.code.http_status(),
        detail: refusal.detail.clone().into_owned(),
        code: refusal.code,
        remedy: refusal.code.remedy(lang).to_owned(),
        at: refusal.at.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_follow_the_kind_of_refusal() {
        let exit = |code| Failure::refused(&Refusal::new(code, ""), Lang::Vi).exit();
        assert_eq!(exit(Code::DigestMismatch), Some(Exit::No));
        assert_eq!(exit(Code::NotFound), Some(Exit::No));
        assert_eq!(exit(Code::Unauthenticated), Some(Exit::NotAllowed));
        assert_eq!(exit(Code::SenderNotCaller), Some(Exit::NotAllowed));
        assert_eq!(exit(Code::RevocationUnknown), Some(Exit::TryAgain));
        assert_eq!(exit(Code::StorageFailed), Some(Exit::TryAgain));
        assert_eq!(Failure::Negative.exit(), Some(Exit::No));
        assert_eq!(Failure::Closed.exit(), None);
    }
}
