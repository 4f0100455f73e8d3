//! Trục: an inter-agency electronic document exchange hub (trục liên thông văn bản). See ARCHITECTURE.md.

pub mod api;
pub mod backup;
pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
pub mod delivery;
pub mod doctor;
pub mod document;
pub mod domain;
pub mod edxml;
pub mod engine;
pub mod http;
pub mod hub;
pub mod index;
pub mod intake;
pub mod journal;
pub mod refresh;
pub mod signature;
pub mod telemetry;
pub mod token;
pub mod trail;
pub mod trust;
pub mod xml;
