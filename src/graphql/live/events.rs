//! The events of live streams. Each carries its position, to resume after.

mod activity;

use std::time::Duration;

use async_graphql::{Enum, ID, Interface, SimpleObject, Union};

use super::super::comment::Comment;
use super::super::media::Media;
use super::super::scalars::{DateTime, StreamCursor};
use super::super::stream::{GapReason, LogStream, Recovery};
use super::super::upload::Upload;
use super::edited::{CommentUpdated, MediaUpdated};
use crate::base::ids::{MediaId, UserId};
use crate::platform::log::Entry;

pub use activity::{ActivityChanged, ActivityEvent, ActivityRemoved, ActivitySeen};

/// Something that happened.
#[derive(Clone, Debug, Interface)]
#[graphql(
    field(name = "cursor", ty = "&StreamCursor", desc = "Its position, to resume after."),
    field(name = "occurred_at", ty = "&DateTime", desc = "When it happened.")
)]
pub enum StreamEvent {
    /// The stream opened.
    Opened(StreamOpened),
    /// The stream closes.
    Closing(StreamClosing),
    /// A media came.
    MediaAdded(MediaAdded),
    /// A media went.
    MediaRemoved(MediaRemoved),
    /// A media was edited.
    MediaUpdated(MediaUpdated),
    /// Numbers changed.
    MediaCountsChanged(MediaCountsChanged),
    /// A comment came.
    CommentAdded(CommentAdded),
    /// A comment went.
    CommentRemoved(CommentRemoved),
    /// A comment was edited.
    CommentUpdated(CommentUpdated),
    /// An upload went on.
    UploadChanged(UploadChanged),
    /// An activity is new or changed.
    ActivityChanged(ActivityChanged),
    /// An activity is gone.
    ActivityRemoved(ActivityRemoved),
    /// Activities were seen.
    ActivitySeen(ActivitySeen),
}

/// An event in a stream of media. New kinds may be added.
#[derive(Clone, Debug, Union)]
pub enum MediaStreamEvent {
    /// The stream opened.
    Opened(StreamOpened),
    /// The stream closes.
    Closing(StreamClosing),
    /// A media came.
    Added(MediaAdded),
    /// A media went.
    Removed(MediaRemoved),
    /// A media was edited.
    Updated(MediaUpdated),
}

/// An event of one media. New kinds may be added.
#[derive(Clone, Debug, Union)]
pub enum MediaEvent {
    /// The stream opened.
    Opened(StreamOpened),
    /// The stream closes.
    Closing(StreamClosing),
    /// A comment came.
    CommentAdded(CommentAdded),
    /// A comment went.
    CommentRemoved(CommentRemoved),
    /// Numbers changed.
    Counts(MediaCountsChanged),
    /// The media went.
    Removed(MediaRemoved),
    /// A comment was edited.
    CommentUpdated(CommentUpdated),
    /// The media was edited.
    Updated(MediaUpdated),
}

/// An event of an upload. New kinds may be added.
#[expect(clippy::large_enum_variant, reason = "made once and sent on, never kept in numbers")]
#[derive(Clone, Debug, Union)]
pub enum UploadEvent {
    /// The stream opened.
    Opened(StreamOpened),
    /// The stream closes.
    Closing(StreamClosing),
    /// The upload went on.
    Changed(UploadChanged),
}

/// The subscription is listening. Always the first event.
#[derive(Clone, Debug, SimpleObject)]
pub struct StreamOpened {
    /// The position it listens from.
    cursor: StreamCursor,
    /// When.
    occurred_at: DateTime,
    /// Whether what was missed follows.
    recovery: StreamRecovery,
    /// Why it does not, when `recovery` is `GAP`.
    gap_reason: Option<StreamGapReason>,
}

impl StreamOpened {
    /// The first event of a stream.
    #[must_use]
    pub fn of(log: &LogStream) -> Self {
        let (recovery, gap_reason) = match log.recovery {
            Recovery::New => (StreamRecovery::New, None),
            Recovery::Recovered => (StreamRecovery::Recovered, None),
            Recovery::Gap(reason) => (StreamRecovery::Gap, Some(reason.into())),
        };
        Self { cursor: log.cursor(), occurred_at: DateTime(log.opened_at), recovery, gap_reason }
    }

    /// Whether what was missed follows, by its name in the schema.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.recovery {
            StreamRecovery::New => "NEW",
            StreamRecovery::Recovered => "RECOVERED",
            StreamRecovery::Gap => "GAP",
        }
    }
}

/// Whether what was missed follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum StreamRecovery {
    /// No position was given: only what happens from now on follows.
    New,
    /// Everything since the position follows, in order, once.
    Recovered,
    /// Not everything can be sent again, so nothing is: read the state anew, with `streamCursor`. Never is only a part
    /// sent.
    Gap,
}

/// Why what was missed cannot be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "GapReason")]
pub enum StreamGapReason {
    /// The position is older than what is kept.
    Expired,
    /// Too much happened since.
    TooMuch,
    /// The position is not one of this server.
    Unknown,
}

/// The server ends the subscription. Always the last event; the operation then completes.
#[derive(Clone, Debug, SimpleObject)]
pub struct StreamClosing {
    /// The position to resume after.
    cursor: StreamCursor,
    /// When.
    occurred_at: DateTime,
    /// Why.
    reason: StreamClosingReason,
    /// How long to wait before subscribing again, different for each stream so that they do not all come at once; null
    /// when it is no use.
    reconnect_after_ms: Option<i32>,
}

impl StreamClosing {
    /// The last event of a stream.
    #[must_use]
    pub fn of(log: &LogStream, reason: StreamClosingReason) -> Self {
        let reconnect_after_ms = (reason == StreamClosingReason::SlowConsumer).then_some(0);
        Self { cursor: log.cursor(), occurred_at: DateTime(log.last_at()), reason, reconnect_after_ms }
    }

    #[cfg(test)]
    pub(super) fn parts(&self) -> (&StreamCursor, StreamClosingReason, Option<i32>) {
        (&self.cursor, self.reason, self.reconnect_after_ms)
    }

    /// The same, with how long to wait before subscribing again.
    #[must_use]
    pub fn again_after(self, time: Duration) -> Self {
        Self { reconnect_after_ms: Some(i32::try_from(time.as_millis()).unwrap_or(i32::MAX)), ..self }
    }
}

/// Why the server ends a subscription. New values may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum StreamClosingReason {
    /// The server is being replaced.
    Draining,
    /// The client reads too slowly, or too much is executed for it alone. Go on from the cursor.
    SlowConsumer,
    /// The session ended.
    SessionEnded,
    /// The viewer may no longer listen to this, or it no longer exists; or a part of the server is away, and then
    /// `reconnectAfterMs` says when to resume.
    Unavailable,
    /// There is nothing more to tell.
    Finished,
}

impl StreamClosingReason {
    /// Its name in the schema.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Draining => "DRAINING",
            Self::SlowConsumer => "SLOW_CONSUMER",
            Self::SessionEnded => "SESSION_ENDED",
            Self::Unavailable => "UNAVAILABLE",
            Self::Finished => "FINISHED",
        }
    }
}

/// Where and when an event stands.
#[derive(Clone, Debug)]
pub(super) struct At {
    cursor: StreamCursor,
    occurred_at: DateTime,
}

impl At {
    /// Where and when an entry of the log stands.
    pub(super) fn entry(log: &LogStream, entry: &Entry) -> Self {
        Self { cursor: log.cursor(), occurred_at: DateTime(entry.recorded_at) }
    }

    pub(super) fn parts(self) -> (StreamCursor, DateTime) {
        (self.cursor, self.occurred_at)
    }

    /// Where the stream stands, at the time of its last entry.
    pub(super) fn last(log: &LogStream) -> Self {
        Self { cursor: log.cursor(), occurred_at: DateTime(log.last_at()) }
    }
}

/// A media was published.
#[derive(Clone, Debug, SimpleObject)]
pub struct MediaAdded {
    /// Its position.
    cursor: StreamCursor,
    /// When.
    occurred_at: DateTime,
    /// The media.
    media: Media,
    /// Its cursor in the connection of the same stream, to put it in place.
    edge_cursor: String,
}

impl MediaAdded {
    pub(super) fn new(at: At, media: Media, edge_cursor: String) -> Self {
        Self { cursor: at.cursor, occurred_at: at.occurred_at, media, edge_cursor }
    }
}

/// A media is gone for the viewer: deleted, or not theirs to see any more.
#[derive(Clone, Debug, SimpleObject)]
pub struct MediaRemoved {
    /// Its position.
    cursor: StreamCursor,
    /// When.
    occurred_at: DateTime,
    /// The ID it had.
    media_id: ID,
}

impl MediaRemoved {
    pub(super) fn of(log: &LogStream, entry: &Entry, id: MediaId) -> Self {
        let At { cursor, occurred_at } = At::entry(log, entry);
        Self { cursor, occurred_at, media_id: id.to_string().into() }
    }
}

/// The numbers of a media changed; sent at most once a second, with the last numbers.
#[derive(Clone, Debug, SimpleObject)]
pub struct MediaCountsChanged {
    /// Its position.
    cursor: StreamCursor,
    /// When.
    occurred_at: DateTime,
    /// The media.
    media: Media,
}

impl MediaStreamEvent {
    /// The media that it is about, and its owner; none for what is gone.
    pub(super) fn about(&self) -> Option<(MediaId, UserId)> {
        match self {
            Self::Added(MediaAdded { media, .. }) => Some(media.whose()),
            Self::Updated(updated) => Some(updated.media.whose()),
            Self::Opened(_) | Self::Closing(_) | Self::Removed(_) => None,
        }
    }
}

impl MediaEvent {
    /// The media that it shows, and its owner.
    pub(super) fn about(&self) -> Option<(MediaId, UserId)> {
        match self {
            Self::Counts(MediaCountsChanged { media, .. }) => Some(media.whose()),
            Self::Updated(updated) => Some(updated.media.whose()),
            Self::Opened(_)
            | Self::Closing(_)
            | Self::CommentAdded(_)
            | Self::CommentRemoved(_)
            | Self::CommentUpdated(_)
            | Self::Removed(_) => None,
        }
    }
}

impl MediaCountsChanged {
    pub(super) fn new(at: At, media: Media) -> Self {
        Self { cursor: at.cursor, occurred_at: at.occurred_at, media }
    }
}

/// A comment was written.
#[derive(Clone, Debug, SimpleObject)]
pub struct CommentAdded {
    /// Its position.
    cursor: StreamCursor,
    /// When.
    occurred_at: DateTime,
    /// The comment.
    comment: Comment,
    /// Its cursor in `Media.comments`, or in `Comment.replies`.
    edge_cursor: String,
}

impl CommentAdded {
    pub(super) fn new(at: At, comment: Comment, edge_cursor: String) -> Self {
        Self { cursor: at.cursor, occurred_at: at.occurred_at, comment, edge_cursor }
    }
}

/// A comment is gone for the viewer.
#[derive(Clone, Debug, SimpleObject)]
pub struct CommentRemoved {
    /// Its position.
    cursor: StreamCursor,
    /// When.
    occurred_at: DateTime,
    /// The ID it had.
    comment_id: ID,
}

impl CommentRemoved {
    pub(super) fn new(at: At, comment_id: ID) -> Self {
        Self { cursor: at.cursor, occurred_at: at.occurred_at, comment_id }
    }
}

/// An upload went on.
#[derive(Clone, Debug, SimpleObject)]
pub struct UploadChanged {
    /// Its position.
    cursor: StreamCursor,
    /// When.
    occurred_at: DateTime,
    /// The upload.
    upload: Upload,
}

impl UploadChanged {
    pub(super) fn new(at: At, upload: Upload) -> Self {
        Self { cursor: at.cursor, occurred_at: at.occurred_at, upload }
    }
}
