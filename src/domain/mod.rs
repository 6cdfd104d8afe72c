//! What the product does, one folder for each noun. The order here is the order of reading and of imports.

pub mod comments;
pub mod feed;
pub mod follows;
pub mod idempotency;
pub mod likes;
pub mod media;
pub mod sessions;
pub mod uploads;
pub mod users;
