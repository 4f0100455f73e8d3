//! TLS of the hub: 1.2 and 1.3 by rustls on ring. A client certificate is asked for, never required, and not judged
//! by a chain: whoever proves its key is that certificate, and the hub's register says what the certificate may do.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme};

use crate::domain::Digest;

/// Why the hub has no TLS to offer.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or does not hold what it should.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Certificate and key do not fit each other, or cannot be used.
    #[error("the TLS certificate and key cannot be used: {0}")]
    Unusable(#[from] Error),
}

/// The configuration of the TLS listener, from the PEM files of the hub's certificate chain and private key.
///
/// # Errors
/// [`TlsError`] where the files cannot be used.
pub fn config(chain: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let file = |path: &Path, reason: &dyn ToString| TlsError::File { path: path.into(), reason: reason.to_string() };
    let read = || CertificateDer::pem_file_iter(chain)?.collect::<Result<Vec<_>, _>>();
    let certificates = read().map_err(|error| file(chain, &error))?;
    if certificates.is_empty() {
        return Err(file(chain, &"holds no certificate in PEM"));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| file(key, &error))?;
    Ok(Arc::new(with_identity(certificates, private)?))
}

fn with_identity(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<ServerConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(Arc::new(AnyProvenKey(provider)))
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Accepts every well-formed certificate whose key the client proves in this very handshake.
#[derive(Debug)]
struct AnyProvenKey(Arc<CryptoProvider>);

impl ClientCertVerifier for AnyProvenKey {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    /// Dates and chain are not looked at: the register pins the certificate itself, and taking it off the register is
    /// what ends its life here.
    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        ParsedCertificate::try_from(certificate).map(|_| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// What a finished handshake says about the client.
pub(super) struct Handshake {
    /// SHA-256 of the client certificate's DER.
    pub(super) certificate: Option<Digest>,
    /// Whether HTTP/2 was agreed on (RFC 7301).
    pub(super) http2: bool,
}

impl Handshake {
    pub(super) fn of(connection: &rustls::ServerConnection) -> Self {
        let certificate = connection.peer_certificates().and_then(|chain| chain.first());
        Self {
            certificate: certificate.map(|certificate| Digest::of(certificate)),
            http2: connection.alpn_protocol() == Some(b"h2"),
        }
    }
}
