//! A point on the Earth.

use async_graphql::SimpleObject;

/// A point on the Earth (WGS 84).
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct Coordinate {
    /// Degrees north, -90 to 90.
    pub latitude: f64,
    /// Degrees east, -180 to 180.
    pub longitude: f64,
}
