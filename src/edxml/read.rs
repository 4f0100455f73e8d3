//! Reads a message without looking at its signature: for tools and tests. What the hub acts on is read by
//! `signature`, with the same [`Builder`].

use crate::domain::{Code, Refusal};
use crate::edxml::{Builder, Message, Mode, TolerantView};
use crate::xml::{Consumer, Fault, Limits, Reader, Source};

/// The message in a source. Nobody has verified it. [`Mode::Tolerant`] includes what [`TolerantView`] allows; offsets and
/// spans are those of the source.
///
/// # Errors
/// Whatever is wrong with it as XML or as edXML, with its place.
pub fn read<S: Source>(source: &S, mode: Mode) -> Result<Message, Refusal> {
    let mut view = TolerantView::new(source);
    loop {
        match drive(&view, mode) {
            Ok(mut message) => {
                view.restore(&mut message);
                return Ok(message);
            }
            Err(fault) if mode == Mode::Tolerant && view.widen(fault.code).map_err(|_| unreadable())? => {}
            Err(fault) => return Err(fault.locate(&view)),
        }
    }
}

fn unreadable() -> Refusal {
    Refusal::new(Code::TryLater, "the source cannot be read")
}

fn drive<S: Source>(source: &S, mode: Mode) -> Result<Message, Fault> {
    let read = source.open().map_err(|_| Fault::new(Code::TryLater, 0, "the source cannot be read"))?;
    let mut reader = Reader::new(read, Limits::default());
    let mut builder = Builder::new(mode);
    while let Some(event) = reader.next()? {
        if let Err(fault) = builder.event(&event) {
            return Err(fault.within(|| reader.path()));
        }
    }
    builder.finish()
}
