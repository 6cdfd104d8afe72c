//! What people write: usernames, e-mail addresses, passwords, captions. Checked and brought into one form here.

use super::error::{Error, RefusalCode, Result};
use super::unicode;

/// Code points in a username.
pub const USERNAME_LENGTH: usize = 30;
/// Code points in a name to show.
pub const DISPLAY_NAME_LENGTH: usize = 64;
/// Code points in a caption; Instagram's limit.
pub const CAPTION_LENGTH: usize = 2200;
/// Code points in a comment.
pub const COMMENT_LENGTH: usize = 2200;
/// Code points in a warning before photos.
pub const CONTENT_WARNING_LENGTH: usize = 200;
/// Code points in an alternative text.
pub const ALT_TEXT_LENGTH: usize = 1500;
/// Bytes in an e-mail address (RFC 5321, section 4.5.3.1.3, without the angle brackets).
pub const EMAIL_LENGTH: usize = 254;
/// Code points a password has at least (the schema says so).
pub const PASSWORD_LENGTH: usize = 10;
/// Bytes a password has at most, so that hashing it is bounded.
pub const PASSWORD_BYTES: usize = 1024;

/// Usernames that would be mistaken for the server, for who runs it or for a page of it (RFC 2142 names some of them).
/// Whoever has one of them keeps it.
#[rustfmt::skip]
const RESERVED: [&str; 48] = [
    "about", "abuse", "account", "accounts", "admin", "administrator", "admins", "api", "billing", "contact", "copyright",
    "everyone", "explore", "graphql", "help", "helpdesk", "hostmaster", "images", "info", "legal", "login", "logout",
    "moderation", "moderator", "moderators", "noreply", "notifications", "official", "photograph", "playground",
    "postmaster", "press", "privacy", "root", "safety", "search", "security", "settings", "signup", "staff", "status",
    "support", "system", "sysadmin", "team", "terms", "verified", "webmaster",
];

/// Whether a text is a username: 1 to 30 of letters, digits, `_` and `.`, no dot at an end or beside another.
#[must_use]
pub fn is_username(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let well_formed = !text.is_empty() && text.chars().all(allowed);
    let dots = text.starts_with('.') || text.ends_with('.') || text.contains("..");
    well_formed && !dots && text.len() <= USERNAME_LENGTH
}

/// A username that somebody wants to have, as they write it.
///
/// # Errors
/// `INVALID` or `RESERVED`.
pub fn new_username(text: &str) -> Result<&str> {
    if !is_username(text) {
        let message = "A username has 1 to 30 letters (a–z), digits, `_` and `.`, with no dot at an end.";
        return Err(Error::refused(RefusalCode::Invalid, message).limit(USERNAME_LENGTH).at(["username"]));
    }
    if is_reserved(text) {
        return Err(Error::refused(RefusalCode::Reserved, "This username is reserved.").at(["username"]));
    }
    Ok(text)
}

/// Whether it is a reserved name, or made of such; also with dots and lines in it or digits after it (`Support_1`,
/// `of.fi.cial`, `photograph.security`).
fn is_reserved(username: &str) -> bool {
    let is_one = |text: &str| RESERVED.contains(&text.trim_end_matches(|c: char| c.is_ascii_digit()));
    let name = folded(username);
    let mut parts = name.split(['.', '_']).filter(|part| !part.is_empty()).peekable();
    is_one(&name.replace(['.', '_'], "")) || (parts.peek().is_some() && parts.all(is_one))
}

/// A name in the form in which it is unique: lower case.
#[must_use]
pub fn folded(text: &str) -> String {
    text.to_ascii_lowercase()
}

/// An e-mail address in the form in which it is unique: trimmed, in lower case.
///
/// # Errors
/// `INVALID` when it is not of the form that HTML's e-mail field accepts, or has no dot in its domain.
pub fn email(text: &str) -> Result<String> {
    let text = text.trim();
    let parts = text.split_once('@');
    let good = text.len() <= EMAIL_LENGTH && parts.is_some_and(|(local, domain)| is_local(local) && is_domain(domain));
    if !good {
        return Err(Error::refused(RefusalCode::Invalid, "This is not an e-mail address.").at(["email"]));
    }
    Ok(folded(text))
}

fn is_local(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c);
    !text.is_empty() && text.len() <= 64 && text.chars().all(allowed)
}

fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        let inner = label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        inner && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    text.contains('.') && text.split('.').all(label)
}

/// A password: at least 10 code points and at most 1024 bytes, not one letter repeated and not the user's own name.
///
/// # Errors
/// `WEAK_PASSWORD` or `INVALID`.
pub fn password<'a>(text: &'a str, username: &str) -> Result<&'a str> {
    if text.len() > PASSWORD_BYTES {
        let error = Error::refused(RefusalCode::Invalid, "A password has at most 1024 bytes.");
        return Err(error.limit(PASSWORD_BYTES).at(["password"]));
    }
    let compared = unicode::opaque(text);
    let first = compared.chars().next();
    let one_letter = compared.chars().all(|c| Some(c) == first);
    if compared.chars().count() < PASSWORD_LENGTH || one_letter || folded(text).contains(&folded(username)) {
        let message = "A password has at least 10 characters, not all the same, and does not contain the username.";
        return Err(Error::refused(RefusalCode::WeakPassword, message).limit(PASSWORD_LENGTH).at(["password"]));
    }
    Ok(text)
}

/// A name to show, of a person or a device: like [`prose`], but of one line, and it says something and closes what it opens.
///
/// # Errors
/// `INVALID`.
pub fn name(text: &str, limit: usize) -> Result<Option<&str>> {
    let (name, text) = (prose(text, limit)?, text.trim());
    if !unicode::is_one_line(text) || text.contains('\t') {
        return Err(Error::refused(RefusalCode::Invalid, "A name has one line."));
    }
    if !unicode::is_bidi_closed(text) || (name.is_none() && !text.is_empty()) {
        return Err(Error::refused(RefusalCode::Invalid, "This name has characters that cannot be shown."));
    }
    Ok(name)
}

/// Free text without white space at its ends; `None` when nothing is left that can be seen.
///
/// # Errors
/// `INVALID` when it is longer than `limit` code points or has a control character other than a line break or tab.
pub fn prose(text: &str, limit: usize) -> Result<Option<&str>> {
    let text = text.trim();
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(Error::refused(RefusalCode::Invalid, "This text has characters that cannot be shown."));
    }
    if text.chars().count() > limit {
        return Err(Error::refused(RefusalCode::Invalid, format!("At most {limit} characters.")).limit(limit));
    }
    Ok(unicode::is_visible(text).then_some(text))
}

/// Whether a secret is the one that was given. Takes the same time whatever is wrong, so that it cannot be found piece by
/// piece.
#[must_use]
pub fn is_same(secret: &str, given: &str) -> bool {
    let differ = secret.bytes().zip(given.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b));
    secret.len() == given.len() && differ == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames() {
        for good in ["ada", "Ada.Lovelace", "a_1", "x", &"n".repeat(30)] {
            assert!(new_username(good).is_ok(), "{good}");
        }
        let bad =
            ["", ".ada", "ada.", "a..b", "ada lovelace", "ädä", "a/b", "../etc", "a\0b", "a\u{202e}b", &"n".repeat(31)];
        for bad in bad {
            assert!(new_username(bad).unwrap_err().is_refusal(RefusalCode::Invalid), "{bad:?}");
        }
        for reserved in
            ["AdMin", "official", "Security", "staff", "support", "of.fi.cial", "_Support_24", "photograph.security"]
        {
            assert!(new_username(reserved).unwrap_err().is_refusal(RefusalCode::Reserved), "{reserved}");
            assert!(is_username(reserved), "whoever has {reserved} keeps it");
        }
        for free in ["supportive", "ada.security", "teammate", "123", "_"] {
            assert!(new_username(free).is_ok(), "{free}");
        }
    }

    #[test]
    fn emails() {
        assert_eq!(email(" Ada@Example.ORG ").unwrap(), "ada@example.org");
        for bad in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "ada@localhost",
            "a b@example.org",
            "ada@-x.org",
            "ada@x..org",
            "ada\0@example.org",
        ] {
            assert!(email(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn passwords() {
        assert!(password("correct horse", "ada").is_ok());
        for bad in ["short", "aaaaaaaaaaaa", "ada-lovelace"] {
            assert!(password(bad, "ada").unwrap_err().is_refusal(RefusalCode::WeakPassword), "{bad}");
        }
        assert!(password(&"ab".repeat(513), "ada").unwrap_err().is_refusal(RefusalCode::Invalid));
    }

    #[test]
    fn prose_is_trimmed_bounded_and_free_of_control_characters() {
        assert_eq!(prose("  dusk\n", 10).unwrap(), Some("dusk"));
        assert_eq!(prose(" \n ", 10).unwrap(), None);
        assert!(prose("a\0b", 10).is_err());
        assert!(prose("äöü", 2).is_err());
        assert_eq!(prose("äöü", 3).unwrap(), Some("äöü"));
        assert_eq!(prose("\u{200b} \u{2800}\u{3164}", 10).unwrap(), None, "nothing of it can be seen");
    }

    #[test]
    fn names_are_of_one_line_and_can_be_seen() {
        for good in ["Ada", "Ada 👩\u{200d}💻", "عادة", "\u{2067}عادة\u{2069}"] {
            assert_eq!(name(&format!(" {good} "), 20).unwrap(), Some(good));
        }
        assert_eq!(name("  ", 20).unwrap(), None);
        for bad in ["a\nb", "a\u{2028}b", "a\tb", "a\0b", "\u{200b}", "\u{2800}", "\u{202e}ada", "\u{e0041}"] {
            assert!(name(bad, 20).unwrap_err().is_refusal(RefusalCode::Invalid), "{bad:?}");
        }
    }
}
