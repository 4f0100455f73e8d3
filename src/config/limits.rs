//! `[limits]`: how much of the machine the hub takes, however many ask for however much. One number, the memory, is
//! divided here: what the process needs by itself, what connections can make it hold, and the rest for requests.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::ConfigError;

/// What the process needs beside the cache, connections and calls: code, rows on their way into the index (twice 16 MiB,
/// and what a map costs), a batch of the writer, large messages that are being verified.
const STANDING_BYTES: u64 = 112 << 20;
/// What a connection can make the hub hold before anybody has proved anything: the head of a request, TLS or the state
/// of HTTP/2.
const CONNECTION_BYTES: u64 = 96 << 10;
/// Less than this for requests is no hub.
const REQUESTS_BYTES_MIN: u64 = 16 << 20;

/// `[limits]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Memory of the hub's process, octets. What is asked beyond it is told to come again. Default 1,073,741,824.
    pub memory_bytes: u64,
    /// Connections open at one time. Default 2,048.
    pub connections: u32,
    /// Longest time until the head of a request is there, and of a connection that nobody uses, seconds. Default 30.
    pub head_seconds: u32,
    /// Longest pause within the body of a request, seconds. Default 30.
    pub body_pause_seconds: u32,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self { memory_bytes: 1 << 30, connections: 2048, head_seconds: 30, body_pause_seconds: 30 }
    }
}

impl LimitsConfig {
    /// What is left for requests beside an index cache of this size, octets.
    #[must_use]
    pub fn requests_bytes(&self, index_cache_bytes: u64) -> u64 {
        let connections = u64::from(self.connections).saturating_mul(CONNECTION_BYTES);
        let others = STANDING_BYTES.saturating_add(connections).saturating_add(index_cache_bytes);
        self.memory_bytes.saturating_sub(others)
    }

    /// Longest time until the head of a request is there.
    #[must_use]
    pub fn head(&self) -> Duration {
        Duration::from_secs(u64::from(self.head_seconds))
    }

    /// Longest pause within a body.
    #[must_use]
    pub fn body_pause(&self) -> Duration {
        Duration::from_secs(u64::from(self.body_pause_seconds))
    }

    pub(super) fn check(&self, index_cache_bytes: u64) -> Result<(), ConfigError> {
        let fault = |key, reason| Err(ConfigError::Value { key, reason });
        if !(16..=100_000).contains(&self.connections) {
            return fault("limits.connections", "must be from 16 to 100000");
        }
        if self.requests_bytes(index_cache_bytes) < REQUESTS_BYTES_MIN {
            return fault(
                "limits.memory_bytes",
                "too little: 128 MiB, index.cache_bytes and 96 KiB for each of limits.connections are the least",
            );
        }
        if !(1..=3_600).contains(&self.head_seconds) {
            return fault("limits.head_seconds", "must be from 1 to 3600");
        }
        if !(1..=3_600).contains(&self.body_pause_seconds) {
            return fault("limits.body_pause_seconds", "must be from 1 to 3600");
        }
        Ok(())
    }
}

/// The section of a new `truc.toml`, explained in Vietnamese and English.
pub(super) fn template(limits: &LimitsConfig) -> String {
    format!(
        "
[limits]
# Bộ nhớ của tiến trình trục; quá mức thì trả lời 429 hay 503 kèm Retry-After (docs/limits.md).
# Memory of the hub's process; what is asked beyond it is told 429 or 503 with Retry-After (docs/limits.md).
memory_bytes = {}
# Số kết nối cùng lúc. / Connections at one time.
connections = {}
# Chờ phần đầu của yêu cầu, chờ giữa hai phần của nội dung. / Wait for the head of a request, for the next part of a body.
head_seconds = {}
body_pause_seconds = {}
",
        limits.memory_bytes, limits.connections, limits.head_seconds, limits.body_pause_seconds
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_for_requests_follows_from_the_memory() {
        let limits = LimitsConfig::default();
        assert_eq!(limits.requests_bytes(64 << 20), (1024 - 112 - 192 - 64) << 20);
        assert!(limits.check(64 << 20).is_ok());
        assert!(limits.check(1 << 30).is_err(), "a cache as large as everything");
        let least = LimitsConfig { memory_bytes: (128 + 1 + 3) << 20, connections: 32, ..limits };
        assert!(least.check(1 << 20).is_ok());
    }
}
