//! `truc sign`: signs the envelope of a message; an old signature is replaced, every other byte stays.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::exit::Failure;
use crate::cli::signer::SignerOptions;
use crate::cli::{Context, files};
use crate::signature::Coverage;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[arg(long)]
    by_id: bool,
    #[command(flatten)]
    signer: SignerOptions,
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let profile = context.profile()?;
    let signer = options.signer.load(profile.as_ref())?;
    let coverage = if options.by_id { Coverage::Parts } else { Coverage::Document };
    let signed = signer.sign_over(context, &files::read(&options.file)?, coverage)?;
    match options.output.as_deref() {
        None => context.out.bytes(&signed),
        Some(path) if path == Path::new("-") => context.out.bytes(&signed),
        Some(path) => {
            files::write(path, &signed)?;
            let path = path.display();
            context.out.say(format!("Đã ký và ghi ra {path}."), format!("Signed, into {path}."))
        }
    }
}
