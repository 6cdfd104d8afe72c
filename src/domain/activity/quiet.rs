//! Hours of the day in which nothing is pushed, wherever somebody lives and whenever their clocks are changed.

use crate::base::clock::Timestamp;
use crate::base::error::{Error, RefusalCode, Result};

/// Minutes of a day.
const DAY: i32 = 24 * 60;

/// Hours of the day in which nothing is pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuietHours {
    /// The first minute of the day.
    pub start_minute: i32,
    /// The first minute after them; smaller than the start when they pass midnight.
    pub end_minute: i32,
    /// The time zone, as in the IANA database.
    pub time_zone: String,
}

impl QuietHours {
    /// These hours, when there can be such.
    ///
    /// # Errors
    /// `INVALID` for a minute that no day has, an end at the start, or a time zone that nobody knows.
    pub fn checked(self) -> Result<Self> {
        let invalid = |message: &'static str, field: &str| {
            Err(Error::refused(RefusalCode::Invalid, message).at(["quietHours", field]))
        };
        for (field, minute) in [("startMinute", self.start_minute), ("endMinute", self.end_minute)] {
            if !(0..DAY).contains(&minute) {
                return Err(Error::refused(RefusalCode::Invalid, "A day has the minutes 0 to 1439.")
                    .limit(DAY - 1)
                    .at(["quietHours", field]));
            }
        }
        if self.start_minute == self.end_minute {
            return invalid("Quiet hours end at another minute than they start at.", "endMinute");
        }
        if tzdb::tz_by_name(&self.time_zone).is_none() {
            return invalid("There is no such time zone. It looks like `Europe/Lisbon`.", "timeZone");
        }
        Ok(self)
    }

    /// Whether an instant is in these hours.
    #[must_use]
    pub fn contain(&self, instant: Timestamp) -> bool {
        let minute = self.minute_of_day(instant);
        match self.start_minute < self.end_minute {
            true => (self.start_minute..self.end_minute).contains(&minute),
            false => minute >= self.start_minute || minute < self.end_minute,
        }
    }

    /// A zone that the tables no longer know counts as UTC.
    fn minute_of_day(&self, instant: Timestamp) -> i32 {
        let zone = tzdb::tz_by_name(&self.time_zone);
        let local = zone.and_then(|zone| zone.find_local_time_type(instant.seconds()).ok());
        let offset = local.map_or(0, |local| i64::from(local.ut_offset()));
        i32::try_from((instant.seconds() + offset).div_euclid(60).rem_euclid(i64::from(DAY))).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(start_minute: i32, end_minute: i32, time_zone: &str) -> QuietHours {
        QuietHours { start_minute, end_minute, time_zone: time_zone.into() }
    }

    #[test]
    fn hours_are_those_of_the_place_and_pass_midnight() {
        // 2026-07-01T20:30:00Z and 2026-12-01T20:30:00Z: the clocks of Lisbon are an hour apart.
        let (summer, winter) = (Timestamp(1_782_937_800_000), Timestamp(1_796_157_000_000));
        for (night, in_summer, in_winter) in [
            (hours(21 * 60, 7 * 60, "Europe/Lisbon"), true, false),
            (hours(20 * 60, 21 * 60, "UTC"), true, true),
            (hours(20 * 60, 20 * 60 + 30, "UTC"), false, false),
            (hours(20 * 60 + 31, 20 * 60 + 30, "UTC"), false, false),
            (hours(2 * 60, 2 * 60 + 1, "Asia/Kolkata"), true, true),
            (hours(22 * 60, 6 * 60, "America/New_York"), false, false),
            (hours(15 * 60, 16 * 60, "America/New_York"), false, true),
        ] {
            assert_eq!((night.contain(summer), night.contain(winter)), (in_summer, in_winter), "{night:?}");
        }
    }

    #[test]
    fn only_hours_that_can_be_are_taken() {
        assert!(hours(0, 1439, "europe/lisbon").checked().is_ok());
        for bad in [hours(-1, 5, "UTC"), hours(0, 1440, "UTC"), hours(5, 5, "UTC"), hours(0, 1, "Mars/Olympus")] {
            assert!(bad.clone().checked().is_err(), "{bad:?}");
        }
    }
}
