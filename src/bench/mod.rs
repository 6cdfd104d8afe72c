//! Benchmarks: what an operation costs, and what a part costs against its alternatives.
//!
//! The machine may be busy and its clock is no judge: what is counted is CPU time of the server, of Postgres and of Redis,
//! each for itself, and statements.

mod client;
pub mod compare;
mod costs;
pub mod feed;
mod filters;
pub mod live;
pub mod photos;
pub mod publish;
pub mod push;
mod sql;
mod timelines;
pub mod world;

pub use filters::filters;
pub use timelines::timelines;
