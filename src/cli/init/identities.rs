//! Who is who on the wire: the hub's TLS certificate under an authority of its own, and client certificates.

use std::fs;
use std::path::PathBuf;

use crate::cli::exit::Failure;
use crate::cli::init::{Options, System, fault, ten_years_after};
use crate::client::Profile;
use crate::config::DataFolder;
use crate::domain::Timestamp;
use crate::trust::pki::{Layout, Plan};

/// Makes the hub's certificate and one for the operator and each system. Private keys of clients go to `access/`:
/// they are for whoever calls, not for the hub.
pub(super) fn make(folder: &DataFolder, options: &Options, at: Timestamp, systems: &[System]) -> Result<(), Failure> {
    let clients: Vec<String> =
        std::iter::once("operator").chain(systems.iter().map(|system| system.name)).map(str::to_owned).collect();
    let plan =
        Plan { at, crl_until: ten_years_after(at), holders: Vec::new(), server_names: server_names(options), clients };
    let layout = Layout::new(folder.keys());
    layout.create_tls(&plan).map_err(|error| fault(&error))?;
    for client in &plan.clients {
        for (made, kept) in [
            (layout.tls_certificate(client), certificate(folder, client)),
            (layout.tls_key(client), key(folder, client)),
        ] {
            fs::rename(&made, &kept).map_err(|error| Failure::write(&kept, &error))?;
        }
    }
    Ok(())
}

/// The names and addresses under which the hub may be called.
fn server_names(options: &Options) -> Vec<String> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
    let listen = options.listen.ip();
    if !listen.is_unspecified() && !listen.is_loopback() {
        names.push(listen.to_string());
    }
    names.extend(options.host.iter().cloned());
    names
}

/// Where clients reach the hub: a name that was given, else the address it listens on.
pub(super) fn reachable(options: &Options) -> String {
    let port = options.listen.port();
    match options.host.first() {
        Some(host) => format!("{host}:{port}"),
        None if options.listen.ip().is_unspecified() => format!("localhost:{port}"),
        None => options.listen.to_string(),
    }
}

pub(super) fn certificate(folder: &DataFolder, client: &str) -> PathBuf {
    folder.access().join(format!("{client}.crt"))
}

fn key(folder: &DataFolder, client: &str) -> PathBuf {
    folder.access().join(format!("{client}.key"))
}

/// A profile by client certificate; its paths are relative to `access/`.
pub(super) fn profile(hub: &str, client: &str) -> Profile {
    Profile {
        ca: Some("../keys/tls/ca.crt".into()),
        certificate: Some(format!("{client}.crt").into()),
        key: Some(format!("{client}.key").into()),
        ..Profile::new(hub)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(listen: &str, host: &[&str]) -> Options {
        let host = host.iter().map(|host| (*host).to_owned()).collect();
        Options { demo: false, origin: None, listen: listen.parse().unwrap(), host }
    }

    #[test]
    fn clients_are_told_a_name_that_the_certificate_has() {
        for (listen, host, told) in [
            ("127.0.0.1:8443", &[][..], "127.0.0.1:8443"),
            ("0.0.0.0:8443", &[], "localhost:8443"),
            ("0.0.0.0:443", &["truc.example.gov.vn"], "truc.example.gov.vn:443"),
            ("10.1.2.3:8443", &[], "10.1.2.3:8443"),
        ] {
            let options = options(listen, host);
            assert_eq!(reachable(&options), told);
            let name = told.rsplit_once(':').unwrap().0;
            assert!(server_names(&options).iter().any(|known| known == name), "{name}");
        }
    }
}
