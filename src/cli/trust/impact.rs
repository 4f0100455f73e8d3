//! `truc trust impact`: what was accepted on a certificate, or under an authority, since a time; and who has it.

use clap::Args;

use crate::api::{ImpactItem, ImpactPage, ImpactRecipient};
use crate::cli::exit::Failure;
use crate::cli::trust::named::{Named, first_instant};
use crate::cli::{Context, words};
use crate::domain::{Lang, Timestamp};

#[derive(Debug, Args)]
pub(super) struct Options {
    #[arg(value_name = "CERT", required_unless_present = "issuer", conflicts_with = "issuer")]
    certificate: Option<Named>,
    #[arg(long, value_name = "CERT")]
    issuer: Option<Named>,
    #[arg(long, value_name = "TIME", value_parser = first_instant)]
    since: Option<Timestamp>,
    #[arg(long, value_name = "NUMBER")]
    limit: Option<usize>,
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let what = match (&options.certificate, &options.issuer) {
        (_, Some(issuer)) => (issuer.sha256()?, true),
        (Some(certificate), None) => (certificate.sha256()?, false),
        (None, None) => return Err(Failure::usage("Còn thiếu: chứng thư số", "Missing: a certificate")),
    };
    let hub = context.connect()?;
    let page = hub.call(hub.client().impact(what, options.since, options.cursor.as_deref(), options.limit))?;
    if context.out.is_json() {
        return context.out.json(&page);
    }
    head(context, &page)?;
    let header = match context.lang {
        Lang::Vi => ["Lúc nhận", "Văn bản, trạng thái", "Cơ quan gửi", "Chữ ký khi nhận", "Đang ở đâu"],
        Lang::En => ["Received", "Document, status", "Sender", "Verdict then", "Who has it"],
    };
    let rows: Vec<_> = page.items.iter().map(|item| row(item, context.lang)).collect();
    context.out.table(&header, &rows)?;
    match &page.next {
        Some(next) => context.out.say(format!("Còn nữa: --cursor {next}"), format!("There is more: --cursor {next}")),
        None => Ok(()),
    }
}

/// What is known of the certificate, and from when on the list goes.
fn head(context: &Context, page: &ImpactPage) -> Result<(), Failure> {
    let lang = context.lang;
    if let Some(revocation) = &page.revocation {
        let at = words::time(revocation.revoked_at, lang);
        let invalid = revocation.invalid_since.map(|at| words::time(at, lang));
        let reason = revocation.reason.clone().unwrap_or_default();
        context.out.say(
            format!(
                "CA thu hồi từ {at} {reason}{}",
                invalid.as_ref().map(|at| format!("; khóa có thể đã lộ từ {at}")).unwrap_or_default()
            ),
            format!(
                "Revoked by its CA since {at} {reason}{}",
                invalid.as_ref().map(|at| format!("; the key may be in other hands since {at}")).unwrap_or_default()
            ),
        )?;
    }
    let number = page.items.len();
    let since = page.since.map(|at| words::time(at, lang));
    context.out.say(
        format!("{number} thông điệp {}", since.as_ref().map(|at| format!("nhận từ {at}")).unwrap_or_default()),
        format!("Messages: {number} {}", since.as_ref().map(|at| format!("received since {at}")).unwrap_or_default()),
    )
}

fn row(item: &ImpactItem, lang: Lang) -> Vec<String> {
    let what = match item.status {
        Some(status) => format!("{} {status} {}", words::pick(lang, "trạng thái", "status"), status.name(lang)),
        None if item.code.is_empty() => item.id.to_string(),
        None => format!("{} ({})", item.code, item.id),
    };
    let verdict = match &item.verdict.sub_indication {
        Some(sub) => format!("{}/{sub}", item.verdict.indication),
        None => item.verdict.indication.clone(),
    };
    let held: Vec<_> = item.recipients.iter().map(|recipient| held(recipient, lang)).collect();
    vec![words::time(item.time, lang), what, words::party(&item.from), verdict, held.join("; ")]
}

fn held(recipient: &ImpactRecipient, lang: Lang) -> String {
    let party = words::party(&recipient.to);
    let Some(state) = recipient.state else { return party };
    let fetched = match (recipient.fetched_at.is_some() || recipient.confirmed_at.is_some(), lang) {
        (true, Lang::Vi) => ", đã lấy về",
        (true, Lang::En) => ", fetched",
        (false, Lang::Vi) => ", chưa lấy về",
        (false, Lang::En) => ", not fetched",
    };
    format!("{party}: {}{fetched}", state.name(lang))
}
