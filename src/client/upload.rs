//! What goes up: bytes or a file, in bounded pieces, with a word on how far it is.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use crate::client::ClientError;
use crate::http::chunks::{Chunks, ReadAt};

/// Told the octets handed to the connection so far. A repeated attempt begins again at the first octet.
pub type Progress = Arc<dyn Fn(u64) + Send + Sync>;

/// A message to send. It can be sent again: every attempt reads it from the start.
#[derive(Clone)]
pub struct Upload {
    source: Source,
    progress: Option<Progress>,
}

#[derive(Clone)]
enum Source {
    Bytes(Bytes),
    File(Arc<OpenFile>),
}

struct OpenFile {
    file: File,
    len: u64,
}

impl ReadAt for OpenFile {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        #[cfg(unix)]
        return std::os::unix::fs::FileExt::read_at(&self.file, buf, offset);
        #[cfg(windows)]
        return std::os::windows::fs::FileExt::seek_read(&self.file, buf, offset);
    }
}

impl Upload {
    /// A message in memory.
    #[must_use]
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self { source: Source::Bytes(bytes.into()), progress: None }
    }

    /// A message in a file; opened now, read while it is sent.
    ///
    /// # Errors
    /// [`ClientError::Local`] where the file cannot be opened.
    pub fn file(path: &Path) -> Result<Self, ClientError> {
        let open = || {
            let file = File::open(path)?;
            let len = file.metadata()?.len();
            Ok::<_, io::Error>(OpenFile { file, len })
        };
        let file = open().map_err(|error| ClientError::local(path, error))?;
        Ok(Self { source: Source::File(Arc::new(file)), progress: None })
    }

    /// The same, telling `progress` how far it is.
    #[must_use]
    pub fn with_progress(mut self, progress: impl Fn(u64) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(progress));
        self
    }

    /// Octets of the message.
    #[must_use]
    pub fn len(&self) -> u64 {
        match &self.source {
            Source::Bytes(bytes) => u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            Source::File(file) => file.len,
        }
    }

    /// Whether there is nothing to send.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn body(&self) -> RequestBody {
        let body = match &self.source {
            Source::Bytes(bytes) => Inner::Bytes(bytes.clone()),
            Source::File(file) => Inner::File(Chunks::whole(Arc::clone(file))),
        };
        RequestBody { body, sent: 0, progress: self.progress.clone() }
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upload({} octets)", self.len())
    }
}

/// Pieces of a message in memory are this long, so that progress moves.
const PIECE_BYTES: usize = 256 * 1024;

/// The body of one attempt.
pub(super) struct RequestBody {
    body: Inner,
    sent: u64,
    progress: Option<Progress>,
}

enum Inner {
    Bytes(Bytes),
    File(Chunks<OpenFile>),
}

impl RequestBody {
    pub(super) fn new(bytes: impl Into<Bytes>) -> Self {
        Self { body: Inner::Bytes(bytes.into()), sent: 0, progress: None }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = &mut *self;
        let frame = match &mut this.body {
            Inner::Bytes(bytes) if bytes.is_empty() => None,
            Inner::Bytes(bytes) => Some(Ok(Frame::data(bytes.split_to(bytes.len().min(PIECE_BYTES))))),
            Inner::File(chunks) => std::task::ready!(Pin::new(chunks).poll_frame(cx)),
        };
        if let (Some(Ok(frame)), Some(progress)) = (&frame, &this.progress) {
            let piece = frame.data_ref().map_or(0, Bytes::len);
            this.sent = this.sent.saturating_add(u64::try_from(piece).unwrap_or(u64::MAX));
            progress(this.sent);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        match &self.body {
            Inner::Bytes(bytes) => bytes.is_empty(),
            Inner::File(chunks) => chunks.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.body {
            Inner::Bytes(bytes) => SizeHint::with_exact(u64::try_from(bytes.len()).unwrap_or(u64::MAX)),
            Inner::File(chunks) => chunks.size_hint(),
        }
    }
}
