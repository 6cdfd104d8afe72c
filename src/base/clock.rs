//! What time it is. Handed in everywhere, so that a test can move it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// An instant: milliseconds since 1970-01-01T00:00:00Z. Stored so in both SQL dialects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, DeriveValueType)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The instant `wait` later.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(millis(wait)))
    }

    /// The instant `wait` earlier.
    #[must_use]
    pub fn before(self, wait: Duration) -> Self {
        Self(self.0.saturating_sub(millis(wait)))
    }

    /// How long ago `earlier` was; zero when it was not.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }

    /// Whole seconds since 1970, as JSON Web Tokens count them.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The instant that a text in RFC 3339 names, in whatever offset; parts of a millisecond are left out.
    #[must_use]
    pub fn of_rfc3339(text: &str) -> Option<Self> {
        let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000_000)).ok().map(Self)
    }

    /// As HTTP writes a date: `Sun, 22 Nov 2026 18:30:00 GMT` (RFC 9110, section 5.6.7).
    #[must_use]
    pub fn http_date(self) -> String {
        const FORMAT: &[time::format_description::BorrowedFormatItem<'_>] =
            format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
        let at = OffsetDateTime::from_unix_timestamp(self.seconds()).ok();
        at.and_then(|at| at.format(FORMAT).ok()).unwrap_or_default()
    }

    /// RFC 3339 in UTC with milliseconds, `2026-11-22T18:30:00.000Z`.
    #[must_use]
    pub fn rfc3339(self) -> String {
        const FORMAT: &[time::format_description::BorrowedFormatItem<'_>] =
            format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .ok()
            .and_then(|at| at.format(FORMAT).ok())
            .unwrap_or_default()
    }
}

fn millis(wait: Duration) -> i64 {
    i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)
}

/// The clock of the program: the system's, or one that a test moves.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that runs `ahead` of the system's by a number of milliseconds which the caller can change.
    #[must_use]
    pub fn shifted(ahead: Arc<AtomicI64>) -> Self {
        Self(Some(ahead))
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let ahead = self.0.as_ref().map_or(0, |ahead| ahead.load(Ordering::Relaxed));
        #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system for the time")]
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(millis(since_1970) + ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_written_as_the_schema_says() {
        assert_eq!(Timestamp(1_795_372_200_007).rfc3339(), "2026-11-22T18:30:00.007Z");
        assert_eq!(Timestamp(0).rfc3339(), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn timestamps_are_read_in_any_offset() {
        let at = Some(Timestamp(1_795_372_200_007));
        assert_eq!(Timestamp::of_rfc3339("2026-11-22T18:30:00.007Z"), at);
        assert_eq!(Timestamp::of_rfc3339("2026-11-22T20:30:00.0079+02:00"), at);
        assert_eq!(Timestamp::of_rfc3339("2026-11-22"), None);
    }

    #[test]
    fn a_shifted_clock_runs_ahead() {
        let ahead = Arc::new(AtomicI64::new(0));
        let clock = Clock::shifted(ahead.clone());
        let before = clock.now();
        ahead.store(60_000, Ordering::Relaxed);
        assert!(clock.now().since(before) >= Duration::from_mins(1));
    }
}
