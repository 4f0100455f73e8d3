//! `truc fetch`: the exact bytes of a document, as its sender sent them.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::api::DocumentView;
use crate::cli::connect::Connection;
use crate::cli::exit::Failure;
use crate::cli::files::{self, Draft};
use crate::cli::progress::Progress;
use crate::cli::select::DocumentOptions;
use crate::cli::{Context, message, words};
use crate::client::Download;
use crate::domain::OrganId;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    document: DocumentOptions,
    #[arg(long, value_name = "AGENCY")]
    agency: Option<OrganId>,
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[arg(long, value_name = "DIR")]
    attachments: Option<PathBuf>,
}

/// What `--json` says.
#[derive(Debug, serde::Serialize)]
struct Fetched<'a> {
    file: &'a Path,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    attachments: &'a [PathBuf],
    #[serde(flatten)]
    document: &'a DocumentView,
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let hub = context.connect()?;
    let view = options.document.find(context, &hub)?;
    let agency = hub.agency(options.agency.as_ref());
    let download = hub.call(hub.client().content(view.id, agency.as_ref()))?;
    let path = options.output.clone().unwrap_or_else(|| PathBuf::from(format!("{}.edxml", files::name(&view.code))));
    if path == Path::new("-") {
        return received(&hub, download, &mut io::stdout()).map(drop);
    }
    let mut draft = Draft::new(&path)?;
    received(&hub, download, &mut draft)?;
    draft.finish()?;
    let attachments = match &options.attachments {
        Some(folder) => message::take_out(context, &path, folder)?,
        None => Vec::new(),
    };
    report(context, &path, &view, &attachments)
}

fn report(context: &Context, path: &Path, view: &DocumentView, attachments: &[PathBuf]) -> Result<(), Failure> {
    if context.out.is_json() {
        return context.out.json(&Fetched { file: path, attachments, document: view });
    }
    let (code, file) = (words::shown(&view.code), path.display());
    let size = words::size(view.size, context.lang);
    context.out.say(
        format!("Đã lấy {code} về {file} ({size}), đúng từng byte bên gửi đã gửi."),
        format!("Fetched {code} into {file} ({size}), byte for byte as it was sent."),
    )?;
    for attachment in attachments {
        let attachment = attachment.display();
        context.out.say(format!("  Tệp đính kèm: {attachment}"), format!("  Attachment: {attachment}"))?;
    }
    context.out.line(format_args!("  SHA-256: {}", view.sha256))
}

fn received(hub: &Connection, download: Download, out: &mut (impl io::Write + Send)) -> Result<u64, Failure> {
    let progress = Progress::of(download.size().unwrap_or_default());
    let octets = hub.call(download.write_to(out, |octets| progress.at(octets)))?;
    progress.done();
    Ok(octets)
}
