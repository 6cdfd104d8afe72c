//! Pictures drawn by the program, so that the first look at the playground shows something beautiful.
//!
//! A scene is a number: the same number gives the same picture at any size, its caption and what it shows. Scenes take
//! turns, so that a feed of consecutive numbers is varied.

mod arch;
mod aurora;
mod birches;
mod canvas;
mod city;
mod citrus;
mod dunes;
mod flower;
mod hills;
mod lake;
mod light;
mod noise;
mod sea;
mod silk;
mod stars;
mod trees;

use canvas::Canvas;
use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder};
use noise::Chance;

/// A kind of scene. It can be painted in as many moods as there are descriptions.
struct Kind {
    /// Paints it in one of its moods.
    paint: fn(&mut Canvas, &mut Chance, usize),
    /// What somebody who took it might write.
    captions: &'static [&'static str],
    /// What each mood shows, for those who cannot see it.
    alt_texts: &'static [&'static str],
}

/// All kinds, in the order in which they take turns: neighbours differ in light and colour.
const KINDS: [Kind; 12] = [
    hills::KIND,
    flower::KIND,
    city::KIND,
    lake::KIND,
    citrus::KIND,
    sea::KIND,
    birches::KIND,
    arch::KIND,
    stars::KIND,
    dunes::KIND,
    silk::KIND,
    aurora::KIND,
];

/// On the scale of the Independent JPEG Group: what a good camera app writes.
const QUALITY: u8 = 88;

/// Levels of the screen that grain may add or take away. Less leaves steps in clear skies, more costs bytes.
const GRAIN: f32 = 2.2;

/// Draws a scene: red, green and blue, one byte each, row after row from the top.
#[must_use]
pub fn draw(scene: u64, width: u32, height: u32) -> Vec<u8> {
    let (kind, mut chance) = kind(scene);
    let mut canvas = Canvas::new(width, height);
    let mood = chance.below(kind.alt_texts.len());
    (kind.paint)(&mut canvas, &mut chance, mood);
    canvas.develop(GRAIN, chance.seed())
}

/// Draws a scene as a JPEG file.
#[must_use]
pub fn jpeg(scene: u64, width: u16, height: u16) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, QUALITY);
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    encoder
        .encode(&draw(scene, width.into(), height.into()), width, height, ColorType::Rgb)
        .expect("the drawing has the size it says, and memory does not refuse to be written");
    file
}

/// What somebody who took the photo might write under it.
#[must_use]
pub fn caption(scene: u64) -> &'static str {
    let (kind, _) = kind(scene);
    // Scenes of one kind are as many numbers apart as there are kinds: each in turn has the next caption.
    let turn = scene / KINDS.len() as u64 % kind.captions.len() as u64;
    kind.captions[usize::try_from(turn).unwrap_or_default()]
}

/// What the photo shows, for those who cannot see it.
#[must_use]
pub fn alt_text(scene: u64) -> &'static str {
    let (kind, mut chance) = kind(scene);
    kind.alt_texts[chance.below(kind.alt_texts.len())]
}

/// Which kind a scene is, and the chances that make it this one.
fn kind(scene: u64) -> (&'static Kind, Chance) {
    let turn = usize::try_from(scene % KINDS.len() as u64).unwrap_or_default();
    (&KINDS[turn], Chance::new(scene))
}
