//! `truc trust list`: authorities and CRLs of the trust folders, and how long they last. Needs no hub.

use std::path::PathBuf;

use clap::Args;

use crate::cli::exit::{Exit, Failure};
use crate::cli::{Context, words};
use crate::clock::{Clock as _, SystemClock};
use crate::config::trust_sources;
use crate::domain::{Lang, Timestamp};
use crate::trust::inventory::{Authority, CrlInForce, Inventory};
use crate::trust::{Sources, TrustStore};

#[derive(Debug, Args)]
pub(super) struct Options {
    #[arg(long, value_name = "DIR")]
    trust: Option<PathBuf>,
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let folder = options.trust.clone().unwrap_or_else(|| context.data.trust());
    let now = SystemClock.now();
    let inventory = open(trust_sources(&folder), now)?.inventory(now);
    if context.out.is_json() {
        return context.out.json(&inventory);
    }
    show(context, &inventory)
}

/// The store behind these sources.
pub(super) fn open(sources: Sources, now: Timestamp) -> Result<TrustStore, Failure> {
    TrustStore::open(sources, now).map_err(|error| {
        Failure::new(
            Exit::NoInput,
            format!("Không đọc được kho tin cậy: {error}"),
            format!("The trust folders cannot be read: {error}"),
        )
    })
}

fn show(context: &Context, inventory: &Inventory) -> Result<(), Failure> {
    let lang = context.lang;
    let header = match lang {
        Lang::Vi => ["", "Tên", "Số", "Từ", "Đến", "Còn", "SHA-256"],
        Lang::En => ["", "Name", "Number", "From", "Until", "Left", "SHA-256"],
    };
    let (root, ca) = (words::pick(lang, "gốc", "root"), "CA");
    let anchors = inventory.anchors.iter().map(|authority| row(root, authority, lang));
    let intermediates = inventory.intermediates.iter().map(|authority| row(ca, authority, lang));
    let rows: Vec<_> =
        anchors.chain(intermediates).chain(inventory.crls.iter().map(|crl| crl_row(crl, lang))).collect();
    context.out.table(&header, &rows)?;
    for fault in &inventory.faults {
        let fault = words::shown(fault);
        context.out.say(format!("Không dùng được: {fault}"), format!("Not taken: {fault}"))?;
    }
    Ok(())
}

fn row(kind: &str, authority: &Authority, lang: Lang) -> Vec<String> {
    let certificate = &authority.certificate;
    let name = match authority.published {
        Some(known) => format!("{} ({})", certificate.subject, known.name(lang)),
        None => certificate.subject.clone(),
    };
    let (from, until) = (day(certificate.not_before), day(certificate.not_after));
    let left = left(authority.days_left, lang);
    vec![kind.to_owned(), name, String::new(), from, until, left, certificate.sha256.to_string()]
}

fn crl_row(crl: &CrlInForce, lang: Lang) -> Vec<String> {
    let (from, until) = (day(crl.this_update), day(crl.next_update));
    let left = left(crl.days_left, lang);
    vec!["CRL".to_owned(), crl.issuer.clone(), crl.number.clone(), from, until, left, crl.sha256.to_string()]
}

fn day(at: Timestamp) -> String {
    at.local().strftime("%d/%m/%Y").to_string()
}

/// `12 ngày`, or that it is over.
fn left(days: i64, lang: Lang) -> String {
    match u64::try_from(days) {
        Err(_) => words::pick(lang, "đã hết", "over").to_owned(),
        Ok(days) => match lang {
            Lang::Vi => format!("{} ngày", words::count(days, lang)),
            Lang::En => format!("{} days", words::count(days, lang)),
        },
    }
}
