//! What can go wrong with a journal, and what it means for the one who writes.

use std::io;
use std::sync::Arc;

use crate::domain::Seq;
use crate::journal::{PayloadName, Position};

/// Why the journal does not do as it was asked.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A write or a sync failed, now or earlier. Nothing more is written until the journal is opened again (law 1).
    #[error("the journal is poisoned until it is opened again: {cause}")]
    Poisoned {
        /// The first failure.
        cause: Arc<str>,
    },
    /// An operation failed before anything was written; or a reading one. The same call may be tried again.
    #[error("cannot {action}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The file system has no room for the record. Nothing was written.
    #[error("{needed} bytes are needed and {available} are free")]
    Full {
        /// Bytes that the record needs.
        needed: u64,
        /// Bytes that are free.
        available: u64,
    },
    /// The caller does not know the head: a bug in the caller, since there is one writer.
    #[error("append at {at}, but the head is {head}")]
    NotHead {
        /// Where the caller wanted to append.
        at: Seq,
        /// The head.
        head: Seq,
    },
    /// The payload is not as long as the record says, or not there although it was not destroyed.
    #[error("payload {name} is missing or damaged")]
    PayloadDamaged {
        /// Its name.
        name: PayloadName,
    },
    /// The batch breaks the contract: a bug in the caller.
    #[error("not a batch: {0}")]
    NotABatch(&'static str),
    /// Something that was durable is not as it was written. The journal refuses to open, or to go on reading.
    #[error("the journal is damaged: segment {segment}, offset {offset}: {damage}")]
    Damaged {
        /// Number of the segment.
        segment: u32,
        /// Offset in the segment, in bytes.
        offset: u64,
        /// What is wrong.
        damage: Damage,
    },
    /// No record starts there.
    #[error("no record at {position}")]
    NoRecord {
        /// The place asked for.
        position: Position,
    },
    /// The content was destroyed.
    #[error("the content was destroyed")]
    Gone,
    /// The body is not in the journal but in `payloads/`.
    #[error("the body is in a payload file")]
    NotInline,
    /// The segment is still written to, or is not there.
    #[error("segment {segment} is not sealed")]
    NotSealed {
        /// Number of the segment.
        segment: u32,
    },
    /// Another process has the journal open.
    #[error("the journal is in use by another process")]
    InUse,
    /// The journal was written by a later version of this program.
    #[error("format version {0} is not known")]
    Version(u8),
}

impl JournalError {
    /// What happens to an operator, in Vietnamese; the rest as it is.
    #[must_use]
    pub fn in_vietnamese(&self) -> String {
        match self {
            Self::Poisoned { .. } => "một lần ghi đĩa đã lỗi, chỉ khởi động lại mới ghi tiếp".to_owned(),
            Self::Full { needed, available } => format!("hết chỗ trên đĩa: cần {needed} byte, còn {available}"),
            Self::PayloadDamaged { name } => format!("tệp lớn {name} thiếu hoặc hỏng"),
            Self::Damaged { segment, offset, damage } => {
                format!("nhật ký hỏng ở đoạn {segment}, vị trí {offset}: {}", damage.in_vietnamese())
            }
            Self::InUse => "một tiến trình khác đang dùng nhật ký".to_owned(),
            Self::Version(version) => format!("không biết định dạng phiên bản {version}"),
            other => other.to_string(),
        }
    }

    /// Whether there only was no room.
    #[must_use]
    pub fn lacks_room(&self) -> bool {
        match self {
            Self::Full { .. } => true,
            Self::Io { source, .. } => source.kind() == io::ErrorKind::StorageFull,
            _ => false,
        }
    }

    /// Whether the process only has too many files open (EMFILE, ENFILE): the same call may pass later.
    #[must_use]
    pub fn lacks_files(&self) -> bool {
        matches!(self, Self::Io { source, .. } if lacks_files(source))
    }
}

/// EMFILE, ENFILE.
pub(crate) fn lacks_files(error: &io::Error) -> bool {
    use rustix::io::Errno;
    [Errno::MFILE, Errno::NFILE].iter().any(|known| error.raw_os_error() == Some(known.raw_os_error()))
}

/// What is wrong at a damaged place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// A segment is not there, though later ones are.
    #[error("the segment is missing")]
    SegmentMissing,
    /// The segment's header is not what was written.
    #[error("the segment header is not valid")]
    SegmentHeader,
    /// The segment does not continue the one before it, or is of another journal.
    #[error("the segment does not follow the one before it")]
    SegmentChain,
    /// The segment is not as long as it was.
    #[error("the segment does not have the length it was sealed with")]
    SegmentLength,
    /// A record's header is not what was written.
    #[error("the record header is not valid")]
    RecordHeader,
    /// A record does not continue the one before it.
    #[error("the record does not follow the one before it")]
    RecordChain,
    /// The entries, the checkpoint or the list of contents of a record are not what was written.
    #[error("the entries are not as they were written")]
    Entries,
    /// A record is whole, but its digest is not that of its entries: not a fault of a disk.
    #[error("the entries do not have the digest that was written with them")]
    Digest,
    /// A record is whole, but not of a form that this version knows.
    #[error("the record is not of a form that this version knows")]
    Unknown,
    /// A body in a record is not what was written.
    #[error("a body is not as it was written")]
    Body,
    /// The segment ends within a record.
    #[error("the segment ends within a record")]
    Truncated,
}

impl Damage {
    /// The same in Vietnamese.
    #[must_use]
    pub const fn in_vietnamese(self) -> &'static str {
        match self {
            Self::SegmentMissing => "thiếu cả đoạn",
            Self::SegmentHeader => "phần đầu của đoạn không đúng",
            Self::SegmentChain => "đoạn không nối tiếp đoạn trước",
            Self::SegmentLength => "đoạn không còn đúng độ dài khi niêm lại",
            Self::RecordHeader => "phần đầu của bản ghi không đúng",
            Self::RecordChain => "bản ghi không nối tiếp bản ghi trước",
            Self::Entries => "các mục không còn như lúc ghi",
            Self::Digest => "các mục không khớp mã băm ghi cùng",
            Self::Unknown => "bản ghi có dạng mà phiên bản này không biết",
            Self::Body => "một nội dung không còn như lúc ghi",
            Self::Truncated => "đoạn kết thúc giữa một bản ghi",
        }
    }
}
