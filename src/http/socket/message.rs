//! The messages of `graphql-transport-ws`, as they come and as they go.

use async_graphql::ServerError;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::frame::{self, Reader, Sent};
use super::line::{Chunk, Line};
use super::parting::Parting;

/// The subprotocol.
pub(super) const PROTOCOL: &str = "graphql-transport-ws";
/// The answer to `connection_init`.
pub(super) const ACKNOWLEDGED: &str = r#"{"type":"connection_ack"}"#;
/// Is anybody there?
pub(super) const PING: &str = r#"{"type":"ping"}"#;

/// The code of a socket that simply closes.
const NORMAL: u16 = 1000;
/// Bytes in the id of an operation; ids are kept while operations run. Clients use numbers or UUIDs.
const ID_BYTES: usize = 256;

type Payload = Map<String, Value>;

/// What a client says.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum FromClient {
    ConnectionInit { payload: Option<Payload> },
    Ping { payload: Option<Payload> },
    Pong { payload: Option<Payload> },
    Subscribe { id: String, payload: Payload },
    Complete { id: String },
}

/// What came from a client.
#[derive(Debug, PartialEq)]
pub(super) enum Heard {
    /// A message of the protocol.
    Message(FromClient),
    /// Something of WebSocket's own, or nothing: there is something else to do.
    Else,
}

/// The next thing a client says; its pings and its farewell are answered here.
///
/// # Errors
/// When it is gone, or said something the protocol does not know.
pub(super) async fn hear(line: &Line, reader: &mut Reader, most_bytes: usize) -> Result<Heard, Parting> {
    match line.hears(reader, most_bytes).await? {
        Some(Sent::Text(text)) => read(&text).map(Heard::Message),
        Some(Sent::Ping(payload)) => {
            line.says_in_turn(Chunk::frame(frame::pong(&payload))).await;
            Ok(Heard::Else)
        }
        Some(Sent::Pong) | None => Ok(Heard::Else),
        Some(Sent::Close(code)) => Err(Parting::Answered(code.unwrap_or(NORMAL))),
    }
}

fn read(text: &str) -> Result<FromClient, Parting> {
    let bad = |reason: String| Parting::BadMessage(format!("Invalid message: {reason}"));
    // An object only: the derived reader would also take an array of the fields.
    let object: Payload = serde_json::from_str(text).map_err(|_| bad("not a JSON object".into()))?;
    let message = FromClient::deserialize(Value::Object(object)).map_err(|error| bad(error.to_string()))?;
    match &message {
        FromClient::Subscribe { id, .. } if id.is_empty() || id.len() > ID_BYTES => {
            Err(bad(format!("`id` has 1 to {ID_BYTES} bytes")))
        }
        _ => Ok(message),
    }
}

/// The answer to a ping, with what it carried.
pub(super) fn pong(payload: Option<Payload>) -> String {
    match payload {
        Some(payload) => json!({ "type": "pong", "payload": payload }).to_string(),
        None => r#"{"type":"pong"}"#.to_owned(),
    }
}

#[derive(Serialize)]
struct ToClient<'a, P> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<&'a P>,
}

/// What stands before and behind each result of an operation.
pub(super) fn around(id: &str) -> (String, &'static str) {
    let id = Value::from(id);
    (format!(r#"{{"id":{id},"type":"next","payload":"#), "}")
}

/// The end of an operation that could not be executed or continued.
pub(super) fn error(id: &str, errors: &[ServerError]) -> serde_json::Result<String> {
    serde_json::to_string(&ToClient { id, kind: "error", payload: Some(&errors) })
}

/// The end of an operation that said everything.
pub(super) fn complete(id: &str) -> serde_json::Result<String> {
    serde_json::to_string(&ToClient::<()> { id, kind: "complete", payload: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_say() {
        let payload = || json!({ "query": "{ a }" }).as_object().cloned().unwrap();
        let cases = [
            (r#"{"type":"connection_init"}"#, FromClient::ConnectionInit { payload: None }),
            (r#"{"type":"connection_init","payload":null}"#, FromClient::ConnectionInit { payload: None }),
            (r#"{"type":"ping","payload":{}}"#, FromClient::Ping { payload: Some(Payload::new()) }),
            (r#"{"type":"pong"}"#, FromClient::Pong { payload: None }),
            (r#"{"id":"1","type":"complete"}"#, FromClient::Complete { id: "1".into() }),
            (
                r#"{"id":"1","type":"subscribe","payload":{"query":"{ a }"}}"#,
                FromClient::Subscribe { id: "1".into(), payload: payload() },
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_of_the_protocol() {
        let long_id = format!(r#"{{"id":"{}","type":"subscribe","payload":{{}}}}"#, "x".repeat(257));
        let cases = [
            "",
            "hello",
            "null",
            "[]",
            r#"["ping"]"#,
            "{}",
            r#"{"type":1}"#,
            r#"{"type":"start","id":"1"}"#,
            r#"{"type":"connection_ack"}"#,
            r#"{"type":"connection_init","payload":"secret"}"#,
            r#"{"type":"ping","payload":[]}"#,
            r#"{"type":"subscribe","payload":{"query":"{ a }"}}"#,
            r#"{"type":"subscribe","id":1,"payload":{"query":"{ a }"}}"#,
            r#"{"type":"subscribe","id":"","payload":{"query":"{ a }"}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"complete"}"#,
            &long_id,
        ];
        for text in cases {
            assert!(matches!(read(text), Err(Parting::BadMessage(_))), "{text}");
        }
    }

    #[test]
    fn what_is_said_to_clients() {
        assert_eq!(complete("a\"b").unwrap(), r#"{"id":"a\"b","type":"complete"}"#);
        let errors = [ServerError::new("no", None)];
        assert_eq!(error("1", &errors).unwrap(), r#"{"id":"1","type":"error","payload":[{"message":"no"}]}"#);
        assert_eq!(around("a\"b"), (r#"{"id":"a\"b","type":"next","payload":"#.to_owned(), "}"));
        assert_eq!(pong(Some(Payload::new())).as_str(), r#"{"payload":{},"type":"pong"}"#);
    }
}
