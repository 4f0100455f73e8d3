//! The key and certificate that a command signs with: named on the command line, in a file or a token, else those of the
//! profile.

use std::path::{Path, PathBuf};

use clap::Args;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::cli::exit::{Exit, Failure};
use crate::cli::token::TokenOptions;
use crate::cli::{Context, files};
use crate::client::Profile;
use crate::edxml;
use crate::signature::{self, Coverage, Edited, SigningKey, SigningOptions};
use crate::xml::Source;

#[derive(Debug, Args)]
pub(super) struct SignerOptions {
    #[arg(long, value_name = "FILE", requires = "sign_cert")]
    sign_key: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    sign_cert: Option<PathBuf>,
    #[command(flatten)]
    token: TokenOptions,
}

/// A key with its certificate and what stands above it.
#[derive(Debug)]
pub(super) struct Signer {
    key: SigningKey,
    certificates: Vec<Vec<u8>>,
}

impl SignerOptions {
    pub(super) fn load(&self, profile: Option<&Profile>) -> Result<Signer, Failure> {
        if self.token.is_wanted() {
            let certificates = self.sign_cert.as_deref().map(certificates).transpose()?.unwrap_or_default();
            let (key, certificates) = self.token.open(certificates)?;
            return Ok(Signer { key, certificates });
        }
        let own = self.sign_key.as_deref().zip(self.sign_cert.as_deref());
        let kept =
            || profile.and_then(|profile| profile.signing_key.as_deref().zip(profile.signing_certificate.as_deref()));
        let (key, certificate) = own.or_else(kept).ok_or_else(|| {
            Failure::usage(
                "Cần khóa và chứng thư số để ký: thêm --sign-key và --sign-cert, hoặc --pkcs11, hoặc ghi signing_key và signing_certificate vào hồ sơ",
                "A key and a certificate are needed to sign: give --sign-key and --sign-cert, or --pkcs11, or write signing_key and signing_certificate into the profile",
            )
        })?;
        Signer::load(key, certificate)
    }
}

impl Signer {
    fn load(key: &Path, certificate: &Path) -> Result<Self, Failure> {
        let signing_key =
            SigningKey::from_pem(&files::read(key)?).map_err(|error| unusable(key, &error.to_string()))?;
        Ok(Self { key: signing_key, certificates: certificates(certificate)? })
    }

    /// The same message with this signature over the whole of it; a signature that stood there is replaced.
    pub(super) fn sign(&self, context: &Context, message: &[u8]) -> Result<Vec<u8>, Failure> {
        signature::sign(message, &edxml::signature_profile(), &self.key, &self.certificates, SigningOptions::default())
            .map_err(|refusal| Failure::refused(&refusal, context.lang))
    }

    /// The same over the whole of it or over its parts, to be read from where the message stands.
    pub(super) fn sign_source<'a, S: Source>(
        &self,
        context: &Context,
        message: &'a S,
        coverage: Coverage,
    ) -> Result<Edited<'a, S>, Failure> {
        let profile = edxml::signature_profile();
        let options = SigningOptions { coverage, ..SigningOptions::default() };
        signature::sign_source(message, &profile, &self.key, &self.certificates, options)
            .map_err(|refusal| Failure::refused(&refusal, context.lang))
    }
}

/// The certificates of a PEM file, at least one.
fn certificates(path: &Path) -> Result<Vec<Vec<u8>>, Failure> {
    let pem = files::read(path)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let certificates = certificates.map_err(|error| unusable(path, &error.to_string()))?;
    if certificates.is_empty() {
        return Err(unusable(path, "no certificate in PEM"));
    }
    Ok(certificates.iter().map(|certificate| certificate.to_vec()).collect())
}

fn unusable(path: &Path, reason: &str) -> Failure {
    let path = path.display();
    Failure::new(Exit::NoInput, format!("Không dùng được {path}: {reason}"), format!("Cannot use {path}: {reason}"))
}
