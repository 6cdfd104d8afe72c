//! An activity in words. English for now: another language is another arm of each function here.

use super::Kind;

/// A language that activities can be told in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
}

/// How many of those who did it are named, when not all are.
const NAMED: usize = 2;

/// What happened, as one sentence without an end: "ana, ben and 3,592 others liked your photo". `names` are those who did
/// it, last first, as far as they are known; `count` is how many did it.
#[must_use]
pub fn summary(language: Language, kind: Kind, names: &[&str], count: i64) -> String {
    match language {
        Language::English => format!("{} {}", who(names, count), did(kind)),
    }
}

fn who(names: &[&str], count: i64) -> String {
    let named = &names[..names.len().min(NAMED)];
    let others = count.saturating_sub(i64::try_from(named.len()).unwrap_or(0));
    match (others, named) {
        (..=0, [one, other]) => format!("{one} and {other}"),
        (..=0, _) => named.concat(),
        (1, _) => format!("{} and 1 other", named.join(", ")),
        _ => format!("{} and {} others", named.join(", "), grouped(others)),
    }
}

fn did(kind: Kind) -> &'static str {
    match kind {
        Kind::MediaLiked => "liked your photo",
        Kind::CommentLiked => "liked your comment",
        Kind::MediaCommented => "commented on your photo",
        Kind::CommentReplied => "replied to your comment",
        Kind::Mentioned => "mentioned you",
        Kind::PhotoTagged => "tagged you in a photo",
        Kind::Followed => "started following you",
        Kind::FollowRequested => "asked to follow you",
        Kind::FollowApproved => "accepted your request to follow",
    }
}

/// A number as people read it: 3,592.
fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_did_it_is_named_or_counted() {
        let names = ["ana", "ben", "eve"];
        for (known, count, expected) in [
            (1, 1, "ana liked your photo"),
            (2, 2, "ana and ben liked your photo"),
            (3, 3, "ana, ben and 1 other liked your photo"),
            (3, 4, "ana, ben and 2 others liked your photo"),
            (3, 3594, "ana, ben and 3,592 others liked your photo"),
            (1, 1_000_001, "ana and 1,000,000 others liked your photo"),
        ] {
            assert_eq!(summary(Language::English, Kind::MediaLiked, &names[..known], count), expected);
        }
    }
}
