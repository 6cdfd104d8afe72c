//! Who lives in the seeded world, whom they follow, and what they say. Made of small sums, so it is the same each time.

/// Somebody in the seeded world.
pub(super) struct Person {
    pub username: &'static str,
    pub display_name: &'static str,
}

const fn person(username: &'static str, display_name: &'static str) -> Person {
    Person { username, display_name }
}

/// Everybody.
pub(super) const PEOPLE: [Person; 24] = [
    person("ana", "Ana Moreira"),
    person("ben", "Ben Okafor"),
    person("chiara", "Chiara Conti"),
    person("dmitri", "Dmitri Volkov"),
    person("elif", "Elif Demir"),
    person("farah", "Farah Haddad"),
    person("goran", "Goran Petrov"),
    person("hana", "Hana Sato"),
    person("ines", "Inés Castillo"),
    person("jonas", "Jonas Lindqvist"),
    person("kofi", "Kofi Mensah"),
    person("lea", "Léa Fontaine"),
    person("mateo", "Mateo Rojas"),
    person("nadia", "Nadia Kowalska"),
    person("omar", "Omar Farouk"),
    person("priya", "Priya Nair"),
    person("quinn", "Quinn Murphy"),
    person("rosa", "Rosa Jiménez"),
    person("sven", "Sven Bakker"),
    person("tala", "Tala Reyes"),
    person("uma", "Uma Shankar"),
    person("viktor", "Viktor Novák"),
    person("wanjiru", "Wanjirũ Kamau"),
    person("yuki", "Yuki Tanaka"),
];

/// The one whose account is private.
pub(super) const PRIVATE: usize = 13;

/// Pictures that everybody publishes.
pub(super) const PHOTOS_EACH: usize = 4;

/// What people say below a picture.
pub(super) const REMARKS: [&str; 16] = [
    "That light!",
    "I can almost smell the rain.",
    "Where is this? I need to go.",
    "The colors are unreal.",
    "This made my morning.",
    "So calm.",
    "You have such an eye for this.",
    "Saving this one.",
    "Best one yet.",
    "How early did you get up for this?",
    "It looks like a painting.",
    "Take me with you next time!",
    "The mood in this one…",
    "I would hang this on my wall.",
    "Simple and perfect.",
    "Still thinking about this one.",
];

/// Mixes two small numbers into a large one that looks like chance.
fn mix(a: usize, b: usize) -> usize {
    let mixed = (a as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (b as u64 + 1).wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
    usize::try_from((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 33).unwrap_or(0)
}

/// Whom a person follows: the first few people are popular, the rest by chance.
pub(super) fn followed_by(person: usize) -> impl Iterator<Item = usize> {
    let latecomer = PEOPLE.len() - 1;
    (0..PEOPLE.len()).filter(move |other| {
        let asks_later = person == latecomer && *other == PRIVATE;
        let follows = *other < 6 || mix(person, *other).is_multiple_of(3);
        *other != person && !asks_later && follows
    })
}

/// Whether a person likes the picture at a place.
pub(super) fn likes(person: usize, place: usize) -> bool {
    mix(person + 100, place) % 5 < 2
}

/// Which remark a person makes on the picture at a place, if any.
pub(super) fn remarks(person: usize, place: usize) -> Option<usize> {
    let chance = mix(person + 200, place);
    chance.is_multiple_of(11).then_some((chance / 11) % REMARKS.len())
}
