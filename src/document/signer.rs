//! One signature, from its CMS to what is reported: is it right, when was it made, may its certificate be believed.

use std::io;

use crate::document::Examiner;
use crate::document::check::{Checked, check};
use crate::document::holder;
use crate::document::judge::{self, Certificates};
use crate::document::oid;
use crate::document::reason::{Note, Reason};
use crate::document::report::{Holder, Revocation, SignatureKind, SignatureReport, TimeBasis, TimeStampReport};
use crate::document::signed_data::{Attributes, SignedData, Signer};
use crate::document::source::Content;
use crate::document::time_stamp;
use crate::domain::Timestamp;
use crate::signature::{Indication, SignerInfo};
use crate::trust::Usage;

/// Time stamps of one signature that are looked at.
const TIME_STAMPS_MAX: usize = 4;
/// How far a signer's clock may run ahead (REFERENCE 4.3).
const CLOCK_GRACE_MS: i64 = 60 * 1000;
/// Some signers write local time as UTC (REFERENCE 4.3): seven hours.
const LOCAL_TIME_MS: i64 = 7 * 60 * 60 * 1000;

/// A report that says nothing yet.
pub(super) fn blank(kind: SignatureKind, at: Timestamp) -> SignatureReport {
    SignatureReport {
        kind,
        indication: Indication::TotalPassed,
        sub_indication: None,
        reason: None,
        detail: None,
        coverage: None,
        signer: None,
        holder: Holder::default(),
        claimed_time: None,
        judged_at: at,
        judged_by: TimeBasis::Receipt,
        time_stamp: None,
        root: None,
        revocation: Revocation::NotAsked,
        algorithm: None,
        notes: Vec::new(),
    }
}

impl SignatureReport {
    /// The same report with a reason why it is not TOTAL-PASSED.
    pub(super) fn because(mut self, reason: Reason, detail: Option<String>) -> Self {
        (self.indication, self.sub_indication) = reason.classify();
        self.reason = Some(reason);
        self.detail = detail;
        self
    }

    pub(super) fn note(&mut self, note: Note) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

/// Reports one signer of `data` over `content`. `claimed` is the time that stands beside the CMS, as PAdES has it.
pub(super) fn report(
    kind: SignatureKind,
    claimed: Option<Timestamp>,
    data: &SignedData<'_>,
    signer: &Signer<'_>,
    content: &dyn Content,
    examiner: &Examiner<'_>,
) -> io::Result<SignatureReport> {
    let checked = check(data, signer, &[], content)?;
    let mut report = blank(kind, examiner.received_at);
    take(&mut report, &checked);
    report.claimed_time = report.claimed_time.or(claimed);
    if let Some(wrong) = checked.wrong {
        return Ok(report.because(wrong.reason, Some(wrong.detail.to_owned())));
    }
    report.time_stamp = best_time_stamp(signer, examiner)?;
    let proven = report.time_stamp.as_ref().and_then(TimeStampReport::proven);
    times(&mut report, proven);
    Ok(judged(report, &checked, data, proven, examiner))
}

fn take(report: &mut SignatureReport, checked: &Checked<'_>) {
    report.signer = checked.certificate.and_then(|der| SignerInfo::from_certificate(der).ok());
    report.algorithm.clone_from(&checked.algorithm);
    report.claimed_time = checked.signing_time;
    report.notes.clone_from(&checked.notes);
}

/// The first time stamp that proves a time, or else the first one.
fn best_time_stamp(signer: &Signer<'_>, examiner: &Examiner<'_>) -> io::Result<Option<TimeStampReport>> {
    let attributes = signer.unsigned.and_then(Attributes::parse);
    let tokens = attributes.and_then(|attributes| attributes.values(oid::TIME_STAMP_TOKEN)).unwrap_or_default();
    let mut best: Option<TimeStampReport> = None;
    for token in tokens.into_iter().take(TIME_STAMPS_MAX) {
        let stamp = time_stamp::examine(token, &signer.value, examiner.trust, &[])?;
        if best.as_ref().is_none_or(|best| best.proven().is_none() && stamp.proven().is_some()) {
            best = Some(stamp);
        }
    }
    Ok(best)
}

/// What is to be said about the times, and which one counts.
fn times(report: &mut SignatureReport, proven: Option<Timestamp>) {
    if let Some(proven) = proven {
        (report.judged_at, report.judged_by) = (proven, TimeBasis::TimeStamp);
    } else if report.time_stamp.is_some() {
        report.note(Note::TimeStampNotProven);
    }
    let Some(claimed) = report.claimed_time else { return };
    let ahead = claimed.as_millis().saturating_sub(report.judged_at.as_millis());
    if ahead <= CLOCK_GRACE_MS {
        return;
    }
    report.note(match proven {
        _ if ahead <= LOCAL_TIME_MS.saturating_add(CLOCK_GRACE_MS) => Note::SigningTimeLocal,
        Some(_) => Note::SigningTimeAfterTimeStamp,
        None => Note::SigningTimeFuture,
    });
}

fn judged(
    mut report: SignatureReport,
    checked: &Checked<'_>,
    data: &SignedData<'_>,
    proven: Option<Timestamp>,
    examiner: &Examiner<'_>,
) -> SignatureReport {
    let certificates = Certificates::new(checked.certificate.unwrap_or_default(), &data.certificates);
    examiner.meet(&data.certificates);
    let judged = match proven {
        Some(at) => judge::at(examiner.trust, Usage::DOCUMENT, &certificates, at),
        None => judge::at_receipt(examiner.trust, &certificates, report.claimed_time, examiner.received_at),
    };
    if let Some(signer) = &report.signer {
        report.holder = holder::of(signer, report.judged_at, examiner);
    }
    (report.root, report.revocation) = (judged.root, judged.revocation);
    match judged.reason {
        Some(reason) => report.because(reason, judged.detail),
        None if checked.is_weak() => report.because(Reason::AlgorithmWeak, None),
        None => report,
    }
}
