//! `truc outbox`: what an agency has sent, newest first, each with the summary over its recipients.

use crate::api::ListItem;
use crate::cli::exit::Failure;
use crate::cli::inbox::{more, subject};
use crate::cli::{Context, words};
use crate::domain::Lang;

pub(super) use crate::cli::inbox::Options;

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let hub = context.connect()?;
    let query = hub.list_query(options);
    let page = hub.call(hub.client().outbox(&query))?;
    if context.out.is_json() {
        return context.out.json(&page);
    }
    if page.items.is_empty() {
        return context.out.say("Chưa gửi văn bản nào.", "No document has been sent.");
    }
    let header = match context.lang {
        Lang::Vi => ["Số, ký hiệu", "Trích yếu", "Gửi lúc", "Tình hình"],
        Lang::En => ["Code", "Subject", "Sent", "Where it stands"],
    };
    let rows: Vec<_> = page.items.iter().map(|item| row(item, context.lang)).collect();
    context.out.table(&header, &rows)?;
    more(context, &page)
}

fn row(item: &ListItem, lang: Lang) -> Vec<String> {
    let summary = item.summary.as_ref().map(|summary| words::pick(lang, &summary.text_vi, &summary.text_en));
    vec![
        item.code.clone(),
        subject(item, lang),
        words::time(item.accepted_at, lang),
        summary.unwrap_or_default().to_owned(),
    ]
}
