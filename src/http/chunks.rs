//! A body read from something that can be read at any place, in bounded pieces, off the async threads.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::task::JoinHandle;

/// Length of a piece. Two are in memory at once: the one on its way out and the one being read.
const CHUNK_BYTES: u64 = 256 * 1024;
/// What a body in pieces keeps in memory.
pub(crate) const AHEAD_BYTES: u64 = 2 * CHUNK_BYTES;

/// Something of known length that can be read at any place.
pub(crate) trait ReadAt: Send + Sync + 'static {
    /// Octets.
    fn len(&self) -> u64;

    /// Reads some octets from `offset`; 0 only at the end.
    ///
    /// # Errors
    /// Of the storage behind it.
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize>;
}

/// Reads `len` octets from `offset`.
///
/// # Errors
/// Of the storage; [`io::ErrorKind::UnexpectedEof`] where it ends early.
pub(crate) fn read_exactly(source: &impl ReadAt, offset: u64, len: usize) -> io::Result<Bytes> {
    let mut buf = vec![0; len];
    let mut filled = 0;
    while let Some(rest) = buf.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        let at = offset.saturating_add(u64::try_from(filled).unwrap_or(u64::MAX));
        match source.read_at(at, rest) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => filled = filled.saturating_add(read),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(buf.into())
}

/// The body: `next..end` of `source`, the next piece always being read ahead.
pub(crate) struct Chunks<S> {
    source: Arc<S>,
    /// First octet not yet handed out.
    next: u64,
    end: u64,
    ahead: Option<JoinHandle<io::Result<Bytes>>>,
}

impl<S: ReadAt> Chunks<S> {
    /// All of it.
    pub(crate) fn whole(source: Arc<S>) -> Self {
        let end = source.len();
        Self::range(source, 0, end)
    }

    /// `first..end`; both lie within the source.
    pub(crate) fn range(source: Arc<S>, first: u64, end: u64) -> Self {
        Self { source, next: first, end, ahead: None }
    }

    /// Starts to read the piece at `from`, if there is one.
    fn read_ahead(&mut self, from: u64) {
        let len = self.end.saturating_sub(from).min(CHUNK_BYTES);
        let source = Arc::clone(&self.source);
        self.ahead = usize::try_from(len)
            .ok()
            .filter(|len| *len > 0)
            .map(|len| tokio::task::spawn_blocking(move || read_exactly(&*source, from, len)));
    }
}

impl<S: ReadAt> Body for Chunks<S> {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        if this.ahead.is_none() {
            this.read_ahead(this.next);
        }
        let Some(reading) = &mut this.ahead else { return Poll::Ready(None) };
        let read = std::task::ready!(Pin::new(reading).poll(cx)).map_err(io::Error::other).flatten();
        this.ahead = None;
        match &read {
            Ok(chunk) => {
                this.next = this.next.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
                this.read_ahead(this.next);
            }
            Err(_) => this.next = this.end,
        }
        Poll::Ready(Some(read.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.next >= self.end
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.end.saturating_sub(self.next))
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    /// Reads short, as files over a network do.
    struct Slow(Vec<u8>);

    impl ReadAt for Slow {
        fn len(&self) -> u64 {
            u64::try_from(self.0.len()).unwrap()
        }

        fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
            let rest = &self.0[usize::try_from(offset).unwrap()..];
            let n = rest.len().min(buf.len()).min(70_000);
            buf[..n].copy_from_slice(&rest[..n]);
            Ok(n)
        }
    }

    #[tokio::test]
    async fn every_octet_comes_once_and_in_order() {
        let bytes: Vec<u8> = (0..=250).cycle().take(700_001).collect();
        let source = Arc::new(Slow(bytes.clone()));
        for (first, end) in [(0, 700_001), (5, 300_000), (262_144, 262_145), (9, 9)] {
            let body = Chunks::range(Arc::clone(&source), first, end);
            assert_eq!(body.size_hint().exact(), Some(end - first));
            let (first, end) = (usize::try_from(first).unwrap(), usize::try_from(end).unwrap());
            assert_eq!(body.collect().await.unwrap().to_bytes(), bytes[first..end]);
        }
    }

    #[tokio::test]
    async fn a_source_that_ends_early_is_an_error_and_then_the_end() {
        struct Short;
        impl ReadAt for Short {
            fn len(&self) -> u64 {
                10
            }
            fn read_at(&self, _: u64, _: &mut [u8]) -> io::Result<usize> {
                Ok(0)
            }
        }
        let mut body = Chunks::whole(Arc::new(Short));
        assert_eq!(body.frame().await.unwrap().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert!(body.frame().await.is_none());
    }
}
