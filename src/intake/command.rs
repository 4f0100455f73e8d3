//! An admitted message becomes a command: what the rules need of it, and no more.

use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;

use crate::domain::{Code, Digest, DocumentId, MessageId, OrganId, Refusal, notation};
use crate::edxml::{Envelope, Message, Remark, StaffInfo, StatusMessage, Target, Text};
use crate::hub::Rows;
use crate::hub::content::{DocumentHeader, StatusHeader};
use crate::hub::decide::Command;
use crate::hub::entry::{Salt, Verdict};
use crate::hub::held::{Hold, HoldQuota, Release};
use crate::hub::status::SubmitStatus;
use crate::hub::submit::{KeptMaterial, Likeness, Submit, is_open};
use crate::intake::incoming::{payload_name, spool_failed};
use crate::intake::{Admission, Received};
use crate::journal::{Body, INLINE_BYTES_MAX, Payloads};
use crate::signature::{Material, MaterialKind};

/// The salt that decide replaces.
const UNSALTED: Salt = Salt([0; 16]);

/// What is common to documents and statuses.
struct Common {
    by: Arc<str>,
    verdict: Verdict,
    materials: Vec<KeptMaterial>,
}

impl Admission {
    /// Checks the parties against the directory, so that the refusal can name the place; decide checks again.
    ///
    /// # Errors
    /// `sender_unknown`, `recipient_unknown` with place.
    pub fn check_parties(&self, received: &Received, rows: &Rows<'_>) -> Result<(), Refusal> {
        let Message::Document(envelope) = self.message() else { return Ok(()) };
        if !is_open(rows, self.message().from())? {
            let detail = "From/OrganId is not an open code of the directory";
            return Err(envelope.sender_fault(Code::SenderUnknown, detail).locate(received));
        }
        for (index, to) in envelope.header.to.iter().enumerate() {
            if !is_open(rows, &to.organ_id)? {
                let detail = "To/OrganId is not an open code of the directory; nothing was delivered to anyone";
                return Err(envelope.recipient_fault(index, Code::RecipientUnknown, detail).locate(received));
            }
        }
        Ok(())
    }

    /// What the verdict rests on and is not kept yet; large CRLs become durable in `payloads/` here.
    ///
    /// # Errors
    /// `storage_failed`.
    pub fn materials(&self, rows: &Rows<'_>, payloads: &Payloads) -> Result<Vec<KeptMaterial>, Refusal> {
        let mut kept = Vec::new();
        for material in self.verdict().evidence.iter() {
            if !rows.has_material(&material.sha256)? {
                kept.push(keep(material, payloads)?);
            }
        }
        Ok(kept)
    }

    /// The command. Large bodies become durable in `payloads/` here, before a record names them.
    ///
    /// # Errors
    /// `storage_failed` where the payload cannot be kept.
    pub fn into_command(
        self,
        received: Received,
        by: Arc<str>,
        materials: Vec<KeptMaterial>,
        likeness: Option<Likeness>,
        quota: HoldQuota,
    ) -> Result<Command, Refusal> {
        let waits = matches!(self, Self::Held(_));
        let (message, verdict) = self.with_kept_verdict();
        let common = Common { by, verdict, materials };
        match message {
            Message::Document(envelope) => {
                let submit = document(*envelope, received, common, likeness)?;
                Ok(if waits {
                    Command::Hold(Box::new(Hold { submit, quota }))
                } else {
                    Command::Submit(Box::new(submit))
                })
            }
            Message::Status(status) => self::status(*status, received, common),
        }
    }

    /// The command that releases a held message whose stored bytes have made this.
    ///
    /// # Errors
    /// `revocation_unknown` for what may not be released: only what TOTAL-PASSED is.
    pub fn into_release(
        self,
        message: MessageId,
        sha256: Digest,
        materials: Vec<KeptMaterial>,
    ) -> Result<Command, Refusal> {
        let refused = || Refusal::new(Code::RevocationUnknown, "nothing vouches for the held message");
        let Self::Signed(_) = &self else { return Err(refused()) };
        let (Message::Document(envelope), verdict) = self.with_kept_verdict() else { return Err(refused()) };
        let (business, targets) = (envelope.business(), targets(&envelope));
        let (remarks, to) = (codes(&envelope.remarks), recipients(*envelope));
        Ok(Command::Release(Box::new(Release { message, sha256, to, business, targets, verdict, materials, remarks })))
    }

    /// The message, and the verdict as the trail keeps it.
    fn with_kept_verdict(self) -> (Message, Verdict) {
        let policy = self.policy();
        let (message, verdict) = self.into_parts();
        let verdict = Verdict {
            policy,
            indication: verdict.indication.as_str().to_owned(),
            sub_indication: verdict.sub_indication.map(|sub| sub.as_str().to_owned()),
            signer: verdict.signer.as_ref().map(|signer| signer.sha256),
            evidence: verdict.evidence.iter().map(|material| material.sha256).collect(),
        };
        (message, verdict)
    }
}

fn recipients(envelope: Envelope) -> Vec<OrganId> {
    envelope.header.to.into_iter().map(|to| to.organ_id).collect()
}

fn document(
    envelope: Envelope,
    received: Received,
    common: Common,
    likeness: Option<Likeness>,
) -> Result<Submit, Refusal> {
    let (sha256, size) = (received.sha256, received.size);
    Ok(Submit {
        by: common.by,
        business: envelope.business(),
        priority: envelope.header.priority(),
        targets: targets(&envelope),
        remarks: codes(&envelope.remarks),
        header: document_header(&envelope),
        from: envelope.header.from.organ_id,
        to: envelope.header.to.into_iter().map(|to| to.organ_id).collect(),
        document: envelope.header.document_id,
        sha256,
        size,
        body: received.into_body()?,
        verdict: common.verdict,
        materials: common.materials,
        likeness,
    })
}

fn status(status: StatusMessage, received: Received, common: Common) -> Result<Command, Refusal> {
    let (sha256, size) = (received.sha256, received.size);
    Ok(Command::Status(Box::new(SubmitStatus {
        by: common.by,
        status: status.status_code,
        remarks: codes(&status.remarks),
        header: StatusHeader {
            salt: UNSALTED,
            description: text(status.description.as_ref()),
            staff: status.staff_info.as_ref().map(staff).unwrap_or_default(),
            timestamp: text(status.timestamp.as_ref()),
        },
        notation: status.response_for.code.as_ref().and_then(|code| notation::key(code.as_str())),
        from: status.from.organ_id,
        to: status.response_for.organ_id,
        document: status.response_for.document_id,
        sha256,
        size,
        body: received.into_body()?,
        verdict: common.verdict,
        materials: common.materials,
    })))
}

fn document_header(envelope: &Envelope) -> DocumentHeader {
    let header = &envelope.header;
    DocumentHeader {
        salt: UNSALTED,
        code_number: header.code.code_number.to_string(),
        code_notation: header.code.code_notation.to_string(),
        subject: header.subject.to_string(),
        type_name: header.document_type.type_name.to_string(),
        promulgation_date: header.promulgation_info.promulgation_date.to_string(),
        due_date: text(header.due_date.as_ref()),
        signer: text(header.signer_info.full_name.as_ref()),
        reason: text(envelope.trace.bussiness.as_ref().and_then(|business| business.bussiness_doc_reason.as_ref())),
    }
}

fn targets(envelope: &Envelope) -> Vec<DocumentId> {
    let by_id = envelope.targets().into_iter().filter_map(|target| match target {
        Target::Document { id, .. } => Some(id),
        Target::Code { .. } => None,
    });
    by_id.collect()
}

fn keep(material: &Material, payloads: &Payloads) -> Result<KeptMaterial, Refusal> {
    let what = match material.kind {
        MaterialKind::Certificate => "certificate",
        MaterialKind::Crl => "crl",
        MaterialKind::Ocsp => "ocsp",
    };
    let body = if material.der.len() <= INLINE_BYTES_MAX {
        Body::Inline(Bytes::copy_from_slice(&material.der))
    } else {
        let mut spool = payloads.spool().map_err(spool_failed)?;
        spool.write_all(&material.der).map_err(spool_failed)?;
        Body::Payload(spool.persist(payload_name(), material.sha256).map_err(spool_failed)?)
    };
    Ok(KeptMaterial { what, sha256: material.sha256, body })
}

fn codes(remarks: &[Remark]) -> Vec<String> {
    let mut codes: Vec<String> = remarks.iter().map(|remark| remark.code.as_str().to_owned()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

fn staff(staff: &StaffInfo) -> String {
    let parts = [text(staff.staff.as_ref()), text(staff.department.as_ref()), text(staff.mobile.as_ref())];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

fn text(text: Option<&Text>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}
