//! A strict, bounded XML reader over the quick-xml tokenizer, and canonicalisation. It knows no edXML and no
//! signatures: [`Reader`] gives events, a [`Consumer`] takes them, [`c14n::Canonicalizer`] turns them into octets.
//! What passes here is namespace-well-formed XML 1.0 in UTF-8 without a DOCTYPE, or it is a [`Fault`].

pub mod c14n;
mod chars;
mod consumer;
mod declaration;
mod event;
mod fault;
mod input;
mod limits;
mod open;
mod reader;
mod reference;
mod scope;
mod source;
mod tag;
mod text;
mod uri;
mod window;

pub use consumer::Consumer;
pub use event::{Attribute, Event, Kind, Name, Start};
pub use fault::Fault;
pub use limits::Limits;
pub use reader::Reader;
pub use scope::XML_NAMESPACE;
pub use source::Source;
