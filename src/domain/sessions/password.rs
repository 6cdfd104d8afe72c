//! Hashing passwords with Argon2id, a few at once, off the threads that answer requests.
//!
//! What is hashed is the form in which passwords are compared. Hashes of before that form are of what was typed, so where
//! the two differ a password is tried in both, whether there is an account or not.

use std::cmp::Reverse;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

use crate::app::App;
use crate::base::error::{Code, Error, RefusalCode, Result};
use crate::base::unicode::opaque;

/// Code points of a password that are examined for how easily it is guessed: what makes it weak is in them. The time grows
/// with more than their square; 100 that are meant to take long take a second in a dev build.
const EXAMINED: usize = 64;

/// The hash of a password that somebody wants to have, with its salt and parameters, in the PHC string format.
///
/// # Errors
/// `WEAK_PASSWORD` when it is easily guessed, also by who knows some words about its owner; `OVERLOADED` when too many
/// wait.
pub(super) async fn hash(app: &App, password: &str, about: Vec<String>) -> Result<String> {
    let (password, salt) = (opaque(password), app.chance.bytes::<16>());
    aside(app, move || {
        if is_guessed(&password, &about) {
            let message = "This password is easily guessed. Take a longer or less common one.";
            return Err(Error::refused(RefusalCode::WeakPassword, message).at(["password"]));
        }
        hashed(&password, &salt)
    })
    .await
}

/// Characters of a word about the owner that is taken out of a password. Shorter ones are in many honest words.
const OWN_WORD: usize = 3;

/// Whether fewer than 10^8 tries find a password: common ones, names, dates and rows of keys, alone or put together. Words
/// about its owner make it no better, however often they stand in it: zxcvbn takes each for a guess of its own.
fn is_guessed(password: &str, about: &[String]) -> bool {
    let start: String = password.chars().take(EXAMINED).collect();
    let words = about.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()).chain([text.as_str()]));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    is_weak(&start, &words) || is_weak(&without(&start, &words), &words)
}

fn is_weak(password: &str, words: &[&str]) -> bool {
    zxcvbn::zxcvbn(password, words).score() < zxcvbn::Score::Three
}

/// A password without the words about its owner, the longest of them first.
fn without(password: &str, words: &[&str]) -> String {
    let mut words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    words.retain(|word| word.chars().count() >= OWN_WORD);
    words.sort_by_key(|word| Reverse(word.len()));
    words.iter().fold(password.to_lowercase(), |rest, word| rest.replace(word, ""))
}

/// Whether a password is the one of a hash. Without a hash it takes as long and is false, so that the time it takes
/// does not tell whether an account exists.
///
/// # Errors
/// `OVERLOADED` when too many wait.
pub(super) async fn verify(app: &App, password: &str, hash: Option<String>) -> Result<bool> {
    let (forms, salt) = (forms(password), app.chance.bytes::<16>());
    aside(app, move || match hash {
        Some(hash) => is_one_of(&forms, &hash),
        None => forms.iter().try_for_each(|form| hashed(form, &salt).map(drop)).map(|()| false),
    })
    .await
}

/// What a password may have been hashed as.
fn forms(password: &str) -> Vec<String> {
    let (compared, typed) = (opaque(password), password.to_owned());
    if compared == typed { vec![compared] } else { vec![compared, typed] }
}

fn is_one_of(forms: &[String], hash: &str) -> Result<bool> {
    let hash = PasswordHash::new(hash).map_err(Error::internal)?;
    Ok(forms.iter().any(|form| Argon2::default().verify_password(form.as_bytes(), &hash).is_ok()))
}

fn hashed(password: &str, salt: &[u8]) -> Result<String> {
    let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), salt).map_err(Error::internal)?;
    Ok(hash.to_string())
}

/// Runs work on a blocking thread when its turn comes; turned away when too many wait.
async fn aside<T: Send + 'static>(app: &App, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let overloaded = || Error::failed(Code::Overloaded, "Too many people are signing in. Try again in a moment.");
    let place = app.hashing.waiting.clone().try_acquire_owned().map_err(|_| overloaded())?;
    let turn = app.hashing.running.clone().acquire_owned().await.map_err(Error::internal)?;
    // The work goes on when the one who asked is gone, so it keeps its turn.
    let work = move || {
        let _kept = (place, turn);
        work()
    };
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_passwords_are_guessed_and_honest_ones_are_not() {
        let about = ["mira".to_owned(), "mira@example.org".to_owned()];
        for weak in ["password123", "qwertyuiop", "Passw0rd!!", "1234567890", "iloveyou123"] {
            assert!(is_guessed(weak, &about), "{weak}");
        }
        for own in ["mira.mira1", "MIRA mira-Mira", "mira@example.org1", "1mira!example?org", "password mira mira"] {
            assert!(is_guessed(own, &about), "{own}");
        }
        let strong = ["golden hour 2011", "correct horse battery", "battery staple correct", "a quiet harbor at dusk"];
        for strong in strong.into_iter().chain(["mira and a quiet harbor", "my admirable organ pipes"]) {
            assert!(!is_guessed(strong, &about), "{strong}");
        }
        let long: String = (0..200).map(|number| (number * number).to_string() + " ").collect();
        assert!(!is_guessed(&long, &about), "long ones are bounded");
    }

    #[test]
    fn hashes_of_what_was_typed_before_there_was_one_form_are_still_good() {
        let (typed, salt) = ("Cafe\u{301} noir", [7; 16]);
        let (old, new) = (hashed(typed, &salt).unwrap(), hashed(&opaque(typed), &salt).unwrap());
        for (password, with_old, with_new) in
            [(typed, true, true), ("Café noir", false, true), ("Cafe noir", false, false)]
        {
            assert_eq!(is_one_of(&forms(password), &old).unwrap(), with_old, "{password:?}");
            assert_eq!(is_one_of(&forms(password), &new).unwrap(), with_new, "{password:?}");
        }
        assert_eq!(forms("plain").len(), 1, "most passwords are hashed once");
    }
}
