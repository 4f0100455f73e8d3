//! Reads a message without looking at its signature: for tools and tests. What the hub acts on is read by
//! `signature`, with the same [`Builder`].

use crate::domain::Refusal;
use crate::edxml::{Builder, Message, Mode};
use crate::xml::{Consumer, Fault, Limits, Reader, Source};

/// The message in a source. Nobody has verified it.
///
/// # Errors
/// Whatever is wrong with it as XML or as edXML, with its place.
pub fn read<S: Source>(source: &S, mode: Mode) -> Result<Message, Refusal> {
    drive(source, mode).map_err(|fault| fault.locate(source))
}

fn drive<S: Source>(source: &S, mode: Mode) -> Result<Message, Fault> {
    let unreadable = |_| Fault::new(crate::domain::Code::TryLater, 0, "the source cannot be read");
    let mut reader = Reader::new(source.open().map_err(unreadable)?, Limits::default());
    let mut builder = Builder::new(mode);
    while let Some(event) = reader.next()? {
        if let Err(fault) = builder.event(&event) {
            return Err(fault.within(|| reader.path()));
        }
    }
    builder.finish()
}
