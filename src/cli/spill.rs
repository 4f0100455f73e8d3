//! `truc spill`: a document that should never have been sent is found and destroyed; what the hub cannot reach is named.

use clap::{Args, Subcommand};

use crate::api::{BackupView, ContentState, Found, Holder, SpillReport, SpillRequest};
use crate::cli::exit::Failure;
use crate::cli::retention::only;
use crate::cli::{Context, words};
use crate::domain::Lang;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    Find {
        #[arg(value_name = "DOCUMENT")]
        document: String,
    },
    Destroy {
        #[arg(value_name = "DOCUMENT")]
        document: String,
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[arg(long)]
        all: bool,
        #[arg(long)]
        yes: bool,
    },
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    match &options.act {
        Act::Find { document } => find(context, document),
        Act::Destroy { document, reason, all, yes } => destroy(context, document, reason, *all, *yes),
    }
}

fn find(context: &Context, document: &str) -> Result<(), Failure> {
    let hub = context.connect()?;
    let found = hub.call(hub.client().spill_find(&words::nfc(document)))?;
    if context.out.is_json() {
        return context.out.json(&found);
    }
    found.iter().try_for_each(|found| show(context, found))
}

/// Where a message is, and who holds it.
fn show(context: &Context, found: &Found) -> Result<(), Failure> {
    let lang = context.lang;
    let (at, size) = (words::time(found.accepted_at, lang), words::size(found.size, lang));
    let name = words::shown(&format!("{} · {} · {}", found.code, found.from, found.document_id));
    context.out.heading(name)?;
    context.out.line(format_args!("  id {} · SHA-256 {}", found.id, found.sha256))?;
    let place = match (found.payload, lang) {
        (true, Lang::Vi) => "tệp riêng trong payloads/",
        (true, Lang::En) => "a file of its own in payloads/",
        (false, Lang::Vi) => "trong phân đoạn",
        (false, Lang::En) => "within the segment",
    };
    let (seq, segment, statuses) = (found.seq, found.segment, found.statuses);
    context.out.say(
        format!("  Tiếp nhận {at}, mục {seq}, phân đoạn {segment} ({place}), {size}; {statuses} trạng thái nói về nó"),
        format!("  Accepted {at}, entry {seq}, segment {segment} ({place}), {size}; statuses about it: {statuses}"),
    )?;
    if let Some(content) = &found.content {
        let since = words::time(content.since, lang);
        let (vi, en) = match content.state {
            ContentState::Withheld => ("đang bị giữ lại từ", "withheld since"),
            ContentState::Destroyed => ("đã bị hủy lúc", "destroyed on"),
        };
        context.out.say(format!("  Nội dung {vi} {since}"), format!("  Content {en} {since}"))?;
    }
    context.out.table(&header(lang), &found.recipients.iter().map(|it| holder(it, lang)).collect::<Vec<_>>())
}

const fn header(lang: Lang) -> [&'static str; 3] {
    match lang {
        Lang::Vi => ["Nơi nhận", "Đã lấy về", "Xác nhận đã lưu"],
        Lang::En => ["Recipient", "Fetched", "Confirmed"],
    }
}

fn holder(holder: &Holder, lang: Lang) -> Vec<String> {
    let time = |at: Option<_>| at.map_or_else(|| "–".to_owned(), |at| words::time(at, lang));
    vec![holder.to.to_string(), time(holder.fetched_at), time(holder.confirmed_at)]
}

fn destroy(context: &Context, document: &str, reason: &str, all: bool, yes: bool) -> Result<(), Failure> {
    let hub = context.connect()?;
    let found = hub.call(hub.client().spill_find(&words::nfc(document)))?;
    let found = if all { found } else { vec![only(found)?] };
    if !yes {
        found.iter().try_for_each(|found| show(context, found))?;
        return Err(Failure::usage(
            "Chưa hủy gì. Hủy thì không lấy lại được; nếu đúng, thêm --yes",
            "Nothing is destroyed yet. It cannot be undone; if this is right, add --yes",
        ));
    }
    let messages = found.iter().map(|found| found.id).collect();
    let request = SpillRequest { messages, reason: words::nfc(reason) };
    let report = hub.call(hub.client().spill_destroy(&request))?;
    if context.out.is_json() { context.out.json(&report) } else { tell(context, &report) }
}

fn tell(context: &Context, report: &SpillReport) -> Result<(), Failure> {
    let (out, lang) = (context.out, context.lang);
    for spilled in &report.messages {
        show(context, &spilled.found)?;
        match spilled.destroyed.seq {
            Some(seq) => out.say(
                format!("  Đã hủy: mục {seq} của nhật ký, có bằng chứng (truc trail, --json)"),
                format!("  Destroyed: entry {seq} of the trail, with its proof (truc trail, --json)"),
            )?,
            None => out.say("  Đã bị hủy từ trước", "  Destroyed before")?,
        }
    }
    let [contents, payloads] = [report.contents, report.payloads].map(|number| words::count(number, lang));
    let size = words::size(report.bytes, lang);
    out.say(
        format!("Trên trục: đã xóa {contents} nội dung ({size}) và {payloads} tệp lớn khỏi đĩa, ghi mới chỉ mục."),
        format!(
            "On the hub: {contents} contents ({size}) and {payloads} large files are off the disk; the index is new."
        ),
    )?;
    if !report.index_clean {
        out.say(
            "CÒN LẠI: chỉ mục không ghi mới được khi đang chạy; hãy dừng trục, xóa thư mục index/, chạy lại.",
            "LEFT: the index could not be written anew while it runs; stop the hub, delete index/, start it.",
        )?;
    }
    let holds = |holder: &&Holder| holder.fetched_at.is_some();
    let holders: Vec<_> = report.messages.iter().flat_map(|it| it.found.recipients.iter().filter(holds)).collect();
    if holders.is_empty() {
        out.say("Không ghi nhận nơi nhận nào đã lấy về.", "No recipient is known to have taken it.")?;
    } else {
        out.say(
            "CÒN GIỮ BẢN SAO, cần yêu cầu hủy: các nơi nhận đã lấy về",
            "STILL HELD, to be asked to destroy it: the recipients that have taken it",
        )?;
        out.table(&header(lang), &holders.into_iter().map(|it| holder(it, lang)).collect::<Vec<_>>())?;
    }
    backups(context, &report.backups)
}

fn backups(context: &Context, backups: &[BackupView]) -> Result<(), Failure> {
    if backups.is_empty() {
        return context.out.say(
            "Không bản sao lưu nào đã báo với trục có chứa nó; kiểm tra các bản sao lưu khác, nếu có.",
            "No backup that told the hub of itself holds it; look to others, if there are any.",
        );
    }
    let lang = context.lang;
    context.out.say(
        "CÒN TRONG BẢN SAO LƯU, đến lần sao lưu kế tiếp (truc backup) của từng bản",
        "STILL IN BACKUPS, each until its next run (truc backup)",
    )?;
    let header = match lang {
        Lang::Vi => ["Bản sao lưu", "Lần cuối"],
        Lang::En => ["Backup", "Last run"],
    };
    let rows: Vec<_> = backups.iter().map(|it| vec![it.name.clone(), words::time(it.time, lang)]).collect();
    context.out.table(&header, &rows)
}
