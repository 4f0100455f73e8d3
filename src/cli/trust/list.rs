//! `truc trust list`: authorities and CRLs of the trust folders, and how long they last. Needs no hub.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::cli::exit::{Exit, Failure};
use crate::cli::{Context, words};
use crate::clock::{Clock as _, SystemClock};
use crate::config::{CRL_FLOORS, trust_sources};
use crate::domain::{Lang, Timestamp};
use crate::refresh::{Fetched, Record};
use crate::trust::inventory::{Authority, CrlInForce, Inventory};
use crate::trust::{CrlFloors, TrustError, TrustStore, Usage};

#[derive(Debug, Args)]
pub(super) struct Options {
    #[arg(long, value_name = "DIR")]
    trust: Option<PathBuf>,
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let folder = options.trust.clone().unwrap_or_else(|| context.data.trust());
    let now = SystemClock.now();
    let path = folder.join(CRL_FLOORS);
    let floors = CrlFloors::load(&path).map_err(|error| Failure::read(&path, &error))?;
    let store = open(TrustStore::open_for(Usage::SIGNER, trust_sources(&folder), &floors, now))?;
    let (inventory, fetched) = (store.inventory(now), Record::load(&folder.join("fetched.json")));
    if context.out.is_json() {
        return context.out.json(&Answer { inventory: &inventory, sources: &fetched });
    }
    show(context, &inventory)?;
    sources(context, &fetched)
}

/// For programs.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    inventory: &'a Inventory,
    sources: &'a Record,
}

/// The store, or what is wrong with its folders.
pub(super) fn open(opened: Result<TrustStore, TrustError>) -> Result<TrustStore, Failure> {
    opened.map_err(|error| {
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
    if inventory.answers > 0 {
        let number = words::count(u64::try_from(inventory.answers).unwrap_or(u64::MAX), lang);
        context.out.say(format!("Trả lời OCSP: {number}"), format!("OCSP answers: {number}"))?;
    }
    for fault in &inventory.faults {
        let fault = words::shown(fault);
        context.out.say(format!("Không dùng được: {fault}"), format!("Not taken: {fault}"))?;
    }
    Ok(())
}

/// What was fetched from where, and when.
fn sources(context: &Context, fetched: &Record) -> Result<(), Failure> {
    let lang = context.lang;
    if fetched.0.is_empty() {
        return Ok(());
    }
    let header = match lang {
        Lang::Vi => ["Nguồn", "Hỏi lần cuối", "Trả lời lần cuối", "Có bản mới", "Lỗi"],
        Lang::En => ["Source", "Last asked", "Last answered", "Last renewed", "Error"],
    };
    let time = |at: Option<Timestamp>| at.map(|at| words::time(at, lang)).unwrap_or_default();
    let row = |(address, fetched): (&String, &Fetched)| {
        let Fetched { asked, answered, renewed, error, .. } = fetched;
        let error = error.clone().unwrap_or_default();
        vec![address.clone(), words::time(*asked, lang), time(*answered), time(*renewed), error]
    };
    context.out.table(&header, &fetched.0.iter().map(row).collect::<Vec<_>>())
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
