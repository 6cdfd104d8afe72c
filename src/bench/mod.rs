//! Benchmarks: what an operation costs, measured on a world that is the same every time.
//!
//! The machine may be busy and its clock is no judge: what is counted is CPU time of the server, of Postgres and of Redis,
//! each for itself, and statements.

mod client;
mod costs;
pub mod feed;
mod sql;
pub mod world;
