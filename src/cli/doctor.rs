//! `truc doctor`: what is damaged in a data folder, which documents it touches, and what can be done.

use clap::Args;

use crate::cli::exit::Failure;
use crate::cli::{Context, files, words};
use crate::clock::{Clock as _, SystemClock};
use crate::doctor::{self, Finding, Report, Severity, Text, Thoroughness, Touched};
use crate::domain::Lang;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[arg(long)]
    deep: bool,
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    if !context.data.config().exists() && !context.data.journal().exists() {
        return Err(files::no_data_folder(&context.data));
    }
    let report = doctor::examine(&context.data, Thoroughness { deep: options.deep }, SystemClock.now());
    if context.out.is_json() {
        context.out.json(&report)?;
    } else {
        print(context, &report)?;
    }
    if report.is_sound() { Ok(()) } else { Err(Failure::Negative) }
}

fn print(context: &Context, report: &Report) -> Result<(), Failure> {
    let Report { segments, records, entries, payloads, running, index_engine, .. } = report;
    let engine = index_engine.name();
    context.out.say(
        format!("Đã xem {segments} đoạn nhật ký, {records} bản ghi, {entries} bút toán, {payloads} tệp lớn."),
        format!("Looked at {segments} segments, {records} records, {entries} entries, {payloads} payloads."),
    )?;
    if *running {
        context.out.say(
            format!("Trục đang chạy trên thư mục này: chưa xem chỉ mục ({engine})."),
            format!("A hub is running on this folder: the index ({engine}) was not looked at."),
        )?;
    } else {
        context.out.say(format!("Chỉ mục: {engine}."), format!("The index: {engine}."))?;
    }
    for finding in &report.findings {
        self::finding(context, finding)?;
    }
    if report.is_sound() {
        context.out.say("Không có gì hỏng.", "Nothing is wrong.")?;
    }
    Ok(())
}

fn finding(context: &Context, finding: &Finding) -> Result<(), Failure> {
    let what = shown(&finding.what, context.lang);
    context.out.line("")?;
    context.out.heading(format_args!("{}: {what}", severity(finding.severity, context.lang)))?;
    if !finding.documents.is_empty() {
        let header = match context.lang {
            Lang::Vi => ["Số, ký hiệu", "Nơi gửi", "Nơi nhận", "Thông điệp", "Byte", "SHA-256"],
            Lang::En => ["Code", "From", "To", "Message", "Octets", "SHA-256"],
        };
        let rows: Vec<_> = finding.documents.iter().map(row).collect();
        context.out.table(&header, &rows)?;
    }
    context.out.line(format_args!("  → {}", shown(&finding.remedy, context.lang)))
}

fn shown(text: &Text, lang: Lang) -> String {
    words::shown(words::pick(lang, &text.vi, &text.en))
}

fn row(document: &Touched) -> Vec<String> {
    let to: Vec<&str> = document.to.iter().map(crate::domain::OrganId::as_str).collect();
    vec![
        document.code.clone(),
        document.from.to_string(),
        to.join(", "),
        document.message.to_string(),
        document.size.to_string(),
        document.sha256.to_string(),
    ]
}

const fn severity(severity: Severity, lang: Lang) -> &'static str {
    match (severity, lang) {
        (Severity::Damage, Lang::Vi) => "HỎNG",
        (Severity::Warning, Lang::Vi) => "CẢNH BÁO",
        (Severity::Note, Lang::Vi) => "Ghi chú",
        (Severity::Damage, Lang::En) => "DAMAGE",
        (Severity::Warning, Lang::En) => "WARNING",
        (Severity::Note, Lang::En) => "Note",
    }
}
