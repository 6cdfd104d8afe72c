//! Any bytes as an uploaded photo: refused or not, nothing panics, and what is kept becomes the same photo again.

#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use photograph_imaging::{Focus, Limits, Output, Size, open, process_into};

fuzz_target!(|bytes: &[u8]| {
    let time = Duration::from_secs(5);
    let limits = Limits { pixels: 1_000_000, memory: 16 << 20, time, ..Limits::default() };
    let Ok(made) = process_into(&[Output::Jpeg], (bytes, None), &limits) else { return };
    let focus = Focus { x: 0.1, y: 0.9 };
    let again = open(&made.original, (Size::Thumbnail, focus), &limits).expect("what was taken once is taken again");
    again.finish(Output::Jpeg).expect("a picture can be written");
});
