//! The look that somebody asks for, and whether it can be had.

use serde::Serialize;

use super::{AppliedFilter, Look, Part, Point};
use crate::app::App;
use crate::base::error::{Error, RefusalCode, Result};

/// What is kept of each side at least: less is a few pixels.
const LEAST: f64 = 0.05;

/// How far rounding may lead over an edge.
const SLIP: f64 = 1e-6;

/// The look that somebody asks for.
#[derive(Clone, Debug, Default, Serialize)]
pub struct WantedLook {
    /// The filter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<WantedFilter>,
    /// The part to keep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crop: Option<Part>,
    /// What must stay in sight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub focal_point: Option<Point>,
}

/// A filter that somebody asks for.
#[derive(Clone, Debug, Serialize)]
pub struct WantedFilter {
    /// Its key.
    pub key: String,
    /// How strong, 0 to 1.
    pub strength: f64,
}

/// The look, if it can be had.
///
/// # Errors
/// `NOT_FOUND` for an unknown filter, `INVALID` for what lies outside the photo; with the input below `path`.
pub(in crate::domain::media) fn check(app: &App, wanted: &WantedLook, path: &[&str]) -> Result<Look> {
    let at = |rest: &[&'static str]| [path, rest].concat().into_iter().map(str::to_owned).collect::<Vec<_>>();
    let filter = wanted.filter.as_ref().map(|wanted| filter(app, wanted, at)).transpose()?;
    if wanted.crop.is_some_and(|part| !is_inside(part)) {
        let message = "The part to keep must lie in the photo and be at least a twentieth of it each way.";
        return Err(Error::refused(RefusalCode::Invalid, message).limit(LEAST).at(at(&["crop"])));
    }
    if wanted.focal_point.is_some_and(|Point { x, y }| !is_fraction(x) || !is_fraction(y)) {
        let message = "A focal point lies in the photo: 0 to 1 each way.";
        return Err(Error::refused(RefusalCode::Invalid, message).at(at(&["focalPoint"])));
    }
    Ok(Look { filter, crop: wanted.crop, focal_point: wanted.focal_point })
}

fn filter(app: &App, wanted: &WantedFilter, at: impl Fn(&[&'static str]) -> Vec<String>) -> Result<AppliedFilter> {
    let filter = app.filters.find(&wanted.key).cloned();
    let filter = filter.ok_or_else(|| Error::not_found("filter").at(at(&["filter", "key"])))?;
    if is_fraction(wanted.strength) {
        return Ok(AppliedFilter { filter, strength: wanted.strength });
    }
    let error = Error::refused(RefusalCode::Invalid, "A strength is 0 to 1.").limit(1);
    Err(error.at(at(&["filter", "strength"])))
}

fn is_fraction(number: f64) -> bool {
    (0.0..=1.0).contains(&number)
}

fn is_inside(Part { x, y, width, height }: Part) -> bool {
    let fits = |start: f64, length: f64| is_fraction(start) && length >= LEAST && start + length <= 1.0 + SLIP;
    fits(x, width) && fits(y, height)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_lies_inside() {
        let cases = [
            ([0.0, 0.0, 1.0, 1.0], true),
            ([0.1, 0.2, 0.9, 0.8], true),
            ([0.7, 0.0, 0.3, 1.0], true),
            ([0.7, 0.0, 0.4, 1.0], false),
            ([-0.1, 0.0, 0.5, 1.0], false),
            ([0.0, 0.0, 0.0, 1.0], false),
            ([0.0, 0.0, 0.5, 0.04], false),
            ([f64::NAN, 0.0, 0.5, 0.5], false),
            ([0.0, 0.0, f64::INFINITY, 0.5], false),
        ];
        for ([x, y, width, height], expected) in cases {
            assert_eq!(is_inside(Part { x, y, width, height }), expected, "{x} {y} {width} {height}");
        }
    }
}
