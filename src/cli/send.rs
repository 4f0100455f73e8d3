//! `truc send`: sends documents; prints who receives them and keeps the receipt. `--new` writes and signs the document
//! first, for offices without software of their own.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::api::{CertificateEnd, DryRun, Party, Receipt, Remark};
use crate::cli::compose::ComposeOptions;
use crate::cli::connect::Connection;
use crate::cli::exit::Failure;
use crate::cli::progress::Progress;
use crate::cli::signer::SignerOptions;
use crate::cli::{Context, files, words};
use crate::client::{ClientError, Upload};
use crate::domain::{Code, Lang};
use crate::edxml::RemarkCode;
use crate::trail::Proof;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[arg(value_name = "FILE", required_unless_present = "new", conflicts_with = "new")]
    file: Vec<PathBuf>,
    #[arg(long)]
    dry_run: bool,
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    receipt: Option<PathBuf>,
    #[arg(long)]
    new: bool,
    #[command(flatten)]
    compose: ComposeOptions,
    #[command(flatten)]
    signer: SignerOptions,
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    if options.receipt.is_some() && options.file.len() > 1 {
        return Err(Failure::usage("--receipt chỉ dùng khi gửi một tệp", "--receipt goes with one file"));
    }
    let hub = context.connect()?;
    if options.new {
        let composed = options.compose.write(context, &hub, &options.signer)?;
        send(context, &hub, options, &composed)?;
    } else {
        options.file.iter().try_for_each(|file| send(context, &hub, options, file))?;
    }
    near_end(context, &hub);
    Ok(())
}

/// A remark for people, where the certificate with which they sign ends soon. Whether it can be had decides nothing.
fn near_end(context: &Context, hub: &Connection) {
    if context.out.is_json() {
        return;
    }
    let Ok(caller) = hub.call(hub.client().caller()) else { return };
    for CertificateEnd { subject, not_after, .. } in caller.certificates_near_end {
        let (subject, end) = (words::shown(&subject), words::time(not_after, context.lang));
        context.out.note(
            format!("Chú ý: chứng thư số {subject} hết hạn lúc {end}; xin cấp mới và đăng ký với trục trước đó."),
            format!("Note: the certificate {subject} ends at {end}; get a new one and register it before."),
        );
    }
}

fn send(context: &Context, hub: &Connection, options: &Options, file: &Path) -> Result<(), Failure> {
    let upload = Upload::file(file).map_err(crate::cli::connect::failure)?;
    let progress = Progress::of(upload.len());
    let told = progress.clone();
    let upload = upload.with_progress(move |octets| told.at(octets));
    if options.dry_run {
        let verdict = hub.call(hub.client().dry_run(&upload));
        progress.done();
        return would_pass(context, file, &verdict?);
    }
    let receipt = hub.call(send_either(hub, &upload));
    progress.done();
    accepted(context, options, file, &receipt?)
}

/// A document; and where the hub says that it is a status, a status.
async fn send_either(hub: &Connection, upload: &Upload) -> Result<Receipt, ClientError> {
    match hub.client().send_document(upload).await {
        Err(ClientError::Refused(problem)) if problem.code == Code::DocumentExpected => {
            hub.client().send_status(upload).await
        }
        answer => answer,
    }
}

fn accepted(context: &Context, options: &Options, file: &Path, receipt: &Receipt) -> Result<(), Failure> {
    let path = options.receipt.clone().unwrap_or_else(|| with_ending(file, ".tlog-proof"));
    if context.out.is_json() {
        context.out.json(receipt)?;
        return keep(context, &path, &receipt.proof);
    }
    say_accepted(context, file, receipt)?;
    keep(context, &path, &receipt.proof)?;
    let path = path.display();
    context.out.say(format!("  Biên nhận: {path}"), format!("  Receipt: {path}"))
}

/// Writes the receipt. One that is there and proves another entry is kept beside it: it is the evidence of what a hub had
/// accepted before it was restored.
fn keep(context: &Context, path: &Path, proof: &str) -> Result<(), Failure> {
    if let Some(earlier) = name_for_earlier(path, proof) {
        std::fs::rename(path, &earlier).map_err(|error| Failure::write(&earlier, &error))?;
        let earlier = earlier.display();
        context.out.note(
            format!("Biên nhận trước đây, của một mục khác, được giữ ở {earlier}."),
            format!("The receipt of before, of another entry, is kept in {earlier}."),
        );
    }
    files::write(path, proof.as_bytes())
}

fn name_for_earlier(path: &Path, proof: &str) -> Option<PathBuf> {
    let standing = std::fs::read_to_string(path).ok()?;
    let (before, now) = (Proof::parse(&standing).ok()?, Proof::parse(proof).ok()?);
    let free = (1..100).map(|number| with_ending(path, &format!(".{number}"))).find(|name| !name.exists());
    free.filter(|_| before.extra != now.extra)
}

/// Said before anything else can fail: it has been accepted.
fn say_accepted(context: &Context, file: &Path, receipt: &Receipt) -> Result<(), Failure> {
    let name = file.display();
    if receipt.held {
        context.out.say(
            format!("{name}: trục đã nhận và đang tạm giữ: chưa xác định được tình trạng thu hồi của chứng thư số."),
            format!("{name}: taken by the hub and held: it is not known yet whether the certificate is revoked."),
        )?;
        context.out.say(
            "  Nơi nhận chưa thấy văn bản. Không cần gửi lại: trục tự chuyển khi xác định được; xem bằng truc track.",
            "  Recipients do not see it yet. No need to send it again: the hub delivers it once it is known; see truc track.",
        )?;
    } else if receipt.repeat {
        context.out.say(
            format!("{name}: trục đã tiếp nhận thông điệp này từ trước; đây vẫn là câu trả lời lần đầu."),
            format!("{name}: the hub had accepted this very message before; this is the first answer again."),
        )?;
    } else {
        context.out.say(format!("{name}: trục đã tiếp nhận."), format!("{name}: accepted by the hub."))?;
    }
    let (lang, out) = (context.lang, context.out);
    let to = parties(&receipt.recipients, lang);
    out.say(format!("  Id: {}", receipt.id), format!("  Id: {}", receipt.id))?;
    out.say(
        format!("  Lúc: {}, mục {} của nhật ký", words::time(receipt.time, lang), receipt.seq),
        format!("  Time: {}, entry {} of the trail", words::time(receipt.time, lang), receipt.seq),
    )?;
    if !receipt.recipients.is_empty() {
        out.say(format!("  Nơi nhận: {to}"), format!("  Recipients: {to}"))?;
    }
    remarks(context, &receipt.remarks)
}

fn would_pass(context: &Context, file: &Path, answer: &DryRun) -> Result<(), Failure> {
    if context.out.is_json() {
        return context.out.json(answer);
    }
    let (name, to) = (file.display(), parties(&answer.recipients, context.lang));
    if answer.held {
        context.out.say(
            format!("{name}: gửi được nhưng sẽ bị tạm giữ: chưa xác định được tình trạng thu hồi của chứng thư số (thử, chưa gửi, trục không lưu gì)."),
            format!("{name}: would be held: it is not known yet whether the certificate is revoked (a trial: not sent, nothing kept)."),
        )?;
    } else {
        context.out.say(
            format!("{name}: gửi được (thử, chưa gửi, trục không lưu gì)."),
            format!("{name}: would be accepted (a trial: not sent, nothing kept)."),
        )?;
    }
    context.out.say(format!("  Nơi nhận: {to}"), format!("  Recipients: {to}"))?;
    remarks(context, &answer.remarks)
}

/// The first few by name, the others by their number.
fn parties(parties: &[Party], lang: Lang) -> String {
    const NAMED_MAX: usize = 10;
    let names: Vec<_> = parties.iter().take(NAMED_MAX).map(words::party).collect();
    let rest = u64::try_from(parties.len().saturating_sub(NAMED_MAX)).unwrap_or(u64::MAX);
    let named = words::shown(&names.join("; "));
    let count = words::count(rest, lang);
    match (rest, lang) {
        (0, _) => named,
        (_, Lang::Vi) => format!("{named}; và {count} nơi khác"),
        (_, Lang::En) => format!("{named}; and {count} more"),
    }
}

fn remarks(context: &Context, remarks: &[Remark]) -> Result<(), Failure> {
    for remark in remarks {
        let known = RemarkCode::ALL.iter().find(|code| code.as_str() == remark.code);
        let text = known.map_or(remark.code.as_str(), |code| code.text(context.lang));
        let line = format!("  {}: {text} {}", words::pick(context.lang, "Lưu ý", "Note"), remark.path);
        context.out.line(words::shown(line.trim_end()))?;
    }
    Ok(())
}

/// The same name with more behind it: `a.edxml.tlog-proof`.
pub(super) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_recipients_are_counted() {
        let party = |n: usize| Party { code: format!("H{n:02}").parse().unwrap(), name: String::new() };
        let list: Vec<_> = (1..=12).map(party).collect();
        assert_eq!(parties(&list[..2], Lang::Vi), "H01; H02");
        assert!(parties(&list, Lang::Vi).ends_with("H10; và 2 nơi khác"));
        assert!(parties(&list, Lang::En).ends_with("H10; and 2 more"));
    }

    #[test]
    fn a_receipt_stands_beside_its_file() {
        assert_eq!(with_ending(Path::new("a/b.edxml"), ".tlog-proof"), Path::new("a/b.edxml.tlog-proof"));
    }
}
