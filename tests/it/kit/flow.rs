//! A response that stays open, read piece by piece: server-sent events, or the parts of a multipart message.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, Response};
use serde_json::Value;
use tokio::time::timeout;

/// How long a piece may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A response that stays open.
pub struct Flow {
    response: Response,
    read: String,
}

/// A server-sent event, line by line.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// `next` or `complete`.
    pub event: String,
    /// What an `EventSource` says when it connects again.
    pub id: Option<String>,
    /// How many milliseconds an `EventSource` waits before it connects again.
    pub retry: Option<u64>,
    /// The result, as text.
    pub data: String,
}

impl Sent {
    /// The one field of the data of a result.
    pub fn field(&self) -> Value {
        field(&serde_json::from_str(&self.data).expect("a result is JSON"))
    }
}

/// The one field of the data of a result.
pub fn field(result: &Value) -> Value {
    assert!(result.get("errors").is_none(), "{result:#}");
    let fields = result["data"].as_object().expect("a result has data");
    fields.values().next().expect("the data has one field").clone()
}

impl Flow {
    /// Sends a request, whose answer must be a success.
    pub async fn opens(request: RequestBuilder) -> Self {
        let response = request.send().await.expect("an answer");
        if response.status() == 200 {
            return Self { response, read: String::new() };
        }
        panic!("{}: {}", response.status(), response.text().await.unwrap_or_default())
    }

    /// The headers of the answer.
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// What comes up to and with a mark; `None` when the response ends before it.
    pub async fn up_to(&mut self, mark: &str) -> Option<String> {
        loop {
            if let Some(at) = self.read.find(mark) {
                let rest = self.read.split_off(at + mark.len());
                return Some(std::mem::replace(&mut self.read, rest));
            }
            let chunk = timeout(PATIENCE, self.response.chunk()).await.expect("nothing came in time");
            let chunk = chunk.expect("the response was broken off")?;
            self.read.push_str(std::str::from_utf8(&chunk).expect("a piece of text"));
        }
    }

    /// The next server-sent event that is not only a comment.
    pub async fn event(&mut self) -> Option<Sent> {
        loop {
            let block = self.up_to("\n\n").await?;
            let mut sent = Sent::default();
            for line in block.lines().filter(|line| !line.is_empty() && !line.starts_with(':')) {
                let (name, value) = line.split_once(':').expect("a line has a name");
                let value = value.trim_start().to_owned();
                match name {
                    "event" => sent.event = value,
                    "id" => sent.id = Some(value),
                    "retry" => sent.retry = Some(value.parse().expect("a number")),
                    "data" => sent.data = value,
                    other => panic!("{other} is not a field of an event"),
                }
            }
            if sent != Sent::default() {
                return Some(sent);
            }
        }
    }

    /// The next event of a subscription over server-sent events, which must be of this type.
    pub async fn next_is(&mut self, kind: &str) -> (Sent, Value) {
        let sent = self.event().await.expect("the stream goes on");
        assert_eq!(sent.event, "next", "{sent:?}");
        let field = sent.field();
        assert_eq!(field["__typename"], kind, "{field:#}");
        (sent, field)
    }

    /// The server says that nothing more comes, and nothing does.
    pub async fn completes(&mut self) {
        let sent = self.event().await.expect("the stream is completed");
        assert_eq!((sent.event.as_str(), sent.data.as_str()), ("complete", ""));
        assert_eq!(self.event().await, None);
    }

    /// The next part of a multipart message, as JSON.
    pub async fn part(&mut self) -> Value {
        let part = self.up_to("\r\n---").await.expect("the message goes on");
        let (_, json) = part.split_once("\r\n\r\n").expect("a part has headers");
        serde_json::from_str(json.trim_end_matches("\r\n---")).expect("a part is JSON")
    }

    /// The multipart message is at its end.
    pub async fn is_whole(&mut self) {
        assert_eq!(self.up_to("--\r\n").await.as_deref(), Some("--\r\n"));
        assert_eq!(self.up_to("\n").await, None);
    }
}
