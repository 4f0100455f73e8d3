//! What keeps the test itself from running. What it finds about the hub is a `Finding`, never this.

/// Why the test cannot go on.
pub(crate) type Trouble = Box<dyn std::error::Error + Send + Sync>;
pub(crate) type Done<T> = Result<T, Trouble>;
