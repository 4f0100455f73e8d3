//! `truc trust block`, `unblock`, `blocks`: a certificate or key that the hub believes no more, before its authority
//! has said so. Each is an entry of the trail.

use clap::Args;

use crate::api::{BlockRequest, BlockView, Blocked};
use crate::cli::exit::Failure;
use crate::cli::trust::named::{Named, first_instant, last_instant};
use crate::cli::{Context, words};
use crate::domain::{Lang, Timestamp};

#[derive(Debug, Args)]
pub(super) struct Block {
    #[arg(value_name = "CERT")]
    certificate: Named,
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[arg(long)]
    key: bool,
    #[arg(long, value_name = "TIME", value_parser = first_instant)]
    since: Option<Timestamp>,
    #[arg(long, value_name = "TIME", value_parser = last_instant)]
    until: Option<Timestamp>,
}

#[derive(Debug, Args)]
pub(super) struct Unblock {
    #[arg(value_name = "CERT")]
    certificate: Named,
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[arg(long)]
    key: bool,
}

pub(super) fn block(context: &Context, options: &Block) -> Result<(), Failure> {
    let Block { certificate, reason, key, since, until } = options;
    let request = BlockRequest { since: *since, until: *until, ..request(certificate, reason, *key)? };
    put(context, &request)
}

pub(super) fn unblock(context: &Context, options: &Unblock) -> Result<(), Failure> {
    let Unblock { certificate, reason, key } = options;
    put(context, &BlockRequest { lift: true, ..request(certificate, reason, *key)? })
}

fn request(certificate: &Named, reason: &str, key: bool) -> Result<BlockRequest, Failure> {
    let reason = reason.to_owned();
    Ok(match certificate {
        Named::Sha256(sha256) => BlockRequest { sha256: Some(*sha256), key, reason, ..BlockRequest::default() },
        Named::File(_) => BlockRequest { certificate: certificate.pem()?, key, reason, ..BlockRequest::default() },
    })
}

fn put(context: &Context, request: &BlockRequest) -> Result<(), Failure> {
    let hub = context.connect()?;
    let view = hub.call(hub.client().put_block(request))?;
    if context.out.is_json() {
        return context.out.json(&view);
    }
    let name = words::shown(&name(&view, context.lang));
    if request.lift {
        return context.out.say(format!("Đã bỏ chặn: {name}"), format!("No longer blocked: {name}"));
    }
    let until = view.until.map(|until| words::time(until, context.lang));
    context.out.say(
        format!("Đã chặn {}: {name}", until.as_ref().map_or("không thời hạn".to_owned(), |at| format!("đến {at}"))),
        format!("Blocked {}: {name}", until.as_ref().map_or("without an end".to_owned(), |at| format!("until {at}"))),
    )?;
    context.out.say(
        "Xem văn bản, trạng thái nào dựa vào chứng thư số này: truc trust impact",
        "See which documents and statuses rest on this certificate: truc trust impact",
    )
}

pub(super) fn blocks(context: &Context) -> Result<(), Failure> {
    let hub = context.connect()?;
    let blocks = hub.call(hub.client().blocks())?;
    if context.out.is_json() {
        return context.out.json(&blocks);
    }
    if blocks.is_empty() {
        return context.out.say("Chưa chặn chứng thư số nào.", "No certificate is blocked.");
    }
    let header = match context.lang {
        Lang::Vi => ["Chứng thư số, khóa", "Từ", "Đến", "Tình trạng", "Lý do", "Người chặn", "CA nói"],
        Lang::En => ["Certificate, key", "From", "Until", "Standing", "Reason", "By", "Its CA says"],
    };
    let rows: Vec<_> = blocks.iter().map(|view| row(view, context.lang)).collect();
    context.out.table(&header, &rows)
}

fn row(view: &BlockView, lang: Lang) -> Vec<String> {
    let lifted = view.lifted_at.map(|at| words::time(at, lang));
    let standing = match (&lifted, view.in_force, lang) {
        (Some(at), _, Lang::Vi) => format!("đã bỏ chặn lúc {at}"),
        (Some(at), _, Lang::En) => format!("lifted at {at}"),
        (None, true, Lang::Vi) => "đang chặn".to_owned(),
        (None, true, Lang::En) => "in force".to_owned(),
        (None, false, Lang::Vi) => "ngoài thời hạn".to_owned(),
        (None, false, Lang::En) => "out of its time".to_owned(),
    };
    vec![
        name(view, lang),
        words::time(view.since, lang),
        view.until.map(|at| words::time(at, lang)).unwrap_or_default(),
        standing,
        view.reason.clone(),
        view.by.clone(),
        authority_says(view, lang),
    ]
}

/// Once its authority has revoked it, the block has done its work.
fn authority_says(view: &BlockView, lang: Lang) -> String {
    let Some(revocation) = &view.revocation else {
        return words::pick(lang, "chưa thu hồi", "not revoked").to_owned();
    };
    let at = words::time(revocation.revoked_at, lang);
    match (revocation.on_hold, lang) {
        (true, Lang::Vi) => format!("tạm dừng từ {at}"),
        (true, Lang::En) => format!("on hold since {at}"),
        (false, Lang::Vi) => format!("đã thu hồi từ {at}: có thể bỏ chặn"),
        (false, Lang::En) => format!("revoked since {at}: the block may be lifted"),
    }
}

fn name(view: &BlockView, lang: Lang) -> String {
    let what = match (view.what, lang) {
        (Blocked::Certificate, _) => "",
        (Blocked::Key, Lang::Vi) => "khóa ",
        (Blocked::Key, Lang::En) => "key ",
    };
    if view.subject.is_empty() {
        format!("{what}{}", view.sha256)
    } else {
        format!("{} ({what}{})", view.subject, view.sha256)
    }
}
