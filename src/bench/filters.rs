//! What it costs to put a filter on a photo of 1080 × 1440 pixels.
//!
//! The best of many runs over a few rows counts: each is too short to be interrupted, so that a busy machine shows what an
//! idle one would.

use std::time::{Duration, Instant};

use crate::base::config;
use crate::platform::filters::Filters;
use crate::platform::imaging::lut::{Finish, Lut};

/// A photo upright in a feed.
const WIDTH: u32 = 1080;
const HEIGHT: u32 = 1440;

/// Rows in one run.
const ROWS: usize = 90;

/// Runs over the whole photo.
const RUNS: usize = 40;

/// The drawing that is taken for a photo: many colors, fine grain.
const SCENE: u64 = 7;

/// Measures each filter of the house alone, and with all it has: half its strength, vignette and grain.
pub fn filters(mut say: impl FnMut(&str)) {
    let photo = photograph_pictures::draw(SCENE, WIDTH, HEIGHT);
    let filters = Filters::open(&config::Filters::default());
    say("filter          table alone   with strength, vignette and grain");
    for filter in filters.all() {
        let Some(table) = filters.table(&filter.sha256) else { continue };
        let all = Finish { strength: 0.5, vignette: 0.3, grain: 0.1 };
        let [alone, all] = [Finish::PLAIN, all].map(|finish| best(&table.lut, &photo, finish));
        say(&format!("{:<16}{:>8.2} ms   {:>8.2} ms", filter.key, milliseconds(alone), milliseconds(all)));
    }
}

/// The time of a whole photo, made of the best of each of its parts.
fn best(lut: &Lut, photo: &[u8], finish: Finish) -> Duration {
    let part = |rows: &[u8]| {
        let run = || {
            let mut rows = rows.to_vec();
            let start = Instant::now();
            lut.apply(&mut rows, WIDTH as usize, finish);
            let time = start.elapsed();
            std::hint::black_box(&rows);
            time
        };
        (0..RUNS).map(|_| run()).min().unwrap_or_default()
    };
    photo.chunks(3 * WIDTH as usize * ROWS).map(part).sum()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
