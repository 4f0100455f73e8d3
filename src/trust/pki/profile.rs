//! What a certificate may be used for: the profiles of end entities.

use rcgen::{CustomExtension, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose};

/// id-ms-kp-smartcard-logon, which stands in the real certificates (REFERENCE 4.4).
const SMARTCARD_LOGON: [u64; 10] = [1, 3, 6, 1, 4, 1, 311, 20, 2, 2];

/// extKeyUsage, 2.5.29.37.
const EXTENDED_KEY_USAGE: [u64; 4] = [2, 5, 29, 37];
/// id-kp-timeStamping alone, as the contents of extKeyUsage.
const TIME_STAMPING_ALONE: [u8; 12] = [0x30, 0x0A, 0x06, 0x08, 0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];

/// Key usage, extended key usage and names of an end-entity certificate.
#[derive(Debug, Clone)]
pub struct Profile {
    pub(super) key_usages: Vec<KeyUsagePurpose>,
    pub(super) purposes: Vec<ExtendedKeyUsagePurpose>,
    /// DNS names and IP addresses.
    pub(super) names: Vec<String>,
    pub(super) is_ca: IsCa,
    /// Extensions that are none of these.
    pub(super) others: Vec<CustomExtension>,
}

impl Profile {
    /// A system certificate of an agency, with the usages of the real ones (REFERENCE 4.4): digitalSignature,
    /// nonRepudiation, keyEncipherment, dataEncipherment; clientAuth, emailProtection, smartcardLogon.
    #[must_use]
    pub fn system() -> Self {
        Self {
            key_usages: vec![
                KeyUsagePurpose::DigitalSignature,
                KeyUsagePurpose::ContentCommitment,
                KeyUsagePurpose::KeyEncipherment,
                KeyUsagePurpose::DataEncipherment,
            ],
            purposes: vec![
                ExtendedKeyUsagePurpose::ClientAuth,
                ExtendedKeyUsagePurpose::EmailProtection,
                ExtendedKeyUsagePurpose::Other(SMARTCARD_LOGON.to_vec()),
            ],
            names: Vec::new(),
            is_ca: IsCa::ExplicitNoCa,
            others: Vec::new(),
        }
    }

    /// A TLS server under these DNS names and IP addresses.
    #[must_use]
    pub fn tls_server(names: &[String]) -> Self {
        Self {
            key_usages: vec![KeyUsagePurpose::DigitalSignature],
            purposes: vec![ExtendedKeyUsagePurpose::ServerAuth],
            names: names.to_vec(),
            is_ca: IsCa::ExplicitNoCa,
            others: Vec::new(),
        }
    }

    /// A TLS client.
    #[must_use]
    pub fn tls_client() -> Self {
        Self {
            key_usages: vec![KeyUsagePurpose::DigitalSignature],
            purposes: vec![ExtendedKeyUsagePurpose::ClientAuth],
            names: Vec::new(),
            is_ca: IsCa::ExplicitNoCa,
            others: Vec::new(),
        }
    }

    /// An authority of time stamps: extKeyUsage is critical and timeStamping alone (RFC 3161, 2.3).
    #[must_use]
    pub fn time_stamping() -> Self {
        let mut usage = CustomExtension::from_oid_content(&EXTENDED_KEY_USAGE, TIME_STAMPING_ALONE.to_vec());
        usage.set_criticality(true);
        Self {
            key_usages: vec![KeyUsagePurpose::DigitalSignature],
            purposes: Vec::new(),
            names: Vec::new(),
            is_ca: IsCa::ExplicitNoCa,
            others: vec![usage],
        }
    }

    /// The same profile with other key usages; none leaves the extension out.
    #[must_use]
    pub fn with_key_usages(mut self, usages: &[KeyUsagePurpose]) -> Self {
        self.key_usages = usages.to_vec();
        self
    }

    /// The same profile with other purposes; none leaves the extension out.
    #[must_use]
    pub fn with_purposes(mut self, purposes: &[ExtendedKeyUsagePurpose]) -> Self {
        self.purposes = purposes.to_vec();
        self
    }
}
