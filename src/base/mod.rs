//! Words everyone uses: ids, time, chance, errors, pages, text, configuration and the facts that can happen.
//!
//! Nothing here imports from the rest of the crate.

pub mod chance;
pub mod client_address;
pub mod clock;
pub mod config;
pub mod edition;
pub mod entities;
pub mod error;
pub mod facts;
pub mod generations;
pub mod ids;
pub mod page;
pub mod text;
pub mod trouble;
pub mod unicode;
pub mod volume;
