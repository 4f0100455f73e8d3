//! Strict base64 in a stream: text comes in pieces, decoded bytes go out in blocks, memory stays bounded.
//!
//! White space is dropped (REFERENCE 1.4), carriage returns too, which .NET writes as `&#xD;`; all else is by RFC 4648, 4: the standard alphabet, padding as it must be,
//! unused bits zero, nothing behind the padding. Whole blocks go through the crate's vectorised engine.

use base64::Engine as _;
use memchr::{memchr, memchr3_iter};

use crate::edxml::tree::is_space;
use crate::signature::base64::{Standard, standard};

/// Characters decoded at once: a multiple of four, small enough to stay in the first-level cache.
const BLOCK: usize = 16 << 10;

/// The text is not base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotBase64;

/// Decodes one text.
pub(super) struct Decoder {
    engine: Standard,
    /// The characters of a group of four that is not whole yet.
    group: Vec<u8>,
    /// A block without its white space.
    clean: Vec<u8>,
    bytes: Vec<u8>,
    /// The last block held white space: drop it before the next is tried.
    wrapped: bool,
    /// Padding has come: nothing may follow.
    ended: bool,
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").finish_non_exhaustive()
    }
}

impl Decoder {
    pub(super) fn new() -> Self {
        Self {
            engine: standard(),
            group: Vec::with_capacity(4),
            clean: Vec::new(),
            bytes: Vec::new(),
            wrapped: false,
            ended: false,
        }
    }

    /// Makes it ready for another text; the buffers stay.
    pub(super) fn restart(&mut self) {
        self.group.clear();
        (self.wrapped, self.ended) = (false, false);
    }

    /// Takes the next piece of the text and gives what it decodes to.
    pub(super) fn feed(&mut self, text: &[u8], out: &mut impl FnMut(&[u8])) -> Result<(), NotBase64> {
        text.chunks(BLOCK).try_for_each(|block| {
            let rest = self.complete_group(block, out)?;
            self.block(rest, out)
        })
    }

    /// At the end of the text: no part of a group may be left.
    pub(super) fn finish(&self) -> Result<(), NotBase64> {
        if self.group.is_empty() { Ok(()) } else { Err(NotBase64) }
    }

    /// Fills up the group begun in an earlier piece; gives what is left of the text.
    fn complete_group<'t>(&mut self, text: &'t [u8], out: &mut impl FnMut(&[u8])) -> Result<&'t [u8], NotBase64> {
        let mut rest = text;
        while let ([first, tail @ ..], false) = (rest, self.group.is_empty()) {
            rest = tail;
            self.single(*first, out)?;
        }
        Ok(rest)
    }

    fn single(&mut self, byte: u8, out: &mut impl FnMut(&[u8])) -> Result<(), NotBase64> {
        if is_space(byte) {
            return Ok(());
        }
        self.group.push(byte);
        if self.group.len() < 4 {
            return Ok(());
        }
        let group = std::mem::take(&mut self.group);
        self.decode(&group, out)?;
        self.group = group;
        self.group.clear();
        Ok(())
    }

    fn block(&mut self, block: &[u8], out: &mut impl FnMut(&[u8])) -> Result<(), NotBase64> {
        if block.is_empty() || (!self.wrapped && self.groups(block, out).is_ok()) {
            return Ok(());
        }
        let mut clean = std::mem::take(&mut self.clean);
        without_space(block, &mut clean);
        self.wrapped = clean.len() < block.len();
        let decoded = self.groups(&clean, out);
        self.clean = clean;
        decoded
    }

    /// Decodes the whole groups of a text without white space and keeps what is over.
    fn groups(&mut self, text: &[u8], out: &mut impl FnMut(&[u8])) -> Result<(), NotBase64> {
        let (whole, over) = text.split_at(text.len() / 4 * 4);
        if over.iter().any(|&byte| is_space(byte)) {
            return Err(NotBase64);
        }
        self.decode(whole, out)?;
        self.group.extend_from_slice(over);
        Ok(())
    }

    fn decode(&mut self, groups: &[u8], out: &mut impl FnMut(&[u8])) -> Result<(), NotBase64> {
        if groups.is_empty() {
            return Ok(());
        }
        if self.ended {
            return Err(NotBase64);
        }
        self.bytes.resize(BLOCK / 4 * 3, 0);
        let size = self.engine.decode_slice(groups, &mut self.bytes).map_err(|_| NotBase64)?;
        self.ended = groups.ends_with(b"=");
        out(self.bytes.get(..size).unwrap_or_default());
        Ok(())
    }
}

fn without_space(block: &[u8], clean: &mut Vec<u8>) {
    clean.clear();
    let mut from = 0;
    for at in memchr3_iter(b'\n', b' ', b'\r', block) {
        clean.extend_from_slice(block.get(from..at).unwrap_or_default());
        from = at + 1;
    }
    clean.extend_from_slice(block.get(from..).unwrap_or_default());
    if memchr(b'\t', clean).is_some() {
        clean.retain(|&byte| byte != b'\t');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::BASE64_STANDARD;
    use proptest::prelude::*;

    fn decode(pieces: &[&[u8]]) -> Result<Vec<u8>, NotBase64> {
        let mut decoder = Decoder::new();
        let mut bytes = Vec::new();
        for piece in pieces {
            decoder.feed(piece, &mut |part| bytes.extend_from_slice(part))?;
        }
        decoder.finish()?;
        Ok(bytes)
    }

    #[test]
    fn what_is_not_base64_is_refused() {
        for text in [
            "a",
            "aa",
            "aaa",
            "aGVsbG8",
            "aGVsbG8=a",
            "aGVsbG8=aGVs",
            "=aGV",
            "a=Vs",
            "aG-_",
            "aGVsbG9=",
            "aGVs=",
            "====",
            "é",
        ] {
            assert_eq!(decode(&[text.as_bytes()]), Err(NotBase64), "{text}");
            let pieces: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
            assert_eq!(decode(&pieces), Err(NotBase64), "{text} in pieces");
        }
    }

    #[test]
    fn white_space_anywhere_is_dropped() {
        for text in ["aGVs bG8=", " aGVsbG8=\n", "a\tG\r\nV s\nb G8 =\n ", "\n\n"] {
            let expected: &[u8] = if text.trim().is_empty() { b"" } else { b"hello" };
            assert_eq!(decode(&[text.as_bytes()]).as_deref(), Ok(expected), "{text:?}");
        }
    }

    #[test]
    fn nothing_may_follow_the_padding_even_in_another_block() {
        let mut text = "A".repeat(BLOCK - 4);
        text.push_str("aGU=");
        assert!(decode(&[text.as_bytes()]).is_ok());
        assert!(decode(&[text.as_bytes(), b"\n"]).is_ok());
        assert_eq!(decode(&[text.as_bytes(), b"AAAA"]), Err(NotBase64));
    }

    #[test]
    fn a_decoder_can_be_used_again() {
        let mut decoder = Decoder::new();
        assert!(decoder.feed(b"a\nG", &mut |_| {}).is_ok());
        decoder.restart();
        let mut bytes = Vec::new();
        decoder.feed(b"aGVsbG8=", &mut |part| bytes.extend_from_slice(part)).unwrap();
        assert_eq!((bytes.as_slice(), decoder.finish()), (b"hello".as_slice(), Ok(())));
    }

    proptest! {
        #[test]
        fn any_content_wrapped_and_cut_anyhow_comes_back(
            content in proptest::collection::vec(any::<u8>(), 0..60_000),
            width in 1usize..200,
            wrap in any::<bool>(),
            piece in 1usize..40_000,
        ) {
            let mut text = BASE64_STANDARD.encode(&content);
            if wrap {
                let lines: Vec<&str> = text.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
                text = lines.join("\r\n");
            }
            let pieces: Vec<&[u8]> = text.as_bytes().chunks(piece).collect();
            prop_assert_eq!(decode(&pieces), Ok(content));
        }
    }
}
