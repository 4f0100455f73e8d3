//! The hub's configuration, `truc.toml`, and the layout of its data folder. One struct a concern; unknown keys are
//! refused; units stand in the names; every default stands here and, explained, in [`template`].

mod limits;
mod trust;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use limits::LimitsConfig;
pub use trust::{TrustConfig, TrustSource};

use crate::index::Engine;
use crate::trust::Sources;

/// Largest message that may be configured: 4 GiB. Above it, offsets of some foreign software overflow.
pub const MESSAGE_BYTES_CEILING: u64 = 4 << 30;
/// Smallest sensible limit of a message: a header may take 1 MiB (law 8).
pub const MESSAGE_BYTES_FLOOR: u64 = 1 << 20;

/// `truc.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The hub itself.
    pub hub: HubConfig,
    /// Where it listens.
    #[serde(default)]
    pub listen: ListenConfig,
    /// The index: derived and disposable.
    #[serde(default)]
    pub index: IndexConfig,
    /// The journal: the truth.
    #[serde(default)]
    pub journal: JournalConfig,
    /// Revocation data: how old, and from where.
    #[serde(default)]
    pub trust: TrustConfig,
    /// Messages that wait until it is known whether their certificate is revoked.
    #[serde(default)]
    pub held: HeldConfig,
    /// How much of the machine the hub takes.
    #[serde(default)]
    pub limits: LimitsConfig,
}

/// `[hub]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HubConfig {
    /// Origin of the log (C2SP tlog-checkpoint): a schema-less URL that names this log and no other. Never changed
    /// once the first checkpoint has been shown.
    pub origin: String,
    /// Largest message, octets. Default 104,857,600 (law 10).
    #[serde(default = "message_bytes_max")]
    pub message_bytes_max: u64,
}

/// `[listen]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListenConfig {
    /// HTTPS with client certificates or tokens. Port 0: any free port. Default `127.0.0.1:8443`.
    pub tls: SocketAddr,
    /// Plain HTTP, on loopback only. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plain: Option<SocketAddr>,
}

/// `[index]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IndexConfig {
    /// The engine behind it. Default `redb`.
    pub engine: Engine,
    /// Memory for its cache, octets. Default 67,108,864.
    pub cache_bytes: u64,
}

/// `[journal]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JournalConfig {
    /// Size at which a segment is sealed and a new one begun, octets. Default 67,108,864.
    pub segment_bytes: u64,
    /// How fast everything that is kept is read again, to find damage early, octets a second; 0: never. Default
    /// 4,194,304.
    pub scrub_bytes_per_second: u64,
    /// Time between two such passes, and before the first.
    pub scrub_pause_minutes: u32,
    /// Room that ordinary messages leave free, octets. Default 67,108,864.
    pub free_bytes_min: u64,
    /// Room kept in a file for a disk that others have filled, octets; as much as a segment and a little, since
    /// retention rewrites one at a time. Default 75,497,472.
    pub reserve_bytes: u64,
}

/// `[held]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HeldConfig {
    /// Messages that one sender may have waiting. Default 10,000: more than a busy ministry sends in a day.
    pub messages_max: u64,
    /// Octets of them. Default 4,294,967,296.
    pub bytes_max: u64,
}

const fn message_bytes_max() -> u64 {
    100 << 20
}

impl Default for ListenConfig {
    fn default() -> Self {
        Self { tls: SocketAddr::from(([127, 0, 0, 1], 8443)), plain: None }
    }
}

impl Default for IndexConfig {
    fn default() -> Self {
        Self { engine: Engine::Redb, cache_bytes: 64 << 20 }
    }
}

impl Default for HeldConfig {
    fn default() -> Self {
        Self { messages_max: 10_000, bytes_max: 4 << 30 }
    }
}

impl Default for JournalConfig {
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            scrub_bytes_per_second: 4 << 20,
            scrub_pause_minutes: 60,
            free_bytes_min: 64 << 20,
            reserve_bytes: 72 << 20,
        }
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not TOML, or a key that is missing, unknown or of the wrong type.
    #[error("{path}: {source}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// A value that cannot be.
    #[error("{key}: {reason}")]
    Value {
        /// The key, dotted.
        key: &'static str,
        /// What it must be.
        reason: &'static str,
    },
}

impl Config {
    /// All defaults, for a log of this origin.
    #[must_use]
    pub fn new(origin: impl Into<String>) -> Self {
        Self {
            hub: HubConfig { origin: origin.into(), message_bytes_max: message_bytes_max() },
            listen: ListenConfig::default(),
            index: IndexConfig::default(),
            journal: JournalConfig::default(),
            trust: TrustConfig::default(),
            held: HeldConfig::default(),
            limits: LimitsConfig::default(),
        }
    }

    /// Reads and checks a file.
    ///
    /// # Errors
    /// As [`ConfigError`] says.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let config: Self = toml::from_str(&text)
            .map_err(|source| ConfigError::Syntax { path: path.to_owned(), source: Box::new(source) })?;
        config.check()?;
        Ok(config)
    }

    /// Checks what types cannot say.
    ///
    /// # Errors
    /// [`ConfigError::Value`].
    pub fn check(&self) -> Result<(), ConfigError> {
        let fault = |key, reason| Err(ConfigError::Value { key, reason });
        if !is_origin(&self.hub.origin) {
            return fault(
                "hub.origin",
                "must be a name such as truc.example.gov.vn/log, without scheme, blanks or '+'",
            );
        }
        if !(MESSAGE_BYTES_FLOOR..=MESSAGE_BYTES_CEILING).contains(&self.hub.message_bytes_max) {
            return fault("hub.message_bytes_max", "must be from 1048576 (1 MiB) to 4294967296 (4 GiB)");
        }
        if self.listen.plain.is_some_and(|at| !at.ip().is_loopback()) {
            return fault("listen.plain", "must be a loopback address: plain HTTP does not leave the machine");
        }
        if !((1 << 20)..=(1 << 30)).contains(&self.journal.segment_bytes) {
            return fault("journal.segment_bytes", "must be from 1048576 (1 MiB) to 1073741824 (1 GiB)");
        }
        if self.journal.free_bytes_min > 1 << 40 {
            return fault("journal.free_bytes_min", "must be at most 1099511627776 (1 TiB)");
        }
        if self.journal.reserve_bytes > 1 << 34 {
            return fault("journal.reserve_bytes", "must be at most 17179869184 (16 GiB)");
        }
        if !((1 << 20)..=(1 << 40)).contains(&self.index.cache_bytes) {
            return fault("index.cache_bytes", "must be from 1048576 (1 MiB) to 1099511627776 (1 TiB)");
        }
        self.limits.check(self.index.cache_bytes)?;
        self.trust.check()
    }
}

/// C2SP signed-note: a key name has no white space and no plus; tlog-checkpoint: an origin is a schema-less URL.
fn is_origin(origin: &str) -> bool {
    (1..=200).contains(&origin.len())
        && !origin.contains("://")
        && origin.chars().all(|c| c.is_ascii_graphic() && c != '+')
}

/// The text of a new `truc.toml`, explained in Vietnamese and English.
#[must_use]
pub fn template(config: &Config) -> String {
    let Config { hub, listen, index, journal, trust, held, limits } = config;
    let plain = listen.plain.map_or_else(|| "# plain = \"127.0.0.1:8080\"".into(), |at| format!("plain = \"{at}\""));
    format!(
        "# Cấu hình trục. Khóa lạ bị từ chối; đơn vị nằm trong tên khóa.
# The hub's configuration. Unknown keys are refused; units stand in the names.

[hub]
# Tên của sổ nhật ký có chữ ký; không đổi sau khi đã dùng. / Name of the signed log; never changed once in use.
origin = \"{}\"
# Kích thước lớn nhất của một thông điệp. / Largest message.
message_bytes_max = {}

[listen]
# HTTPS: chứng thư số của máy khách hoặc mã truy cập. / HTTPS: client certificates or tokens.
tls = \"{}\"
# HTTP thường, chỉ trên chính máy này. / Plain HTTP, on this machine only.
{plain}

[index]
# Chỉ mục dựng lại được từ nhật ký. redb, hay sled: sau mỗi lần dừng không đúng cách, sled phải dựng lại từ đầu.
# The index can be rebuilt from the journal. redb, or sled: after every stop that was not in order, sled is built again.
engine = \"{}\"
cache_bytes = {}

[journal]
# Nhật ký là bản gốc duy nhất. / The journal is the only truth.
segment_bytes = {}
# Tốc độ đọc lại những gì đang giữ để sớm thấy chỗ hỏng; 0: không đọc. / How fast what is kept is read again; 0: never.
scrub_bytes_per_second = {}
# Số phút nghỉ giữa hai lần đọc lại. / Minutes between two such passes.
scrub_pause_minutes = {}
# Chỗ trống mà văn bản thường phải chừa lại; hết chỗ thì trả lời 507. / Room that ordinary messages leave free; beyond it, 507.
free_bytes_min = {}
# Chỗ giữ sẵn cho thu hồi, hủy nội dung và việc vận hành khi đĩa đầy. / Room kept for revokes, retention and operators on a full disk.
reserve_bytes = {}

[held]
# Văn bản tạm giữ của mỗi cơ quan gửi, khi chưa biết chứng thư số có bị thu hồi không: số lượng, dung lượng.
# What each sender may have waiting while it is not known whether its certificate is revoked: number, octets.
messages_max = {}
bytes_max = {}
{}{}",
        hub.origin,
        hub.message_bytes_max,
        listen.tls,
        index.engine.name(),
        index.cache_bytes,
        journal.segment_bytes,
        journal.scrub_bytes_per_second,
        journal.scrub_pause_minutes,
        journal.free_bytes_min,
        journal.reserve_bytes,
        held.messages_max,
        held.bytes_max,
        limits::template(limits),
        trust::template(trust)
    )
}

/// The data folder: one place for every name in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFolder(PathBuf);

macro_rules! places {
    ($($(#[$doc:meta])* $name:ident = $path:literal;)*) => {
        impl DataFolder {
            $($(#[$doc])* #[must_use] pub fn $name(&self) -> PathBuf { self.0.join($path) })*
        }
    };
}

places! {
    /// `truc.toml`.
    config = "truc.toml";
    /// Segments of the journal: the truth.
    journal = "journal";
    /// Large documents, named by the journal.
    payloads = "payloads";
    /// What was promised to others; not derived.
    checkpoints = "checkpoints";
    /// Hash tiles; derived.
    tiles = "tiles";
    /// The index; derived and disposable.
    index = "index";
    /// Private keys of the hub; readable by its user only.
    keys = "keys";
    /// The key that signs checkpoints.
    log_key = "keys/log.key";
    /// Its verifier key (C2SP signed-note vkey): public, needed to check receipts offline.
    log_vkey = "keys/log.vkey";
    /// Verifier keys of the log's earlier epochs, one a line: public, needed to check their receipts.
    earlier_vkeys = "keys/earlier.vkeys";
    /// A new epoch that no entry tells of yet: written by a restore, read by the next start.
    epoch = "checkpoints/epoch.json";
    /// The hub's TLS key.
    tls_key = "keys/tls/server.key";
    /// The hub's TLS certificate chain.
    tls_certificate = "keys/tls/server.crt";
    /// The certificate by which clients know the hub.
    tls_ca = "keys/tls/ca.crt";
    /// What signers' certificates are checked against.
    trust = "trust";
    /// Trusted roots.
    roots = "trust/roots";
    /// Intermediate CAs.
    intermediates = "trust/intermediates";
    /// Revocation lists.
    crl = "trust/crl";
    /// OCSP answers.
    ocsp = "trust/ocsp";
    /// The highest numbers of CRLs seen: not derived.
    crl_floors = "trust/crl-floors.json";
    /// When revocation data was last fetched, for people.
    fetched = "trust/fetched.json";
    /// The test PKI of a data folder that was made with `--demo`.
    test_pki = "test-pki";
    /// Profiles of clients, one file an access.
    access = "access";
    /// What a running hub says about itself; emptied at a clean stop.
    run = "run";
    /// Where a running hub can be reached: one URL a line, TLS first.
    address = "run/address";
}

impl DataFolder {
    /// The folder at `path`.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// What signers' certificates are checked against: the folders of `trust/`.
    #[must_use]
    pub fn trust_sources(&self) -> Sources {
        trust_sources(&self.trust())
    }

    /// Every folder that `truc init` makes.
    #[must_use]
    pub fn folders(&self) -> Vec<PathBuf> {
        vec![
            self.journal(),
            self.payloads(),
            self.checkpoints(),
            self.tiles(),
            self.index(),
            self.keys(),
            self.roots(),
            self.intermediates(),
            self.crl(),
            self.ocsp(),
            self.access(),
            self.run(),
        ]
    }
}

/// The file of a trust folder with the highest numbers of CRLs seen.
pub const CRL_FLOORS: &str = "crl-floors.json";

/// The folders of a trust folder: `roots/`, `intermediates/`, `crl/`, `ocsp/`.
#[must_use]
pub fn trust_sources(trust: &Path) -> Sources {
    let folder = |name| vec![trust.join(name)];
    Sources {
        anchors: folder("roots"),
        intermediates: folder("intermediates"),
        crls: folder("crl"),
        ocsp: folder("ocsp"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn the_template_says_what_it_was_made_from() {
        let mut config = Config::new("truc.example.gov.vn/log");
        assert_eq!(parse(&template(&config)).unwrap(), config);
        config.listen.plain = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        config.journal.segment_bytes = 1 << 22;
        config.index.engine = Engine::Sled;
        config.trust.source = vec![TrustSource {
            issuer: crate::domain::Digest::of(b"ca"),
            crl: vec!["http://ca.example.vn/ca.crl".into()],
            ocsp: Some("http://ocsp.example.vn/".into()),
            ocsp_nonce: false,
        }];
        assert_eq!(parse(&template(&config)).unwrap(), config);
    }

    #[test]
    fn only_the_origin_has_no_default() {
        assert_eq!(parse("[hub]\norigin = \"a.vn/log\"").unwrap(), Config::new("a.vn/log"));
        assert!(parse("[listen]\ntls = \"127.0.0.1:1\"").is_err());
    }

    #[test]
    fn unknown_keys_are_refused_in_every_table() {
        let base = "[hub]\norigin = \"a.vn/log\"\n";
        for extra in [
            "colour = 1",
            "[listen]\nport = 1",
            "[index]\nsize = 1",
            "[journal]\nsync = false",
            "[trust]\nurl = 1",
            "[limits]\ncpu = 1",
            "[nodes]\na = 1",
        ] {
            assert!(parse(&format!("{base}{extra}")).is_err(), "{extra}");
        }
    }

    #[test]
    fn values_that_cannot_be_are_named_by_their_key() {
        type Change = fn(&mut Config);
        let changes: [(&str, Change); 9] = [
            ("hub.origin", |c| c.hub.origin = "https://a.vn".into()),
            ("hub.message_bytes_max", |c| c.hub.message_bytes_max = 10),
            ("listen.plain", |c| c.listen.plain = Some(SocketAddr::from(([0, 0, 0, 0], 80)))),
            ("journal.segment_bytes", |c| c.journal.segment_bytes = 0),
            ("index.cache_bytes", |c| c.index.cache_bytes = 0),
            ("limits.memory_bytes", |c| c.limits.memory_bytes = 1 << 20),
            ("limits.connections", |c| c.limits.connections = 0),
            ("trust.timeout_seconds", |c| c.trust.timeout_seconds = 0),
            ("trust.crl_bytes_max", |c| c.trust.crl_bytes_max = u64::MAX),
        ];
        for (key, change) in changes {
            let mut config = Config::new("a.vn/log");
            assert!(config.check().is_ok());
            change(&mut config);
            assert!(config.check().unwrap_err().to_string().starts_with(key), "{key}");
        }
    }

    #[test]
    fn an_origin_has_no_blank_and_no_plus() {
        assert!(is_origin("truc.localhost/0123abcd"));
        for origin in ["", "a b", "a+b", "trục.vn", "https://a.vn/log", "a\nb"] {
            assert!(!is_origin(origin), "{origin:?}");
        }
    }
}
