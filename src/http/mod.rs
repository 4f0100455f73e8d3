//! The door for programs: HTTP v1 (DESIGN 5). The only module that serves HTTP; it decides nothing and enforces
//! nothing twice: it reads the call, asks the hub, writes the answer.

pub(crate) mod chunks;
mod entrance;
mod linger;
mod peer;
mod problem;
mod server;
mod stall;
pub mod tls;

pub use peer::Peer;
pub use problem::Refused;
pub use server::{Limits, Listen, ListenError, Server};
