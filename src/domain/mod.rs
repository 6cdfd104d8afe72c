//! What the product does, one folder for each noun. The order here is the order of reading and of imports.
//!
//! The blank lines keep `rustfmt` from sorting it.

pub mod idempotency;

pub mod users;

pub mod sessions;

pub mod devices;

pub mod follows;

pub mod filters;
pub mod mentions;

pub mod uploads;

pub mod media;

pub mod shelves;

pub mod likes;

pub mod comments;

pub mod feed;

pub mod activity;

pub mod pushes;
