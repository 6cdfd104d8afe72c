//! What stands for something in a text: `@mentions`, `#hashtags` and links. Found in order, never overlapping.
//!
//! A link wins over what stands inside it. An e-mail address mentions nobody, and neither does `@name@elsewhere`. What
//! ends a sentence does not belong to what stands at its end.

use unicode_normalization::UnicodeNormalization;

use super::text::{folded, is_username};
use super::unicode::case_folded;

/// Hashtags in a caption; Instagram's limit.
pub const HASHTAGS: usize = 30;
/// People mentioned in a caption or a comment; Instagram's limit.
pub const MENTIONS: usize = 20;
/// Code points in a hashtag.
pub const HASHTAG_LENGTH: usize = 100;

/// Marks by which characters of the same hashtag are joined in some scripts: U+200C and U+200D.
const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];
/// What may stand for `#`: the number sign, the full-width one and the small one (UAX #31).
const SIGNS: [char; 3] = ['#', '＃', '﹟'];
/// The first character of the scripts that put no spaces between words: CJK radicals.
const UNSPACED: char = '\u{2e80}';

/// Something found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// Where it starts, in code points.
    pub offset: usize,
    /// How long it is, in code points.
    pub length: usize,
    /// What it stands for.
    pub meaning: Meaning,
}

/// What a part of a text stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Whoever has this username, in lower case.
    Mention(String),
    /// A hashtag in the form in which it is one with others, see [`hashtag`].
    Hashtag(String),
    /// An address, well formed.
    Link(String),
}

/// What stands for something in a text, in order.
#[must_use]
pub fn entities(text: &str) -> Vec<Passage> {
    let (mut found, mut at, mut offset) = (Vec::<Passage>::new(), 0, 0);
    while let Some(first) = text[at..].chars().next() {
        let before = Before { text: &text[..at], last: found.last().map(|last| (offset - last.end(), &last.meaning)) };
        let part = match begins(&text[at..], &before) {
            Some((part, meaning)) => {
                found.push(Passage { offset, length: part.chars().count(), meaning });
                part
            }
            None => &text[at..at + first.len_utf8()],
        };
        offset += part.chars().count();
        at += part.len();
    }
    found
}

impl Passage {
    fn end(&self) -> usize {
        self.offset + self.length
    }
}

/// What stands before a place in a text.
struct Before<'a> {
    text: &'a str,
    /// What was found last, and how many code points before the place it ends.
    last: Option<(usize, &'a Meaning)>,
}

impl Before<'_> {
    fn char(&self) -> Option<char> {
        self.text.chars().next_back()
    }

    /// Whether a mention may begin after it: not within a word, an e-mail address or a path.
    fn lets_mention(&self) -> bool {
        match self.char() {
            // `.@ada` and `so...@ada`, but not `a.@example.org`.
            Some('.') => self.text.ends_with("..") || !self.text.trim_end_matches('.').ends_with(joins),
            // `@ada/@bob`, but not `example.org/@ada`.
            Some('/') => matches!(self.last, Some((1, Meaning::Mention(_)))),
            Some(c) => !joins(c) && !"@+-&#".contains(c),
            None => true,
        }
    }

    /// Whether a hashtag may begin after it: not within a word or a path, but right after another hashtag.
    fn lets_hashtag(&self) -> bool {
        let follows = matches!(self.last, Some((0, Meaning::Hashtag(_))));
        follows || self.char().is_none_or(|c| !joins(c) && !SIGNS.contains(&c) && !"&/".contains(c))
    }
}

/// A hashtag without its sign, in the form in which it is one with others: compatible characters are the same (NFKC), and
/// so are lower and upper case (folded in full, so `ς` is `σ`). `None` when it is not a hashtag.
#[must_use]
pub fn hashtag(name: &str) -> Option<String> {
    let form: String = case_folded(&name.nfkc().collect::<String>()).nfkc().collect();
    let is_word = form.chars().all(is_of_hashtag) && form.chars().any(char::is_alphabetic);
    (is_word && form.chars().count() <= HASHTAG_LENGTH).then_some(form)
}

/// What begins here, with the text it takes.
fn begins<'a>(rest: &'a str, before: &Before<'_>) -> Option<(&'a str, Meaning)> {
    match rest.chars().next()? {
        '@' if before.lets_mention() => mention(rest),
        sign if SIGNS.contains(&sign) && before.lets_hashtag() => tag(rest),
        'h' | 'H' if !before.char().is_some_and(joins) => link(rest),
        _ => None,
    }
}

fn mention(rest: &str) -> Option<(&str, Meaning)> {
    let name = &rest[1..];
    let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(name.len());
    // A dot that no name can have ends it, and the sentence.
    let name = name[..end].split("..").next().unwrap_or("").trim_end_matches('.');
    let after = &rest[1 + name.len()..];
    let goes_on = |c: char| c == '@' || joins(c);
    if !is_username(name) || after.starts_with(goes_on) {
        return None;
    }
    Some((&rest[..=name.len()], Meaning::Mention(folded(name))))
}

fn tag(rest: &str) -> Option<(&str, Meaning)> {
    let sign = rest.chars().next()?.len_utf8();
    let name = &rest[sign..];
    let end = name.find(|c: char| !is_of_hashtag(c)).unwrap_or(name.len());
    let name = name[..end].trim_end_matches(JOINERS);
    let meaning = Meaning::Hashtag(hashtag(name)?);
    Some((&rest[..sign + name.len()], meaning))
}

fn link(rest: &str) -> Option<(&str, Meaning)> {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| starts_with(rest, scheme))?;
    let end = rest.find(ends_link).unwrap_or(rest.len());
    let part = without_punctuation(&rest[..end]);
    let address = part.get(scheme.len()..).filter(|address| !address.is_empty())?;
    let host = address.split(['/', '?', '#']).next().unwrap_or("");
    // A name before `@` is there to look like the host it is not.
    if host.contains('@') || !host.starts_with(|c: char| c.is_alphanumeric() || c == '[') {
        return None;
    }
    let url = url::Url::parse(part).ok().filter(url::Url::has_host)?;
    Some((part, Meaning::Link(url.into())))
}

fn starts_with(text: &str, scheme: &str) -> bool {
    text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

/// White space, what no address has, and marks that turn the direction of what is shown.
fn ends_link(c: char) -> bool {
    let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_whitespace() || c.is_control() || turns || "<>\"`{}|\\^«»“”„‘’「」『』（）【】、。".contains(c)
}

/// Takes away what ends the sentence, and brackets that were opened before the link.
fn without_punctuation(mut link: &str) -> &str {
    while let Some(last) = link.chars().next_back() {
        let is_sentence = ".,;:!?'*_~…！？：；，".contains(last);
        let opened = |open: char| link.matches(open).count() < link.matches(last).count();
        let is_outside = match last {
            ')' => opened('('),
            ']' => opened('['),
            _ => false,
        };
        if !is_sentence && !is_outside {
            break;
        }
        link = &link[..link.len() - last.len_utf8()];
    }
    link
}

/// Whether a character makes one word with what stands beside it.
fn joins(c: char) -> bool {
    is_of_word(c) && c < UNSPACED
}

fn is_of_word(c: char) -> bool {
    unicode_ident::is_xid_continue(c)
}

fn is_of_hashtag(c: char) -> bool {
    is_of_word(c) || JOINERS.contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts of a text that stand for something, as they are written.
    fn parts(text: &str) -> Vec<String> {
        let chars: Vec<char> = text.chars().collect();
        entities(text).iter().map(|found| chars[found.offset..found.offset + found.length].iter().collect()).collect()
    }

    fn meanings(text: &str) -> Vec<Meaning> {
        entities(text).into_iter().map(|found| found.meaning).collect()
    }

    #[test]
    fn mentions() {
        let cases: [(&str, &[&str]); 24] = [
            ("@ada", &["@ada"]),
            ("with @ada and @Bob.Ross!", &["@ada", "@Bob.Ross"]),
            ("🌅 thanks, @ada.", &["@ada"]),
            ("(@ada)", &["@ada"]),
            ("@ada's", &["@ada"]),
            ("@ada..", &["@ada"]),
            ("@ada...@bob", &["@ada", "@bob"]),
            (".@ada", &["@ada"]),
            ("(so.) .@ada", &["@ada"]),
            ("@ada/@bob", &["@ada", "@bob"]),
            ("example.org/@ada", &[]),
            ("@adä/@bob", &[]),
            ("/@ada", &[]),
            ("你好@ada", &["@ada"]),
            ("@ada你好", &["@ada"]),
            ("“@ada”", &["@ada"]),
            ("ada@example.org", &[]),
            ("a.@example.org", &[]),
            ("@ada@example.org", &[]),
            ("@@ada", &[]),
            ("@adä", &[]),
            ("@.ada", &[]),
            ("@admin is nobody, as far as can be told here", &["@admin"]),
            ("@nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(parts(text), expected, "{text}");
        }
        assert_eq!(meanings("@AdA"), [Meaning::Mention("ada".into())]);
    }

    #[test]
    fn hashtags() {
        let cases: [(&str, &[&str]); 19] = [
            ("#dusk", &["#dusk"]),
            ("#Über_alles, #2025goals.", &["#Über_alles", "#2025goals"]),
            ("#夕焼け", &["#夕焼け"]),
            ("＃夕焼け。", &["＃夕焼け"]),
            ("#हिन्दी", &["#हिन्दी"]),
            ("#cafe\u{301}", &["#cafe\u{301}"]),
            ("#می\u{200c}خواهم", &["#می\u{200c}خواهم"]),
            ("#dusk-till-dawn", &["#dusk"]),
            ("#1", &[]),
            ("#", &[]),
            ("#_", &[]),
            ("##dusk", &[]),
            ("a#dusk", &[]),
            ("&#38;", &[]),
            ("#one#two＃three", &["#one", "#two", "＃three"]),
            ("#one##two#", &["#one"]),
            ("#1#two", &[]),
            ("#one/#two", &["#one"]),
            ("C# and F#", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(parts(text), expected, "{text}");
        }
        assert_eq!(meanings("#DUSK #Dusk"), vec![Meaning::Hashtag("dusk".into()); 2]);
        assert_eq!(hashtag("cafe\u{301}"), hashtag("CAFÉ"));
        assert_eq!(hashtag("ΟΔΟΣ"), hashtag("οδος"), "the final sigma");
        assert_eq!(hashtag("Straße"), hashtag("STRASSE"));
        assert_eq!(hashtag(&"x".repeat(HASHTAG_LENGTH + 1)), None);
    }

    #[test]
    fn links() {
        let cases: [(&str, &[&str]); 14] = [
            ("see https://example.org.", &["https://example.org"]),
            ("HTTP://EXAMPLE.ORG/A?b=c#d!", &["HTTP://EXAMPLE.ORG/A?b=c#d"]),
            ("(https://example.org/a_(b))", &["https://example.org/a_(b)"]),
            ("https://example.org/@ada#dusk", &["https://example.org/@ada#dusk"]),
            ("https://例え.jp/夕焼け。", &["https://例え.jp/夕焼け"]),
            ("“https://example.org”", &["https://example.org"]),
            ("https://example.org\u{202e}gpj", &["https://example.org"]),
            ("https://bank.example@evil.example", &[]),
            ("https://", &[]),
            ("https://.", &[]),
            ("https:///etc/passwd", &[]),
            ("javascript:alert(1)", &[]),
            ("xhttps://example.org", &[]),
            ("hello http", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(parts(text), expected, "{text}");
        }
        assert_eq!(meanings("https://例え.jp"), [Meaning::Link("https://xn--r8jz45g.jp/".into())]);
    }

    #[test]
    fn offsets_are_code_points_and_nothing_overlaps() {
        let text = "🌅👩‍👩‍👧 @ada #dusk https://example.org/#x @bob";
        let found = entities(text);
        let places: Vec<(usize, usize)> = found.iter().map(|found| (found.offset, found.length)).collect();
        assert_eq!(places, [(7, 4), (12, 5), (18, 22), (41, 4)]);
    }
}
