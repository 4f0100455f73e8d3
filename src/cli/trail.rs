//! `truc trail`: everything that happened to a document, as the trail has it; exported with its proofs; and an export
//! checked without any hub.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::Value;

use crate::api::{Trail, TrailEntry};
use crate::cli::exit::{Exit, Failure};
use crate::cli::select::DocumentOptions;
use crate::cli::{Context, files, receipt, words};
use crate::domain::{Digest, Lang, StatusCode, Timestamp};
use crate::trail::{VerifierKey, verify};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true, subcommand_required = false)]
pub(super) struct Options {
    #[command(subcommand)]
    act: Option<Act>,
    #[command(flatten)]
    document: Option<DocumentOptions>,
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Act {
    Verify {
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
    },
    /// One file with everything on which the verdict on the message rests.
    Evidence {
        #[command(flatten)]
        document: DocumentOptions,
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    match (&options.act, &options.document) {
        (Some(Act::Verify { file, key }), _) => check(context, file, key.as_deref()),
        (Some(Act::Evidence { document, output }), _) => evidence(context, document, output),
        (None, Some(document)) => show(context, document, options.export.as_deref()),
        (None, None) => {
            Err(Failure::usage("Còn thiếu: số, ký hiệu hoặc id của văn bản", "Missing: code or id of the document"))
        }
    }
}

fn show(context: &Context, document: &DocumentOptions, export: Option<&Path>) -> Result<(), Failure> {
    let hub = context.connect()?;
    let view = document.find(context, &hub)?;
    let trail = hub.call(hub.client().trail(view.id))?;
    if let Some(path) = export {
        not_there_yet(path)?;
        files::write(path, exported(&trail)?.as_bytes())?;
    }
    if context.out.is_json() {
        return context.out.json(&trail);
    }
    context.out.table(&header(context.lang), &rows(&trail.entries, context.lang))?;
    let Some(path) = export else { return Ok(()) };
    let (number, path) = (trail.entries.len(), path.display());
    context.out.say(
        format!("Đã xuất {number} mục kèm bằng chứng ra {path}. Kiểm tra không cần trục: truc trail verify {path}"),
        format!(
            "Exported {number} entries with their proofs to {path}. Check it without a hub: truc trail verify {path}"
        ),
    )
}

/// The evidence of the verdict, into a file that `truc verify --as-of` reads.
fn evidence(context: &Context, document: &DocumentOptions, output: &Path) -> Result<(), Failure> {
    let hub = context.connect()?;
    let view = document.find(context, &hub)?;
    not_there_yet(output)?;
    let evidence = hub.call(hub.client().evidence(view.id))?;
    let json = serde_json::to_vec_pretty(&evidence).map_err(|error| receipt::not_json(&error))?;
    files::write(output, &json)?;
    if context.out.is_json() {
        return context.out.json(&evidence);
    }
    let (number, path) = (evidence.materials.len(), output.display());
    context.out.say(
        format!("Đã xuất căn cứ của kết luận ({number} chứng thư số, CRL) ra {path}. Tính lại không cần trục: truc verify TỆP --as-of {path}"),
        format!("The evidence of the verdict ({number} certificates and CRLs) is in {path}. Compute it again without a hub: truc verify FILE --as-of {path}"),
    )
}

/// One entry a line, as JSON.
/// An export never takes the place of a file: it may be the only copy of a signed message.
fn not_there_yet(path: &Path) -> Result<(), Failure> {
    if !path.exists() {
        return Ok(());
    }
    let path = path.display();
    Err(Failure::new(
        Exit::CannotCreate,
        format!("{path} đã có; chọn tên tệp khác."),
        format!("{path} is there already; choose another name."),
    ))
}

fn exported(trail: &Trail) -> Result<String, Failure> {
    let mut text = String::new();
    for entry in &trail.entries {
        text += &serde_json::to_string(entry).map_err(|error| receipt::not_json(&error))?;
        text.push('\n');
    }
    Ok(text)
}

/// Every proof of an export against the log's key, and the order of the entries.
fn check(context: &Context, file: &Path, key: Option<&str>) -> Result<(), Failure> {
    let keys = receipt::verifier_keys(context, key)?;
    let mut entries: Vec<TrailEntry> = Vec::new();
    for (number, line) in files::read_text(file)?.lines().enumerate() {
        let entry = verified(line, &keys).map_err(|reason| wrong(context, number + 1, &reason))?;
        if entries.last().is_some_and(|last| last.seq >= entry.seq) {
            return Err(wrong(context, number + 1, "the entries are not in the order of the trail"));
        }
        entries.push(entry);
    }
    if entries.is_empty() {
        return Err(wrong(context, 0, "the file holds no entry"));
    }
    if context.out.is_json() {
        return context.out.json(&serde_json::json!({ "verified": true, "entries": entries.len() }));
    }
    context.out.table(&header(context.lang), &rows(&entries, context.lang))?;
    let number = entries.len();
    context.out.say(
        format!("Hợp lệ: cả {number} mục đều nằm trong nhật ký do {} ký.", keys.first().map_or("", VerifierKey::name)),
        format!("Valid: all {number} entries are in the log signed by {}.", keys.first().map_or("", VerifierKey::name)),
    )
}

/// An entry of an export, if its proof proves these very bytes at this very place.
fn verified(line: &str, keys: &[VerifierKey]) -> Result<TrailEntry, String> {
    let entry: TrailEntry = serde_json::from_str(line).map_err(|error| format!("not an entry: {error}"))?;
    let proven = verify::proof(&entry.proof, keys).map_err(|error| error.to_string())?;
    if proven.entry() != entry.entry.as_bytes() {
        return Err("the proof is of other bytes than the entry".into());
    }
    if proven.index() != entry.seq {
        return Err("the proof is of another place in the trail".into());
    }
    Ok(entry)
}

fn wrong(context: &Context, line: usize, reason: &str) -> Failure {
    if context.out.is_json() {
        let answer = serde_json::json!({ "verified": false, "line": line, "reason": reason });
        return context.out.json(&answer).err().unwrap_or(Failure::Negative);
    }
    receipt::invalid(&format!("dòng {line}: {reason}"), &format!("line {line}: {reason}"))
}

pub(super) const fn header(lang: Lang) -> [&'static str; 5] {
    match lang {
        Lang::Vi => ["Mục", "Lúc", "Việc", "Cơ quan", "Người gọi"],
        Lang::En => ["Seq", "Time", "What", "Agencies", "Caller"],
    }
}

pub(super) fn rows(entries: &[TrailEntry], lang: Lang) -> Vec<Vec<String>> {
    entries.iter().map(|entry| row(entry, lang)).collect()
}

/// An entry for people. Entries are only ever added to, so what this version does not know is shown as it stands.
fn row(entry: &TrailEntry, lang: Lang) -> Vec<String> {
    let value: Value = serde_json::from_str(&entry.entry).unwrap_or_default();
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let time = text("time").parse::<Timestamp>().map_or_else(|_| text("time"), |at| words::time(at, lang));
    let arrow = |from: String, to: String| if to.is_empty() { from } else { format!("{from} → {to}") };
    let agencies = match text("kind").as_str() {
        "fetched" | "confirmed" => text("agency"),
        _ => arrow(text("from"), text("to")),
    };
    vec![entry.seq.to_string(), time, what(&value, lang), agencies, text("by")]
}

/// What happened, in a few words.
fn what(entry: &Value, lang: Lang) -> String {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| entry.get(name).and_then(Value::as_u64).unwrap_or_default();
    match (text("kind"), lang) {
        ("accepted", Lang::Vi) => {
            format!("trục tiếp nhận, {} nơi nhận, SHA-256 {}", number("recipients"), short(text("sha256")))
        }
        ("accepted", Lang::En) => {
            format!("accepted by the hub, recipients: {}, SHA-256 {}", number("recipients"), short(text("sha256")))
        }
        ("held", Lang::Vi) => {
            format!("tạm giữ, chưa biết chứng thư số có bị thu hồi không; SHA-256 {}", short(text("sha256")))
        }
        ("held", Lang::En) => {
            format!("held, not known yet whether the certificate is revoked; SHA-256 {}", short(text("sha256")))
        }
        ("hold_released", Lang::Vi) => format!("hết tạm giữ: chứng thư số còn tốt; {} nơi nhận", number("recipients")),
        ("hold_released", Lang::En) => {
            format!("released: the certificate was good; recipients: {}", number("recipients"))
        }
        ("turned_away", Lang::Vi) => format!("không chuyển ({}); nội dung được xóa", text("code")),
        ("turned_away", Lang::En) => format!("turned away ({}); the content is removed", text("code")),
        ("addressed", Lang::Vi) => "chuyển vào danh sách chờ của nơi nhận".into(),
        ("addressed", Lang::En) => "put into the recipient's inbox".into(),
        ("fetched", Lang::Vi) => "nơi nhận lấy về lần đầu".into(),
        ("fetched", Lang::En) => "first fetched by the recipient".into(),
        ("confirmed", Lang::Vi) => "nơi nhận xác nhận đã lưu".into(),
        ("confirmed", Lang::En) => "recipient confirmed that it is stored".into(),
        ("withheld", Lang::Vi) => "nội dung bị giữ lại".into(),
        ("withheld", Lang::En) => "content withheld".into(),
        ("released", Lang::Vi) => "nội dung được mở lại".into(),
        ("released", Lang::En) => "content released".into(),
        ("epoch", Lang::Vi) => format!("kỷ nguyên mới của nhật ký, thiếu {} mục", number("missing")),
        ("epoch", Lang::En) => format!("a new epoch of the log, entries missing: {}", number("missing")),
        ("destroyed", _) => destroyed(text("rule"), lang),
        ("spilled", Lang::Vi) => "văn bản lộ, lọt: báo nơi nhận phải hủy bản sao".into(),
        ("spilled", Lang::En) => "should never have been sent: the recipient is told to destroy its copies".into(),
        ("status", _) => {
            let name = StatusCode::from_wire(text("status")).map_or("", |code| code.name(lang));
            format!("{} {} {name}", words::pick(lang, "trạng thái", "status"), text("status"))
        }
        (kind, _) => kind.to_owned(),
    }
}

fn destroyed(rule: &str, lang: Lang) -> String {
    match (rule, lang) {
        ("", Lang::Vi) => "nội dung bị hủy".into(),
        ("", Lang::En) => "content destroyed".into(),
        (rule, Lang::Vi) => format!("nội dung bị hủy theo quy tắc {rule}"),
        (rule, Lang::En) => format!("content destroyed under the rule {rule}"),
    }
}

fn short(digest: &str) -> String {
    digest
        .parse::<Digest>()
        .map_or_else(|_| digest.to_owned(), |digest| format!("{}…", hex::encode(&digest.as_bytes()[..6])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(json: &str) -> TrailEntry {
        TrailEntry { seq: 7, entry: json.to_owned(), proof: String::new() }
    }

    #[test]
    fn an_entry_is_a_row_for_people() {
        let status = entry(
            r#"{"v":1,"seq":7,"time":"2026-11-22T07:05:00.000Z","kind":"status","from":"H14","to":"G22","status":"02","by":"caobang"}"#,
        );
        assert_eq!(
            row(&status, Lang::Vi),
            ["7", "14:05 ngày 22/11/2026", "trạng thái 02 Từ chối tiếp nhận", "H14 → G22", "caobang"]
        );
        let fetched = entry(r#"{"kind":"fetched","agency":"H41","time":"x","by":"nghean"}"#);
        assert_eq!(row(&fetched, Lang::En), ["7", "x", "first fetched by the recipient", "H41", "nghean"]);
    }

    #[test]
    fn entries_of_other_versions_are_shown_as_they_stand() {
        assert_eq!(row(&entry(r#"{"kind":"ledger"}"#), Lang::Vi)[2], "ledger");
        assert_eq!(row(&entry("not JSON"), Lang::Vi)[0], "7");
    }
}
