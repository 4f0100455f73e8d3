//! A document that is in memory as a whole: its text is not copied.

use crate::domain::Code;
use crate::xml::Input;
use crate::xml::chars;
use crate::xml::input::{STRETCH, Wrong, opening, vet};

/// A document in memory.
#[derive(Debug)]
pub struct Slice<'a> {
    /// The document from where the window stood when it was made longer last.
    bytes: &'a [u8],
    /// How far the window has moved since.
    passed: usize,
    window: &'a str,
    /// What is wrong with the byte behind the window.
    wrong: Option<Wrong>,
    is_calm: bool,
}

impl<'a> Slice<'a> {
    /// A window at byte 0 of a document.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, passed: 0, window: "", wrong: opening(bytes), is_calm: true }
    }
}

impl Input for Slice<'_> {
    #[inline]
    fn window(&self) -> &str {
        self.window
    }

    #[inline]
    fn skip(&mut self, amount: usize) {
        self.window = self.window.get(amount..).unwrap_or_default();
        self.passed += amount;
    }

    fn more(&mut self) -> Result<bool, (Code, &'static str)> {
        if let Some(wrong) = self.wrong {
            return Err(wrong);
        }
        self.bytes = self.bytes.get(std::mem::take(&mut self.passed)..).unwrap_or_default();
        if self.window.len() == self.bytes.len() {
            return Ok(false);
        }
        let wanted = STRETCH.max(self.window.len().saturating_mul(2));
        let bytes = match self.bytes.get(..wanted) {
            Some(bytes) => bytes.get(..chars::whole(bytes)).unwrap_or(bytes),
            None => self.bytes,
        };
        let vetted = vet(bytes);
        let is_longer = vetted.text.len() > self.window.len();
        (self.window, self.wrong, self.is_calm) = (vetted.text, vetted.wrong, vetted.is_calm);
        match self.wrong {
            Some(wrong) if !is_longer => Err(wrong),
            _ => Ok(true),
        }
    }

    #[inline]
    fn is_calm(&self) -> bool {
        self.is_calm
    }
}
