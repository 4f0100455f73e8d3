//! The door for programs: HTTP v1 (DESIGN 5). The only module that serves HTTP; it decides nothing and enforces
//! nothing twice: it reads the call, asks the hub, writes the answer.

pub(crate) mod chunks;
