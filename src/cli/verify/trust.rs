//! What is trusted: certificates named as anchors, trust folders, CRLs; without any, the data folder's, if there is one.
//! A folder remembers the highest numbers of the CRLs seen; an older CRL is not believed here either.

use std::path::PathBuf;

use crate::cli::Context;
use crate::cli::exit::{Exit, Failure};
use crate::cli::verify::Options;
use crate::clock::{Clock as _, SystemClock};
use crate::config::{CRL_FLOORS, trust_sources};
use crate::domain::Timestamp;
use crate::trust::{CrlFloors, Sources, TrustStore};

/// A store of all that is known now, to judge by at `at`: a CRL of later speaks of earlier times, too. Certificates that came
/// with the file may help to build paths.
pub(super) fn open(
    context: &Context,
    options: &Options,
    offered: &[Vec<u8>],
    at: Timestamp,
) -> Result<TrustStore, Failure> {
    let floors = floors(context, options)?;
    let known = at.max(SystemClock.now());
    TrustStore::open_offered(sources(context, options), offered, &floors, known).map_err(|error| {
        Failure::new(
            Exit::NoInput,
            format!("Không dùng được kho tin cậy: {error}"),
            format!("The trust store cannot be used: {error}"),
        )
    })
}

/// Says which CRLs and OCSP answers were not used, and why.
pub(super) fn tell_unused(context: &Context, trust: &TrustStore) {
    for fault in trust.report().faults {
        context.out.note(format!("Không dùng: {fault}"), format!("Not used: {fault}"));
    }
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
    if let Some(own) = own(context, options) {
        sources = trust_sources(&own);
    }
    sources.crls.extend(options.crl.iter().cloned());
    sources
}

/// The data folder's trust, where no other was named.
fn own(context: &Context, options: &Options) -> Option<PathBuf> {
    Some(context.data.trust()).filter(|own| options.trust.is_empty() && own.is_dir())
}

/// Of every series the highest number that one of the folders remembers.
fn floors(context: &Context, options: &Options) -> Result<CrlFloors, Failure> {
    let named = options.trust.iter().filter(|path| path.is_dir()).cloned();
    named.chain(own(context, options)).try_fold(CrlFloors::default(), |floors, folder| {
        let path = folder.join(CRL_FLOORS);
        let kept = CrlFloors::load(&path).map_err(|error| Failure::read(&path, &error))?;
        Ok(floors.raised(&kept))
    })
}
