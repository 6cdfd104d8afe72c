//! A look at a document's letters before the parser sees it, so that no text can overflow the parser's stack.
//!
//! The parser goes one level deeper for each bracket. What it takes for a string or a comment is skipped here in the
//! same way, also where the text is malformed; when in doubt a bracket is counted.

use std::borrow::Cow;

use super::grammar::{Edit, Grammar};
use crate::base::error::Code;
use crate::graphql::report::Rejected;

/// How deep brackets of all kinds can be nested. The parser's own limit for selections is the same.
const BRACKETS: u32 = 64;
/// Bytes in a name. Validation compares unknown names with all known ones, which grows with both lengths.
const NAME_BYTES: usize = 200;

/// A text that can be given to the parser.
#[derive(Debug)]
pub(super) struct Scanned<'a> {
    pub text: Cow<'a, str>,
    /// How many tokens it has.
    pub tokens: u32,
    /// Why it is not valid although it can be parsed.
    pub invalid: Option<Rejected>,
}

/// Looks whether a text has few enough tokens and brackets for the parser.
///
/// # Errors
/// `OPERATION_TOO_EXPENSIVE`, `OPERATION_TOO_DEEP`, or `GRAPHQL_PARSE_FAILED` for what the parser would misread.
pub(super) fn scan(text: &str, tokens: u32) -> Result<Scanned<'_>, Rejected> {
    let mut scanner = Scanner { rest: text.as_bytes(), ..Scanner::default() };
    let mut grammar = Grammar::new(text);
    while let Some(first) = scanner.rest.first() {
        let (at, before) = (text.len() - scanner.rest.len(), scanner.tokens);
        scanner.take(*first)?;
        if scanner.tokens > before {
            grammar.token(at..text.len() - scanner.rest.len())?;
        }
        if scanner.tokens > tokens {
            let message = format!("This document is too long: at most {tokens} tokens are allowed.");
            return Err(Rejected::new(Code::TooExpensive, message));
        }
    }
    Ok(Scanned { text: edited(text, &grammar.edits), tokens: scanner.tokens, invalid: grammar.invalid })
}

/// The text with other letters in these places, so that everything else stays in its line and column.
fn edited<'a>(text: &'a str, edits: &[Edit]) -> Cow<'a, str> {
    if edits.is_empty() {
        return Cow::Borrowed(text);
    }
    // Edits are in order and apart, so one look at the next of them is enough for each letter.
    let mut next = edits.iter().peekable();
    let mut edit_at = |at: usize| {
        while next.next_if(|edit| edit.place.end <= at).is_some() {}
        next.peek().filter(|edit| edit.place.contains(&at)).map(|edit| edit.letter)
    };
    let edited = |(at, letter): (usize, char)| if letter.is_control() { letter } else { edit_at(at).unwrap_or(letter) };
    Cow::Owned(text.char_indices().map(edited).collect())
}

#[derive(Default)]
struct Scanner<'a> {
    rest: &'a [u8],
    tokens: u32,
    brackets: u32,
}

impl Scanner<'_> {
    fn take(&mut self, first: u8) -> Result<(), Rejected> {
        match first {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => self.skip(1),
            // A byte order mark.
            0xEF if self.rest.starts_with(b"\xEF\xBB\xBF") => self.skip(3),
            b'#' => self.skip(length(self.rest, |byte| byte != b'\n' && byte != b'\r')),
            b'"' => self.token(string(self.rest)),
            b'{' | b'[' | b'(' => return self.open(),
            b'}' | b']' | b')' => self.close(),
            b'.' => self.token(length(self.rest, |byte| byte == b'.').min(3)),
            b'0'..=b'9' | b'-' => self.token(number(self.rest)),
            _ if is_name(first) => return self.name(),
            _ => self.token(1),
        }
        Ok(())
    }

    fn open(&mut self) -> Result<(), Rejected> {
        self.brackets += 1;
        self.token(1);
        if self.brackets > BRACKETS {
            let message = format!("The brackets of this document are nested too deep: at most {BRACKETS} are allowed.");
            return Err(Rejected::new(Code::TooDeep, message));
        }
        Ok(())
    }

    fn close(&mut self) {
        self.brackets = self.brackets.saturating_sub(1);
        self.token(1);
    }

    fn name(&mut self) -> Result<(), Rejected> {
        let bytes = length(self.rest, is_name);
        self.token(bytes);
        if bytes > NAME_BYTES {
            let message = format!("A name in this document is too long: at most {NAME_BYTES} letters are allowed.");
            return Err(Rejected::new(Code::TooExpensive, message));
        }
        Ok(())
    }

    fn token(&mut self, bytes: usize) {
        self.tokens = self.tokens.saturating_add(1);
        self.skip(bytes);
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes.max(1)..).unwrap_or_default();
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn number(text: &[u8]) -> usize {
    length(text, |byte| is_name(byte) || matches!(byte, b'+' | b'-' | b'.'))
}

fn length(text: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|byte| !belongs(*byte)).unwrap_or(text.len())
}

/// How many bytes of the text are its first string. A block string without an end is an empty string for the parser,
/// and what follows is not skipped.
fn string(text: &[u8]) -> usize {
    if text.starts_with(b"\"\"\"")
        && let Some(end) = block_string(text)
    {
        return end;
    }
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\n' | b'\r' => return 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    1
}

fn block_string(text: &[u8]) -> Option<usize> {
    let mut at = 3;
    while at < text.len() {
        let rest = text.get(at..)?;
        if rest.starts_with(b"\"\"\"") {
            return Some(at + 3);
        }
        at += if rest.starts_with(b"\\\"\"\"") { 4 } else { 1 };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> u32 {
        let mut scanner = Scanner { rest: text.as_bytes(), ..Scanner::default() };
        while let Some(first) = scanner.rest.first() {
            scanner.take(*first).unwrap();
        }
        scanner.tokens
    }

    #[test]
    fn tokens_are_counted_as_the_specification_names_them() {
        let cases = [
            ("", 0),
            (" ,\t\n# { a comment\n", 0),
            ("{ a }", 3),
            ("query Q($a: [ID!]! = -1.5e3) { a(b: $a) ...F @c }", 27),
            (r#"{ a(b: "}\"{") }"#, 8),
            ("{ a(b: \"\"\"} \"quoted\" \\\"\"\" {\"\"\") }", 8),
            ("\"\"\"\"\"\"", 1),
            ("\u{feff}", 0),
            ("\u{e4}", 2),
        ];
        for (text, expected) in cases {
            assert_eq!(tokens(text), expected, "{text}");
        }
    }

    #[test]
    fn what_would_overflow_the_parser_is_refused() {
        for open in ["{", "[", "(", "{a(b:[", "...{", "{a", "[{a:"] {
            let error = scan(&open.repeat(100_000), u32::MAX).unwrap_err();
            assert_eq!(error.code, Code::TooDeep, "{open}");
        }
        for prefix in ["\"\"\"x\" ", "\"unfinished\n", "# comment\n", "\"\"", "\"\\\"\" "] {
            let error = scan(&format!("{prefix}{}", "[".repeat(100)), u32::MAX).unwrap_err();
            assert_eq!(error.code, Code::TooDeep, "{prefix}");
        }
    }

    #[test]
    fn long_documents_and_names_are_refused() {
        let long = ", {a}".repeat(34);
        assert_eq!(scan(&long, 101).unwrap_err().code, Code::TooExpensive);
        assert!(scan(&long, 102).is_ok());
        assert_eq!(scan(&"n".repeat(201), 100).unwrap_err().code, Code::TooExpensive);
    }

    #[test]
    fn descriptions_are_blanked_and_nothing_moves() {
        let cases = [
            ("\"The \u{e4}.\" query { a }", "         query { a }"),
            ("\"\"\"Two\nlines\"\"\"\nquery { a }", "      \n        \nquery { a }"),
            ("{ a } \"F\" fragment F on A { a }", "{ a }     fragment F on A { a }"),
            ("query(\"a\" $a: A = \"x\" \"b\" $b: [B!]!) { a }", "query(    $a: A = \"x\"     $b: [B!]!) { a }"),
            ("query Q @d(a: \"x\", b: \"y\") { a(b: \"z\") }", "query Q @d(a: \"x\", b: \"y\") { a(b: \"z\") }"),
            ("query \"x\" { a \"y\" }", "query \"x\" { a \"y\" }"),
            // What describes nothing stays, so that the parser refuses it.
            ("\"x\" { a }", "\"x\" { a }"),
            ("\"x\" \"y\" query { a }", "\"x\"     query { a }"),
            ("{ a } \"x\"", "{ a } \"x\""),
            ("\" query { a }", "\" query { a }"),
            ("{ a } \"", "{ a } \""),
            ("query($a: A \"x\") { a }", "query($a: A \"x\") { a }"),
        ];
        for (text, expected) in cases {
            assert_eq!(scan(text, 100).unwrap().text, expected);
        }
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        let text = format!("# {0}\n{{ a(b: \"{0}\", c: \"\"\"{0}\"\"\") }}", "[".repeat(500));
        assert!(scan(&text, 100).is_ok());
    }
}
