//! What is trusted: certificates named as anchors, trust folders, CRLs; without any, the data folder's, if there is one.

use crate::cli::Context;
use crate::cli::exit::{Exit, Failure};
use crate::cli::verify::Options;
use crate::config::trust_sources;
use crate::domain::Timestamp;
use crate::trust::{Sources, TrustStore};

/// A store as it stands at `at`. Certificates that came with the file may help to build paths.
pub(super) fn open(
    context: &Context,
    options: &Options,
    offered: &[Vec<u8>],
    at: Timestamp,
) -> Result<TrustStore, Failure> {
    TrustStore::open_offered(sources(context, options), offered, at).map_err(|error| {
        Failure::new(
            Exit::NoInput,
            format!("Không dùng được kho tin cậy: {error}"),
            format!("The trust store cannot be used: {error}"),
        )
    })
}

pub(super) fn sources(context: &Context, options: &Options) -> Sources {
    let mut sources = Sources::default();
    for path in &options.trust {
        if path.is_dir() {
            let folder = trust_sources(path);
            sources.anchors.extend(folder.anchors);
            sources.intermediates.extend(folder.intermediates);
            sources.crls.extend(folder.crls);
            sources.ocsp.extend(folder.ocsp);
        } else {
            sources.anchors.push(path.clone());
        }
    }
    let own = context.data.trust();
    if options.trust.is_empty() && own.is_dir() {
        sources = trust_sources(&own);
    }
    sources.crls.extend(options.crl.iter().cloned());
    sources
}
