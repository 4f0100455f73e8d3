//! HTTP v1: one file a group of calls. Each handler reads the call, asks the hub, writes the answer.

pub(super) mod access;
pub(super) mod agencies;
pub(super) mod backups;
pub(super) mod documents;
pub(super) mod events;
pub(super) mod hub;
pub(super) mod lists;
pub(super) mod retention;
pub(super) mod spill;
pub(super) mod statuses;
mod submit;
pub(super) mod trust;
