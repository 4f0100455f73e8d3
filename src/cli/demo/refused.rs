//! Five messages that must not pass, each refused with a code, a place and a remedy.

use crate::cli::demo::stage::Stage;
use crate::cli::demo::story::Day;
use crate::cli::exit::Failure;
use crate::cli::files;
use crate::domain::Code;

pub(super) fn play(stage: &Stage<'_>, day: &Day) -> Result<(), Failure> {
    stage.scene("7. Năm thông điệp không được qua", "7. Five messages that must not pass")?;
    altered(stage, day)?;
    stranger(stage, day)?;
    revoked(stage, day)?;
    other_agency(stage, day)?;
    secret(stage, day)
}

fn altered(stage: &Stage<'_>, day: &Day) -> Result<(), Failure> {
    stage.tell("Một byte bị đổi sau khi ký:", "One byte changed after signing:")?;
    let mut message = files::read(day.file("cong-van.edxml").as_ref())?;
    change_one_byte(&mut message);
    let altered = day.file("bi-sua.edxml");
    files::write(altered.as_ref(), &message)?;
    stage.is_refused(&["--profile", &stage.profile("vpcp"), "send", &altered], Code::DigestMismatch, 1)
}

/// One digit of the document's date, inside the signed header: 2 becomes 3.
fn change_one_byte(message: &mut [u8]) {
    const BEFORE: &[u8] = b"PromulgationDate>2";
    let at = message.windows(BEFORE.len()).position(|window| window == BEFORE);
    if let Some(octet) = at.and_then(|at| message.get_mut(at + BEFORE.len() - 1)) {
        *octet = b'3';
    }
}

fn stranger(stage: &Stage<'_>, day: &Day) -> Result<(), Failure> {
    stage.tell(
        "Người lạ ký, bằng chứng thư số của một CA ngoài hệ thống:",
        "Signed by a stranger, with a certificate of an outside CA:",
    )?;
    signed_by(stage, day, "vpcp-outside", Code::ChainNotFound)
}

fn revoked(stage: &Stage<'_>, day: &Day) -> Result<(), Failure> {
    stage.tell("Ký bằng chứng thư số đã bị thu hồi:", "Signed with a certificate that was revoked:")?;
    signed_by(stage, day, "vpcp-revoked", Code::CertificateRevoked)
}

fn signed_by(stage: &Stage<'_>, day: &Day, holder: &str, code: Code) -> Result<(), Failure> {
    let agencies = stage.folder().test_pki().join("agencies");
    let key = agencies.join(format!("{holder}.key")).display().to_string();
    let certificate = agencies.join(format!("{holder}.crt")).display().to_string();
    let (sent, signed) = (day.file("cong-van.edxml"), day.file(&format!("{holder}.edxml")));
    stage.passes(&["sign", &sent, "--sign-key", &key, "--sign-cert", &certificate, "--output", &signed])?;
    stage.is_refused(&["--profile", &stage.profile("vpcp"), "send", &signed], code, 1)
}

fn other_agency(stage: &Stage<'_>, day: &Day) -> Result<(), Failure> {
    stage
        .tell("Hải Phòng gửi với tên Văn phòng Chính phủ:", "Hải Phòng sends in the name of the Government Office:")?;
    let profile = stage.profile("haiphong");
    let (sent, signed) = (day.file("cong-van.edxml"), day.file("mao-danh.edxml"));
    stage.passes(&["--profile", &profile, "sign", &sent, "--output", &signed])?;
    stage.is_refused(&["--profile", &profile, "send", &signed], Code::SenderNotCaller, 77)
}

fn secret(stage: &Stage<'_>, day: &Day) -> Result<(), Failure> {
    stage.tell(
        "Văn bản đóng dấu MẬT; trục không giữ lại nội dung, kể cả mã băm:",
        "A document stamped MẬT; the hub keeps nothing of it, not even a digest:",
    )?;
    let profile = stage.profile("vpcp");
    let (pdf, saved) = (day.file("cong-van.pdf"), day.file("mat.edxml"));
    let code = day.code.replace('/', "M/");
    stage.is_refused(
        &[
            "--profile",
            &profile,
            "send",
            "--new",
            "--to",
            "H41",
            "--code",
            &code,
            "--subject",
            "[MẬT] Kế hoạch bảo vệ mục tiêu",
            "--attach",
            &pdf,
            "--save",
            &saved,
        ],
        Code::StateSecret,
        1,
    )
}
