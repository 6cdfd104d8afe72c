//! The filters of the house. A recipe that is here stays as it is; a better one gets the next version.

use super::Preset;
use super::recipe::Step::{Curve, Curves, Enliven, Grey, Hue, Mix, Saturate, Tone};

/// The filters of ours, in the order they are shown.
pub static SET: [Preset; 20] = [
    Preset {
        key: "meridian",
        name: "Meridian",
        version: 1,
        sha256: "bb32a3470f60abed068d2d81c18e3309645d07b059369058afcf331c1dcb2a08",
        vignette: 0.0,
        grain: 0.0,
        // Noon: clean, a little more of everything.
        steps: &[Curve(&[(0.0, 0.0), (0.22, 0.18), (0.5, 0.52), (0.78, 0.84), (1.0, 1.0)]), Enliven(0.28)],
    },
    Preset {
        key: "amber-hour",
        name: "Amber Hour",
        version: 1,
        sha256: "e40981eebe1512de4202535a0042dd262f8260e5708cc34fb9a2b6666358142d",
        vignette: 0.12,
        grain: 0.0,
        // The last hour of sun: warm lights, warm shadows, nothing harsh.
        steps: &[
            Mix([[1.06, 0.0, 0.0], [0.03, 0.97, 0.0], [0.0, 0.08, 0.8]]),
            Curve(&[(0.0, 0.03), (0.25, 0.24), (0.5, 0.54), (0.8, 0.86), (1.0, 0.99)]),
            Tone { shadows: [0.03, 0.005, -0.01], lights: [0.03, 0.012, -0.05] },
            Enliven(0.2),
        ],
    },
    Preset {
        key: "solstice",
        name: "Solstice",
        version: 1,
        sha256: "eaabcdb3661ec2fecc462d49d441af1dba30628a19dfe73b972b26894ab2f631",
        vignette: 0.18,
        grain: 0.05,
        // Golden, with light that spills and blue that stays in the shadows.
        steps: &[
            Curves([
                &[(0.0, 0.05), (0.3, 0.34), (0.6, 0.72), (1.0, 1.0)],
                &[(0.0, 0.04), (0.3, 0.29), (0.6, 0.63), (1.0, 0.96)],
                &[(0.0, 0.11), (0.3, 0.27), (0.6, 0.5), (1.0, 0.8)],
            ]),
            Hue { at: 2.0, reach: 1.4, turn: -0.35, saturate: 0.85 },
            Saturate(1.08),
        ],
    },
    Preset {
        key: "harbor",
        name: "Harbor",
        version: 1,
        sha256: "d1f3353ea2a59b6483a23b9d938dbc34355e369004ad7035cd71c3b5470553fc",
        vignette: 0.0,
        grain: 0.0,
        // Morning at the water: cool and clear, whites a little blue.
        steps: &[
            Mix([[0.94, 0.02, 0.0], [0.0, 1.0, 0.02], [0.0, 0.05, 1.02]]),
            Curve(&[(0.0, 0.01), (0.25, 0.23), (0.5, 0.53), (0.75, 0.82), (1.0, 1.0)]),
            Tone { shadows: [-0.02, 0.005, 0.035], lights: [-0.02, 0.0, 0.015] },
            Hue { at: 3.6, reach: 1.3, turn: -0.12, saturate: 1.18 },
        ],
    },
    Preset {
        key: "fjord",
        name: "Fjord",
        version: 1,
        sha256: "5f1f49b8973ea82a42fa810214fefae5339b5f79367c6df5ef1cf00f48d6a28c",
        vignette: 0.2,
        grain: 0.06,
        // Far north: cold, quiet, deep.
        steps: &[
            Saturate(0.66),
            Curve(&[(0.0, 0.02), (0.25, 0.19), (0.5, 0.47), (0.75, 0.77), (1.0, 0.97)]),
            Tone { shadows: [-0.035, 0.008, 0.045], lights: [-0.025, 0.005, 0.015] },
            Hue { at: 3.4, reach: 1.4, turn: -0.15, saturate: 1.25 },
        ],
    },
    Preset {
        key: "mesa",
        name: "Mesa",
        version: 1,
        sha256: "2fb0a15166121c3df9333066a63f5b7e465542ab5793e9293bc22fa6e58f927f",
        vignette: 0.16,
        grain: 0.0,
        // Teal and orange, as films are colored: skin and sand against the sky.
        steps: &[
            Hue { at: 3.7, reach: 1.5, turn: -0.55, saturate: 0.95 },
            Hue { at: 2.0, reach: 1.3, turn: 0.3, saturate: 0.7 },
            Hue { at: 0.5, reach: 1.0, turn: -0.06, saturate: 1.22 },
            Curve(&[(0.0, 0.01), (0.2, 0.15), (0.5, 0.51), (0.8, 0.86), (1.0, 1.0)]),
            Tone { shadows: [-0.04, 0.015, 0.04], lights: [0.045, 0.01, -0.04] },
        ],
    },
    Preset {
        key: "citrine",
        name: "Citrine",
        version: 1,
        sha256: "05daa5d81f0623225895f14079c6dc3ced945c6e9c8567c3ad229b972e9f9831",
        vignette: 0.0,
        grain: 0.0,
        // Loud and bright: high contrast, full colors.
        steps: &[
            Curve(&[(0.0, 0.0), (0.2, 0.13), (0.5, 0.53), (0.8, 0.9), (1.0, 1.0)]),
            Saturate(1.24),
            Tone { shadows: [0.0, 0.0, 0.01], lights: [0.015, 0.012, -0.02] },
        ],
    },
    Preset {
        key: "linen",
        name: "Linen",
        version: 1,
        sha256: "f604e4aa8edfe5336b9645edb1a6c3bb89070b0c4c2b719847e21f8b016a5d28",
        vignette: 0.0,
        grain: 0.0,
        // Washed and airy: lifted, soft, slightly warm.
        steps: &[
            Saturate(0.82),
            Curve(&[(0.0, 0.1), (0.25, 0.34), (0.5, 0.6), (0.75, 0.82), (1.0, 0.98)]),
            Tone { shadows: [0.015, 0.005, 0.0], lights: [0.012, 0.002, -0.022] },
        ],
    },
    Preset {
        key: "rosewater",
        name: "Rosewater",
        version: 1,
        sha256: "cc5ab55007af4409b1d89024a3bd1ed755fd3257d0e358bfcf8828de14ece3a7",
        vignette: 0.0,
        grain: 0.03,
        // Pink and powdery; skin glows.
        steps: &[
            Saturate(0.88),
            Curves([
                &[(0.0, 0.1), (0.3, 0.38), (0.6, 0.7), (1.0, 1.0)],
                &[(0.0, 0.06), (0.3, 0.31), (0.6, 0.61), (1.0, 0.94)],
                &[(0.0, 0.09), (0.3, 0.34), (0.6, 0.64), (1.0, 0.95)],
            ]),
            Hue { at: 0.4, reach: 1.0, turn: -0.1, saturate: 1.1 },
        ],
    },
    Preset {
        key: "ash",
        name: "Ash",
        version: 1,
        sha256: "2ad48a1ed43fa59338968c2560a67566eaff369e2e99f242e3df70952f50e8b3",
        vignette: 0.0,
        grain: 0.08,
        // Matte: black is grey, white is paper, color is a memory.
        steps: &[
            Saturate(0.55),
            Curve(&[(0.0, 0.13), (0.2, 0.24), (0.5, 0.51), (0.8, 0.78), (1.0, 0.91)]),
            Tone { shadows: [0.0, 0.006, 0.014], lights: [0.008, 0.004, -0.006] },
        ],
    },
    Preset {
        key: "polder",
        name: "Polder",
        version: 1,
        sha256: "e03a6ad45b292fe2dd284febf6c168538ee35efef549370b6145903321919472",
        vignette: 0.1,
        grain: 0.08,
        // Low land under a wide sky: greens go olive, blues go pale.
        steps: &[
            Hue { at: 2.0, reach: 1.6, turn: -0.45, saturate: 0.7 },
            Hue { at: 3.8, reach: 1.3, turn: -0.15, saturate: 0.78 },
            Curve(&[(0.0, 0.06), (0.25, 0.25), (0.5, 0.52), (0.8, 0.83), (1.0, 0.96)]),
            Tone { shadows: [-0.005, 0.012, 0.008], lights: [0.02, 0.014, -0.024] },
        ],
    },
    Preset {
        key: "juniper",
        name: "Juniper",
        version: 1,
        sha256: "58ff8dedf9a3bbbfe53d13587341ad1d016f920c3815f31e52a1308dad481173",
        vignette: 0.14,
        grain: 0.07,
        // Green in the shadows, cream in the lights, like slide film kept in a drawer.
        steps: &[
            Curves([
                &[(0.0, 0.02), (0.25, 0.2), (0.5, 0.5), (0.75, 0.8), (1.0, 0.99)],
                &[(0.0, 0.06), (0.25, 0.25), (0.5, 0.53), (0.75, 0.79), (1.0, 0.97)],
                &[(0.0, 0.05), (0.25, 0.23), (0.5, 0.48), (0.75, 0.71), (1.0, 0.88)],
            ]),
            Saturate(0.92),
        ],
    },
    Preset {
        key: "postcard",
        name: "Postcard",
        version: 1,
        sha256: "499faf525a43062de09c229644585ea88ebbfdc32ad1dfbd568291e958ef1779",
        vignette: 0.1,
        grain: 0.1,
        // From a kiosk, decades ago: faded, red has outlived blue.
        steps: &[
            Saturate(0.86),
            Curves([
                &[(0.0, 0.14), (0.3, 0.38), (0.65, 0.74), (1.0, 0.99)],
                &[(0.0, 0.09), (0.3, 0.32), (0.65, 0.67), (1.0, 0.92)],
                &[(0.0, 0.13), (0.3, 0.32), (0.65, 0.58), (1.0, 0.78)],
            ]),
        ],
    },
    Preset {
        key: "crossroads",
        name: "Crossroads",
        version: 1,
        sha256: "d8fe833820cd6133f5ce2e24de2c1991259683c50a2d027c9f15fd7b756cd287",
        vignette: 0.26,
        grain: 0.06,
        // Developed in the wrong bath: blue shadows, yellow-green lights, hard.
        steps: &[
            Curves([
                &[(0.0, 0.0), (0.25, 0.16), (0.5, 0.53), (0.75, 0.87), (1.0, 1.0)],
                &[(0.0, 0.0), (0.25, 0.2), (0.5, 0.55), (0.75, 0.85), (1.0, 1.0)],
                &[(0.0, 0.15), (0.25, 0.3), (0.5, 0.49), (0.75, 0.66), (1.0, 0.82)],
            ]),
            Saturate(1.06),
        ],
    },
    Preset {
        key: "ember",
        name: "Ember",
        version: 1,
        sha256: "f6a77ea0d1ed6553c6d062aa7888ee99187f2c6549e8190f7affafe0a2a2f04b",
        vignette: 0.34,
        grain: 0.08,
        // By the fire: dark, red in the depths, gold where it burns.
        steps: &[
            Saturate(0.9),
            Curve(&[(0.0, 0.015), (0.25, 0.16), (0.5, 0.43), (0.75, 0.75), (1.0, 0.97)]),
            Tone { shadows: [0.055, 0.0, -0.005], lights: [0.035, 0.005, -0.07] },
            Hue { at: 0.4, reach: 1.0, turn: 0.0, saturate: 1.2 },
        ],
    },
    Preset {
        key: "nocturne",
        name: "Nocturne",
        version: 1,
        sha256: "098ff48784fe28b4ccbe72b62a031fe927b9935018d262e3f15073d1d6918a9b",
        vignette: 0.3,
        grain: 0.1,
        // Day for night: dark and blue, lamps stay warm.
        steps: &[
            Saturate(0.72),
            Curve(&[(0.0, 0.03), (0.25, 0.15), (0.5, 0.36), (0.75, 0.64), (1.0, 0.92)]),
            Tone { shadows: [-0.01, 0.01, 0.085], lights: [0.0, -0.005, -0.01] },
            Hue { at: 0.8, reach: 1.0, turn: 0.0, saturate: 1.35 },
        ],
    },
    Preset {
        key: "driftwood",
        name: "Driftwood",
        version: 1,
        sha256: "f2c16995ab3561ec47cd35315c8d52d6470e3a6dbb32d36b1f0ce7d08931d586",
        vignette: 0.16,
        grain: 0.09,
        // The silver left in: hard contrast, little color.
        steps: &[
            Saturate(0.42),
            Curve(&[(0.0, 0.0), (0.2, 0.12), (0.5, 0.5), (0.8, 0.88), (1.0, 1.0)]),
            Tone { shadows: [-0.005, 0.004, 0.016], lights: [0.012, 0.006, -0.012] },
        ],
    },
    Preset {
        key: "almanac",
        name: "Almanac",
        version: 1,
        sha256: "5aa788a2e50ef6184a58364621214e0875aec65fe75fed4b47544db13b07685a",
        vignette: 0.22,
        grain: 0.1,
        // Sepia, as in a book of old portraits.
        steps: &[
            Grey([0.35, 0.5, 0.15]),
            Curves([
                &[(0.0, 0.09), (0.25, 0.33), (0.5, 0.6), (0.8, 0.88), (1.0, 0.99)],
                &[(0.0, 0.06), (0.25, 0.26), (0.5, 0.51), (0.8, 0.81), (1.0, 0.95)],
                &[(0.0, 0.04), (0.25, 0.18), (0.5, 0.4), (0.8, 0.68), (1.0, 0.84)],
            ]),
        ],
    },
    Preset {
        key: "silver",
        name: "Silver",
        version: 1,
        sha256: "8427aa6acbbde21dcf4ae8c24a84ad596ec48bbc878751596083228d783186c8",
        vignette: 0.06,
        grain: 0.12,
        // Black and white, soft, on warm paper.
        steps: &[
            Grey([0.3, 0.59, 0.11]),
            Curve(&[(0.0, 0.07), (0.25, 0.27), (0.5, 0.53), (0.75, 0.78), (1.0, 0.97)]),
            Tone { shadows: [0.006, 0.003, 0.0], lights: [0.004, 0.0, -0.012] },
        ],
    },
    Preset {
        key: "obsidian",
        name: "Obsidian",
        version: 1,
        sha256: "ff2f6349f9edb646b6717660deca2625d192b804fa12b325fe65beb2d72b6aa6",
        vignette: 0.2,
        grain: 0.14,
        // Black and white, hard, through a red glass: dark skies, bright skin.
        steps: &[Grey([0.62, 0.32, 0.06]), Curve(&[(0.0, 0.0), (0.2, 0.1), (0.5, 0.52), (0.8, 0.91), (1.0, 1.0)])],
    },
];
