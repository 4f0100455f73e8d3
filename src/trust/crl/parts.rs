//! The parts of a CRL's DER, found without reading its entries. Only for bytes that webpki has read as a CRL.

use x509_parser::asn1_rs::{Any, Tag};
use x509_parser::extensions::X509Extension;
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;

use crate::domain::Timestamp;

/// What stands around the entries.
pub(super) struct Parts<'a> {
    /// tbsCertList, the whole of it: what is signed.
    pub(super) signed: &'a [u8],
    /// signatureAlgorithm, contents.
    pub(super) algorithm: &'a [u8],
    /// The signature's octets.
    pub(super) signature: &'a [u8],
    /// The issuer's name, the whole of it.
    pub(super) issuer: &'a [u8],
    pub(super) this_update: Timestamp,
    pub(super) next_update: Timestamp,
    extensions: &'a [u8],
}

impl<'a> Parts<'a> {
    pub(super) fn of(der: &'a [u8]) -> Option<Self> {
        let mut list = contents(&mut { der }, Tag::Sequence)?;
        let (signed, mut tbs) = value(&mut list, Tag::Sequence)?;
        let algorithm = contents(&mut list, Tag::Sequence)?;
        let (_, signature) = contents(&mut list, Tag::BitString)?.split_first()?;
        contents(&mut tbs, Tag::Integer)?;
        contents(&mut tbs, Tag::Sequence)?;
        let (issuer, _) = value(&mut tbs, Tag::Sequence)?;
        let (this_update, next_update) = (time(&mut tbs)?, time(&mut tbs)?);
        let mut rest = tbs;
        if contents(&mut rest, Tag::Sequence).is_some() {
            tbs = rest;
        }
        let extensions = contents(&mut contents(&mut tbs, Tag(0))?, Tag::Sequence)?;
        Some(Self { signed, algorithm, signature, issuer, this_update, next_update, extensions })
    }

    /// The extensions, up to the first that cannot be read.
    pub(super) fn extensions(&self) -> impl Iterator<Item = X509Extension<'a>> {
        let mut rest = self.extensions;
        std::iter::from_fn(move || {
            let (after, extension) = X509Extension::from_der(rest).ok()?;
            rest = after;
            Some(extension)
        })
    }
}

/// Takes a value of this tag off the front: (the whole of it, its contents).
fn value<'a>(input: &mut &'a [u8], tag: Tag) -> Option<(&'a [u8], &'a [u8])> {
    let (rest, any) = Any::from_der(input).ok().filter(|(_, any)| any.tag() == tag)?;
    let whole = input.get(..input.len().checked_sub(rest.len())?)?;
    *input = rest;
    Some((whole, any.data))
}

fn contents<'a>(input: &mut &'a [u8], tag: Tag) -> Option<&'a [u8]> {
    value(input, tag).map(|(_, contents)| contents)
}

fn time(input: &mut &[u8]) -> Option<Timestamp> {
    let (rest, time) = ASN1Time::from_der(input).ok()?;
    *input = rest;
    Some(Timestamp::from_millis(time.timestamp().saturating_mul(1000)))
}
