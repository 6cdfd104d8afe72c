//! Whether an answer is what the README says, where `…` stands for anything and one instant for another.

use serde_json::{Deserializer, Value};

/// Whether a text is as it is shown. Spaces at the ends of lines cannot be seen, so they do not count.
pub fn text(shown: &str, answer: &str) -> Result<(), String> {
    let trimmed = |text: &str| text.trim().lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    if is_like(&trimmed(shown), &trimmed(answer)) { Ok(()) } else { Err("it is another text".to_owned()) }
}

/// Whether JSON, one value or several, is as it is shown.
pub fn json(shown: &str, answer: &str) -> Result<(), String> {
    let (shown, answer) = (values(shown)?, values(answer)?);
    value(&Value::Array(shown), &Value::Array(answer), "$")
}

/// Whether a value is as it is shown. The order of fields does not count.
pub fn value(shown: &Value, answer: &Value, path: &str) -> Result<(), String> {
    match (shown, answer) {
        (Value::Object(fields), Value::Object(found)) => {
            let (shown, answer): (Vec<_>, Vec<_>) = (fields.keys().collect(), found.keys().collect());
            if shown != answer {
                return Err(format!("{path} has the fields {answer:?} and not {shown:?}"));
            }
            fields.iter().try_for_each(|(name, field)| value(field, &found[name], &format!("{path}.{name}")))
        }
        (Value::Array(items), Value::Array(found)) if items.len() == found.len() => {
            let mut both = items.iter().zip(found).enumerate();
            both.try_for_each(|(number, (item, found))| value(item, found, &format!("{path}[{number}]")))
        }
        (Value::String(text), Value::String(found)) if is_like(text, found) || are_instants(text, found) => Ok(()),
        _ if shown == answer => Ok(()),
        _ => Err(format!("{path} is {answer} and not {shown}")),
    }
}

fn values(text: &str) -> Result<Vec<Value>, String> {
    let all: Result<Vec<Value>, _> = Deserializer::from_str(text).into_iter().collect();
    all.map_err(|error| format!("it is not JSON: {error}"))
}

fn is_like(shown: &str, text: &str) -> bool {
    let Some((begin, rest)) = shown.split_once('…') else { return shown == text };
    let Some(mut text) = text.strip_prefix(begin) else { return false };
    let mut parts = rest.split('…').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return text.ends_with(part);
        }
        let Some(found) = text.find(part) else { return false };
        text = &text[found + part.len()..];
    }
    true
}

fn are_instants(shown: &str, text: &str) -> bool {
    let form = |text: &str| text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect::<String>();
    form(shown) == "0000-00-00T00:00:00.000Z" && form(shown) == form(text)
}

#[test]
fn a_readme_that_lies_is_found_out() {
    let answer = r#"{"a":{"id":"med_kkwS9MnQaz","at":"2026-11-23T10:29:13.473Z","n":1,"all":[]}}"#;
    let true_ones = [
        answer,
        r#"{ "a": { "n": 1, "id": "med_…", "at": "2011-12-02T08:00:00.000Z", "all": [] } }"#,
        r#"{"a":{"id":"…wS…z","at":"…","n":1,"all":[]}}"#,
    ];
    for shown in true_ones {
        assert_eq!(json(shown, answer), Ok(()), "{shown}");
    }
    let lies = [
        r#"{"a":{"id":"usr_…","at":"…","n":1,"all":[]}}"#,
        r#"{"a":{"id":"med_…Q","at":"…","n":1,"all":[]}}"#,
        r#"{"a":{"id":"…","at":"2011-12-02","n":1,"all":[]}}"#,
        r#"{"a":{"id":"…","at":"…","n":2,"all":[]}}"#,
        r#"{"a":{"id":"…","at":"…","n":"…","all":[]}}"#,
        r#"{"a":{"id":"…","at":"…","n":1,"all":[1]}}"#,
        r#"{"a":{"id":"…","at":"…","n":1}}"#,
        r#"{"a":{"id":"…","at":"…","n":1,"all":[],"more":null}}"#,
        r#"200 {"a":{"id":"…","at":"…","n":1,"all":[]}}"#,
        "",
    ];
    for shown in lies {
        assert!(json(shown, answer).is_err(), "{shown}");
    }
    assert!(text("one\n…\nthree", "one  \ntwo\nthree\n").is_ok());
    assert!(text("one\n…\nthree", "one\ntwo\n").is_err() && text("", "one").is_err());
}
