//! What comes down: the exact bytes of a message, checked against the digest that the hub announced.

use std::fmt;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use ring::digest::{Context, SHA256};

use crate::client::error::chain;
use crate::client::{Client, ClientError};
use crate::domain::Digest;

/// Longest pause between two pieces.
const PIECE_WAIT: Duration = Duration::from_mins(1);

/// A message on its way down.
pub struct Download {
    client: Client,
    body: Incoming,
    len: Option<u64>,
    announced: Option<Digest>,
    digest: Context,
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download").field("len", &self.len).field("sha256", &self.announced).finish_non_exhaustive()
    }
}

impl Download {
    pub(super) fn new(client: Client, response: Response<Incoming>) -> Self {
        let announced = announced_digest(response.headers());
        let body = response.into_body();
        Self { client, len: body.size_hint().exact(), body, announced, digest: Context::new(&SHA256) }
    }

    /// Octets of all of it, where the hub says it.
    #[must_use]
    pub const fn size(&self) -> Option<u64> {
        self.len
    }

    /// The digest that the hub announced (`Repr-Digest`).
    #[must_use]
    pub const fn sha256(&self) -> Option<Digest> {
        self.announced
    }

    /// The next piece; `None` at the end, when the digest has been found right.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`] where the connection breaks, [`ClientError::Protocol`] where the digest differs.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, ClientError> {
        loop {
            let frame = tokio::time::timeout(PIECE_WAIT, self.body.frame()).await.map_err(|_| self.client.late())?;
            let Some(frame) = frame else { return self.check().map(|()| None) };
            let frame = frame.map_err(|error| self.client.unreachable(chain(&error)))?;
            if let Ok(piece) = frame.into_data() {
                self.digest.update(&piece);
                return Ok(Some(piece));
            }
        }
    }

    fn check(&self) -> Result<(), ClientError> {
        let received = Digest::from(self.digest.clone().finish());
        match self.announced {
            Some(announced) if announced != received => {
                Err(ClientError::protocol(format_args!("received SHA-256 {received}, announced {announced}")))
            }
            _ => Ok(()),
        }
    }

    /// Everything, in memory.
    ///
    /// # Errors
    /// As [`Download::piece`]; [`ClientError::Protocol`] above `limit` octets.
    pub async fn bytes(mut self, limit: usize) -> Result<Bytes, ClientError> {
        let mut all = Vec::new();
        while let Some(piece) = self.piece().await? {
            if all.len().saturating_add(piece.len()) > limit {
                return Err(ClientError::protocol(format_args!("longer than {limit} octets")));
            }
            all.extend_from_slice(&piece);
        }
        Ok(all.into())
    }

    /// Writes everything, telling `progress` the octets so far; gives their number.
    ///
    /// # Errors
    /// As [`Download::piece`]; [`ClientError::Local`] where it cannot be written.
    pub async fn write_to(
        mut self,
        out: &mut (impl Write + Send),
        mut progress: impl FnMut(u64) + Send,
    ) -> Result<u64, ClientError> {
        let mut written: u64 = 0;
        while let Some(piece) = self.piece().await? {
            out.write_all(&piece).map_err(|error| ClientError::local(Path::new("output"), error))?;
            written = written.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
            progress(written);
        }
        out.flush().map_err(|error| ClientError::local(Path::new("output"), error))?;
        Ok(written)
    }
}

/// RFC 9530: `Repr-Digest: sha-256=:…:` among others.
fn announced_digest(headers: &HeaderMap) -> Option<Digest> {
    let values = headers.get_all("repr-digest").iter().filter_map(|value| value.to_str().ok());
    let encoded =
        values.flat_map(|value| value.split(',')).find_map(|member| member.trim().strip_prefix("sha-256=:"))?;
    let octets = STANDARD.decode(encoded.strip_suffix(':')?).ok()?;
    octets.try_into().ok().map(Digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_found_among_others() {
        let digest = Digest::of(b"x");
        let ours = format!("sha-256=:{}:", STANDARD.encode(digest.as_bytes()));
        for value in [ours.clone(), format!("sha-512=:AAAA:, {ours}")] {
            let headers = HeaderMap::from_iter([("repr-digest".parse().unwrap(), value.parse().unwrap())]);
            assert_eq!(announced_digest(&headers), Some(digest));
        }
        for value in ["sha-256=AAAA", "sha-256=:AAAA:", "", "md5=:AAAA:"] {
            let headers = HeaderMap::from_iter([("repr-digest".parse().unwrap(), value.parse().unwrap())]);
            assert_eq!(announced_digest(&headers), None, "{value}");
        }
    }
}
