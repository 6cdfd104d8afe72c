//! `multipart/mixed; subscriptionSpec=1.0`, as Apollo's clients and router speak it: a part for each result.
//!
//! The boundary after a part is written with it: clients take a part for whole only when they see where the next begins.

use serde_json::json;

use crate::graphql::live::group::Payload;
use crate::graphql::report::Rejected;

pub(super) const MEDIA_TYPE: &str = "multipart/mixed;boundary=\"-\";subscriptionSpec=1.0";
pub(super) const OPENING: &str = "\r\n---";
/// An empty object, which clients pass over.
pub(super) const ALIVE: &str = "\r\nContent-Type: application/json\r\n\r\n{}\r\n---";
pub(super) const END: &str = "--\r\n";

pub(super) fn next(event: &Payload) -> String {
    part(&format!("{{\"payload\":{}}}", String::from_utf8_lossy(&event.json)))
}

/// Errors beside the payload and not in it: the stream broke.
pub(super) fn failed(rejected: &Rejected) -> String {
    part(&json!({ "payload": null, "errors": rejected.errors }).to_string())
}

fn part(json: &str) -> String {
    format!("\r\nContent-Type: application/json\r\n\r\n{json}\r\n---")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_to_a_message() {
        let event = Payload { json: r#"{"data":1}"#.into(), cursor: None, again_after: None };
        assert_eq!(part("{}"), ALIVE);
        assert_eq!(
            format!("{OPENING}{}{END}", next(&event)),
            "\r\n---\r\nContent-Type: application/json\r\n\r\n{\"payload\":{\"data\":1}}\r\n-----\r\n"
        );
    }
}
