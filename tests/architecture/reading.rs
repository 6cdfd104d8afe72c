//! Reads Rust as text: its words, and the paths it names, without comments and literals.

use std::fmt;
use std::iter::Peekable;
use std::path::Path;
use std::str::Chars;

/// What offends a rule, and where.
pub struct Offense {
    path: String,
    pub line: usize,
    rule: String,
}

impl fmt::Display for Offense {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.rule)
    }
}

/// One source file.
pub struct Source {
    pub path: String,
    pub text: String,
}

impl Source {
    pub fn code(&self) -> String {
        bare(&self.text)
    }

    pub fn lines(&self) -> Vec<(usize, String)> {
        (1..).zip(self.code().lines().map(str::to_owned)).collect()
    }

    /// The path of its module: `["domain", "likes"]` for `src/domain/likes/mod.rs`.
    pub fn module(&self) -> Vec<String> {
        let inside = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        let parts = inside.split('/').map(str::to_owned);
        parts.filter(|part| !matches!(part.as_str(), "mod" | "lib" | "main")).collect()
    }

    pub fn room(&self) -> &str {
        let inside = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        inside.split('/').next().unwrap_or_default()
    }

    pub fn imports(&self) -> Vec<Import> {
        imports(&self.code(), &self.module())
    }

    pub fn offense(&self, line: usize, rule: String) -> Offense {
        Offense { path: self.path.clone(), line, rule }
    }

    /// The words of the code that are forbidden by a rule.
    pub fn words(&self, forbidden: impl Fn(&str) -> bool, rule: &str) -> Vec<Offense> {
        let lines = self.lines().into_iter();
        let bad = lines.flat_map(|(line, text)| {
            let words: Vec<String> = words_of(&text).filter(|word| forbidden(word)).map(str::to_owned).collect();
            words.into_iter().map(move |word| (line, word))
        });
        bad.map(|(line, word)| self.offense(line, format!("`{word}`: {rule}"))).collect()
    }
}

pub fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !is_word(c)).filter(|word| !word.is_empty())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The Rust files below a folder, in order.
pub fn sources(folder: &str) -> Vec<Source> {
    let mut found = vec![];
    let entries = std::fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().expect("a name in UTF-8")).collect();
    names.sort();
    for path in names.iter().map(|name| format!("{folder}/{name}")) {
        if root().join(&path).is_dir() {
            found.extend(sources(&path));
        } else if Path::new(&path).extension().is_some_and(|extension| extension == "rs") {
            found.push(Source { text: read(&path), path });
        }
    }
    found
}

/// A path that a source names, from the root of the crate.
#[derive(Debug, PartialEq)]
pub struct Import {
    pub line: usize,
    pub path: Vec<String>,
}

impl Import {
    pub fn part(&self, index: usize) -> Option<&str> {
        self.path.get(index).map(String::as_str)
    }

    pub fn text(&self) -> String {
        self.path.join("::")
    }
}

/// Every path that starts with `crate::` or `super::`, in `use` or elsewhere, with groups spread out.
pub fn imports(code: &str, module: &[String]) -> Vec<Import> {
    let mut found = vec![];
    for (at, word) in starts(code) {
        let line = 1 + code[..at].matches('\n').count();
        let here = [module, &inner_modules(&code[..at])].concat();
        for named in tree(&mut code[at..].chars().peekable()) {
            let path = if word == "crate" { named[1..].to_vec() } else { climb(&here, &named) };
            found.push(Import { line, path });
        }
    }
    found
}

/// The modules written in place, such as `mod tests { … }`, that are open at the end of some code.
fn inner_modules(code: &str) -> Vec<String> {
    let mut open: Vec<Option<String>> = vec![];
    let mut start = 0;
    for (at, c) in code.char_indices().filter(|(_, c)| matches!(c, '{' | '}' | ';')) {
        let words: Vec<&str> = words_of(&code[start..at]).collect();
        match (c, words.as_slice()) {
            ('{', [.., "mod", name]) => open.push(Some((*name).to_owned())),
            ('{', _) => open.push(None),
            ('}', _) => drop(open.pop()),
            _ => {}
        }
        start = at + 1;
    }
    open.into_iter().flatten().collect()
}

/// Where paths begin.
fn starts(code: &str) -> impl Iterator<Item = (usize, &'static str)> {
    let begins = |word: &'static str| {
        let all = code.match_indices(word).map(|(at, _)| at);
        all.filter(move |&at| {
            let before = code[..at].chars().next_back();
            let after = code[at + word.len()..].trim_start();
            !before.is_some_and(|c| is_word(c) || c == ':') && after.starts_with("::")
        })
        .map(move |at| (at, word))
    };
    begins("crate").chain(begins("super"))
}

/// `super::super::users::find` from the module it stands in, as a path from the root.
fn climb(module: &[String], named: &[String]) -> Vec<String> {
    let up = named.iter().take_while(|part| *part == "super").count();
    let base = module.len().saturating_sub(up);
    module[..base].iter().chain(&named[up..]).cloned().collect()
}

/// The paths of `a::{b, c::d}`: `a::b` and `a::c::d`.
fn tree(text: &mut Peekable<Chars<'_>>) -> Vec<Vec<String>> {
    let mut path = vec![];
    loop {
        skip_space(text);
        match text.peek() {
            Some('{') => return group(text, &path),
            Some('*') => {
                text.next();
                path.push("*".to_owned());
                return vec![path];
            }
            _ => {}
        }
        let mut part = String::new();
        while let Some(c) = text.next_if(|c| is_word(*c)) {
            part.push(c);
        }
        if !part.is_empty() {
            path.push(part);
        }
        skip_space(text);
        let goes_on = text.next_if_eq(&':').is_some() && text.next_if_eq(&':').is_some();
        if !goes_on || text.peek() == Some(&'<') {
            return vec![path];
        }
    }
}

fn group(text: &mut Peekable<Chars<'_>>, prefix: &[String]) -> Vec<Vec<String>> {
    let mut found = vec![];
    text.next();
    while text.peek().is_some_and(|c| *c != '}') {
        skip_space(text);
        if text.peek() == Some(&'}') {
            break;
        }
        found.extend(tree(text).into_iter().map(|rest| [prefix, &rest].concat()));
        while text.next_if(|c| !matches!(c, ',' | '}')).is_some() {}
        text.next_if_eq(&',');
    }
    text.next();
    found
}

fn skip_space(text: &mut Peekable<Chars<'_>>) {
    while text.next_if(|c| c.is_whitespace()).is_some() {}
}

/// The code without its comments and the contents of its literals; every line stays where it is.
pub fn bare(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let hidden = hidden(rest);
        if hidden == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            code.extend(rest[..hidden].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            rest = &rest[hidden..];
        }
    }
    code
}

/// How many bytes of comment or literal start here.
fn hidden(text: &str) -> usize {
    if text.starts_with("//") {
        text.find('\n').unwrap_or(text.len())
    } else if text.starts_with("/*") {
        block_comment(text)
    } else if let Some(inside) = text.strip_prefix('"') {
        1 + quoted(inside, '"')
    } else if text.starts_with('\'') {
        character(text)
    } else {
        raw_string(text)
    }
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let step = match text.as_bytes()[at..] {
            [b'/', b'*', ..] => (2, 1),
            [b'*', b'/', ..] => (2, -1),
            _ => (1, 0),
        };
        at += step.0;
        depth += step.1;
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// The length of what stands before an end that is not escaped, with the end.
fn quoted(text: &str, end: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if c == end && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}

/// `'a'` is a character and `'a` a lifetime.
fn character(text: &str) -> usize {
    let mut chars = text[1..].char_indices();
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), _) => 1 + quoted(&text[1..], '\''),
        (Some(_), Some((at, '\''))) => 1 + at + 1,
        _ => 0,
    }
}

fn raw_string(text: &str) -> usize {
    let Some(inside) = text.strip_prefix('r') else { return 0 };
    let hashes = inside.len() - inside.trim_start_matches('#').len();
    if !inside[hashes..].starts_with('"') {
        return 0;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let start = 1 + hashes + 1;
    text[start..].find(&end).map_or(text.len(), |at| start + at + end.len())
}
