//! Everything that can happen. One closed list: a new fact does not compile until it has its consequences and topics.
//!
//! A fact holds ids and small numbers only, never text, places or secrets: it is kept in the log for days.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

use super::edition::Edition;
use super::ids::{ActivityId, CommentId, DeviceId, MediaId, SessionId, UploadId, UserId};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "camelCase")]
pub enum Fact {
    /// Somebody made an account.
    UserSignedUp { user: UserId },
    /// A session ended: logged out, ended from elsewhere, or its refresh token was used twice.
    SessionEnded { session: SessionId, user: UserId },
    /// The token of a device became that of another one.
    DeviceMoved { device: DeviceId },
    /// An account became private or open.
    PrivacyChanged { user: UserId, is_private: bool },
    /// Whether one user follows another changed, where that is decided: on the shard of the one followed.
    FollowChanged { follower: UserId, followee: UserId },
    /// The follower's own list took a change over, from one state to another.
    FollowingChanged {
        follower: UserId,
        followee: UserId,
        before: FollowState,
        state: FollowState,
        /// The number of the change where it was decided, which is before this fact; none from older versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        edge: Option<i64>,
    },
    /// One user blocked another. `edge` tells follows from before the block from later ones.
    UserBlocked { blocker: UserId, blocked: UserId, edge: i64 },
    /// One user no longer blocks another.
    UserUnblocked { blocker: UserId, blocked: UserId },
    /// One user mutes another, anew or until another instant.
    UserMuted { muter: UserId, muted: UserId },
    /// One user no longer mutes another.
    UserUnmuted { muter: UserId, muted: UserId },
    /// The bytes of an upload are here.
    UploadReceived { upload: UploadId },
    /// An upload is ready or rejected.
    UploadProcessed { upload: UploadId },
    /// An upload that no media used in time was thrown away.
    UploadExpired { upload: UploadId },
    /// A media was published.
    MediaPublished { media: MediaId, owner: UserId },
    /// A media was deleted. Only those hear of it who could see it.
    MediaDeleted {
        media: MediaId,
        owner: UserId,
        /// Read by older versions, which know nothing of the audience.
        only_me: bool,
        /// Who could see it; none from older versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        audience: Option<Audience>,
    },
    /// The owner of a media changed what it says or shows.
    MediaEdited { media: MediaId, owner: UserId },
    /// The owner of a media changed who can see it. Who could not before hears of nothing that is gone.
    AudienceChanged { media: MediaId, owner: UserId, before: Audience },
    /// Links of these media lead nowhere any more; there are new ones.
    LinksRenewed { media: Vec<MediaId> },
    /// Somebody was tagged in a photo of a media.
    PhotoTagged { media: MediaId, user: UserId },
    /// Somebody is no longer tagged in a photo of a media.
    PhotoTagRemoved { media: MediaId, user: UserId },
    /// Somebody is mentioned in the caption of a media or in a comment on it, or no longer is.
    MentionChanged {
        media: MediaId,
        /// The comment; none for the caption.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<CommentId>,
        user: UserId,
    },
    /// Somebody likes a media.
    MediaLiked { media: MediaId, user: UserId },
    /// Somebody no longer likes a media.
    MediaUnliked { media: MediaId, user: UserId },
    /// A like or its end waits to be copied into the user's own list, which is in another database. `edge` is its place there.
    LikeWaits { media: MediaId, user: UserId, edge: i64 },
    /// Counts of a media wait to be added up: many counted at once.
    CountsWait { media: MediaId },
    /// Somebody commented on a media.
    CommentAdded { comment: CommentId, media: MediaId, author: UserId },
    /// The author of a comment changed what it says.
    CommentEdited { comment: CommentId, media: MediaId, author: UserId },
    /// A comment was deleted, or its media was.
    CommentDeleted {
        comment: CommentId,
        media: MediaId,
        author: UserId,
        /// The comment it replied to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<CommentId>,
        /// Who had written that one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent_author: Option<UserId>,
    },
    /// Somebody likes a comment.
    CommentLiked { comment: CommentId, media: MediaId, user: UserId },
    /// Somebody no longer likes a comment.
    CommentUnliked { comment: CommentId, media: MediaId, user: UserId },
    /// Counts of a comment wait to be added up: many counted at once.
    CommentCountsWait { comment: CommentId },
    /// Something was added to an activity or taken out of it, and it is to be summed up.
    ActivityNoted { activity: ActivityId },
    /// An activity of a user is new or changed. `is_more`: something happened, and was not only taken back.
    ActivityChanged { user: UserId, activity: ActivityId, is_more: bool },
    /// Nothing is left of an activity of a user.
    ActivityRemoved { user: UserId, activity: ActivityId },
    /// A user saw their activities.
    ActivitySeen { user: UserId },
    /// Something was rehearsed by the next version of this program, which alone knows this fact: for the tests of upgrades.
    Rehearsed { number: i64 },
    /// Something that a newer version of this program knows. Only ever read.
    #[serde(skip)]
    Unknown,
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
    /// Whom a user follows, blocks and mutes, and who blocks them.
    RelationsOf(UserId),
    /// Whether the account of a user is private.
    AccountOf(UserId),
    /// One media: its comments, counts and end.
    Media(MediaId),
    /// One upload.
    Upload(UploadId),
    /// What happens to a user.
    ActivityOf(UserId),
    /// One session.
    Session(SessionId),
    /// All sessions: which of them end.
    Sessions,
}

/// What of the databases may be kept in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Row {
    /// A user, as others see them, with their counts.
    User(UserId),
    /// The photos of a media.
    Photos(MediaId),
    /// The first comments on a media.
    Comments(MediaId),
    /// Whose a media is, and who can see it: for images behind links, which caches keep for longer. All else asks the databases.
    Audience(MediaId),
}

impl Fact {
    /// The fact in a text of the outbox or the log; `None` when a process of this level does not know it.
    #[must_use]
    pub fn read(text: &str, level: i16) -> Option<Self> {
        serde_json::from_str(text).ok().filter(|fact: &Self| fact.level() <= level)
    }

    /// The level of the oldest program that knows it. A new fact, and a new form of a fact that older programs cannot read,
    /// is of the [`LEVEL`](super::edition::LEVEL) that its release has, as a number: the next release has another.
    #[must_use]
    pub fn level(&self) -> i16 {
        match self {
            Self::UserSignedUp { .. }
            | Self::SessionEnded { .. }
            | Self::DeviceMoved { .. }
            | Self::PrivacyChanged { .. }
            | Self::FollowChanged { .. }
            | Self::FollowingChanged { .. }
            | Self::UserBlocked { .. }
            | Self::UserUnblocked { .. }
            | Self::UserMuted { .. }
            | Self::UserUnmuted { .. }
            | Self::UploadReceived { .. }
            | Self::UploadProcessed { .. }
            | Self::UploadExpired { .. }
            | Self::MediaPublished { .. }
            | Self::MediaDeleted { .. }
            | Self::MediaEdited { .. }
            | Self::AudienceChanged { .. }
            | Self::PhotoTagged { .. }
            | Self::PhotoTagRemoved { .. }
            | Self::MentionChanged { .. }
            | Self::MediaLiked { .. }
            | Self::MediaUnliked { .. }
            | Self::LikeWaits { .. }
            | Self::CountsWait { .. }
            | Self::CommentAdded { .. }
            | Self::CommentEdited { .. }
            | Self::CommentDeleted { .. }
            | Self::CommentLiked { .. }
            | Self::CommentUnliked { .. }
            | Self::CommentCountsWait { .. }
            | Self::ActivityNoted { .. }
            | Self::ActivityChanged { .. }
            | Self::ActivityRemoved { .. }
            | Self::ActivitySeen { .. } => 0,
            Self::LinksRenewed { .. } => 1,
            Self::Rehearsed { .. } => Edition::Rehearsal.level(),
            Self::Unknown => i16::MAX,
        }
    }

    /// What it changes of what may be kept in memory. A row that changes without such a fact must not be kept.
    #[must_use]
    pub fn changes(&self) -> Vec<Row> {
        match *self {
            Self::PrivacyChanged { user, .. } => vec![Row::User(user)],
            Self::FollowChanged { followee, .. } => vec![Row::User(followee)],
            Self::FollowingChanged { follower, .. } => vec![Row::User(follower)],
            Self::MediaPublished { owner, .. } => vec![Row::User(owner)],
            Self::AudienceChanged { media, owner, .. } => vec![Row::User(owner), Row::Audience(media)],
            Self::LinksRenewed { ref media } => media.iter().copied().map(Row::Photos).collect(),
            Self::MediaEdited { media, .. } => vec![Row::Photos(media)],
            Self::MediaDeleted { media, owner, .. } => of_deleted(media, owner),
            Self::CommentAdded { media, .. }
            | Self::CommentEdited { media, .. }
            | Self::CommentDeleted { media, .. }
            | Self::CommentLiked { media, .. }
            | Self::CommentUnliked { media, .. } => vec![Row::Comments(media)],
            Self::UserSignedUp { .. }
            | Self::SessionEnded { .. }
            | Self::UserBlocked { .. }
            | Self::UserUnblocked { .. }
            | Self::UserMuted { .. }
            | Self::UserUnmuted { .. }
            | Self::UploadReceived { .. }
            | Self::UploadProcessed { .. }
            | Self::UploadExpired { .. }
            | Self::PhotoTagged { .. }
            | Self::PhotoTagRemoved { .. }
            | Self::MentionChanged { .. }
            | Self::MediaLiked { .. }
            | Self::MediaUnliked { .. }
            | Self::LikeWaits { .. }
            | Self::CountsWait { .. }
            | Self::CommentCountsWait { .. }
            | Self::ActivityNoted { .. }
            | Self::ActivityChanged { .. }
            | Self::ActivityRemoved { .. }
            | Self::ActivitySeen { .. }
            | Self::Rehearsed { .. }
            // Tails evict every cached row instead.
            | Self::Unknown
            | Self::DeviceMoved { .. } => vec![],
        }
    }

    /// Whether it takes many things away from somebody's live streams at once. All that is told of it has one position, so a
    /// client that was cut off in between may have heard a part only.
    #[must_use]
    pub fn takes_away(&self) -> bool {
        match *self {
            Self::FollowingChanged { before, .. } => before == FollowState::Following,
            Self::PrivacyChanged { is_private, .. } => is_private,
            Self::UserBlocked { .. } | Self::UserMuted { .. } => true,
            _ => false,
        }
    }

    /// The topics under which live streams hear of it.
    #[must_use]
    pub fn topics(&self) -> Vec<Topic> {
        match *self {
            Self::UserSignedUp { .. }
            | Self::DeviceMoved { .. }
            | Self::FollowChanged { .. }
            | Self::LikeWaits { .. }
            | Self::CountsWait { .. }
            | Self::LinksRenewed { .. }
            | Self::PhotoTagged { .. }
            | Self::PhotoTagRemoved { .. }
            | Self::MentionChanged { .. }
            | Self::CommentLiked { .. }
            | Self::CommentUnliked { .. }
            | Self::CommentCountsWait { .. }
            | Self::Rehearsed { .. }
            | Self::Unknown
            | Self::ActivityNoted { .. } => vec![],
            Self::ActivityChanged { user, .. } | Self::ActivityRemoved { user, .. } | Self::ActivitySeen { user } => {
                vec![Topic::ActivityOf(user)]
            }
            Self::PrivacyChanged { user, .. } => vec![Topic::AccountOf(user)],
            Self::SessionEnded { session, .. } => vec![Topic::Session(session), Topic::Sessions],
            Self::FollowingChanged { follower, .. } => vec![Topic::RelationsOf(follower)],
            Self::UserMuted { muter, .. } | Self::UserUnmuted { muter, .. } => vec![Topic::RelationsOf(muter)],
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

fn of_deleted(media: MediaId, owner: UserId) -> Vec<Row> {
    vec![Row::User(owner), Row::Photos(media), Row::Comments(media), Row::Audience(media)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::edition::LEVEL;

    #[test]
    fn a_fact_is_read_by_whoever_knows_it() {
        let known = Fact::ActivitySeen { user: UserId(7) };
        let text = serde_json::to_string(&known).unwrap();
        assert_eq!((Fact::read(&text, 0), Fact::read(&text, LEVEL)), (Some(known.clone()), Some(known)));
        let newer = serde_json::to_string(&Fact::Rehearsed { number: 7 }).unwrap();
        assert_eq!((Fact::read(&newer, LEVEL), Fact::read(&newer, LEVEL + 1).is_some()), (None, true));
        for text in
            [r#"{"fact":"unheardOf","user":7}"#, r#"{"fact":"activitySeen","users":[7]}"#, r#"{"fact":"unknown"}"#, "{"]
        {
            assert_eq!(Fact::read(text, LEVEL), None, "{text}");
        }
        assert!(serde_json::to_string(&Fact::Unknown).is_err(), "it can only be read");
    }
}
