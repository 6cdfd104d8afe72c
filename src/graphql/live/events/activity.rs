//! The events of what happens to the viewer. Each says how much they have not seen, for the badge.

use async_graphql::{ID, SimpleObject, Union};

use super::super::super::activity::Activity;
use super::super::super::scalars::{DateTime, StreamCursor};
use super::{At, StreamClosing, StreamOpened};

/// An event of the viewer's activity. New kinds may be added.
#[expect(clippy::large_enum_variant, reason = "made once and sent on, never kept in numbers")]
#[derive(Clone, Debug, Union)]
pub enum ActivityEvent {
    /// The stream opened.
    Opened(StreamOpened),
    /// The stream closes.
    Closing(StreamClosing),
    /// An activity is new or changed.
    Changed(ActivityChanged),
    /// An activity is gone.
    Removed(ActivityRemoved),
    /// The viewer saw activities.
    Seen(ActivitySeen),
}

/// An activity is new, or more was added to it.
#[derive(Clone, Debug, SimpleObject)]
pub struct ActivityChanged {
    /// Its position.
    pub(super) cursor: StreamCursor,
    /// When.
    pub(super) occurred_at: DateTime,
    /// The activity.
    activity: Activity,
    /// For the badge.
    unseen_count: usize,
}

impl ActivityChanged {
    pub(in crate::graphql::live) fn new(at: At, activity: Activity, unseen_count: usize) -> Self {
        Self { cursor: at.cursor, occurred_at: at.occurred_at, activity, unseen_count }
    }
}

/// An activity is gone: what it was about was undone.
#[derive(Clone, Debug, SimpleObject)]
pub struct ActivityRemoved {
    /// Its position.
    pub(super) cursor: StreamCursor,
    /// When.
    pub(super) occurred_at: DateTime,
    /// The ID it had.
    activity_id: ID,
    /// For the badge.
    unseen_count: usize,
}

impl ActivityRemoved {
    pub(in crate::graphql::live) fn new(at: At, activity_id: ID, unseen_count: usize) -> Self {
        Self { cursor: at.cursor, occurred_at: at.occurred_at, activity_id, unseen_count }
    }
}

/// The viewer saw activities, on any device.
#[derive(Clone, Debug, SimpleObject)]
pub struct ActivitySeen {
    /// Its position.
    pub(super) cursor: StreamCursor,
    /// When.
    pub(super) occurred_at: DateTime,
    /// For the badge.
    unseen_count: usize,
}

impl ActivitySeen {
    pub(in crate::graphql::live) fn new(at: At, unseen_count: usize) -> Self {
        Self { cursor: at.cursor, occurred_at: at.occurred_at, unseen_count }
    }
}
