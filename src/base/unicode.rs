//! Which characters can be seen, and the forms in which texts are compared: passwords, and hashtags.

use unicode_normalization::UnicodeNormalization;

/// Whether a text shows anything: a character that is neither white space nor control nor invisible.
#[must_use]
pub fn is_visible(text: &str) -> bool {
    text.chars().any(|c| !c.is_whitespace() && !c.is_control() && !is_invisible(c))
}

/// `Default_Ignorable_Code_Point` of Unicode (`DerivedCoreProperties.txt`), and what is drawn as nothing without being
/// listed there: interlinear annotations, the empty braille pattern and the musical null note head.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d159}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Whether every bidirectional control of a text is closed by its own, in order (UAX #9, 2.1 to 2.4): one that is not
/// turns the direction of what stands beside the text, and a closing one too many ends what it stands in.
#[must_use]
pub fn is_bidi_closed(text: &str) -> bool {
    let mut open = Vec::new();
    for c in text.chars() {
        match c {
            '\u{202a}' | '\u{202b}' | '\u{202d}' | '\u{202e}' => open.push('\u{202c}'),
            '\u{2066}'..='\u{2068}' => open.push('\u{2069}'),
            '\u{202c}' | '\u{2069}' if open.pop() != Some(c) => return false,
            _ => {}
        }
    }
    open.is_empty()
}

/// Whether a text is of one line: without what any reader of Unicode breaks lines at.
#[must_use]
pub fn is_one_line(text: &str) -> bool {
    !text.contains(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'])
}

/// A password in the form in which passwords are compared: every space is the same, and so is every way to compose a
/// character (`OpaqueString`, RFC 8265, section 4.2). Nothing is refused here.
#[must_use]
pub fn opaque(password: &str) -> String {
    // General category Zs.
    let is_space =
        |c| matches!(c, '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}');
    password.chars().map(|c| if is_space(c) { ' ' } else { c }).nfc().collect()
}

/// A text in which lower and upper case are one, also where they differ in length or have three forms (`ß`, `ς`). This is
/// the full case folding of Unicode, up to Cherokee, which is lower case here.
pub fn case_folded(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(|c| {
        // Its upper case is that of `i`, from which Unicode keeps it apart.
        let only_itself = (c == 'ı').then_some(c);
        let others = only_itself.is_none().then(|| c.to_lowercase().flat_map(char::to_uppercase));
        only_itself.into_iter().chain(others.into_iter().flatten().flat_map(char::to_lowercase))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_nothing_is_known() {
        for seen in ["a", " . ", "🏴\u{e0067}\u{e007f}", "\u{200b}x", "❤\u{fe0f}", "夕", "\u{301}"] {
            assert!(is_visible(seen), "{seen:?}");
        }
        for unseen in ["", " \n", "\u{200b}", "\u{2800}", "\u{3164} \u{ffa0}", "\u{e0041}\u{e007f}", "\u{2067}\u{2069}"]
        {
            assert!(!is_visible(unseen), "{unseen:?}");
        }
    }

    #[test]
    fn bidirectional_controls_are_closed_by_their_own() {
        for closed in ["ada", "\u{2067}ada\u{2069}", "\u{202e}a\u{2066}d\u{2069}a\u{202c}", "\u{200f}ada"] {
            assert!(is_bidi_closed(closed), "{closed:?}");
        }
        for open in ["\u{202e}ada", "ada\u{202c}", "\u{2066}ada\u{202c}", "\u{2066}\u{202e}ada\u{2069}\u{202c}"] {
            assert!(!is_bidi_closed(open), "{open:?}");
        }
    }

    #[test]
    fn passwords_are_the_same_however_they_are_composed() {
        assert_eq!(opaque("Cafe\u{301}\u{a0}\u{3000}noir"), "Café  noir");
        assert_eq!(opaque("Ａ ﬁ"), "Ａ ﬁ", "compatible characters differ");
        assert_eq!(opaque("plain"), "plain");
    }

    #[test]
    fn case_is_folded_in_full() {
        let folded = |text: &str| case_folded(text).collect::<String>();
        for same in
            [["ΟΔΟΣ", "οδος"], ["οδός", "ΟΔΌΣ"], ["Straße", "STRASSE"], ["STRAẞE", "strasse"], ["ŒUVRE", "œuvre"]]
        {
            assert_eq!(folded(same[0]), folded(same[1]));
        }
        assert_ne!(folded("ısparta"), folded("isparta"));
        assert_eq!(folded("ISPARTA"), "isparta");
    }
}
