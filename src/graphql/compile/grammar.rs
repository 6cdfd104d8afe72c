//! Where the parser and the specification read a text differently.
//!
//! - Descriptions of operations, fragments and variables came with the specification of September 2025, which the parser
//!   does not know yet. They say nothing to a server, so they are blanked.
//! - The parser does not look where its keywords end: `queryy` is an operation with the name `y`, and `[truefalse]` a list of
//!   two values.
//! - It forgets that a field of an input object was given twice.

use std::collections::HashSet;
use std::ops::Range;

use async_graphql::Pos;

use crate::base::error::Code;
use crate::graphql::report::Rejected;

/// What a definition can begin with, beside `{`.
const KEYWORDS: [&str; 4] = ["query", "mutation", "subscription", "fragment"];
/// What the parser takes for a value also where a longer name begins so.
const VALUES: [&str; 3] = ["true", "false", "null"];

/// A place in which the parser gets another letter.
#[derive(Debug)]
pub(super) struct Edit {
    pub(super) place: Range<usize>,
    pub(super) letter: char,
}

/// Reads the tokens of a text, one after the other.
pub(super) struct Grammar<'a> {
    text: &'a str,
    open: Vec<Bracket<'a>>,
    last: &'a str,
    /// The last token, when it is a string where a description may stand.
    described: Option<Range<usize>>,
    pub(super) edits: Vec<Edit>,
    /// The first reason why the text is not valid, should the parser take it.
    pub(super) invalid: Option<Rejected>,
}

/// A bracket that is open.
struct Bracket<'a> {
    letter: &'a str,
    /// Whether it is `(` or within one: there are values, no selections.
    has_values: bool,
    /// The names of an input object's fields so far.
    keys: HashSet<&'a str>,
}

impl<'a> Grammar<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, open: vec![], last: "", described: None, edits: vec![], invalid: None }
    }

    /// Takes the token in this place.
    ///
    /// # Errors
    /// `GRAPHQL_PARSE_FAILED`
    pub(super) fn token(&mut self, place: Range<usize>) -> Result<(), Rejected> {
        let token = self.text.get(place.clone()).unwrap_or_default();
        let described = self.described.take();
        let starts = self.open.is_empty() && (described.is_some() || matches!(self.last, "" | "}"));
        if let Some(place) = described.filter(|_| self.can_be_described(token)) {
            self.edits.push(Edit { place, letter: ' ' });
        }
        match token.as_bytes().first() {
            Some(b'"') => self.described = Some(place).filter(|_| token.len() > 1 && self.may_describe(starts)),
            Some(b'{' | b'[' | b'(') => self.open(token),
            Some(b'}' | b']' | b')') => drop(self.open.pop()),
            Some(b'-' | b'0'..=b'9') if has_leading_zero(token) => return Err(self.misplaced(place.start)),
            Some(_) if is_name(token) && self.open.is_empty() => self.keyword(token, starts, place.start)?,
            Some(_) if is_name(token) => self.name(token, place.start),
            _ => {}
        }
        self.last = token;
        Ok(())
    }

    /// A string that starts a definition is a description; so is one among the variables when it is not a value.
    fn may_describe(&self, starts: bool) -> bool {
        match self.open.as_slice() {
            [] => starts,
            [only] => only.letter == "(" && !matches!(self.last, "=" | ":"),
            _ => false,
        }
    }

    fn can_be_described(&self, token: &str) -> bool {
        if self.open.is_empty() { is_name(token) } else { token == "$" }
    }

    fn open(&mut self, letter: &'a str) {
        let has_values = letter == "(" || self.open.last().is_some_and(|outer| outer.has_values);
        self.open.push(Bracket { letter, has_values, keys: HashSet::new() });
    }

    fn keyword(&self, name: &str, starts: bool, at: usize) -> Result<(), Rejected> {
        let is_wrong = if starts { !KEYWORDS.contains(&name) } else { (self.last, name) == ("fragment", "on") };
        if is_wrong { Err(self.misplaced(at)) } else { Ok(()) }
    }

    /// A name within brackets.
    fn name(&mut self, name: &'a str, at: usize) {
        let last = self.last;
        let Some(bracket) = self.open.last_mut().filter(|bracket| bracket.has_values && last != "$") else { return };
        if bracket.letter == "{" && last != ":" {
            if !bracket.keys.insert(name) {
                self.is_invalid(at, format!("The field `{name}` is there twice in one input object."));
            }
        } else if (bracket.letter == "[" || matches!(last, ":" | "=")) && is_misread(name) {
            // No type and no value of an enum is named so. With another first letter the parser reads the rest.
            self.edits.push(Edit { place: at..at + 1, letter: '_' });
            self.is_invalid(at, format!("There is no value `{name}`."));
        }
    }

    fn is_invalid(&mut self, at: usize, message: String) {
        let position = position(self.text, at);
        self.invalid.get_or_insert_with(|| Rejected::new(Code::ValidationFailed, message).at(position));
    }

    fn misplaced(&self, at: usize) -> Rejected {
        let message = "This is not GraphQL: unexpected text.";
        Rejected::new(Code::ParseFailed, message).at(position(self.text, at))
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
}

fn is_misread(name: &str) -> bool {
    VALUES.iter().any(|value| name != *value && name.starts_with(value))
}

/// Of `01` the parser would make two numbers.
fn has_leading_zero(number: &str) -> bool {
    matches!(number.trim_start_matches('-').as_bytes(), [b'0', b'0'..=b'9', ..])
}

fn position(text: &str, at: usize) -> Pos {
    let before = text.get(..at).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    Pos { line: before.matches('\n').count() + 1, column: line.chars().count() + 1 }
}
