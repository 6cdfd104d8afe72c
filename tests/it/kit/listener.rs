//! Somebody who listens to their home feed, and goes on after each break where it was.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use super::traffic::Traffic;
use super::{PATIENCE, Person, Stream, eventually};

/// How long the last events may take, once people have done their last act: a step that failed waits for its next try.
const LAST: Duration = Duration::from_mins(1);
/// The pause before a new connection.
const AGAIN: Duration = Duration::from_millis(50);

const HOME: &str = "subscription($after: StreamCursor) { homeFeedEvents(after: $after) {
    __typename ... on StreamEvent { cursor } ... on StreamOpened { recovery } ... on MediaAdded { media { id } }
} }";

/// Somebody who listens to people.
pub struct Listener {
    /// Who.
    pub person: Person,
    heard: Mutex<Vec<String>>,
}

impl Listener {
    /// Somebody who follows people, as those know by now.
    pub async fn follows(person: Person, people: &[Person]) -> Self {
        for other in people {
            person.follows(other).await;
        }
        eventually("the follows are mirrored", PATIENCE, async || {
            (person.sees_list(&person, "following").await.len() == people.len()).then_some(())
        })
        .await;
        Self { person, heard: Mutex::default() }
    }

    /// The media that were heard of, in that order. The first of all was published before.
    pub fn heard(&self) -> MutexGuard<'_, Vec<String>> {
        self.heard.lock().expect("what was heard")
    }

    /// Listens until people have done their last act and everything they published was heard of.
    pub async fn hears(&self, traffic: &Traffic) {
        let listening = async {
            let mut cursor = Value::Null;
            while !self.has_heard_all(traffic) {
                if let Ok(stream) = self.person.tries_to_listen(HOME, &json!({ "after": cursor })).await {
                    self.listens(stream, &mut cursor, traffic).await;
                }
                tokio::time::sleep(AGAIN).await;
            }
        };
        let late = async {
            traffic.over().cancelled().await;
            tokio::time::sleep(LAST).await;
        };
        tokio::select! {
            () = listening => {}
            () = late => panic!("the live feed did not tell of everything: {:?}", self.heard()),
        }
    }

    /// Listens until the stream breaks off or everything was heard.
    async fn listens(&self, mut stream: Stream, cursor: &mut Value, traffic: &Traffic) {
        while !self.has_heard_all(traffic) {
            let Ok(Ok(event)) = timeout(LAST, stream.try_next()).await else { return };
            assert_ne!(event["recovery"], "GAP", "the live feed has a gap");
            if let Some(media) = event["media"]["id"].as_str() {
                self.heard().push(media.to_owned());
            }
            cursor.clone_from(&event["cursor"]);
        }
    }

    fn has_heard_all(&self, traffic: &Traffic) -> bool {
        let heard = self.heard();
        traffic.over().is_cancelled() && traffic.done().media.iter().skip(1).all(|(media, _)| heard.contains(media))
    }
}
