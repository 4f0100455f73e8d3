//! RFC 3161 time stamps: a TSTInfo that an authority has signed. Believed only when everything about it is right.

use std::io;

use x509_parser::prelude::{FromDer, X509Certificate};

use crate::document::algorithm;
use crate::document::attributes::Binding;
use crate::document::check::{Checked, Wrong, check};
use crate::document::cursor::Cursor;
use crate::document::judge::{self, Certificates};
use crate::document::oid;
use crate::document::reason::Reason;
use crate::document::report::TimeStampReport;
use crate::document::signed_data::{self, SignedData};
use crate::document::source::Content;
use crate::document::time;
use crate::domain::Timestamp;
use crate::signature::{DigestMethod, Indication, SignerInfo, der};
use crate::trust::{TrustStore, Usage};

/// Largest time stamp: one with its certificates has some 6 KB.
const TOKEN_OCTETS_MAX: usize = 64 << 10;
/// 1.3.6.1.5.5.7.3.8 of extKeyUsage, the only one that may be there.
const BOOLEAN: u8 = 0x01;
const GENERALIZED_TIME: u8 = 0x18;

/// What a time stamp says.
#[derive(Debug)]
struct TstInfo<'a> {
    policy: &'a [u8],
    imprint: (DigestMethod, &'a [u8]),
    gen_time: Timestamp,
}

impl<'a> TstInfo<'a> {
    fn parse(input: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::inside(der::SEQUENCE, input)?;
        let is_version_1 = cursor.expect(der::INTEGER)? == [1];
        let policy = cursor.expect(der::OID)?;
        let mut imprint = Cursor::new(cursor.expect(der::SEQUENCE)?);
        let method = algorithm::digest(imprint.expect(der::SEQUENCE)?)?;
        let hash = imprint.expect(der::OCTET_STRING)?;
        imprint.end()?;
        cursor.expect(der::INTEGER)?;
        let gen_time = time::time(GENERALIZED_TIME, cursor.expect(GENERALIZED_TIME)?)?;
        cursor.optional(der::SEQUENCE); // accuracy
        cursor.optional(BOOLEAN); // ordering
        cursor.optional(der::INTEGER); // nonce
        cursor.optional(0xA0); // tsa
        cursor.optional(0xA1); // extensions
        cursor.end()?;
        is_version_1.then_some(Self { policy, imprint: (method, hash), gen_time })
    }
}

/// Looks at a time stamp of `content`. `known` are certificates that did not come with it.
pub(super) fn examine(
    token: &[u8],
    content: &dyn Content,
    trust: &TrustStore,
    known: &[Vec<u8>],
) -> io::Result<TimeStampReport> {
    let mut report = TimeStampReport::blank();
    if token.len() > TOKEN_OCTETS_MAX {
        return Ok(report.failed(Reason::TooLarge, "the time stamp is larger than is looked at"));
    }
    let Some(der) = signed_data::to_der(token) else {
        return Ok(report.failed(Reason::TimeStampMalformed, "the time stamp is no CMS"));
    };
    let Some((data, info)) = SignedData::parse(&der).and_then(|data| info(&data).map(|info| (data, info))) else {
        return Ok(report.failed(Reason::TimeStampMalformed, "the time stamp holds no TSTInfo"));
    };
    report.gen_time = Some(info.gen_time);
    report.policy = oid::dotted(info.policy);
    let [signer] = data.signers.as_slice() else {
        return Ok(report.failed(Reason::TimeStampMalformed, "the time stamp has not exactly one signer"));
    };
    let checked = check(&data, signer, known, &data.content.unwrap_or_default())?;
    report.take(&checked);
    if let Some(wrong) = wrong(&checked) {
        return Ok(report.failed(wrong.reason, wrong.detail));
    }
    let (method, hash) = info.imprint;
    if content.digest(method)? != hash {
        return Ok(report.failed(Reason::TimeStampOther, "messageImprint is not the digest of what is stamped"));
    }
    Ok(judged(report, &checked, &data, info.gen_time, trust))
}

/// The token in a TimeStampResp (RFC 3161, 2.4.2), if it was granted.
pub(super) fn token_of_response(response: &[u8]) -> Option<&[u8]> {
    let mut cursor = Cursor::inside(der::SEQUENCE, response)?;
    let status = Cursor::new(cursor.expect(der::SEQUENCE)?).expect(der::INTEGER)?;
    let (_, token) = cursor.raw()?;
    cursor.end()?;
    matches!(status, [0 | 1]).then_some(token)
}

fn info<'a>(data: &SignedData<'a>) -> Option<TstInfo<'a>> {
    (data.content_type == oid::TST_INFO).then_some(())?;
    TstInfo::parse(data.content?)
}

/// What must be right beside the signature value: the binding to the certificate, and what that may do.
fn wrong(checked: &Checked<'_>) -> Option<Wrong> {
    if checked.wrong.is_some() {
        return checked.wrong;
    }
    if !matches!(checked.binding, Some(Binding::Same { .. })) {
        let detail = "the time stamp has no signed attribute signingCertificate";
        return Some(Wrong { reason: Reason::TimeStampMalformed, detail });
    }
    let may = checked.certificate.is_some_and(may_stamp);
    let detail = "extKeyUsage of the certificate is not timeStamping alone, critical";
    (!may).then_some(Wrong { reason: Reason::TimeStampUsage, detail })
}

/// RFC 3161, 2.3: extKeyUsage is there, critical, and timeStamping alone.
fn may_stamp(certificate: &[u8]) -> bool {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate) else { return false };
    let Ok(Some(usage)) = certificate.extended_key_usage() else { return false };
    let purposes = usage.value;
    let others = purposes.any
        || purposes.server_auth
        || purposes.client_auth
        || purposes.code_signing
        || purposes.email_protection
        || purposes.ocsp_signing
        || !purposes.other.is_empty();
    usage.critical && purposes.time_stamping && !others
}

fn judged(
    mut report: TimeStampReport,
    checked: &Checked<'_>,
    data: &SignedData<'_>,
    gen_time: Timestamp,
    trust: &TrustStore,
) -> TimeStampReport {
    let certificates = Certificates::new(checked.certificate.unwrap_or_default(), &data.certificates);
    let judged = judge::at(trust, Usage::TIME_STAMP, &certificates, gen_time);
    report.root = judged.root;
    match judged.reason {
        Some(reason) => {
            report.detail = judged.detail;
            report.because(reason)
        }
        None if checked.is_weak() => {
            report.failed(Reason::AlgorithmWeak, "the time stamp rests on SHA-1 or a short key")
        }
        None => report,
    }
}

impl TimeStampReport {
    fn blank() -> Self {
        Self {
            indication: Indication::TotalPassed,
            sub_indication: None,
            reason: None,
            detail: None,
            gen_time: None,
            policy: None,
            authority: None,
            root: None,
            algorithm: None,
        }
    }

    fn take(&mut self, checked: &Checked<'_>) {
        self.authority = checked.certificate.and_then(|der| SignerInfo::from_certificate(der).ok());
        self.algorithm.clone_from(&checked.algorithm);
    }

    fn failed(mut self, reason: Reason, detail: &str) -> Self {
        self.detail = Some(detail.to_owned());
        self.because(reason)
    }

    fn because(mut self, reason: Reason) -> Self {
        (self.indication, self.sub_indication) = reason.classify();
        self.reason = Some(reason);
        self
    }
}
