//! The scalars of the schema that are more than text and numbers.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};

use crate::base::clock::Timestamp;

/// An instant in UTC with milliseconds, `2026-11-22T18:30:00.000Z`.
#[derive(Clone, Copy, Debug)]
pub struct DateTime(pub Timestamp);

/// An instant in UTC with milliseconds, `2026-11-22T18:30:00.000Z`.
#[Scalar(specified_by_url = "https://scalars.graphql.org/andimarek/date-time.html")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        Timestamp::of_rfc3339(text).map(Self).ok_or_else(|| InputValueError::custom(INSTANT))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.rfc3339())
    }
}

/// Checks a value against a scalar that is not one of the specification's.
///
/// # Errors
/// What it must be.
pub(super) fn check(scalar: &str, value: &Value) -> Result<(), &'static str> {
    match scalar {
        "DateTime" => DateTime::parse(value.clone()).map(|_| ()).map_err(|_| INSTANT),
        "ByteSize" => ByteSize::parse(value.clone()).map(|_| ()).map_err(|_| BYTES),
        "StreamCursor" => StreamCursor::parse(value.clone()).map(|_| ()).map_err(|_| "a cursor of an event"),
        _ => check_text(scalar, value),
    }
}

/// What an instant must be.
const INSTANT: &str = "an instant, such as 2026-11-22T18:30:00.000Z";
/// What a number of bytes must be.
const BYTES: &str = "a whole number of bytes up to 2^53 - 1";

macro_rules! text_scalars {
    ($($(#[$doc:meta])* $name:ident as $graphql:literal, $form:literal, $read:expr, $url:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(pub String);

        $(#[$doc])*
        #[Scalar(name = $graphql, specified_by_url = $url)]
        impl ScalarType for $name {
            fn parse(value: Value) -> InputValueResult<Self> {
                let read: fn(String) -> Option<String> = $read;
                match value {
                    Value::String(text) => {
                        read(text).map(Self).ok_or_else(|| InputValueError::custom($form))
                    }
                    other => Err(InputValueError::expected_type(other)),
                }
            }

            fn to_value(&self) -> Value {
                Value::String(self.0.clone())
            }
        }
    )*

    /// Checks a value against one of the scalars that are texts.
    fn check_text(scalar: &str, value: &Value) -> Result<(), &'static str> {
        let (read, form): (fn(String) -> Option<String>, _) = match scalar {
            $($graphql => ($read, $form),)*
            _ => return Ok(()),
        };
        let Value::String(text) = value else { return Err(form) };
        read(text.clone()).map(|_| ()).ok_or(form)
    }
    };
}

text_scalars! {
    /// An absolute URL.
    Url as "URL", "an absolute URL", |text| text.contains("://").then_some(text), "https://url.spec.whatwg.org/";
    /// An e-mail address.
    EmailAddress as "EmailAddress", "an e-mail address", Some,
        "https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address";
    /// A BlurHash, for a placeholder while an image loads.
    BlurHash as "BlurHash", "a BlurHash", |text| (text.len() >= 6).then_some(text),
        "https://github.com/woltapp/blurhash/blob/master/Algorithm.md";
    /// A color as `#rrggbb`, lower case.
    HexColor as "HexColor", "a color as #rrggbb", |text| is_color(&text).then_some(text), "https://www.w3.org/TR/css-color-4/#hex-notation";
    /// A UUID of any version, with hyphens. Read in any case; lower and upper case are the same.
    Uuid as "UUID", "a UUID with hyphens", uuid, "https://www.rfc-editor.org/rfc/rfc9562";
    /// The SHA-256 of some bytes: 64 lower-case hexadecimal digits.
    Sha256 as "Sha256", "64 lower-case hexadecimal digits", |text| is_sha256(&text).then_some(text),
        "https://www.rfc-editor.org/rfc/rfc6234";
}

/// A position in the server's event log: opaque, comparable only by the server, valid for every subscription of the same
/// viewer. Kept for `Server.limits.streamRetentionSeconds`.
#[derive(Clone, Debug)]
pub struct StreamCursor(pub String);

/// A position in the server's event log: opaque, comparable only by the server, valid for every subscription of the same
/// viewer. Kept for `Server.limits.streamRetentionSeconds`.
#[Scalar]
impl ScalarType for StreamCursor {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A whole number of bytes, up to 2^53 - 1.
#[derive(Clone, Copy, Debug)]
pub struct ByteSize(pub u64);

/// The largest whole number that every client reads exactly: that of an IEEE 754 double.
const LARGEST: u64 = (1 << 53) - 1;

/// A whole number of bytes, up to 2^53 - 1.
#[Scalar]
impl ScalarType for ByteSize {
    fn parse(value: Value) -> InputValueResult<Self> {
        let bytes = match &value {
            Value::Number(number) => number.as_u64().filter(|bytes| *bytes <= LARGEST),
            _ => None,
        };
        bytes.map(Self).ok_or_else(|| InputValueError::custom(BYTES))
    }

    fn to_value(&self) -> Value {
        Value::Number(self.0.into())
    }
}

fn is_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn is_color(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|digits| digits.len() == 6 && digits.bytes().all(is_hex))
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(is_hex)
}

/// A UUID in lower case, the one form that is stored and compared. Swift's `uuidString` is in upper case.
fn uuid(mut text: String) -> Option<String> {
    text.make_ascii_lowercase();
    is_uuid(&text).then_some(text)
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12] && groups.iter().all(|group| group.bytes().all(is_hex))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_take_only_their_form() {
        let text = |text: &str| Value::String(text.into());
        let canonical = "0198c5a2-7f00-7abc-8def-0123456789ab";
        for good in [canonical, &canonical.to_uppercase()] {
            assert_eq!(Uuid::parse(text(good)).map(|uuid| uuid.0).ok().as_deref(), Some(canonical));
        }
        for bad in ["", "0198c5a27f007abc8def0123456789ab", "a-b-c-d-e", "0198g5a2-7f00-7abc-8def-0123456789ab"] {
            assert!(Uuid::parse(text(bad)).is_err(), "{bad}");
        }
        assert!(DateTime::parse(text("2026-11-22T18:30:00.000Z")).is_ok() && DateTime::parse(text("today")).is_err());
        assert!(Sha256::parse(text(&"0f".repeat(32))).is_ok() && Sha256::parse(text(&"0F".repeat(32))).is_err());
        assert!(ByteSize::parse(Value::from(LARGEST)).is_ok() && ByteSize::parse(Value::from(LARGEST + 1)).is_err());
        assert!(ByteSize::parse(Value::from(-1)).is_err() && ByteSize::parse(Value::from(1.5)).is_err());
    }
}
