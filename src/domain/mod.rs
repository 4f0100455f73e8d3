//! The words of the field as types: agencies, documents, digests, codes, states. No I/O, no clock.
//! Everything else in the hub speaks in these.

mod business;
mod code;
mod digest;
mod hold;
mod id;
pub mod notation;
mod place;
mod priority;
mod refusal;
mod state;
mod status;
mod time;

pub use business::BusinessType;
pub use code::{Code, Lang};
pub use digest::Digest;
pub use hold::HoldState;
pub use id::{DocumentId, IdError, MessageId, OrganId, Seq};
pub use notation::NotationKey;
pub use place::Place;
pub use priority::Priority;
pub use refusal::Refusal;
pub use state::{DeliveryState, Effect, next};
pub use status::StatusCode;
pub use time::Timestamp;
