//! Leaving in good order: when the server stops, those who listen are told one after the other, and not all at once.
//!
//! Everybody waits for one signal, which costs an idle stream nothing. Who hears it takes the next place in a sequence
//! that spreads any number of places evenly, for the moment they are told and for the moment they come again.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Steps of two sequences that fill a square evenly (1/p and 1/p² of 2^32, for the plastic number p; M. Roberts, 2018).
const STEPS: [u32; 2] = [3_242_174_889, 2_447_445_414];

/// The one signal, and the window over which those who leave are spread.
#[derive(Debug)]
pub struct Drain {
    signal: CancellationToken,
    window: Duration,
    began: OnceLock<Instant>,
    places: AtomicU32,
}

/// When one of those who leave is told, and when they may come again.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// When they are told.
    pub leaves_at: Instant,
    /// How long to wait before coming again.
    pub again_after: Duration,
    /// How long until nobody of this process answers any more.
    pub gone_after: Duration,
}

impl Drain {
    /// One that spreads those who leave over so much time.
    #[must_use]
    pub fn over(window: Duration) -> Self {
        Self { signal: CancellationToken::new(), window, began: OnceLock::new(), places: AtomicU32::new(0) }
    }

    /// Over how much time those who leave are spread.
    #[must_use]
    pub fn window(&self) -> Duration {
        self.window
    }

    /// Gives the signal.
    pub fn begin(&self) {
        self.began.get_or_init(Instant::now);
        self.signal.cancel();
    }

    /// Whether the signal was given: who comes now is sent away.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.signal.is_cancelled()
    }

    /// Comes back when it is the turn of who waits. The place is theirs once the signal was given.
    pub async fn turn(&self, place: &mut Option<Place>) {
        self.signal.cancelled().await;
        let place = place.get_or_insert_with(|| self.next_place());
        tokio::time::sleep_until(place.leaves_at).await;
    }

    /// Comes back when the signal is given.
    pub async fn begins(&self) {
        self.signal.cancelled().await;
    }

    /// A place for one who leaves. Only once the signal was given.
    #[must_use]
    pub fn next_place(&self) -> Place {
        let number = self.places.fetch_add(1, Ordering::Relaxed);
        let [wait, again_after] = STEPS.map(|step| part(self.window, number.wrapping_mul(step)));
        let leaves_at = *self.began.get_or_init(Instant::now) + wait;
        Place { leaves_at, again_after, gone_after: self.window.saturating_sub(wait) }
    }
}

/// So many 2^32nds of a time, in whole milliseconds.
fn part(whole: Duration, share: u32) -> Duration {
    let millis = u64::try_from(whole.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(u64::try_from((u128::from(millis) * u128::from(share)) >> 32).unwrap_or(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_spread_evenly_over_the_window() {
        let drain = Drain::over(Duration::from_secs(5));
        let places: Vec<Place> = (0..1000).map(|_| drain.next_place()).collect();
        let mut again: Vec<Duration> = places.iter().map(|place| place.again_after).collect();
        again.sort();
        again.dedup();
        assert_eq!(again.len(), 1000, "all are different");
        let began = drain.began.get().unwrap();
        for tenth in 0..10 {
            let from = *began + Duration::from_millis(500) * tenth;
            let told = places.iter().filter(|place| place.leaves_at >= from);
            let told = told.filter(|place| place.leaves_at < from + Duration::from_millis(500)).count();
            assert!((90..=110).contains(&told), "{told} in one tenth of the window");
        }
    }

    #[tokio::test]
    async fn nobody_leaves_before_the_signal() {
        let drain = Drain::over(Duration::ZERO);
        let mut place = None;
        let waited = tokio::time::timeout(Duration::from_millis(10), drain.turn(&mut place)).await;
        assert!(waited.is_err() && place.is_none() && !drain.has_begun());
        drain.begin();
        drain.turn(&mut place).await;
        assert!(place.is_some() && drain.has_begun());
    }
}
