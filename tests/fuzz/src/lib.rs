//! What the targets share: a recorder of what a reader shows, and the seeds with the one thing that is true of them.
//! Every target has an oracle beside "no panic": what passes must say what the genuine seed says.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use truc::domain::Timestamp;
use truc::signature::{Material, MaterialKind};
use truc::xml::{Consumer, Event, Fault, Kind};

/// Writes down what it sees in a form in which chunks of text make no difference.
#[derive(Default)]
pub struct Recorder(String);

impl Recorder {
    /// Takes the next event.
    pub fn put(&mut self, event: &Event<'_>) {
        let out = &mut self.0;
        match &event.kind {
            Kind::Start(start) => {
                let name = start.name();
                let _ = write!(out, "<{{{}}}{}", name.ns, name.local);
                let mut attributes: Vec<_> =
                    start.attributes().map(|a| format!(" {{{}}}{}={:?}", a.ns, a.local, a.value)).collect();
                attributes.sort();
                let _ = write!(out, "{}>", attributes.concat());
            }
            Kind::End(_) => out.push_str("</>"),
            Kind::Text(text) => out.push_str(text),
            Kind::Comment(text) => {
                let _ = write!(out, "<!--{text}-->");
            }
            Kind::ProcessingInstruction { target, data } => {
                let _ = write!(out, "<?{target} {data}?>");
            }
        }
    }

    /// All of it.
    pub fn into_text(self) -> String {
        self.0
    }
}

impl Consumer for Recorder {
    type Output = String;

    fn event(&mut self, event: &Event<'_>) -> Result<(), Fault> {
        self.put(event);
        Ok(())
    }

    fn finish(self) -> Result<String, Fault> {
        Ok(self.0)
    }
}

/// The time at which every seed is valid.
pub fn now() -> Timestamp {
    Timestamp::from_millis(1_795_000_000_000)
}

/// The folder of seeds of a target.
pub fn seeds(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target)
}

/// The files of a folder by name.
pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries
        .map(|entry| entry.expect("a seed"))
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path()).expect("a seed")))
        .collect()
}

/// The test PKI under which the seeds were made. Its private keys are nowhere.
pub struct Pki {
    /// The root, in DER.
    pub root: Vec<u8>,
    /// The issuing authority.
    pub sub: Vec<u8>,
    /// The signer.
    pub leaf: Vec<u8>,
    /// The root's CRL.
    pub root_crl: Vec<u8>,
    /// The issuing authority's CRL.
    pub sub_crl: Vec<u8>,
}

impl Pki {
    /// From `seeds/pki`.
    pub fn load() -> Self {
        let mut files = files(&seeds("pki"));
        let mut take = |name: &str| files.remove(name).unwrap_or_else(|| panic!("seeds/pki/{name} is missing"));
        Self {
            root: take("root.der"),
            sub: take("sub.der"),
            leaf: take("leaf.der"),
            root_crl: take("root.crl"),
            sub_crl: take("sub.crl"),
        }
    }

    /// Evidence with this signer and this CRL of the issuing authority.
    pub fn evidence(&self, leaf: &[u8], sub_crl: &[u8]) -> Vec<Material> {
        self.evidence_with(leaf, Material::new(MaterialKind::Crl, sub_crl))
    }

    /// Evidence with this signer, and this as the word of the issuing authority.
    pub fn evidence_with(&self, leaf: &[u8], word: Material) -> Vec<Material> {
        vec![
            Material::new(MaterialKind::Certificate, leaf),
            Material::new(MaterialKind::Certificate, self.sub.as_slice()),
            Material::new(MaterialKind::Crl, self.root_crl.as_slice()),
            word,
        ]
    }
}
