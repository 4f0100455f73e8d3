//! The journal, record by record; the payloads that it names, byte by byte; the tree over its entries against every
//! signed checkpoint; and which documents stand in what is damaged.

use std::collections::{BTreeMap, HashSet};
use std::io::Read as _;
use std::ops::{ControlFlow, Range};
use std::path::PathBuf;
use std::sync::Arc;

use ring::digest::{Context, SHA256};

use crate::config::DataFolder;
use crate::doctor::wounds::{copy_back, damaged, older_copy, torn_tail};
use crate::doctor::{Finding, Severity, Text, Touched, found};
use crate::domain::{Digest, MessageId, OrganId, Seq};
use crate::hub::{Entry, Event};
use crate::journal::disk::{FileSource, Real};
use crate::journal::{
    Body, Content, ContentKind, Extent, Inspected, Payload, PayloadName, Payloads, Record, Wound, inspect,
};
use crate::signature::SignerInfo;
use crate::trail::{Checkpoint, LogKey, VerifierKey, leaf_hash, node_hash};

/// Bytes of a payload that are read at a time.
const BLOCK_BYTES: usize = 1 << 20;
/// Most payloads without a record that are named one by one.
const ORPHANS_NAMED_MAX: usize = 5;

/// Most certificates that are remembered.
const CERTIFICATES_MAX: usize = 100_000;

/// What was seen of the trail.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) segments: u64,
    pub(super) records: u64,
    pub(super) entries: u64,
    pub(super) payloads: u64,
    /// Place and time of the last entry, and its salt.
    pub(super) last: Option<(Seq, [u8; 16])>,
    pub(super) last_time: Option<crate::domain::Timestamp>,
    /// Certificates kept beside the entries, by their SHA-256.
    pub(super) certificates: BTreeMap<Digest, SignerInfo>,
    /// Whether every record could be read.
    pub(super) is_whole: bool,
    /// Findings by their place in the list, and the entries that they touch.
    touches: Vec<(usize, Range<Seq>)>,
    /// Documents by their entry: those of damaged places, from the index.
    pub(super) documents: BTreeMap<Seq, Touched>,
}

impl Seen {
    /// The entries in damaged places, where only the index can say what they were.
    pub(super) fn wanted(&self) -> impl Iterator<Item = &Range<Seq>> {
        self.touches.iter().map(|(_, seqs)| seqs)
    }
}

/// Looks at journal, payloads and checkpoints.
pub(super) fn examine(data: &DataFolder, running: bool, findings: &mut Vec<Finding>) -> Seen {
    let mut look = Look::new(data, running, findings);
    let inspected = inspect(&Real, &data.journal(), Extent::default(), &mut |inspected| {
        match inspected {
            Inspected::Segment { number, bytes, generation } => look.segment(number, bytes, generation),
            Inspected::Record(record) => look.record(&record),
            Inspected::Damaged(wound) => look.wound(&wound),
        }
        ControlFlow::Continue(())
    });
    if let Err(error) = inspected {
        look.seen.is_whole = false;
        look.findings.push(unreadable(&error));
    }
    look.copies();
    look.promise();
    look.orphans(running);
    look.seen
}

struct Look<'a> {
    running: bool,
    findings: &'a mut Vec<Finding>,
    seen: Seen,
    payloads: Option<Payloads>,
    folder: PathBuf,
    named: HashSet<PayloadName>,
    /// Of every epoch so far.
    keys: Vec<VerifierKey>,
    tree: Frontier,
    /// The promise is looked for on the way: its size, and the root there.
    promised: Option<Checkpoint>,
    root_at_promise: Option<Digest>,
    /// Length and generation of each segment, as far as they can be told.
    lengths: BTreeMap<u32, (u64, Option<u32>)>,
    /// How often contents were destroyed in a segment, by the trail.
    erased: BTreeMap<u32, u32>,
    /// Findings of damage by their place in the list, and the segment.
    wounded: Vec<(usize, u32)>,
}

impl<'a> Look<'a> {
    fn new(data: &DataFolder, running: bool, findings: &'a mut Vec<Finding>) -> Self {
        let key = std::fs::read_to_string(data.log_vkey()).ok().and_then(|text| text.trim().parse().ok());
        let key = key.or_else(|| LogKey::load(&data.log_key()).ok().map(|key| key.verifier().clone()));
        let promised = promise(data, key.as_ref(), findings);
        let folder = data.payloads();
        let payloads = folder.exists().then(|| Payloads::open(Arc::new(Real), &folder).ok()).flatten();
        let seen = Seen { is_whole: true, ..Seen::default() };
        let (named, tree) = (HashSet::new(), Frontier::default());
        Self {
            running,
            findings,
            seen,
            payloads,
            folder,
            named,
            keys: key.into_iter().collect(),
            tree,
            promised,
            root_at_promise: None,
            lengths: BTreeMap::new(),
            erased: BTreeMap::new(),
            wounded: Vec::new(),
        }
    }

    fn segment(&mut self, number: u32, bytes: u64, generation: Option<u32>) {
        self.seen.segments += 1;
        self.lengths.insert(number, (bytes, generation));
    }

    /// Remembers whose certificates verdicts rest on.
    fn certificate(&mut self, content: &Content) {
        if let (ContentKind::Material, Body::Inline(der)) = (content.kind, &content.body)
            && self.seen.certificates.len() < CERTIFICATES_MAX
            && let Ok(info) = SignerInfo::from_certificate(der)
        {
            self.seen.certificates.insert(info.sha256, info);
        }
    }

    fn record(&mut self, record: &Record) {
        self.seen.records += 1;
        if let (Some(text), true) = (&record.batch.checkpoint, self.seen.is_whole) {
            self.checkpoint(text, record);
        }
        for (seq, bytes) in (record.first_seq..).zip(&record.batch.entries) {
            self.seen.entries += 1;
            self.tree.push(leaf_hash(bytes));
            if self.promised.as_ref().is_some_and(|promised| promised.size == self.tree.size) {
                self.root_at_promise = Some(self.tree.root());
            }
            if let Ok(entry) = Entry::from_bytes(bytes) {
                self.seen.last = Some((seq, entry.salt.0));
                self.seen.last_time = Some(entry.time);
                if let Event::Opened { verifier_key, .. } | Event::Epoch { verifier_key, .. } = &entry.event {
                    self.keys.extend(verifier_key.parse::<VerifierKey>().ok());
                }
                if let Event::Erased { segment, generation, .. } = entry.event {
                    self.erased.insert(segment, generation);
                }
            }
        }
        for content in &record.batch.contents {
            self.certificate(content);
            match &content.body {
                Body::Payload(payload) => self.payload(payload, record, content.entry),
                Body::Destroyed { payload: Some(name), .. } => {
                    self.named.insert(*name);
                }
                Body::Inline(bytes) if !is_named_so(content.kind, content.key, bytes) => {
                    let seq = record.first_seq.saturating_add(u64::from(content.entry));
                    self.touch(content_differs(seq), seq..seq.saturating_add(1));
                }
                Body::Inline(_) | Body::Destroyed { .. } => {}
            }
        }
    }

    fn payload(&mut self, payload: &Payload, record: &Record, entry: u32) {
        self.named.insert(payload.name);
        let Some(payloads) = &self.payloads else { return };
        let finding = match payloads.read(payload).map_err(Some).and_then(|file| digest(&file).map_err(|_| None)) {
            Ok(sha256) if sha256 == payload.sha256 => {
                self.seen.payloads += 1;
                return;
            }
            Err(_) if !self.exists(payload.name) => payload_missing(payload),
            Ok(_) | Err(_) => payload_damaged(payload),
        };
        let seq = record.first_seq.saturating_add(u64::from(entry));
        let documents = documents(&record.batch.entries).into_iter().filter(|document| document.seq == seq);
        self.seen.documents.extend(documents.map(|document| (seq, document)));
        self.touch(finding, seq..seq.saturating_add(1));
    }

    fn exists(&self, name: PayloadName) -> bool {
        let name = name.to_string();
        self.folder.join(name.get(..6).unwrap_or_default()).join(&name).exists()
    }

    /// A checkpoint in a record is over all entries before it.
    fn checkpoint(&mut self, text: &[u8], record: &Record) {
        let text = String::from_utf8_lossy(text);
        let holds = Checkpoint::open(&text, &self.keys)
            .is_ok_and(|signed| signed.size == self.tree.size && signed.root == self.tree.root());
        if !holds {
            let place = record.placed.position;
            self.findings.push(found(
                Severity::Damage,
                "checkpoint_differs",
                Text::new(
                    format!("Điểm chốt đã ký ở {place} không khớp với {} bút toán đứng trước nó.", self.tree.size),
                    format!(
                        "The signed checkpoint at {place} is not that of the {} entries before it.",
                        self.tree.size
                    ),
                ),
                history_changed(),
            ));
        }
    }

    fn wound(&mut self, wound: &Wound) {
        // What was shown to others was durable: no crash can have interrupted it.
        let torn = wound.may_be_torn && self.promised.as_ref().is_none_or(|promised| promised.size <= self.tree.size);
        self.seen.is_whole &= torn;
        if torn && self.running {
            return; // a record on its way
        }
        let finding = if torn { torn_tail(wound) } else { damaged(wound) };
        let documents = documents(&wound.entries);
        let seqs = wound.seqs.clone().unwrap_or_else(|| self.promised_after(torn));
        self.seen.documents.extend(documents.into_iter().map(|document| (document.seq, document)));
        if let Some(from) = wound.seqs.as_ref().filter(|_| !torn) {
            // The tree cannot go on over a gap: what follows is not compared with checkpoints.
            self.tree.size = self.tree.size.max(from.end);
        }
        if !torn {
            self.wounded.push((self.findings.len(), wound.segment));
        }
        self.touch(finding, seqs);
    }

    /// Says which copy of a damaged segment is the right one, and which segments are older copies: in those the contents
    /// are back that have been destroyed since.
    fn copies(&mut self) {
        for (at, segment) in &self.wounded {
            let bytes = self.lengths.get(segment).map(|(bytes, _)| *bytes);
            let generation = self.erased.get(segment).copied().unwrap_or_default();
            if let Some(finding) = self.findings.get_mut(*at) {
                finding.remedy = copy_back(*segment, generation, bytes);
            }
        }
        for (segment, erased) in &self.erased {
            let is = self.lengths.get(segment).and_then(|(_, generation)| *generation);
            if is.is_some_and(|is| is < *erased) {
                self.findings.push(older_copy(*segment, *erased));
            }
        }
    }

    /// The entries that are known to have stood after what was seen so far, where nothing else tells of them.
    fn promised_after(&self, torn: bool) -> Range<Seq> {
        match &self.promised {
            Some(promised) if !torn => self.tree.size..promised.size.max(self.tree.size),
            _ => 0..0,
        }
    }

    fn touch(&mut self, finding: Finding, seqs: Range<Seq>) {
        self.seen.touches.push((self.findings.len(), seqs));
        self.findings.push(finding);
    }

    /// What was promised to others must be there.
    fn promise(&mut self) {
        let Some(promised) = &self.promised else { return };
        let finding = if self.tree.size < promised.size {
            Text::new(
                format!(
                    "Nhật ký có {} bút toán, nhưng điểm chốt trên {} bút toán đã được đưa ra.",
                    self.tree.size, promised.size
                ),
                format!(
                    "The journal has {} entries, but a checkpoint over {} was shown to others.",
                    self.tree.size, promised.size
                ),
            )
        } else if self.seen.is_whole && self.root_at_promise != Some(promised.root) {
            Text::new(
                format!("{} bút toán đầu không phải là những bút toán của điểm chốt đã đưa ra.", promised.size),
                format!(
                    "The first {} entries are not those of the checkpoint that was shown to others.",
                    promised.size
                ),
            )
        } else {
            return;
        };
        self.findings.push(found(Severity::Damage, "promise_broken", finding, history_changed()));
    }

    /// Payloads that no record names: harmless, but they take room. Beside a running hub they may be on their way.
    fn orphans(&mut self, running: bool) {
        let Some(payloads) = self.payloads.as_ref().filter(|_| !running && self.seen.is_whole) else { return };
        let (mut count, mut bytes, mut names) = (0u64, 0u64, Vec::new());
        let listed = payloads.list(&mut |name, length| {
            if !self.named.contains(&name) {
                (count, bytes) = (count + 1, bytes.saturating_add(length));
                if names.len() < ORPHANS_NAMED_MAX {
                    names.push(name.to_string());
                }
            }
            ControlFlow::Continue(())
        });
        if let Err(error) = listed {
            return self.findings.push(unreadable(&error));
        }
        if count > 0 {
            let names = names.join(", ");
            self.findings.push(found(
                Severity::Note,
                "payload_unnamed",
                Text::new(
                    format!("{count} tệp trong payloads/ ({bytes} byte) không thuộc văn bản nào: {names}…"),
                    format!("{count} files in payloads/ ({bytes} bytes) belong to no document: {names}…"),
                ),
                Text::new(
                    "Vô hại (còn lại sau một lần mất điện); có thể xoá khi trục đã dừng.",
                    "Harmless (a power cut leaves them); they may be removed while the hub is stopped.",
                ),
            ));
        }
    }
}

fn promise(data: &DataFolder, key: Option<&VerifierKey>, findings: &mut Vec<Finding>) -> Option<Checkpoint> {
    let path = data.checkpoints().join("last");
    let text = std::fs::read_to_string(&path).ok()?;
    match Checkpoint::open(&text, std::slice::from_ref(key?)) {
        Ok(promised) => Some(promised),
        Err(error) => {
            findings.push(found(
                Severity::Damage,
                "promise_damaged",
                Text::new(
                    format!("checkpoints/last không phải điểm chốt do trục này ký: {error}"),
                    format!("checkpoints/last is not a checkpoint signed by this hub: {error}"),
                ),
                Text::new(
                    "Khôi phục tệp này từ bản sao lưu, hoặc lấy điểm chốt mới nhất từ một cơ quan đã giữ.",
                    "Restore the file from a backup, or get the newest checkpoint from an agency that keeps one.",
                ),
            ));
            None
        }
    }
}

/// Puts the documents beside the findings.
pub(super) fn touch(seen: &Seen, findings: &mut [Finding]) {
    for (at, seqs) in &seen.touches {
        if let Some(finding) = findings.get_mut(*at) {
            finding.documents = seen.documents.range(seqs.clone()).map(|(_, document)| document.clone()).collect();
        }
    }
}

/// The documents and statuses that entries tell of.
fn documents(entries: &[bytes::Bytes]) -> Vec<Touched> {
    let mut documents: Vec<Touched> = Vec::new();
    for entry in entries.iter().filter_map(|bytes| Entry::from_bytes(bytes).ok()) {
        let seq = entry.seq;
        match entry.event {
            Event::Accepted { message, from, sha256, size, .. } => {
                documents.push(touched(message, seq, from, Vec::new(), (sha256, size)));
            }
            Event::Status { message, from, to, sha256, size, .. } => {
                documents.push(touched(message, seq, from, vec![to], (sha256, size)));
            }
            Event::Addressed { message, to, .. } => {
                let document = documents.iter_mut().rev().find(|document| document.message == message);
                if let Some(document) = document {
                    document.to.push(to);
                }
            }
            _ => {}
        }
    }
    documents
}

fn touched(message: MessageId, seq: Seq, from: OrganId, to: Vec<OrganId>, bytes: (Digest, u64)) -> Touched {
    Touched { message, seq, from, to, code: String::new(), sha256: bytes.0, size: bytes.1 }
}

/// Whether bytes in line have the digest by which the entry names them; other kinds are named otherwise.
fn is_named_so(kind: ContentKind, key: Digest, bytes: &[u8]) -> bool {
    !matches!(kind, ContentKind::Body | ContentKind::Header | ContentKind::Material) || Digest::of(bytes) == key
}

fn digest(file: &FileSource) -> std::io::Result<Digest> {
    let (mut reader, mut hash) = (file.reader(), Context::new(&SHA256));
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        let read = reader.read(&mut block)?;
        let Some(bytes) = block.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        hash.update(bytes);
    }
    Ok(hash.finish().into())
}

/// The roots of the complete subtrees from the left, largest first: enough for the root at the size that it has now.
#[derive(Debug, Default)]
struct Frontier {
    size: u64,
    roots: Vec<Digest>,
}

impl Frontier {
    fn push(&mut self, leaf: Digest) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            let Some(left) = self.roots.pop() else { break };
            hash = node_hash(&left, &hash);
        }
        self.roots.push(hash);
        self.size = self.size.saturating_add(1);
    }

    fn root(&self) -> Digest {
        let mut roots = self.roots.iter().rev();
        let Some(last) = roots.next() else { return Digest::of(b"") };
        roots.fold(*last, |right, left| node_hash(left, &right))
    }
}

fn content_differs(seq: Seq) -> Finding {
    found(
        Severity::Damage,
        "content_differs",
        Text::new(
            format!("Nội dung của bút toán {seq} không có mã băm ghi trong bút toán."),
            format!("A content of entry {seq} does not have the digest that the entry names."),
        ),
        Text::new(
            "Không phải lỗi đĩa: có người đã sửa tệp. Giữ nguyên hiện trạng, so với bản sao lưu.",
            "Not a fault of the disk: somebody has changed the file. Keep everything as it is, compare with a backup.",
        ),
    )
}

fn payload_missing(payload: &Payload) -> Finding {
    found(
        Severity::Damage,
        "payload_missing",
        Text::new(
            format!("Thiếu tệp payloads/…/{} ({} byte).", payload.name, payload.length),
            format!("The file payloads/…/{} ({} bytes) is missing.", payload.name, payload.length),
        ),
        fetch_again(),
    )
}

fn payload_damaged(payload: &Payload) -> Finding {
    found(
        Severity::Damage,
        "payload_damaged",
        Text::new(
            format!("Tệp payloads/…/{} không đúng mã băm hoặc độ dài đã ghi.", payload.name),
            format!("The file payloads/…/{} does not have the digest or the length that was recorded.", payload.name),
        ),
        fetch_again(),
    )
}

fn fetch_again() -> Text {
    Text::new(
        "Khôi phục tệp từ bản sao lưu; nếu không có, xin lại từ nơi gửi hoặc nơi nhận: SHA-256 cho biết đúng bản đó.",
        "Restore the file from a backup; where there is none, ask sender or recipients: its SHA-256 tells the right copy.",
    )
}

fn history_changed() -> Text {
    Text::new(
        "Dừng trục, giữ nguyên hiện trạng. Khôi phục từ bản sao lưu đầy đủ hơn; thiếu bút toán thì truc restore mở kỷ nguyên mới.",
        "Stop the hub and keep everything as it is. Restore from a fuller backup; where entries are missing, truc restore begins a new epoch.",
    )
}

fn unreadable(error: &crate::journal::JournalError) -> Finding {
    let reason = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
    found(
        Severity::Damage,
        "journal_unreadable",
        Text::new(
            format!("Không đọc được nhật ký: {error}{reason}"),
            format!("The journal cannot be read: {error}{reason}"),
        ),
        Text::new(
            "Kiểm tra đĩa, quyền truy cập và nhật ký hệ điều hành.",
            "Check the disk, the permissions and the operating system's log.",
        ),
    )
}
