//! Everything that can happen. One closed list: a new fact does not compile until it has its consequences and topics.
//!
//! A fact holds ids and small numbers only, never text, places or secrets: it is kept in the log for days.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

use super::ids::{CommentId, MediaId, SessionId, UploadId, UserId};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "camelCase")]
pub enum Fact {
    /// Somebody made an account.
    UserSignedUp { user: UserId },
    /// A session ended: logged out, ended from elsewhere, or its refresh token was used twice.
    SessionEnded { session: SessionId, user: UserId },
    /// An account became private or open.
    PrivacyChanged { user: UserId, is_private: bool },
    /// Whether one user follows another changed, where that is decided: on the shard of the one followed.
    FollowChanged { follower: UserId, followee: UserId },
    /// The follower's own list took a change over, from one state to another.
    FollowingChanged { follower: UserId, followee: UserId, before: FollowState, state: FollowState },
    /// One user blocked another. `edge` tells follows from before the block from later ones.
    UserBlocked { blocker: UserId, blocked: UserId, edge: i64 },
    /// One user no longer blocks another.
    UserUnblocked { blocker: UserId, blocked: UserId },
    /// The bytes of an upload are here.
    UploadReceived { upload: UploadId },
    /// An upload is ready or rejected.
    UploadProcessed { upload: UploadId },
    /// An upload that no media used in time was thrown away.
    UploadExpired { upload: UploadId },
    /// A media was published.
    MediaPublished { media: MediaId, owner: UserId },
    /// A media was deleted. Nobody but its owner hears of one that was for its owner only.
    MediaDeleted { media: MediaId, owner: UserId, only_me: bool },
    /// The owner of a media changed what it says or shows.
    MediaEdited { media: MediaId, owner: UserId },
    /// The owner of a media changed who can see it. Who could not before hears of nothing that is gone.
    AudienceChanged { media: MediaId, owner: UserId, before: Audience },
    /// Somebody was tagged in a photo of a media.
    PhotoTagged { media: MediaId, user: UserId },
    /// Somebody is no longer tagged in a photo of a media.
    PhotoTagRemoved { media: MediaId, user: UserId },
    /// Somebody likes a media.
    MediaLiked { media: MediaId, user: UserId },
    /// Somebody no longer likes a media.
    MediaUnliked { media: MediaId, user: UserId },
    /// Counts of a media wait to be added up: many counted at once.
    CountsWait { media: MediaId },
    /// Somebody commented on a media.
    CommentAdded { comment: CommentId, media: MediaId, author: UserId },
    /// The author of a comment changed what it says.
    CommentEdited { comment: CommentId, media: MediaId, author: UserId },
    /// A comment was deleted.
    CommentDeleted { comment: CommentId, media: MediaId, author: UserId },
}

/// Whether one user follows another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "camelCase")]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum FollowState {
    /// No.
    #[sea_orm(num_value = 0)]
    NotFollowing,
    /// Asked, not yet answered.
    #[sea_orm(num_value = 1)]
    Requested,
    /// Yes.
    #[sea_orm(num_value = 2)]
    Following,
}

/// Who can see a media.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum Audience {
    /// Anyone; followers when the account is private.
    #[sea_orm(num_value = 0)]
    Everyone,
    /// Followers.
    #[sea_orm(num_value = 1)]
    Followers,
    /// Its owner.
    #[sea_orm(num_value = 2)]
    OnlyMe,
}

/// What a live stream can listen to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// What a user publishes.
    MediaOf(UserId),
    /// Whom a user follows and blocks, and who blocks them.
    RelationsOf(UserId),
    /// Whether the account of a user is private.
    AccountOf(UserId),
    /// One media: its comments, counts and end.
    Media(MediaId),
    /// One upload.
    Upload(UploadId),
    /// One session.
    Session(SessionId),
    /// All sessions: which of them end.
    Sessions,
}

impl Fact {
    /// The topics under which live streams hear of it.
    #[must_use]
    pub fn topics(&self) -> Vec<Topic> {
        match *self {
            Self::UserSignedUp { .. }
            | Self::FollowChanged { .. }
            | Self::CountsWait { .. }
            | Self::PhotoTagged { .. }
            | Self::PhotoTagRemoved { .. } => vec![],
            Self::PrivacyChanged { user, .. } => vec![Topic::AccountOf(user)],
            Self::SessionEnded { session, .. } => vec![Topic::Session(session), Topic::Sessions],
            Self::FollowingChanged { follower, .. } => vec![Topic::RelationsOf(follower)],
            Self::UserBlocked { blocker, blocked, .. } | Self::UserUnblocked { blocker, blocked } => {
                vec![Topic::RelationsOf(blocker), Topic::RelationsOf(blocked)]
            }
            Self::UploadReceived { upload } | Self::UploadProcessed { upload } | Self::UploadExpired { upload } => {
                vec![Topic::Upload(upload)]
            }
            Self::MediaPublished { owner, .. } => vec![Topic::MediaOf(owner)],
            Self::MediaDeleted { media, owner, .. }
            | Self::MediaEdited { media, owner }
            | Self::AudienceChanged { media, owner, .. } => vec![Topic::Media(media), Topic::MediaOf(owner)],
            Self::MediaLiked { media, .. }
            | Self::MediaUnliked { media, .. }
            | Self::CommentAdded { media, .. }
            | Self::CommentEdited { media, .. }
            | Self::CommentDeleted { media, .. } => vec![Topic::Media(media)],
        }
    }
}
