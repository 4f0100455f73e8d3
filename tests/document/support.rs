//! A PKI for signers of documents, made here; openssl and pyHanko; a small PDF.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use truc::document::{Examiner, FileReport};
use truc::domain::Timestamp;
use truc::trust::pki::{Authority, CrlPlan, Key, Profile, RevocationReason, Revoked, Subject, Validity};
use truc::trust::{Sources, TrustStore};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// So many days from now.
pub(crate) fn days(days: i64) -> Timestamp {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    Timestamp::from_millis(i64::try_from(now).unwrap() * 1000 + days * DAY)
}

/// Runs a program in a folder; its absence is a failure.
pub(crate) fn run(folder: &Path, program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).current_dir(folder).output().expect("the program is missing");
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

pub(crate) fn openssl(folder: &Path, arguments: &[&str]) {
    run(folder, "openssl", arguments);
}

/// Roots, signers and their keys in one folder: `person.pem` and `person.key`, and so on.
pub(crate) struct Office {
    pub(crate) folder: PathBuf,
    _keep: tempfile::TempDir,
}

/// (name, CN, O, kind of key, valid from and until in days from now, revoked since).
type Holder = (&'static str, &'static str, &'static [&'static str], i64, i64, Option<i64>);

const RSA: &[&str] = &["RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
const P384: &[&str] = &["EC", "-pkeyopt", "ec_paramgen_curve:P-384"];

const HOLDERS: [Holder; 6] = [
    ("person", "Nguyễn Văn An", RSA, -300, 700, None),
    ("agency", "VĂN PHÒNG CHÍNH PHỦ", RSA, -300, 700, None),
    ("curve", "Trần Thị Bình", P384, -300, 700, None),
    ("expired", "Phạm Thị Dung", RSA, -900, -30, None),
    ("revoked", "Hoàng Văn Em", RSA, -300, 700, Some(-20)),
    ("tsa", "Dịch vụ dấu thời gian", RSA, -900, 700, None),
];

impl Office {
    fn make() -> Self {
        let keep = tempfile::tempdir().unwrap();
        let folder = keep.path().to_owned();
        let long = Validity { from: days(-3000), until: days(3000) };
        let root = Authority::root(&Subject::named("GỐC THỬ"), long, Key::generate().unwrap()).unwrap();
        let sub = root.subordinate(&Subject::named("CA THỬ"), long, Key::generate().unwrap()).unwrap();
        let stranger = Authority::root(&Subject::named("GỐC LẠ"), long, Key::generate().unwrap()).unwrap();
        let mut revoked = Vec::new();
        for (name, common_name, algorithm, from, until, revoked_since) in HOLDERS {
            let profile = if name == "tsa" { Profile::time_stamping() } else { Profile::system() };
            let subject = Subject::named(common_name).of("BỘ THỬ");
            let validity = Validity { from: days(from), until: days(until) };
            let der = certified(&folder, &sub, name, algorithm, (&profile, &subject, validity));
            if let Some(since) = revoked_since {
                let serial = truc::signature::SignerInfo::from_certificate(&der).unwrap().serial;
                let reason = Some(RevocationReason::KeyCompromise);
                revoked.push(Revoked {
                    serial: hex::decode(serial).unwrap(),
                    at: days(since),
                    reason,
                    invalid_since: None,
                });
            }
        }
        std::fs::write(folder.join("sub.key"), sub.key_pem()).unwrap();
        let subject = Subject::named("Người Lạ").of("BỘ LẠ");
        certified(&folder, &stranger, "stranger", RSA, (&Profile::system(), &subject, long));
        let crl = |revoked| CrlPlan { number: 2, this_update: days(-1), next_update: days(6), revoked };
        write_pem(&folder.join("root.pem"), "CERTIFICATE", root.certificate());
        write_pem(&folder.join("sub.pem"), "CERTIFICATE", sub.certificate());
        short(&folder);
        write_pem(&folder.join("root.crl"), "X509 CRL", &root.crl(&crl(Vec::new())).unwrap());
        write_pem(&folder.join("sub.crl"), "X509 CRL", &sub.crl(&crl(revoked)).unwrap());
        let old = CrlPlan { number: 1, this_update: days(-50), next_update: days(-40), revoked: Vec::new() };
        write_pem(&folder.join("sub-old.crl"), "X509 CRL", &sub.crl(&old).unwrap());
        std::fs::write(folder.join("base.pdf"), base_pdf()).unwrap();
        std::fs::write(folder.join("packed.pdf"), packed_pdf()).unwrap();
        Self { folder, _keep: keep }
    }

    pub(crate) fn shared() -> &'static Self {
        static OFFICE: OnceLock<Office> = OnceLock::new();
        OFFICE.get_or_init(Self::make)
    }

    pub(crate) fn trust(&self) -> TrustStore {
        self.trust_with("sub.crl")
    }

    /// With this CRL of the issuing authority.
    pub(crate) fn trust_with(&self, crl: &str) -> TrustStore {
        let file = |name: &str| vec![self.folder.join(name)];
        let crls = vec![self.folder.join("root.crl"), self.folder.join(crl)];
        TrustStore::open(
            Sources { anchors: file("root.pem"), intermediates: file("sub.pem"), crls, ..Sources::default() },
            days(0),
        )
        .unwrap()
    }

    pub(crate) fn read(&self, file: &str) -> Vec<u8> {
        std::fs::read(self.folder.join(file)).unwrap()
    }

    /// Examines bytes as received now.
    pub(crate) fn examine(&self, bytes: &[u8], content: Option<&[u8]>) -> FileReport {
        self.examine_with(&self.trust(), bytes, content)
    }

    pub(crate) fn examine_with(&self, trust: &TrustStore, bytes: &[u8], content: Option<&[u8]>) -> FileReport {
        let content = content.as_ref().map(truc::document::any);
        let mut reports = Examiner::alone(trust, days(0)).examine(&bytes, content, &self.folder).unwrap();
        assert_eq!(reports.len(), 1);
        reports.remove(0)
    }
}

fn certified(
    folder: &Path,
    issuer: &Authority,
    name: &str,
    algorithm: &[&str],
    (profile, subject, validity): (&Profile, &Subject, Validity),
) -> Vec<u8> {
    let key = format!("{name}.key");
    openssl(folder, &[&["genpkey", "-out", &key, "-algorithm"], algorithm].concat());
    let pem = std::fs::read_to_string(folder.join(&key)).unwrap();
    let der = issuer.issue(profile, subject, validity, &Key::from_pkcs8_pem(&pem).unwrap()).unwrap();
    write_pem(&folder.join(format!("{name}.pem")), "CERTIFICATE", &der);
    der.to_vec()
}

/// A certificate for an RSA key of 1024 bits, which only openssl makes.
fn short(folder: &Path) {
    let extensions = "keyUsage=critical,digitalSignature,nonRepudiation\nextendedKeyUsage=clientAuth\n";
    std::fs::write(folder.join("short.ext"), extensions).unwrap();
    openssl(folder, &["genpkey", "-out", "short.key", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"]);
    openssl(
        folder,
        &["req", "-new", "-key", "short.key", "-subj", "/C=VN/O=BO THU/CN=Le Van Cuong", "-out", "short.csr"],
    );
    let issue = ["x509", "-req", "-in", "short.csr", "-CA", "sub.pem", "-CAkey", "sub.key", "-set_serial", "77"];
    openssl(folder, &[&issue[..], &["-days", "700", "-extfile", "short.ext", "-out", "short.pem"]].concat());
}

fn write_pem(path: &Path, label: &str, der: &[u8]) {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    std::fs::write(path, format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))).unwrap();
}

/// A page, as a word processor would write it in the smallest way.
fn base_pdf() -> Vec<u8> {
    page_pdf("4 0 R")
}

/// The same, with something else for the page's Contents.
pub(crate) fn page_pdf(contents: &str) -> Vec<u8> {
    let content = "BT /F 12 Tf 72 720 Td (Kinh gui) Tj ET";
    let objects = [
        "<</Type /Catalog /Pages 2 0 R>>".to_owned(),
        "<</Type /Pages /Kids [3 0 R] /Count 1>>".to_owned(),
        format!(
            "<</Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {contents} /Resources <</Font <</F 5 0 R>>>>>>"
        ),
        format!("<</Length {}>>\nstream\n{content}\nendstream", content.len()),
        "<</Type /Font /Subtype /Type1 /BaseFont /Courier>>".to_owned(),
    ];
    let mut out = String::from("%PDF-1.7\n");
    let mut table = String::from("0000000000 65535 f \n");
    for (number, object) in objects.iter().enumerate() {
        writeln!(table, "{:010} 00000 n ", out.len()).unwrap();
        writeln!(out, "{} 0 obj\n{object}\nendobj", number + 1).unwrap();
    }
    let start = out.len();
    write!(out, "xref\n0 6\n{table}trailer\n<</Size 6 /Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n").unwrap();
    out.into_bytes()
}

/// The same page with its structure in an object stream and a cross-reference stream, as newer programs write it.
fn packed_pdf() -> Vec<u8> {
    let inside = [
        "<</Type /Catalog /Pages 2 0 R>>",
        "<</Type /Pages /Kids [3 0 R] /Count 1>>",
        "<</Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources <</Font <</F 5 0 R>>>>>>",
    ];
    let (mut pairs, mut texts) = (String::new(), String::new());
    for (number, object) in inside.iter().enumerate() {
        write!(pairs, "{} {} ", number + 1, texts.len()).unwrap();
        writeln!(texts, "{object}").unwrap();
    }
    let deflated = |plain: &[u8]| {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    };
    let stream = |number: usize, head: &str, data: &[u8]| {
        let head = format!("{number} 0 obj\n<<{head} /Length {}>>\nstream\n", data.len());
        [head.as_bytes(), data, b"\nendstream\nendobj\n"].concat()
    };
    let packed = deflated(format!("{pairs}{texts}").as_bytes());
    let objects = [
        stream(4, "", b"BT /F 12 Tf 72 720 Td (Kinh gui) Tj ET"),
        b"5 0 obj\n<</Type /Font /Subtype /Type1 /BaseFont /Courier>>\nendobj\n".to_vec(),
        stream(6, &format!("/Type /ObjStm /N 3 /First {} /Filter /FlateDecode", pairs.len()), &packed),
    ];
    let mut out = b"%PDF-1.7\n".to_vec();
    let mut rows = vec![[0, 0, 0, 0, 0, 255], [2, 0, 0, 0, 6, 0], [2, 0, 0, 0, 6, 1], [2, 0, 0, 0, 6, 2]];
    let row = |offset: usize| {
        let [a, b, c, d] = u32::try_from(offset).unwrap().to_be_bytes();
        [1, a, b, c, d, 0]
    };
    for object in objects {
        rows.push(row(out.len()));
        out.extend(object);
    }
    let start = out.len();
    rows.push(row(start));
    // PNG's filter Up, as most writers have it.
    let mut filtered = Vec::new();
    let mut above = [0_u8; 6];
    for row in &rows {
        filtered.push(2);
        filtered.extend(row.iter().zip(above).map(|(octet, above)| octet.wrapping_sub(above)));
        above = *row;
    }
    let parameters = "/Filter /FlateDecode /DecodeParms <</Predictor 12 /Columns 6>>";
    out.extend(stream(7, &format!("/Type /XRef /Size 8 /Root 1 0 R /W [1 4 1] {parameters}"), &deflated(&filtered)));
    out.extend(format!("startxref\n{start}\n%%EOF\n").into_bytes());
    out
}

/// pyHanko's Python, as `scripts/setup.sh test` installs it.
pub(crate) fn python() -> Option<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join(target).join("pyhanko/bin/python");
    if !python.exists() {
        eprintln!("SKIPPED tests with pyHanko: {} is not there; run scripts/setup.sh test", python.display());
        return None;
    }
    Some(python)
}

/// Runs the jobs of `sign_pdf.py` in the office's folder.
pub(crate) fn pyhanko(office: &Office, jobs: &serde_json::Value) -> Option<()> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/document/sign_pdf.py");
    let mut child = Command::new(python()?)
        .arg(script)
        .current_dir(&office.folder)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(jobs.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "pyHanko: {}", String::from_utf8_lossy(&output.stderr));
    Some(())
}
