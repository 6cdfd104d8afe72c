//! A point in a photo, wherever the photo is shown at whatever size.

use async_graphql::{InputObject, SimpleObject};

/// A point in a photo, as fractions of its width and height from the top left.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct PhotoPoint {
    /// 0 is the left edge, 1 the right.
    pub x: f64,
    /// 0 is the top edge, 1 the bottom.
    pub y: f64,
}

/// A point in a photo, as fractions of its width and height from the top left.
#[derive(Clone, Copy, Debug, InputObject)]
pub struct PhotoPointInput {
    /// 0 is the left edge, 1 the right.
    pub x: f64,
    /// 0 is the top edge, 1 the bottom.
    pub y: f64,
}
