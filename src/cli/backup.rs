//! `truc backup`: a copy of the data folder on another disk, made while the hub runs; and read back.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::api::BackupRequest;
use crate::backup::{self, BackupError, Made, Manifest, Verified};
use crate::cli::exit::{self, Exit, Failure};
use crate::cli::{Context, files, words};
use crate::clock::{Clock as _, SystemClock};
use crate::hub::retention::is_name;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[arg(value_name = "DIR")]
    to: PathBuf,
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[arg(long)]
    verify: bool,
}

/// What `--json` says.
#[derive(serde::Serialize)]
struct Answer<'a> {
    name: &'a str,
    origin: &'a str,
    size: u64,
    root: crate::domain::Digest,
    #[serde(skip_serializing_if = "Option::is_none")]
    made: Option<&'a Made>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<&'a Verified>,
    told: bool,
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    if options.verify {
        return check(context, &options.to);
    }
    let name = match &options.name {
        Some(name) => name.clone(),
        None => files::name(&options.to.file_name().unwrap_or_default().to_string_lossy()).to_lowercase(),
    };
    if !is_name(&name) {
        return Err(Failure::usage(
            "Đặt tên cho bản sao lưu: --name, gồm a-z 0-9 . -",
            "Give the backup a name: --name, of a-z 0-9 . -",
        ));
    }
    let (manifest, made) =
        backup::make(&context.data, &options.to, &name, SystemClock.now()).map_err(|error| failure(&error))?;
    let told = tell(context, &manifest)?;
    report(context, &manifest, &made, told)
}

/// Lets the hub know, where there is a profile: it can then say which backups hold what was destroyed since.
fn tell(context: &Context, manifest: &Manifest) -> Result<bool, Failure> {
    if context.profile.is_none() {
        return Ok(false);
    }
    let hub = context.connect()?;
    let request = BackupRequest { name: manifest.name.clone(), size: manifest.size, root: manifest.root };
    hub.call(hub.client().backup_made(&request)).map(|_| true)
}

fn report(context: &Context, manifest: &Manifest, made: &Made, told: bool) -> Result<(), Failure> {
    let (out, lang) = (context.out, context.lang);
    if out.is_json() {
        return out.json(&answer(manifest, Some(made), None, told));
    }
    let [entries, segments, payloads] =
        [made.size, made.segments, made.payloads].map(|number| words::count(number, lang));
    let size = words::size(made.bytes, lang);
    out.say(
        format!("Đã sao lưu đến mục {entries}: chép {segments} phân đoạn và {payloads} tệp lớn ({size}), không có khóa ký nhật ký."),
        format!("Backed up to entry {entries}: {segments} segments and {payloads} large files copied ({size}), without the log key."),
    )?;
    if made.rewritten > 0 || made.removed > 0 {
        let [rewritten, removed] = [made.rewritten, made.removed].map(|number| words::count(number, lang));
        out.say(
            format!("  Nội dung đã hủy trên trục nay cũng hết trong bản này: {rewritten} phân đoạn được thay, {removed} tệp lớn bị xóa."),
            format!("  What was destroyed on the hub is now gone from this backup too: {rewritten} segments replaced, {removed} large files removed."),
        )?;
    }
    if !told {
        out.note(
            "Trục chưa được báo về bản sao lưu này (thêm --profile của người vận hành): khi xử lý lộ, lọt, trục sẽ không nêu tên nó.",
            "The hub was not told of this backup (add the operator's --profile): it will not be named when a spill is dealt with.",
        );
    }
    Ok(())
}

fn answer<'a>(
    manifest: &'a Manifest,
    made: Option<&'a Made>,
    verified: Option<&'a Verified>,
    told: bool,
) -> Answer<'a> {
    let Manifest { name, origin, size, root, .. } = manifest;
    Answer { name, origin, size: *size, root: *root, made, verified, told }
}

fn check(context: &Context, backup: &Path) -> Result<(), Failure> {
    let (manifest, verified) = backup::verify(backup, &[]).map_err(|error| failure(&error))?;
    let (out, lang) = (context.out, context.lang);
    if out.is_json() {
        return out.json(&answer(&manifest, None, Some(&verified), false));
    }
    let [entries, segments, payloads] =
        [verified.entries, verified.segments, verified.payloads].map(|number| words::count(number, lang));
    let (size, made) = (words::size(verified.bytes, lang), words::time(manifest.made, lang));
    out.say(
        format!("Nguyên vẹn: {entries} mục, {segments} phân đoạn, {payloads} tệp lớn ({size}), khớp checkpoint có chữ ký; sao lưu lúc {made}."),
        format!("Whole: {entries} entries, {segments} segments, {payloads} large files ({size}), as the signed checkpoint says; made at {made}."),
    )
}

/// What is wrong, as an exit code: 1 where the answer is that the backup is not whole or does not fit.
pub(super) fn failure(error: &BackupError) -> Failure {
    let exit = match error {
        BackupError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => Exit::NoInput,
        BackupError::Io { .. } | BackupError::NotEmpty(_) => Exit::CannotCreate,
        BackupError::Manifest { .. } | BackupError::NoCheckpoint | BackupError::Key(_) => Exit::NoInput,
        BackupError::NoWitness => Exit::Usage,
        _ => Exit::No,
    };
    let (vi, en) = (in_vietnamese(error), error.to_string());
    let (vi_remedy, en_remedy) = remedy(error);
    Failure::new(exit, format!("{vi}\n{vi_remedy}"), format!("Backup: {en}\n{en_remedy}"))
}

fn in_vietnamese(error: &BackupError) -> String {
    match error {
        BackupError::Io { path, source } => format!("{}: {}", path.display(), exit::in_vietnamese(source)),
        BackupError::Journal(error) => error.in_vietnamese(),
        BackupError::Manifest { path, reason } => {
            format!("{} không có hoặc không phải tệp kê của một bản sao lưu ({reason})", path.display())
        }
        BackupError::AnotherLog { theirs, ours } => format!("bản sao lưu là của nhật ký {theirs}, không phải {ours}"),
        BackupError::NoCheckpoint => "không thấy checkpoint nào do nhật ký này ký".to_owned(),
        BackupError::Note { what, source } => {
            format!("{what} không phải checkpoint hay biên nhận dùng được ({source})")
        }
        BackupError::Root { size } => format!("{size} mục đầu không khớp checkpoint có chữ ký"),
        BackupError::TooShort { entries, size } => format!("có {entries} mục, mà checkpoint là trên {size} mục"),
        BackupError::Altered { path } => format!("{} không còn như lúc sao lưu", path.display()),
        BackupError::Payload(name) => format!("tệp lớn {name} thiếu hoặc hỏng"),
        BackupError::NotEmpty(path) => format!("{} không trống", path.display()),
        BackupError::Key(error) => format!("khóa ký nhật ký không dùng được ({error})"),
        BackupError::WrongKey => "khóa ký đã cho không phải của nhật ký này".to_owned(),
        BackupError::NoWitness => "muốn tiếp tục bằng khóa cũ thì phải có bằng chứng nhật ký đã đi tới đâu".to_owned(),
    }
}

/// What can be done.
const fn remedy(error: &BackupError) -> (&'static str, &'static str) {
    match error {
        BackupError::Io { .. } => (
            "Kiểm tra đường dẫn, ổ đĩa (gắn đúng, còn chỗ, cho ghi) và quyền, rồi chạy lại; bản sao lưu trước vẫn dùng được.",
            "Check the path, the disk (mounted, room left, writable) and the permissions, then run it again; the backup before still counts.",
        ),
        BackupError::Manifest { .. } | BackupError::Note { .. } => {
            ("Chỉ đúng thư mục hoặc tệp: xem docs/backup.md.", "Name the right folder or file: see docs/backup.md.")
        }
        BackupError::AnotherLog { .. } => ("Sao lưu vào một thư mục khác.", "Back up into another folder."),
        BackupError::NoCheckpoint => ("Chạy trục một lần rồi sao lưu lại.", "Run the hub once, then back it up again."),
        BackupError::Journal(_)
        | BackupError::TooShort { .. }
        | BackupError::Root { .. }
        | BackupError::Payload(_)
        | BackupError::Altered { .. } => (
            "Không có gì bị sửa. Bản sao lưu hỏng: dùng bản khác hoặc sao lưu lại; trục hỏng: truc doctor.",
            "Nothing was changed. If it is the backup: take another one, or back up again; if it is the hub: truc doctor.",
        ),
        BackupError::NotEmpty(_) => ("Chọn một thư mục trống: --data.", "Choose an empty folder: --data."),
        BackupError::Key(_) | BackupError::WrongKey => (
            "Đưa đúng keys/log.key của trục cũ (quyền 600), hoặc bỏ --log-key: trục mở kỷ nguyên mới.",
            "Bring keys/log.key of the old hub (mode 600), or leave --log-key out: a new epoch begins.",
        ),
        BackupError::NoWitness => (
            "Thêm --checkpoint TỆP, là checkpoint hoặc biên nhận mới nhất mà bên khác đang giữ.",
            "Add --checkpoint FILE, the newest checkpoint or receipt that somebody else holds.",
        ),
    }
}
