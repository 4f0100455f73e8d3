//! `truc track`: where a document stands: the summary first, then each recipient.

use crate::api::{DeliveryView, DocumentView, Policy};
use crate::cli::exit::Failure;
use crate::cli::select::DocumentOptions;
use crate::cli::{Context, documents, words};
use crate::domain::{Lang, Priority};

pub(super) type Options = DocumentOptions;

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let hub = context.connect()?;
    let view = options.find(context, &hub)?;
    if context.out.is_json() {
        return context.out.json(&view);
    }
    let signatures = hub.call(hub.client().signatures(view.id));
    for line in title(&view, context.lang).into_iter().chain(documents::of_hub(signatures, context.lang)) {
        context.out.line(line)?;
    }
    context.out.heading(words::pick(context.lang, &view.summary.text_vi, &view.summary.text_en))?;
    let header = match context.lang {
        Lang::Vi => ["Nơi nhận", "Trạng thái", "Từ lúc", "Phần mềm lấy về", "Lý do, ghi chú", "Người xử lý"],
        Lang::En => ["Recipient", "State", "Since", "Fetched by software", "Reason, note", "Handled by"],
    };
    if view.deliveries.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = view.deliveries.iter().map(|delivery| row(delivery, context.lang)).collect();
    context.out.table(&header, &rows)
}

/// What the document is, who sent it, and what its signature is worth.
fn title(view: &DocumentView, lang: Lang) -> Vec<String> {
    let mut first = vec![view.code.clone(), view.type_name.clone(), view.subject.clone()];
    if view.priority != Priority::Ordinary {
        first.insert(1, view.priority.name(lang).to_uppercase());
    }
    first.retain(|part| !part.is_empty());
    let (from, at) = (words::party(&view.from), words::time(view.accepted_at, lang));
    let sent = match lang {
        Lang::Vi => format!("{from} gửi, trục tiếp nhận lúc {at}"),
        Lang::En => format!("Sent by {from}, accepted by the hub at {at}"),
    };
    vec![words::shown(&first.join(" · ")), words::shown(&sent), verdict(view, lang)]
}

fn verdict(view: &DocumentView, lang: Lang) -> String {
    let label = words::pick(lang, "Chữ ký hệ thống (gói tin)", "System signature (envelope)");
    let word = match (view.verdict.policy, view.verdict.indication.as_str()) {
        (Policy::Envelope, "TOTAL-PASSED") => words::pick(lang, "hợp lệ", "valid").to_owned(),
        (_, indication) => {
            let sub = view.verdict.sub_indication.as_deref().map(|sub| format!("/{sub}")).unwrap_or_default();
            format!("{} ({indication}{sub})", words::pick(lang, "chưa xác thực", "not verified"))
        }
    };
    words::shown(&format!("{label}: {word}"))
}

fn row(delivery: &DeliveryView, lang: Lang) -> Vec<String> {
    let last = delivery.last_status.as_ref();
    let mut state = delivery.state.name(lang).to_owned();
    if delivery.asked {
        state += words::pick(lang, " (đang đề nghị lấy lại)", " (asked to give it back)");
    }
    vec![
        words::party(&delivery.to),
        state,
        words::time(delivery.since, lang),
        delivery.fetched_at.map(|at| words::time(at, lang)).unwrap_or_default(),
        last.map(|status| status.description.clone()).unwrap_or_default(),
        last.map(|status| status.staff.clone()).unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{DeliveryState, StatusCode, Timestamp};

    fn delivery(state: DeliveryState) -> DeliveryView {
        let at: Timestamp = "2026-11-22T07:05:00Z".parse().unwrap();
        DeliveryView {
            to: crate::api::Party { code: "H14".parse().unwrap(), name: "Cao Bằng".into() },
            state,
            since: at,
            asked: false,
            fetched_at: None,
            confirmed_at: None,
            last_status: Some(crate::api::StatusView {
                code: StatusCode::Rejected,
                time: at,
                description: "Không thuộc thẩm quyền".into(),
                staff: String::new(),
            }),
        }
    }

    #[test]
    fn a_recipient_is_a_row_in_the_words_of_the_field() {
        assert_eq!(
            row(&delivery(DeliveryState::Rejected), Lang::Vi),
            ["Cao Bằng (H14)", "Từ chối tiếp nhận", "14:05 ngày 22/11/2026", "", "Không thuộc thẩm quyền", ""]
        );
        let mut asked = delivery(DeliveryState::Accepted);
        asked.asked = true;
        assert_eq!(row(&asked, Lang::Vi)[1], "Đã tiếp nhận (đang đề nghị lấy lại)");
        assert_eq!(row(&asked, Lang::En)[1], "accepted (asked to give it back)");
    }
}
