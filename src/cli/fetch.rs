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
use crate::cli::{Context, words};
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
}

/// What `--json` says.
#[derive(Debug, serde::Serialize)]
struct Fetched<'a> {
    file: &'a Path,
    #[serde(flatten)]
    document: &'a DocumentView,
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let hub = context.connect()?;
    let view = options.document.find(context, &hub)?;
    let agency = hub.agency(options.agency.as_ref());
    let download = hub.call(hub.client().content(view.id, agency.as_ref()))?;
    match &options.output {
        Some(path) if path == Path::new("-") => received(&hub, download, &mut io::stdout()).map(drop),
        Some(path) => into_file(context, &hub, download, &view, path),
        None => {
            let path = PathBuf::from(format!("{}.edxml", files::name(&view.code)));
            into_file(context, &hub, download, &view, &path)
        }
    }
}

fn into_file(
    context: &Context,
    hub: &Connection,
    download: Download,
    view: &DocumentView,
    path: &Path,
) -> Result<(), Failure> {
    let mut draft = Draft::new(path)?;
    let octets = received(hub, download, &mut draft)?;
    draft.finish()?;
    if context.out.is_json() {
        return context.out.json(&Fetched { file: path, document: view });
    }
    let (code, file) = (words::shown(&view.code), path.display());
    let (vi, en) = (words::size(octets, crate::domain::Lang::Vi), words::size(octets, crate::domain::Lang::En));
    context.out.say(
        format!("Đã lấy {code} về {file} ({vi}), đúng từng byte bên gửi đã gửi."),
        format!("Fetched {code} into {file} ({en}), byte for byte as it was sent."),
    )?;
    context.out.say(format!("  SHA-256: {}", view.sha256), format!("  SHA-256: {}", view.sha256))
}

fn received(hub: &Connection, download: Download, out: &mut (impl io::Write + Send)) -> Result<u64, Failure> {
    let progress = Progress::of(download.size().unwrap_or_default());
    let octets = hub.call(download.write_to(out, |octets| progress.at(octets)))?;
    progress.done();
    Ok(octets)
}
