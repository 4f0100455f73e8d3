//! What each side sees: inbox, outbox, feed, one document. Reads rows, changes nothing. Before: `hub` made the rows.
//! After: `http` shows them. Law 9 stands in `standing`: who is not a party gets not_found.

pub mod cursor;
pub mod document;
pub mod feed;
pub mod find;
pub mod impact;
pub mod lists;
pub mod standing;
pub mod summary;
