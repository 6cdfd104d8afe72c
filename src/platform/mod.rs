//! The machines: databases, the log of facts, the queue of steps, files, photos, tokens. They know nothing of the product.
//!
//! Neighbours are strangers, except that `queue`, `log`, `links` and `apns` stand on `db`, what several processes share
//! on `redis`, and `apns` has its tokens signed by `token`.

pub mod accepted_rotations;
pub mod apns;
pub mod blobs;
pub mod db;
pub mod drain;
pub mod filters;
pub mod heif;
pub mod imaging_pools;
pub mod links;
pub mod log;
pub mod queue;
pub mod rate_limiter;
pub mod redis;
pub mod rendering;
pub mod sandbox;
pub mod telemetry;
pub mod timelines;
pub mod token;
pub mod told;
pub mod transfers;

pub use photograph_imaging as imaging;
