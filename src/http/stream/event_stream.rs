//! Server-sent events, as graphql-sse has them in its mode of distinct connections: `next` with a result, then `complete`.
//!
//! The cursor of each event is its `id`, so a browser's `EventSource` that lost the connection says by itself, in
//! `Last-Event-ID`, after what to go on.

use std::fmt::Write;

use serde_json::json;

use crate::graphql::live::group::Payload;
use crate::graphql::report::Rejected;

pub(super) const MEDIA_TYPE: &str = "text/event-stream; charset=utf-8";
/// A comment, which clients pass over.
pub(super) const ALIVE: &str = ":\n\n";
/// An `EventSource` is told of an event only when there is a line of data, even an empty one.
pub(super) const END: &str = "event: complete\ndata:\n\n";

pub(super) fn next(event: &Payload) -> String {
    let mut part = String::from("event: next\n");
    // Nothing in a cursor ends a line, and JSON has no line ends outside of its texts.
    if let Some(cursor) = &event.cursor {
        let _ = writeln!(part, "id: {cursor}");
    }
    if let Some(again_after) = event.again_after {
        let _ = writeln!(part, "retry: {}", again_after.as_millis());
    }
    let _ = write!(part, "data: {}\n\n", String::from_utf8_lossy(&event.json));
    part
}

/// A result with nothing but errors: the stream broke.
pub(super) fn failed(rejected: &Rejected) -> String {
    format!("event: next\ndata: {}\n\n", json!({ "errors": rejected.errors }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::error::Code;
    use std::time::Duration;

    #[test]
    fn results_have_their_cursor_for_an_id() {
        let plain = Payload { json: r#"{"data":"a\nb"}"#.into(), cursor: None, again_after: None };
        assert_eq!(next(&plain), "event: next\ndata: {\"data\":\"a\\nb\"}\n\n");
        let last = Payload { cursor: Some("abc".into()), again_after: Some(Duration::from_millis(70)), ..plain };
        assert_eq!(next(&last), "event: next\nid: abc\nretry: 70\ndata: {\"data\":\"a\\nb\"}\n\n");
        let text = failed(&Rejected::new(Code::Overloaded, "no"));
        assert!(text.starts_with("event: next\ndata: {\"errors\":[{") && text.ends_with("}]}\n\n"), "{text}");
    }
}
