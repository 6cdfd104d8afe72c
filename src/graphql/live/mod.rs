//! What can be listened to. Every event is authorised when it is delivered, as its viewer, and loaded anew.

mod activity_events;
mod deliveries;
mod edited;
mod events;
pub mod group;
mod home_feed;
mod media_events;
#[cfg(test)]
mod tests;
mod upload_events;
mod user_media;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::futures_util::{Stream, stream};
use async_graphql::{Context, Result};
use tokio::time::Instant;

use self::deliveries::Recipient;
use self::group::{Groups, Joining, Shared, Stage};
use super::context;
use super::scalars::StreamCursor;
use super::stream::{Bookmark, LogStream};
use crate::app::App;
use crate::base::chance::Chance;
use crate::base::error::Result as Answer;
use crate::base::facts::{Fact, Topic};
use crate::base::ids::{UserId, first_at};
use crate::domain::media::Audience;
use crate::domain::sessions::{self, Viewer};
use crate::platform::drain::Place;
use crate::platform::log::Entry;
use crate::platform::telemetry::metrics::Counted;

pub use activity_events::activity;
pub use edited::{CommentUpdated, MediaUpdated};
pub use events::{
    ActivityChanged, ActivityEvent, ActivityRemoved, ActivitySeen, CommentAdded, CommentRemoved, MediaAdded,
    MediaCountsChanged, MediaEvent, MediaRemoved, MediaStreamEvent, StreamClosing, StreamClosingReason, StreamEvent,
    StreamGapReason, StreamOpened, StreamRecovery, UploadChanged, UploadEvent,
};
pub use home_feed::home_feed;
pub use media_events::media;
pub use upload_events::upload;
pub use user_media::user_media;

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

/// How long streams that an outage ended stay away at least, as `retryAfterMs` says it for requests, and over how many
/// milliseconds more they are spread.
const OUTAGE: Duration = Duration::from_secs(1);
const SPREAD: u32 = 2000;

/// Media of a user that are told to be gone when the viewer stops seeing them all: the newest. Older ones are left out of
/// what is read next.
const GONE: u64 = 100;

/// An id that is greater than those of all media that were there when a fact took access away. What was published later was
/// never the viewer's to see, however late a stream comes upon the fact.
fn taken_away_at(entry: &Entry) -> i64 {
    match entry.fact {
        Fact::FollowingChanged { edge: Some(edge), .. } | Fact::UserBlocked { edge, .. } => edge,
        _ => first_at(entry.recorded_at),
    }
}

/// For whom a media was that is deleted. Of one that an older version deleted it is known only when it was for its owner;
/// those who followed them hear of it then.
fn deleted_for(audience: Option<Audience>, only_me: bool) -> Audience {
    audience.unwrap_or(if only_me { Audience::OnlyMe } else { Audience::Followers })
}

/// The audiences among which somebody is, in a small number: those are told the same of a user's media who are among the
/// same.
fn bits(audiences: &[Audience]) -> u8 {
    audiences.iter().fold(0, |bits, audience| bits | bit(*audience))
}

fn bit(audience: Audience) -> u8 {
    match audience {
        Audience::Everyone => 1,
        Audience::Followers => 2,
        Audience::OnlyMe => 4,
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

    fn the_end(reason: StreamClosingReason) -> Self {
        Self::last(Vec::new(), reason)
    }

    fn last(events: Vec<E>, reason: StreamClosingReason) -> Self {
        Self { events, end: Some(reason) }
    }
}

/// Who listens, after what, and how far they have come.
pub struct Listening {
    app: Arc<App>,
    viewer: Option<Viewer>,
    after: Option<StreamCursor>,
    bookmark: Arc<Bookmark>,
    /// That it is open, by its field.
    counted: Option<Counted>,
    /// Who pays for what is told to nobody else.
    recipient: Recipient,
    groups: Option<Arc<Groups>>,
    /// Where it may go on with others.
    joining: Option<Arc<Joining>>,
    /// Where it is told what others are told.
    stage: Option<Arc<Stage>>,
}

impl Listening {
    /// Whoever asks, after a position they gave, unless their transport knows a later one. An empty position is none.
    #[must_use]
    pub fn of(ctx: &Context<'_>, after: Option<StreamCursor>) -> Self {
        let bookmark = ctx.data_opt::<Arc<Bookmark>>().cloned().unwrap_or_default();
        let after = bookmark.from().cloned().or(after).filter(|after| !after.0.is_empty());
        let recipient = Recipient::of(context::viewer(ctx), context::client_address(ctx));
        let groups = ctx.data_opt::<Arc<Groups>>().cloned();
        let joining = ctx.data_opt::<Arc<Joining>>().cloned();
        let (app, viewer, stage) = (context::app(ctx).clone(), context::viewer(ctx), Stage::of(ctx));
        // On a stage nobody listens: those are counted who are told.
        let counted = stage.is_none().then(|| app.metrics.subscription(&ctx.item.node.name.node));
        Self { app, viewer, after, bookmark, counted, recipient, groups, joining, stage }
    }

    /// Listens to some topics and to the end of the session, from the position on.
    async fn open(&self, topics: &[Topic]) -> Answer<LogStream> {
        let listener = self.app.live.listen(self.with_session(topics), self.app.config.websocket.queue);
        LogStream::open(&self.app, listener, topics, self.after.as_ref()).await
    }

    /// The same with others who ask for the same, where that can be. Who `follows` hears of the media of those whom they
    /// begin to follow, too.
    async fn open_with_others<S: Shared>(
        &self,
        (topics, follows): (&[Topic], Option<UserId>),
        story: &S,
    ) -> Answer<LogStream> {
        if let Some(joining) = &self.joining
            && let Some(log) = joining.join(self, (topics, follows), story).await?
        {
            return Ok(log);
        }
        let (live, heard, most) = (&self.app.live, self.with_session(topics), self.app.config.websocket.queue);
        let listener = match follows {
            Some(user) => live.listen_as(user, heard, most),
            None => live.listen(heard, most),
        };
        LogStream::open(&self.app, listener, topics, self.after.as_ref()).await
    }

    fn with_session(&self, topics: &[Topic]) -> Vec<Topic> {
        let session = self.viewer.map(|viewer| Topic::Session(viewer.session));
        topics.iter().copied().chain(session).collect()
    }

    fn has_ended(&self) -> bool {
        self.viewer.is_some_and(|viewer| sessions::is_ended(&self.app, viewer.session))
    }

    fn is_end(&self, entry: &Entry) -> bool {
        let ended = |session| self.viewer.is_some_and(|viewer| viewer.session == session);
        matches!(entry.fact, Fact::SessionEnded { session, .. } if ended(session))
    }
}

struct Told<S: Story> {
    listening: Listening,
    log: LogStream,
    story: S,
    waiting: VecDeque<S::Event>,
    /// Up to where everything was sent, and nothing is held back.
    sent: Vec<i64>,
    place: Option<Place>,
    has_begun: bool,
    has_ended: bool,
}

/// A live stream: `StreamOpened`, then what the story tells, then `StreamClosing`.
fn told<S: Story>(listening: Listening, log: LogStream, story: S) -> impl Stream<Item = Result<S::Event>> {
    let opened = StreamOpened::of(&log);
    listening.app.metrics.opened(opened.name());
    let waiting = VecDeque::from([S::Event::from(opened)]);
    let sent = log.positions().to_vec();
    let state = Told { listening, log, story, waiting, sent, place: None, has_begun: false, has_ended: false };
    stream::unfold(state, |mut state| async move {
        let event = state.next().await;
        state.listening.bookmark.moves_to(state.log.cursor());
        event.map(|event| (event.map_err(Into::into), state))
    })
}

/// What happens to a stream next.
enum Heard {
    Entry(Arc<Entry>),
    /// What was held back is due.
    Due,
    /// The stream was too slow and was cut off.
    TooSlow,
    /// The server stops, and it is this stream's turn.
    Leave,
}

impl<S: Story> Told<S> {
    async fn next(&mut self) -> Option<Answer<S::Event>> {
        while self.waiting.is_empty() {
            if self.has_ended || self.goes_on_with_others() {
                return None;
            }
            match self.telling().await {
                Ok(telling) => self.take(telling),
                // One event that cannot be loaded ends this stream: to go on would hide it.
                Err(error) if error.passes() => self.pauses(),
                Err(error) => {
                    self.has_ended = true;
                    return Some(Err(error));
                }
            }
        }
        self.waiting.pop_front().map(Ok)
    }

    /// Whether all that was missed is told and a group goes on. When the server stops, the stream says so by itself.
    fn goes_on_with_others(&mut self) -> bool {
        let is_told = self.has_begun && self.log.is_told() && self.story.due().is_none();
        if !is_told || self.listening.app.drain.has_begun() {
            return false;
        }
        self.has_ended = true;
        if let Some(joining) = &self.listening.joining {
            joining.hands_over(self.listening.counted.take());
        }
        true
    }

    async fn telling(&mut self) -> Answer<Telling<S::Event>> {
        if !self.has_begun {
            self.has_begun = true;
            return self.begin().await;
        }
        let is_new = self.log.is_live();
        match self.hear().await {
            Heard::Entry(entry) if self.listening.is_end(&entry) || self.listening.has_ended() => {
                Ok(Telling::the_end(StreamClosingReason::SessionEnded))
            }
            Heard::Entry(entry) => {
                self.listening.app.metrics.told(self.listening.app.clock.now().since(entry.recorded_at));
                if let (true, Some(groups)) = (is_new, &self.listening.groups) {
                    groups.deliveries.wait(self.listening.recipient).await;
                }
                self.story.tell(&self.log, &entry).await
            }
            Heard::Due => self.story.held_back(&self.log).await,
            Heard::TooSlow => Ok(Telling::the_end(StreamClosingReason::SlowConsumer)),
            Heard::Leave => self.leave().await,
        }
    }

    /// The session may have ended before the stream attached.
    async fn begin(&mut self) -> Answer<Telling<S::Event>> {
        if self.listening.has_ended() {
            return Ok(Telling::the_end(StreamClosingReason::SessionEnded));
        }
        self.story.begin(&self.log).await
    }

    /// Waits without a timer when nothing is held back and the server does not stop.
    async fn hear(&mut self) -> Heard {
        let due = self.story.due();
        tokio::select! {
            biased;
            () = self.listening.app.drain.turn(&mut self.place) => Heard::Leave,
            entry = self.log.next() => entry.map_or(Heard::TooSlow, Heard::Entry),
            () = at(due) => Heard::Due,
        }
    }

    /// What was held back is said before the end: its cursor is behind the stream already.
    async fn leave(&mut self) -> Answer<Telling<S::Event>> {
        let mut telling = Telling::nothing();
        if self.story.due().is_some() {
            telling = self.story.held_back(&self.log).await?;
        }
        Ok(Telling { end: Some(StreamClosingReason::Draining), ..telling })
    }

    /// A database is away: the client resumes where everything was sent, when the database may be back.
    fn pauses(&mut self) {
        self.has_ended = true;
        self.log.returns_to(&self.sent);
        let again_after = again_after_outage(&self.listening.app.chance);
        self.listening.bookmark.comes_again(again_after);
        let closing = self.closing(StreamClosingReason::Unavailable).again_after(again_after);
        self.waiting.push_back(closing.into());
    }

    fn take(&mut self, telling: Telling<S::Event>) {
        if self.story.due().is_none() {
            self.sent.clone_from_slice(self.log.positions());
        }
        self.waiting.extend(telling.events);
        if let Some(reason) = telling.end {
            self.has_ended = true;
            self.waiting.push_back(self.closing(reason).into());
        }
    }

    fn closing(&self, reason: StreamClosingReason) -> StreamClosing {
        self.listening.app.metrics.closed(reason.name());
        let closing = StreamClosing::of(&self.log, reason);
        match self.place.filter(|_| reason == StreamClosingReason::Draining) {
            Some(place) => {
                self.listening.bookmark.comes_again(place.gone_after + place.again_after);
                closing.again_after(place.again_after)
            }
            None => closing,
        }
    }
}

/// When to resume after an outage: different for each stream, so that they do not all come at once.
fn again_after_outage(chance: &Chance) -> Duration {
    OUTAGE + Duration::from_millis(chance.below(SPREAD).into())
}

/// Waits until a moment, or for ever when there is none.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
