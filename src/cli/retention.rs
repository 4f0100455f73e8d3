//! `truc retention`: rules by which contents are destroyed, what they would destroy, and carrying them out; withholding
//! a content and releasing it.

use clap::{Args, Subcommand, ValueEnum};

use crate::api::{Due, Found, Preview, RuleRequest, Run, RunRequest};
use crate::cli::connect::Connection;
use crate::cli::exit::Failure;
use crate::cli::{Context, words};
use crate::domain::{BusinessType, Code, Lang, Refusal, Timestamp};
use crate::hub::retention::Rule;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    List,
    Set(Set),
    Close {
        #[arg(value_name = "RULE")]
        rule: String,
    },
    Preview {
        #[arg(value_name = "RULE")]
        rule: String,
    },
    Run {
        #[arg(value_name = "RULE")]
        rule: String,
        #[arg(long)]
        yes: bool,
    },
    Withhold(Decision),
    Release(Decision),
}

#[derive(Debug, Args)]
struct Set {
    #[arg(value_name = "RULE")]
    rule: String,
    #[arg(long, value_name = "NUMBER")]
    years: Option<u16>,
    #[arg(long, value_name = "NUMBER", required_unless_present = "years")]
    days: Option<u32>,
    #[arg(long, value_enum, value_name = "NAME")]
    business: Option<Business>,
    #[arg(long = "type", id = "type", value_name = "TEXT")]
    type_name: Option<String>,
    #[arg(long)]
    header: bool,
    #[arg(long, value_name = "TEXT")]
    basis: String,
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
}

#[derive(Debug, Args)]
struct Decision {
    #[arg(value_name = "DOCUMENT")]
    document: String,
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Business {
    New,
    Revoke,
    Update,
    Replace,
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let hub = context.connect()?;
    match &options.act {
        Act::List => list(context, &hub),
        Act::Set(set) => put(context, &hub, &set.request()),
        Act::Close { rule } => close(context, &hub, rule),
        Act::Preview { rule } => {
            let preview = hub.call(hub.client().retention_preview(rule))?;
            if context.out.is_json() { context.out.json(&preview) } else { show(context, &preview) }
        }
        Act::Run { rule, yes } => carry_out(context, &hub, rule, *yes),
        Act::Withhold(decision) => withhold(context, &hub, decision, false),
        Act::Release(decision) => withhold(context, &hub, decision, true),
    }
}

impl Set {
    fn request(&self) -> RuleRequest {
        RuleRequest {
            rule: self.rule.clone(),
            years: self.years.unwrap_or_default(),
            days: self.days.unwrap_or_default(),
            business: self.business.map(|business| match business {
                Business::New => BusinessType::New,
                Business::Revoke => BusinessType::Revoke,
                Business::Update => BusinessType::Update,
                Business::Replace => BusinessType::Replace,
            }),
            type_name: self.type_name.as_deref().map(words::nfc),
            header: self.header,
            basis: words::nfc(self.basis.trim()),
            from: self.since,
            closed: false,
        }
    }
}

fn list(context: &Context, hub: &Connection) -> Result<(), Failure> {
    let rules = hub.call(hub.client().retention_rules())?;
    if context.out.is_json() {
        return context.out.json(&rules);
    }
    let header = match context.lang {
        Lang::Vi => ["Quy tắc", "Thời hạn", "Văn bản", "Hủy cả thông tin mô tả", "Căn cứ", "Từ ngày", ""],
        Lang::En => ["Rule", "Kept for", "Documents", "Header data too", "Basis", "From", ""],
    };
    let rows: Vec<_> = rules.iter().map(|rule| row(rule, context.lang)).collect();
    context.out.table(&header, &rows)
}

fn row(rule: &Rule, lang: Lang) -> Vec<String> {
    let Rule { years, days, .. } = rule;
    let kind = [rule.business.map(|business| business.name(lang).to_owned()), rule.type_name.clone()];
    vec![
        rule.rule.clone(),
        match lang {
            Lang::Vi => format!("{years} năm {days} ngày"),
            Lang::En => format!("{years} years {days} days"),
        },
        kind.into_iter().flatten().collect::<Vec<_>>().join(" · "),
        if rule.header { words::pick(lang, "có", "yes").to_owned() } else { String::new() },
        rule.basis.clone(),
        words::time(rule.from, lang),
        if rule.closed { words::pick(lang, "đã đóng", "closed").to_owned() } else { String::new() },
    ]
}

fn put(context: &Context, hub: &Connection, request: &RuleRequest) -> Result<(), Failure> {
    let rule = hub.call(hub.client().put_retention_rule(request))?;
    if context.out.is_json() {
        return context.out.json(&rule);
    }
    let name = words::shown(&rule.rule);
    if rule.closed {
        return context.out.say(format!("Đã đóng quy tắc {name}."), format!("Closed the rule {name}."));
    }
    context.out.say(
        format!("Đã ghi quy tắc {name}; chưa hủy gì. Xem trước: truc retention preview {name}"),
        format!("Recorded the rule {name}; nothing is destroyed yet. Look first: truc retention preview {name}"),
    )
}

fn close(context: &Context, hub: &Connection, name: &str) -> Result<(), Failure> {
    let known = hub.call(hub.client().retention_rules())?.into_iter().find(|rule| rule.rule == name);
    let Some(Rule { rule, years, days, business, type_name, header, basis, from, .. }) = known else {
        let refusal = Refusal::new(Code::NotFound, "there is no rule of this name");
        return Err(Failure::refused(&refusal, context.lang));
    };
    let from = Some(from);
    put(context, hub, &RuleRequest { rule, years, days, business, type_name, header, basis, from, closed: true })
}

fn show(context: &Context, preview: &Preview) -> Result<(), Failure> {
    let lang = context.lang;
    let [documents, segments, unconfirmed, withheld] =
        [preview.documents, preview.segments, preview.unconfirmed, preview.withheld].map(|it| words::count(it, lang));
    let (size, cutoff) = (words::size(preview.bytes, lang), words::time(preview.cutoff, lang));
    context.out.say(
        format!("Sẽ hủy nội dung {documents} văn bản ({size}) tiếp nhận trước {cutoff}, trong {segments} phân đoạn nhật ký."),
        format!("Would destroy the content of {documents} documents ({size}) accepted before {cutoff}, in {segments} segments of the journal."),
    )?;
    named(context, &preview.first)?;
    context.out.say(
        format!("Để lại: {unconfirmed} văn bản có nơi nhận chưa xác nhận đã lưu; {withheld} văn bản đang bị giữ lại."),
        format!(
            "Left alone: {unconfirmed} documents that a recipient has not confirmed; {withheld} that are withheld."
        ),
    )?;
    named(context, &preview.first_unconfirmed)
}

fn named(context: &Context, due: &[Due]) -> Result<(), Failure> {
    if due.is_empty() {
        return Ok(());
    }
    let header = match context.lang {
        Lang::Vi => ["Mã định danh văn bản", "Cơ quan gửi", "Tiếp nhận", "Dung lượng"],
        Lang::En => ["DocumentId", "Sender", "Accepted", "Size"],
    };
    let row = |due: &Due| {
        let (at, size) = (words::time(due.accepted_at, context.lang), words::size(due.size, context.lang));
        vec![due.document_id.to_string(), due.from.to_string(), at, size]
    };
    context.out.table(&header, &due.iter().map(row).collect::<Vec<_>>())
}

/// What was seen is what is destroyed: the cut-off of the preview is given back.
fn carry_out(context: &Context, hub: &Connection, rule: &str, yes: bool) -> Result<(), Failure> {
    let preview = hub.call(hub.client().retention_preview(rule))?;
    if !yes {
        show(context, &preview)?;
        return Err(Failure::usage(
            "Chưa hủy gì. Hủy thì không lấy lại được; nếu đúng, thêm --yes",
            "Nothing is destroyed yet. It cannot be undone; if this is right, add --yes",
        ));
    }
    let mut sum = Run::default();
    let mut request = RunRequest { rule: rule.to_owned(), cutoff: preview.cutoff, steps: 1, after: None };
    loop {
        let step = hub.call(hub.client().retention_run(&request))?;
        sum = added(sum, step);
        request.after = step.next;
        if !step.more {
            break;
        }
        if !context.out.is_json() {
            let done = words::count(sum.documents, context.lang);
            context.out.note(format!("… đã hủy {done} văn bản"), format!("… {done} documents destroyed"));
        }
    }
    if context.out.is_json() {
        return context.out.json(&sum);
    }
    let lang = context.lang;
    let [documents, segments, payloads] =
        [sum.documents, sum.segments, sum.payloads].map(|number| words::count(number, lang));
    let size = words::size(sum.bytes, lang);
    context.out.say(
        format!("Đã hủy nội dung {documents} văn bản: {segments} phân đoạn được ghi lại ({size}), {payloads} tệp lớn bị xóa. Nhật ký, biên nhận và bằng chứng còn nguyên."),
        format!("Destroyed the content of {documents} documents: {segments} segments rewritten ({size}), {payloads} large files removed. Trail, receipts and proofs are whole."),
    )
}

const fn added(sum: Run, step: Run) -> Run {
    Run {
        documents: sum.documents.saturating_add(step.documents),
        contents: sum.contents.saturating_add(step.contents),
        bytes: sum.bytes.saturating_add(step.bytes),
        payloads: sum.payloads.saturating_add(step.payloads),
        segments: sum.segments.saturating_add(step.segments),
        more: step.more,
        next: step.next,
    }
}

fn withhold(context: &Context, hub: &Connection, decision: &Decision, release: bool) -> Result<(), Failure> {
    let found = only(hub.call(hub.client().spill_find(&decision.document))?)?;
    let (client, reason) = (hub.client(), words::nfc(&decision.reason));
    let acted = if release {
        hub.call(client.release(found.id, &reason))?
    } else {
        hub.call(client.withhold(found.id, &reason))?
    };
    if context.out.is_json() {
        return context.out.json(&acted);
    }
    let name = words::shown(&format!("{} {}", found.from, found.document_id));
    if release {
        context.out.say(format!("Đã mở lại nội dung {name}."), format!("Released the content of {name}."))
    } else {
        context.out.say(
            format!("Đã giữ lại nội dung {name}: không ai lấy được, cho đến khi mở lại hoặc hủy."),
            format!("Withheld the content of {name}: nobody is given it until it is released or destroyed."),
        )
    }
}

/// The one message that is meant; several are a usage error.
pub(super) fn only(mut found: Vec<Found>) -> Result<Found, Failure> {
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        _ => Err(Failure::usage(
            "Có nhiều thông điệp mang tên đó; dùng id (xem: truc spill find)",
            "Several messages are so named; use the id (see: truc spill find)",
        )),
    }
}
