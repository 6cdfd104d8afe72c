//! Measuring parts of the server against their alternatives: `photograph bench`.

mod timelines;

pub use timelines::timelines;
