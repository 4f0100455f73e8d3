//! Trục: an inter-agency electronic document exchange hub (trục liên thông văn bản). See ARCHITECTURE.md.

pub mod api;
pub mod domain;
pub mod xml;
