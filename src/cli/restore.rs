//! `truc restore`: a data folder out of a backup. What is missing is said loudly, and begins a new epoch of the log.

use std::path::PathBuf;

use clap::Args;

use crate::backup::{self, Epoch, Restored, Wish};
use crate::cli::backup::failure;
use crate::cli::exit::Failure;
use crate::cli::{Context, words};

#[derive(Debug, Args)]
pub(super) struct Options {
    #[arg(value_name = "DIR")]
    backup: PathBuf,
    #[arg(long, value_name = "FILE")]
    log_key: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    #[arg(long, value_name = "NAME")]
    origin: Option<String>,
    #[arg(long, value_name = "FILE")]
    crl_floors: Option<PathBuf>,
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let wish = Wish {
        log_key: options.log_key.clone(),
        checkpoints: options.checkpoint.clone(),
        origin: options.origin.clone(),
        crl_floors: options.crl_floors.clone(),
    };
    let restored = backup::restore(&options.backup, &context.data, &wish).map_err(|error| failure(&error))?;
    if context.out.is_json() { context.out.json(&restored) } else { report(context, &restored) }
}

fn report(context: &Context, restored: &Restored) -> Result<(), Failure> {
    let (out, lang, path) = (context.out, context.lang, context.data.path().display());
    let [entries, payloads] =
        [restored.verified.entries, restored.verified.payloads].map(|number| words::count(number, lang));
    out.say(
        format!("Đã khôi phục {entries} mục và {payloads} tệp lớn vào {path}; mọi byte khớp bản sao lưu và checkpoint có chữ ký."),
        format!("Restored {entries} entries and {payloads} large files into {path}; every byte is that of the backup and the signed checkpoint."),
    )?;
    match &restored.epoch {
        None => out.say(
            "Nhật ký tiếp tục bằng khóa cũ. Nếu trục đã trả lời thêm gì sau checkpoint đã cho, đừng chạy: hãy khôi phục lại với checkpoint mới hơn.",
            "The log goes on under its old key. If the hub answered anything after the checkpoint given, do not run it: restore again with a newer one.",
        )?,
        Some(epoch) => new_epoch(context, epoch)?,
    }
    out.say(format!("Chạy trục: truc --data {path} serve"), format!("Run the hub: truc --data {path} serve"))
}

fn new_epoch(context: &Context, epoch: &Epoch) -> Result<(), Failure> {
    let (out, lang) = (context.out, context.lang);
    if epoch.missing > 0 {
        let missing = words::count(epoch.missing, lang);
        let (first, last) = (epoch.restored, epoch.restored.saturating_add(epoch.missing).saturating_sub(1));
        out.heading(words::pick(lang, "THIẾU DỮ LIỆU", "ENTRIES ARE MISSING"))?;
        out.say(
            format!("  {missing} mục đã được ký mà bản sao lưu không có: các mục {first} đến {last}. Bên gửi có biên nhận trong khoảng đó phải gửi lại."),
            format!("  {missing} entries that were signed are not in the backup: {first} to {last}. Senders with receipts among them must send again."),
        )?;
    }
    let (origin, key) = (words::shown(&epoch.origin), &epoch.verifier_key);
    out.say(
        format!("Bắt đầu kỷ nguyên mới của nhật ký: {origin}. Mục đầu tiên của nó ghi checkpoint cũ và phần thiếu."),
        format!(
            "A new epoch of the log begins: {origin}. Its first entry holds the old checkpoint and what is missing."
        ),
    )?;
    out.say(
        format!("  Khóa kiểm tra mới, đưa cho mọi bên: {key}"),
        format!("  The new verifier key, give it to everyone: {key}"),
    )?;
    out.say(
        "  Biên nhận cũ vẫn kiểm tra được bằng khóa cũ (keys/earlier.vkeys).",
        "  Old receipts still verify by the old key (keys/earlier.vkeys).",
    )
}
