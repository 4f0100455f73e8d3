//! The report in the words of people: one line for all signatures of a message's documents, and one for each.

use crate::document::reason::Note;
use crate::document::report::{
    FileReport, HolderBasis, HolderKind, Later, Revocation, Root, SignatureKind, SignatureReport, TimeBasis,
};
use crate::domain::Lang;
use crate::signature::Indication;

/// The heading of the line about documents, beside the one about the envelope.
#[must_use]
pub const fn heading(lang: Lang) -> &'static str {
    match lang {
        Lang::Vi => "Chữ ký số của cơ quan, của người ký (văn bản)",
        Lang::En => "Signatures of the agency and of the signer (document)",
    }
}

/// All signatures in one line: how many, and how many of them are valid.
#[must_use]
pub fn summary<'a>(files: impl IntoIterator<Item = &'a FileReport>, lang: Lang) -> String {
    let (mut signatures, mut valid, mut failed, mut incomplete) = (0_usize, 0_usize, 0_usize, false);
    for file in files {
        signatures = signatures.saturating_add(file.signatures.len());
        valid = valid.saturating_add(file.signatures.iter().filter(|one| one.passed()).count());
        let is_failed = |one: &&SignatureReport| one.indication == Indication::TotalFailed;
        failed = failed.saturating_add(file.signatures.iter().filter(is_failed).count());
        incomplete |= file.cut_off || file.unread.is_some();
    }
    let undecided = signatures.saturating_sub(valid).saturating_sub(failed);
    let said = match (signatures, valid, lang) {
        (0, _, Lang::Vi) => "không có chữ ký".to_owned(),
        (0, _, Lang::En) => "not signed".to_owned(),
        (all, valid, Lang::Vi) if all == valid => format!("{all} chữ ký, hợp lệ"),
        (all, valid, Lang::En) if all == valid => format!("signatures: {all}, valid"),
        (all, valid, Lang::Vi) => {
            format!("{all} chữ ký: {valid} hợp lệ, {failed} không hợp lệ, {undecided} chưa kết luận được")
        }
        (all, valid, Lang::En) => {
            format!("signatures: {all}; valid: {valid}, not valid: {failed}, undecided: {undecided}")
        }
    };
    match (incomplete, lang) {
        (false, _) => said,
        (true, Lang::Vi) => format!("{said}; có phần chưa kiểm tra được"),
        (true, Lang::En) => format!("{said}; some parts could not be looked at"),
    }
}

impl SignatureReport {
    /// One signature in one line.
    #[must_use]
    pub fn line(&self, lang: Lang) -> String {
        let sub = self.sub_indication.map(|sub| format!("/{sub}")).unwrap_or_default();
        let mut parts = vec![format!("{} [{}{sub}]", self.verdict(lang), self.indication), self.who(lang)];
        parts.extend(self.when(lang));
        parts.extend(self.root.as_ref().map(|root| root_text(root, lang)));
        parts.extend(self.algorithm.clone());
        parts.extend(self.what_is_covered(lang));
        let said = [Note::EarlierRevision]; // by the coverage
        let notes = self.notes.iter().filter(|note| !said.contains(note));
        parts.extend(notes.map(|note| note.title(lang).to_owned()));
        parts.join("; ")
    }

    fn verdict(&self, lang: Lang) -> String {
        let reason = self.reason.map_or("", |reason| reason.title(lang));
        match (self.indication, lang) {
            (Indication::TotalPassed, Lang::Vi) => "Hợp lệ".to_owned(),
            (Indication::TotalPassed, Lang::En) => "valid".to_owned(),
            (Indication::TotalFailed, Lang::Vi) => format!("Không hợp lệ ({reason})"),
            (Indication::TotalFailed, Lang::En) => format!("not valid ({reason})"),
            (Indication::Indeterminate, Lang::Vi) => format!("Chưa kết luận được ({reason})"),
            (Indication::Indeterminate, Lang::En) => format!("undecided ({reason})"),
        }
    }

    /// Whose signature it is. What only the certificate says is said so.
    fn who(&self, lang: Lang) -> String {
        let subject = self.signer.as_ref().map_or("?", |signer| signer.subject.as_str());
        let kind = match (self.kind, self.holder.kind, lang) {
            (SignatureKind::DocumentTimeStamp, _, Lang::Vi) => "dấu thời gian của tệp",
            (SignatureKind::DocumentTimeStamp, _, Lang::En) => "time stamp of the file",
            (_, HolderKind::Agency, Lang::Vi) => "cơ quan",
            (_, HolderKind::Agency, Lang::En) => "agency",
            (_, HolderKind::Person, Lang::Vi) => "người ký",
            (_, HolderKind::Person, Lang::En) => "person",
            (_, HolderKind::Unknown, Lang::Vi) => "chủ thể",
            (_, HolderKind::Unknown, Lang::En) => "holder",
        };
        let basis = match (self.holder.basis, self.holder.is_senders, lang) {
            (HolderBasis::Register, Some(true), Lang::Vi) => " (đã đăng ký cho cơ quan gửi)",
            (HolderBasis::Register, Some(true), Lang::En) => " (registered for the sender)",
            (HolderBasis::Register, _, Lang::Vi) => " (đăng ký cho cơ quan khác)",
            (HolderBasis::Register, _, Lang::En) => " (registered for another agency)",
            (HolderBasis::Subject, _, Lang::Vi) => " (theo tên trên chứng thư số)",
            (HolderBasis::Subject, _, Lang::En) => " (by the certificate's words)",
            (HolderBasis::None, ..) => "",
        };
        format!("{kind}{basis}: {subject}")
    }

    fn when(&self, lang: Lang) -> Vec<String> {
        let claimed = self.claimed_time.map(|at| match lang {
            Lang::Vi => format!("tự khai ký lúc {}", at.for_people()),
            Lang::En => format!("claims to be signed at {at}"),
        });
        let stamped =
            self.time_stamp.as_ref().and_then(|stamp| stamp.gen_time).map(|at| match (self.judged_by, lang) {
                (TimeBasis::TimeStamp, Lang::Vi) => format!("dấu thời gian {}", at.for_people()),
                (TimeBasis::TimeStamp, Lang::En) => format!("time stamp {at}"),
                (TimeBasis::Receipt, Lang::Vi) => format!("dấu thời gian chưa tin được {}", at.for_people()),
                (TimeBasis::Receipt, Lang::En) => format!("unproven time stamp {at}"),
            });
        let revoked = match (&self.revocation, lang) {
            (Revocation::Good { .. }, Lang::Vi) => Some("không bị thu hồi".to_owned()),
            (Revocation::Good { .. }, Lang::En) => Some("not revoked".to_owned()),
            (Revocation::Revoked, Lang::Vi) => Some("đã bị thu hồi".to_owned()),
            (Revocation::Revoked, Lang::En) => Some("revoked".to_owned()),
            (Revocation::Unknown, Lang::Vi) => Some("chưa biết có bị thu hồi không".to_owned()),
            (Revocation::Unknown, Lang::En) => Some("revocation unknown".to_owned()),
            (Revocation::NotAsked, _) => None,
        };
        claimed.into_iter().chain(stamped).chain(revoked).collect()
    }

    fn what_is_covered(&self, lang: Lang) -> Option<String> {
        let coverage = self.coverage?;
        let later = coverage.later_octets;
        Some(match (coverage.whole, coverage.later, lang) {
            (true, _, Lang::Vi) => "ký toàn bộ tệp".to_owned(),
            (true, _, Lang::En) => "covers the whole file".to_owned(),
            (false, Later::Other, Lang::Vi) => format!("có thay đổi sau khi ký ({later} byte)"),
            (false, Later::Other, Lang::En) => format!("changed after it was signed ({later} octets)"),
            (false, _, Lang::Vi) => format!("sau khi ký chỉ thêm chữ ký ({later} byte)"),
            (false, _, Lang::En) => format!("only signatures were added later ({later} octets)"),
        })
    }
}

fn root_text(root: &Root, lang: Lang) -> String {
    let name = match root.known_as.as_deref() {
        Some("government_cipher_committee_g1") => "Ban Cơ yếu Chính phủ, G1",
        Some("government_cipher_committee_g2") => "Ban Cơ yếu Chính phủ, G2",
        Some("national_root") => "Vietnam National Root CA",
        _ => root.subject.as_str(),
    };
    match lang {
        Lang::Vi => format!("gốc: {name}"),
        Lang::En => format!("root: {name}"),
    }
}
