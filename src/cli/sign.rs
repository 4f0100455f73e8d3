//! `truc sign`: signs the envelope of a message; an old signature is replaced, every other byte stays. A file is read in
//! pieces, however large.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::Context;
use crate::cli::exit::Failure;
use crate::cli::files::{self, Draft};
use crate::cli::message::MessageFile;
use crate::cli::signer::{Signer, SignerOptions};
use crate::signature::Coverage;
use crate::xml::Source;

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
    if options.file.is_file() {
        return sign(context, options, &signer, &MessageFile::open(&options.file)?);
    }
    // a pipe can be read but once
    sign(context, options, &signer, &files::read(&options.file)?.as_slice())
}

fn sign<S: Source>(context: &Context, options: &Options, signer: &Signer, message: &S) -> Result<(), Failure> {
    let coverage = if options.by_id { Coverage::Parts } else { Coverage::Document };
    let signed = signer.sign_source(context, message, coverage)?;
    let mut bytes = signed.open().map_err(|error| Failure::read(&options.file, &error))?;
    match options.output.as_deref().filter(|path| *path != Path::new("-")) {
        None => context.out.copy(&mut bytes),
        Some(path) => {
            let mut draft = Draft::new(path)?;
            io::copy(&mut bytes, &mut draft).map_err(|error| Failure::write(path, &error))?;
            draft.finish()?;
            let path = path.display();
            context.out.say(format!("Đã ký và ghi ra {path}."), format!("Signed, into {path}."))
        }
    }
}
