//! What `--demo` adds: a test PKI (root, issuing authority, system certificates, among them one expired, one revoked
//! and one of an outside root), and systems of four agencies with access.

use std::fs;
use std::path::{Path, PathBuf};

use crate::api::{AccessRequest, Scope};
use crate::cli::exit::Failure;
use crate::cli::files;
use crate::cli::init::{System, fault, identities, request, ten_years_after};
use crate::client::Profile;
use crate::config::DataFolder;
use crate::domain::Timestamp;
use crate::trust::pki::{Holder, Layout, Plan, Standing, Subject};

/// File, CN, O, L, standing.
const HOLDERS: [(&str, &str, &str, &str, Standing); 7] = [
    ("vpcp", "VĂN PHÒNG CHÍNH PHỦ", "VĂN PHÒNG CHÍNH PHỦ", "Hà Nội", Standing::Good),
    ("nghean", "ỦY BAN NHÂN DÂN TỈNH NGHỆ AN", "TỈNH NGHỆ AN", "Nghệ An", Standing::Good),
    ("caobang", "ỦY BAN NHÂN DÂN TỈNH CAO BẰNG", "TỈNH CAO BẰNG", "Cao Bằng", Standing::Good),
    ("haiphong", "ỦY BAN NHÂN DÂN THÀNH PHỐ HẢI PHÒNG", "THÀNH PHỐ HẢI PHÒNG", "Hải Phòng", Standing::Good),
    ("vpcp-expired", "VĂN PHÒNG CHÍNH PHỦ", "VĂN PHÒNG CHÍNH PHỦ", "Hà Nội", Standing::Expired),
    ("vpcp-revoked", "VĂN PHÒNG CHÍNH PHỦ", "VĂN PHÒNG CHÍNH PHỦ", "Hà Nội", Standing::Revoked),
    ("vpcp-outside", "VĂN PHÒNG CHÍNH PHỦ", "VĂN PHÒNG CHÍNH PHỦ", "Hà Nội", Standing::Outside),
];

pub(super) fn systems() -> Vec<System> {
    [("vpcp", "G22"), ("nghean", "H41"), ("caobang", "H14"), ("haiphong", "H24")]
        .map(|(name, agency)| System { name, agency })
        .into()
}

/// Makes the PKI and lets the hub trust it.
pub(super) fn make_test_pki(folder: &DataFolder, at: Timestamp) -> Result<(), Failure> {
    let holders = HOLDERS.map(|(file, name, organization, locality, standing)| Holder {
        file: file.to_owned(),
        subject: Subject::named(name).of(organization).at(locality),
        standing,
        key: None,
    });
    let plan = Plan {
        at,
        crl_until: ten_years_after(at),
        holders: holders.into(),
        server_names: Vec::new(),
        clients: Vec::new(),
    };
    let layout = Layout::new(folder.test_pki());
    layout.create_signers(&plan).map_err(|error| fault(&error))?;
    copy_into(&layout.ca("root"), &folder.roots())?;
    copy_into(&layout.ca("sub"), &folder.intermediates())?;
    copy_into(&layout.crl("root"), &folder.crl())?;
    copy_into(&layout.crl("sub"), &folder.crl())
}

fn copy_into(file: &Path, folder: &Path) -> Result<(), Failure> {
    let to = folder.join(file.file_name().unwrap_or_default());
    let bytes = fs::read(file).map_err(|error| Failure::read(file, &error))?;
    files::write(&to, &bytes)
}

/// A system's profile: TLS certificate, agency, and the key that signs for it.
pub(super) fn profile(hub: &str, system: &System) -> Result<Profile, Failure> {
    let signing = |ending| Some(PathBuf::from(format!("../test-pki/agencies/{}.{ending}", system.name)));
    Ok(Profile {
        agency: Some(system.agency.parse().map_err(|error| fault(&error))?),
        signing_key: signing("key"),
        signing_certificate: signing("crt"),
        ..identities::profile(hub, system.name)
    })
}

/// The accesses of the systems.
pub(super) fn requests(folder: &DataFolder, systems: &[System]) -> Result<Vec<AccessRequest>, Failure> {
    systems.iter().map(|system| access(folder, system)).collect()
}

/// The bad certificates are registered as well: what refuses them must be that they are expired or revoked.
fn access(folder: &DataFolder, system: &System) -> Result<AccessRequest, Failure> {
    let layout = Layout::new(folder.test_pki());
    let own = HOLDERS.iter().map(|(file, ..)| *file).filter(|file| file.starts_with(system.name));
    let certificates: Result<_, _> = own.map(|file| files::read_text(&layout.certificate(file))).collect();
    let code = system.agency.parse().map_err(|error| fault(&error))?;
    Ok(AccessRequest {
        agencies: vec![Scope { code, subtree: true }],
        signing_certificates: certificates?,
        ..request(system.name, folder)?
    })
}
