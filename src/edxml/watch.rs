//! Watches the whole message for elements that state a secrecy level, wherever they stand (REFERENCE 6).

use crate::domain::Code;
use crate::edxml::lengths::TEXT_OCTETS_MAX;
use crate::edxml::secrecy::{is_level_element, is_telling};
use crate::xml::{Fault, Start};

/// WS-Security headers bear the name `Security` and are no secrecy level.
const WSS: &str = "http://docs.oasis-open.org/wss/";

/// The attributes in which a level may stand.
const ATTRIBUTES: [&str; 5] = ["value", "type", "level", "code", "name"];

/// Sees every event. Its faults have no path: the driver knows it.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Elements open since the level element, itself included.
    depth: usize,
    offset: u64,
    text: String,
}

impl Watch {
    pub(super) fn start(&mut self, start: &Start<'_>, offset: u64) -> Result<(), Fault> {
        if self.depth == 0 {
            let name = start.name();
            if !is_level_element(name.local) || name.ns.starts_with(WSS) {
                return Ok(());
            }
            self.offset = offset;
        }
        self.judge()?;
        self.depth += 1;
        let mut levels = start.attributes().filter(|found| found.ns.is_empty() && ATTRIBUTES.contains(&found.local));
        if levels.any(|found| is_telling(found.value)) { Err(secret(self.offset)) } else { Ok(()) }
    }

    pub(super) fn text(&mut self, text: &str) {
        if self.depth > 0 && self.text.len() + text.len() <= TEXT_OCTETS_MAX {
            self.text.push_str(text);
        }
    }

    pub(super) fn end(&mut self) -> Result<(), Fault> {
        self.judge()?;
        self.depth = self.depth.saturating_sub(1);
        Ok(())
    }

    /// Judges the text since the last tag.
    fn judge(&mut self) -> Result<(), Fault> {
        if !self.text.trim().is_empty() && is_telling(&self.text) {
            return Err(secret(self.offset));
        }
        self.text.clear();
        Ok(())
    }
}

fn secret(offset: u64) -> Fault {
    Fault::new(Code::StateSecret, offset, "an element states a secrecy level")
}
