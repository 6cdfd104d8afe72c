//! Answers without what differs between two servers that hold the same: ids, times, links and secrets.

use hyper::body::Bytes;
use serde_json::Value;

use crate::base::error::{Error, Result};

/// Fields whose value is an id, or a secret, whatever it looks like.
const OPAQUE: [&str; 9] = [
    "id", "shortcode", "cursor", "endCursor", "startCursor", "streamCursor", "edgeCursor", "accessToken",
    "refreshToken",
];

/// Compares the answers of two servers one by one.
///
/// # Errors
/// Where they differ, with both.
pub(super) fn must_be_equal(ours: &[Bytes], theirs: &[Bytes]) -> Result<()> {
    for (number, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        let [masked_ours, masked_theirs] = [masked(ours)?, masked(theirs)?];
        if masked_ours != masked_theirs {
            let message = format!("answer {number} differs, masked:\n{masked_ours}\n{masked_theirs}");
            return Err(Error::internal(message));
        }
    }
    Ok(())
}

/// An answer that is JSON, masked. What is said beside the data, such as its price, is left out.
pub(super) fn masked(answer: &[u8]) -> Result<Value> {
    let mut answer: Value = serde_json::from_slice(answer).map_err(Error::internal)?;
    if let Some(fields) = answer.as_object_mut() {
        fields.remove("extensions");
    }
    mask("", &mut answer);
    Ok(answer)
}

fn mask(name: &str, value: &mut Value) {
    match value {
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| mask(name, value)),
        Value::Array(items) => items.iter_mut().for_each(|item| mask(name, item)),
        Value::String(text) => {
            if let Some(mask) = mask_of(name, text) {
                mask.clone_into(text);
            }
        }
        _ => {}
    }
}

fn mask_of(name: &str, text: &str) -> Option<&'static str> {
    if text.contains("://") {
        return Some("<link>");
    }
    if is_time(text) {
        return Some("<time>");
    }
    (OPAQUE.contains(&name) || name.ends_with("Id")).then_some("<id>")
}

/// Whether a text begins as a time does: `2026-11-30T…`.
fn is_time(text: &str) -> bool {
    let (bytes, form) = (text.as_bytes(), b"0000-00-00T00:");
    bytes.len() > form.len()
        && form.iter().zip(bytes).all(|(form, byte)| if *form == b'0' { byte.is_ascii_digit() } else { form == byte })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_by_chance_is_masked() {
        for (answer, expected) in [
            (r#"{"data":{"id":"user_2B","name":"Ada"}}"#, r#"{"data":{"id":"<id>","name":"Ada"}}"#),
            (r#"{"data":{"mediaId":"a","likeCount":3}}"#, r#"{"data":{"mediaId":"<id>","likeCount":3}}"#),
            (r#"{"data":[{"url":"http://a/b?c"}]}"#, r#"{"data":[{"url":"<link>"}]}"#),
            (r#"{"data":{"at":"2026-11-30T20:50:00Z"}}"#, r#"{"data":{"at":"<time>"}}"#),
            (r#"{"data":{"plain":"2026-11-30 is a day"}}"#, r#"{"data":{"plain":"2026-11-30 is a day"}}"#),
            (r#"{"data":null,"extensions":{"cost":5}}"#, r#"{"data":null}"#),
            (r#"{"data":{"id":null}}"#, r#"{"data":{"id":null}}"#),
        ] {
            let expected: Value = serde_json::from_str(expected).expect("JSON");
            assert_eq!(masked(answer.as_bytes()).expect("JSON"), expected, "{answer}");
        }
        assert!(masked(b"nonsense").is_err());
    }

    #[test]
    fn a_difference_is_an_error() {
        let answers = |plain: &str| [Bytes::from(format!(r#"{{"data":{{"id":"{plain}","plain":"{plain}"}}}}"#))];
        assert!(must_be_equal(&answers("a"), &answers("a")).is_ok());
        assert!(must_be_equal(&answers("a"), &answers("b")).is_err());
    }
}
