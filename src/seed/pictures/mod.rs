//! Pictures drawn by the program, so that the first look at the playground shows something beautiful.
//!
//! A scene is a number: the same number gives the same picture at any size, its caption and what it shows. Scenes take
//! turns, so that a feed of consecutive numbers is varied.

mod arch;
mod aurora;
mod birches;
mod canvas;
mod citrus;
mod city;
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

/// A scene taken apart: what it shows, in which mood, and how often its kind has had its turn.
struct Scene {
    kind: &'static Kind,
    mood: usize,
    turn: usize,
}

impl Scene {
    /// Kinds take turns with each number; when all have had theirs, each comes back in its next mood.
    fn of(number: u64) -> Scene {
        let small = |number: u64| usize::try_from(number).unwrap_or_default();
        let (place, turn) = (number % KINDS.len() as u64, number / KINDS.len() as u64);
        let kind = &KINDS[small(place)];
        let mood = small((place + turn % 1_000) % kind.alt_texts.len() as u64);
        Scene { kind, mood, turn: small(turn % kind.captions.len() as u64) }
    }
}

/// Draws a scene: red, green and blue, one byte each, row after row from the top.
#[must_use]
pub fn draw(scene: u64, width: u32, height: u32) -> Vec<u8> {
    let Scene { kind, mood, .. } = Scene::of(scene);
    let mut chance = Chance::new(scene);
    let mut canvas = Canvas::new(width, height);
    (kind.paint)(&mut canvas, &mut chance, mood);
    canvas.develop(GRAIN, chance.seed())
}

/// Draws a scene as a JPEG file.
///
/// # Panics
/// If a side is 0.
#[must_use]
pub fn jpeg(scene: u64, width: u16, height: u16) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, QUALITY);
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    encoder
        .encode(&draw(scene, width.into(), height.into()), width, height, ColorType::Rgb)
        .expect("the drawing has the size it says, and memory takes what is written");
    file
}

/// What somebody who took the photo might write under it.
#[must_use]
pub fn caption(scene: u64) -> &'static str {
    let Scene { kind, turn, .. } = Scene::of(scene);
    kind.captions[turn]
}

/// What the photo shows, for those who cannot see it.
#[must_use]
pub fn alt_text(scene: u64) -> &'static str {
    let Scene { kind, mood, .. } = Scene::of(scene);
    kind.alt_texts[mood]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// Enough numbers for each kind to come in each mood.
    const SCENES: std::ops::Range<u64> = 0..48;

    #[test]
    fn a_number_is_a_picture() {
        for scene in SCENES {
            let picture = draw(scene, 48, 60);
            assert_eq!(picture.len(), 48 * 60 * 3);
            assert_eq!(picture, draw(scene, 48, 60), "scene {scene} differs from itself");
            let levels: HashSet<u8> = picture.into_iter().collect();
            assert!(levels.len() > 60, "scene {scene} is flat: {} levels", levels.len());
        }
    }

    #[test]
    fn all_pictures_differ() {
        let pictures: HashSet<Vec<u8>> = SCENES.map(|scene| draw(scene, 24, 30)).collect();
        assert_eq!(pictures.len(), SCENES.count());
    }

    #[test]
    fn any_size_will_do() {
        for (width, height) in [(1, 1), (2, 30), (40, 9)] {
            for scene in (0..12).chain([u64::MAX, u64::MAX - 5]) {
                assert_eq!(draw(scene, width, height).len(), (width * height * 3) as usize);
            }
        }
    }

    #[test]
    fn every_scene_is_told_in_words() {
        for scene in SCENES {
            assert!(caption(scene).len() > 5 && alt_text(scene).ends_with('.'), "scene {scene}");
        }
        let told: HashSet<_> = SCENES.map(alt_text).collect();
        assert_eq!(told.len(), KINDS.iter().map(|kind| kind.alt_texts.len()).sum::<usize>());
    }

    #[test]
    fn a_scene_can_be_uploaded() {
        let file = jpeg(7, 60, 75);
        assert!(file.starts_with(&[0xFF, 0xD8, 0xFF]) && file.ends_with(&[0xFF, 0xD9]));
    }
}
