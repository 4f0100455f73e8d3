//! `truc inbox`: what waits for an agency, most urgent first.

use clap::Args;

use crate::api::{ListItem, Page};
use crate::cli::exit::Failure;
use crate::cli::{Context, words};
use crate::domain::{Lang, OrganId, Priority};

/// Longest wait that is asked of a hub, seconds: longer ones are cut by proxies on the way.
pub(super) const WAIT_SECONDS_MAX: u16 = 60;

/// How much of a list, and for whom.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[arg(long, value_name = "AGENCY")]
    pub(super) agency: Option<OrganId>,
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=500))]
    pub(super) limit: u16,
    #[arg(long, value_name = "CURSOR")]
    pub(super) cursor: Option<String>,
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u16).range(0..=i64::from(WAIT_SECONDS_MAX)))]
    pub(super) wait: Option<u16>,
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let hub = context.connect()?;
    let query = hub.list_query(options);
    let page = hub.call(hub.client().inbox(&query))?;
    if context.out.is_json() {
        return context.out.json(&page);
    }
    if page.items.is_empty() {
        return context.out.say("Không có văn bản nào đang chờ xác nhận.", "No document waits to be confirmed.");
    }
    let header = match context.lang {
        Lang::Vi => ["Số, ký hiệu", "Cơ quan gửi", "Độ khẩn", "Trích yếu", "Đến trục lúc", "Trạng thái"],
        Lang::En => ["Code", "From", "Urgency", "Subject", "At the hub since", "State"],
    };
    let rows: Vec<_> = page.items.iter().map(|item| row(item, context.lang)).collect();
    context.out.table(&header, &rows)?;
    more(context, &page)
}

fn row(item: &ListItem, lang: Lang) -> Vec<String> {
    vec![
        item.code.clone(),
        words::party(&item.from),
        urgency(item.priority, lang),
        subject(item, lang),
        words::time(item.accepted_at, lang),
        item.state.map(|state| state.name(lang).to_owned()).unwrap_or_default(),
    ]
}

/// Nothing for the ordinary: what is urgent is seen at once.
pub(super) fn urgency(priority: Priority, lang: Lang) -> String {
    if priority == Priority::Ordinary { String::new() } else { priority.name(lang).to_owned() }
}

/// The abstract; a business act and a message that was let in unverified are said before it.
pub(super) fn subject(item: &ListItem, lang: Lang) -> String {
    let mut text = item.subject.clone();
    if item.business != crate::domain::BusinessType::New {
        text = format!("[{}] {text}", item.business.name(lang));
    }
    if !item.verified {
        text = format!("[{}] {text}", words::pick(lang, "chưa xác thực chữ ký", "signature not verified"));
    }
    text
}

/// How to see the next page.
pub(super) fn more<T>(context: &Context, page: &Page<T>) -> Result<(), Failure> {
    match &page.next {
        Some(cursor) => context.out.say(
            format!("Còn nữa: thêm --cursor {}", words::shown(cursor)),
            format!("There is more: add --cursor {}", words::shown(cursor)),
        ),
        None => Ok(()),
    }
}
