//! What can be listened to. Every event is authorised when it is delivered, as its viewer, and loaded anew.

mod events;
mod home_feed;
mod media_events;
mod upload_events;

use std::collections::VecDeque;
use std::sync::Arc;

use async_graphql::Result;
use async_graphql::futures_util::{Stream, stream};
use tokio::time::Instant;

use super::stream::LogStream;
use crate::base::error::Result as Answer;
use crate::platform::log::Entry;

pub use events::{
    CommentAdded, CommentRemoved, MediaAdded, MediaCountsChanged, MediaEvent, MediaRemoved, MediaStreamEvent,
    StreamClosing, StreamClosingReason, StreamEvent, StreamGapReason, StreamOpened, StreamRecovery, UploadChanged,
    UploadEvent,
};
pub use home_feed::home_feed;
pub use media_events::media;
pub use upload_events::upload;

/// What a kind of stream makes of the entries of the log.
trait Story: Send + 'static {
    /// Its events.
    type Event: From<StreamOpened> + From<StreamClosing> + Send + 'static;

    /// What to send before anything new happens.
    fn begin(&mut self, _log: &LogStream) -> impl Future<Output = Answer<Telling<Self::Event>>> + Send {
        async { Ok(Telling::nothing()) }
    }

    /// What to send of an entry, as the viewer may see it now.
    fn tell(&mut self, log: &LogStream, entry: &Entry) -> impl Future<Output = Answer<Telling<Self::Event>>> + Send;

    /// When to send what was held back; `None` when nothing is.
    fn due(&self) -> Option<Instant> {
        None
    }

    /// What was held back and is due.
    fn held_back(&mut self, _log: &LogStream) -> impl Future<Output = Answer<Telling<Self::Event>>> + Send {
        async { Ok(Telling::nothing()) }
    }
}

/// What to send, and whether it is the end.
struct Telling<E> {
    events: Vec<E>,
    end: Option<StreamClosingReason>,
}

impl<E> Telling<E> {
    fn nothing() -> Self {
        Self { events: Vec::new(), end: None }
    }

    fn of(events: Vec<E>) -> Self {
        Self { events, end: None }
    }

    fn last(events: Vec<E>, reason: StreamClosingReason) -> Self {
        Self { events, end: Some(reason) }
    }
}

struct Told<S: Story> {
    log: LogStream,
    story: S,
    waiting: VecDeque<S::Event>,
    has_begun: bool,
    has_ended: bool,
}

/// A live stream: `StreamOpened`, then what the story tells, then `StreamClosing`.
fn told<S: Story>(log: LogStream, story: S) -> impl Stream<Item = Result<S::Event>> {
    let opened = S::Event::from(StreamOpened::of(&log));
    let state = Told { log, story, waiting: VecDeque::from([opened]), has_begun: false, has_ended: false };
    stream::unfold(state, |mut state| async move {
        let event = state.next().await;
        event.map(|event| (event.map_err(Into::into), state))
    })
}

impl<S: Story> Told<S> {
    async fn next(&mut self) -> Option<Answer<S::Event>> {
        while self.waiting.is_empty() {
            if self.has_ended {
                return None;
            }
            match self.telling().await {
                Ok(telling) => self.take(telling),
                Err(error) => {
                    // One event that cannot be loaded ends this stream with an error: to go on would hide it.
                    self.has_ended = true;
                    return Some(Err(error));
                }
            }
        }
        self.waiting.pop_front().map(Ok)
    }

    async fn telling(&mut self) -> Answer<Telling<S::Event>> {
        if !self.has_begun {
            self.has_begun = true;
            return self.story.begin(&self.log).await;
        }
        let Some(heard) = self.hear().await else { return self.story.held_back(&self.log).await };
        match heard {
            Some(entry) => self.story.tell(&self.log, &entry).await,
            None => Ok(Telling::last(Vec::new(), StreamClosingReason::SlowConsumer)),
        }
    }

    /// The next entry; `None` when what was held back is due first. Waits without a timer when nothing is held back.
    async fn hear(&mut self) -> Option<Option<Arc<Entry>>> {
        match self.story.due() {
            Some(due) => tokio::time::timeout_at(due, self.log.next()).await.ok(),
            None => Some(self.log.next().await),
        }
    }

    fn take(&mut self, telling: Telling<S::Event>) {
        self.waiting.extend(telling.events);
        if let Some(reason) = telling.end {
            self.has_ended = true;
            self.waiting.push_back(StreamClosing::of(&self.log, reason).into());
        }
    }
}
