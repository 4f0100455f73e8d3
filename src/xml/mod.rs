//! A strict, bounded XML reader over quick-xml's parsers, and canonicalisation. It knows no edXML and no signatures:
//! [`Reader`] gives events, a [`Consumer`] takes them, [`c14n::Canonicalizer`] turns them into octets.
//!
//! What passes here is namespace-well-formed XML 1.0 in UTF-8 without a DOCTYPE and within [`Limits`]; anything else is
//! a [`Fault`] at its byte. quick-xml says where markup ends; it checks almost nothing else, so everything that the
//! standards ask for is checked here, and one thing more: namespace URIs are absolute.

pub mod c14n;
mod chars;
mod consumer;
mod declaration;
mod event;
mod fault;
mod input;
mod leaf;
mod limits;
mod markup;
mod names;
mod open;
mod reader;
mod reference;
mod scope;
mod short;
mod slice;
mod source;
mod stream;
mod survey;
mod tag;
mod text;
mod uri;

pub use consumer::Consumer;
pub use event::{Attribute, End, Event, Kind, Name, Start};
pub use fault::{Fault, line_ranges};
pub use input::Input;
pub use leaf::{Leaf, Unit};
pub use limits::Limits;
pub use reader::Reader;
pub use scope::XML_NAMESPACE;
pub use slice::Slice;
pub use source::Source;
pub use stream::Stream;
